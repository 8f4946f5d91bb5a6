import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { openQueueScreen, OpenQueueScreenPayload } from '../../commands/schedule/queue-screen.js';
import {
  replayOutboxMessage,
  ReplayOutboxMessageInput,
} from '../../commands/schedule/replay-outbox-message.js';
import type { Context } from '../../context.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import {
  deadOutboxMessages,
  outboxMessageAfter,
  OutboxMessageConnection,
  ReplayOutboxMessagePayload,
  type OutboxMessageView,
} from '../../queries/schedule/dead-outbox-messages.js';

@Resolver()
export class OutboxResolver {
  @Mutation(() => OpenQueueScreenPayload, {
    description:
      'A link, good once, to a screen that shows what waits in the queue. Nothing can be changed there.',
  })
  openQueueScreen(@Ctx() ctx: Context): Promise<OpenQueueScreenPayload> {
    return openQueueScreen(ctx);
  }

  @Query(() => OutboxMessageConnection, {
    description:
      'Messages that could not be delivered and wait for someone to send them again, newest first.',
  })
  deadOutboxMessages(
    @Ctx() ctx: Context,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<ConnectionOf<OutboxMessageView>> {
    return deadOutboxMessages(ctx, page);
  }

  @Mutation(() => ReplayOutboxMessagePayload, {
    description: 'Sends an undeliverable message again, under the same key.',
  })
  async replayOutboxMessage(
    @Ctx() ctx: Context,
    @Arg('input', () => ReplayOutboxMessageInput, { description: 'Which.' }) input: ReplayOutboxMessageInput,
  ): Promise<ReplayOutboxMessagePayload> {
    const { message } = await replayOutboxMessage(ctx, input);
    return { message: await outboxMessageAfter(ctx, message.id) };
  }
}
