import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodes } from '../process-life.js';

/** The user that a child runs as; null = as ourselves. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** What tells a process from a later one with the same number: its start time. null when no such process runs; a
 *  zombie counts as gone. 'unknown' when it runs and the system will not say more. */
export function processIdentity(pid: number): string | null {
  const state = linuxState(pid);
  if (state !== null) return state.zombie ? null : state.startTicks;
  if (!answersSignals(pid)) return null;
  if (process.platform === 'linux') return 'unknown';
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return 'unknown';
  }
}

export const isRunning = (pid: number): boolean => processIdentity(pid) !== null;

/** `/proc/<pid>/stat`: fields 3 (state) and 22 (start time in clock ticks since boot), counted after the program's
 *  name, which may itself hold spaces and brackets. */
function linuxState(pid: number): { zombie: boolean; startTicks: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { zombie: fields[0] === 'Z' || fields[0] === 'X', startTicks: fields[19] ?? 'unknown' };
  } catch {
    return null;
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCodes(error).includes('EPERM');
  }
}

/** Where process numbers mean the same thing: host, this boot of it, and the pid namespace (container). */
export function processScope(): { host: string; boot: string; namespace: string } {
  const read = (get: () => string): string => {
    try {
      return get().trim();
    } catch {
      return '';
    }
  };
  return {
    host: hostname(),
    boot: read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    namespace: read(() => readlinkSync('/proc/self/ns/pid')),
  };
}

/** Whether the process works inside that folder; null when the system does not tell. */
export function worksIn(pid: number, folder: string): boolean | null {
  try {
    const there = statSync(`/proc/${pid}/cwd`);
    const here = statSync(folder);
    return there.dev === here.dev && there.ino === here.ino;
  } catch {
    return null;
  }
}

/** true once the process is gone, false when it still runs after `withinMs`. */
export async function waitUntilGone(pid: number, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (isRunning(pid)) {
    if (performance.now() >= end) return false;
    await sleep(20);
  }
  return true;
}

/** Sends the signals in turn until the process is gone, waiting each one's time. false when even the last did not
 *  help. @throws EPERM when the process belongs to someone else. */
export async function endProcess(
  pid: number,
  steps: readonly (readonly [NodeJS.Signals, number])[],
): Promise<boolean> {
  for (const [signal, waitMs] of steps) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!errorCodes(error).includes('ESRCH')) throw error;
    }
    if (await waitUntilGone(pid, waitMs)) return true;
  }
  return false;
}

/** PostgreSQL's own orders: SIGINT = disconnect everyone and shut down cleanly, SIGQUIT = stop now and recover at the
 *  next start, SIGKILL only when neither is heard. */
export const POSTGRES_STOP_STEPS = [
  ['SIGINT', 15_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 2_000],
] as const;

/** PostgreSQL's children get this and nothing of ours: a PGDATA, PGPORT or LC_ALL of the caller changes what it does. */
export const CHILD_ENVIRONMENT = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' } as const;

/** Runs a short program to its end and never throws: `code` is null when it could not be started or ran out of time. */
export function runTool(
  file: string,
  args: readonly string[],
  options: { cwd?: string; account: Account | null; timeoutMs: number },
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    let output = '';
    const keep = (chunk: Buffer): void => void (output = (output + chunk.toString('utf8')).slice(-20_000));
    const failed = (error: unknown): void => resolve({ code: null, output: (error as Error).message });
    try {
      const child = spawn(file, [...args], {
        ...options.account,
        cwd: options.cwd ?? '/',
        env: CHILD_ENVIRONMENT,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
      });
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
      child.on('error', failed);
      child.on('close', (code) => resolve({ code, output }));
    } catch (error) {
      // Node throws EPERM and EINVAL of a refused account instead of emitting them
      failed(error);
    }
  });
}
