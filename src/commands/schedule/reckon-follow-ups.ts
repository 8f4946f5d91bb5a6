import { LockMode } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';
import { FollowUp, FollowUpStatus } from '../../entities/schedule/follow-up.js';
import { readRecords } from '../../entities/schedule/record-kinds.js';
import { TimerState } from '../../entities/schedule/timer.js';
import { reckon, type Reckoned } from '../../workflows/follow-up.js';
import { everyLadderTimer, stillToAct, type LadderTimer } from '../../workflows/ladder.js';
import type { CalendarChange } from '../../workflows/verb-facts.js';
import type { CalendarScope } from '../organisation/calendar-scope.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import type { TransactionContext } from '../transaction.js';
import { cancelLadderTimers, setLadderTimers } from './ladder-timers.js';
import { calendarFor, FOLLOW_UP, putDue, record } from './make-follow-up.js';
import { readFacts } from './record-anchors.js';

/**
 * Open follow-ups with something due that hangs on what has changed: by their own calendar, their person's or their
 * department's, or by events of a plan or request, which a calendar moves too. More than those that really move.
 */
const hanging = (tx: TransactionContext, { calendar, people, departments }: CalendarScope) =>
  readDb(tx.em)
    .selectFrom('follow_up as f')
    .where('f.status', '=', FollowUpStatus.OPEN)
    .where(sql<boolean>`(f.due_at is not null or f.rule is not null)`)
    .where(
      sql<boolean>`(f.calendar_key = ${calendar}
        or (f.rule is not null and f.subject_type in ('PLAN', 'REQUEST'))
        or (f.calendar_key is null and (f.person_id = any(${people}::uuid[])
          or (f.person_id is null and coalesce(f.department_id::text, '') = any(${departments}::text[])))))`,
    );

export async function countFollowUps(tx: TransactionContext, scope: CalendarScope): Promise<number> {
  const { count } = await hanging(tx, scope)
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function followUpsAfter(
  tx: TransactionContext,
  scope: CalendarScope,
  after: string | null,
  limit: number,
): Promise<string[]> {
  let next = hanging(tx, scope).select('f.id').orderBy('f.id').limit(limit);
  if (after !== null) next = next.where('f.id', '>', after);
  return (await next.execute()).map(({ id }) => id);
}

/** A place of a ladder as it is set, and when it acts by the calendars as they are; null: not at all. */
interface MovedTimer {
  readonly timer: Pick<LadderTimer, 'kind' | 'index'>;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** A follow-up by the calendars as they are. */
export interface ReckonedFollowUp {
  readonly reckoned: Reckoned;
  /** Everything that is still to act. */
  readonly timers: readonly LadderTimer[];
  /** What of it differs from what is set; empty: nothing moves. */
  readonly moved: readonly MovedTimer[];
}

/** A given due time stays; one by a rule is reckoned from its events; both have their ladders reckoned again. */
export async function reckoningOf(tx: TransactionContext, followUp: FollowUp): Promise<ReckonedFollowUp> {
  const calendar = calendarFor(await loadOrganisation(tx.em), followUp);
  const { dueAt, waitingFor, violation, rule, subjectType, subjectId } = followUp;
  let reckoned: Reckoned = { dueAt, waitingFor, violation };
  if (rule !== null && subjectType !== null && subjectId !== null) {
    const [row] = await readRecords(tx.em, subjectType, [subjectId], null);
    if (row) {
      const { anchors } = await readFacts(tx.em, { ...row, kind: subjectType }, calendar);
      reckoned = reckon(rule, anchors, calendar);
    }
  }
  const set = await timersSet(tx, followUp);
  const timers = stillToAct(everyLadderTimer(followUp.ladder, reckoned.dueAt, calendar), set, tx.now);
  const places = [...set.filter(({ acted }) => !acted), ...timers].map(({ kind, index }) => ({
    kind,
    index,
  }));
  const moved = [...new Map(places.map((place) => [`${place.kind}/${place.index}`, place])).values()]
    .map((timer): MovedTimer => {
      const at = (list: readonly LadderTimer[]): Date | null =>
        list.find(({ kind, index }) => kind === timer.kind && index === timer.index)?.at ?? null;
      return { timer, from: at(set), to: at(timers) };
    })
    .filter(({ from, to }) => from?.getTime() !== to?.getTime());
  return { reckoned, timers, moved };
}

/** The timers of the ladder as it stands, acted or not. */
async function timersSet(
  tx: TransactionContext,
  { id, cycle }: Pick<FollowUp, 'id' | 'cycle'>,
): Promise<(LadderTimer & { readonly acted: boolean })[]> {
  const rows = await readDb(tx.em)
    .selectFrom('timer')
    .select(['kind', 'state', 'due_at', sql<number>`(payload ->> 'index')::int`.as('index')])
    .where('subject_id', '=', id)
    .where('state', '<>', TimerState.CANCELLED)
    .where(sql<number>`(payload ->> 'cycle')::int`, '=', cycle)
    .execute();
  return rows.map(({ kind, state, due_at, index }) => ({
    kind: kind.endsWith('-rung') ? 'rung' : 'reminder',
    index,
    at: new Date(due_at),
    acted: state === TimerState.FIRED,
  }));
}

/**
 * Reckons an open follow-up again, under its lock. Its cycle goes on: a reminder or rung that has acted does not act
 * again, and the rungs that were climbed stay climbed. What moves is told in its trail.
 */
export async function reckonFollowUp(
  tx: TransactionContext,
  id: string,
  { changeId, because }: { readonly changeId: string; readonly because: CalendarChange },
): Promise<void> {
  const followUp = await tx.em.findOne(
    FollowUp,
    { id, status: FollowUpStatus.OPEN },
    { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
  );
  if (followUp === null) return;
  const { reckoned, timers, moved } = await reckoningOf(tx, followUp);
  const from = followUp.dueAt;
  const isMoved = from?.getTime() !== reckoned.dueAt?.getTime();
  if (!isMoved && moved.length === 0) return;
  if (isMoved) {
    await putDue(tx, followUp, reckoned);
    followUp.updatedAt = tx.now;
  }
  if (moved.length > 0) {
    const ladder = { kind: FOLLOW_UP, id, part: null, cycle: followUp.cycle };
    await cancelLadderTimers(tx, ladder);
    await setLadderTimers(tx, ladder, timers, `/${changeId}/${tx.now.getTime()}`);
  }
  await record(tx, id, 'MOVED', { from, to: reckoned.dueAt, because });
  await tx.em.flush();
}
