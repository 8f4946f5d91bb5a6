import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { addApprover, AddApproverInput } from '../../commands/approvals/add-approver.js';
import { previewApproval, PreviewApprovalInput } from '../../commands/approvals/preview-approval.js';
import {
  cancelRequest,
  CancelRequestInput,
  nudge,
  NudgeInput,
  resubmit,
  ResubmitInput,
  unblockRequest,
  UnblockRequestInput,
  withdraw,
  WithdrawInput,
} from '../../commands/approvals/request-actions.js';
import {
  abstain,
  advise,
  approve,
  claimAssignment,
  ClaimInput,
  confirm,
  ConfirmInput,
  DecisionInput,
  delegateAssignment,
  DelegateInput,
  file,
  FileInput,
  reject,
  releaseAssignment,
  returnForChanges,
  ReturnInput,
  transferAssignment,
  TransferInput,
} from '../../commands/approvals/review.js';
import { eraseText, EraseTextInput } from '../../commands/approvals/erase-text.js';
import { submit, SubmitForApprovalInput } from '../../commands/approvals/submit.js';
import type { Context } from '../../context.js';
import type { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { SubjectType } from '../../entities/approvals/enums.js';
import { ProcessStatus, ProcessVersion } from '../../entities/approvals/process-version.js';
import { decisionAfter, requestAfter } from '../../queries/approvals/after-command.js';
import {
  ApprovalRequestConnection,
  ApprovalRequestFilter,
  approvalRequests,
} from '../../queries/approvals/approval-requests.js';
import { evidenceCertificate, EvidenceCertificate } from '../../queries/approvals/evidence-certificate.js';
import { AssignmentConnection, inbox, InboxFilter } from '../../queries/approvals/inbox.js';
import { ApprovalPreview, previewView } from '../../queries/approvals/preview-view.js';
import { processDefinitions } from '../../queries/approvals/process-definitions.js';
import { requestIfVisible } from '../../queries/approvals/request-view.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import {
  DecisionPayload,
  NudgePayload,
  RequestPayload,
  SubmitForApprovalPayload,
  WithdrawPayload,
} from './payloads.js';

@Resolver()
export class ApprovalResolver {
  @Query(() => AssignmentConnection, { description: 'What waits for you, most urgent first.' })
  inbox(
    @Arg('filter', () => InboxFilter, { nullable: true, description: 'Narrows the list.' })
    filter: InboxFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<ApprovalAssignment>> {
    return inbox(ctx, filter ?? {}, page);
  }

  @Query(() => ApprovalRequest, {
    nullable: true,
    description: 'A request that you may see; null when there is none.',
  })
  approvalRequest(
    @Arg('id', () => ID, { description: 'Its id.' }) id: string,
    @Ctx() ctx: Context,
  ): Promise<ApprovalRequest | null> {
    return requestIfVisible(ctx, id);
  }

  @Query(() => ApprovalRequestConnection, { description: 'The requests that you may see, newest first.' })
  approvalRequests(
    @Arg('filter', () => ApprovalRequestFilter, { nullable: true, description: 'Narrows the list.' })
    filter: ApprovalRequestFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<ApprovalRequest>> {
    return approvalRequests(ctx, filter ?? {}, page);
  }

  @Query(() => ApprovalPreview, {
    description: 'The route a submission would take now if everyone agreed; nothing is written.',
  })
  async previewApproval(
    @Arg('input', () => PreviewApprovalInput, { description: 'What you would submit.' })
    input: PreviewApprovalInput,
    @Ctx() ctx: Context,
  ): Promise<ApprovalPreview> {
    return previewView(ctx, await previewApproval(ctx, input));
  }

  @Query(() => EvidenceCertificate, { description: 'The evidence of a request that you may see.' })
  evidenceCertificate(
    @Arg('requestId', () => ID, { description: 'The request.' }) requestId: string,
    @Ctx() ctx: Context,
  ): Promise<EvidenceCertificate> {
    return evidenceCertificate(ctx, requestId);
  }

  @Query(() => [ProcessVersion], { description: 'The process definitions, all versions; at most 500.' })
  processDefinitions(
    @Arg('subjectType', () => SubjectType, { nullable: true, description: 'Only for this kind of subject.' })
    subjectType: SubjectType | null,
    @Arg('status', () => ProcessStatus, { nullable: true, description: 'Only in this state.' })
    status: ProcessStatus | null,
    @Ctx() ctx: Context,
  ): Promise<ProcessVersion[]> {
    return processDefinitions(ctx, subjectType, status);
  }

  @Mutation(() => SubmitForApprovalPayload, {
    description: 'Submits a subject: pins the process whose guard holds and asks the first approvers.',
  })
  async submitForApproval(
    @Arg('input', () => SubmitForApprovalInput, { description: 'What, and for what.' })
    input: SubmitForApprovalInput,
    @Ctx() ctx: Context,
  ): Promise<SubmitForApprovalPayload> {
    return { request: await requestAfter(ctx, (await submit(ctx, input)).requestId) };
  }

  @Mutation(() => DecisionPayload, { description: 'Approves.' })
  async approve(
    @Arg('input', () => DecisionInput, { description: 'Your decision.' }) input: DecisionInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await approve(ctx, input));
  }

  @Mutation(() => DecisionPayload, {
    description: 'Takes a turn out of its pool: the others of the pool wait until you decide or release it.',
  })
  async claimAssignment(
    @Arg('input', () => ClaimInput, { description: 'The assignment.' }) input: ClaimInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await claimAssignment(ctx, input));
  }

  @Mutation(() => DecisionPayload, { description: 'Puts a claimed turn back for everyone of its pool.' })
  async releaseAssignment(
    @Arg('input', () => ClaimInput, { description: 'The assignment.' }) input: ClaimInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await releaseAssignment(ctx, input));
  }

  @Mutation(() => DecisionPayload, { description: 'Rejects; what follows the definition says.' })
  async reject(
    @Arg('input', () => DecisionInput, { description: 'Your decision.' }) input: DecisionInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await reject(ctx, input));
  }

  @Mutation(() => DecisionPayload, { description: "Abstains: you leave the count of the step's formula." })
  async abstain(
    @Arg('input', () => DecisionInput, { description: 'Your decision.' }) input: DecisionInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await abstain(ctx, input));
  }

  @Mutation(() => DecisionPayload, {
    description: 'Gives an opinion in a step that asks for one; the comment is the opinion.',
  })
  async advise(
    @Arg('input', () => DecisionInput, { description: 'Your opinion.' }) input: DecisionInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await advise(ctx, input));
  }

  @Mutation(() => DecisionPayload, { description: "Records an outside party's yes, with evidence." })
  async confirm(
    @Arg('input', () => ConfirmInput, { description: 'The confirmation.' }) input: ConfirmInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await confirm(ctx, input));
  }

  @Mutation(() => DecisionPayload, { description: 'Files: gives the filing number.' })
  async file(
    @Arg('input', () => FileInput, { description: 'The filing.' }) input: FileInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await file(ctx, input));
  }

  @Mutation(() => DecisionPayload, {
    description: 'Returns for changes, to the requester or to an earlier step; the comment is required.',
  })
  async returnForChanges(
    @Arg('input', () => ReturnInput, { description: 'The return.' }) input: ReturnInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await returnForChanges(ctx, input));
  }

  @Mutation(() => DecisionPayload, {
    description: 'Hands your assignment to someone who decides on your behalf.',
  })
  async delegateAssignment(
    @Arg('input', () => DelegateInput, { description: 'The delegation.' }) input: DelegateInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await delegateAssignment(ctx, input));
  }

  @Mutation(() => DecisionPayload, { description: 'Hands your assignment over for good.' })
  async transferAssignment(
    @Arg('input', () => TransferInput, { description: 'The transfer.' }) input: TransferInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await transferAssignment(ctx, input));
  }

  @Mutation(() => DecisionPayload, { description: 'Asks a further approver before, beside or after you.' })
  async addApprover(
    @Arg('input', () => AddApproverInput, { description: 'Whom, and when.' }) input: AddApproverInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await addApprover(ctx, input));
  }

  @Mutation(() => SubmitForApprovalPayload, {
    description: 'Hands a returned request in again: its next round, with the subject as it is now.',
  })
  async resubmit(
    @Arg('input', () => ResubmitInput, { description: 'The request.' }) input: ResubmitInput,
    @Ctx() ctx: Context,
  ): Promise<SubmitForApprovalPayload> {
    return { request: await requestAfter(ctx, (await resubmit(ctx, input)).requestId) };
  }

  @Mutation(() => WithdrawPayload, {
    description: 'Withdraws your own request, while its definition allows it.',
  })
  async withdraw(
    @Arg('input', () => WithdrawInput, { description: 'The request.' }) input: WithdrawInput,
    @Ctx() ctx: Context,
  ): Promise<WithdrawPayload> {
    return { request: await requestAfter(ctx, (await withdraw(ctx, input)).requestId) };
  }

  @Mutation(() => NudgePayload, {
    description: 'Reminds the people who are being asked; once an hour at most.',
  })
  async nudge(
    @Arg('input', () => NudgeInput, { description: 'The request.' }) input: NudgeInput,
    @Ctx() ctx: Context,
  ): Promise<NudgePayload> {
    return { request: await requestAfter(ctx, (await nudge(ctx, input)).requestId) };
  }

  @Mutation(() => RequestPayload, {
    description: 'Cancels a request as an administrator; the comment is required.',
  })
  async cancelRequest(
    @Arg('input', () => CancelRequestInput, { description: 'The request.' }) input: CancelRequestInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await cancelRequest(ctx, input)).requestId) };
  }

  @Mutation(() => RequestPayload, {
    description: 'Asks again in blocked steps, with the organisation as it is now.',
  })
  async unblockRequest(
    @Arg('input', () => UnblockRequestInput, { description: 'The request.' }) input: UnblockRequestInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await unblockRequest(ctx, input)).requestId) };
  }

  @Mutation(() => RequestPayload, {
    description: 'Erases words from the record of a request, for good; the chain still verifies.',
  })
  async eraseText(
    @Arg('input', () => EraseTextInput, { description: 'Which words.' }) input: EraseTextInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await eraseText(ctx, input)).requestId) };
  }
}
