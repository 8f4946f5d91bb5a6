import { Redis } from 'ioredis';
import pg from 'pg';
import type { Log } from '../../src/context.js';
import type { QueueSettings } from '../../src/jobs/queue.js';

/** The store of the queue, as a test sees and destroys it. */
export interface QueueBackend {
  readonly name: 'postgres' | 'redis';
  readonly settings: QueueSettings;
  /** Ids of all nudges in the store. */
  jobIds(): Promise<string[]>;
  /** Empties the store behind everybody's back. */
  wipe(): Promise<void>;
  /** Cuts the connections of every worker and producer; they may be made again. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Those that this run can test: PostgreSQL always, Redis where there is one. */
export const BACKENDS: readonly QueueBackend['name'][] = process.env['TEST_REDIS_URL']
  ? ['postgres', 'redis']
  : ['postgres'];

/** `databaseUrl` is the test's own database; in Redis each jest worker has a database of its own. */
export function queueBackend(name: QueueBackend['name'], databaseUrl: string): QueueBackend {
  return name === 'postgres' ? postgresBackend(databaseUrl) : redisBackend(databaseUrl);
}

function postgresBackend(databaseUrl: string): QueueBackend {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  pool.on('error', () => undefined);
  const tables = `select string_agg(format('bullmq.%I', tablename), ', ') as all from pg_tables where schemaname = 'bullmq' and tablename !~ 'migration'`;
  return {
    name: 'postgres',
    settings: { databaseUrl, redisUrl: undefined, prefix: 'bullmq', log: silentLog },
    jobIds: async () =>
      (await pool.query<{ id: string }>('select id from bullmq.job')).rows.map(({ id }) => id),
    wipe: async () => {
      const { rows } = await pool.query<{ all: string }>(tables);
      // Workers hold rows while they run: the deadlock with one of them is ours to repeat.
      for (;;) {
        const done = await pool
          .query(`truncate ${rows[0]?.all}`)
          .catch((error: { code?: string }) =>
            error.code === '40P01' ? null : Promise.reject(error as Error),
          );
        if (done) return;
      }
    },
    cut: async () =>
      void (await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and (application_name like 'countersign queue%' or application_name = 'wakes')`,
      )),
    close: () => pool.end(),
  };
}

function redisBackend(databaseUrl: string): QueueBackend {
  const redisUrl = `${process.env['TEST_REDIS_URL']}/${process.env['JEST_WORKER_ID'] ?? '0'}`;
  const redis = new Redis(redisUrl);
  redis.on('error', () => undefined);
  return {
    name: 'redis',
    settings: { databaseUrl, redisUrl, prefix: 'bullmq', log: silentLog },
    jobIds: async () =>
      (await redis.keys('bullmq:wakes:*_*'))
        .map((key) => key.split(':')[2]!)
        .filter((id) => /^(timer|outbox)_/.test(id)),
    wipe: async () => void (await redis.flushdb()),
    cut: async () => void (await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')),
    close: async () => void (await redis.quit()),
  };
}

/** Waits until the question is answered with yes, and fails after ten seconds. */
export async function until(question: () => Promise<boolean> | boolean): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while (!(await question())) {
    if (performance.now() > giveUpAt) throw new Error('it did not come true within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
