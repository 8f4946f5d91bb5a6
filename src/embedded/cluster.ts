import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { errorCodes, StartFailure } from '../process-life.js';
import { dataDirFailure, dataDirFull, type Log, SAYS_DISK_FULL } from './data-dir.js';
import { type Account, endProcess, isRunning, POSTGRES_STOP_STEPS, runTool, worksIn } from './processes.js';
import { mayRead, type Runtime } from './runtime.js';

/** PostgreSQL's own data folder below DATA_DIR. */
export interface Cluster {
  readonly folder: string;
  /** What PostgreSQL is told its folder is. The path itself; on Linux its own working directory when the path is
   *  closed to the user it runs as (a clone below /root) or too long: a working directory needs no way to it. */
  readonly pgdata: string;
  readonly account: Account | null;
  readonly created: boolean;
}

export const clusterFolder = (dataDir: string): string => join(dataDir, 'postgres', 'cluster');

/** Whom PostgreSQL runs as. It refuses to be root, so as root: the owner of the data when there is data, else the
 *  account postgres when the host has one, else nobody. Accounts are never made or changed. */
export function chooseAccount(dataDir: string): Account | null {
  if (process.getuid?.() !== 0) return null;
  const data = statSync(clusterFolder(dataDir), { throwIfNoEntry: false });
  if (data !== undefined && data.uid !== 0) return { uid: data.uid, gid: data.gid };
  const rows = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const row = rows.find((fields) => fields[0] === name);
    if (row !== undefined && Number(row[2]) > 0) return { uid: Number(row[2]), gid: Number(row[3]) };
  }
  throw new StartFailure(
    'NO_ACCOUNT',
    'PostgreSQL refuses to run as root, and this system has neither an account postgres nor nobody. Start Countersign as an ordinary user, or set DATABASE_URL.',
  );
}

/** The cluster of the data folder, made when there is none. Making happens in a draft that is renamed at the end, so a
 *  crash leaves none or a whole one. `superuserPassword` is set at the making only.
 *  @throws StartFailure when the data is not ours, not this version's, or cannot be made. */
export async function openCluster(
  dataDir: string,
  options: { runtime: Runtime; account: Account | null; superuserPassword: string; durable: boolean },
): Promise<Cluster> {
  const folder = clusterFolder(dataDir);
  const parent = join(dataDir, 'postgres');
  try {
    mkdirSync(parent, { recursive: true, mode: 0o711 });
    if (statSync(parent).uid === process.getuid?.()) chmodSync(parent, 0o711);
    for (const name of readdirSync(parent))
      if (name.startsWith('draft-')) rmSync(join(parent, name), { recursive: true, force: true });
    const created = !existsSync(folder);
    if (created) await makeCluster(dataDir, options);
    else checkCluster(dataDir, folder, options.runtime.major);
    ownCluster(folder, options.account);
    return { folder, pgdata: pgdataFor(folder, options.account), account: options.account, created };
  } catch (error) {
    throw dataDirFailure(error, dataDir) ?? error;
  }
}

function checkCluster(dataDir: string, folder: string, major: string): void {
  const uid = process.getuid?.();
  const owner = statSync(folder).uid;
  if (uid !== 0 && uid !== owner)
    throw new StartFailure(
      'DATA_DIR_FORBIDDEN',
      `The database in ${dataDir} belongs to another user (number ${owner}). Run as that user or as root, or set DATA_DIR to another folder.`,
    );
  const versionFile = join(folder, 'PG_VERSION');
  if (!existsSync(versionFile))
    throw new StartFailure(
      'DATA_DIR_NOT_A_DATABASE',
      `The folder ${folder} holds no PostgreSQL database and was left alone. Move it away, or set DATA_DIR to another folder.`,
    );
  const found = readFileSync(versionFile, 'utf8').trim();
  if (found !== major)
    throw new StartFailure(
      'DATA_DIR_VERSION',
      `The data in ${dataDir} was made by PostgreSQL ${found}; this Countersign brings PostgreSQL ${major}. Use the Countersign that made it, or set DATA_DIR to another folder; the data was left alone.`,
    );
}

async function makeCluster(
  dataDir: string,
  options: { runtime: Runtime; account: Account | null; superuserPassword: string; durable: boolean },
): Promise<void> {
  const { runtime, account, superuserPassword, durable } = options;
  const parent = join(dataDir, 'postgres');
  const draft = join(parent, `draft-${randomBytes(4).toString('hex')}`);
  const passwordFile = `${draft}-password`;
  try {
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, `${superuserPassword}\n`, { flag: 'wx', mode: 0o600 });
    if (account !== null) for (const path of [draft, passwordFile]) chownSync(path, account.uid, account.gid);
    const args = [
      `--pgdata=${pgdataFor(draft, account)}`,
      // from its working directory, so that it is found whatever lies above
      `--pwfile=../${passwordFile.slice(parent.length + 1)}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      '--data-checksums',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(durable ? [] : ['--no-sync']),
    ];
    const { code, output } = await runTool(runtime.initdb, args, { cwd: draft, account, timeoutMs: 120_000 });
    if (code !== 0) throw initdbFailure(output, dataDir);
    renameSync(draft, clusterFolder(dataDir));
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

function initdbFailure(output: string, dataDir: string): StartFailure {
  if (SAYS_DISK_FULL.test(output)) return dataDirFull(dataDir);
  const reason = /(?:FATAL|PANIC|error): +(.+)/.exec(output)?.[1] ?? output.trim().split('\n').at(-1);
  return new StartFailure(
    'INITDB_FAILED',
    `The embedded database could not be made in ${dataDir}: ${reason?.trim() || 'initdb ended without a word'}. Set DATA_DIR to another folder, or DATABASE_URL to a PostgreSQL of your own.`,
  );
}

/** PostgreSQL refuses a folder that is another's or open to others, as a copy or restore by hand often leaves it. */
function ownCluster(folder: string, account: Account | null): void {
  if (account !== null && statSync(folder).uid !== account.uid) {
    lchownSync(folder, account.uid, account.gid);
    for (const name of readdirSync(folder, { recursive: true }) as string[])
      lchownSync(join(folder, name), account.uid, account.gid);
  }
  if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

/** PostgreSQL cuts paths at 1,024 bytes and appends up to about 100 of its own. */
const LONGEST_PGDATA = 900;

function pgdataFor(folder: string, account: Account | null): string {
  const direct = Buffer.byteLength(folder) <= LONGEST_PGDATA && mayRead(folder, account);
  if (direct) return folder;
  if (process.platform === 'linux') return '/proc/self/cwd';
  throw new StartFailure(
    'DATA_DIR_FORBIDDEN',
    `The data folder ${folder} cannot be reached by the user PostgreSQL runs as. Set DATA_DIR to a folder that every user may pass through, such as /var/lib/countersign.`,
  );
}

/** Ends a PostgreSQL that an earlier, killed Countersign left on this cluster, and returns once it is really gone. The
 *  caller holds the data folder's lock. A process that only bears the number is left alone. */
export async function endOrphan(cluster: Cluster, log: Log): Promise<void> {
  const pidFile = join(cluster.folder, 'postmaster.pid');
  const pid = postmasterStatus(cluster)?.pid;
  if (pid === undefined) return;
  if (isRunning(pid) && worksIn(pid, cluster.folder) !== false) {
    log.warn(
      `A PostgreSQL (process ${pid}) of an earlier run still works on ${cluster.folder}; stopping it.`,
    );
    const gone = await endProcess(pid, POSTGRES_STOP_STEPS).catch((error: unknown) => {
      if (errorCodes(error).includes('EPERM')) return false;
      throw error;
    });
    if (!gone)
      throw new StartFailure(
        'ORPHAN_POSTGRES',
        `A PostgreSQL (process ${pid}) still works on ${cluster.folder} and could not be stopped. Stop it as its owner: kill -INT ${pid}`,
      );
  }
  // a zombie, or another program with that number, would keep PostgreSQL from starting
  rmSync(pidFile, { force: true });
}

/** What PostgreSQL writes about itself into its pid file; null before and after its life. */
export function postmasterStatus(cluster: Cluster): { pid: number; ready: boolean } | null {
  try {
    const lines = readFileSync(join(cluster.folder, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return Number.isSafeInteger(pid) && pid > 1 ? { pid, ready: lines[7]?.trim() === 'ready' } : null;
  } catch {
    return null;
  }
}

/** The port of last time when it is free, else a new one, remembered. Below the range from which systems take the
 *  ports of outgoing connections, so that a restart finds it free. */
export async function choosePort(dataDir: string): Promise<number> {
  const file = join(dataDir, 'postgres', 'port');
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (Number.isInteger(last) && last > 1023 && last < 65_536 && (await isFree(last)) === last) return last;
  for (let tries = 0; tries < 60; tries += 1) {
    const wanted = tries < 50 ? 20_000 + (randomBytes(4).readUInt32BE() % 12_000) : 0;
    const port = await isFree(wanted);
    if (port === null) continue;
    writeFileSync(file, `${port}\n`, { mode: 0o644 });
    return port;
  }
  throw new StartFailure(
    'NO_FREE_PORT',
    'No free port was found on 127.0.0.1 for the embedded database. Stop other programs, or set DATABASE_URL.',
  );
}

/** The port that could be bound (a free one for 0), or null. */
function isFree(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => resolve(null));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const bound = probe.address();
      probe.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : null));
    });
  });
}
