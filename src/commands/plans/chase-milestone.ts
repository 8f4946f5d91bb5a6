import { MilestoneStatus, type Plan, type PlanMilestone } from '../../entities/plans/plan.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { OutboxMessage } from '../../entities/schedule/outbox-message.js';
import type { Timer } from '../../entities/schedule/timer.js';
import { localDateOf } from '../../workflows/duration.js';
import { chase } from '../../workflows/plan-cycle.js';
import { peopleOfPlan } from '../../workflows/plan-people.js';
import { tellOutside } from '../schedule/tell-outside.js';
import type { TransactionContext } from '../transaction.js';
import { milestonesNow } from './finish-milestones.js';
import type { MilestoneTimerPayload } from './milestone-timers.js';
import { lockPlan, responsiblePeople, type LockedPlan } from './plan-world.js';

interface Told {
  readonly people: readonly string[];
  /** The pending request that the milestone waits for. */
  readonly requestId: string | null;
}

/**
 * Carries out a reminder or rung of a milestone, in the transaction that fires its timer: tells whoever owes the
 * milestone or, while it waits for another one, whoever owes that; a rung that notifies tells its own people too.
 * Decides on the locked plan as it is now, so a stale timer does nothing. @throws nothing: timers are delivered twice.
 */
export async function chaseMilestone(
  tx: TransactionContext,
  timer: Pick<Timer, 'key' | 'kind' | 'payload'>,
): Promise<void> {
  const { planId, milestone: key, index } = timer.payload as unknown as MilestoneTimerPayload;
  const known = await readDb(tx.em)
    .selectFrom('plan')
    .select('id')
    .where('id', '=', planId)
    .where('archived_at', 'is', null)
    .executeTakeFirst();
  if (!known) return;
  const locked = await lockPlan(tx, planId);
  const owed = chase(milestonesNow(locked.plan.milestones.getItems()), key);
  const milestone = milestoneOf(locked.plan, key);
  const holding = owed && milestoneOf(locked.plan, owed.milestone);
  if (!milestone || !holding) return;
  const { people, requestId } =
    owed.by === 'approvers'
      ? await approversOf(tx, locked.plan)
      : { people: responsiblePeople(locked, holding.key), requestId: null };
  const told = new Set([
    ...people,
    ...(timer.kind === 'milestone-rung' ? notifiedBy(locked, key, index) : []),
  ]);
  if (told.size === 0) told.add(locked.plan.ownerId);
  const texts = textsOf(locked, milestone, holding, tx.now);
  const row = {
    id: newRowId(),
    key: timer.key,
    channel: 'in-app',
    payload: { kind: 'MILESTONE', people: [...told], requestId, planId, milestone: key, ...texts },
    nextTryAt: tx.now,
    createdAt: tx.now,
  };
  await tx.em.insertMany(OutboxMessage, [row] as never[]);
  tx.wakes.push({ what: 'outbox' });
  const { dueAt } = milestone;
  if (dueAt === null || tx.now < dueAt) return;
  const data = {
    planId: locked.plan.id,
    number: locked.plan.number,
    milestone: key,
    dueAt: dueAt.toISOString(),
    waitsFor: holding.key === key ? null : holding.key,
    people: [...told],
  };
  await tellOutside(tx, () => [
    { key: `${timer.key}/overdue`, type: 'plan.milestone.overdue', at: tx.now, data },
  ]);
}

const milestoneOf = (plan: Plan, wanted: string): PlanMilestone | undefined =>
  plan.milestones.find(({ key }) => key === wanted);

/** Whoever holds an open assignment of the plan's pending request; without one it is the owner's turn to submit. */
async function approversOf(tx: TransactionContext, plan: Plan): Promise<Told> {
  const open = await readDb(tx.em)
    .selectFrom('approval_assignment as assignment')
    .innerJoin('approval_request as request', 'request.id', 'assignment.request_id')
    .select(['assignment.person_id', 'request.id'])
    .where('request.subject_id', '=', plan.id)
    .where('request.status', '=', 'PENDING')
    .where('assignment.status', '=', 'OPEN')
    .orderBy('assignment.ordinal')
    .execute();
  if (!open[0]) return { people: [plan.ownerId], requestId: null };
  return { people: open.map(({ person_id }) => person_id), requestId: open[0].id };
}

/** The people whom this rung of the template notifies. */
function notifiedBy({ plan, world }: LockedPlan, key: string, index: number): string[] {
  const action = world.template?.milestones.find((one) => one.key === key)?.ladder[index]?.action;
  return action?.do === 'notify' ? peopleOfPlan(plan, action.who, world) : [];
}

function textsOf(
  { plan, world }: LockedPlan,
  milestone: PlanMilestone,
  holding: PlanMilestone,
  now: Date,
): { textEn: string; textZh: string } {
  const date = milestone.dueAt === null ? '' : localDateOf(world.calendar.timeZone, milestone.dueAt);
  const overdue = milestone.dueAt !== null && now >= milestone.dueAt;
  const waits = holding.key !== milestone.key && milestone.status === MilestoneStatus.WAITING;
  const en = `${plan.title}: “${milestone.titleEn}” ${overdue ? 'was' : 'is'} due on ${date}`;
  const zh = `${plan.title}：“${milestone.titleZh}”${overdue ? '已于' : '应于'} ${date} ${overdue ? '到期，仍未完成' : '完成'}`;
  return {
    textEn: waits ? `${en}; it waits for “${holding.titleEn}”.` : `${en}.`,
    textZh: waits ? `${zh}，正等待“${holding.titleZh}”` : zh,
  };
}
