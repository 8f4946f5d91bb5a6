import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';

@ObjectType({ description: 'What a decision changed.' })
export class DecisionPayload {
  @Field(() => ApprovalAssignment, { description: 'Your assignment, as it is now.' })
  assignment!: ApprovalAssignment;

  @Field(() => ApprovalRequest, { description: 'Its request, as it is now.' })
  request!: ApprovalRequest;
}

@ObjectType({ description: 'The request that a submission opened or went on with.' })
export class SubmitForApprovalPayload {
  @Field(() => ApprovalRequest, { description: 'The request, as it is now.' })
  request!: ApprovalRequest;
}

@ObjectType({ description: 'What a withdrawal ended.' })
export class WithdrawPayload {
  @Field(() => ApprovalRequest, { description: 'The request, as it is now.' })
  request!: ApprovalRequest;
}

@ObjectType({ description: 'Whom a nudge reached.' })
export class NudgePayload {
  @Field(() => ApprovalRequest, { description: 'The request, as it is now.' })
  request!: ApprovalRequest;
}

@ObjectType({ description: "What an administrator's action changed." })
export class RequestPayload {
  @Field(() => ApprovalRequest, { description: 'The request, as it is now.' })
  request!: ApprovalRequest;
}

@ObjectType({ description: 'What became of one decision of a list.' })
export class ManyResult {
  @Field(() => ID, { description: 'The assignment, as it was named.' })
  assignmentId!: string;

  @Field(() => Boolean, { description: 'Whether it was decided.' })
  ok!: boolean;

  @Field(() => String, { nullable: true, description: 'The code of the refusal; null when it was decided.' })
  code!: string | null;

  @Field(() => String, { nullable: true, description: 'Why it was refused, in your language.' })
  message!: string | null;

  @Field(() => ApprovalRequest, {
    nullable: true,
    description: 'The request as it is now; null when refused.',
  })
  request!: ApprovalRequest | null;
}

@ObjectType({ description: 'What became of a list of decisions.' })
export class DecideManyPayload {
  @Field(() => [ManyResult], { description: 'One for each item, in the same order.' })
  results!: ManyResult[];
}

export enum InboxChangeKind {
  ADDED = 'ADDED',
  REMOVED = 'REMOVED',
  CHANGED = 'CHANGED',
  RESYNC = 'RESYNC',
}
registerEnumType(InboxChangeKind, {
  name: 'InboxChangeKind',
  description: 'What happened to your inbox.',
  valuesConfig: {
    ADDED: { description: 'An assignment waits for you.' },
    REMOVED: { description: 'An assignment no longer waits for you.' },
    CHANGED: { description: 'An open assignment of yours changed.' },
    RESYNC: { description: 'Changes may have been missed: read the inbox again.' },
  },
});

@ObjectType({ description: 'A change of your inbox.' })
export class InboxChange {
  @Field(() => InboxChangeKind, { description: 'What happened.' })
  change!: InboxChangeKind;

  @Field(() => ID, { nullable: true, description: 'The assignment it is about; null for RESYNC.' })
  assignmentId!: string | null;

  @Field(() => ApprovalAssignment, {
    nullable: true,
    description: 'The assignment, as it is now; null for RESYNC.',
  })
  assignment!: ApprovalAssignment | null;
}
