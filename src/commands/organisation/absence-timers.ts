import { newRowId } from '../../entities/row-id.js';
import { readDb } from '../../entities/read-db.js';
import { PENDING_TIMERS, Timer, TimerState } from '../../entities/schedule/timer.js';
import { SYSTEM } from '../../workflows/request.js';
import type { TransactionContext } from '../transaction.js';
import { moveTurns, requestsAsking, requestsStoodInFor, type MovedTurns } from './move-turns.js';

/** When an absence begins or ends, its timer moves the turns that are open then. */
export const ABSENCE_BEGINS = 'absence-begins';
export const ABSENCE_ENDS = 'absence-ends';

interface Times {
  readonly id: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
}

export async function scheduleAbsence(
  tx: TransactionContext,
  { id, startsAt, endsAt }: Times,
): Promise<void> {
  const times = [
    [ABSENCE_BEGINS, startsAt],
    [ABSENCE_ENDS, endsAt],
  ] as const;
  const rows = times
    .filter(([, dueAt]) => dueAt > tx.now)
    .map(([kind, dueAt]) => ({
      id: newRowId(),
      key: `absence/${id}/${kind}`,
      kind,
      subjectId: id,
      dueAt,
      state: TimerState.SCHEDULED,
      payload: {},
    }));
  await tx.em.insertMany(Timer, rows);
  for (const row of rows) tx.wakes.push({ what: 'timer', id: row.id, at: row.dueAt });
}

export async function cancelAbsenceTimers(tx: TransactionContext, absenceId: string): Promise<void> {
  await readDb(tx.em)
    .updateTable('timer')
    .set({ state: TimerState.CANCELLED })
    .where('subject_id', '=', absenceId)
    .where('state', 'in', PENDING_TIMERS)
    .execute();
}

async function personOf(tx: TransactionContext, absenceId: string): Promise<string | undefined> {
  const row = await readDb(tx.em)
    .selectFrom('absence')
    .select('person_id')
    .where('id', '=', absenceId)
    .executeTakeFirst();
  return row?.person_id;
}

/** Hands what is open to whoever stands in. The core reads the absences as they are now: a stale timer changes nothing. */
export async function absenceBegins(tx: TransactionContext, timer: Timer): Promise<void> {
  const personId = await personOf(tx, timer.subjectId);
  if (personId) await handToSubstitutes(tx, personId, SYSTEM);
}

/** Gives back what was left untouched. */
export async function absenceEnds(tx: TransactionContext, timer: Timer): Promise<void> {
  const personId = await personOf(tx, timer.subjectId);
  if (personId) await giveBackTo(tx, personId, SYSTEM);
}

export const handToSubstitutes = async (
  tx: TransactionContext,
  personId: string,
  by: string,
): Promise<MovedTurns> =>
  moveTurns(tx, await requestsAsking(tx, personId), { type: 'substitute', by, personId });

export const giveBackTo = async (tx: TransactionContext, personId: string, by: string): Promise<MovedTurns> =>
  moveTurns(tx, await requestsStoodInFor(tx, personId), { type: 'give-back', by, personId });
