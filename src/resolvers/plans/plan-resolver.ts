import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  completeMilestone,
  CompletePlanMilestoneInput,
  CompletePlanMilestonePayload,
} from '../../commands/plans/complete-milestone.js';
import { createPlan, CreatePlanInput, CreatePlanPayload } from '../../commands/plans/create-plan.js';
import { updatePlan, UpdatePlanInput, UpdatePlanPayload } from '../../commands/plans/update-plan.js';
import type { Context } from '../../context.js';
import { Document } from '../../entities/documents/document.js';
import { User } from '../../entities/organisation/user.js';
import { PlanMilestoneMove } from '../../entities/plans/milestone-move.js';
import { Plan, PlanLine, PlanMilestone } from '../../entities/plans/plan.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import { documentsOfPlan } from '../../queries/documents/document-by-id.js';
import { personById } from '../../queries/organisation/people.js';
import { plan } from '../../queries/plans/plan-by-id.js';
import { linesOf, milestonesOf, movesOf } from '../../queries/plans/plan-parts.js';
import { planTemplates, PlanTemplateView } from '../../queries/plans/plan-templates.js';
import { PlanConnection, PlanFilter, plans } from '../../queries/plans/plans.js';
import { businessRecordFields } from '../business-record.js';

@Resolver(() => Plan)
export class PlanResolver extends businessRecordFields(Plan) {
  @Query(() => Plan, {
    nullable: true,
    description: 'A plan; NOT_FOUND when there is none, or it is out of your scope.',
  })
  plan(@Arg('id', () => ID, { description: 'The plan.' }) id: string, @Ctx() ctx: Context): Promise<Plan> {
    return plan(ctx, id);
  }

  @Query(() => PlanConnection, { description: 'The plans that you may see, newest first.' })
  plans(
    @Arg('filter', () => PlanFilter, { nullable: true, description: 'Which ones; all when not given.' })
    filter: PlanFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<Plan>> {
    return plans(ctx, filter, page);
  }

  @Query(() => [PlanTemplateView], { description: 'The templates that plans can be made from.' })
  planTemplates(@Ctx() ctx: Context): Promise<PlanTemplateView[]> {
    return planTemplates(ctx);
  }

  @Mutation(() => CreatePlanPayload, {
    description:
      'Makes a plan in DRAFT that you own; ALREADY_EXISTS when your department has one for this template and period.',
  })
  createPlan(
    @Arg('input', () => CreatePlanInput, { description: 'The new plan.' }) input: CreatePlanInput,
    @Ctx() ctx: Context,
  ): Promise<CreatePlanPayload> {
    return createPlan(ctx, input);
  }

  @Mutation(() => UpdatePlanPayload, {
    description: 'Changes a plan; SUBJECT_LOCKED while it is being approved, IMMUTABLE once it is approved.',
  })
  updatePlan(
    @Arg('input', () => UpdatePlanInput, { description: 'The change.' }) input: UpdatePlanInput,
    @Ctx() ctx: Context,
  ): Promise<UpdatePlanPayload> {
    return updatePlan(ctx, input);
  }

  @Mutation(() => CompletePlanMilestonePayload, {
    description: 'Records that a milestone is done; GATE_CLOSED while the one before it is not.',
  })
  completePlanMilestone(
    @Arg('input', () => CompletePlanMilestoneInput, { description: 'Which milestone.' })
    input: CompletePlanMilestoneInput,
    @Ctx() ctx: Context,
  ): Promise<CompletePlanMilestonePayload> {
    return completeMilestone(ctx, input);
  }

  @FieldResolver(() => [PlanLine], { description: 'Targets, in order.' })
  lines(@Root() { id }: Plan, @Ctx() ctx: Context): Promise<PlanLine[]> {
    return linesOf(ctx, id);
  }

  @FieldResolver(() => [PlanMilestone], { description: 'What is due when, from its template.' })
  milestones(@Root() { id }: Plan, @Ctx() ctx: Context): Promise<PlanMilestone[]> {
    return milestonesOf(ctx, id);
  }

  @FieldResolver(() => [Document], { description: 'Its documents that you may see, oldest first.' })
  documents(@Root() { id }: Plan, @Ctx() ctx: Context): Promise<Document[]> {
    return documentsOfPlan(ctx, id);
  }
}

@Resolver(() => PlanMilestone)
export class PlanMilestoneResolver {
  @FieldResolver(() => String, { description: 'Title in your language.' })
  title(@Root() { titleEn, titleZh }: PlanMilestone, @Ctx() { language }: Context): string {
    return language === 'zh' ? titleZh : titleEn;
  }

  @FieldResolver(() => [PlanMilestoneMove], {
    description: 'How its due time has moved with the business calendars, oldest first.',
  })
  moves(@Root() { id }: PlanMilestone, @Ctx() ctx: Context): Promise<PlanMilestoneMove[]> {
    return movesOf(ctx, id);
  }

  @FieldResolver(() => User, {
    nullable: true,
    description: 'Who completed it; null while it is open, or when the machine did.',
  })
  completedBy(@Root() { doneById }: PlanMilestone, @Ctx() ctx: Context): Promise<User> | null {
    return doneById === null ? null : personById(ctx, doneById);
  }
}
