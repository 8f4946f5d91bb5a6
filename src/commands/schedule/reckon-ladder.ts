import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';
import { TimerState } from '../../entities/schedule/timer.js';
import { stillToAct, type LadderTimer } from '../../workflows/ladder.js';
import type { TransactionContext } from '../transaction.js';
import { setLadderTimers, type LadderSubject } from './ladder-timers.js';

/** A place of a ladder that acts at another time than it was set for. */
export interface MovedPlace {
  readonly timer: LadderTimer;
  /** The timer that stands now; null: the place had none. */
  readonly id: string | null;
  readonly from: Date | null;
}

/**
 * Which places of a ladder move within its cycle when all its times are as given: what has acted stays so, and what people
 * have put off or paused stays so while its own time stays.
 */
export async function movedPlaces(
  tx: TransactionContext,
  { kind, id, part, cycle }: LadderSubject,
  all: readonly LadderTimer[],
): Promise<MovedPlace[]> {
  const rows = await readDb(tx.em)
    .selectFrom('timer')
    .select([
      'id',
      'kind',
      'state',
      sql<Date>`coalesce((select due_before from timer_event where timer_id = timer.id order by at, id limit 1), due_at)`.as(
        'own_due_at',
      ),
      sql<number>`(payload ->> 'index')::int`.as('index'),
    ])
    .where('subject_id', '=', id)
    .where('kind', 'in', [`${kind}-reminder`, `${kind}-rung`])
    .where('state', '<>', TimerState.CANCELLED)
    .where(sql<boolean>`payload ->> 'part' is not distinct from ${part}::text`)
    .where(sql<number>`(payload ->> 'cycle')::int`, '=', cycle)
    .execute();
  const set = rows.map(({ id: timerId, kind: timerKind, state, own_due_at, index }) => ({
    id: timerId,
    kind: timerKind.endsWith('-rung') ? ('rung' as const) : ('reminder' as const),
    index,
    at: new Date(own_due_at),
    acted: state === TimerState.FIRED,
  }));
  return stillToAct(all, set, tx.now)
    .map((timer) => {
      const known = set.find((one) => one.kind === timer.kind && one.index === timer.index);
      return { timer, id: known?.id ?? null, from: known?.at ?? null };
    })
    .filter(({ timer, from }) => from?.getTime() !== timer.at.getTime());
}

/** Moves places of a ladder; what comes to lie in the past acts at once. `because` names what moved them. */
export async function movePlaces(
  tx: TransactionContext,
  subject: LadderSubject,
  moved: readonly MovedPlace[],
  because: string,
): Promise<void> {
  const ids = moved.flatMap(({ id }) => id ?? []);
  if (ids.length > 0)
    await readDb(tx.em)
      .updateTable('timer')
      .set({ state: TimerState.CANCELLED })
      .where('id', 'in', ids)
      .execute();
  await setLadderTimers(
    tx,
    subject,
    moved.map(({ timer }) => timer),
    `/${because}/${tx.now.getTime()}`,
  );
}
