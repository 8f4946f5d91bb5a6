import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { sweep } from '../../src/commands/schedule/sweep.js';
import { TIMER_ACTIONS } from '../../src/commands/schedule/timer-actions.js';
import { openDatabase } from '../../src/database.js';
import { contextFor } from '../support/test-context.js';
import { withClient } from './database.js';
import { rowId } from './fill.js';
import type { Line } from './report.js';
import { median } from './rounds.js';
import { startWorker } from './servers.js';

/** From the moment at which the near timers are set to the first of them: some sweeps hand them to the queue. */
const AHEAD_MS = 4_000;
/** Between two near timers: each acts alone. */
const APART_MS = 20;
const SWEEPS = 100;
const GIVE_UP_MS = 60_000;

export interface PendingBench {
  /** Filled with `near` pending requests for each round and size beyond the first `requests`. */
  readonly url: string;
  readonly requests: number;
  readonly near: number;
  readonly rounds: number;
  readonly few: number;
  readonly many: number;
}

interface Found {
  /** From the due time to the act, in milliseconds. */
  readonly late50: number;
  readonly late99: number;
  /** Of a sweep that finds nothing due, in milliseconds. */
  readonly sweep: number;
}

/** How many timers the rounds take, which `fill` must have made. */
export const nearNeeded = ({ near, rounds }: Pick<PendingBench, 'near' | 'rounds'>): number =>
  2 * near * rounds;

/** Whether what is near is late, and a sweep that has nothing to do dear, because of what is far away. */
export async function benchPending(bench: PendingBench): Promise<Line[]> {
  const { url, requests, rounds, few, many } = bench;
  const found: { readonly few: Found; readonly many: Found }[] = [];
  await withClient(url, async (client) => {
    // Only the first reminder of each request waits; it becomes near when its turn comes.
    await client.query(
      `update timer set state = 'CANCELLED' where not (kind = 'approval-reminder' and subject_id > $1)`,
      [rowId(16, requests)],
    );
    for (let round = 0; round < rounds; round += 1) {
      const first = requests + 2 * round * bench.near;
      const one = await measure(client, bench, few, first);
      found.push({ few: one, many: await measure(client, bench, many, first + bench.near) });
    }
  });
  const line = (name: string, which: keyof Found): Line => {
    const ofAll = (size: 'few' | 'many'): string => median(found.map((one) => one[size][which])).toFixed(1);
    return {
      name: `${name}, ${many} pending / ${few}`,
      value: median(found.map((one) => one.many[which] / one.few[which])),
      unit: '×',
      goal: { atMost: 1.2 },
      detail: `${ofAll('many')} ms | ${ofAll('few')} ms`,
    };
  };
  return [
    line(`lateness of ${bench.near} near timers, p50`, 'late50'),
    line(`lateness of ${bench.near} near timers, p99`, 'late99'),
    line('a sweep with nothing due', 'sweep'),
  ];
}

async function measure(
  client: pg.Client,
  { url, near }: PendingBench,
  pending: number,
  first: number,
): Promise<Found> {
  await client.query(`delete from timer where key like 'far/%'`);
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from timer where state = 'SCHEDULED'`,
  );
  await client.query(
    `insert into timer (id, key, kind, subject_id, due_at, state, payload)
       select gen_random_uuid(), 'far/' || n, 'approval-reminder', gen_random_uuid(), now() + interval '1 day' + n * interval '20 seconds', 'SCHEDULED', '{}'
       from generate_series(1, $1) n`,
    [Math.max(0, pending - rows[0]!.n)],
  );
  await client.query('vacuum analyze timer');
  const cost = await sweepCost(url);
  const worker = await startWorker({ databaseUrl: url });
  try {
    return { sweep: cost, ...(await lateness(client, near, first)) };
  } finally {
    await worker.stop();
  }
}

async function sweepCost(url: string): Promise<number> {
  const orm = await openDatabase({ url, poolSize: 8 });
  try {
    const costs: number[] = [];
    for (let n = 0; n < SWEEPS; n += 1) {
      const startedAt = performance.now();
      const ctx = contextFor(orm, { actor: null, now: new Date() });
      const report = await sweep(ctx, { actions: TIMER_ACTIONS, horizonSeconds: 60, limit: 1000 });
      costs.push(performance.now() - startedAt);
      if (report.fired + report.failed + report.woken > 0)
        throw new Error(`there was something to do: ${JSON.stringify(report)}`);
    }
    return median(costs);
  } finally {
    await orm.close();
  }
}

/** Lets some timers come due one after the other, and reads from the rows how late each acted. */
async function lateness(
  client: pg.Client,
  near: number,
  first: number,
): Promise<Pick<Found, 'late50' | 'late99'>> {
  const range = [rowId(16, first), rowId(16, first + near)];
  const { rowCount } = await client.query(
    `update timer set due_at = now() + $3 * interval '1 ms' + place * $4 * interval '1 ms'
     from (select id, row_number() over (order by id) as place from timer
       where state = 'SCHEDULED' and subject_id > $1 and subject_id <= $2) own
     where timer.id = own.id`,
    [...range, AHEAD_MS, APART_MS],
  );
  if (rowCount !== near) throw new Error(`${rowCount} near timers instead of ${near}`);
  const giveUpAt = performance.now() + AHEAD_MS + near * APART_MS + GIVE_UP_MS;
  for (;;) {
    const { rows } = await client.query<{ late: number }>(
      `select extract(epoch from fired_at - due_at)::float8 * 1000 as late from timer
       where state = 'FIRED' and subject_id > $1 and subject_id <= $2 order by late`,
      range,
    );
    if (rows.length === near) {
      const at = (share: number): number => Math.max(rows[Math.ceil(share * near) - 1]!.late, 0.1);
      return { late50: at(0.5), late99: at(0.99) };
    }
    if (performance.now() > giveUpAt) throw new Error(`${rows.length} of ${near} have acted`);
    await sleep(200);
  }
}
