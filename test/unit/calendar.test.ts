import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import {
  addBusiness,
  businessMillisBetween,
  dueAt,
  isWorkingDay,
  isWorkingInstant,
  nextWorkingInstant,
  parseCalendar,
  previousWorkingInstant,
  subtractBusiness,
  timeBefore,
} from '../../src/workflows/calendar.js';
import {
  addCalendar,
  DAY,
  formatDuration,
  HOUR,
  instantOf,
  parseDueRule,
  parseDuration,
} from '../../src/workflows/duration.js';

const pack = (name: string): unknown =>
  parse(readFileSync(new URL(`../../../packs/calendars/${name}.yaml`, import.meta.url), 'utf8'));
const at = (text: string): Date => new Date(text);
const iso = (date: Date): string => date.toISOString().replace('.000Z', 'Z');
const refusedInput = expect.objectContaining({ code: 'BAD_USER_INPUT' });

const office = parseCalendar(pack('monday-friday'));
const china = parseCalendar(pack('china'));
const newYork = parseCalendar(pack('monday-friday'), { key: 'new-york', timeZone: 'America/New_York' });
const nightShift = parseCalendar({
  key: 'night',
  name: 'Night shift',
  timeZone: 'America/New_York',
  week: Object.fromEntries(
    ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => [
      day,
      ['00:00-06:00'],
    ]),
  ),
});
const business = (after: string) => ({ after, in: 'business' }) as const;
const inCalendar = (after: string) => ({ after, in: 'calendar' }) as const;

describe('durations', () => {
  test.each(['P3D', 'PT4H', 'P1M', 'P2W', 'P1Y2M3W4DT5H6M7.5S', 'PT90M', 'P10Y', 'P3653D', 'PT0S'])(
    '%s is read and written back unchanged',
    (text) => {
      expect(formatDuration(parseDuration(text))).toBe(text);
    },
  );

  test.each([
    '',
    'P',
    'PT',
    'P1DT',
    '-P1D',
    'P-1D',
    'P1.5D',
    'PT1.5H',
    'P1H',
    'PT1D',
    '3 days',
    'P11Y',
    'P3654D',
    'P121M',
    'P9Y13M',
    'P10YT1S',
  ])('%p is refused', (text) => {
    expect(() => parseDuration(text)).toThrow(refusedInput);
  });

  test('business time is counted in days, hours and minutes only', () => {
    expect(parseDueRule(business('P2DT4H30M')).after).toBe('P2DT4H30M');
    for (const after of ['P1M', 'P1W', 'P1Y', 'PT10S']) {
      expect(() => parseDueRule(business(after))).toThrow(refusedInput);
      expect(parseDueRule(inCalendar(after)).after).toBe(after);
    }
    expect(() => parseDueRule({ after: 'P1D' })).toThrow(refusedInput);
    expect(() => addBusiness(office, at('2024-05-06T09:00Z'), parseDuration('P1M'))).toThrow(refusedInput);
  });

  test('months are held to the month end, and the leap day is kept where there is one', () => {
    const add = (from: string, duration: string): string =>
      iso(addCalendar('UTC', at(from), parseDuration(duration)));
    expect(add('2024-01-31T10:00Z', 'P1M')).toBe('2024-02-29T10:00:00Z');
    expect(add('2023-01-31T10:00Z', 'P1M')).toBe('2023-02-28T10:00:00Z');
    expect(add('2024-02-29T10:00Z', 'P1Y')).toBe('2025-02-28T10:00:00Z');
    expect(add('2024-01-31T10:00Z', 'P2M')).toBe('2024-03-31T10:00:00Z');
    expect(iso(addCalendar('UTC', at('2024-03-31T10:00Z'), parseDuration('P1M'), -1))).toBe(
      '2024-02-29T10:00:00Z',
    );
  });

  test('a calendar day keeps the wall time over a clock change, hours are exact', () => {
    const before = at('2024-03-09T17:00Z'); // noon in New York, the day before clocks go forward
    expect(iso(dueAt(newYork, before, inCalendar('P1D')))).toBe('2024-03-10T16:00:00Z');
    expect(iso(dueAt(newYork, before, inCalendar('PT24H')))).toBe('2024-03-10T17:00:00Z');
  });

  test('a wall time that the clock skips is shifted, or put at the jump when asked', () => {
    const skipped = Date.UTC(2024, 2, 10, 2, 30);
    expect(iso(new Date(instantOf('America/New_York', skipped)))).toBe('2024-03-10T07:30:00Z');
    expect(iso(new Date(instantOf('America/New_York', skipped, 'edge')))).toBe('2024-03-10T07:00:00Z');
    const shownTwice = Date.UTC(2024, 10, 3, 1, 30);
    expect(iso(new Date(instantOf('America/New_York', shownTwice)))).toBe('2024-11-03T05:30:00Z');
  });
});

describe('working time', () => {
  test('one business day is one working day, not 24 working hours', () => {
    expect(iso(dueAt(office, at('2024-05-10T10:00Z'), business('P1D')))).toBe('2024-05-13T10:00:00Z');
    expect(iso(dueAt(office, at('2024-05-10T10:00Z'), business('PT24H')))).toBe('2024-05-14T16:00:00Z');
    expect(iso(dueAt(office, at('2024-05-10T10:00Z'), business('P5D')))).toBe('2024-05-17T10:00:00Z');
  });

  test('what comes after hours counts from the next opening', () => {
    for (const late of ['2024-05-10T18:00Z', '2024-05-10T23:00Z', '2024-05-11T10:00Z', '2024-05-13T09:00Z']) {
      expect(iso(dueAt(office, at(late), business('PT2H')))).toBe('2024-05-13T11:00:00Z');
      expect(iso(dueAt(office, at(late), business('P1D')))).toBe('2024-05-14T09:00:00Z');
    }
  });

  test('work that fills the day is due at its closing; the sum goes on at the next opening', () => {
    const from = at('2024-05-10T17:00Z');
    expect(iso(dueAt(office, from, business('PT1H')))).toBe('2024-05-10T18:00:00Z');
    expect(iso(addBusiness(office, from, parseDuration('PT1H')))).toBe('2024-05-13T09:00:00Z');
    expect(iso(subtractBusiness(office, at('2024-05-13T09:00Z'), parseDuration('PT1H')))).toBe(
      '2024-05-10T17:00:00Z',
    );
    expect(iso(timeBefore(office, at('2024-05-10T18:00Z'), business('PT1H')))).toBe('2024-05-10T17:00:00Z');
    expect(iso(timeBefore(office, at('2024-05-10T18:00Z'), business('P1D')))).toBe('2024-05-09T18:00:00Z');
    expect(iso(timeBefore(office, at('2024-05-13T09:00Z'), business('P1D')))).toBe('2024-05-10T09:00:00Z');
  });

  test('lunch is not working time', () => {
    const from = at('2024-05-07T03:30Z'); // 11:30 in Shanghai
    expect(iso(dueAt(china, from, business('PT1H')))).toBe('2024-05-07T05:30:00Z'); // 13:30
    expect(iso(dueAt(china, from, business('PT30M')))).toBe('2024-05-07T04:00:00Z'); // noon
    expect(isWorkingInstant(china, at('2024-05-07T04:00Z'))).toBe(false);
    expect(iso(nextWorkingInstant(china, at('2024-05-07T04:00Z')))).toBe('2024-05-07T05:00:00Z');
    expect(iso(previousWorkingInstant(china, at('2024-05-07T04:30Z')))).toBe('2024-05-07T03:59:59.999Z');
  });

  test('holidays are skipped and make-up days are worked (China 2024 to 2026)', () => {
    const worked = (from: string, until: string, calendar = china): number => {
      let days = 0;
      for (let day = Date.parse(from); day < Date.parse(until); day += DAY) {
        if (isWorkingDay(calendar, new Date(day).toISOString().slice(0, 10))) days++;
      }
      return days;
    };
    expect([2024, 2025, 2026].map((year) => worked(`${year}-01-01`, `${year + 1}-01-01`))).toEqual([
      251, 248, 248,
    ]);
    expect(isWorkingDay(china, '2024-02-18')).toBe(true);
    expect(isWorkingDay(china, '2024-02-12')).toBe(false);
    expect(isWorkingDay(china, '2026-02-23')).toBe(false);
    expect(isWorkingDay(china, '2026-02-28')).toBe(true);
    // 10:00 in Shanghai on the last day before eight days of holiday.
    expect(iso(dueAt(china, at('2025-09-30T02:00Z'), business('P1D')))).toBe('2025-10-09T02:00:00Z');
    // 10:00 on the Friday before a Sunday that is worked.
    expect(iso(dueAt(china, at('2025-09-26T02:00Z'), business('P1D')))).toBe('2025-09-28T02:00:00Z');
  });

  test('a day counted on to a half day is due at that day’s closing', () => {
    const half = parseCalendar({
      ...office,
      holidays: {
        '2024-12-24': { name: 'Christmas Eve', spans: ['09:00-12:00'] },
        '2024-12-25': 'Christmas',
      },
    });
    expect(iso(dueAt(half, at('2024-12-23T16:00Z'), business('P1D')))).toBe('2024-12-24T12:00:00Z');
    expect(iso(addBusiness(half, at('2024-12-23T16:00Z'), parseDuration('P1D')))).toBe(
      '2024-12-26T09:00:00Z',
    );
    expect(iso(dueAt(half, at('2024-12-23T16:00Z'), business('P2D')))).toBe('2024-12-26T16:00:00Z');
  });

  test('29 February is a working day like any other', () => {
    expect(iso(dueAt(office, at('2024-02-28T10:00Z'), business('P1D')))).toBe('2024-02-29T10:00:00Z');
    expect(iso(dueAt(office, at('2023-02-28T10:00Z'), business('P1D')))).toBe('2023-03-01T10:00:00Z');
  });

  test('the longest holiday of 2026 ends at the first opening after it', () => {
    expect(iso(nextWorkingInstant(china, at('2026-02-15T00:00Z')))).toBe('2026-02-24T01:00:00Z');
  });

  test('a night shift loses the hour that clocks skip and gains the one they repeat', () => {
    const worked = (date: string): number =>
      businessMillisBetween(nightShift, at(`${date}T04:00Z`), at(`${date}T12:00Z`)) / HOUR;
    expect([worked('2024-03-10'), worked('2024-11-03'), worked('2024-11-04')]).toEqual([5, 7, 6]);
    // From 00:00 EST, four working hours: 05:00 EDT.
    expect(iso(dueAt(nightShift, at('2024-03-10T05:00Z'), business('PT4H')))).toBe('2024-03-10T09:00:00Z');
  });

  test('one working day over a clock change keeps the order of starts', () => {
    const nextDay = (from: string): string => iso(dueAt(nightShift, at(from), business('P1D')));
    // 02:30 and 03:15, the day before 02:00 becomes 03:00: the skipped time falls on the change itself.
    expect(nextDay('2024-03-09T07:30Z')).toBe('2024-03-10T07:00:00Z');
    expect(nextDay('2024-03-09T08:15Z')).toBe('2024-03-10T07:15:00Z');
    // 01:45, 01:15 shown the second time, and 02:05, on the day 02:00 becomes 01:00.
    expect(nextDay('2024-11-03T05:45Z')).toBe('2024-11-04T06:45:00Z');
    expect(nextDay('2024-11-03T06:15Z')).toBe('2024-11-04T07:00:00Z');
    expect(nextDay('2024-11-03T07:05Z')).toBe('2024-11-04T07:05:00Z');
  });

  test('a closing at midnight at the turn of the year is still a closing', () => {
    const late = parseCalendar({
      key: 'late',
      name: 'Late',
      timeZone: 'UTC',
      week: { tuesday: ['12:00-24:00'] },
    });
    expect(iso(dueAt(late, at('2024-12-31T20:00Z'), business('PT4H')))).toBe('2025-01-01T00:00:00Z');
    const full = subtractBusiness(late, at('2025-01-02T10:00Z'), parseDuration('P0D'));
    expect(iso(full)).toBe('2025-01-01T00:00:00Z');
  });

  test('a calendar without working time refuses instead of searching for ever', () => {
    const empty = parseCalendar({ key: 'empty', name: 'Empty', timeZone: 'UTC', week: {} });
    const from = at('2024-05-06T09:00Z');
    for (const ask of [
      () => nextWorkingInstant(empty, from),
      () => previousWorkingInstant(empty, from),
      () => dueAt(empty, from, business('PT1H')),
      () => dueAt(empty, from, business('P1D')),
      () => subtractBusiness(empty, from, parseDuration('PT1H')),
      () => subtractBusiness(empty, from, parseDuration('P1D')),
    ]) {
      expect(ask).toThrow(refusedInput);
    }
    expect(businessMillisBetween(empty, from, at('2026-05-06T09:00Z'))).toBe(0);
    const oneDay = parseCalendar({
      ...empty,
      makeUpDays: {},
      holidays: { '2024-05-07': { name: 'Open', spans: ['09:00-10:00'] } },
    });
    expect(iso(dueAt(oneDay, from, business('PT1H')))).toBe('2024-05-07T10:00:00Z');
    expect(() => dueAt(oneDay, from, business('PT2H'))).toThrow(refusedInput);
  });

  test('instants that are no dates, or far away, are refused', () => {
    expect(() => dueAt(office, new Date(Number.NaN), business('PT1H'))).toThrow(refusedInput);
    expect(() => dueAt(office, new Date(Number.NaN), inCalendar('PT1H'))).toThrow(refusedInput);
    expect(() => isWorkingInstant(office, at('1850-01-01T00:00Z'))).toThrow(refusedInput);
    expect(() => isWorkingDay(office, '2023-02-29')).toThrow(refusedInput);
  });
});

describe('reading a calendar', () => {
  test('what is read can be read again', () => {
    expect(parseCalendar(china)).toEqual(china);
    expect(parseCalendar(JSON.parse(JSON.stringify(china)))).toEqual(china);
  });

  test.each([
    ['an unknown zone', { timeZone: 'Mars/Olympus' }],
    ['an offset for a zone', { timeZone: '+08:00' }],
    ['a span that ends before it starts', { week: { monday: ['18:00-09:00'] } }],
    ['a span past midnight', { week: { monday: ['18:00-24:30'] } }],
    ['overlapping spans', { week: { monday: ['09:00-12:00', '11:00-18:00'] } }],
    ['an unknown weekday', { week: { funday: ['09:00-12:00'] } }],
    ['a date that does not exist', { holidays: { '2023-02-29': 'Leap' } }],
    [
      'a date both off and made up',
      { holidays: { '2024-05-06': 'Off' }, makeUpDays: { '2024-05-06': 'monday' } },
    ],
    ['a field nobody knows', { hours: 8 }],
  ])('%s is refused', (_, change) => {
    expect(() => parseCalendar({ ...office, ...change })).toThrow(refusedInput);
  });
});
