import type { Actor, BusMessage, Context } from '../../context.js';
import type { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import type { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { refusal } from '../../errors.js';
import { RESYNC_TOPIC } from '../../bus.js';
import { assignmentById } from './after-command.js';
import { requestIfVisible } from './request-view.js';

export type InboxMessage = BusMessage;
export interface RequestMessage {
  readonly requestId: string;
}

/** Notices about the viewer's own inbox. */
export const inboxMessages = (ctx: Context): AsyncIterable<InboxMessage> =>
  ctx.services.bus.subscribe(`inbox:${(ctx.actor as Actor).id}`);

/** The change with its assignment as it is now; after a gap, the word to read everything again. */
export async function inboxChangeOf(
  ctx: Context,
  { topic, payload }: InboxMessage,
): Promise<{ change: string; assignmentId: string | null; assignment: ApprovalAssignment | null }> {
  if (topic === RESYNC_TOPIC) return { change: 'RESYNC', assignmentId: null, assignment: null };
  ctx.loaders.clear();
  const assignmentId = String(payload['assignmentId']);
  const assignment = await assignmentById(ctx, assignmentId);
  return { change: String(payload['change']), assignmentId, assignment };
}

/** Notices about one request. @throws NOT_FOUND when the viewer may not see it */
export async function requestMessages(ctx: Context, id: string): Promise<AsyncIterable<RequestMessage>> {
  const request = await requestIfVisible(ctx, id);
  if (!request) throw refusal('NOT_FOUND', { what: 'approval request' });
  return asRequest(ctx.services.bus.subscribe(`request:${request.id}`), request.id);
}

async function* asRequest(
  messages: AsyncIterable<BusMessage>,
  requestId: string,
): AsyncGenerator<RequestMessage> {
  for await (const _ of messages) yield { requestId };
}

/** The request as it is now, as long as the viewer may see it. @throws NOT_FOUND */
export async function requestOfMessage(
  ctx: Context,
  { requestId }: RequestMessage,
): Promise<ApprovalRequest> {
  ctx.loaders.clear();
  const request = await requestIfVisible(ctx, requestId);
  if (!request) throw refusal('NOT_FOUND', { what: 'approval request' });
  return request;
}
