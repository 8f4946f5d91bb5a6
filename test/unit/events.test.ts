import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CHAT_PROVIDERS } from '../../src/workflows/chat/providers.js';
import { cutToBytes, oneParagraph, withoutMarkup } from '../../src/workflows/chat/chat-text.js';
import {
  EVENT_TYPES,
  eventsOf,
  isEventPattern,
  isWanted,
  type EventType,
} from '../../src/workflows/events.js';
import { retryAt } from '../../src/workflows/retry-after.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { aStep, submitted } from '../support/engine-builders.js';

describe('event types', () => {
  test('tell of every kind of subject whatever a request can do to it', () => {
    for (const subject of Object.keys(SUBJECT_TYPES))
      for (const word of [
        'submitted',
        'resubmitted',
        'returned',
        'approved',
        'rejected',
        'withdrawn',
        'cancelled',
        'expired',
      ])
        expect(Object.keys(EVENT_TYPES)).toContain(`${subject.toLowerCase()}.${word}`);
  });

  test('are wanted by name, by group, or all', () => {
    const wanted = (pattern: string): EventType[] =>
      (Object.keys(EVENT_TYPES) as EventType[]).filter((type) => isWanted(type, ['nothing', pattern]));
    expect(wanted('*')).toEqual(Object.keys(EVENT_TYPES));
    expect(wanted('approval.decided')).toEqual(['approval.decided']);
    expect(wanted('approval.step.*')).toEqual([
      'approval.step.opened',
      'approval.step.closed',
      'approval.step.skipped',
      'approval.step.blocked',
    ]);
    for (const sound of ['*', 'approval.*', 'approval.step.*', 'contract.approved'])
      expect(isEventPattern(sound)).toBe(true);
    for (const bad of [
      '',
      '.*',
      '*.*',
      'approval',
      'appro*',
      'approval.*.x',
      'nothing.*',
      'toString',
      '__proto__',
    ])
      expect([bad, isEventPattern(bad)]).toEqual([bad, false]);
  });

  test('have keys of their own that stay the same, and no words of people', () => {
    const { request, facts } = submitted({ steps: [aStep('one'), aStep('two', { by: 'cid' })] });
    const events = eventsOf(request, facts);
    expect(events.map(({ type }) => type)).toEqual([
      'approval.submitted',
      'contract.submitted',
      'approval.step.opened',
    ]);
    expect(eventsOf(request, facts)).toEqual(events);
    expect(new Set(events.map(({ key }) => key)).size).toBe(events.length);
    expect(events.map(({ key }) => key)[0]).toBe(`${request.id}/1/approval.submitted`);
    expect(JSON.stringify(events)).not.toContain(request.subject.title);
  });
});

describe('what a group robot is sent', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .array(
        fc.constantFrom(
          '<',
          '>',
          '@all',
          '<!channel>',
          '<at user_id="all">',
          '[a](b)',
          '\n',
          '\u202e',
          '合',
          '&',
        ),
        { maxLength: 30 },
      )
      .map((parts) => parts.join('')),
  );
  const robot = { url: 'https://robot.example/send?key=k', secret: null };
  const now = new Date('2026-03-02T09:00:00Z');

  test('has no sign in it that begins mark-up, and no line of its own', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(withoutMarkup(text)).not.toMatch(/[<>@#*_`~[\]!|\\&\p{Cc}\p{Cf}]/u);
        expect(oneParagraph(text)).not.toMatch(/[\n\r\u2028\u2029\p{Cf}]/u);
      }),
    );
  });

  test('keeps the bounds of the provider, whatever is said', () => {
    fc.assert(
      fc.property(anyText, fc.nat({ max: 5000 }), (text, repeat) => {
        const long = `${text}合`.repeat(1 + (repeat % 200));
        expect(Buffer.byteLength(cutToBytes(long, 100))).toBeLessThanOrEqual(100);
        const told = { title: long, text: long, link: { url: 'https://app.example/x', label: 'Open' } };
        const { content } = CHAT_PROVIDERS.WECOM.postOf(robot, told, now).body['markdown'] as {
          content: string;
        };
        expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4096);
        expect(content.split('\n')).toHaveLength(3);
        const slack = JSON.stringify(CHAT_PROVIDERS.SLACK.postOf(robot, { ...told, link: null }, now).body);
        expect(slack).not.toMatch(/<(!|@|#|at)[^"]*"type":"mrkdwn"/);
        expect((JSON.parse(slack) as { text: string }).text).not.toMatch(/[<>]/);
      }),
      { numRuns: 50 },
    );
  });
});

test('Retry-After is read as seconds or a date, never in the past, never beyond the bound', () => {
  const now = new Date('2026-03-02T09:00:00Z');
  const after = (header: string | null): number | null => {
    const at = retryAt(header, now);
    return at === null ? null : (at.getTime() - now.getTime()) / 1000;
  };
  expect(after('0')).toBe(0);
  expect(after(' 120 ')).toBe(120);
  expect(after('Mon, 02 Mar 2026 09:00:30 GMT')).toBe(30);
  expect(after('Mon, 02 Mar 2020 09:00:30 GMT')).toBe(0);
  expect(after('999999999')).toBe(21_600);
  expect(after('Mon, 02 Mar 2099 09:00:30 GMT')).toBe(21_600);
  for (const header of [null, '', 'soon', '-1', '9'.repeat(40)])
    expect([header, after(header)]).toEqual([header, null]);
});
