import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { openProducer, type Producer } from '../../src/jobs/queue.js';
import { readDb } from '../../src/entities/read-db.js';
import { decide, DEMO_PASSWORD, demoClient, openTask, type DemoClient } from '../support/demo-client.js';
import { eventually, killAll, start, type Product } from '../support/processes.js';
import { LADDER_STEP, publishProcess } from '../support/publish-process.js';
import { BACKENDS, queueBackend, type QueueBackend } from '../support/queue-backends.js';
import { numberFrom, randomFrom } from '../support/random.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';
import { checkDatabase } from '../support/whole-database.js';

/** Times that a worker is killed, the store of the queue wiped, filled with duplicates, or all of it; `FAULT_ROUNDS=1000` for the big run. */
const ROUNDS = numberFrom('FAULT_ROUNDS', 20);
/** Requests whose ladders begin in each round; each has two reminders and four rungs. */
const PER_ROUND = 3;
const LADDER = { REMINDED: 2, ESCALATED: 4 };

const seed = numberFrom('FAULT_SEED', 1);

const notRun = BACKENDS.includes('redis') ? null : test.skip;
notRun?.(
  'the same with the queue in Redis: not run, because there is no Redis (TEST_REDIS_URL is not set)',
  () => undefined,
);

describe.each(BACKENDS)('workers killed and the queue wiped, in %s', (name) => {
  let database: TestDatabase;
  let queue: QueueBackend;
  let producer: Producer;
  let api: Product;
  let client: DemoClient;
  const products: Product[] = [];
  /** Two at once: each nudge and each sweep meets its double. */
  let workers: Promise<Product>[];

  const run = async (role: 'api' | 'worker'): Promise<Product> => {
    const { redisUrl } = queue.settings;
    const product = await start({
      DATABASE_URL: database.url,
      SEED: 'demo',
      DEMO_PASSWORD,
      ROLE: role,
      SWEEP_SECONDS: '1',
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    });
    products.push(product);
    return product;
  };
  const db = () => readDb(database.orm.em.fork());
  /** Every timer that is still to act, three times over, at any time. */
  const flood = async (random: () => number): Promise<void> => {
    const timers = await db().selectFrom('timer').select('id').where('state', '=', 'SCHEDULED').execute();
    const nudges = timers.flatMap(({ id }) =>
      [1, 2, 3].map((copy) => ({
        name: 'timer' as const,
        id: `timer_${id}_${copy}`,
        data: { id },
        delayMs: Math.floor(random() * 3000),
      })),
    );
    if (nudges.length > 0) await producer.add(nudges);
  };

  beforeAll(async () => {
    database = await testDatabase();
    queue = queueBackend(name, database.url);
    await queue.wipe();
    producer = openProducer(queue.settings);
    api = await run('api');
    client = demoClient(() => api.url());
    workers = [run('worker'), run('worker')];
    await publishProcess(database.orm.em.fork(), 'against-the-clock', [LADDER_STEP]);
    await Promise.all(workers);
  }, 90_000);
  afterAll(async () => {
    await Promise.allSettled(workers);
    await killAll();
    await producer.close();
    await queue.close();
    await database.close();
  });

  test(
    `after ${ROUNDS} rounds every rung has acted once and every message has arrived once`,
    async () => {
      const random = randomFrom(seed);
      const ids: string[] = [];
      const requests = db().selectFrom('approval_event').select(['request_id', 'type']);
      for (let round = 0; round < ROUNDS; round += 1) {
        for (let more = 0; more < PER_ROUND; more += 1) {
          ids.push(
            (
              await client.submit(
                await client.createContract({ title: `Round ${round}`, signingMode: 'against-the-clock' }),
              )
            ).id,
          );
        }
        const slot = round % 2;
        const worker = await workers[slot]!;
        await sleep(random() * 400);
        if (random() < 0.4) await flood(random);
        const fault = random();
        if (fault < 0.7) await queue.wipe();
        if (fault < 0.3) continue;
        await worker.kill();
        workers[slot] = run('worker');
      }
      await Promise.all(workers);

      const timersOf = db().selectFrom('timer').select(['id', 'state']).where('subject_id', 'in', ids);
      const pending = timersOf.where('state', '=', 'SCHEDULED');
      await eventually('no timer is left', async () => (await pending.execute()).length === 0, 60_000);
      const unsent = db()
        .selectFrom('outbox_message')
        .select('id')
        .where('state', '=', 'PENDING')
        .where(sql<string>`split_part(key, '/', 1)`, 'in', ids);
      await eventually('no message is left', async () => (await unsent.execute()).length === 0);

      const facts = Map.groupBy(
        await requests.where('request_id', 'in', ids).execute(),
        (event) => event.request_id,
      );
      for (const id of ids) {
        const types = facts.get(id)!.map(({ type }) => type);
        for (const [type, times] of Object.entries(LADDER)) {
          expect([id, type, types.filter((one) => one === type).length]).toEqual([id, type, times]);
        }
      }
      const timers = await timersOf.execute();
      expect(timers.filter(({ state }) => state !== 'FIRED')).toEqual([]);
      expect(timers).toHaveLength(ids.length * 6);
      expect(await checkDatabase(database.orm.em.fork())).toMatchObject({
        requests: ids.length,
        problems: [],
      });
    },
    120_000 + ROUNDS * 10_000,
  );

  test('the requests go on from where the ladder left them; the processes end cleanly', async () => {
    const open = await db().selectFrom('approval_request').select('id').execute();
    for (const { id } of open.slice(0, 5)) {
      await client.ask('gm', decide('approve'), {
        input: { assignmentId: openTask(await client.view(id), 'gm') },
      });
      expect(await client.view(id)).toMatchObject({ status: 'APPROVED' });
    }
    await eventually(
      'the requesters are told',
      async () =>
        (await db().selectFrom('notification').select('id').where('kind', '=', 'ENDED').execute()).length >=
        5,
    );
    expect(await checkDatabase(database.orm.em.fork())).toMatchObject({ problems: [] });
    const living = [api, ...(await Promise.all(workers))];
    for (const product of living) expect(await product.stop()).toEqual({ code: 0, signal: null });
    for (const product of products) expect(product.stderr()).toBe('');
  }, 60_000);
});
