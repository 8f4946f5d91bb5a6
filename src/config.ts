import { resolve } from 'node:path';
import { z } from 'zod';
import { WEBHOOK_TIMEOUT_MAX_SECONDS, WEBHOOK_TIMEOUT_MS } from './limits.js';
import { StartFailure } from './process-life.js';

/** Everything the environment may say, read once at the start. Plain data: hand it on, never read process.env. */
export interface Config {
  readonly nodeEnv: 'production' | 'development' | 'test';
  /** 127.0.0.1 unless told: the first run has demo accounts, which no network should meet unasked. */
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  /** Absolute path of the folder that holds the embedded database and the secrets. */
  readonly dataDir: string;
  /** undefined = the embedded database. */
  readonly databaseUrl: string | undefined;
  /** undefined = the queues live in PostgreSQL. */
  readonly redisUrl: string | undefined;
  readonly role: 'api' | 'worker' | 'all';
  readonly seed: 'demo' | 'none';
  /** undefined = one is made at random and kept in the data folder. */
  readonly demoPassword: string | undefined;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Seconds between two sweeps for timers that the queue has lost. */
  readonly sweepSeconds: number;
  /** Timers due within so many seconds are handed to the queue; later ones stay rows only. */
  readonly timerHorizonSeconds: number;
  /** PEM file with the Ed25519 key that signs checkpoints; undefined = a key is made and kept in the data folder. */
  readonly auditKeyFile?: string | undefined;
  /** Folder, best on other storage, to which each checkpoint is written as well. */
  readonly auditCheckpointDir?: string | undefined;
  /** undefined = no mail is sent. */
  readonly mail?: MailConfig | undefined;
  /** Address of this server as people reach it, without a slash at its end; undefined = no decision links in mails. */
  readonly publicUrl?: string | undefined;
  /** Address of the front end; undefined = mails have no links into it. */
  readonly frontendUrl?: string | undefined;
  /** Hosts that webhooks and chat messages may go to whatever their address; none unless told. */
  readonly webhookAllowedHosts?: readonly string[] | undefined;
  /** Time for one answer of a webhook's or chat's receiver, in milliseconds. */
  readonly webhookTimeoutMs?: number | undefined;
  /** For migrations: a login that owns the tables. undefined = the login of `databaseUrl` owns them. */
  readonly databaseOwnerUrl?: string | undefined;
}

export interface MailConfig {
  readonly host: string;
  readonly port: number;
  readonly tls: 'implicit' | 'required' | 'offered' | 'none';
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** A file with the password, read at the start; takes the place of `password`. */
  readonly passwordFile: string | undefined;
  readonly from: string;
}

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
const address = (protocols: readonly string[]) =>
  z.string().refine((text) => {
    const url = URL.parse(text);
    return (
      url !== null &&
      protocols.includes(url.protocol) &&
      url.hostname !== '' &&
      isDecodable(url.username + url.password)
    );
  });

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const pathText = z.string().refine((text) => !text.includes('\0'));

/** One row per variable: how it is read, and what its error line says is allowed. A secret row is never echoed. */
const VARIABLES = {
  NODE_ENV: {
    read: z.enum(['production', 'development', 'test']).default('production'),
    allowed: 'production, development or test (default production)',
  },
  HOST: {
    read: z
      .string()
      .regex(/^[\w.:%-]+$/)
      .default('127.0.0.1'),
    allowed: 'an address or host name to listen on, such as 127.0.0.1 (default) or 0.0.0.0',
  },
  PORT: {
    read: wholeNumber(0, 65_535).default(4000),
    allowed: 'a whole number from 0 to 65535 (default 4000)',
  },
  DATA_DIR: {
    read: z
      .string()
      .refine((text) => !text.includes('\0'))
      .default('.data'),
    allowed: 'the path of a folder (default .data)',
  },
  DATABASE_URL: {
    read: address(['postgres:', 'postgresql:']).optional(),
    secret: true,
    allowed:
      'postgres://user:password@host:5432/database, with special characters of the password percent-encoded',
  },
  REDIS_URL: {
    read: address(['redis:', 'rediss:']).optional(),
    secret: true,
    allowed: 'redis://host:6379 or rediss://user:password@host:6379',
  },
  ROLE: {
    read: z.enum(['api', 'worker', 'all']).default('all'),
    allowed: 'api, worker or all (default all)',
  },
  SEED: {
    read: z.enum(['demo', 'none']).optional(),
    allowed: 'demo or none (default demo, or none when DATABASE_URL is given)',
  },
  DEMO_PASSWORD: {
    read: z.string().min(8).max(200).optional(),
    secret: true,
    allowed: '8 to 200 characters',
  },
  LOG_LEVEL: {
    read: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    allowed: 'fatal, error, warn, info, debug, trace or silent (default info)',
  },
  SWEEP_SECONDS: {
    read: wholeNumber(1, 3600).default(15),
    allowed: 'a whole number of seconds from 1 to 3600 (default 15)',
  },
  TIMER_HORIZON_SECONDS: {
    read: wholeNumber(1, 86_400).default(60),
    allowed: 'a whole number of seconds from 1 to 86400 (default 60)',
  },
  AUDIT_KEY_FILE: {
    read: pathText.optional(),
    allowed: 'the path of a PEM file with an Ed25519 private key',
  },
  AUDIT_CHECKPOINT_DIR: {
    read: pathText.optional(),
    allowed: 'the path of a folder for checkpoints, best on other storage',
  },
  SMTP_URL: {
    read: address(['smtp:', 'smtps:']).optional(),
    secret: true,
    allowed:
      'smtp://user:password@host:587 or smtps://user:password@host:465, with special characters percent-encoded',
  },
  SMTP_PASSWORD_FILE: {
    read: pathText.optional(),
    allowed: 'the path of a file with the password of the mail server',
  },
  SMTP_TLS: {
    read: z.enum(['required', 'offered', 'none']).default('required'),
    allowed: 'required (default), offered or none; smtps:// always has TLS',
  },
  MAIL_FROM: {
    read: z
      .string()
      .max(320)
      .regex(/^(?:[^\p{Cc}<>"]*<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+)$/u)
      .optional(),
    allowed: 'the sender of mails, such as Countersign <noreply@example.com>; needed with SMTP_URL',
  },
  PUBLIC_URL: {
    read: address(['http:', 'https:']).optional(),
    allowed: 'the address under which people reach this server, such as https://approvals.example.com',
  },
  FRONTEND_URL: {
    read: address(['http:', 'https:']).optional(),
    allowed: 'the address of the front end, such as https://app.example.com',
  },
  WEBHOOK_ALLOWED_HOSTS: {
    read: z
      .string()
      .max(4000)
      .regex(
        /^(?:(?:\*\.)?[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?(?:[\s,]+(?:(?:\*\.)?[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?)*$/,
      )
      .optional(),
    allowed: 'hosts with commas in between, such as hooks.intranet, *.corp.example, 10.0.0.7:8080',
  },
  WEBHOOK_TIMEOUT_SECONDS: {
    read: wholeNumber(1, WEBHOOK_TIMEOUT_MAX_SECONDS).optional(),
    allowed: `a whole number of seconds from 1 to ${WEBHOOK_TIMEOUT_MAX_SECONDS} (default ${WEBHOOK_TIMEOUT_MS / 1000})`,
  },
  DATABASE_OWNER_URL: {
    read: address(['postgres:', 'postgresql:']).optional(),
    secret: true,
    allowed: 'as DATABASE_URL, with a login that owns the tables',
  },
} as const satisfies Record<string, { read: z.ZodType; secret?: true; allowed: string }>;

type VariableName = keyof typeof VARIABLES;
const NAMES = Object.keys(VARIABLES) as VariableName[];
const environment = z.object(
  Object.fromEntries(NAMES.map((name) => [name, VARIABLES[name].read])) as {
    [K in VariableName]: (typeof VARIABLES)[K]['read'];
  },
);

/** Reads the configuration from the environment it is given. A variable that is unset or blank takes its default.
 *  @throws StartFailure BAD_CONFIGURATION, one line per bad variable: its name, what was given (never a secret), what
 *  is allowed. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    NAMES.map((name) => [name, (name === 'DEMO_PASSWORD' ? env[name] : env[name]?.trim()) || undefined]),
  ) as Partial<Record<VariableName, string>>;
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const bad = new Set(parsed.error.issues.map((issue) => issue.path[0] as VariableName));
    throw badConfiguration(
      NAMES.filter((name) => bad.has(name)).map((name) => lineFor(name, given[name] ?? '')),
    );
  }
  const read = parsed.data;
  if (read.ROLE !== 'all' && read.DATABASE_URL === undefined)
    throw badConfiguration([
      `ROLE=${read.ROLE} needs DATABASE_URL: the embedded database belongs to one process. Set DATABASE_URL, or ROLE=all to run everything in this process.`,
    ]);
  if (read.SMTP_URL !== undefined && read.MAIL_FROM === undefined)
    throw badConfiguration([`SMTP_URL needs MAIL_FROM. Give ${VARIABLES.MAIL_FROM.allowed}.`]);
  return {
    nodeEnv: read.NODE_ENV,
    host: read.HOST,
    port: read.PORT,
    dataDir: resolve(read.DATA_DIR),
    databaseUrl: read.DATABASE_URL,
    redisUrl: read.REDIS_URL,
    role: read.ROLE,
    seed: read.SEED ?? (read.DATABASE_URL === undefined ? 'demo' : 'none'),
    demoPassword: read.DEMO_PASSWORD,
    logLevel: read.LOG_LEVEL,
    sweepSeconds: read.SWEEP_SECONDS,
    timerHorizonSeconds: read.TIMER_HORIZON_SECONDS,
    auditKeyFile: read.AUDIT_KEY_FILE && resolve(read.AUDIT_KEY_FILE),
    auditCheckpointDir: read.AUDIT_CHECKPOINT_DIR && resolve(read.AUDIT_CHECKPOINT_DIR),
    mail:
      read.SMTP_URL === undefined
        ? undefined
        : mailConfig(read.SMTP_URL, read.SMTP_TLS, read.MAIL_FROM as string, read.SMTP_PASSWORD_FILE),
    publicUrl: read.PUBLIC_URL?.replace(/\/+$/, ''),
    frontendUrl: read.FRONTEND_URL?.replace(/\/+$/, ''),
    webhookAllowedHosts: read.WEBHOOK_ALLOWED_HOSTS?.split(/[\s,]+/),
    webhookTimeoutMs:
      read.WEBHOOK_TIMEOUT_SECONDS === undefined ? undefined : read.WEBHOOK_TIMEOUT_SECONDS * 1000,
    databaseOwnerUrl: read.DATABASE_OWNER_URL,
  };
}

function mailConfig(
  url: string,
  tls: 'required' | 'offered' | 'none',
  from: string,
  passwordFile: string | undefined,
): MailConfig {
  const { protocol, hostname, port, username, password } = new URL(url);
  const implicit = protocol === 'smtps:';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (implicit ? 465 : 587) : Number(port),
    tls: implicit ? 'implicit' : tls,
    user: username === '' ? undefined : decodeURIComponent(username),
    password: password === '' ? undefined : decodeURIComponent(password),
    passwordFile: passwordFile && resolve(passwordFile),
    from,
  };
}

/** Bounded, so that a pasted file does not flood the terminal. */
function lineFor(name: VariableName, value: string): string {
  const row: { secret?: true; allowed: string } = VARIABLES[name];
  const shown = row.secret
    ? `the given value (${value.length} characters, not shown)`
    : JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return `${name}: ${shown} is not allowed. Give ${row.allowed}.`;
}

const badConfiguration = (lines: string[]): StartFailure =>
  new StartFailure('BAD_CONFIGURATION', lines.join('\n'));
