import { sql } from 'kysely';
import { PlanMilestoneMove } from '../../entities/plans/milestone-move.js';
import { MilestoneStatus, type Plan, type PlanMilestone } from '../../entities/plans/plan.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { TimerState } from '../../entities/schedule/timer.js';
import {
  dueTimesOf,
  everyMilestoneTimer,
  parsePeriod,
  type MilestoneTimer,
} from '../../workflows/plan-cycle.js';
import type { CalendarScope } from '../organisation/calendar-scope.js';
import type { TransactionContext } from '../transaction.js';
import { cancelTimers, setTimers } from './milestone-timers.js';
import { lockPlan, type PlanWorld } from './plan-world.js';

/** A due time that moves. */
export interface MovedMilestone {
  readonly milestone: PlanMilestone;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** What moved a plan's milestones: the change's id, and the calendar's version by now. */
export interface MoveCause {
  readonly changeId: string;
  readonly version: number;
}

/**
 * Plans with milestones still to do that hang on what has changed: by their template's calendar, else by their
 * department's. A plan whose template has had another version since keeps its due times: they are not of that version.
 */
const hanging = (tx: TransactionContext, { calendar, departments }: CalendarScope) =>
  readDb(tx.em)
    .selectFrom('plan as p')
    .innerJoin('plan_template as t', 't.key', 'p.template_key')
    .where('p.archived_at', 'is', null)
    .whereRef('p.template_version', '=', 't.version')
    .where(
      sql<boolean>`(t.definition ->> 'calendar' = ${calendar} or (t.definition ->> 'calendar' is null
        and coalesce(p.department_id::text, '') = any(${departments}::text[])))`,
    )
    .where(
      sql<boolean>`exists (select 1 from plan_milestone m where m.plan_id = p.id and m.status <> ${MilestoneStatus.DONE})`,
    );

/** Milestones still to do with a due time, in those plans. */
export async function countMilestones(tx: TransactionContext, scope: CalendarScope): Promise<number> {
  const { count } = await hanging(tx, scope)
    .innerJoin('plan_milestone as m', 'm.plan_id', 'p.id')
    .where('m.status', '<>', MilestoneStatus.DONE)
    .where('m.due_at', 'is not', null)
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function plansAfter(
  tx: TransactionContext,
  scope: CalendarScope,
  after: string | null,
  limit: number,
): Promise<string[]> {
  let next = hanging(tx, scope).select('p.id').orderBy('p.id').limit(limit);
  if (after !== null) next = next.where('p.id', '>', after);
  return (await next.execute()).map(({ id }) => id);
}

/** Which milestones would be due when by the calendars as they are, where that differs from what stands. */
export function movesOf(plan: Plan, { template, calendar }: PlanWorld): MovedMilestone[] {
  if (!template || template.version !== plan.templateVersion) return [];
  const milestones = plan.milestones.getItems();
  const happened = Object.fromEntries(milestones.map(({ key, doneAt }) => [key, doneAt]));
  const due = dueTimesOf(template, parsePeriod(plan.kind, plan.period), calendar, happened);
  return milestones.flatMap((milestone) => {
    const to = due.get(milestone.key) ?? null;
    const { status, dueAt: from } = milestone;
    const stays = status === MilestoneStatus.DONE || from?.getTime() === to?.getTime();
    return stays ? [] : { milestone, from, to };
  });
}

/** Reckons the milestones of one plan again, under its lock, with a row for each due time that moves. */
export async function reckonPlan(
  tx: TransactionContext,
  planId: string,
  { changeId, version }: MoveCause,
): Promise<number> {
  const { plan, world } = await lockPlan(tx, planId);
  const { template, calendar } = world;
  if (!template || template.version !== plan.templateVersion) return 0;
  const moves = movesOf(plan, world);
  const dueOf = (one: PlanMilestone): Date | null => {
    const move = moves.find(({ milestone }) => milestone === one);
    return move ? move.to : one.dueAt;
  };
  // All times first: one that can't be reckoned leaves the plan as it is.
  const planned = plan.milestones
    .filter(({ status }) => status !== MilestoneStatus.DONE)
    .flatMap((milestone) => {
      const described = template.milestones.find(({ key }) => key === milestone.key);
      const due = dueOf(milestone);
      return described ? { key: milestone.key, timers: everyMilestoneTimer(described, due, calendar) } : [];
    });
  for (const { milestone, from, to } of moves) {
    milestone.dueAt = to;
    const move = { wasDueAt: from, dueAt: to, calendarKey: calendar.key, calendarVersion: version };
    const row = { id: newRowId(), milestoneId: milestone.id, ...move, changeId, movedAt: tx.now };
    await tx.em.insertMany(PlanMilestoneMove, [row]);
  }
  for (const { key, timers } of planned) await moveTimers(tx, plan, key, timers, changeId);
  return moves.length;
}

/** What people have put off or paused stays so while its own time stays. What has acted stays so; what is still to act gets its new time, and acts at once when that has passed. */
async function moveTimers(
  tx: TransactionContext,
  plan: Plan,
  key: string,
  timers: readonly MilestoneTimer[],
  changeId: string,
): Promise<void> {
  const rows = await readDb(tx.em)
    .selectFrom('timer')
    .select([
      'kind',
      'state',
      sql<string>`coalesce((select due_before from timer_event where timer_id = timer.id order by at, id limit 1), due_at)`.as(
        'due_at',
      ),
      sql<number>`(payload ->> 'index')::int`.as('index'),
    ])
    .where('subject_id', '=', plan.id)
    .where('state', '<>', TimerState.CANCELLED)
    .where(sql<string>`payload ->> 'milestone'`, '=', key)
    .execute();
  const rowsOf = ({ kind, index }: MilestoneTimer) =>
    rows.filter((row) => row.kind === kind && row.index === index);
  const planned = timers.filter((timer) => {
    const known = rowsOf(timer);
    if (known.some(({ state }) => state === TimerState.FIRED)) return false;
    return known.length > 0 || timer.at > tx.now;
  });
  const scheduled = rows.filter(({ state }) => state !== TimerState.FIRED);
  const same = (timer: MilestoneTimer): boolean =>
    rowsOf(timer).some(({ due_at }) => new Date(due_at).getTime() === timer.at.getTime());
  if (scheduled.length === planned.length && planned.every(same)) return;
  await cancelTimers(tx, plan.id, [key]);
  await setTimers(tx, plan, planned, `${changeId}/${tx.now.getTime()}`);
}
