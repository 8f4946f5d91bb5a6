import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Plan, PlanKind, PlanStatus } from '../../entities/plans/plan.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { refusal } from '../../errors.js';
import { beforeEdit, settleEdit } from '../approvals/settle-edit.js';
import { planSubject } from '../approvals/subjects/plan.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { requireSound, requireUnlocked, requireVersion } from '../input.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
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
 * Changes a plan and lets its version grow by 1. Once it was approved, the approvals that rested on what changes are void.
 * @throws NOT_FOUND, SUBJECT_LOCKED while it is in review, IMMUTABLE for an approved annual plan, CONFLICT, BAD_USER_INPUT
 */
export const updatePlan = (ctx: Context, input: UpdatePlanInput): Promise<UpdatePlanPayload> =>
  inTransaction(ctx, async (tx) => ({ plan: await changePlan(tx, input) }));

export async function changePlan(tx: TransactionContext, input: UpdatePlanInput): Promise<Plan> {
  const actor = requireActor(tx);
  requireSound(...checkPlan(input));
  const id = await lockRecord(tx, 'plan', input.id, 'plan:update');
  const plan = await tx.em.findOneOrFail(Plan, { id }, { populate: ['lines'] });
  requireUnlocked(plan, 'PLAN');
  if (plan.status === PlanStatus.APPROVED && plan.kind === PlanKind.ANNUAL)
    throw refusal('IMMUTABLE', { what: 'plan', reason: 'an approved annual plan is final' });
  requireVersion(plan, input.expectedVersion);
  const before = await beforeEdit(tx, planSubject, plan);
  setPlanFields(plan, input);
  touchRecord(plan, actor.id, tx.now);
  if (before) await settleEdit(tx, planSubject, 'plan', plan, before);
  await anchorsMoved(tx, { kind: RecordKind.PLAN, id });
  return plan;
}
