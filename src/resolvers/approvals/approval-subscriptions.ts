import { Arg, Ctx, ID, Resolver, Root, Subscription, type SubscribeResolverData } from 'type-graphql';
import type { Context } from '../../context.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import {
  inboxChangeOf,
  inboxMessages,
  requestMessages,
  requestOfMessage,
  type InboxMessage,
  type RequestMessage,
} from '../../queries/approvals/changes.js';
import { InboxChange } from './payloads.js';

const inboxOfViewer = ({ context }: SubscribeResolverData): AsyncIterable<InboxMessage> =>
  inboxMessages(context as Context);
const changesOfRequest = ({ context, args }: SubscribeResolverData): Promise<AsyncIterable<RequestMessage>> =>
  requestMessages(context as Context, (args as { id: string }).id);

@Resolver()
export class ApprovalSubscriptions {
  @Subscription(() => InboxChange, {
    subscribe: inboxOfViewer,
    description: 'Tells when your inbox changes.',
  })
  inboxChanged(@Root() message: InboxMessage, @Ctx() ctx: Context): Promise<InboxChange> {
    return inboxChangeOf(ctx, message) as Promise<InboxChange>;
  }

  @Subscription(() => ApprovalRequest, {
    subscribe: changesOfRequest,
    description: 'Tells when a request that you may see changes.',
  })
  approvalRequestChanged(
    @Arg('id', () => ID, { description: 'The request.' }) _id: string,
    @Root() message: RequestMessage,
    @Ctx() ctx: Context,
  ): Promise<ApprovalRequest> {
    return requestOfMessage(ctx, message);
  }
}
