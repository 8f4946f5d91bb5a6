import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { TargetProgress, targetsOf } from '../../commands/schedule/count-targets.js';
import {
  createRecurringRule,
  CreateRecurringRuleInput,
  deleteRecurringRule,
  fillSchedule,
  FillScheduleInput,
  pauseRecurringRule,
  PreviewedOccurrence,
  previewRecurringRule,
  RecurringRuleInput,
  RecurringRulePayload,
  resumeRecurringRule,
  updateRecurringRule,
  UpdateRecurringRuleInput,
} from '../../commands/schedule/recurring-rules.js';
import type { Context } from '../../context.js';
import { RecurringRuleRow } from '../../entities/schedule/recurring-rule.js';
import { Instant, Json } from '../../entities/scalars.js';
import { nextActOf, recurringRules } from '../../queries/schedule/recurring-rules.js';

@Resolver(() => RecurringRuleRow)
export class RecurringRuleResolver {
  @Query(() => [RecurringRuleRow], { description: 'The rules by which time goes, by key, at most 500.' })
  recurringRules(@Ctx() ctx: Context): Promise<RecurringRuleRow[]> {
    return recurringRules(ctx, false);
  }

  @Query(() => [RecurringRuleRow], {
    description: 'The rules that nobody has filled in yet: they make nothing.',
  })
  unsetSchedules(@Ctx() ctx: Context): Promise<RecurringRuleRow[]> {
    return recurringRules(ctx, true);
  }

  @Query(() => [PreviewedOccurrence], {
    description:
      'When a rule would act next. Nothing is made; a rule that hangs on records has no times of its own.',
  })
  previewRecurringRule(
    @Arg('definition', () => Json, { description: 'The rule as packs write it.' }) definition: unknown,
    @Arg('count', () => Int, { description: 'How many times, 1 to 50; 10 when not given.', defaultValue: 10 })
    count: number,
    @Ctx() ctx: Context,
  ): Promise<PreviewedOccurrence[]> {
    return previewRecurringRule(ctx, definition, count);
  }

  @Query(() => [TargetProgress], {
    description:
      'How far a person has come with their targets; you, when not given, or someone whom you lead.',
  })
  targets(
    @Arg('personId', () => ID, { nullable: true, description: 'The person.' }) personId: string | null,
    @Ctx() ctx: Context,
  ): Promise<TargetProgress[]> {
    return targetsOf(ctx, personId);
  }

  @Mutation(() => RecurringRulePayload, { description: 'Makes a rule that begins now.' })
  createRecurringRule(
    @Arg('input', () => CreateRecurringRuleInput, { description: 'The new rule.' })
    input: CreateRecurringRuleInput,
    @Ctx() ctx: Context,
  ): Promise<RecurringRulePayload> {
    return createRecurringRule(ctx, input);
  }

  @Mutation(() => RecurringRulePayload, { description: 'Gives a rule other words.' })
  updateRecurringRule(
    @Arg('input', () => UpdateRecurringRuleInput, { description: 'The change.' })
    input: UpdateRecurringRuleInput,
    @Ctx() ctx: Context,
  ): Promise<RecurringRulePayload> {
    return updateRecurringRule(ctx, input);
  }

  @Mutation(() => RecurringRulePayload, { description: 'Fills in what a pack left open.' })
  fillSchedule(
    @Arg('input', () => FillScheduleInput, { description: 'Which, and with what.' }) input: FillScheduleInput,
    @Ctx() ctx: Context,
  ): Promise<RecurringRulePayload> {
    return fillSchedule(ctx, input);
  }

  @Mutation(() => RecurringRulePayload, { description: 'Lets a rule stand still.' })
  pauseRecurringRule(
    @Arg('input', () => RecurringRuleInput, { description: 'Which.' }) input: RecurringRuleInput,
    @Ctx() ctx: Context,
  ): Promise<RecurringRulePayload> {
    return pauseRecurringRule(ctx, input);
  }

  @Mutation(() => RecurringRulePayload, { description: 'Lets a rule go on from now.' })
  resumeRecurringRule(
    @Arg('input', () => RecurringRuleInput, { description: 'Which.' }) input: RecurringRuleInput,
    @Ctx() ctx: Context,
  ): Promise<RecurringRulePayload> {
    return resumeRecurringRule(ctx, input);
  }

  @Mutation(() => RecurringRulePayload, { description: 'Ends a rule; what it made stays.' })
  deleteRecurringRule(
    @Arg('input', () => RecurringRuleInput, { description: 'Which.' }) input: RecurringRuleInput,
    @Ctx() ctx: Context,
  ): Promise<RecurringRulePayload> {
    return deleteRecurringRule(ctx, input);
  }

  @FieldResolver(() => String, { description: 'Its title, in the language of the request.' })
  title(@Root() { titleEn, titleZh }: RecurringRuleRow, @Ctx() { language }: Context): string {
    return { en: titleEn, zh: titleZh }[language];
  }

  @FieldResolver(() => Instant, { nullable: true, description: 'When it acts next; null: not by itself.' })
  nextAt(@Root() { id }: RecurringRuleRow, @Ctx() ctx: Context): Promise<Date | null> {
    return nextActOf(ctx, id);
  }
}

@Resolver(() => TargetProgress)
export class TargetFields {
  @FieldResolver(() => String, { description: 'What is counted, in the language of the request.' })
  title(@Root() { titleEn, titleZh }: TargetProgress, @Ctx() { language }: Context): string {
    return { en: titleEn, zh: titleZh }[language];
  }
}
