import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseCalendar } from '../../src/workflows/calendar.js';
import { localDateOf } from '../../src/workflows/duration.js';
import {
  anchorsOf,
  occurrenceOf,
  occurrencesBetween,
  parseScheduleRule,
} from '../../src/workflows/schedule-rule.js';
import type { Anchors, DueOccurrence } from '../../src/workflows/schedule-rule.js';

const pack = (name: string): unknown =>
  parse(readFileSync(new URL(`../../../packs/calendars/${name}.yaml`, import.meta.url), 'utf8'));
const office = parseCalendar(pack('monday-friday'));
const china = parseCalendar(pack('china'));

const at = (text: string): Date => new Date(text);
const iso = (date: Date): string => date.toISOString().replace('.000Z', 'Z');
const rule = (yaml: string) => parseScheduleRule(parse(yaml));
const day = (occurrence: DueOccurrence, calendar = office): string =>
  localDateOf(calendar.timeZone, occurrence.at);
const refusedInput = expect.objectContaining({ code: 'BAD_USER_INPUT' });

const dueOf = (yaml: string, anchors: Anchors, calendar = office): DueOccurrence => {
  const found = occurrenceOf(rule(yaml), anchors, calendar);
  if (found.status !== 'due') throw new Error(`expected a due time, got ${found.status}`);
  return found;
};
const daysBetween = (
  yaml: string,
  from: string,
  until: string,
  anchors: Anchors = {},
  calendar = office,
): string[] =>
  occurrencesBetween(rule(yaml), at(`${from}T00:00Z`), at(`${until}T00:00Z`), calendar, anchors).map(
    (found) => day(found, calendar),
  );

describe('days of the month', () => {
  test('X-01: the parts calendar of May and June 2024, moved by no holiday rule unless asked', () => {
    const on = (n: number, roll = 'none'): string[] =>
      daysBetween(`{kind: day-of-month, day: ${n}, roll: ${roll}}`, '2024-05-01', '2024-07-01');
    expect(on(6)).toEqual(['2024-05-06', '2024-06-06']);
    expect(on(10)).toEqual(['2024-05-10', '2024-06-10']);
    expect(on(15)).toEqual(['2024-05-15', '2024-06-15']);
    expect(on(15, 'previous-working-day')).toEqual(['2024-05-15', '2024-06-14']);
    expect(on(15, 'next-working-day')).toEqual(['2024-05-15', '2024-06-17']);
  });

  test('X-01 in China: 10 June 2024 is the Dragon Boat holiday', () => {
    const yaml = '{kind: day-of-month, day: 10, roll: next-working-day, at: close-of-business}';
    const found = dueOf(yaml, { now: at('2024-06-01T00:00Z') }, china);
    expect([found.key, iso(found.at)]).toEqual(['2024-06', '2024-06-11T10:00:00Z']);
  });

  test('the whole day counts when it is included, and none of it when it is not', () => {
    const now = at('2024-05-06T23:00Z');
    expect(iso(dueOf('{kind: day-of-month, day: 6}', { now }).at)).toBe('2024-05-06T23:59:59.999Z');
    expect(iso(dueOf('{kind: day-of-month, day: 6, reading: exclusive}', { now }).at)).toBe(
      '2024-06-05T23:59:59.999Z',
    );
    expect(iso(dueOf('{kind: day-of-month, day: 6, at: "18:00"}', { now }).at)).toBe('2024-06-06T18:00:00Z');
    expect(
      daysBetween('{kind: day-of-month, day: 1, reading: exclusive}', '2024-02-15', '2024-03-15'),
    ).toEqual(['2024-02-29']);
  });

  test('a day that the month does not have is its last', () => {
    expect(daysBetween('{kind: day-of-month, day: 31}', '2024-01-01', '2024-05-01')).toEqual([
      '2024-01-31',
      '2024-02-29',
      '2024-03-31',
      '2024-04-30',
    ]);
  });

  test('X-17: the receipts review on the last day of the month, 29 February 2024', () => {
    expect(daysBetween('{kind: last-day-of-month}', '2024-02-01', '2024-04-01')).toEqual([
      '2024-02-29',
      '2024-03-31',
    ]);
    expect(
      daysBetween('{kind: last-day-of-month, roll: previous-working-day}', '2024-03-01', '2024-04-01'),
    ).toEqual(['2024-03-29']);
    expect(daysBetween('{kind: last-day-of-month}', '2023-02-01', '2023-03-01')).toEqual(['2023-02-28']);
  });

  test('an occurrence rolled over the edge of the range is found where it falls', () => {
    const yaml = '{kind: last-day-of-month, roll: next-working-day}';
    expect(daysBetween(yaml, '2024-04-01', '2024-04-02')).toEqual(['2024-04-01']);
    expect(daysBetween(yaml, '2024-03-01', '2024-04-01')).toEqual([]);
    const [found] = occurrencesBetween(rule(yaml), at('2024-04-01T00:00Z'), at('2024-04-02T00:00Z'), office);
    expect(found?.key).toBe('2024-03');
  });

  test('a range begins with its first instant and ends before its last', () => {
    const yaml = '{kind: day-of-month, day: 6, at: "00:00"}';
    expect(daysBetween(yaml, '2024-05-06', '2024-06-06')).toEqual(['2024-05-06']);
  });

  test('the local date counts, not the UTC date', () => {
    const found = dueOf('{kind: day-of-month, day: 6}', { now: at('2024-05-01T00:00Z') }, china);
    expect(iso(found.at)).toBe('2024-05-06T15:59:59.999Z');
    // Still 5 May in UTC, already 6 May in Shanghai.
    expect(dueOf('{kind: day-of-month, day: 5}', { now: at('2024-05-05T17:00Z') }, china).key).toBe(
      '2024-06',
    );
  });
});

describe('weeks and years', () => {
  test('X-13: Monday afternoon, the 25th as a setting, January and July', () => {
    const monday = dueOf('{kind: weekday, weekday: monday, part: afternoon}', {
      now: at('2024-07-02T00:00Z'),
    });
    expect([iso(monday.opensAt!), iso(monday.at), monday.key]).toEqual([
      '2024-07-08T12:00:00Z',
      '2024-07-08T18:00:00Z',
      '2024-07-08',
    ]);
    const by25 = (month: string, roll: string): string =>
      day(dueOf(`{kind: day-of-month, day: 25, roll: ${roll}}`, { now: at(`2024-${month}-01T00:00Z`) }));
    expect([by25('02', 'none'), by25('02', 'previous-working-day')]).toEqual(['2024-02-25', '2024-02-23']);
    expect([by25('05', 'none'), by25('05', 'next-working-day')]).toEqual(['2024-05-25', '2024-05-27']);
    const halfYearly = '{kind: yearly-months, months: [1, 7]}';
    expect(daysBetween(halfYearly, '2024-01-01', '2025-01-01')).toEqual(['2024-01-31', '2024-07-31']);
    expect(daysBetween(halfYearly, '2024-06-01', '2024-07-01')).toEqual([]);
    expect(daysBetween('{kind: yearly-months, months: [1, 7], day: 10}', '2023-06-01', '2024-02-01')).toEqual(
      ['2023-07-10', '2024-01-10'],
    );
  });

  test('T-12: a daily report, on all days or on those worked', () => {
    const week = ['2024-09-27', '2024-10-09'] as const;
    expect(daysBetween('{kind: daily, days: working}', ...week, {}, china)).toEqual([
      '2024-09-27',
      '2024-09-29',
      '2024-09-30',
      '2024-10-08',
    ]);
    expect(daysBetween('{kind: daily}', ...week, {}, china)).toHaveLength(12);
  });

  test('T-26, T-27: a count for the period that now is in', () => {
    const visits = occurrenceOf(
      rule('{kind: count-per-period, period: week, target: 15}'),
      { now: at('2024-05-12T20:00Z') },
      office,
    );
    expect(visits).toEqual({
      status: 'period',
      key: '2024-05-06',
      from: at('2024-05-06T00:00Z'),
      until: at('2024-05-13T00:00Z'),
      target: 15,
    });
    const bounds = (period: string): string[] => {
      const found = occurrenceOf(
        rule(`{kind: count-per-period, period: ${period}, target: 8}`),
        { now: at('2024-08-31T20:00Z') },
        china,
      );
      return found.status === 'period' ? [iso(found.from), iso(found.until)] : [];
    };
    expect(bounds('day')).toEqual(['2024-08-31T16:00:00Z', '2024-09-01T16:00:00Z']);
    expect(bounds('month')).toEqual(['2024-08-31T16:00:00Z', '2024-09-30T16:00:00Z']);
    expect(bounds('quarter')).toEqual(['2024-06-30T16:00:00Z', '2024-09-30T16:00:00Z']);
    expect(bounds('half-year')).toEqual(['2024-06-30T16:00:00Z', '2024-12-31T16:00:00Z']);
    expect(bounds('year')).toEqual(['2023-12-31T16:00:00Z', '2024-12-31T16:00:00Z']);
  });

  test('T-07, T-40: windows that look back or ahead', () => {
    const window = (yaml: string): string[] => {
      const found = occurrenceOf(
        rule(`{kind: rolling-window, ${yaml}}`),
        { now: at('2024-02-29T10:00Z') },
        office,
      );
      return found.status === 'window' ? [iso(found.from), iso(found.until)] : [];
    };
    expect(window('span: {count: 3, unit: year}, direction: back')).toEqual([
      '2021-02-28T10:00:00Z',
      '2024-02-29T10:00:00Z',
    ]);
    expect(window('span: {count: 7, unit: day}, direction: ahead')).toEqual([
      '2024-02-29T10:00:00Z',
      '2024-03-07T10:00:00Z',
    ]);
    expect(window('span: {count: 1, unit: week}, direction: back, align: week')).toEqual([
      '2024-02-19T00:00:00Z',
      '2024-02-26T00:00:00Z',
    ]);
    expect(window('span: {count: 1, unit: week}, direction: ahead, align: week')).toEqual([
      '2024-03-04T00:00:00Z',
      '2024-03-11T00:00:00Z',
    ]);
  });
});

describe('after and before events', () => {
  const completion = at('2023-12-31T10:00Z');

  test('T-01, T-02: reports one and two months after completion, held to the month end', () => {
    const after = (months: number): string =>
      day(
        dueOf(`{kind: after-event, anchor: completion, offset: {count: ${months}, unit: month}}`, {
          completion,
        }),
      );
    expect([after(1), after(2), after(6)]).toEqual(['2024-01-31', '2024-02-29', '2024-06-30']);
  });

  test('T-03: from the third month, every second month, each counted from completion', () => {
    const yaml = '{kind: every-months, anchor: completion, firstAfter: 3, every: 2}';
    expect(daysBetween(yaml, '2024-01-01', '2025-01-01', { completion })).toEqual([
      '2024-03-31',
      '2024-05-31',
      '2024-07-31',
      '2024-09-30',
      '2024-11-30',
    ]);
    const next = dueOf(yaml, { completion, now: at('2024-10-01T00:00Z') });
    expect([next.key, day(next)]).toEqual(['#4', '2024-11-30']);
    expect(dueOf(yaml, { completion }).key).toBe('#0');
    expect(day(dueOf(`${yaml.slice(0, -1)}, times: 2}`, { completion, now: at('2030-01-01T00:00Z') }))).toBe(
      '2024-05-31',
    );
    expect(
      daysBetween(`${yaml.slice(0, -1)}, times: 2}`, '2024-01-01', '2025-01-01', { completion }),
    ).toHaveLength(2);
  });

  test('T-04: a visit every three months never drifts over short months', () => {
    const yaml = '{kind: every-months, anchor: completion, firstAfter: 3, every: 3, at: same-time}';
    const anchors = { completion: at('2023-11-30T10:00Z') };
    expect(daysBetween(yaml, '2024-01-01', '2025-04-01', anchors)).toEqual([
      '2024-02-29',
      '2024-05-30',
      '2024-08-30',
      '2024-11-30',
      '2025-02-28',
    ]);
    expect(iso(dueOf(yaml, anchors).at)).toBe('2024-02-29T10:00:00Z');
    // Far from the anchor the index is found, not counted up, and is the same.
    const far = dueOf(yaml, { ...anchors, now: at('2103-11-30T10:00Z') });
    expect([far.key, day(far)]).toEqual([`#${80 * 4 - 1}`, '2103-11-30']);
  });

  test('T-23: half a month is fifteen days, or what the rule says', () => {
    const anchors = { registration: at('2024-02-20T09:00Z') };
    const yaml = (more: string): string =>
      `{kind: after-event, anchor: registration, offset: {count: 1, unit: half-month${more}}}`;
    expect(day(dueOf(yaml(''), anchors))).toBe('2024-03-06');
    expect(day(dueOf(yaml(', halfMonthDays: 14'), anchors))).toBe('2024-03-05');
  });

  test('offsets in hours are exact, and in working days pass over weekends', () => {
    const anchors = { meeting: at('2024-05-10T17:30Z') };
    const of = (offset: string): string =>
      iso(dueOf(`{kind: after-event, anchor: meeting, offset: ${offset}}`, anchors).at);
    expect(of('{count: 2, unit: hour}')).toBe('2024-05-10T19:30:00Z');
    expect(of('{count: 2, unit: working-day}')).toBe('2024-05-14T23:59:59.999Z');
    expect(iso(dueOf('{kind: on-event, anchor: meeting}', anchors).at)).toBe('2024-05-10T17:30:00Z');
  });

  test('T-11: two weeks after the pile foundation starts; moving the start moves the limit', () => {
    const yaml = '{kind: after-event, anchor: pileFoundationStart, offset: {count: 2, unit: week}}';
    expect(day(dueOf(yaml, { pileFoundationStart: at('2024-03-04T08:00Z') }))).toBe('2024-03-18');
    expect(day(dueOf(yaml, { pileFoundationStart: at('2024-03-11T08:00Z') }))).toBe('2024-03-25');
    expect(anchorsOf(rule(yaml))).toEqual(['pileFoundationStart']);
  });

  test('a missing anchor is waited for, never guessed', () => {
    const yaml = '{kind: after-event, anchor: completion, offset: {count: 1, unit: month}}';
    expect(occurrenceOf(rule(yaml), {}, office)).toEqual({ status: 'waiting', for: ['completion'] });
    expect(occurrenceOf(rule(yaml), { completion: null }, office)).toEqual({
      status: 'waiting',
      for: ['completion'],
    });
    expect(occurrenceOf(rule('{kind: daily}'), {}, office)).toEqual({ status: 'waiting', for: ['now'] });
    expect(
      daysBetween(
        '{kind: every-months, anchor: completion, firstAfter: 1, every: 1}',
        '2024-01-01',
        '2025-01-01',
      ),
    ).toEqual([]);
  });
});

describe('two limits', () => {
  const deepening = `
kind: earliest-of
limits:
  - {kind: after-event, anchor: positioningMeeting, offset: {count: 3, unit: week}}
  - {kind: before-event, anchor: conceptPresentation, offset: {count: 1, unit: half-month}}`;
  const positioningMeeting = at('2024-03-01T09:00Z');

  test('T-08: within three weeks of A and half a month before B, the earlier wins', () => {
    expect(day(dueOf(deepening, { positioningMeeting, conceptPresentation: at('2024-05-01T09:00Z') }))).toBe(
      '2024-03-22',
    );
    expect(day(dueOf(deepening, { positioningMeeting, conceptPresentation: at('2024-03-30T09:00Z') }))).toBe(
      '2024-03-15',
    );
  });

  test('T-08: one known limit already binds, and says what may still bring it forward', () => {
    const found = dueOf(deepening, { positioningMeeting });
    expect([day(found), found.waitingFor]).toEqual(['2024-03-22', ['conceptPresentation']]);
    expect(occurrenceOf(rule(deepening), {}, office)).toEqual({
      status: 'waiting',
      for: ['positioningMeeting', 'conceptPresentation'],
    });
    expect(anchorsOf(rule(deepening))).toEqual(['positioningMeeting', 'conceptPresentation']);
  });

  const outline = `
kind: not-later-than
rule: {kind: after-event, anchor: handover, offset: {count: 2, unit: month}}
milestone: constructionDrawings`;
  const handover = at('2023-12-31T09:00Z');

  test('T-10: two months after the handover, not later than the construction drawings', () => {
    const kept = dueOf(outline, { handover, constructionDrawings: at('2024-03-10T09:00Z') });
    expect([day(kept), kept.violation]).toEqual(['2024-02-29', null]);
    const constructionDrawings = at('2024-02-20T09:00Z');
    const broken = dueOf(outline, { handover, constructionDrawings });
    expect(broken.at).toEqual(constructionDrawings);
    expect(broken.violation).toEqual({
      milestone: 'constructionDrawings',
      milestoneAt: constructionDrawings,
      plannedAt: kept.at,
    });
    const sameDay = dueOf(outline, { handover, constructionDrawings: at('2024-02-29T09:00Z') });
    expect([iso(sameDay.at), sameDay.violation]).toEqual(['2024-02-29T09:00:00Z', null]);
  });

  test('T-10: with one of the two unknown the other is the limit so far', () => {
    const withoutMilestone = dueOf(outline, { handover });
    expect([day(withoutMilestone), withoutMilestone.waitingFor]).toEqual([
      '2024-02-29',
      ['constructionDrawings'],
    ]);
    const withoutStart = dueOf(outline, { constructionDrawings: at('2024-02-20T09:00Z') });
    expect([day(withoutStart), withoutStart.waitingFor]).toEqual(['2024-02-20', ['handover']]);
    expect(occurrenceOf(rule(outline), {}, office)).toEqual({
      status: 'waiting',
      for: ['handover', 'constructionDrawings'],
    });
  });
});

describe('responses and blanks', () => {
  test('X-23: a solution within 24 hours by the clock; the business-hour reading is a setting', () => {
    const within = (unit: string, request: string): string =>
      iso(
        dueOf(`{kind: response-time, anchor: request, within: PT24H, in: ${unit}}`, { request: at(request) })
          .at,
      );
    expect(within('calendar', '2024-05-06T10:00Z')).toBe('2024-05-07T10:00:00Z');
    expect(within('calendar', '2024-05-10T18:00Z')).toBe('2024-05-11T18:00:00Z');
    // Nine working hours a day: 24 of them are two days and six hours.
    expect(within('business', '2024-05-06T10:00Z')).toBe('2024-05-08T16:00:00Z');
    expect(within('business', '2024-05-10T18:00Z')).toBe('2024-05-15T15:00:00Z');
  });

  test('T-17: a blank is no deadline', () => {
    expect(occurrenceOf(rule('{kind: unset}'), { now: at('2024-05-06T10:00Z') }, office)).toEqual({
      status: 'unset',
    });
    expect(daysBetween('{kind: unset}', '2024-01-01', '2025-01-01')).toEqual([]);
  });

  test.each([
    '{kind: someday}',
    '{kind: day-of-month, day: 32}',
    '{kind: day-of-month, day: 6, rolls: none}',
    '{kind: daily, at: "25:00"}',
    '{kind: response-time, anchor: request, within: P1M, in: business}',
    '{kind: response-time, anchor: request, within: soon, in: calendar}',
    '{kind: earliest-of, limits: [{kind: on-event, anchor: a}]}',
    '{kind: after-event, anchor: a, offset: {count: -1, unit: day}}',
    '{kind: yearly-months, months: []}',
  ])('%s is refused', (yaml) => {
    expect(() => rule(yaml)).toThrow(refusedInput);
  });

  test('a range longer than ten years is refused', () => {
    expect(() => daysBetween('{kind: daily}', '2024-01-01', '2035-01-01')).toThrow(refusedInput);
  });

  test('what is read can be stored as JSON and read again', () => {
    const read = rule('{kind: day-of-month, day: 6}');
    expect(parseScheduleRule(JSON.parse(JSON.stringify(read)))).toEqual(read);
  });
});
