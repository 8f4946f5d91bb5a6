import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { ChatKind } from '../../entities/schedule/chat-channel.js';
import { isRowId } from '../../entities/is-row-id.js';
import { refusal } from '../../errors.js';
import { CHAT_CHANNELS_MAX, TITLE_MAX_LENGTH } from '../../limits.js';
import { CHAT_PROVIDERS } from '../../workflows/chat/providers.js';
import { MESSAGE_KINDS } from '../../workflows/notification-preference.js';
import { once } from '../idempotency.js';
import { check, checkNotNull, checkText, given, requireSound, trimmed, type Finding } from '../input.js';
import { inTransaction, requireId, type TransactionContext } from '../transaction.js';
import { CHAT_TEST, type ChatPayload } from './tell-chats.js';
import { checkAddress, requireManager } from './webhook-fields.js';

@InputType({ description: 'A chat group to be told.' })
export class CreateChatChannelInput {
  @Field(() => ChatKind, { description: 'Whose group robot it is.' })
  kind!: ChatKind;

  @Field(() => String, { description: 'What the group is called here; at most 200 characters.' })
  name!: string;

  @Field(() => String, {
    description: 'The address of the robot, as the provider gave it. Never shown again.',
  })
  url!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The secret to sign with, for DingTalk and Feishu. Never shown again.',
  })
  secret?: string | null;

  @Field(() => String, { description: '`en` or `zh`: in which it is told.' })
  language!: string;

  @Field(() => [String], {
    description: 'Kinds of messages that it is told, such as ASSIGNED; at least one.',
  })
  messageKinds!: string[];

  @Field(() => ID, {
    nullable: true,
    description: 'Only what people of this department and those below it are told.',
  })
  departmentId?: string | null;

  @Field(() => String, { nullable: true, description: 'Only what holders of this role are told.' })
  roleKey?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The same key and payload give the same group; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'Changes of a chat group; what is left out stays.' })
export class UpdateChatChannelInput {
  @Field(() => ID, { description: 'Which group.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'What it is called here.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'The address of its robot.' })
  url?: string | null;

  @Field(() => String, { nullable: true, description: 'The secret to sign with; null takes it away.' })
  secret?: string | null;

  @Field(() => String, { nullable: true, description: '`en` or `zh`.' })
  language?: string | null;

  @Field(() => [String], { nullable: true, description: 'Kinds of messages that it is told.' })
  messageKinds?: string[] | null;

  @Field(() => ID, { nullable: true, description: 'Only this department and those below it; null: any.' })
  departmentId?: string | null;

  @Field(() => String, { nullable: true, description: 'Only holders of this role; null: anybody.' })
  roleKey?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it is told anything.' })
  enabled?: boolean | null;
}

@InputType({ description: 'Which chat group.' })
export class ChatChannelInput {
  @Field(() => ID, { description: 'Id of the group.' })
  id!: string;
}

/** Longest secret that a provider gives, with room. */
const SECRET_MAX = 200;

type Fields = Omit<UpdateChatChannelInput, 'id'>;

/** Looks up the robot's host, so it is asked before a transaction begins. @throws BAD_USER_INPUT */
async function requireSoundAddress(
  ctx: Context,
  kind: ChatKind,
  url: string | null | undefined,
): Promise<void> {
  const fault = await checkAddress(ctx, url);
  requireSound(fault);
  if (!url) return;
  const { hosts } = CHAT_PROVIDERS[kind];
  const at = new URL(url.trim());
  const theirs = at.protocol === 'https:' && hosts.includes(at.hostname);
  requireSound(
    check(
      'url',
      theirs || ctx.services.outbound!.allows(url.trim()),
      `https at ${hosts.join(' or ')}, or a host of WEBHOOK_ALLOWED_HOSTS`,
    ),
  );
}

async function requireSoundFields(tx: TransactionContext, kind: ChatKind, fields: Fields): Promise<void> {
  const { name, secret, language, messageKinds, departmentId, roleKey, enabled } = fields;
  const db = readDb(tx.em);
  const department =
    departmentId && isRowId(departmentId)
      ? await db.selectFrom('department').select('id').where('id', '=', departmentId).executeTakeFirst()
      : undefined;
  const role = roleKey
    ? await db.selectFrom('role').select('key').where('key', '=', roleKey).executeTakeFirst()
    : undefined;
  requireSound(
    checkText('name', name, TITLE_MAX_LENGTH),
    ...(secret == null ? [] : [checkText('secret', secret, SECRET_MAX)]),
    check('secret', secret == null || CHAT_PROVIDERS[kind].takesSecret, 'none: this provider signs nothing'),
    checkNotNull('language', language),
    check('language', language == null || ['en', 'zh'].includes(language), 'en or zh'),
    ...checkKinds(messageKinds),
    check('departmentId', departmentId == null || department !== undefined, 'the id of a department'),
    check('roleKey', roleKey == null || role !== undefined, 'the key of a role'),
    checkNotNull('enabled', enabled),
  );
}

function checkKinds(kinds: readonly string[] | null | undefined): Finding[] {
  if (kinds === undefined) return [];
  const sound = kinds !== null && kinds.length > 0 && kinds.length <= MESSAGE_KINDS.length;
  if (!sound) return [{ path: 'messageKinds', rule: `1 to ${MESSAGE_KINDS.length} kinds` }];
  return kinds.map((kind, index) =>
    check(`messageKinds.${index}`, MESSAGE_KINDS.includes(kind), `one of ${MESSAGE_KINDS.join(', ')}`),
  );
}

const columnsOf = ({ name, url, secret, language, messageKinds, departmentId, roleKey, enabled }: Fields) =>
  given({
    name: trimmed(name),
    url: trimmed(url),
    secret: secret === undefined ? undefined : (secret?.trim() ?? null),
    language: language ?? undefined,
    message_kinds: messageKinds ? [...new Set(messageKinds)] : undefined,
    department_id: departmentId === undefined ? undefined : (departmentId?.toLowerCase() ?? null),
    role_key: roleKey,
    enabled: enabled ?? undefined,
  });

/** @throws BAD_USER_INPUT, FORBIDDEN, INVALID_STATE when there are too many, IDEMPOTENCY_CONFLICT */
export async function createChatChannel(
  ctx: Context,
  input: CreateChatChannelInput,
): Promise<{ channelId: string }> {
  const actor = requireManager(ctx, 'chat:manage');
  const { idempotencyKey, kind, ...fields } = input;
  await requireSoundAddress(ctx, kind, input.url);
  return inTransaction(ctx, (tx) =>
    once(tx, { name: 'create-chat-channel', key: idempotencyKey, payload: { kind, ...fields } }, async () => {
      const db = readDb(tx.em);
      await requireSoundFields(tx, kind, fields);
      // Its lock lets one at a time be counted and made.
      await db.selectFrom('organisation_revision').select('revision').forUpdate().execute();
      const known = await db.selectFrom('chat_channel').select('id').execute();
      if (known.length >= CHAT_CHANNELS_MAX)
        throw refusal('INVALID_STATE', {
          what: 'list of chat groups',
          status: `${known.length} of ${CHAT_CHANNELS_MAX}`,
        });
      const id = newRowId();
      const row = { ...columnsOf(fields), id, kind, created_by_id: actor.id, created_at: tx.now };
      await db
        .insertInto('chat_channel')
        .values(row as never)
        .execute();
      tx.log.info({ chat: id, by: actor.id }, 'a chat group was set up');
      return { channelId: id };
    }),
  );
}

/** The group's row under its lock. @throws NOT_FOUND */
async function lockChannel(tx: TransactionContext, id: string): Promise<{ id: string; kind: ChatKind }> {
  const row = await readDb(tx.em)
    .selectFrom('chat_channel')
    .select(['id', 'kind'])
    .where('id', '=', requireId(id, 'chat group'))
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'chat group' });
  return row as { id: string; kind: ChatKind };
}

/** @throws BAD_USER_INPUT, FORBIDDEN, NOT_FOUND */
export async function updateChatChannel(
  ctx: Context,
  { id, ...fields }: UpdateChatChannelInput,
): Promise<{ channelId: string }> {
  const actor = requireManager(ctx, 'chat:manage');
  const known = await readDb(ctx.em)
    .selectFrom('chat_channel')
    .select('kind')
    .where('id', '=', requireId(id, 'chat group'))
    .executeTakeFirst();
  if (!known) throw refusal('NOT_FOUND', { what: 'chat group' });
  await requireSoundAddress(ctx, known.kind as ChatKind, fields.url);
  return inTransaction(ctx, async (tx) => {
    const channel = await lockChannel(tx, id);
    await requireSoundFields(tx, channel.kind, fields);
    const columns = columnsOf(fields);
    if (Object.keys(columns).length > 0)
      await readDb(tx.em).updateTable('chat_channel').set(columns).where('id', '=', channel.id).execute();
    tx.log.info({ chat: channel.id, by: actor.id }, 'a chat group was changed');
    return { channelId: channel.id };
  });
}

/** Forgets the group, its address and what was still to be told. @throws FORBIDDEN, NOT_FOUND */
export async function deleteChatChannel(
  ctx: Context,
  { id }: ChatChannelInput,
): Promise<{ channelId: string }> {
  const actor = requireManager(ctx, 'chat:manage');
  return inTransaction(ctx, async (tx) => {
    const channel = await lockChannel(tx, id);
    const db = readDb(tx.em);
    await db
      .deleteFrom('outbox_message')
      .where('channel', '=', 'chat')
      .where('receiver', '=', channel.id)
      .where('state', '=', 'PENDING')
      .execute();
    await db.deleteFrom('chat_channel').where('id', '=', channel.id).execute();
    tx.log.info({ chat: channel.id, by: actor.id }, 'a chat group was removed');
    return { channelId: channel.id };
  });
}

/** Tells the group that this is a test, once, enabled or not. @throws FORBIDDEN, NOT_FOUND */
export async function sendTestChatMessage(
  ctx: Context,
  { id }: ChatChannelInput,
): Promise<{ channelId: string }> {
  const actor = requireManager(ctx, 'chat:manage');
  return inTransaction(ctx, async (tx) => {
    const channel = await lockChannel(tx, id);
    const payload: ChatPayload = {
      kind: CHAT_TEST,
      textEn: 'This is a test. Messages of Countersign will arrive here.',
      textZh: '这是一条测试消息，Countersign 的消息将发送到此群。',
      requestId: null,
      step: null,
      people: [actor.id],
    };
    const rowId = newRowId();
    await readDb(tx.em)
      .insertInto('outbox_message')
      .values({
        id: rowId,
        key: `${channel.id}/test/${rowId}`,
        channel: 'chat',
        receiver: channel.id,
        payload: JSON.stringify(payload),
        next_try_at: tx.now,
        created_at: tx.now,
      })
      .execute();
    tx.wakes.push({ what: 'outbox' });
    return { channelId: channel.id };
  });
}
