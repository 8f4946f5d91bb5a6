import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { openDatabase } from '../../src/database.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/embedded/postgres.js';
import { readDb } from '../../src/entities/read-db.js';
import { DEMO_PASSWORD, demoClient, SUBMIT, type RequestView } from '../support/demo-client.js';
import { eventually, killAll, start, type Product } from '../support/processes.js';
import { LADDER_STEP, publishProcess } from '../support/publish-process.js';
import { numberFrom, randomFrom } from '../support/random.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';
import { checkDatabase } from '../support/whole-database.js';

/** Times that PostgreSQL is killed, and that clocks jump; `FAULT_ROUNDS=200` for a big run. */
const ROUNDS = numberFrom('FAULT_ROUNDS', 12);
const LADDER = { REMINDED: 2, ESCALATED: 4 };
const HOUR_MS = 3_600_000;
/** Between the two moments at which a process takes the time and the database writes the row. */
const TOLERANCE_MS = 2_000;

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const SHIFT_DATE = new URL('../../../test/support/shift-date.mjs', import.meta.url).href;

type Db = ReturnType<typeof readDb>;

const product = (databaseUrl: string, role: 'api' | 'worker', shiftMs?: number): Promise<Product> =>
  start(
    {
      DATABASE_URL: databaseUrl,
      SEED: 'demo',
      DEMO_PASSWORD,
      ROLE: role,
      SWEEP_SECONDS: '1',
      NODE_ENV: 'production',
      ...(shiftMs === undefined ? {} : { SHIFT_MS: String(shiftMs) }),
    },
    shiftMs === undefined ? {} : { command: [process.execPath, '--import', SHIFT_DATE, MAIN] },
  );

/** Nothing of these requests is left to be done. */
async function settled(db: Db, ids: readonly string[]): Promise<void> {
  const timers = db.selectFrom('timer').select('id').where('subject_id', 'in', ids);
  const messages = db
    .selectFrom('outbox_message')
    .select('id')
    .where(sql<string>`split_part(key, '/', 1)`, 'in', ids);
  const left = async (rows: { execute(): Promise<unknown[]> }): Promise<boolean> =>
    (await rows.execute()).length === 0;
  await eventually('no timer is left', () => left(timers.where('state', '=', 'SCHEDULED')), 60_000);
  await eventually('no message is left', () => left(messages.where('state', '=', 'PENDING')));
}

/** Every rung of every request's ladder, and each once. */
async function expectWholeLadders(db: Db, ids: readonly string[]): Promise<void> {
  const facts = await db
    .selectFrom('approval_event')
    .select(['request_id', 'type'])
    .where('request_id', 'in', ids)
    .execute();
  for (const id of ids) {
    for (const [type, times] of Object.entries(LADDER)) {
      const found = facts.filter((fact) => fact.request_id === id && fact.type === type).length;
      expect([id, type, found]).toEqual([id, type, times]);
    }
  }
}

describe('machines whose clocks are wrong, and jump', () => {
  let database: TestDatabase;
  let api: Product;
  const workers: Product[] = [];
  const db = (): Db => readDb(database.orm.em.fork());

  beforeAll(async () => {
    database = await testDatabase();
    // the database notes, by its own clock, when each fact was written
    await sql`create table witness (request_id uuid, sequence int, at timestamptz)`.execute(db());
    await sql`create function witness() returns trigger language plpgsql as $$ begin
      insert into witness values (new.request_id, new.sequence, clock_timestamp()); return new; end $$`.execute(
      db(),
    );
    await sql`create trigger witness after insert on approval_event for each row execute function witness()`.execute(
      db(),
    );
    api = await product(database.url, 'api', -HOUR_MS / 2);
    workers.push(await product(database.url, 'worker', 2 * HOUR_MS));
    workers.push(await product(database.url, 'worker', -HOUR_MS));
    await publishProcess(database.orm.em.fork(), 'against-the-clock', [LADDER_STEP]);
  }, 90_000);
  afterAll(async () => {
    await killAll();
    await database.close();
  });

  test(
    'nothing acts early or twice, and every fact has the time at which it was written',
    async () => {
      const client = demoClient(() => api.url());
      const random = randomFrom(numberFrom('FAULT_SEED', 1));
      const ids: string[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const contract = await client.createContract({ signingMode: 'against-the-clock' });
        ids.push((await client.submit(contract)).id);
        await sleep(random() * 500);
        for (const one of [api, ...workers]) if (random() < 0.4) one.signal('SIGUSR2');
      }
      await settled(db(), ids);
      await expectWholeLadders(db(), ids);

      const { rows: facts } = await sql<{ type: string; off: number }>`
        select event.type, extract(epoch from witness.at - event.at)::float8 * 1000 as off
        from approval_event event join witness using (request_id, sequence)`.execute(db());
      expect(facts.length).toBeGreaterThanOrEqual(ids.length * 7);
      expect(facts.filter(({ off }) => Math.abs(off) > TOLERANCE_MS)).toEqual([]);
      const { rows: early } = await sql`
        select timer.key from timer where fired_at < due_at`.execute(db());
      expect(early).toEqual([]);
      expect(await checkDatabase(database.orm.em.fork())).toMatchObject({ problems: [] });
    },
    90_000 + ROUNDS * 2_000,
  );
});

describe('PostgreSQL killed at any moment', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-killed-'));
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  let server: EmbeddedPostgres;
  let api: Product;

  beforeAll(async () => {
    server = await startEmbeddedPostgres({ dataDir, log: quiet });
    api = await product(server.url, 'api');
    await Promise.all([product(server.url, 'worker'), product(server.url, 'worker')]);
  }, 90_000);
  afterAll(async () => {
    await killAll();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  test(
    'what was acknowledged is there, once; every rung acts once',
    async () => {
      const orm = await openDatabase({ url: server.url, poolSize: 2 });
      try {
        await publishProcess(orm.em.fork(), 'against-the-clock', [LADDER_STEP]);
        const client = demoClient(() => api.url());
        const random = randomFrom(numberFrom('FAULT_SEED', 1));
        const contracts: string[] = [];
        for (let round = 0; round < ROUNDS; round += 1)
          contracts.push(await client.createContract({ signingMode: 'against-the-clock' }));

        const ids: string[] = [];
        let kills = 0;
        for (const subjectId of contracts) {
          const input = { subjectType: 'CONTRACT', subjectId, idempotencyKey: `submit-${subjectId}` };
          const killed = sleep(random() * 150).then(() => killPostgres(dataDir));
          const answer = await client.insist<{ submitForApproval: { request: RequestView } }>(
            'sales',
            SUBMIT,
            { input },
          );
          expect(answer.errors).toBeUndefined();
          ids.push(answer.data!.submitForApproval.request.id);
          if (await killed) kills += 1;
        }
        await eventually('PostgreSQL is back', () =>
          sql`select 1`.execute(readDb(orm.em.fork())).then(
            () => true,
            () => false,
          ),
        );
        const db = (): Db => readDb(orm.em.fork());
        await settled(db(), ids);
        expect(new Set(ids).size).toBe(ROUNDS);
        expect(kills).toBeGreaterThan(ROUNDS / 2);
        const requests = await db().selectFrom('approval_request').select(['id', 'subject_id']).execute();
        expect(requests.map(({ subject_id }) => subject_id).toSorted()).toEqual(contracts.toSorted());
        await expectWholeLadders(db(), ids);
        expect(await checkDatabase(orm.em.fork())).toMatchObject({ requests: ROUNDS, problems: [] });
      } finally {
        await orm.close();
      }
    },
    120_000 + ROUNDS * 5_000,
  );
});

/**
 * kill -9 of the postmaster; its children end with it, and the supervisor starts another. False: it was being started
 * just then.
 */
function killPostgres(dataDir: string): boolean {
  const pidFile = join(dataDir, 'postgres', 'cluster', 'postmaster.pid');
  try {
    return process.kill(Number(readFileSync(pidFile, 'utf8').split('\n')[0]), 'SIGKILL');
  } catch (error) {
    if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  }
}
