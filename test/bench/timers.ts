import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import { PgBoss } from 'pg-boss';
import type pg from 'pg';
import { withClient, type BenchDatabase } from './database.js';
import { rowId } from './fill.js';
import type { Line } from './report.js';
import { median } from './rounds.js';
import { startWorker } from './servers.js';

/** How long before its time everything is made known to whoever will act. */
const AHEAD_MS = 4_000;
const POLL_MS = 20;
const GIVE_UP_MS = 240_000;

/** A ladder's first acts, one a round: each is a full decision on a request of its own. */
const ACTS = ['reminder/0', 'rung/0'] as const;

/** pg-boss takes a batch each half second, however many wait: fewer tell as much. */
const BOSS_SHARE = 0.2;

/** Jobs or decisions a second from the moment at which all fall due to the end of the last. */
type Contender = (round: number) => Promise<number>;

export interface TimersBench {
  readonly database: BenchDatabase;
  /** Filled with twice `amount` pending requests beyond the first `requests`: one half for each store of the queue. */
  readonly url: string;
  readonly requests: number;
  readonly amount: number;
}

/**
 * So many timers due at one moment: the product's worker decides on a request for each, the two job queues call an empty
 * function for each. All on one PostgreSQL, in turn.
 */
export async function benchTimers({ database, url, requests, amount }: TimersBench): Promise<Line[]> {
  const redis = await startRedisIfThere();
  const stoppers: (() => Promise<void>)[] = redis ? [() => redis.stop()] : [];
  try {
    const ours = (first: number, redisUrl?: string): Contender => {
      return async (round) => {
        const worker = await startWorker({ databaseUrl: url, redisUrl });
        try {
          return await decideAll(url, { first, amount, act: ACTS[round] as string });
        } finally {
          await worker.stop();
        }
      };
    };
    const graphile = await graphileWorker(await database.create('graphile'), amount);
    const boss = await pgBoss(await database.create('boss'), Math.ceil(amount * BOSS_SHARE));
    const found = {
      product: [] as number[],
      graphile: [] as number[],
      boss: [] as number[],
      redis: [] as number[],
    };
    for (const round of ACTS.keys()) {
      found.product.push(await ours(requests)(round));
      found.graphile.push(await graphile());
      if (redis) found.redis.push(await ours(requests + amount, redis.url)(round));
      found.boss.push(await boss());
    }
    const per = (name: keyof typeof found): string => `${median(found[name]).toFixed(0)}/s`;
    const ratio = (a: keyof typeof found, b: keyof typeof found): number =>
      median(found[a].map((value, index) => value / (found[b][index] ?? NaN)));
    return [
      {
        name: `${amount} timers due at once / graphile-worker`,
        value: ratio('product', 'graphile'),
        unit: '×',
        goal: { atLeast: 1 },
        detail: `${per('product')} decisions, queue in PostgreSQL | graphile-worker ${per('graphile')} empty jobs, concurrency 10`,
      },
      {
        name: `${amount} timers due at once / pg-boss`,
        value: ratio('product', 'boss'),
        unit: '×',
        goal: null,
        detail: `pg-boss ${per('boss')} empty jobs, batches of 100, polling each 0.5 s`,
      },
      ...(redis
        ? [
            {
              name: `${amount} timers due at once, queue in Redis / graphile-worker`,
              value: ratio('redis', 'graphile'),
              unit: '×',
              goal: { atLeast: 1 },
              detail: `${per('redis')} decisions`,
            } as const,
          ]
        : []),
    ];
  } finally {
    for (const stop of stoppers) await stop();
  }
}

/** null on a machine without a redis-server. */
async function startRedisIfThere(): Promise<{ readonly url: string; stop(): Promise<void> } | null> {
  const home = new URL('../../../test/redis-server.mjs', import.meta.url).href;
  const { startRedis } = (await import(home)) as { startRedis: typeof startRedisIfThere };
  return startRedis();
}

/** Puts one act of each request's ladder at one moment, and waits until all have been acted out. */
async function decideAll(
  url: string,
  { first, amount, act }: { readonly first: number; readonly amount: number; readonly act: string },
): Promise<number> {
  return withClient(url, async (client) => {
    const dueAt = Date.now() + AHEAD_MS;
    const [kind, index] = act.split('/') as [string, string];
    const { rowCount } = await client.query(
      `update timer set due_at = $1 where kind = $2 and payload ->> 'index' = $3 and state = 'SCHEDULED'
         and subject_id > $4 and subject_id <= $5`,
      [new Date(dueAt), `approval-${kind}`, index, rowId(16, first), rowId(16, first + amount)],
    );
    if (rowCount !== amount) throw new Error(`${rowCount} timers instead of ${amount}`);
    await until(dueAt);
    await eventually(async () => (await countDue(client)) === 0);
    const seconds = (Date.now() - dueAt) / 1000;
    const { rows } = await client.query(
      `select count(*)::int as fired, (select count(*)::int from approval_event where at >= $1) as events from timer where fired_at >= $1`,
      [new Date(dueAt)],
    );
    if (rows[0].fired !== amount || rows[0].events < amount)
      throw new Error(`fired ${rows[0].fired}, ${rows[0].events} events of ${amount}`);
    return amount / seconds;
  });
}

async function countDue(client: pg.Client): Promise<number> {
  const { rows } = await client.query(
    `select count(*)::int as n from timer where state = 'SCHEDULED' and due_at <= now()`,
  );
  return rows[0].n as number;
}

const until = (time: number): Promise<void> => sleep(Math.max(0, time - Date.now()));

async function eventually(done: () => Promise<boolean>): Promise<void> {
  const giveUpAt = Date.now() + GIVE_UP_MS;
  while (!(await done())) {
    if (Date.now() > giveUpAt) throw new Error('not all of them have acted');
    await sleep(POLL_MS);
  }
}

const silent = new Logger(() => () => undefined);

async function graphileWorker(url: string, amount: number): Promise<() => Promise<number>> {
  const utils = await makeWorkerUtils({ connectionString: url, logger: silent });
  await utils.migrate();
  await utils.release();
  return async () => {
    let done = 0;
    const dueAt = Date.now() + AHEAD_MS;
    await withClient(url, (client) =>
      client.query(
        `select count(*) from graphile_worker.add_jobs(array(select row('act', json_build_object('id', n), null, $1::timestamptz, null, null, null, null)::graphile_worker.job_spec from generate_series(1, $2) n))`,
        [new Date(dueAt), amount],
      ),
    );
    const runner = await run({
      connectionString: url,
      concurrency: 10,
      pollInterval: 1000,
      noHandleSignals: true,
      logger: silent,
      taskList: { act: () => void (done += 1) },
    });
    await until(dueAt);
    await eventually(async () => done >= amount);
    const seconds = (Date.now() - dueAt) / 1000;
    await runner.stop();
    return amount / seconds;
  };
}

async function pgBoss(url: string, amount: number): Promise<() => Promise<number>> {
  return async () => {
    const boss = new PgBoss({ connectionString: url });
    boss.on('error', () => undefined);
    await boss.start();
    const queue = `act-${randomUUID()}`;
    await boss.createQueue(queue);
    let done = 0;
    const dueAt = Date.now() + AHEAD_MS;
    const jobs = Array.from({ length: amount }, (_, n) => ({
      data: { n },
      startAfter: new Date(dueAt).toISOString(),
    }));
    for (let from = 0; from < jobs.length; from += 1000)
      await boss.insert(queue, jobs.slice(from, from + 1000));
    await boss.work(queue, { batchSize: 100, pollingIntervalSeconds: 0.5 }, async (batch) => {
      done += batch.length;
    });
    await until(dueAt);
    await eventually(async () => done >= amount);
    const seconds = (Date.now() - dueAt) / 1000;
    await boss.stop({ graceful: false });
    return amount / seconds;
  };
}
