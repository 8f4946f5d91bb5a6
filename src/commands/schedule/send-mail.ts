import { createHash } from 'node:crypto';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { readReceivers, type Receiver } from '../../entities/schedule/receiver-rows.js';
import { digestMail, mailOf, type MailFrame, type MailText } from '../../workflows/mail-text.js';
import { DEFAULT_WORDS, oneLine } from '../../workflows/message-template.js';
import { DEFAULT_PREFERENCE, endOfQuiet, groupOf } from '../../workflows/notification-preference.js';
import { linksToDecide } from '../approvals/decision-link.js';
import { NotBefore, PermanentFailure, type ExternalChannel, type OutgoingMessage } from './channels.js';
import { calendarOfReceiver } from './fan-out.js';
import { mailPayload, type MailPayload } from './mail-payload.js';
import { valuesOf, wordsFor } from './message-words.js';

/** A mail, complete. */
export interface Mail extends MailText {
  readonly to: { readonly name: string; readonly address: string };
  /** The same for every try of one message, so that mail programs recognise a repeat. */
  readonly messageId: string;
}

/** Hands a mail to the server. @throws PermanentFailure when the server refuses this mail for good */
export type SendMail = (mail: Mail, signal: AbortSignal) => Promise<void>;

export interface MailSettings {
  /** Domain of the sender, in which message ids are made. */
  readonly domain: string;
  /** Address of this server as people reach it, without a slash at its end; null: no decision links. */
  readonly publicUrl: string | null;
  /** Address of the front end; null: no links into it. */
  readonly frontendUrl: string | null;
}

/** What an address may look like before it gets near a mail server: no blanks, no brackets, one @. */
const ADDRESS = /^[^\s@<>(),;:"\\[\]\p{Cc}]{1,64}@[^\s@<>(),;:"\\[\]\p{Cc}]{1,255}$/u;

/** The channel `mail`: renders each message for its receiver as it is sent. */
export function mailChannel(send: SendMail, settings: MailSettings): ExternalChannel {
  return async (ctx, message, signal) => {
    const payload = mailPayload.parse(message.payload);
    const [receiver] = await readReceivers(ctx.em, message.receiver === null ? [] : [message.receiver]);
    if (!receiver?.active) throw new PermanentFailure('the person no longer works here');
    if (!ADDRESS.test(receiver.email)) throw new PermanentFailure('the person has no valid e-mail address');
    await requireNoQuiet(ctx, receiver, payload);
    const text =
      'digest' in payload
        ? await digestText(ctx, payload.digest, receiver, settings)
        : await messageText(ctx, payload, receiver, settings);
    await send(
      {
        ...text,
        to: { name: oneLine(receiver.name), address: receiver.email },
        messageId: messageIdOf(message, settings),
      },
      signal,
    );
  };
}

const messageIdOf = ({ key }: OutgoingMessage, { domain }: MailSettings): string =>
  `<${createHash('sha256').update(key).digest('hex').slice(0, 40)}@${domain}>`;

/** A try that comes in quiet hours waits for their end; digests have an hour of their own. */
async function requireNoQuiet(ctx: Context, receiver: Receiver, payload: MailPayload): Promise<void> {
  const preference = receiver.preference ?? DEFAULT_PREFERENCE;
  if ('digest' in payload || preference.quiet === null) return;
  if (preference.urgent.includes(groupOf(payload.kind))) return;
  const zone = preference.timeZone ?? (await calendarOfReceiver(ctx, receiver)).timeZone;
  const end = endOfQuiet(preference, zone, ctx.now);
  if (end !== null) throw new NotBefore(end, 'the person’s quiet hours');
}

const linkTo = ({ frontendUrl }: MailSettings, requestId: string | null): string | null =>
  frontendUrl === null || requestId === null ? null : `${frontendUrl}/requests/${requestId}`;

const frameFor = (receiver: Receiver, { frontendUrl }: MailSettings): Omit<MailFrame, 'link'> => ({
  language: receiver.language,
  settingsLink: frontendUrl === null ? null : `${frontendUrl}/settings/notifications`,
  decisions: [],
});

async function messageText(
  ctx: Context,
  payload: Exclude<MailPayload, { digest: string }>,
  receiver: Receiver,
  settings: MailSettings,
): Promise<MailText> {
  const link = linkTo(settings, payload.requestId);
  const { language } = receiver;
  const values = await valuesOf(ctx, payload, { language, person: receiver.name, link });
  const decisions =
    settings.publicUrl === null || payload.requestId === null
      ? []
      : await linksToDecide(ctx, { requestId: payload.requestId, personId: receiver.id }, settings.publicUrl);
  const words = (await wordsFor(ctx, payload.kind, 'mail', language)) ?? DEFAULT_WORDS;
  return mailOf(words, values, { ...frameFor(receiver, settings), link, decisions });
}

/** All notifications of the digest, as they read now. @throws PermanentFailure when nothing is left of it */
async function digestText(
  ctx: Context,
  digest: string,
  receiver: Receiver,
  settings: MailSettings,
): Promise<MailText> {
  const rows = await readDb(ctx.em)
    .selectFrom('notification')
    .select(['text_en', 'text_zh', 'request_id'])
    .where('digest_key', '=', digest)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  if (rows.length === 0) throw new PermanentFailure('nothing is left to tell');
  const messages = rows.map((row) => ({
    text: receiver.language === 'zh' ? row.text_zh : row.text_en,
    link: linkTo(settings, row.request_id),
  }));
  const day = digest.slice(digest.lastIndexOf('/') + 1);
  return digestMail(messages, day, { ...frameFor(receiver, settings), link: null });
}
