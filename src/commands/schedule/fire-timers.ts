import type { Context } from '../../context.js';
import { readRequests } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { TimerState } from '../../entities/schedule/timer.js';
import { decideOnMany, saveMany } from '../approvals/apply-to-many.js';
import { inTransaction, type TransactionContext } from '../transaction.js';
import { fireTimer, nowUnderLock, type FireOutcome, type TimerActions } from './fire-timer.js';

/** Requests decided by one transaction: their rows stay locked for its time, some tens of milliseconds. */
const TOGETHER_MAX = 100;

/** Subjects worked on at once: leaves connections of the process's pool to requests. */
const LANES = 3;

interface Known {
  readonly id: string;
  readonly kind: string;
  readonly subject_id: string;
  readonly due_at: string;
}

export interface FireOptions {
  /** Does not wait for a subject that someone is changing. */
  readonly skipLocked?: boolean;
  /** Ends after the act at hand; what is left stays scheduled and has no outcome. */
  readonly signal?: AbortSignal;
}

/**
 * Lets timers act, each once, as `fireTimer` does, in the order in which they fell due for each subject. Those of approval
 * requests are decided a hundred in a transaction, one a request; whatever can't be done so, or fails, acts alone.
 * An error is that of its own timer, which stays scheduled. @throws nothing
 */
export async function fireTimers(
  ctx: Context,
  ids: readonly string[],
  actions: TimerActions,
  options: FireOptions = {},
): Promise<Map<string, FireOutcome | Error>> {
  const outcomes = new Map<string, FireOutcome | Error>();
  const stopped = (): boolean => options.signal?.aborted ?? false;
  const alone = async (id: string): Promise<void> => {
    if (stopped()) return;
    const outcome = await fireTimer(ctx, id, actions, options).catch(asError);
    outcomes.set(id, outcome);
  };
  if (ids.length === 0) return outcomes;
  if (ids.length === 1) {
    await alone(ids[0] as string);
    return outcomes;
  }
  const due: Known[] = [];
  for (const id of ids) outcomes.set(id, { outcome: 'nothing' });
  for (const timer of await scheduled(ctx, ids)) {
    const dueAt = new Date(timer.due_at);
    if (dueAt > ctx.now) outcomes.set(timer.id, { outcome: 'not-due', dueAt });
    else if (outcomes.delete(timer.id)) due.push(timer);
  }
  const queues = [...Map.groupBy(due, ({ subject_id }) => subject_id).values()];
  let heads = queues.map((queue) => queue.values());
  const left: Known[][] = [];
  while (heads.length > 0) {
    const first = heads.flatMap((rest) => {
      const { value } = rest.next();
      return value === undefined ? [] : [{ timer: value, rest }];
    });
    const batchable = Map.groupBy(first, ({ timer }) => actions[timer.kind]?.command !== undefined);
    for (const { timer, rest } of batchable.get(false) ?? []) left.push([timer, ...rest]);
    const together = batchable.get(true) ?? [];
    const fired = await fireInChunks(
      ctx,
      together.map(({ timer }) => timer),
      actions,
      stopped,
    );
    for (const id of fired) outcomes.set(id, { outcome: 'fired' });
    heads = [];
    for (const { timer, rest } of together) {
      if (fired.has(timer.id)) heads.push(rest);
      else left.push([timer, ...rest]);
    }
  }
  await inLanes(left, async (timers) => {
    for (const { id } of timers) await alone(id);
  });
  return outcomes;
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Those that are still to act, in the order in which they fall due; one statement. */
function scheduled(ctx: Context, ids: readonly string[]): Promise<Known[]> {
  return readDb(ctx.em)
    .selectFrom('timer')
    .select(['id', 'kind', 'subject_id', 'payload', 'due_at'])
    .where('id', 'in', ids)
    .where('state', '=', TimerState.SCHEDULED)
    .orderBy('due_at')
    .orderBy('id')
    .execute();
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const lane = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** The ids of those that have acted. A chunk that fails changes nothing, and its timers are left to act alone. */
async function fireInChunks(
  ctx: Context,
  timers: readonly Known[],
  actions: TimerActions,
  stopped: () => boolean,
): Promise<ReadonlySet<string>> {
  const chunks: Known[][] = [];
  for (let from = 0; from < timers.length; from += TOGETHER_MAX)
    chunks.push(timers.slice(from, from + TOGETHER_MAX));
  const fired = new Set<string>();
  await inLanes(chunks, async (chunk) => {
    if (stopped() || chunk.length < 2) return;
    try {
      for (const id of await inTransaction(ctx, (tx) => fireTogether(tx, chunk, actions))) fired.add(id);
    } catch (error) {
      ctx.log.warn({ timers: chunk.length, error: String(error) }, 'timers act one by one');
    }
  });
  return fired;
}

/** Locks what nobody else holds, requests before timers as every command does, decides, and saves all of it. */
async function fireTogether(
  tx: TransactionContext,
  timers: readonly Known[],
  actions: TimerActions,
): Promise<readonly string[]> {
  const db = readDb(tx.em);
  const requests = await db
    .selectFrom('approval_request')
    .select('id')
    .where(
      'id',
      'in',
      timers.map(({ subject_id }) => subject_id),
    )
    .orderBy('id')
    .forUpdate()
    .skipLocked()
    .execute();
  if (requests.length === 0) return [];
  const mine = await db
    .selectFrom('timer')
    .select(['id', 'kind', 'subject_id', 'payload'])
    .where(
      'id',
      'in',
      timers.map(({ id }) => id),
    )
    .where(
      'subject_id',
      'in',
      requests.map(({ id }) => id),
    )
    .where('state', '=', TimerState.SCHEDULED)
    .where('due_at', '<=', tx.now as never)
    .forUpdate()
    .skipLocked()
    .execute();
  if (mine.length === 0) return [];
  const held = { ...tx, now: nowUnderLock(tx) };
  const stored = new Map(
    (
      await readRequests(
        tx.em,
        mine.map(({ subject_id }) => subject_id),
      )
    ).map((one) => [one.id, one]),
  );
  const due = mine.flatMap((timer) => {
    const request = stored.get(timer.subject_id);
    const command = actions[timer.kind]?.command?.(timer as never);
    return request && command ? [{ timer, stored: request, command }] : [];
  });
  const decided = await decideOnMany(held, due);
  const done = due.filter((_, index) => decided[index] !== null).map(({ timer }) => timer.id);
  if (done.length === 0) return [];
  await db
    .updateTable('timer')
    .set({ state: TimerState.FIRED, fired_at: held.now })
    .where('id', 'in', done)
    .execute();
  await saveMany(
    held,
    decided.filter((one) => one !== null),
  );
  return done;
}
