import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import {
  templateKeysOf,
  type MessageTemplate,
  type MessageWords,
  type TemplateChannel,
  type TemplateValues,
} from '../../workflows/message-template.js';

/** What is told: its sentence, and the request and step that it is about. */
export interface ToldMessage {
  readonly textEn: string;
  readonly textZh: string;
  readonly requestId: string | null;
  readonly step: string | null;
}

/** What placeholders stand for in a message to someone, in their language. */
export async function valuesOf(
  ctx: Context,
  { textEn, textZh, requestId, step }: ToldMessage,
  to: { readonly language: 'en' | 'zh'; readonly person: string; readonly link: string | null },
): Promise<TemplateValues> {
  const about = requestId === null ? null : await aboutRequest(ctx, requestId, step);
  const zh = to.language === 'zh';
  return {
    text: zh ? textZh : textEn,
    title: about?.title ?? '',
    number: about?.number ?? '',
    step: (zh ? about?.step_zh : about?.step_en) ?? '',
    process: (zh ? (about?.process_zh ?? about?.process_en) : about?.process_en) ?? '',
    amount: about?.amount == null ? '' : `${about.currency ?? ''} ${about.amount}`.trim(),
    requester: about?.requester ?? '',
    person: to.person,
    link: to.link ?? '',
  };
}

function aboutRequest(ctx: Context, requestId: string, step: string | null) {
  return readDb(ctx.em)
    .selectFrom('approval_request as request')
    .innerJoin('app_user as requester', 'requester.id', 'request.requester_id')
    .innerJoin('process_version as process', 'process.id', 'request.process_version_id')
    .leftJoin('approval_step as step', (join) =>
      join
        .onRef('step.request_id', '=', 'request.id')
        .onRef('step.round', '=', 'request.round')
        .on('step.key', '=', step ?? ''),
    )
    .select([
      'request.title',
      'request.number',
      'request.amount',
      'request.currency',
      'requester.name as requester',
    ])
    .select(['step.title_en as step_en', 'step.title_zh as step_zh'])
    .select((from) => [
      from
        .ref('process.definition', '->')
        .key('title' as never)
        .key('en' as never)
        .$castTo<string>()
        .as('process_en'),
      from
        .ref('process.definition', '->')
        .key('title' as never)
        .key('zh' as never)
        .$castTo<string | null>()
        .as('process_zh'),
    ])
    .where('request.id', '=', requestId)
    .orderBy('step.attempt', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The words that packs give a kind of message on a channel, or any kind; undefined where none does. */
export async function wordsFor(
  ctx: Context,
  kind: string,
  channel: TemplateChannel,
  language: 'en' | 'zh',
): Promise<MessageWords | undefined> {
  const keys = templateKeysOf(kind, channel);
  const rows = await readDb(ctx.em)
    .selectFrom('message_template')
    .select(['key', 'definition'])
    .where('key', 'in', keys)
    .execute();
  const found = rows.find(({ key }) => key === keys[0]) ?? rows[0];
  return (found?.definition as unknown as MessageTemplate | undefined)?.[language];
}
