import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { amend, AmendInput } from '../../commands/approvals/amend.js';
import { decideMany, DecideManyInput } from '../../commands/approvals/decide-many.js';
import {
  pauseRequest,
  PauseRequestInput,
  reassignAssignment,
  ReassignInput,
  restartOnNewestVersion,
  RestartOnNewestVersionInput,
  resumeRequest,
  ResumeRequestInput,
  skipStep,
  SkipStepInput,
} from '../../commands/approvals/override.js';
import { DecisionInput } from '../../commands/approvals/review.js';
import {
  askForInformation,
  AskForInformationInput,
  commentOnRequest,
  CommentOnRequestInput,
  copyIn,
  CopyInInput,
  giveInformation,
  GiveInformationInput,
  removeApprover,
  takeBack,
} from '../../commands/approvals/verbs.js';
import { attachToRequest, AttachToRequestInput } from '../../commands/approvals/attach-to-request.js';
import type { Context } from '../../context.js';
import { decisionAfter, manyAfter, requestAfter } from '../../queries/approvals/after-command.js';
import { DecideManyPayload, DecisionPayload, RequestPayload } from './payloads.js';

/** What people do while a request runs, besides deciding. */
@Resolver()
export class VerbResolver {
  @Mutation(() => DecisionPayload, {
    description: 'Asks somebody, the requester unless another is named, while the request stays pending.',
  })
  async askForInformation(
    @Arg('input', () => AskForInformationInput, { description: 'What, and on what.' })
    input: AskForInformationInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await askForInformation(ctx, input));
  }

  @Mutation(() => DecisionPayload, {
    description: 'Changes fields of the subject that your step lists as editable; approve it afterwards.',
  })
  async amend(
    @Arg('input', () => AmendInput, { description: 'What, and on what.' }) input: AmendInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await amend(ctx, input));
  }

  @Mutation(() => DecisionPayload, {
    description: 'Takes back your own decision, while nothing after it has acted.',
  })
  async takeBack(
    @Arg('input', () => DecisionInput, { description: 'What, and on what.' }) input: DecisionInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await takeBack(ctx, input));
  }

  @Mutation(() => DecisionPayload, {
    description:
      'Takes away an approver whom you have added, while they have not decided; the assignment is theirs.',
  })
  async removeApprover(
    @Arg('input', () => DecisionInput, { description: 'What, and on what.' }) input: DecisionInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await removeApprover(ctx, input));
  }

  @Mutation(() => DecisionPayload, {
    description: "As an administrator, gives somebody's turn to another person; the comment is required.",
  })
  async reassignAssignment(
    @Arg('input', () => ReassignInput, { description: 'What, and on what.' }) input: ReassignInput,
    @Ctx() ctx: Context,
  ): Promise<DecisionPayload> {
    return decisionAfter(ctx, await reassignAssignment(ctx, input));
  }

  @Mutation(() => RequestPayload, {
    description: 'Answers a question that was put to you.',
  })
  async giveInformation(
    @Arg('input', () => GiveInformationInput, { description: 'What, and on what.' })
    input: GiveInformationInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await giveInformation(ctx, input)).requestId) };
  }

  @Mutation(() => RequestPayload, {
    description: 'Says something that decides nothing; who is mentioned is told.',
  })
  async commentOnRequest(
    @Arg('input', () => CommentOnRequestInput, { description: 'What, and on what.' })
    input: CommentOnRequestInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await commentOnRequest(ctx, input)).requestId) };
  }

  @Mutation(() => RequestPayload, {
    description: 'Lets people read along.',
  })
  async copyIn(
    @Arg('input', () => CopyInInput, { description: 'What, and on what.' }) input: CopyInInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await copyIn(ctx, input)).requestId) };
  }

  @Mutation(() => RequestPayload, { description: 'Adds files to a request, beside its decisions.' })
  async attachToRequest(
    @Arg('input', () => AttachToRequestInput, { description: 'What, and to what.' })
    input: AttachToRequestInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await attachToRequest(ctx, input)).requestId) };
  }

  @Mutation(() => RequestPayload, {
    description:
      'As an administrator, lets a request stand still, its clocks with it; the comment is required.',
  })
  async pauseRequest(
    @Arg('input', () => PauseRequestInput, { description: 'What, and on what.' }) input: PauseRequestInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await pauseRequest(ctx, input)).requestId) };
  }

  @Mutation(() => RequestPayload, {
    description:
      'As an administrator, lets a paused request go on; what was due moves by as long as it stood still.',
  })
  async resumeRequest(
    @Arg('input', () => ResumeRequestInput, { description: 'What, and on what.' }) input: ResumeRequestInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await resumeRequest(ctx, input)).requestId) };
  }

  @Mutation(() => RequestPayload, {
    description: 'As an administrator, goes past an open or blocked step; the comment is required.',
  })
  async skipStep(
    @Arg('input', () => SkipStepInput, { description: 'What, and on what.' }) input: SkipStepInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await skipStep(ctx, input)).requestId) };
  }

  @Mutation(() => RequestPayload, {
    description:
      'As an administrator, cancels a request and submits its subject on the newest version of its process; answers the new request.',
  })
  async restartOnNewestVersion(
    @Arg('input', () => RestartOnNewestVersionInput, { description: 'What, and on what.' })
    input: RestartOnNewestVersionInput,
    @Ctx() ctx: Context,
  ): Promise<RequestPayload> {
    return { request: await requestAfter(ctx, (await restartOnNewestVersion(ctx, input)).requestId) };
  }

  @Mutation(() => DecideManyPayload, {
    description: 'Decides many assignments, each on its own: the answer says which.',
  })
  async decideMany(
    @Arg('input', () => DecideManyInput, { description: 'What, and on what.' }) input: DecideManyInput,
    @Ctx() ctx: Context,
  ): Promise<DecideManyPayload> {
    return { results: await manyAfter(ctx, await decideMany(ctx, input)) };
  }
}
