import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCodes, StartFailure } from '../process-life.js';
import { dataDirFailure } from './data-dir.js';

export interface Secret {
  /** Base64url text without padding: safe in addresses, SQL literals and terminals. */
  readonly value: string;
  /** true when this call made it, false when it was there. */
  readonly created: boolean;
  readonly path: string;
}

/** The secret of that name in the data folder, the same for every caller and every later start: made from `bytes`
 *  random bytes by the first, read by the rest, whole or not at all even when two processes ask at once. The file and
 *  its folder are readable by their owner only. @throws StartFailure when the folder cannot be read or written. */
export function readOrCreateSecret(dataDir: string, name: string, bytes: number): Secret {
  if (!/^[a-z][a-z0-9-]{0,60}$/.test(name)) throw new RangeError(`not a secret's name: ${name}`);
  const folder = join(dataDir, 'secrets');
  const path = join(folder, name);
  try {
    const there = readSecret(path);
    if (there !== null) return { value: there, created: false, path };
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const value = randomBytes(bytes).toString('base64url');
    writeDurably(draft, `${value}\n`);
    try {
      const created = publish(draft, path);
      return { value: created ? value : (readSecret(path) ?? value), created, path };
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    throw dataDirFailure(error, dataDir) ?? error;
  }
}

function readSecret(path: string): string | null {
  try {
    const value = readFileSync(path, 'utf8').trim();
    if (value === '')
      throw new StartFailure(
        'SECRET_EMPTY',
        `The file ${path} is empty. Restore it from a backup, or delete it to get a new secret.`,
      );
    return value;
  } catch (error) {
    if (errorCodes(error).includes('ENOENT')) return null;
    throw error;
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(path, 0o600);
}

/** A hard link appears whole and never replaces; file systems without them get a rename. */
function publish(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (errorCodes(error).includes('EEXIST')) return false;
    renameSync(draft, path);
    return true;
  }
}
