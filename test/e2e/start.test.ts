import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { isRunning } from '../../src/embedded/processes.js';
import { mayRead } from '../../src/embedded/runtime.js';
import { readDb } from '../../src/entities/read-db.js';
import { DEMO_PASSWORD, demoClient } from '../support/demo-client.js';
import {
  eventually,
  freePort,
  killAll,
  launch,
  type LaunchOptions,
  type Product,
} from '../support/processes.js';
import { LADDER_STEP, publishProcess } from '../support/publish-process.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

const NOBODY = { uid: 65_534, gid: 65_534 };
const asRoot = process.getuid?.() === 0;
/** Root can play an ordinary user only where that user can read this clone. */
const inTheOpen = [process.execPath, fileURLToPath(import.meta.url)].every((path) => mayRead(path, NOBODY));

let root: string;
let database: TestDatabase;
const servers: Server[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'countersign-start-'));
  chmodSync(root, 0o755);
  database = await testDatabase();
});
afterAll(async () => {
  await killAll();
  for (const server of servers) server.close();
  await database.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

type Env = Readonly<Record<string, string>>;

async function run(env: Env, options?: LaunchOptions): Promise<Product> {
  const product = launch(env, options);
  await product.running;
  return product;
}

/** The one line with which a start is refused; never 0, no stack, nothing secret. */
async function refusalOf(env: Env, options?: LaunchOptions): Promise<string> {
  const product = launch(env, options);
  const { code, signal } = await product.exited;
  const stderr = product.stderr();
  expect({ code, signal, stderr }).toEqual({
    code: 1,
    signal: null,
    stderr: expect.stringMatching(/^countersign: [^\n]+\n$/),
  });
  expect(product.stdout()).not.toContain('is running');
  expect(stderr).not.toMatch(/\bat .+:\d+:\d+|secret-/);
  return stderr.trim();
}

async function listening(
  onConnection: (socket: import('node:net').Socket) => void = () => undefined,
): Promise<number> {
  const server = createServer(onConnection).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

const passwordIn = (product: Product): string =>
  /all with the password {2}(\S+)/.exec(product.stdout())?.[1] ?? '';
const postmasterOf = (dataDir: string): number =>
  Number(readFileSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);

/** Titles of the contracts that a salesperson sees who signs in with the printed password. */
async function titlesAt(product: Product): Promise<string[]> {
  const client = demoClient(() => product.url(), passwordIn(product));
  const { contracts } = await client.ask<{ contracts: { edges: { node: { title: string } }[] } }>(
    'sales',
    '{ contracts(first: 50) { edges { node { title } } } }',
  );
  return contracts.edges.map(({ node }) => node.title).toSorted();
}

describe('the embedded default', () => {
  const env = (): Env => ({ DATA_DIR: join(root, 'data') });
  let password: string;
  let port: number;
  let product: Product;
  let titles: string[];

  test('the first start says where things are, and who can sign in with what password', async () => {
    port = await freePort();
    product = await run({ ...env(), PORT: String(port) });
    expect(product.stdout()).toContain(`http://127.0.0.1:${port}/graphql`);
    expect(product.stdout()).toContain(join(root, 'data'));
    for (const person of ['sales', 'manager', 'finance', 'legal', 'gm', 'admin'])
      expect(product.stdout()).toContain(`${person}@demo.local`);
    password = passwordIn(product);
    expect(password).toMatch(/^[\w-]{12,}$/);
    await demoClient(() => product.url(), password).createContract({ title: 'Kept over restarts' });
    titles = await titlesAt(product);
    expect(titles).toContain('Kept over restarts');
  }, 90_000);

  test('a second start on the folder, or on the port, is refused and disturbs nothing', async () => {
    expect(await refusalOf(env())).toMatch(
      new RegExp(`in use by process ${product.pid}\\. Stop that process, or set DATA_DIR`),
    );
    const taken = await refusalOf({ DATABASE_URL: database.url, PORT: String(port) });
    expect(taken).toBe(
      `countersign: Port ${port} on 127.0.0.1 is taken by another program. Stop that program or choose another port: PORT=${port + 1} npm start`,
    );
    expect(await titlesAt(product)).toEqual(titles);
  }, 60_000);

  test('after kill -9 the lock is stale: the next start takes over and finds data and password', async () => {
    const orphan = postmasterOf(join(root, 'data'));
    await product.kill();
    expect(existsSync(join(root, 'data', 'lock'))).toBe(true);
    product = await run(env());
    expect(isRunning(orphan)).toBe(false);
    expect(passwordIn(product)).toBe(password);
    expect(await titlesAt(product)).toEqual(titles);
  }, 60_000);

  test('SIGTERM ends it with 0 and leaves neither a lock nor a PostgreSQL', async () => {
    const postmaster = postmasterOf(join(root, 'data'));
    expect(await product.stop()).toEqual({ code: 0, signal: null });
    expect(product.stderr()).toBe('');
    expect(isRunning(postmaster)).toBe(false);
    expect(existsSync(join(root, 'data', 'lock'))).toBe(false);
  }, 60_000);

  test('a port that is taken stops the embedded database as well', async () => {
    const taken = await listening();
    expect(await refusalOf({ ...env(), PORT: String(taken) })).toContain(
      `Port ${taken} on 127.0.0.1 is taken`,
    );
    expect(existsSync(join(root, 'data', 'postgres', 'cluster', 'postmaster.pid'))).toBe(false);
    expect(existsSync(join(root, 'data', 'lock'))).toBe(false);
  }, 60_000);

  test('through npm, SIGTERM reaches the product; the data is there after all those refusals', async () => {
    product = await run({ ...env(), PORT: '0' }, { command: ['npm', 'start', '--ignore-scripts'] });
    expect(passwordIn(product)).toBe(password);
    expect(await titlesAt(product)).toEqual(titles);
    const postmaster = postmasterOf(join(root, 'data'));
    expect(await product.stop()).toEqual({ code: 0, signal: null });
    expect(isRunning(postmaster)).toBe(false);
  }, 60_000);
});

describe('what cannot be used is refused in one line', () => {
  test.each<[string, Env, RegExp]>([
    ['PORT', { PORT: 'abc' }, /PORT: "abc" is not allowed\. Give a whole number from 0 to 65535/],
    ['PORT beyond its range', { PORT: '65536' }, /PORT: "65536" is not allowed/],
    ['ROLE', { ROLE: 'x' }, /ROLE: "x" is not allowed\. Give api, worker or all/],
    ['SEED', { SEED: 'x' }, /SEED: "x" is not allowed\. Give demo or none/],
    [
      'a short DEMO_PASSWORD, not shown',
      { DEMO_PASSWORD: 'secret-' },
      /DEMO_PASSWORD: the given value \(7 characters, not shown\) is not allowed/,
    ],
    [
      'DATABASE_URL of another kind',
      { DATABASE_URL: 'mysql://root:secret-@127.0.0.1/x' },
      /DATABASE_URL: the given value .* is not allowed/,
    ],
    [
      'REDIS_URL of another kind',
      { REDIS_URL: 'http://127.0.0.1' },
      /REDIS_URL: the given value .* is not allowed/,
    ],
    ['SWEEP_SECONDS', { SWEEP_SECONDS: '0' }, /SWEEP_SECONDS: "0" is not allowed/],
    ['ROLE=worker alone', { ROLE: 'worker' }, /ROLE=worker needs DATABASE_URL/],
    ['ROLE=api alone', { ROLE: 'api' }, /ROLE=api needs DATABASE_URL/],
  ])('%s', async (_what, bad, line) => {
    const dataDir = join(root, 'untouched');
    expect(await refusalOf({ DATA_DIR: dataDir, ...bad })).toMatch(line);
    expect(existsSync(dataDir)).toBe(false);
  });

  const at = (change: (url: URL) => void): string => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };

  test('a database that is away, unknown, silent, or does not let us in', async () => {
    const silent = await listening();
    const rude = await listening((socket) => socket.destroy());
    const lines = await Promise.all(
      [
        at((url) => (url.port = '1')),
        at((url) => (url.hostname = 'nowhere.invalid')),
        at((url) => (url.port = String(rude))),
        at((url) => (url.password = 'secret-wrong')),
        at((url) => (url.pathname = '/no_such_database')),
        at((url) => (url.port = String(silent))),
      ].map((DATABASE_URL) => refusalOf({ DATABASE_URL })),
    );
    expect(lines).toEqual([
      expect.stringMatching(
        /The database postgres:\/\/127\.0\.0\.1:1\/\S+ cannot be reached\. Start it or correct DATABASE_URL/,
      ),
      expect.stringMatching(/has a host name that is not known\. Correct DATABASE_URL/),
      expect.stringMatching(/cannot be reached/),
      expect.stringMatching(/refused the user or password\. Correct both in DATABASE_URL/),
      expect.stringMatching(/no_such_database does not exist\. Create it, or name another in DATABASE_URL/),
      expect.stringMatching(/did not answer in time\. Check DATABASE_URL/),
    ]);
  }, 60_000);

  test('a database whose user may not make tables', async () => {
    const db = readDb(database.orm.em.fork());
    const { CompiledQuery } = await import('kysely');
    const run = (text: string): Promise<unknown> => db.executeQuery(CompiledQuery.raw(text));
    await run(
      `do $$ begin if not exists (select 1 from pg_roles where rolname = 'guest') then create role guest login password 'secret-guest'; end if; end $$`,
    );
    const DATABASE_URL = at((url) => {
      url.username = 'guest';
      url.password = 'secret-guest';
      url.pathname = '/postgres';
    });
    expect(await refusalOf({ DATABASE_URL })).toMatch(
      /does not grant what is needed\. Let the user of DATABASE_URL own that database/,
    );
  });

  test('a Redis that is away, silent, something else, or does not let us in', async () => {
    const silent = await listening();
    const web = await listening((socket) =>
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).on('error', () => undefined),
    );
    const locked = await listening((socket) =>
      socket
        .on('data', () => socket.write('-NOAUTH Authentication required.\r\n'))
        .on('error', () => undefined),
    );
    const lines = await Promise.all(
      [
        'redis://:secret-@127.0.0.1:1',
        'redis://nowhere.invalid:6379',
        `redis://127.0.0.1:${silent}`,
        `redis://127.0.0.1:${web}`,
        `redis://127.0.0.1:${locked}`,
      ].map((REDIS_URL) => refusalOf({ DATABASE_URL: database.url, REDIS_URL })),
    );
    for (const line of lines.slice(0, 3))
      expect(line).toMatch(
        /Redis at redis:\/\/\S+ cannot be reached\. Start it or correct REDIS_URL; without REDIS_URL the queues live in PostgreSQL/,
      );
    expect(lines[3]).toMatch(/What answers at redis:\/\/\S+ is not Redis\. Correct REDIS_URL/);
    expect(lines[4]).toMatch(/refused the user or password\. Correct both in REDIS_URL/);
  }, 60_000);

  test('DATA_DIR is a file, for the database and for the demo password', async () => {
    const file = join(root, 'a-file');
    writeFileSync(file, 'precious');
    expect(await refusalOf({ DATA_DIR: file })).toMatch(
      /DATA_DIR \S+a-file is a file, or lies below one\. Set DATA_DIR to a folder/,
    );
    expect(await refusalOf({ DATABASE_URL: database.url, SEED: 'demo', DATA_DIR: file })).toMatch(
      /a-file is a file/,
    );
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  (asRoot && !inTheOpen ? test.skip : test)(
    'DATA_DIR may not be written',
    async () => {
      const folder = join(root, 'read-only');
      mkdirSync(folder, { mode: 0o555 });
      const options = asRoot ? { as: NOBODY } : {};
      expect(await refusalOf({ DATA_DIR: folder }, options)).toMatch(
        /This user may not read and write the data folder \S+read-only\./,
      );
      expect(
        await refusalOf(
          { DATABASE_URL: database.url, SEED: 'demo', DATA_DIR: join(folder, 'below') },
          options,
        ),
      ).toMatch(/This user may not read and write the data folder \S+below\./);
      chmodSync(folder, 0o755);
      if (asRoot) chownSync(folder, NOBODY.uid, NOBODY.gid);
      await (
        await run({ DATABASE_URL: database.url, SEED: 'demo', DATA_DIR: join(folder, 'below') }, options)
      ).stop();
    },
    60_000,
  );
});

describe('SIGTERM while there is work', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.close());
  const env = (): Env => ({ DATABASE_URL: database.url, SEED: 'demo', DEMO_PASSWORD, SWEEP_SECONDS: '3600' });

  async function holding<T>(
    statement: string,
    id: string,
    work: (free: () => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query('begin');
      await holder.query(statement, [id]);
      return await work(async () => void (await holder.query('commit')));
    } finally {
      await holder.end();
    }
  }
  const somebodyWaits = async (): Promise<boolean> => {
    const waiting = await readDb(database.orm.em.fork())
      .selectFrom('pg_stat_activity' as never)
      .select('pid' as never)
      .where('wait_event_type' as never, '=', 'Lock' as never)
      .where('datname' as never, '=', new URL(database.url).pathname.slice(1) as never)
      .execute();
    return waiting.length > 0;
  };

  test('a request in flight is answered, new ones are refused, and the end is clean', async () => {
    const product = await run({ ...env(), ROLE: 'api' });
    const client = demoClient(() => product.url());
    const id = await client.createContract({ title: 'In flight' });
    await holding('select 1 from contract where id = $1 for update', id, async (free) => {
      const slow = client.ask<{ updateContract: { contract: { title: string } } }>(
        'sales',
        'mutation ($input: UpdateContractInput!) { updateContract(input: $input) { contract { title } } }',
        { input: { id, expectedVersion: 1, title: 'Changed while it stopped' } },
      );
      slow.catch(() => undefined);
      await eventually('the change waits for the row', somebodyWaits);
      product.signal('SIGTERM');
      await eventually('new requests are refused', async () => {
        const response = await fetch(
          `${product.url()}/graphql?query=${encodeURIComponent('{ __typename }')}`,
          { headers: { 'apollo-require-preflight': '1' } },
        ).catch(() => null);
        await response?.body?.cancel();
        return response?.status !== 200;
      });
      expect(product.hasExited()).toBe(false);
      await free();
      expect(await slow).toEqual({ updateContract: { contract: { title: 'Changed while it stopped' } } });
    });
    expect(await product.exited).toEqual({ code: 0, signal: null });
    expect(product.stderr()).toBe('');
  }, 60_000);

  test('a job in hand is finished, and acts once', async () => {
    const [api, worker] = await Promise.all([
      run({ ...env(), ROLE: 'api' }),
      run({ ...env(), ROLE: 'worker' }),
    ]);
    await publishProcess(database.orm.em.fork(), 'job-in-hand', [LADDER_STEP]);
    const client = demoClient(() => api.url());
    const request = await client.submit(await client.createContract({ signingMode: 'job-in-hand' }));
    const reminders = async (): Promise<number> =>
      (await client.view(request.id)).events.filter(({ type }) => type === 'REMINDED').length;
    await holding('select 1 from approval_request where id = $1 for update', request.id, async (free) => {
      await eventually('a job waits for the row', somebodyWaits);
      expect(await reminders()).toBe(0);
      worker.signal('SIGTERM');
      await free();
    });
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(worker.stderr()).toBe('');
    expect(worker.complaints()).toEqual([]);
    expect(await reminders()).toBeGreaterThanOrEqual(1);
    const { state } = await readDb(database.orm.em.fork())
      .selectFrom('timer')
      .select('state')
      .where('subject_id', '=', request.id)
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirstOrThrow();
    expect(state).toBe('FIRED');
    await api.stop();
  }, 60_000);
});
