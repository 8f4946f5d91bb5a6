import { Arg, Ctx, FieldResolver, ID, Int, Resolver, Root } from 'type-graphql';
import type { Actor, Context } from '../../context.js';
import { ApprovalQuestion } from '../../entities/approvals/approval-question.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { ProcessVersion } from '../../entities/approvals/process-version.js';
import { SubjectType } from '../../entities/approvals/enums.js';
import { Money } from '../../entities/money.js';
import { User } from '../../entities/organisation/user.js';
import { questionsOf, readersOf } from '../../queries/approvals/request-talk.js';
import { EventView, eventsOf } from '../../queries/approvals/request-events.js';
import {
  ActionPermission,
  processOf,
  ProcessReference,
  requestPermissionsOf,
  stepsOfRequest,
  StepView,
  titleOfProcess,
} from '../../queries/approvals/request-view.js';
import { ApprovalSubject, subjectOf } from '../../queries/approvals/subject-of.js';
import { personById } from '../../queries/organisation/people.js';

/** What a row of a list may carry already, so that nothing more is read. */
type Carried = ApprovalRequest & { readonly owner?: User; readonly requester?: User };

@Resolver(() => ApprovalRequest)
export class RequestFields {
  @FieldResolver(() => Money, { nullable: true, description: "The subject's amount when it was submitted." })
  amount(@Root() { amount, currency }: Carried): Money | null {
    return amount === null || currency === null ? null : { amount, currency };
  }

  @FieldResolver(() => User, { description: 'Who answers for the subject.' })
  owner(@Root() request: Carried, @Ctx() ctx: Context): User | Promise<User> {
    return request.owner ?? personById(ctx, request.ownerId);
  }

  @FieldResolver(() => User, { description: 'Who submitted it.' })
  requester(@Root() request: Carried, @Ctx() ctx: Context): User | Promise<User> {
    return request.requester ?? personById(ctx, request.requesterId);
  }

  @FieldResolver(() => ApprovalSubject, {
    nullable: true,
    description: 'The subject as it is now; null when you may not see it.',
  })
  subject(
    @Root() { subjectType, subjectId }: ApprovalRequest,
    @Ctx() ctx: Context,
  ): Promise<typeof ApprovalSubject | null> {
    return subjectOf(ctx, subjectType, subjectId);
  }

  @FieldResolver(() => ProcessReference, {
    description: 'The version of the process definition it is pinned to.',
  })
  process(@Root() { id }: ApprovalRequest, @Ctx() ctx: Context): Promise<ProcessReference> {
    return processOf(ctx, id);
  }

  @FieldResolver(() => [StepView], {
    description: 'All steps in reading order; those not reached are WAITING.',
  })
  steps(
    @Root() request: ApprovalRequest,
    @Arg('round', () => Int, { nullable: true, description: 'The round; the present one when not given.' })
    round: number | null,
    @Ctx() ctx: Context,
  ): Promise<StepView[]> {
    return stepsOfRequest(ctx, request.id, round);
  }

  @FieldResolver(() => [EventView], { description: 'What happened, in order.' })
  events(@Root() { id }: ApprovalRequest, @Ctx() ctx: Context): Promise<EventView[]> {
    return eventsOf(ctx, id);
  }

  @FieldResolver(() => [ApprovalQuestion], { description: 'Questions of its approvers, oldest first.' })
  questions(@Root() { id }: ApprovalRequest, @Ctx() ctx: Context): Promise<ApprovalQuestion[]> {
    return questionsOf(ctx, id);
  }

  @FieldResolver(() => [User], { description: 'People copied in, who read along.' })
  async readers(@Root() { id }: ApprovalRequest, @Ctx() ctx: Context): Promise<User[]> {
    return Promise.all((await readersOf(ctx, id)).map((personId) => personById(ctx, personId)));
  }

  @FieldResolver(() => [ActionPermission], { description: 'What you may do with the request now.' })
  viewerCan(@Root() { id }: ApprovalRequest, @Ctx() ctx: Context): Promise<ActionPermission[]> {
    return requestPermissionsOf(ctx, id, ctx.actor as Actor);
  }
}

@Resolver(() => ApprovalQuestion)
export class QuestionFields {
  @FieldResolver(() => User, { description: 'Who asks.' })
  askedBy(@Root() { askedById }: ApprovalQuestion, @Ctx() ctx: Context): Promise<User> {
    return personById(ctx, askedById);
  }

  @FieldResolver(() => User, { description: 'Who is asked.' })
  askedOf(@Root() { askedOfId }: ApprovalQuestion, @Ctx() ctx: Context): Promise<User> {
    return personById(ctx, askedOfId);
  }
}

@Resolver(() => EventView)
export class EventFields {
  @FieldResolver(() => User, { nullable: true, description: 'Who did it; null: the system.' })
  actor(@Root() { actorId }: EventView, @Ctx() ctx: Context): Promise<User> | null {
    return actorId === null ? null : personById(ctx, actorId);
  }
}

@Resolver(() => ProcessVersion)
export class ProcessFields {
  @FieldResolver(() => String, { description: 'Title in your language.' })
  title(@Root() { definition }: ProcessVersion, @Ctx() ctx: Context): string {
    return titleOfProcess(definition, ctx.language);
  }

  @FieldResolver(() => SubjectType, { description: 'Kind of subject it approves.' })
  subjectType(@Root() { subjectType }: ProcessVersion): SubjectType {
    return subjectType as SubjectType;
  }

  @FieldResolver(() => ID, { description: 'Key and version in one, such as `contract-review@1`.' })
  name(@Root() { key, version }: ProcessVersion): string {
    return `${key}@${version}`;
  }
}
