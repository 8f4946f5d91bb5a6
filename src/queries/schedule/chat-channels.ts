import { Field, ID, ObjectType } from 'type-graphql';
import { sql } from 'kysely';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { ChatChannel } from '../../entities/schedule/chat-channel.js';
import { refusal } from '../../errors.js';
import { CHAT_CHANNELS_MAX } from '../../limits.js';

/** A group as administrators see it: of its address the host alone, of its secret that there is one. */
export type ChatChannelRow = ChatChannel & { readonly host: string; readonly signed: boolean };

@ObjectType({ description: 'A chat group as it is now.' })
export class ChatChannelPayload {
  @Field(() => ChatChannel, { description: 'The group.' })
  channel!: ChatChannel;
}

@ObjectType({ description: 'The chat group that is gone.' })
export class DeleteChatChannelPayload {
  @Field(() => ID, { description: 'Its id.' })
  id!: string;
}

const select = (ctx: Context) =>
  readDb(ctx.em)
    .selectFrom('chat_channel')
    .select([
      'id',
      'kind',
      'name',
      sql<string>`substring(url from '^[a-z]+://([^/?#]*)')`.as('host'),
      sql<boolean>`secret is not null`.as('signed'),
      'language',
      'message_kinds as messageKinds',
      'department_id as departmentId',
      'role_key as roleKey',
      'enabled',
      'last_error as lastError',
      'last_sent_at as lastSentAt',
      'created_at as createdAt',
    ]);

/** All groups, oldest first. Addresses and secrets are not read. */
export async function chatChannels(ctx: Context): Promise<ChatChannelRow[]> {
  const rows = await select(ctx).orderBy('created_at').orderBy('id').limit(CHAT_CHANNELS_MAX).execute();
  return rows as unknown as ChatChannelRow[];
}

/** The group that a command has just changed. @throws NOT_FOUND when someone has removed it since */
export async function chatChannelAfter(ctx: Context, id: string): Promise<ChatChannelRow> {
  const row = await select(ctx).where('id', '=', id).executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'chat group' });
  return row as unknown as ChatChannelRow;
}
