import { sql } from 'kysely';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { TimerState } from '../../entities/schedule/timer.js';
import { LINK_KEPT_DAYS, WEBHOOK_KEPT_DAYS } from '../../limits.js';
import type { TimerActions } from './fire-timer.js';
import { fireTimers } from './fire-timers.js';
import { relayOutbox } from './relay-outbox.js';

/** Expired rows deleted by one sweep and table: a few milliseconds, and far more than come in between two sweeps. */
const DELETE_MAX = 1000;

export interface SweepOptions {
  readonly actions: TimerActions;
  /** Timers due within so many seconds are handed to the queue again. */
  readonly horizonSeconds: number;
  /** Timers read by one statement, and near timers handed to the queue by one sweep. */
  readonly limit: number;
  /** Ends the sweep after the act at hand. */
  readonly signal?: AbortSignal;
}

/** What one sweep did; `failed` counts what threw and was left for the next sweep. */
export interface SweepReport {
  fired: number;
  refused: number;
  failed: number;
  woken: number;
  delivered: number;
  dead: number;
  deleted: number;
}

/**
 * Makes good whatever the queue has lost, from the tables alone: lets every overdue timer act, hands the near ones to
 * the queue, delivers the outbox, deletes what has expired. Each of these goes on when another fails, and one timer's
 * failure stops no other. Any number of sweeps may run at once; each timer acts once.
 * @throws nothing
 */
export async function sweep(ctx: Context, options: SweepOptions): Promise<SweepReport> {
  const report: SweepReport = {
    fired: 0,
    refused: 0,
    failed: 0,
    woken: 0,
    delivered: 0,
    dead: 0,
    deleted: 0,
  };
  const parts: Readonly<Record<string, () => Promise<void>>> = {
    overdue: () => fireOverdue(ctx, options, report),
    near: () => wakeNear(ctx, options, report),
    outbox: async () => {
      const { delivered, dead } = await relayOutbox(ctx, options);
      Object.assign(report, { delivered, dead });
    },
    expired: () => deleteExpired(ctx, report),
  };
  for (const [part, run] of Object.entries(parts)) {
    if (options.signal?.aborted) break;
    await run().catch((error: unknown) => {
      report.failed += 1;
      ctx.log.error({ part, error: String(error) }, 'a part of the sweep failed');
    });
  }
  return report;
}

interface DueTimer {
  readonly id: string;
  readonly due_at: string;
}

/** In the order in which they fell due, timers of one subject one after the other. */
async function fireOverdue(ctx: Context, options: SweepOptions, report: SweepReport): Promise<void> {
  let last: DueTimer | undefined;
  do {
    const batch = await overdueAfter(ctx, options.limit, last);
    const ids = batch.map(({ id }) => id);
    const { actions, signal } = options;
    const outcomes = await fireTimers(ctx, ids, actions, { skipLocked: true, ...(signal ? { signal } : {}) });
    for (const [timer, result] of outcomes) {
      if (result instanceof Error) {
        report.failed += 1;
        ctx.log.error({ timer, error: String(result) }, 'a timer failed and will be tried again');
      } else if (result.outcome === 'fired' || result.outcome === 'refused') report[result.outcome] += 1;
    }
    last = batch.length < options.limit ? undefined : batch.at(-1);
  } while (last !== undefined && !options.signal?.aborted);
}

/** The next page by key, not by what is still scheduled: timers that can't act never hide those behind them. */
function overdueAfter(ctx: Context, limit: number, last: DueTimer | undefined): Promise<DueTimer[]> {
  const due = readDb(ctx.em)
    .selectFrom('timer')
    .select(['id', 'due_at'])
    .where('state', '=', TimerState.SCHEDULED)
    .where('due_at', '<=', ctx.now as never)
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit);
  const page =
    last === undefined
      ? due
      : due.where(sql<boolean>`(due_at, id) > (${last.due_at}::timestamptz, ${last.id}::uuid)`);
  return page.execute();
}

async function wakeNear(
  ctx: Context,
  { horizonSeconds, limit }: SweepOptions,
  report: SweepReport,
): Promise<void> {
  const near = await readDb(ctx.em)
    .selectFrom('timer')
    .select(['id', 'due_at'])
    .where('state', '=', TimerState.SCHEDULED)
    .where('due_at', '>', ctx.now as never)
    .where('due_at', '<=', new Date(ctx.now.getTime() + horizonSeconds * 1000) as never)
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  for (const { id, due_at } of near) ctx.services.wake({ what: 'timer', id, at: new Date(due_at) });
  report.woken = near.length;
}

async function deleteExpired(ctx: Context, report: SweepReport): Promise<void> {
  const db = readDb(ctx.em);
  const results = await Promise.all([
    db
      .deleteFrom('idempotency_record')
      .where('key', 'in', (from) =>
        from
          .selectFrom('idempotency_record')
          .select('key')
          .where('expires_at', '<=', ctx.now as never)
          .orderBy('expires_at')
          .limit(DELETE_MAX)
          .forUpdate()
          .skipLocked(),
      )
      .executeTakeFirst(),
    db
      .deleteFrom('session')
      .where('id', 'in', (from) =>
        from
          .selectFrom('session')
          .select('id')
          .where('expires_at', '<=', ctx.now as never)
          .limit(DELETE_MAX)
          .forUpdate()
          .skipLocked(),
      )
      .executeTakeFirst(),
    db
      .deleteFrom('decision_link')
      .where('id', 'in', (from) =>
        from
          .selectFrom('decision_link')
          .select('id')
          .where('expires_at', '<=', new Date(ctx.now.getTime() - LINK_KEPT_DAYS * 86_400_000) as never)
          .limit(DELETE_MAX)
          .forUpdate()
          .skipLocked(),
      )
      .executeTakeFirst(),
    db
      .deleteFrom('outbox_message')
      .where('id', 'in', (from) =>
        from
          .selectFrom('outbox_message')
          .select('id')
          .where('channel', 'in', ['webhook', 'chat'])
          .where('state', '<>', 'PENDING')
          .where('created_at', '<=', new Date(ctx.now.getTime() - WEBHOOK_KEPT_DAYS * 86_400_000) as never)
          .limit(DELETE_MAX)
          .forUpdate()
          .skipLocked(),
      )
      .executeTakeFirst(),
  ]);
  report.deleted = results.reduce((sum, { numDeletedRows }) => sum + Number(numDeletedRows), 0);
}
