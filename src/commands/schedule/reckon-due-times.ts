import { z } from 'zod';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { Timer, TimerState } from '../../entities/schedule/timer.js';
import { isRefusal } from '../../errors.js';
import { RECKONED_AGAIN_SECONDS, RECKONED_AT_ONCE } from '../../limits.js';
import type { CalendarChange } from '../../workflows/verb-facts.js';
import { reckonRequest, reckonTogether, requestsAfter } from '../approvals/reckon-requests.js';
import { contractsAfter, reckonPayments } from '../contracts/reckon-receivables.js';
import { scopeOf, type CalendarScope } from '../organisation/calendar-scope.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { plansAfter, reckonPlan } from '../plans/reckon-milestones.js';
import { projectsAfter, reckonStages } from '../projects/reckon-stages.js';
import type { TransactionContext } from '../transaction.js';
import { followUpsAfter, reckonFollowUp } from './reckon-follow-ups.js';
import { reckonRule, rulesAfter } from './reckon-rules.js';

/** Its subject is the change of a calendar; its payload, how far the reckoning has come. */
export const RECKON = 'calendar-recompute';

interface Cause {
  readonly changeId: string;
  readonly because: CalendarChange;
}

/** Kinds of things whose due times hang on calendars, in the order in which they are gone through. */
interface Phase {
  readonly next: (
    tx: TransactionContext,
    scope: CalendarScope,
    after: string | null,
    limit: number,
  ) => Promise<string[]>;
  /** Does as many as can be done together; answers those that have to be done alone. */
  readonly together: (tx: TransactionContext, ids: readonly string[], cause: Cause) => Promise<string[]>;
  readonly alone: (tx: TransactionContext, id: string, cause: Cause) => Promise<unknown>;
}

const PHASES: readonly (Phase & { readonly name: string })[] = [
  {
    name: 'requests',
    next: requestsAfter,
    together: (tx, ids, { because }) => reckonTogether(tx, ids, because),
    alone: (tx, id, { because }) => reckonRequest(tx, id, because),
  },
  {
    name: 'plans',
    next: plansAfter,
    together: (_tx, ids) => Promise.resolve([...ids]),
    alone: (tx, id, { changeId, because }) => reckonPlan(tx, id, { changeId, version: because.version }),
  },
  // Behind requests and plans, whose due times are events that they hang on.
  {
    name: 'follow-ups',
    next: followUpsAfter,
    together: (_tx, ids) => Promise.resolve([...ids]),
    alone: reckonFollowUp,
  },
  {
    name: 'rules',
    next: rulesAfter,
    together: (_tx, ids) => Promise.resolve([...ids]),
    alone: (tx, id, { changeId }) => reckonRule(tx, id, changeId),
  },
  {
    name: 'stages',
    next: projectsAfter,
    together: (_tx, ids) => Promise.resolve([...ids]),
    alone: (tx, id, { changeId }) => reckonStages(tx, id, changeId),
  },
  {
    name: 'payments',
    next: contractsAfter,
    together: (_tx, ids) => Promise.resolve([...ids]),
    alone: (tx, id, { changeId }) => reckonPayments(tx, id, changeId),
  },
];

const payloadSchema = z.object({
  phase: z.string(),
  after: z.guid().nullable(),
  batch: z.int().min(0),
  /** 1: everything once more. */
  pass: z.int().min(0).max(1),
});
type Place = z.infer<typeof payloadSchema>;

/** Sets out to reckon every due time that hangs on the change, in the transaction that makes it. */
export const scheduleReckoning = (tx: TransactionContext, changeId: string): Promise<void> =>
  schedule(tx, changeId, { phase: PHASES[0]!.name, after: null, batch: 0, pass: 0 });

async function schedule(
  tx: TransactionContext,
  changeId: string,
  payload: Place,
  dueAt = tx.now,
): Promise<void> {
  const row = {
    id: newRowId(),
    key: `calendar/${changeId}/${payload.batch}`,
    kind: RECKON,
    subjectId: changeId,
    dueAt,
    state: TimerState.SCHEDULED,
    payload,
  };
  await tx.em.insertMany(Timer, [row]);
  tx.wakes.push({ what: 'timer', id: row.id, at: row.dueAt });
}

/**
 * Reckons the next few again, and leaves a timer for those behind them in the same transaction: however many there are,
 * a process that dies half-way repeats at most one batch, of which nothing was kept. What has followed the change
 * already, or is reckoned twice, does not move. All of it comes twice, the second time for what was opened by a
 * transaction that had read the old calendar and committed after the first had passed.
 */
export async function reckonDueTimes(tx: TransactionContext, timer: Timer): Promise<void> {
  const place = payloadSchema.parse(timer.payload);
  const change = await readDb(tx.em)
    .selectFrom('calendar_change')
    .select(['calendar_key as calendarKey', 'kind', 'person_id as personId', 'department_id as departmentId'])
    .where('id', '=', timer.subjectId)
    .executeTakeFirst();
  const index = PHASES.findIndex(({ name }) => name === place.phase);
  const phase = PHASES[index];
  if (!change || !phase) return;
  const { version } = await readDb(tx.em)
    .selectFrom('business_calendar')
    .select('version')
    .where('key', '=', change.calendarKey)
    .executeTakeFirstOrThrow();
  const because: CalendarChange = {
    calendar: change.calendarKey,
    version,
    change: change.kind === 'ASSIGNED' ? 'ASSIGNED' : 'EDITED',
  };
  const scope = scopeOf(await loadOrganisation(tx.em), change);
  const ids = await phase.next(tx, scope, place.after, RECKONED_AT_ONCE);
  const cause = { changeId: timer.subjectId, because };
  const left = ids.length === 0 ? [] : await phase.together(tx, ids, cause);
  for (const id of left) await reckonOne(tx, phase, id, cause);
  const further = { ...place, batch: place.batch + 1 };
  if (ids.length === RECKONED_AT_ONCE)
    return schedule(tx, timer.subjectId, { ...further, after: ids.at(-1)! });
  const next = PHASES[index + 1];
  if (next) return schedule(tx, timer.subjectId, { ...further, phase: next.name, after: null });
  if (place.pass > 0) return;
  const again = { ...further, phase: PHASES[0]!.name, after: null, pass: 1 };
  const later = new Date(tx.now.getTime() + RECKONED_AGAIN_SECONDS * 1000);
  await schedule(tx, timer.subjectId, again, later);
}

/** One that can't be reckoned (its time lies beyond what the calendar covers, say) keeps its times; the others go on. */
async function reckonOne(tx: TransactionContext, phase: Phase, id: string, cause: Cause): Promise<void> {
  try {
    await phase.alone(tx, id, cause);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    tx.log.error(
      { id, code: error.code, details: error.details },
      'a due time could not follow a change of its calendar',
    );
  }
}
