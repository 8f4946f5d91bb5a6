import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Plan, PlanKind, PlanStatus } from '../../entities/plans/plan.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { refusal } from '../../errors.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { requireSound, requireUnlocked, requireVersion } from '../input.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor } from '../transaction.js';
import { checkPlan, PlanLineInput, setPlanFields } from './plan-fields.js';

@InputType({
  description: 'A change of a plan; fields left out keep their values. Kind, period and template stay.',
})
export class UpdatePlanInput {
  @Field(() => ID, { description: 'The plan.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that the change was made on.' })
  expectedVersion!: number;

  @Field(() => String, { nullable: true, description: 'Title, 1 to 200 characters.' })
  title?: string | null;

  @Field(() => [PlanLineInput], {
    nullable: true,
    description: 'All its lines in order, at most 500; they replace the present ones.',
  })
  lines?: PlanLineInput[] | null;
}

@ObjectType({ description: 'What `updatePlan` changed.' })
export class UpdatePlanPayload {
  @Field(() => Plan, { description: 'The plan as it is now.' })
  plan!: Plan;
}

/**
 * Changes a plan and lets its version grow by 1.
 * @throws NOT_FOUND, SUBJECT_LOCKED while it is in review, IMMUTABLE once approved, CONFLICT, BAD_USER_INPUT
 */
export function updatePlan(ctx: Context, input: UpdatePlanInput): Promise<UpdatePlanPayload> {
  const actor = requireActor(ctx);
  requireSound(...checkPlan(input));
  return inTransaction(ctx, async (tx) => {
    const id = await lockRecord(tx, 'plan', input.id, 'plan:update');
    const plan = await tx.em.findOneOrFail(Plan, { id }, { populate: ['lines'] });
    requireUnlocked(plan, 'PLAN');
    if (plan.status === PlanStatus.APPROVED) {
      const reason = plan.kind === PlanKind.ANNUAL ? 'an approved annual plan is final' : 'it is approved';
      throw refusal('IMMUTABLE', { what: 'plan', reason });
    }
    requireVersion(plan, input.expectedVersion);
    setPlanFields(plan, input);
    touchRecord(plan, actor.id, tx.now);
    await anchorsMoved(tx, { kind: RecordKind.PLAN, id });
    return { plan };
  });
}
