import { Arg, Ctx, FieldResolver, Query, Resolver, Root, type ClassType } from 'type-graphql';
import { previewEdit, PreviewEditInput } from '../../commands/approvals/preview-edit.js';
import type { Context } from '../../context.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { Contract } from '../../entities/contracts/contract.js';
import { Invoice } from '../../entities/contracts/invoice.js';
import { Quote } from '../../entities/contracts/quote.js';
import { StoredFile } from '../../entities/documents/stored-file.js';
import { User } from '../../entities/organisation/user.js';
import { Plan } from '../../entities/plans/plan.js';
import { Project } from '../../entities/projects/project.js';
import { requestOf } from '../../queries/approvals/request-view.js';
import {
  ApprovalStanding,
  editPreview,
  EditPreview,
  standingOf,
} from '../../queries/approvals/standing-view.js';
import { filesOf } from '../../queries/documents/files.js';
import { personById } from '../../queries/organisation/people.js';

@Resolver(() => ApprovalStanding)
export class StandingResolver {
  @Query(() => EditPreview, {
    description: 'Which approvals an edit would void, before it is made; nothing is written.',
  })
  async previewEdit(
    @Arg('input', () => PreviewEditInput, { description: 'The edit that you would make.' })
    input: PreviewEditInput,
    @Ctx() ctx: Context,
  ): Promise<EditPreview> {
    return editPreview(ctx, await previewEdit(ctx, input));
  }

  @FieldResolver(() => ApprovalRequest, { description: 'The request that approved it last.' })
  request(@Root() { requestId }: ApprovalStanding, @Ctx() ctx: Context): Promise<ApprovalRequest> {
    return requestOf(ctx, requestId);
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who changed it last; null: nobody.' })
  changedBy(@Root() { changedById }: ApprovalStanding, @Ctx() ctx: Context): Promise<User> | null {
    return changedById === null ? null : personById(ctx, changedById);
  }
}

function standingField(record: ClassType<{ id: string }>): abstract new () => object {
  @Resolver(() => record)
  abstract class StandingField {
    @FieldResolver(() => ApprovalStanding, {
      nullable: true,
      description: 'What stands of its approval; null: it was never approved, or was refused since.',
    })
    approvalStanding(@Root() { id }: { id: string }, @Ctx() ctx: Context): Promise<ApprovalStanding | null> {
      return standingOf(ctx, id);
    }

    @FieldResolver(() => [StoredFile], {
      description: 'Its files, in the order in which they were attached.',
    })
    attachments(@Root() { id }: { id: string }, @Ctx() ctx: Context): Promise<StoredFile[]> {
      return filesOf(ctx, id);
    }
  }
  return StandingField;
}

@Resolver(() => Contract)
export class ContractStanding extends standingField(Contract) {}

@Resolver(() => Quote)
export class QuoteStanding extends standingField(Quote) {}

@Resolver(() => Invoice)
export class InvoiceStanding extends standingField(Invoice) {}

@Resolver(() => Plan)
export class PlanStanding extends standingField(Plan) {}

@Resolver(() => Project)
export class ProjectStanding extends standingField(Project) {}
