import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { lockDataDir } from '../../src/embedded/data-dir.js';
import { isRunning, processIdentity, processScope } from '../../src/embedded/processes.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/postgres.js';
import { mayRead, packagedRuntime, prepareRuntime } from '../../src/embedded/runtime.js';
import { readOrCreateSecret } from '../../src/embedded/secrets.js';
import type { StartFailure } from '../../src/process-life.js';

const asRoot = process.getuid?.() === 0;
const whenRoot = asRoot ? test : test.skip;
const NOBODY = { uid: 65_534, gid: 65_534 };
const MODULE = new URL('../../src/embedded/postgres.js', import.meta.url).href;
const LIFE = new URL('../../src/process-life.js', import.meta.url).href;

/** Root can play an ordinary user only where that user can read this clone. */
const whenRootInTheOpen =
  asRoot && [process.execPath, fileURLToPath(MODULE)].every((path) => mayRead(path, NOBODY))
    ? test
    : test.skip;

let root: string;
const lines: string[] = [];
const log = {
  info: (line: string) => void lines.push(line),
  warn: (line: string) => void lines.push(line),
  error: (line: string) => void lines.push(line),
};
const toStop: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-embedded-'));
  chmodSync(root, 0o755);
});
afterEach(async () => {
  for (const server of toStop.splice(0)) await server.stop();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  lines.length = 0;
});
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

async function start(dataDir: string, durable = false): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log, durable });
  toStop.push(server);
  return server;
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

async function failureOf(attempt: Promise<unknown>): Promise<StartFailure> {
  try {
    await attempt;
  } catch (error) {
    return error as StartFailure;
  }
  throw new Error('it was not refused');
}

const postmasterOf = (dataDir: string): number =>
  Number(readFileSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);

/** Another process that starts the database and keeps it; resolves with the address it prints. */
async function startElsewhere(
  dataDir: string,
  as?: { uid: number; gid: number },
): Promise<{ child: ChildProcess; url: string }> {
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(MODULE)};
    import { onTermination, reportAndExit } from ${JSON.stringify(LIFE)};
    const log = { info() {}, warn: console.error, error: console.error };
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log, durable: false }).catch(reportAndExit);
    onTermination(() => server.stop());
    console.log(server.url);
    setInterval(() => undefined, 60_000);`;
  return await startScript(script, as);
}

async function startScript(
  script: string,
  as: { uid?: number; gid?: number } = {},
): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    ...as,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const [first] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'close').then(() => Promise.reject(new Error(`the child ended: ${complaints}`))),
  ])) as [string];
  return { child, url: first };
}

describe('the embedded database', () => {
  test('the first start makes it, the second finds the data, on the same port, in a folder of any name', async () => {
    const dataDir = join(root, `a b'ü "q" $HOME \\ %`, 'data');
    const first = await start(dataDir);
    expect(first.firstStart).toBe(true);
    await query(first.url, "create table kept as select 'ß' as word");
    expect(await query(first.url, 'show data_checksums')).toEqual([{ data_checksums: 'on' }]);
    expect(
      await query(first.url, 'select current_user, rolsuper from pg_roles where rolname = current_user'),
    ).toEqual([{ current_user: 'countersign', rolsuper: false }]);
    expect(
      await query(first.url, "select upper('é') as upper, current_setting('listen_addresses') as address"),
    ).toEqual([{ upper: 'É', address: '127.0.0.1' }]);
    const pid = postmasterOf(dataDir);
    await first.stop();
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);

    const second = await start(dataDir);
    expect(second.firstStart).toBe(false);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select word from kept')).toEqual([{ word: 'ß' }]);
  });

  test('what is secret in the folder is its owner’s alone, and a wrong password is refused', async () => {
    const dataDir = join(root, 'secret');
    const server = await start(dataDir);
    for (const name of ['postgres-superuser', 'postgres-login'])
      expect(statSync(join(dataDir, 'secrets', name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(dataDir, 'secrets')).mode & 0o777).toBe(0o700);
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test('a path longer than PostgreSQL takes works', async () => {
    const dataDir = join(root, ...Array.from({ length: 6 }, (_, level) => `${level}${'long'.repeat(50)}`));
    expect(dataDir.length).toBeGreaterThan(1_024);
    expect(await query((await start(dataDir)).url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('stop is idempotent, also when called at once', async () => {
    const server = await start(join(root, 'stop'));
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
  });

  test('a killed PostgreSQL comes back on the same address with its data', async () => {
    const dataDir = join(root, 'killed');
    const server = await start(dataDir, true);
    await query(server.url, 'create table kept as select 1 as one');
    const pid = postmasterOf(dataDir);
    process.kill(pid, 'SIGKILL');
    let rows: unknown = null;
    for (let tries = 0; tries < 200 && rows === null; tries += 1) {
      await sleep(50);
      rows = await query(server.url, 'select one from kept').catch(() => null);
    }
    expect(rows).toEqual([{ one: 1 }]);
    expect(postmasterOf(dataDir)).not.toBe(pid);
    expect(lines.join('\n')).toMatch(/ended by itself \(SIGKILL\); starting it again/);
  });

  test('a stop while PostgreSQL is being brought back leaves nothing behind', async () => {
    const dataDir = join(root, 'killed-and-stopped');
    const server = await start(dataDir);
    process.kill(postmasterOf(dataDir), 'SIGKILL');
    await sleep(150);
    await server.stop();
    await sleep(300);
    const pidFile = join(dataDir, 'postgres', 'cluster', 'postmaster.pid');
    expect(!existsSync(pidFile) || !isRunning(postmasterOf(dataDir))).toBe(true);
  });

  test('a remembered port that is taken is replaced', async () => {
    const dataDir = join(root, 'port');
    const first = await start(dataDir);
    const port = Number(new URL(first.url).port);
    await first.stop();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const second = await start(dataDir);
      expect(Number(new URL(second.url).port)).not.toBe(port);
      expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      squatter.close();
    }
  });

  test('the log of the run before is kept, older ones are not', async () => {
    const dataDir = join(root, 'logs');
    for (let run = 0; run < 3; run += 1) await (await start(dataDir)).stop();
    expect(existsSync(join(dataDir, 'postgres.log'))).toBe(true);
    expect(existsSync(join(dataDir, 'postgres.log.1'))).toBe(true);
    expect(
      readFileSync(join(dataDir, 'postgres.log'), 'utf8').match(/ready to accept connections/g),
    ).toHaveLength(1);
  });
});

describe('one owner per data folder', () => {
  test('a second start on a folder in use is refused, names the owner, and disturbs nothing', async () => {
    const dataDir = join(root, 'shared');
    const { child, url } = await startElsewhere(dataDir);
    const failure = await failureOf(start(dataDir));
    expect(failure).toMatchObject({ code: 'DATA_DIR_LOCKED' });
    expect(failure.message).toMatch(
      new RegExp(`in use by process ${child.pid}\\. Stop that process, or set DATA_DIR`),
    );
    expect(failure.message).not.toContain('\n');
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    await start(dataDir);
    expect(await failureOf(startEmbeddedPostgres({ dataDir, log }))).toMatchObject({
      code: 'DATA_DIR_LOCKED',
    });
  });

  test('after kill -9 of the owner the next start takes over: data there, one PostgreSQL', async () => {
    const dataDir = join(root, 'crash');
    const { child, url } = await startElsewhere(dataDir);
    await query(url, 'create table kept as select 1 as one');
    const orphan = postmasterOf(dataDir);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const server = await start(dataDir);
    expect(lines.join('\n')).toMatch(/Taking over the data folder/);
    expect(await query(server.url, 'select one from kept')).toEqual([{ one: 1 }]);
    expect(isRunning(orphan)).toBe(false);
    expect(postmasterOf(dataDir)).not.toBe(orphan);
  });

  test('an orphan that outlived its guard is stopped first, even in mid-work', async () => {
    const dataDir = join(root, 'orphan');
    const { child, url } = await startElsewhere(dataDir);
    const orphan = postmasterOf(dataDir);
    const busy = query(url, 'select pg_sleep(60)').catch((error: { code?: string }) => error.code);
    // frozen, it hears neither its guard nor us until SIGQUIT's turn is due; thawed, it obeys
    process.kill(orphan, 'SIGSTOP');
    child.kill('SIGKILL');
    await once(child, 'exit');
    setTimeout(() => process.kill(orphan, 'SIGCONT'), 500);
    const server = await start(dataDir);
    expect(lines.join('\n')).toMatch(new RegExp(`A PostgreSQL \\(process ${orphan}\\) of an earlier run`));
    expect(isRunning(orphan)).toBe(false);
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await busy;
  });

  test('without a next start, PostgreSQL ends by itself soon after its owner', async () => {
    const dataDir = join(root, 'guard');
    const { child } = await startElsewhere(dataDir);
    const pid = postmasterOf(dataDir);
    child.kill('SIGKILL');
    for (let tries = 0; tries < 100 && isRunning(pid); tries += 1) await sleep(100);
    expect(isRunning(pid)).toBe(false);
  });

  test.each([
    ['whose number now is another process’s', { pid: process.pid, identity: '1' }],
    ['whose process is gone', { pid: 2 ** 22 - 3, identity: '1' }],
    ['from before a reboot', { pid: process.pid, identity: processIdentity(process.pid), boot: 'another' }],
  ])('a lock %s is taken over', async (_what, holder) => {
    const dataDir = join(root, 'stale');
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'lock'), JSON.stringify({ ...processScope(), token: 'old', ...holder }));
    await start(dataDir);
  });

  test('a lock cut short by a full disk or a crash is taken over', async () => {
    const dataDir = join(root, 'cut');
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'lock'), '{"pid":');
    await start(dataDir);
  });

  test('a lock from another container is respected while its heart beats', async () => {
    const dataDir = join(root, 'container');
    mkdirSync(dataDir, { recursive: true });
    const lock = join(dataDir, 'lock');
    writeFileSync(
      lock,
      JSON.stringify({
        ...processScope(),
        host: 'elsewhere',
        namespace: 'pid:[1]',
        pid: 1,
        identity: '1',
        token: 'theirs',
      }),
    );
    const unexpected = (failure: StartFailure): void => log.error(failure.message);
    const beat = setInterval(() => chmodSync(lock, 0o644), 200);
    try {
      expect((await failureOf(lockDataDir(dataDir, log, unexpected, 1_500))).message).toMatch(
        /in use by process 1 on elsewhere/,
      );
    } finally {
      clearInterval(beat);
    }
    (await lockDataDir(dataDir, log, unexpected, 1_500)).release();
    expect(existsSync(lock)).toBe(false);
  });
});

describe('what cannot be used is refused in one line and left as it was', () => {
  test('DATA_DIR is a file, or lies below one', async () => {
    const file = join(root, 'a-file');
    writeFileSync(file, 'precious');
    for (const dataDir of [file, join(file, 'below')]) {
      const failure = await failureOf(start(dataDir));
      expect(failure.code).toBe('DATA_DIR_NOT_A_FOLDER');
      expect(failure.message).not.toContain('\n');
    }
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  test('data of another PostgreSQL major', async () => {
    const dataDir = join(root, 'newer');
    await (await start(dataDir)).stop();
    const versionFile = join(dataDir, 'postgres', 'cluster', 'PG_VERSION');
    writeFileSync(versionFile, '99\n');
    const failure = await failureOf(start(dataDir));
    expect(failure.message).toMatch(/made by PostgreSQL 99; this Countersign brings PostgreSQL 17/);
    expect(failure.message).not.toContain('\n');
    writeFileSync(versionFile, '17\n');
    await start(dataDir);
  });

  test('a folder that holds no database', async () => {
    const dataDir = join(root, 'foreign');
    mkdirSync(join(dataDir, 'postgres', 'cluster'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'cluster', 'letter.txt'), 'precious');
    expect((await failureOf(start(dataDir))).code).toBe('DATA_DIR_NOT_A_DATABASE');
    expect(readFileSync(join(dataDir, 'postgres', 'cluster', 'letter.txt'), 'utf8')).toBe('precious');
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);
  });

  test('a damaged database: PostgreSQL’s own last words are passed on', async () => {
    const dataDir = join(root, 'damaged');
    await (await start(dataDir)).stop();
    rmSync(join(dataDir, 'postgres', 'cluster', 'global', 'pg_control'));
    const failure = await failureOf(start(dataDir));
    expect(failure.code).toBe('POSTGRES_NOT_STARTED');
    expect(failure.message).toMatch(/pg_control/);
  });

  whenRootInTheOpen('a folder that this user may not write', async () => {
    const dataDir = join(root, 'forbidden');
    mkdirSync(dataDir, { mode: 0o755 });
    await expect(startElsewhere(dataDir, NOBODY)).rejects.toThrow(
      /countersign: This user may not read and write the data folder .*forbidden\./,
    );
  });
});

describe('as whom it runs', () => {
  whenRoot('as root PostgreSQL is not root, though every folder above the data is closed to it', async () => {
    const closed = join(root, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const dataDir = join(closed, 'data');
    const server = await start(dataDir);
    expect(statSync(`/proc/${postmasterOf(dataDir)}`).uid).not.toBe(0);
    expect(await query(server.superuserUrl, 'show data_directory')).toEqual([
      { data_directory: '/proc/self/cwd' },
    ]);
    await query(server.url, 'create table kept as select 1 as one');
    await server.stop();
    expect(await query((await start(dataDir)).url, 'select one from kept')).toEqual([{ one: 1 }]);
  });

  whenRootInTheOpen(
    'an ordinary user runs it as themselves, and root later runs it as that user',
    async () => {
      const dataDir = join(root, 'ordinary');
      mkdirSync(dataDir);
      chownSync(dataDir, 65_534, 65_534);
      const { child, url } = await startElsewhere(dataDir, NOBODY);
      await query(url, 'create table kept as select 1 as one');
      expect(statSync(`/proc/${postmasterOf(dataDir)}`).uid).toBe(65_534);
      child.kill('SIGTERM');
      await once(child, 'exit');
      const server = await start(dataDir);
      expect(statSync(`/proc/${postmasterOf(dataDir)}`).uid).toBe(65_534);
      expect(await query(server.url, 'select one from kept')).toEqual([{ one: 1 }]);
    },
  );

  whenRoot('programs in a closed folder are copied once to an open one', async () => {
    const { folder, version } = packagedRuntime();
    const closed = join(root, 'closed "programs"');
    mkdirSync(closed, { mode: 0o700 });
    cpSync(folder, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
    const home = join(root, 'home');
    const account = NOBODY;
    const runtime = await prepareRuntime(account, log, { folder: join(closed, 'native'), version }, [home]);
    expect(runtime.postgres.startsWith(home)).toBe(true);
    expect(runtime.major).toBe('17');
    const made = statSync(runtime.postgres).ino;
    await prepareRuntime(account, log, { folder: join(closed, 'native'), version }, [home]);
    expect(statSync(runtime.postgres).ino).toBe(made);
    rmSync(runtime.postgres.replace('bin/postgres', 'share/postgresql/postgres.bki'));
    await prepareRuntime(account, log, { folder: join(closed, 'native'), version }, [home]);
    expect(existsSync(runtime.postgres.replace('bin/postgres', 'share/postgresql/postgres.bki'))).toBe(true);
  });
});

describe('secrets of the data folder', () => {
  test('a secret is made once and then stays', () => {
    const dataDir = join(root, 'secrets-only');
    const made = readOrCreateSecret(dataDir, 'signing-key', 32);
    expect(made).toMatchObject({ created: true, value: expect.stringMatching(/^[\w-]{43}$/) });
    expect(readOrCreateSecret(dataDir, 'signing-key', 32)).toEqual({ ...made, created: false });
    expect(() => readOrCreateSecret(dataDir, '../out', 32)).toThrow(RangeError);
  });
});

describe('the end of a process', () => {
  const ending = (body: string): string => `import { onTermination } from ${JSON.stringify(LIFE)};
    setInterval(() => undefined, 60_000);
    ${body}
    console.log('ready');`;

  test('one signal runs the handler once, though it is delivered twice, and exits with 0', async () => {
    const { child } = await startScript(
      ending(
        "onTermination(async () => { console.log('draining'); await new Promise((done) => setTimeout(done, 400)); console.log('done'); });",
      ),
    );
    let output = '';
    child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.kill('SIGINT');
    await sleep(50);
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(output.match(/draining|done/g)).toEqual(['draining', 'done']);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('a second %s after a second of patience exits with %d', async (signal, code) => {
    const { child } = await startScript(ending('onTermination(() => new Promise(() => undefined));'));
    child.kill(signal);
    await sleep(1_300);
    child.kill(signal);
    expect(await once(child, 'close')).toEqual([code, null]);
  });

  test('a handler that hangs or fails ends the process with 1', async () => {
    const hanging = await startScript(
      ending('onTermination(() => new Promise(() => undefined), { deadlineMs: 300 });'),
    );
    hanging.child.kill('SIGTERM');
    expect(await once(hanging.child, 'close')).toEqual([1, null]);
    const failing = await startScript(ending("onTermination(async () => { throw new Error('no'); });"));
    failing.child.kill('SIGTERM');
    expect(await once(failing.child, 'close')).toEqual([1, null]);
  });
});
