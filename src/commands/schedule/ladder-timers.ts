import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { PENDING_TIMERS, Timer, TimerState } from '../../entities/schedule/timer.js';
import type { LadderTimer } from '../../workflows/ladder.js';
import type { TransactionContext } from '../transaction.js';

/** What a ladder belongs to. */
export interface LadderSubject {
  /** Its timers are of the kinds `<kind>-reminder` and `<kind>-rung`. */
  readonly kind: string;
  readonly id: string;
  /** Names one of several things of the subject that have a ladder each; null: the subject itself. */
  readonly part: string | null;
  /** Grows whenever the due time moves; a timer of a cycle before is stale. */
  readonly cycle: number;
}

/** What a ladder's timer carries: the row says when, the subject is asked again what is to be done. */
export interface LadderTimerPayload {
  readonly part: string | null;
  readonly cycle: number;
  readonly index: number;
}

interface NewTimer {
  /** The same key twice is a mistake of the caller. */
  readonly key: string;
  readonly kind: string;
  readonly subjectId: string;
  readonly dueAt: Date;
  readonly payload: object;
}

/** Writes timers in the caller's transaction and wakes the queue for them after its commit. */
export async function scheduleTimers(tx: TransactionContext, timers: readonly NewTimer[]): Promise<void> {
  if (timers.length === 0) return;
  const rows = timers.map((timer) => ({ id: newRowId(), ...timer, state: TimerState.SCHEDULED }));
  await tx.em.insertMany(Timer, rows);
  for (const { id, dueAt } of rows) tx.wakes.push({ what: 'timer', id, at: dueAt });
}

/**
 * Sets timers of a ladder, once for each cycle: the key names the subject, the part, the cycle and the place; `because`,
 * what made them move within a cycle.
 */
export function setLadderTimers(
  tx: TransactionContext,
  { kind, id, part, cycle }: LadderSubject,
  timers: readonly LadderTimer[],
  because = '',
): Promise<void> {
  const name = [kind, id, ...(part === null ? [] : [part]), cycle].join('/');
  return scheduleTimers(
    tx,
    timers.map((timer) => ({
      key: `${name}/${timer.kind}/${timer.index}${because}`,
      kind: `${kind}-${timer.kind}`,
      subjectId: id,
      dueAt: timer.at,
      payload: { part, cycle, index: timer.index } satisfies LadderTimerPayload,
    })),
  );
}

/** Nothing of this ladder happens any more, whatever its cycle. */
export async function cancelLadderTimers(
  tx: TransactionContext,
  { kind, id, part }: Omit<LadderSubject, 'cycle'>,
): Promise<void> {
  let query = readDb(tx.em)
    .updateTable('timer')
    .set({ state: TimerState.CANCELLED })
    .where('subject_id', '=', id)
    .where('state', 'in', PENDING_TIMERS)
    .where('kind', 'in', [`${kind}-reminder`, `${kind}-rung`]);
  if (part !== null) query = query.where('key', 'like', `${kind}/${id}/${part}/%`);
  await query.execute();
}

/** The due time has moved: what was planned is given up, and the ladder of the subject's new cycle begins. */
export async function moveLadderTimers(
  tx: TransactionContext,
  subject: LadderSubject,
  timers: readonly LadderTimer[],
): Promise<void> {
  await cancelLadderTimers(tx, subject);
  await setLadderTimers(tx, subject, timers);
}
