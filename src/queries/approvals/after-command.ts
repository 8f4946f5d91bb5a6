import type { Context } from '../../context.js';
import type { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import type { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { messageOf, type Refusal } from '../../errors.js';
import { assignmentView, requestOf, storedRequest } from './request-view.js';

/** The request as a command has left it: nothing read before it in this operation is used again. */
export function requestAfter(ctx: Context, requestId: string): Promise<ApprovalRequest> {
  ctx.loaders.clear();
  return requestOf(ctx, requestId);
}

/** The assignment and its request as a command has left them. */
export async function decisionAfter(
  ctx: Context,
  { assignmentId, requestId }: { readonly assignmentId: string; readonly requestId: string },
): Promise<{ assignment: ApprovalAssignment; request: ApprovalRequest }> {
  const request = await requestAfter(ctx, requestId);
  return { request, assignment: await assignmentIn(ctx, requestId, assignmentId) };
}

/** One outcome of a list of decisions. */
interface Outcome {
  readonly item: { readonly assignmentId: string };
  readonly reviewed?: { readonly requestId: string };
  readonly refused?: Refusal;
}

/** What a list of decisions has left, in its order. */
export function manyAfter(
  ctx: Context,
  outcomes: readonly Outcome[],
): Promise<
  {
    assignmentId: string;
    ok: boolean;
    code: string | null;
    message: string | null;
    request: ApprovalRequest | null;
  }[]
> {
  ctx.loaders.clear();
  return Promise.all(
    outcomes.map(async ({ item: { assignmentId }, reviewed, refused }) => ({
      assignmentId,
      ok: refused === undefined,
      code: refused?.code ?? null,
      message: refused ? messageOf(refused.code, refused.details, ctx.language) : null,
      request: reviewed ? await requestOf(ctx, reviewed.requestId) : null,
    })),
  );
}

/** One assignment of a request, by its id. */
export async function assignmentIn(
  ctx: Context,
  requestId: string,
  assignmentId: string,
): Promise<ApprovalAssignment> {
  const stored = await storedRequest(ctx, requestId);
  const assignment = stored.state.assignments[stored.assignmentIds.indexOf(assignmentId)];
  if (!assignment) throw new Error(`assignment ${assignmentId} does not belong to request ${requestId}`);
  return assignmentView(stored, assignment);
}
