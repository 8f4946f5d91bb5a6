import { Arg, Args, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  cancelFollowUp,
  CancelFollowUpInput,
  reassignFollowUp,
  ReassignFollowUpInput,
  rescheduleFollowUp,
  RescheduleFollowUpInput,
} from '../../commands/schedule/change-follow-up.js';
import { completeFollowUp, CompleteFollowUpInput } from '../../commands/schedule/complete-follow-up.js';
import {
  createFollowUp,
  CreateFollowUpInput,
  FollowUpPayload,
} from '../../commands/schedule/create-follow-up.js';
import {
  KnownEvent,
  recordEvents,
  setRecordEvent,
  SetRecordEventInput,
} from '../../commands/schedule/set-record-event.js';
import type { Context } from '../../context.js';
import { Department } from '../../entities/organisation/department.js';
import { User } from '../../entities/organisation/user.js';
import { FollowUp, FollowUpEvent } from '../../entities/schedule/follow-up.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import { departmentById, personById } from '../../queries/organisation/people.js';
import {
  eventsOf,
  followUp,
  followUpById,
  FollowUpConnection,
  FollowUpFilter,
  followUps,
  subjectTitle,
} from '../../queries/schedule/follow-ups.js';

@Resolver(() => FollowUp)
export class FollowUpResolver {
  @Query(() => FollowUpConnection, {
    description:
      'The follow-ups that you may see, soonest due first; those that wait for an event come last.',
  })
  followUps(
    @Arg('filter', () => FollowUpFilter, { nullable: true, description: 'Which ones; all when not given.' })
    filter: FollowUpFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<FollowUp>> {
    return followUps(ctx, filter, page);
  }

  @Query(() => FollowUp, {
    nullable: true,
    description: 'A follow-up; NOT_FOUND when there is none, or it is out of your scope.',
  })
  followUp(
    @Arg('id', () => ID, { description: 'The follow-up.' }) id: string,
    @Ctx() ctx: Context,
  ): Promise<FollowUp> {
    return followUp(ctx, id);
  }

  @Query(() => [KnownEvent], { description: 'The events of a record that rules may hang on, by name.' })
  recordEvents(
    @Arg('subjectType', () => RecordKind, { description: 'What kind of record.' }) kind: RecordKind,
    @Arg('subjectId', () => ID, { description: 'The record.' }) id: string,
    @Ctx() ctx: Context,
  ): Promise<KnownEvent[]> {
    return recordEvents(ctx, kind, id);
  }

  @Mutation(() => [KnownEvent], {
    description:
      'Says when an event of a record is; what hangs on it moves. Answers all events of the record.',
  })
  setRecordEvent(
    @Arg('input', () => SetRecordEventInput, { description: 'Which, and when.' }) input: SetRecordEventInput,
    @Ctx() ctx: Context,
  ): Promise<KnownEvent[]> {
    return setRecordEvent(ctx, input);
  }

  @Mutation(() => FollowUpPayload, { description: 'Makes a follow-up, on a record or by itself.' })
  createFollowUp(
    @Arg('input', () => CreateFollowUpInput, { description: 'The new follow-up.' })
    input: CreateFollowUpInput,
    @Ctx() ctx: Context,
  ): Promise<FollowUpPayload> {
    return createFollowUp(ctx, input);
  }

  @Mutation(() => FollowUpPayload, {
    description: 'Ends a follow-up with its outcome, and makes the next one.',
  })
  completeFollowUp(
    @Arg('input', () => CompleteFollowUpInput, { description: 'Which, and what came of it.' })
    input: CompleteFollowUpInput,
    @Ctx() ctx: Context,
  ): Promise<FollowUpPayload> {
    return completeFollowUp(ctx, input);
  }

  @Mutation(() => FollowUpPayload, {
    description: 'Gives a follow-up another due time; its ladder begins anew.',
  })
  rescheduleFollowUp(
    @Arg('input', () => RescheduleFollowUpInput, { description: 'Which, when, and why.' })
    input: RescheduleFollowUpInput,
    @Ctx() ctx: Context,
  ): Promise<FollowUpPayload> {
    return rescheduleFollowUp(ctx, input);
  }

  @Mutation(() => FollowUpPayload, { description: 'Gives a follow-up to someone else, who is told.' })
  reassignFollowUp(
    @Arg('input', () => ReassignFollowUpInput, { description: 'Which, to whom, and why.' })
    input: ReassignFollowUpInput,
    @Ctx() ctx: Context,
  ): Promise<FollowUpPayload> {
    return reassignFollowUp(ctx, input);
  }

  @Mutation(() => FollowUpPayload, { description: 'Gives a follow-up up.' })
  cancelFollowUp(
    @Arg('input', () => CancelFollowUpInput, { description: 'Which, and why.' }) input: CancelFollowUpInput,
    @Ctx() ctx: Context,
  ): Promise<FollowUpPayload> {
    return cancelFollowUp(ctx, input);
  }

  @FieldResolver(() => String, { description: 'What is to be done, in the language of the request.' })
  title(@Root() { titleEn, titleZh }: FollowUp, @Ctx() { language }: Context): string {
    return { en: titleEn, zh: titleZh }[language];
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: 'What the record is called; null: it is about none, or you may not see it.',
  })
  subjectTitle(@Root() root: FollowUp, @Ctx() ctx: Context): Promise<string | null> {
    return subjectTitle(ctx, root);
  }

  @FieldResolver(() => User, { nullable: true, description: 'Whose it is; null: it is for a role.' })
  person(@Root() { personId }: FollowUp, @Ctx() ctx: Context): Promise<User> | null {
    return personId === null ? null : personById(ctx, personId);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Key of the role whose holders it is for.' })
  roleKey(@Root() { roleKey }: FollowUp): string | null {
    return roleKey;
  }

  @FieldResolver(() => Department, { nullable: true, description: 'Where the role is held; null: anywhere.' })
  roleDepartment(
    @Root() { roleDepartmentId }: FollowUp,
    @Ctx() ctx: Context,
  ): Promise<Department | null> | null {
    return roleDepartmentId === null ? null : departmentById(ctx, roleDepartmentId);
  }

  @FieldResolver(() => Boolean, { description: 'Whether it is open and past due.' })
  overdue(@Root() { status, dueAt }: FollowUp, @Ctx() { now }: Context): boolean {
    return status === 'OPEN' && dueAt !== null && new Date(dueAt) < now;
  }

  @FieldResolver(() => Int, {
    description: 'How long it has been overdue, in whole seconds of the calendar; 0: it is not.',
  })
  overdueSeconds(@Root() { status, dueAt }: FollowUp, @Ctx() { now }: Context): number {
    if (status !== 'OPEN' || dueAt === null) return 0;
    return Math.max(0, Math.min(2 ** 31 - 1, Math.floor((now.getTime() - new Date(dueAt).getTime()) / 1000)));
  }

  @FieldResolver(() => FollowUp, { nullable: true, description: 'The one that it follows.' })
  previous(@Root() { previousId }: FollowUp, @Ctx() ctx: Context): Promise<FollowUp | null> | null {
    return previousId === null ? null : followUpById(ctx, previousId);
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who ended it.' })
  doneBy(@Root() { doneById }: FollowUp, @Ctx() ctx: Context): Promise<User> | null {
    return doneById === null ? null : personById(ctx, doneById);
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who made it; null: a rule did.' })
  createdBy(@Root() { createdById }: FollowUp, @Ctx() ctx: Context): Promise<User> | null {
    return createdById === null ? null : personById(ctx, createdById);
  }

  @FieldResolver(() => [FollowUpEvent], { description: 'What happened to it, oldest first.' })
  events(@Root() { id }: FollowUp, @Ctx() ctx: Context): Promise<FollowUpEvent[]> {
    return eventsOf(ctx, id);
  }
}

@Resolver(() => FollowUpEvent)
export class FollowUpEventFields {
  @FieldResolver(() => User, { nullable: true, description: 'Who did it; null: it happened by itself.' })
  by(@Root() { byId }: FollowUpEvent, @Ctx() ctx: Context): Promise<User> | null {
    return byId === null ? null : personById(ctx, byId);
  }
}
