import type { Context } from '../../context.js';
import type { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import type { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { messageOf, type Refusal } from '../../errors.js';
import { readDb } from '../../entities/read-db.js';
import { requestOf } from './request-view.js';

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
  const [request, assignment] = await Promise.all([
    requestAfter(ctx, requestId),
    assignmentById(ctx, assignmentId),
  ]);
  if (!assignment) throw new Error(`assignment ${assignmentId} was decided on but does not exist`);
  return { request, assignment };
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

/** One assignment as it is stored; what belongs to it is read when it is asked for. null: there is none. */
export async function assignmentById(ctx: Context, id: string): Promise<ApprovalAssignment | null> {
  const row = await readDb(ctx.em)
    .selectFrom('approval_assignment')
    .select(COLUMNS)
    .where('id', '=', id)
    .executeTakeFirst();
  return (row ?? null) as unknown as ApprovalAssignment | null;
}

const COLUMNS = [
  'id',
  'request_id as requestId',
  'ordinal',
  'step_key as stepKey',
  'round',
  'attempt',
  'person_id as personId',
  'status',
  'rule',
  'hand_over_kind as handOverKind',
  'hand_over_from_id as handOverFromId',
  'opened_at as openedAt',
  'due_at as dueAt',
  'decided_at as decidedAt',
  'decided_by_id as decidedById',
  'comment',
  'evidence',
  'reason',
] as const;
