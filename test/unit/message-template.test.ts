import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { digestMail, mailOf } from '../../src/workflows/mail-text.js';
import {
  DEFAULT_WORDS,
  fillWords,
  oneLine,
  PLACEHOLDERS,
  type TemplateValues,
} from '../../src/workflows/message-template.js';
import { parsePack } from '../../src/workflows/pack.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';

const values = (more: Partial<TemplateValues> = {}): TemplateValues => ({
  ...(Object.fromEntries(PLACEHOLDERS.map((name) => [name, name.toUpperCase()])) as TemplateValues),
  ...more,
});
const words = 'en: { subject: "S {{title}}", text: "T {{ text }}" }\n    zh: { subject: S, text: T }';
const findings = (template: string): string[] =>
  parsePack(
    [
      { path: 'p/pack.yaml', text: 'key: p\nversion: 1\ntitle: P' },
      { path: 'p/messages.yaml', text: `kind: message-templates\ntemplates:\n  - ${template}` },
    ],
    SUBJECT_TYPES,
    { roles: [], calendars: [] },
  ).findings.map(({ line, column, rule, message }) => `${line}:${column} ${rule} ${message}`);

describe('the words of messages in a pack', () => {
  test('are taken with both languages and known placeholders', () => {
    expect(findings(`for: ASSIGNED\n    channel: mail\n    ${words}`)).toEqual([]);
    expect(findings(`for: ANY\n    channel: mail\n    ${words}`)).toEqual([]);
  });

  test('an unknown placeholder, kind or channel, a missing language, a repeated key: each is found where it stands', () => {
    expect(
      findings(
        `for: ASSIGNED\n    channel: mail\n    ${words.replace('{{ text }}', '{{ password }} {{constructor}} {{}}')}`,
      ),
    ).toEqual([
      expect.stringMatching(/^5:41 unknown-reference no placeholder {{password}}/),
      expect.stringMatching(/^5:41 unknown-reference no placeholder {{constructor}}/),
      expect.stringMatching(/^5:41 unknown-reference no placeholder {{}}/),
    ]);
    expect(findings(`for: ASIGNED\n    channel: mail\n    ${words}`)).toEqual([
      expect.stringMatching(/^3:10 unknown-reference no kind of message ASIGNED/),
    ]);
    expect(findings(`for: ENDED\n    channel: pigeon\n    ${words}`)).toHaveLength(1);
    expect(findings('for: ENDED\n    channel: mail\n    en: { subject: S, text: T }')).toEqual([
      expect.stringContaining('"zh" is missing'),
    ]);
    const twice = `for: ENDED\n    channel: mail\n    ${words}`;
    expect(findings(`${twice}\n  - ${twice}`)).toEqual([expect.stringContaining('duplicate-key')]);
  });
});

describe('filling words', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  const anything = fc.oneof(
    text,
    fc.constantFrom(
      '{{title}}',
      '$&',
      '$1',
      '<script>',
      '"\'&',
      'a\r\nBcc: x@y',
      '{{constructor}}',
      '\u2028',
    ),
  );

  test('values are data: no value is read as a template, opens a tag or an attribute, or breaks a subject line', () => {
    fc.assert(
      fc.property(anything, anything, (title, comment) => {
        const filled = fillWords(
          { subject: '{{title}}', text: '[{{title}}|{{text}}]', html: '<a title="{{title}}">{{text}}</a>' },
          values({ title, text: comment }),
        );
        expect(filled.text).toBe(`[${title}|${comment}]`);
        expect(filled.subject).toBe(
          Array.from(oneLine(title)).length <= 150 ? oneLine(title) : expect.stringMatching(/…$/u),
        );
        expect(filled.subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(filled.html.match(/[<>]/g)).toHaveLength(4);
        expect(filled.html.match(/"/g)).toHaveLength(2);
      }),
    );
  });

  test('without HTML the text stands there, line by line', () => {
    expect(fillWords({ subject: 'S', text: '<{{text}}>\nnext' }, values({ text: '&' })).html).toBe(
      '&lt;&amp;&gt;<br>\nnext',
    );
  });

  test('a long subject is cut between signs', () => {
    const { subject } = fillWords(DEFAULT_WORDS, values({ text: '𝔄'.repeat(400) }));
    expect(Array.from(subject)).toHaveLength(150);
    expect(subject.isWellFormed()).toBe(true);
  });
});

describe('the frame of a mail', () => {
  test('has links only where there are addresses for them, and escapes what it shows', () => {
    const frame = { language: 'en', link: null, settingsLink: null, decisions: [] } as const;
    const bare = mailOf(DEFAULT_WORDS, values({ text: '<b>' }), frame);
    expect(bare.html).not.toContain('<a ');
    expect(bare.html).toContain('<title>&lt;b&gt;</title>');
    const linked = mailOf(DEFAULT_WORDS, values(), {
      ...frame,
      link: 'https://a.example/x?"><script>',
      decisions: [{ decision: 'APPROVE', link: 'https://b.example/decision/t' }],
    });
    expect(linked.html).not.toContain('<script>');
    expect(linked.text).toContain('\nApprove: https://b.example/decision/t\n');
  });

  test('a digest lists every message in both parts', () => {
    const messages = ['one', '<two>'].map((message) => ({ text: message, link: null }));
    const mail = digestMail(messages, '2024-05-20', {
      language: 'zh',
      link: null,
      settingsLink: null,
      decisions: [],
    });
    expect(mail.subject).toBe('2 条消息 · 2024-05-20');
    expect(mail.text).toContain('• one\n• <two>');
    expect(mail.html).toContain('<li>one</li>\n<li>&lt;two&gt;</li>');
  });
});
