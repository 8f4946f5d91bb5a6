import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Server {
  readonly url: string;
  readonly pid: number;
  /** CPU time used so far in seconds, user and system; NaN where /proc is not to be had. */
  cpuSeconds(): number;
  /** Resident memory in MB; NaN where /proc is not to be had. */
  memoryMb(): number;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const BASELINE = fileURLToPath(new URL('./baseline-server.js', import.meta.url));
const WITHOUT_SHIELD = new URL('./without-shield.js', import.meta.url).href;
const START_WITHIN_MS = 60_000;

interface ApiOptions {
  readonly databaseUrl: string;
  readonly shield?: boolean;
  /** A folder for a CPU profile, written when the server stops. */
  readonly profile?: string | undefined;
}

/** The product as in production: build/src/main.js in a process of its own, role api. */
export const startApi = ({ databaseUrl, shield = true, profile }: ApiOptions): Promise<Server> =>
  start(
    [
      ...(shield ? [] : ['--import', WITHOUT_SHIELD]),
      ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
      MAIN,
    ],
    {
      DATABASE_URL: databaseUrl,
      ROLE: 'api',
      SEED: 'none',
      PORT: '0',
      LOG_LEVEL: 'warn',
    },
  );

/** A worker as in production, in a process of its own. */
export const startWorker = (options: {
  readonly databaseUrl: string;
  readonly redisUrl?: string | undefined;
}): Promise<Server> =>
  start([MAIN], {
    DATABASE_URL: options.databaseUrl,
    ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
    ROLE: 'worker',
    SEED: 'none',
    PORT: '0',
    LOG_LEVEL: 'warn',
    SWEEP_SECONDS: '1',
  });

/** The hand-written statements behind node:http, in a process of their own. */
export const startBaseline = (databaseUrl: string): Promise<Server> =>
  start([BASELINE], { DATABASE_URL: databaseUrl });

/** Everything in one process with its own PostgreSQL in `dataDir`, as `npm start` runs it. */
export const startWhole = (dataDir: string): Promise<Server> =>
  start([MAIN], { DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'warn' });

/** As `startWhole`, by `npm start`, the build before it included; `pid` is npm's. */
export const startByNpm = (dataDir: string): Promise<Server> =>
  run('npm', ['start'], { DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'warn' });

const start = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Server> =>
  run(process.execPath, args, env);

async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Server> {
  const { PATH, HOME } = process.env;
  // a group of its own, so that stopping npm reaches what npm started
  const child = spawn(command, args, {
    env: { PATH, HOME, TMPDIR: tmpdir(), NODE_ENV: 'production', ...env },
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const port = await portOf(child);
  const pid = child.pid as number;
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-pid, 'SIGTERM');
    await once(child, 'exit');
  };
  return {
    url: `http://127.0.0.1:${port}`,
    pid,
    cpuSeconds: () => cpuSeconds(pid),
    memoryMb: () => memoryMb(pid),
    stop,
  };
}

/** From the line in which a server says where it listens. */
async function portOf(child: ChildProcess): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail('did not start in time'), START_WITHIN_MS);
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`a server ${why}: ${text.slice(-2000)}`));
    };
    child.once('exit', (code) => fail(`ended with ${code}`));
    child.once('error', (error) => fail(error.message));
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      // A worker listens nowhere.
      const port = /running \(worker\)/.test(text) ? '0' : /http:\/\/[\w.]+:(\d+)/.exec(text)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(port);
    });
  });
}

/** /proc counts in ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return NaN;
  const fields = readFileSync(file, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function memoryMb(pid: number): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return NaN;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1]) / 1024;
}
