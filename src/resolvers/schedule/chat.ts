import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  ChatChannelInput,
  createChatChannel,
  CreateChatChannelInput,
  deleteChatChannel,
  sendTestChatMessage,
  updateChatChannel,
  UpdateChatChannelInput,
} from '../../commands/schedule/chat-channels.js';
import type { Context } from '../../context.js';
import { ChatChannel } from '../../entities/schedule/chat-channel.js';
import {
  chatChannelAfter,
  ChatChannelPayload,
  chatChannels,
  type ChatChannelRow,
  DeleteChatChannelPayload,
} from '../../queries/schedule/chat-channels.js';

const payload = async (ctx: Context, { channelId }: { channelId: string }): Promise<ChatChannelPayload> => ({
  channel: await chatChannelAfter(ctx, channelId),
});

const WHICH = { description: 'Which group.' };

@Resolver(() => ChatChannel)
export class ChatResolver {
  @Query(() => [ChatChannel], {
    description: 'All chat groups that are told something, oldest first; at most 50.',
  })
  chatChannels(@Ctx() ctx: Context): Promise<ChatChannel[]> {
    return chatChannels(ctx);
  }

  @Mutation(() => ChatChannelPayload, {
    description:
      'Sets up a chat group. Whoever is in it will read the messages that it is told, titles and comments included.',
  })
  async createChatChannel(
    @Ctx() ctx: Context,
    @Arg('input', () => CreateChatChannelInput, { description: 'The group.' }) input: CreateChatChannelInput,
  ): Promise<ChatChannelPayload> {
    return payload(ctx, await createChatChannel(ctx, input));
  }

  @Mutation(() => ChatChannelPayload, { description: 'Changes a chat group.' })
  async updateChatChannel(
    @Ctx() ctx: Context,
    @Arg('input', () => UpdateChatChannelInput, { description: 'What changes.' })
    input: UpdateChatChannelInput,
  ): Promise<ChatChannelPayload> {
    return payload(ctx, await updateChatChannel(ctx, input));
  }

  @Mutation(() => DeleteChatChannelPayload, { description: 'Forgets a chat group.' })
  async deleteChatChannel(
    @Ctx() ctx: Context,
    @Arg('input', () => ChatChannelInput, WHICH) input: ChatChannelInput,
  ): Promise<DeleteChatChannelPayload> {
    return { id: (await deleteChatChannel(ctx, input)).channelId };
  }

  @Mutation(() => ChatChannelPayload, {
    description: 'Sends a chat group a test message, once, enabled or not; `lastError` tells how it went.',
  })
  async sendTestChatMessage(
    @Ctx() ctx: Context,
    @Arg('input', () => ChatChannelInput, WHICH) input: ChatChannelInput,
  ): Promise<ChatChannelPayload> {
    return payload(ctx, await sendTestChatMessage(ctx, input));
  }

  @FieldResolver(() => String, { description: 'The host of the robot; the rest of its address is secret.' })
  host(@Root() { host }: ChatChannelRow): string {
    return host;
  }

  @FieldResolver(() => Boolean, { description: 'Whether its messages are signed.' })
  signed(@Root() { signed }: ChatChannelRow): boolean {
    return signed;
  }
}
