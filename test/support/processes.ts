import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

/** The clone: where `npm start` is typed. */
export const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

/** Longest a start may take on a busy machine before the test calls it hung. */
const START_MS = 60_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The built product as a process of its own. */
export interface Product {
  readonly pid: number;
  /** `http://127.0.0.1:<port>`; empty in a worker and before it runs. */
  url(): string;
  stdout(): string;
  stderr(): string;
  /** Messages of its log at `warn` and above, but for those on slowness, which is the machine's. */
  complaints(): string[];
  readonly exited: Promise<Exit>;
  hasExited(): boolean;
  /** Resolves once it says that it is running. @throws Error with its last words when it ended instead */
  readonly running: Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, and the end that follows. */
  stop(): Promise<Exit>;
  /** kill -9. */
  kill(): Promise<void>;
}

export interface LaunchOptions {
  /** Run as this user. */
  readonly as?: { readonly uid: number; readonly gid: number };
  /** Instead of `node main.js`, in the clone. */
  readonly command?: readonly [string, ...string[]];
}

/** Of this test file. */
const alive = new Map<ChildProcess, Promise<Exit>>();

/** Starts main.js with this environment and nothing else of ours. On a free port unless PORT is given. */
export function launch(env: Readonly<Record<string, string>>, options: LaunchOptions = {}): Product {
  const [file, ...args] = options.command ?? [process.execPath, MAIN];
  const child = spawn(file, args, {
    ...options.as,
    cwd: options.command ? PROJECT : '/',
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TMPDIR: process.env['TMPDIR'],
      PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const { promise: said, resolve: say } = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
    if (text.includes('\n') && isRunning(output.stdout)) say();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    alive.delete(child);
    return { code, signal };
  });
  alive.set(child, exited);
  const ended = exited.then(({ code, signal }) => {
    throw new Error(`it ended (${code ?? signal}) instead of running: ${output.stderr || output.stdout}`);
  });
  const running = within(START_MS, 'to run', Promise.race([said, ended]));
  running.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    url: () => /http:\/\/[^/\s]+(?=\/graphql)/.exec(output.stdout)?.[0] ?? '',
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    complaints: () => complaintsIn(output.stdout),
    exited,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    running,
    signal: (signal) => void child.kill(signal),
    stop() {
      child.kill('SIGTERM');
      return within(30_000, 'to stop', exited);
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** As `launch`, running. */
export async function start(
  env: Readonly<Record<string, string>>,
  options?: LaunchOptions,
): Promise<Product> {
  const product = launch(env, options);
  await product.running;
  return product;
}

/** The last line of what a start prints is empty. */
const isRunning = (stdout: string): boolean => /Countersign is running[\s\S]*\n\n$/.test(stdout);

function complaintsIn(stdout: string): string[] {
  const complaints: string[] = [];
  for (const line of stdout.split('\n').slice(0, -1)) {
    if (!line.startsWith('{')) continue;
    const { level, ...rest } = JSON.parse(line) as { level: number };
    if (level >= 40 && !line.includes('a request was slow'))
      complaints.push(JSON.stringify({ level, ...rest }));
  }
  return complaints;
}

/** kill -9 for every product that still runs, also one whose start failed or is under way; for the end of a test file. */
export async function killAll(): Promise<void> {
  for (const child of alive.keys()) child.kill('SIGKILL');
  await Promise.all(alive.values());
}

async function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  const given = new AbortController();
  const late = sleep(milliseconds, null, { signal: given.signal, ref: false }).then(() => {
    throw new Error(`it took longer than ${milliseconds} ms ${what}`);
  });
  late.catch(() => undefined);
  return Promise.race([promise, late]).finally(() => given.abort());
}

/**
 * Asks until the answer is neither false nor null, and gives it. A deadline, not a measure: only a hang fails.
 * @throws Error naming what did not come true
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | false | null> | T | false | null,
  deadlineMs = 30_000,
): Promise<T> {
  const giveUpAt = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== null) return answer;
    if (performance.now() > giveUpAt)
      throw new Error(`within ${deadlineMs} ms it did not come true that ${what}`);
    await sleep(20);
  }
}

/** A port of the loopback address that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
