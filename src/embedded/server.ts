import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure } from '../process-life.js';
import { type Cluster, postmasterStatus } from './cluster.js';
import { dataDirFull, type Log, SAYS_DISK_FULL } from './data-dir.js';
import { CHILD_ENVIRONMENT, endProcess, POSTGRES_STOP_STEPS } from './processes.js';
import type { Runtime } from './runtime.js';

export interface ServerPlan {
  readonly runtime: Runtime;
  readonly cluster: Cluster;
  readonly dataDir: string;
  /** `name=value` settings beside those that every server of ours has. */
  readonly settings: readonly string[];
  readonly logFile: string;
  readonly log: Log;
  /** Told once when PostgreSQL died and every restart failed. */
  readonly onLost: (failure: StartFailure) => void;
}

export interface RunningServer {
  readonly port: number;
  readonly pid: () => number | undefined;
  /** Clean and fast; resolves when no process is left. Again = the same promise. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
/** Replaying the log after a crash must not be cut short: it would begin again at every start. */
const RECOVERED_WITHIN_MS = 600_000;
/** Waits before each restart: 0.1 s doubling to 5 s, about 80 s in all, so that a disk that was full for a moment or
 *  a machine that was short of memory does not end the service. */
const RESTART_WAITS_MS = [100, 200, 400, 800, 1_600, 3_200, ...Array.from({ length: 15 }, () => 5_000)];
/** Two files of so much are kept at most. */
const LOG_LIMIT_BYTES = 16 * 1024 * 1024;
const LOG_CHECK_MS = 60_000;

/** Starts PostgreSQL and keeps it running: when it dies, it is started again on the same port. It outlives this
 *  process by moments only, however this process ends. `nextPort` is asked again when a port proves taken.
 *  @throws StartFailure with the last lines of PostgreSQL's log. */
export async function runServer(plan: ServerPlan, nextPort: () => Promise<number>): Promise<RunningServer> {
  rotateLog(plan.logFile);
  let port = await nextPort();
  let server = await launch(plan, port);
  for (let tries = 0; server instanceof LaunchFailure; tries += 1) {
    if (tries >= 20 || server.kind === 'other') throw startFailure(plan, server);
    if (server.kind === 'port') port = await nextPort();
    // memory that children of a killed PostgreSQL have not yet let go of
    else await sleep(500);
    server = await launch(plan, port);
  }

  let current: Launched | null = server;
  let stopped: Promise<void> | null = null;
  const supervise = async (): Promise<void> => {
    while (stopped === null && current !== null) {
      const how = await current.exited;
      if (stopped !== null) return;
      plan.log.error(`PostgreSQL ended by itself (${how}); starting it again. Its log is ${plan.logFile}`);
      current = await revive(plan, port, () => stopped !== null);
      if (current !== null) plan.log.info('PostgreSQL is back.');
    }
    if (stopped === null)
      plan.onLost(
        new StartFailure(
          'DATABASE_LOST',
          `PostgreSQL ended and could not be started again. Its log is ${plan.logFile}`,
        ),
      );
  };
  const supervised = supervise();
  const logCheck = setInterval(() => boundLog(plan.logFile), LOG_CHECK_MS);
  logCheck.unref();

  return {
    port,
    pid: () => current?.pid,
    stop: () => {
      stopped ??= (async () => {
        clearInterval(logCheck);
        await current?.stop();
        await supervised;
        await current?.stop();
      })();
      return stopped;
    },
  };
}

async function revive(plan: ServerPlan, port: number, isStopping: () => boolean): Promise<Launched | null> {
  for (const wait of RESTART_WAITS_MS) {
    for (let waited = 0; waited < wait && !isStopping(); waited += 100)
      await sleep(Math.min(100, wait - waited));
    if (isStopping()) return null;
    // a log that cannot be opened, or no process to be had, may pass like any other failure
    const result = await launch(plan, port).catch(
      (error: unknown) => new LaunchFailure('other', (error as Error).message, ''),
    );
    if (!(result instanceof LaunchFailure)) return result;
    plan.log.warn(`PostgreSQL did not start: ${result.reason}`);
  }
  return null;
}

interface Launched {
  readonly pid: number;
  /** Resolves with the exit code or signal. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

class LaunchFailure {
  constructor(
    /** What may help: another port, a short wait, or nothing. */
    readonly kind: 'port' | 'wait' | 'other',
    readonly reason: string,
    readonly lastLines: string,
  ) {}
}

/** One start, until PostgreSQL calls itself ready or is gone. */
async function launch(plan: ServerPlan, port: number): Promise<Launched | LaunchFailure> {
  const { cluster, runtime } = plan;
  const logStart = sizeOf(plan.logFile);
  const child = spawnPostgres(plan, port);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  let ended: string | null = null;
  void exited.then((how) => (ended = how));
  const pid = child.pid;
  if (pid === undefined) return new LaunchFailure('other', `${runtime.postgres}: ${await exited}`, '');
  const stop = async (): Promise<void> => {
    child.ref();
    if (ended === null) await endProcess(pid, POSTGRES_STOP_STEPS);
    await exited;
    endWatch(watch);
  };
  const watch = watchOver(pid, cluster);
  const begun = performance.now();
  for (;;) {
    const status = postmasterStatus(cluster);
    if (status?.pid === pid && status.ready) break;
    const lines = readFrom(plan.logFile, logStart);
    if (ended !== null) {
      endWatch(watch);
      return classify(lines, ended);
    }
    const limit = /redo (starts|in progress)|syncing data directory/.test(lines)
      ? RECOVERED_WITHIN_MS
      : READY_WITHIN_MS;
    if (performance.now() - begun > limit) {
      await stop();
      return new LaunchFailure('other', `not ready after ${limit / 1000} s`, lines);
    }
    await sleep(20);
  }
  void exited.then(() => endWatch(watch));
  return { pid, exited, stop };
}

function spawnPostgres({ runtime, cluster, settings, logFile }: ServerPlan, port: number): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const all = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'timezone=UTC',
      'log_timezone=UTC',
      ...settings,
    ];
    const child = spawn(
      runtime.postgres,
      ['-D', cluster.pgdata, ...all.flatMap((setting) => ['-c', setting])],
      {
        ...cluster.account,
        cwd: cluster.folder,
        env: CHILD_ENVIRONMENT,
        stdio: ['ignore', log, log],
        // its own process group: Ctrl-C must reach us first, so that requests drain on a living database
        detached: true,
      },
    );
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** A shell that sleeps on a pipe from us: when we die, killed or not, the pipe closes and it stops PostgreSQL. */
function watchOver(pid: number, cluster: Cluster): ChildProcess {
  const watch = spawn('/bin/sh', ['-c', 'read -r line; kill -INT "$0"', String(pid)], {
    ...cluster.account,
    cwd: '/',
    env: CHILD_ENVIRONMENT,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.on('error', () => undefined);
  watch.stdin?.on('error', () => undefined);
  watch.unref();
  (watch.stdin as Socket | null)?.unref();
  return watch;
}

/** Killed, not told: its word would be a signal to a number that may be another's by now. */
const endWatch = (watch: ChildProcess): void => void watch.kill('SIGKILL');

function classify(lines: string, how: string): LaunchFailure {
  const reason = /^.*(?:FATAL|PANIC|error):\s*(.*)$/m.exec(lines)?.[1]?.trim() ?? how;
  if (/could not bind|Address already in use|could not create any TCP/i.test(lines))
    return new LaunchFailure('port', reason, lines);
  if (/pre-existing shared memory block|lock file ".*" already exists/.test(lines))
    return new LaunchFailure('wait', reason, lines);
  return new LaunchFailure('other', reason, lines);
}

function startFailure({ dataDir, logFile }: ServerPlan, failure: LaunchFailure): StartFailure {
  if (SAYS_DISK_FULL.test(failure.lastLines)) return dataDirFull(dataDir);
  const tail = failure.lastLines.trim().split('\n').slice(-5).join('\n');
  return new StartFailure(
    'POSTGRES_NOT_STARTED',
    `PostgreSQL did not start: ${failure.reason}. Its log is ${logFile}${tail === '' ? '' : `; the last lines:\n${tail}`}`,
  );
}

/** The log of the run before is kept beside the new one. */
function rotateLog(logFile: string): void {
  if (sizeOf(logFile) > 0) renameSync(logFile, `${logFile}.1`);
  else rmSync(logFile, { force: true });
}

/** PostgreSQL appends, so a cut file simply grows again from its start. */
function boundLog(logFile: string): void {
  try {
    if (sizeOf(logFile) < LOG_LIMIT_BYTES) return;
    copyFileSync(logFile, `${logFile}.1`);
    truncateSync(logFile);
  } catch {
    // on a full disk the log is the least of the worries; the next check tries again
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** The last 20 kB written since `start`. */
function readFrom(logFile: string, start: number): string {
  try {
    const file = openSync(logFile, 'r');
    try {
      const from = Math.max(start, fstatSync(file).size - 20_000);
      const buffer = Buffer.alloc(20_000);
      return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from)).toString('utf8');
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
