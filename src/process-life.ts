import { basename } from 'node:path';

/** A start that cannot go on for a reason the person at the terminal can mend. `message` is what they read: what is
 *  wrong, then what to do, on one line (one line per variable for a bad configuration), and it holds no secret.
 *  `code` is for programs and tests. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';

  constructor(
    readonly code: string,
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }
}

/** The file-system and network code of an error, searched through `cause`, MikroORM's `previous` and the `errors` of
 *  an AggregateError, because drivers wrap what the system said. Outermost first. */
export function errorCodes(error: unknown): string[] {
  const codes: string[] = [];
  const queue: unknown[] = [error];
  for (let seen = 0; queue.length > 0 && seen < 20; seen += 1) {
    const one = queue.shift();
    if (typeof one !== 'object' || one === null) continue;
    const { code, cause, previous, errors } = one as Record<string, unknown>;
    if (typeof code === 'string') codes.push(code);
    if (Array.isArray(errors)) queue.push(...errors);
    queue.push(cause, previous);
  }
  return codes;
}

/** The address without its user, password and query: fit for a log line. */
export function publicAddress(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return '(not an address)';
  }
}

/** One line for a server that cannot listen; null when the error is about something else. */
export function listenFailure(error: unknown, at: { host: string; port: number }): StartFailure | null {
  const codes = errorCodes(error);
  if (codes.includes('EADDRINUSE'))
    return new StartFailure(
      'PORT_TAKEN',
      `Port ${at.port} on ${at.host} is taken by another program. Stop that program or choose another port: PORT=${at.port < 65535 ? at.port + 1 : 4000} npm start`,
    );
  if (codes.includes('EACCES'))
    return new StartFailure(
      'PORT_FORBIDDEN',
      `This user may not listen on port ${at.port}. Choose a port above 1023 by PORT.`,
    );
  if (codes.includes('EADDRNOTAVAIL') || codes.includes('ENOTFOUND'))
    return new StartFailure(
      'HOST_UNKNOWN',
      `This machine has no address ${at.host} to listen on. Set HOST to 127.0.0.1 (this machine only) or 0.0.0.0 (every network).`,
    );
  return null;
}

const UNREACHABLE = ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE'];
const NO_SUCH_HOST = ['ENOTFOUND', 'EAI_AGAIN'];
const TIMED_OUT = ['ETIMEDOUT', 'CONNECT_TIMEOUT'];
const messageOf = (error: unknown): string => String((error as { message?: unknown } | null)?.message ?? '');

/** One line for a database that does not answer or does not let us in; null when the error is about something else.
 *  The address is shown without user and password. */
export function databaseFailure(error: unknown, databaseUrl: string): StartFailure | null {
  const codes = errorCodes(error);
  const has = (list: string[]): boolean => list.some((code) => codes.includes(code));
  const where = publicAddress(databaseUrl);
  const away = (code: string, what: string, remedy: string): StartFailure =>
    new StartFailure(code, `The database ${where} ${what}. ${remedy}`);
  if (has(['28P01', '28000']))
    return away('DATABASE_LOGIN', 'refused the user or password', 'Correct both in DATABASE_URL.');
  if (has(['3D000']))
    return away('DATABASE_MISSING', 'does not exist', 'Create it, or name another in DATABASE_URL.');
  if (has(['42501']))
    return away(
      'DATABASE_RIGHTS',
      'does not grant what is needed',
      'Let the user of DATABASE_URL own that database.',
    );
  if (has(['53300']))
    return away(
      'DATABASE_FULL',
      'has no connection left',
      'Raise its max_connections or stop other programs.',
    );
  if (has(['57P03'])) return away('DATABASE_STARTING', 'is still starting', 'Try again in a moment.');
  if (has(NO_SUCH_HOST))
    return away('DATABASE_UNREACHABLE', 'has a host name that is not known', 'Correct DATABASE_URL.');
  if (
    has(TIMED_OUT) ||
    /timeout (expired|exceeded)|connection (terminated due to connection )?timeout/i.test(messageOf(error))
  )
    return away(
      'DATABASE_UNREACHABLE',
      'did not answer in time',
      'Check DATABASE_URL and the network in between.',
    );
  if (has(UNREACHABLE) || /connection terminated unexpectedly/i.test(messageOf(error)))
    return away(
      'DATABASE_UNREACHABLE',
      'cannot be reached',
      'Start it or correct DATABASE_URL; without DATABASE_URL Countersign runs its own.',
    );
  return null;
}

/** What ioredis says, without a code, of no answer and of an answer in another protocol. */
const REDIS_SILENT = /max retries per request|connection is closed|stream isn't writeable|command timed out/i;
const NOT_REDIS = /unknown RESP type|protocol error/i;

/** One line for a Redis that does not answer or does not let us in; null when the error is about something else. */
export function redisFailure(error: unknown, redisUrl: string): StartFailure | null {
  const codes = errorCodes(error);
  const text = messageOf(error);
  const where = publicAddress(redisUrl);
  if (/NOAUTH|WRONGPASS|invalid password/i.test(text))
    return new StartFailure(
      'REDIS_LOGIN',
      `Redis at ${where} refused the user or password. Correct both in REDIS_URL.`,
    );
  if (NOT_REDIS.test(text))
    return new StartFailure('REDIS_UNKNOWN', `What answers at ${where} is not Redis. Correct REDIS_URL.`);
  if (
    [...UNREACHABLE, ...NO_SUCH_HOST, ...TIMED_OUT].some((code) => codes.includes(code)) ||
    REDIS_SILENT.test(text)
  )
    return new StartFailure(
      'REDIS_UNREACHABLE',
      `Redis at ${where} cannot be reached. Start it or correct REDIS_URL; without REDIS_URL the queues live in PostgreSQL.`,
    );
  return null;
}

/** What to tell about a failed start: a StartFailure as it is, a well-known failure as its one line, anything else
 *  null. A refused connection is Redis' when its port is that of `redisUrl`, an unknown host when only `redisUrl` names
 *  it; otherwise the database's. */
export function startFailureOf(
  error: unknown,
  about: { host: string; port: number; databaseUrl?: string | undefined; redisUrl?: string | undefined },
): StartFailure | null {
  if (error instanceof StartFailure) return error;
  const { syscall, port, hostname } = (error ?? {}) as Record<'syscall' | 'port' | 'hostname', unknown>;
  if (syscall === 'listen') return listenFailure(error, about);
  if (about.redisUrl !== undefined) {
    const redis = new URL(about.redisUrl);
    const redisPort = Number(redis.port || 6379);
    const database = about.databaseUrl === undefined ? null : new URL(about.databaseUrl);
    const text = messageOf(error);
    const isRedis =
      port === redisPort ||
      (hostname === redis.hostname && hostname !== database?.hostname) ||
      [/redis|NOAUTH|WRONGPASS/i, REDIS_SILENT, NOT_REDIS].some((sign) => sign.test(text));
    if (isRedis) return redisFailure(error, about.redisUrl);
  }
  return about.databaseUrl === undefined ? null : databaseFailure(error, about.databaseUrl);
}

/** Ends the process with a code that is never 0: the failure's line on standard error, and a stack only when the
 *  failure is not one we know. */
export function reportAndExit(error: unknown): never {
  if (error instanceof StartFailure) {
    process.stderr.write(`countersign: ${error.message}\n`);
    process.exit(error.exitCode === 0 ? 1 : error.exitCode);
  }
  const stack = (error as { stack?: unknown } | null)?.stack;
  process.stderr.write(
    `countersign: unexpected failure in ${basename(process.argv[1] ?? 'node')}\n${String(stack ?? error)}\n`,
  );
  process.exit(1);
}

const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;
export type TerminationSignal = keyof typeof SIGNAL_EXIT;

/** Runs `handler` once at the first SIGTERM or SIGINT, then exits with 0 (1 when it threw or took longer than
 *  `deadlineMs`). A second signal exits at once with 143 or 130, but not within the first second: on Ctrl-C both the
 *  terminal and npm deliver the same signal. Returns a function that takes the listeners away again. */
export function onTermination(
  handler: (signal: TerminationSignal) => Promise<void>,
  options: { deadlineMs?: number } = {},
): () => void {
  const deadlineMs = options.deadlineMs ?? 20_000;
  let state: 'running' | 'begun' | 'impatient' = 'running';
  const listener = (signal: NodeJS.Signals): void => {
    if (state === 'impatient') process.exit(SIGNAL_EXIT[signal as TerminationSignal]);
    if (state === 'begun') return;
    state = 'begun';
    setTimeout(() => (state = 'impatient'), 1_000).unref();
    setTimeout(
      () =>
        reportAndExit(
          new StartFailure(
            'STOP_TIMED_OUT',
            `The shutdown took longer than ${deadlineMs / 1000} s and was cut short.`,
          ),
        ),
      deadlineMs,
    );
    Promise.resolve()
      .then(() => handler(signal as TerminationSignal))
      .then(() => process.exit(0), reportAndExit);
  };
  process.on('SIGTERM', listener);
  process.on('SIGINT', listener);
  return () => {
    process.off('SIGTERM', listener);
    process.off('SIGINT', listener);
  };
}
