import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { CHAT_PROVIDERS, type ChatProviderName } from '../../workflows/chat/providers.js';
import type { ChatOutcome, ChatText } from '../../workflows/chat/chat-text.js';
import { DEFAULT_CHAT_WORDS, fillWords } from '../../workflows/message-template.js';
import { retryAt } from '../../workflows/retry-after.js';
import { NotBefore, PermanentFailure, reasonOf, type ExternalChannel } from './channels.js';
import { valuesOf, wordsFor } from './message-words.js';
import type { Outbound } from './outbound.js';
import { CHAT_TEST, chatPayload, type ChatPayload } from './tell-chats.js';

/** Names shown of those whom a message is for. */
const NAMES_MAX = 10;

/** Title of a message that is about no request. */
const NO_TITLE = 'Countersign';

interface Group {
  readonly id: string;
  readonly kind: ChatProviderName;
  readonly url: string;
  readonly secret: string | null;
  readonly language: 'en' | 'zh';
  readonly enabled: boolean;
}

/** The channel `chat`: tells a group by its robot, in the provider's own form. A test is tried once, whatever the group is set to. */
export function chatChannel(
  outbound: Outbound,
  { frontendUrl }: { readonly frontendUrl: string | null },
): ExternalChannel {
  return async (ctx, message, signal) => {
    const payload = chatPayload.parse(message.payload);
    const isTest = payload.kind === CHAT_TEST;
    const group = await readGroup(ctx, message.receiver ?? '');
    if (!group) throw new PermanentFailure('the chat group was removed');
    if (!group.enabled && !isTest) throw new PermanentFailure('the chat group is switched off');
    const provider = CHAT_PROVIDERS[group.kind];
    const post = provider.postOf(group, await textOf(ctx, payload, group, frontendUrl), ctx.now);
    try {
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      const answer = await outbound.post(post.url, JSON.stringify(post.body), headers, signal);
      requireTaken(
        provider.outcomeOf(answer.code, answer.text),
        retryAt(answer.retryAfter, ctx.now),
        ctx.now,
      );
    } catch (error) {
      await record(ctx, group.id, { last_error: reasonOf(error) });
      throw isTest ? new PermanentFailure(reasonOf(error)) : error;
    }
    await record(ctx, group.id, { last_error: null, last_sent_at: ctx.now });
  };
}

/** @throws PermanentFailure, NotBefore, Error */
function requireTaken(outcome: ChatOutcome, asked: Date | null, now: Date): void {
  if (outcome.outcome === 'taken') return;
  if (outcome.outcome === 'never') throw new PermanentFailure(outcome.reason);
  if (outcome.afterSeconds === null) throw new Error(outcome.reason);
  throw new NotBefore(asked ?? new Date(now.getTime() + outcome.afterSeconds * 1000), outcome.reason);
}

const readGroup = async (ctx: Context, id: string): Promise<Group | undefined> =>
  (await readDb(ctx.em)
    .selectFrom('chat_channel')
    .select(['id', 'kind', 'url', 'secret', 'language', 'enabled'])
    .where('id', '=', id)
    .executeTakeFirst()) as Group | undefined;

async function textOf(
  ctx: Context,
  payload: ChatPayload,
  { language }: Group,
  frontendUrl: string | null,
): Promise<ChatText> {
  const { requestId, people } = payload;
  const url = frontendUrl === null || requestId === null ? null : `${frontendUrl}/requests/${requestId}`;
  const names = await namesOf(ctx, people);
  const person = `${names.join(language === 'zh' ? '、' : ', ')}${people.length > names.length ? ' …' : ''}`;
  const values = await valuesOf(ctx, payload, { language, person, link: url });
  const words = (await wordsFor(ctx, payload.kind, 'chat', language)) ?? DEFAULT_CHAT_WORDS;
  const { subject, text } = fillWords(words, values);
  const forWhom = person === '' ? '' : language === 'zh' ? `（${person}）` : ` (${person})`;
  return {
    title: subject === '' ? NO_TITLE : subject,
    text: `${text}${forWhom}`,
    link: url === null ? null : { url, label: language === 'zh' ? '查看' : 'Open' },
  };
}

async function namesOf(ctx: Context, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await readDb(ctx.em)
    .selectFrom('app_user')
    .select('name')
    .where('id', 'in', ids)
    .orderBy('name')
    .limit(NAMES_MAX)
    .execute();
  return rows.map(({ name }) => name);
}

async function record(
  ctx: Context,
  id: string,
  columns: { readonly last_error: string | null; readonly last_sent_at?: Date },
): Promise<void> {
  await readDb(ctx.em).updateTable('chat_channel').set(columns).where('id', '=', id).execute();
}
