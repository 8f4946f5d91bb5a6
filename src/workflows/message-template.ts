import { z } from 'zod';
import { MESSAGE_KINDS } from './notification-preference.js';
import type { Problem } from './pack-file.js';

// The words of messages that leave the building, as packs write them (kind: message-templates).

/** Channels that have words of their own. */
const TEMPLATE_CHANNELS = ['mail', 'chat'] as const;
export type TemplateChannel = (typeof TEMPLATE_CHANNELS)[number];

/** Stands for every kind of message without a template of its own. */
const ANY_KIND = 'ANY';

/** What `{{…}}` may name. A value that there is none of, such as the amount of a project, is empty. */
export const PLACEHOLDERS = [
  'text',
  'title',
  'number',
  'step',
  'process',
  'amount',
  'requester',
  'person',
  'link',
] as const;
export type TemplateValues = Readonly<Record<(typeof PLACEHOLDERS)[number], string>>;

/** Words in one language. Without `html` the text stands in the HTML part as well. */
export interface MessageWords {
  readonly subject: string;
  readonly text: string;
  readonly html?: string | undefined;
}

export interface MessageTemplate {
  /** A kind of message, or ANY. */
  readonly for: string;
  readonly channel: TemplateChannel;
  readonly en: MessageWords;
  readonly zh: MessageWords;
}

const words = z.strictObject({
  subject: z.string().min(1).max(200),
  text: z.string().min(1).max(10_000),
  html: z.string().min(1).max(50_000).optional(),
});

export const messageTemplatesSchema = z.strictObject({
  kind: z.literal('message-templates'),
  templates: z
    .array(
      z.strictObject({
        for: z.string().min(1).max(40),
        channel: z.enum(TEMPLATE_CHANNELS),
        en: words,
        zh: words,
      }),
    )
    .min(1)
    .max(200),
});

export const templateKey = ({ for: kind, channel }: Pick<MessageTemplate, 'for' | 'channel'>): string =>
  `${kind}/${channel}`;

/** Keys under which the words of a message are looked for, the nearest first. */
export const templateKeysOf = (kind: string, channel: TemplateChannel): readonly [string, string] => [
  templateKey({ for: kind, channel }),
  templateKey({ for: ANY_KIND, channel }),
];

/** What everybody uses who has no template: the sentence of the message. */
export const DEFAULT_WORDS: MessageWords = { subject: '{{text}}', text: '{{text}}' };

/** What a chat group is told where no template says otherwise: its title tells what it is about. */
export const DEFAULT_CHAT_WORDS: MessageWords = { subject: '{{number}} {{title}}', text: '{{text}}' };

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

const isPlaceholder = (name: string): name is keyof TemplateValues =>
  (PLACEHOLDERS as readonly string[]).includes(name);

/** What a schema can't see: kinds that there are none of, placeholders that would stay empty for ever. */
export function* problemsOfTemplates({
  templates,
}: z.infer<typeof messageTemplatesSchema>): Generator<Problem> {
  for (const [index, template] of templates.entries()) {
    if (template.for !== ANY_KIND && !MESSAGE_KINDS.includes(template.for))
      yield {
        path: ['templates', index, 'for'],
        rule: 'unknown-reference',
        message: `no kind of message ${template.for}; there are ${ANY_KIND}, ${MESSAGE_KINDS.join(', ')}`,
      };
    for (const language of ['en', 'zh'] as const)
      for (const part of ['subject', 'text', 'html'] as const)
        for (const [, name = ''] of (template[language][part] ?? '').matchAll(PLACEHOLDER))
          if (!isPlaceholder(name))
            yield {
              path: ['templates', index, language, part],
              rule: 'unknown-reference',
              message: `no placeholder {{${name}}}; there are ${PLACEHOLDERS.join(', ')}`,
            };
  }
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in HTML, between tags or in a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => HTML[sign] as string);

const filled = (
  template: string,
  values: TemplateValues,
  as: (value: string) => string = (value) => value,
): string =>
  template.replace(PLACEHOLDER, (_, name: string) => (isPlaceholder(name) ? as(values[name]) : ''));

/** Control characters and line breaks of any kind become blanks: nothing gets into a header that is not its text. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();

/** Longest subject line; mail programs show less. */
const SUBJECT_MAX = 150;

function shortened(text: string): string {
  const signs = Array.from(text);
  return signs.length <= SUBJECT_MAX ? text : `${signs.slice(0, SUBJECT_MAX - 1).join('')}…`;
}

/** The words with their values. Values are data: a placeholder in one stays text, and HTML shows every sign as it is. */
export const fillWords = (
  template: MessageWords,
  values: TemplateValues,
): { readonly subject: string; readonly text: string; readonly html: string } => ({
  subject: shortened(oneLine(filled(template.subject, values))),
  text: filled(template.text, values),
  html:
    template.html === undefined
      ? escapeHtml(filled(template.text, values)).replaceAll(/\r?\n/g, '<br>\n')
      : filled(template.html, values, escapeHtml),
});
