import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Actor, Context } from '../../context.js';
import { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { User } from '../../entities/organisation/user.js';
import {
  ActionPermission,
  assignmentPermissionsOf,
  requestOf,
  StepReference,
  stepOfAssignment,
} from '../../queries/approvals/request-view.js';
import { personById } from '../../queries/organisation/people.js';

/** What a row of the inbox carries already, so that nothing more is read. */
type Carried = ApprovalAssignment & { readonly step?: StepReference; readonly request?: ApprovalRequest };

@Resolver(() => ApprovalAssignment)
export class AssignmentFields {
  @FieldResolver(() => StepReference, { description: 'The step it belongs to.' })
  step(@Root() assignment: Carried, @Ctx() ctx: Context): StepReference | Promise<StepReference> {
    return assignment.step ?? stepOfAssignment(ctx, assignment);
  }

  @FieldResolver(() => ApprovalRequest, { description: 'The request it belongs to.' })
  request(@Root() assignment: Carried, @Ctx() ctx: Context): ApprovalRequest | Promise<ApprovalRequest> {
    return assignment.request ?? requestOf(ctx, assignment.requestId);
  }

  @FieldResolver(() => User, { description: 'Whose chance it is.' })
  person(@Root() { personId }: ApprovalAssignment, @Ctx() ctx: Context): Promise<User> {
    return personById(ctx, personId);
  }

  @FieldResolver(() => User, {
    nullable: true,
    description: 'For whom the person acts, after an absence, delegation or transfer.',
  })
  onBehalfOf(@Root() { handOverFromId }: ApprovalAssignment, @Ctx() ctx: Context): Promise<User> | null {
    return handOverFromId === null ? null : personById(ctx, handOverFromId);
  }

  @FieldResolver(() => [ActionPermission], { description: 'What you may do with it now, and why not.' })
  viewerCan(@Root() assignment: ApprovalAssignment, @Ctx() ctx: Context): Promise<ActionPermission[]> {
    return assignmentPermissionsOf(ctx, assignment, ctx.actor as Actor);
  }
}
