import { MilestoneStatus, type Plan, type PlanMilestone } from '../../entities/plans/plan.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { refusal } from '../../errors.js';
import {
  blockerOf,
  dueTimesOf,
  milestoneTimers,
  parsePeriod,
  type MilestoneNow,
} from '../../workflows/plan-cycle.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { tellOutside } from '../schedule/tell-outside.js';
import type { TransactionContext } from '../transaction.js';
import { cancelTimers, setTimers } from './milestone-timers.js';
import type { PlanWorld } from './plan-world.js';

/** What is asked of a milestone before it is done. */
export type MilestoneRow = Pick<PlanMilestone, 'key' | 'titleEn' | 'formKey'> & {
  readonly status: string;
  readonly doneBy: string;
  readonly waitsFor: string | null;
};

/** The milestones as the core asks about them. */
export const milestonesNow = (milestones: readonly MilestoneRow[]): MilestoneNow[] =>
  milestones.map(({ key, status, doneBy, waitsFor }) => ({
    key,
    done: status === MilestoneStatus.DONE,
    doneBy: doneBy as MilestoneNow['doneBy'],
    waitsFor,
  }));

/** A milestone cannot be done before the one it waits for. @throws GATE_CLOSED naming that one */
export function requireBegun(
  milestones: readonly MilestoneRow[],
  which: (milestone: MilestoneRow) => boolean,
): void {
  const all = milestonesNow(milestones);
  for (const [index, milestone] of milestones.entries()) {
    const now = all[index];
    const blocker = now && !now.done && which(milestone) ? blockerOf(all, now) : null;
    if (!blocker) continue;
    const title = milestones.find(({ key }) => key === blocker.key)?.titleEn;
    throw refusal('GATE_CLOSED', {
      reason: `“${milestone.titleEn}” waits for “${title}”`,
      milestone: milestone.key,
      missing: [{ milestone: blocker.key, title }],
    });
  }
}

/**
 * Marks milestones as done and lets begin what waited for them: their timers are cancelled, and what hangs on them gets
 * its due time. Those done already stay as they are. `by` null: the machine. `waiting`: whether one that still waits for
 * another is refused, or finished because it has happened all the same. The plan's row is locked by the caller.
 * @throws GATE_CLOSED
 */
export async function finishMilestones(
  tx: TransactionContext,
  plan: Plan,
  world: PlanWorld,
  finish: {
    readonly which: (milestone: MilestoneRow) => boolean;
    readonly by: string | null;
    readonly waiting: 'refuse' | 'finish';
  },
): Promise<void> {
  const milestones = plan.milestones.getItems();
  if (finish.waiting === 'refuse') requireBegun(milestones, finish.which);
  const finished = milestones.filter((one) => one.status !== MilestoneStatus.DONE && finish.which(one));
  if (finished.length === 0) return;
  for (const milestone of finished) {
    milestone.status = MilestoneStatus.DONE;
    milestone.doneAt = tx.now;
    milestone.doneById = finish.by;
  }
  const all = milestonesNow(milestones);
  for (const milestone of milestones.filter(({ status }) => status === MilestoneStatus.WAITING)) {
    const begins = all.some((now) => now.key === milestone.key && blockerOf(all, now) === null);
    if (begins) milestone.status = MilestoneStatus.OPEN;
  }
  await cancelTimers(
    tx,
    plan.id,
    finished.map(({ key }) => key),
  );
  await setDueTimes(tx, plan, world);
  await anchorsMoved(tx, { kind: RecordKind.PLAN, id: plan.id });
  await tellOutside(tx, () =>
    finished.map(({ key: milestone }) => ({
      key: `${plan.id}/milestone/${milestone}/done/${tx.now.getTime()}`,
      type: 'plan.milestone.done',
      at: tx.now,
      data: { planId: plan.id, number: plan.number, milestone, by: finish.by ?? 'system' },
    })),
  );
}

/** Gives a due time, and with it reminders and rungs, to undone milestones that have none and can now be reckoned. */
async function setDueTimes(
  tx: TransactionContext,
  plan: Plan,
  { template, calendar }: PlanWorld,
): Promise<void> {
  const undated = plan.milestones.filter(
    ({ status, dueAt }) => status !== MilestoneStatus.DONE && dueAt === null,
  );
  if (!template || undated.length === 0) return;
  const happened = Object.fromEntries(plan.milestones.map(({ key, doneAt }) => [key, doneAt]));
  const due = dueTimesOf(template, parsePeriod(plan.kind, plan.period), calendar, happened);
  for (const milestone of undated) {
    const described = template.milestones.find(({ key }) => key === milestone.key);
    milestone.dueAt = due.get(milestone.key) ?? null;
    if (described) await setTimers(tx, plan, milestoneTimers(described, milestone.dueAt, calendar, tx.now));
  }
}
