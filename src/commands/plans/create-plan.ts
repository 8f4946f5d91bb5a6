import { Field, InputType, ObjectType } from 'type-graphql';
import type { Actor, Context } from '../../context.js';
import { MilestoneStatus, Plan, PlanKind, PlanMilestone } from '../../entities/plans/plan.js';
import { readDb } from '../../entities/read-db.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { refusal } from '../../errors.js';
import { dueTimesOf, milestoneTimers, parsePeriod } from '../../workflows/plan-cycle.js';
import type { PlanTemplate } from '../../workflows/template-file.js';
import { beginRecord } from '../business-record.js';
import { check, requireSound } from '../input.js';
import { nextNumber } from '../next-number.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { setTimers } from './milestone-timers.js';
import { checkPlan, PlanLineInput, setPlanFields } from './plan-fields.js';
import { planWorld } from './plan-world.js';

@InputType({ description: 'A new plan.' })
export class CreatePlanInput {
  @Field(() => String, { description: 'Title, 1 to 200 characters.' })
  title!: string;

  @Field(() => PlanKind, { description: 'What it covers.' })
  kind!: PlanKind;

  @Field(() => String, {
    description:
      'The period: `2024` of an annual, `2024-Q2` of a quarterly, `2024-05` of a monthly plan; any of them otherwise.',
  })
  period!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Key of the plan template that sets its milestones; without it there are none.',
  })
  templateKey?: string | null;

  @Field(() => [PlanLineInput], { nullable: true, description: 'Its lines in order, at most 500.' })
  lines?: PlanLineInput[] | null;
}

@ObjectType({ description: 'What `createPlan` made.' })
export class CreatePlanPayload {
  @Field(() => Plan, { description: 'The new plan; you own it.' })
  plan!: Plan;
}

/**
 * Makes a plan that the actor owns. With a template it gets that template's milestones, each with its due time in the
 * period and with timers that chase it. A department has one plan per template and period.
 * @throws BAD_USER_INPUT, ALREADY_EXISTS
 */
export function createPlan(ctx: Context, input: CreatePlanInput): Promise<CreatePlanPayload> {
  const actor = requireActor(ctx);
  requireSound(...checkPlan(input));
  parsePeriod(input.kind, input.period);
  return inTransaction(ctx, async (tx) => {
    const plan = new Plan();
    beginRecord(plan, actor, tx.now);
    Object.assign(plan, { kind: input.kind, period: input.period });
    setPlanFields(plan, input);
    if (input.templateKey) {
      await requireFirst(tx, input.templateKey, plan, actor);
      plan.templateKey = input.templateKey;
      await addMilestones(tx, plan);
    }
    plan.number = await nextNumber(tx, 'plan');
    tx.em.persist(plan);
    await anchorsMoved(tx, { kind: RecordKind.PLAN, id: plan.id });
    return { plan };
  });
}

/** Under the template's row lock, so that of two at the same instant one is first. @throws BAD_USER_INPUT, ALREADY_EXISTS */
async function requireFirst(
  tx: TransactionContext,
  templateKey: string,
  plan: Plan,
  actor: Actor,
): Promise<void> {
  const db = readDb(tx.em);
  const template = await db
    .selectFrom('plan_template')
    .select('definition')
    .where('key', '=', templateKey)
    .forUpdate()
    .executeTakeFirst();
  const { planKind } = (template?.definition ?? {}) as Partial<PlanTemplate>;
  requireSound(check('templateKey', template !== undefined, 'the key of a plan template'));
  requireSound(check('kind', planKind === plan.kind, `${planKind}, as the template says`));
  const other = await db
    .selectFrom('plan')
    .select(['id', 'number'])
    .where('template_key', '=', templateKey)
    .where('period', '=', plan.period)
    .where('archived_at', 'is', null)
    .where((eb) => eb('department_id', 'is not distinct from', actor.departmentId))
    .executeTakeFirst();
  if (other) throw refusal('ALREADY_EXISTS', { what: 'plan', field: 'period', period: plan.period });
}

async function addMilestones(tx: TransactionContext, plan: Plan): Promise<void> {
  const { template, calendar } = await planWorld(tx, plan);
  if (!template) return;
  plan.templateVersion = template.version;
  const due = dueTimesOf(template, parsePeriod(plan.kind, plan.period), calendar, {});
  for (const [index, described] of template.milestones.entries()) {
    const { key, title, waitsFor, doneBy, form } = described;
    const milestone = new PlanMilestone();
    const status = waitsFor === null ? MilestoneStatus.OPEN : MilestoneStatus.WAITING;
    const dueAt = due.get(key) ?? null;
    Object.assign(milestone, { key, position: index + 1, status, dueAt, waitsFor, doneBy, formKey: form });
    Object.assign(milestone, { titleEn: title.en, titleZh: title.zh ?? title.en });
    plan.milestones.add(milestone);
    await setTimers(tx, plan, milestoneTimers(described, dueAt, calendar, tx.now));
  }
}
