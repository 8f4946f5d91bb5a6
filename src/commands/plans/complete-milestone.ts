import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { MilestoneStatus, PlanMilestone } from '../../entities/plans/plan.js';
import { refusal } from '../../errors.js';
import { inTransaction, requireActor } from '../transaction.js';
import { finishMilestones } from './finish-milestones.js';
import { isResponsible, lockPlanOf } from './plan-world.js';

@InputType({ description: 'Which milestone is done.' })
export class CompletePlanMilestoneInput {
  @Field(() => ID, { description: 'The plan.' })
  planId!: string;

  @Field(() => String, { description: 'Key of the milestone.' })
  key!: string;
}

@ObjectType({ description: 'What `completePlanMilestone` changed.' })
export class CompletePlanMilestonePayload {
  @Field(() => PlanMilestone, { description: 'The milestone as it is now.' })
  milestone!: PlanMilestone;
}

const HAPPENS_BY: Readonly<Record<string, string>> = {
  document: 'its document completes it',
  submission: 'submitting the plan completes it',
  approval: "the plan's approval completes it",
};

/**
 * Records that a milestone is done, by its owner or someone responsible for it; only of those that a person completes.
 * Done already: nothing happens. @throws NOT_FOUND, FORBIDDEN, ACTION_NOT_ALLOWED, GATE_CLOSED
 */
export function completeMilestone(
  ctx: Context,
  input: CompletePlanMilestoneInput,
): Promise<CompletePlanMilestonePayload> {
  const actor = requireActor(ctx);
  return inTransaction(ctx, async (tx) => {
    const locked = await lockPlanOf(tx, input.planId, actor);
    const { plan, world } = locked;
    const milestone = plan.milestones.find(({ key }) => key === input.key);
    if (!milestone) throw refusal('NOT_FOUND', { what: 'milestone' });
    if (plan.ownerId !== actor.id && !isResponsible(locked, milestone.key, actor.id)) {
      throw refusal('FORBIDDEN', { reason: 'not responsible for this milestone' });
    }
    if (milestone.status === MilestoneStatus.DONE) return { milestone };
    const happensBy = HAPPENS_BY[milestone.doneBy];
    if (happensBy)
      throw refusal('ACTION_NOT_ALLOWED', { action: 'completePlanMilestone', reason: happensBy });
    await finishMilestones(tx, plan, world, {
      which: ({ key }) => key === input.key,
      by: actor.id,
      waiting: 'refuse',
    });
    return { milestone };
  });
}
