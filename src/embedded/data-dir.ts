import { randomUUID } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodes, StartFailure } from '../process-life.js';
import { processIdentity, processScope } from './processes.js';

/** What the embedded database tells whoever runs it. pino's loggers fit. */
export interface Log {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** The data folder, made when missing; other users may pass through it but not list it, because as root PostgreSQL
 *  runs as another user below it. @throws StartFailure when it is a file or may not be written. */
export function ensureDataDir(dataDir: string): void {
  try {
    const made = mkdirSync(dataDir, { recursive: true, mode: 0o711 });
    if (made !== undefined) chmodSync(dataDir, 0o711);
  } catch (error) {
    // Node says ENOENT for a folder that a read-only file system will not make; the folder above tells the truth
    if (errorCodes(error).includes('ENOENT'))
      throw dataDirFailure(whyClosed(dirname(dataDir)), dataDir) ?? error;
    throw dataDirFailure(error, dataDir) ?? error;
  }
  if (!statSync(dataDir).isDirectory()) throw isNotAFolder(dataDir);
}

/** The error of writing into the nearest folder that exists; null when it can be written. */
function whyClosed(folder: string): unknown {
  if (!existsSync(folder) && dirname(folder) !== folder) return whyClosed(dirname(folder));
  try {
    accessSync(folder, constants.W_OK);
    return null;
  } catch (error) {
    return error;
  }
}

const isNotAFolder = (dataDir: string): StartFailure =>
  new StartFailure(
    'DATA_DIR_NOT_A_FOLDER',
    `DATA_DIR ${dataDir} is a file, or lies below one. Set DATA_DIR to a folder, existing or new.`,
  );

/** The one line for a file-system error about the data folder; null when it is something else. */
export function dataDirFailure(error: unknown, dataDir: string): StartFailure | null {
  if (error instanceof StartFailure) return error;
  const codes = errorCodes(error);
  if (codes.includes('ENOTDIR') || codes.includes('EEXIST')) return isNotAFolder(dataDir);
  if (codes.includes('EROFS'))
    return new StartFailure(
      'DATA_DIR_READ_ONLY',
      `The data folder ${dataDir} is on a read-only file system. Set DATA_DIR to a folder that can be written.`,
    );
  if (codes.includes('EACCES') || codes.includes('EPERM'))
    return new StartFailure(
      'DATA_DIR_FORBIDDEN',
      `This user may not read and write the data folder ${dataDir}. Give it to this user, run as its owner, or set DATA_DIR to another folder.`,
    );
  if (codes.includes('ENOSPC') || codes.includes('EDQUOT')) return dataDirFull(dataDir);
  if (codes.includes('ENAMETOOLONG'))
    return new StartFailure(
      'DATA_DIR_TOO_LONG',
      `The path of the data folder is too long for this system. Set DATA_DIR to a shorter one.`,
    );
  return null;
}

/** How PostgreSQL's programs speak of a full disk. */
export const SAYS_DISK_FULL = /No space left on device|Disk quota exceeded|wrote only \d+ of \d+ bytes/i;

export const dataDirFull = (dataDir: string): StartFailure =>
  new StartFailure(
    'DATA_DIR_FULL',
    `The disk of the data folder ${dataDir} is full. Free some space (a first start needs 100 MB) or set DATA_DIR to another disk.`,
  );

/** Who holds the folder. `identity` tells the process from a later one with its number. */
interface LockHolder {
  pid: number;
  identity: string;
  host: string;
  boot: string;
  namespace: string;
  token: string;
}

export interface DataDirLock {
  /** Gives the folder free; again = nothing. */
  release(): void;
}

const BEAT_MS = 2_000;
/** Five beats: a holder on another machine or in another container that is silent for so long is dead. */
const SILENCE_MS = 5 * BEAT_MS;

/** Takes the data folder for this process alone. A lock left by a process that no longer runs (crash, reboot, reused
 *  process number) is taken over. A holder in another container or machine cannot be asked, so its heartbeat, the
 *  lock file's changing time, is watched for `silenceMs`. `onStolen` is told when, against all this, another process holds the lock
 *  later. @throws StartFailure DATA_DIR_LOCKED */
export async function lockDataDir(
  dataDir: string,
  log: Log,
  onStolen: (failure: StartFailure) => void,
  silenceMs = SILENCE_MS,
): Promise<DataDirLock> {
  ensureDataDir(dataDir);
  const path = join(dataDir, 'lock');
  const mine: LockHolder = {
    pid: process.pid,
    identity: processIdentity(process.pid) ?? 'unknown',
    ...processScope(),
    token: randomUUID(),
  };
  for (let attempt = 0; ; attempt += 1) {
    if (writeNew(path, mine, dataDir)) break;
    const held = await readHolder(path);
    if (held === 'gone') continue;
    if (attempt >= 3 || (held.holder !== null && (await isAlive(held.holder, path, log, silenceMs))))
      throw locked(dataDir, held.holder, mine);
    log.warn(
      `Taking over the data folder ${dataDir}: its last owner (process ${held.holder?.pid ?? 'unknown'}) ended without a clean stop.`,
    );
    takeAway(path, held.text);
  }
  // Two starters may both have found the same dead lock; the one whose lock stands after a moment has won.
  await sleep(50);
  const standing = await readHolder(path);
  if (standing === 'gone' || standing.holder?.token !== mine.token)
    throw locked(dataDir, standing === 'gone' ? null : standing.holder, mine);
  return keepLock(path, mine.token, (thief) => onStolen(locked(dataDir, thief, mine)));
}

/** The heartbeat sets the file's mode to what it is, which renews its changing time without touching its content. */
function keepLock(path: string, token: string, onStolen: (thief: LockHolder) => void): DataDirLock {
  const beat = setInterval(() => {
    try {
      const holder = parseHolder(readFileSync(path, 'utf8'));
      if (holder !== null && holder.token !== token) {
        clearInterval(beat);
        onStolen(holder);
      } else chmodSync(path, 0o644);
    } catch {
      // a folder that went away has no lock to keep warm
    }
  }, BEAT_MS);
  beat.unref();
  let released = false;
  return {
    release: () => {
      if (released) return;
      released = true;
      clearInterval(beat);
      if (parseHolder(tryRead(path) ?? '')?.token === token) rmSync(path, { force: true });
    },
  };
}

function writeNew(path: string, holder: LockHolder, dataDir: string): boolean {
  try {
    writeFileSync(path, `${JSON.stringify(holder)}\n`, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (error) {
    if (errorCodes(error).includes('EEXIST')) return false;
    if (errorCodes(error).includes('ENOSPC')) rmSync(path, { force: true });
    throw dataDirFailure(error, dataDir) ?? error;
  }
}

/** Waits up to a second for a lock that is being written; one that stays unreadable has no holder. */
async function readHolder(path: string): Promise<'gone' | { text: string; holder: LockHolder | null }> {
  for (let tries = 0; ; tries += 1) {
    const text = tryRead(path);
    if (text === null) return 'gone';
    const holder = parseHolder(text);
    if (holder !== null || tries >= 10) return { text, holder };
    await sleep(100);
  }
}

function tryRead(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCodes(error).includes('ENOENT')) return null;
    throw error;
  }
}

function parseHolder(text: string): LockHolder | null {
  try {
    const holder = JSON.parse(text) as LockHolder;
    return Number.isSafeInteger(holder.pid) && holder.pid > 0 && typeof holder.token === 'string'
      ? holder
      : null;
  } catch {
    return null;
  }
}

async function isAlive(holder: LockHolder, path: string, log: Log, silenceMs: number): Promise<boolean> {
  const here = processScope();
  if (holder.host === here.host && holder.namespace === here.namespace) {
    if (holder.boot !== here.boot) return false;
    const identity = processIdentity(holder.pid);
    return (
      identity !== null &&
      (identity === 'unknown' || holder.identity === 'unknown' || identity === holder.identity)
    );
  }
  log.warn(
    `The data folder was last used on ${holder.host || 'another machine'}; watching for ${silenceMs / 1000} s whether that process still lives.`,
  );
  const before = beatOf(path);
  for (let waited = 0; waited < silenceMs; waited += 500) {
    await sleep(500);
    if (beatOf(path) !== before) return true;
  }
  return false;
}

function beatOf(path: string): number {
  try {
    return statSync(path).ctimeMs;
  } catch {
    return 0;
  }
}

/** Moves the dead lock aside and puts it back when it turns out to be a newer one. */
function takeAway(path: string, expected: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = tryRead(aside);
  if (moved !== null && moved !== expected) {
    try {
      writeFileSync(path, moved, { flag: 'wx', mode: 0o644 });
    } catch {
      // a third starter holds it now; the check after the moment's wait settles who won
    }
  }
  rmSync(aside, { force: true });
}

function locked(dataDir: string, holder: LockHolder | null, mine: LockHolder): StartFailure {
  const who =
    holder === null
      ? 'another process'
      : holder.host !== mine.host
        ? `process ${holder.pid} on ${holder.host}`
        : `process ${holder.pid}${holder.pid === mine.pid ? ' (this one)' : ''}`;
  return new StartFailure(
    'DATA_DIR_LOCKED',
    `The data folder ${dataDir} is in use by ${who}. Stop that process, or set DATA_DIR to another folder; to run several processes set DATABASE_URL.`,
  );
}
