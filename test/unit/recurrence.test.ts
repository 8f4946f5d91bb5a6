import { describe, expect, test } from '@jest/globals';
import { parseCalendar, type BusinessCalendar } from '../../src/workflows/calendar.js';
import { occurrenceOf, occurrencesBetween, parseScheduleRule } from '../../src/workflows/schedule-rule.js';

const calendarIn = (timeZone: string, holidays: readonly string[] = []): BusinessCalendar =>
  parseCalendar({
    key: 'test',
    name: 'Test',
    timeZone,
    week: Object.fromEntries(
      ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => [day, ['09:00-17:00']]),
    ),
    holidays: Object.fromEntries(holidays.map((date) => [date, 'closed'])),
  });
const berlin = calendarIn('Europe/Berlin');
const shanghai = calendarIn('Asia/Shanghai');

const rule = (rrule: string, start: string, more: object = {}) =>
  parseScheduleRule({ kind: 'recurrence', rrule, start, ...more });
const between = (
  written: ReturnType<typeof rule>,
  calendar: BusinessCalendar,
  from: string,
  until: string,
): string[] =>
  occurrencesBetween(written, new Date(from), new Date(until), calendar).map(
    ({ key, at }) => `${key} ${at.toISOString()}`,
  );

describe('RFC 5545 recurrence', () => {
  test('keeps its wall time over the nights on which clocks change', () => {
    expect(between(rule('FREQ=DAILY', '2024-03-29T09:00'), berlin, '2024-03-30', '2024-04-02')).toEqual([
      '2024-03-30T09:00 2024-03-30T08:00:00.000Z',
      '2024-03-31T09:00 2024-03-31T07:00:00.000Z',
      '2024-04-01T09:00 2024-04-01T07:00:00.000Z',
    ]);
    expect(between(rule('FREQ=DAILY', '2024-10-25T09:00'), berlin, '2024-10-26', '2024-10-29')).toEqual([
      '2024-10-26T09:00 2024-10-26T07:00:00.000Z',
      '2024-10-27T09:00 2024-10-27T08:00:00.000Z',
      '2024-10-28T09:00 2024-10-28T08:00:00.000Z',
    ]);
  });

  test('leaves out a wall time that does not exist, takes the first of one that comes twice, and goes on unshifted', () => {
    expect(between(rule('FREQ=DAILY', '2024-03-01T02:30'), berlin, '2024-03-30', '2024-04-02')).toEqual([
      '2024-03-30T02:30 2024-03-30T01:30:00.000Z',
      '2024-04-01T02:30 2024-04-01T00:30:00.000Z',
    ]);
    expect(
      between(rule('FREQ=DAILY', '2024-10-01T02:30'), berlin, '2024-10-26', '2024-10-28T12:00Z'),
    ).toEqual([
      '2024-10-26T02:30 2024-10-26T00:30:00.000Z',
      '2024-10-27T02:30 2024-10-27T00:30:00.000Z',
      '2024-10-28T02:30 2024-10-28T01:30:00.000Z',
    ]);
  });

  test('a month without its day has no occurrence; the last day of the month has one in each', () => {
    const keys = (rrule: string): string[] =>
      between(rule(rrule, '2024-01-31T09:00'), shanghai, '2024-01-01', '2024-06-01').map((text) =>
        text.slice(0, 10),
      );
    expect(keys('FREQ=MONTHLY')).toEqual(['2024-01-31', '2024-03-31', '2024-05-31']);
    expect(keys('FREQ=MONTHLY;BYMONTHDAY=-1')).toEqual([
      '2024-01-31',
      '2024-02-29',
      '2024-03-31',
      '2024-04-30',
      '2024-05-31',
    ]);
    expect(keys('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29')).toEqual(['2024-02-29']);
  });

  test('ends by COUNT and by UNTIL, left-out starts included; then the last one is its answer', () => {
    const counted = rule('FREQ=WEEKLY;BYDAY=MO;COUNT=3', '2024-05-06T09:00', {
      exdates: ['2024-05-13T09:00'],
    });
    expect(between(counted, shanghai, '2024-01-01', '2025-01-01')).toEqual([
      '2024-05-06T09:00 2024-05-06T01:00:00.000Z',
      '2024-05-20T09:00 2024-05-20T01:00:00.000Z',
    ]);
    expect(occurrenceOf(counted, { now: new Date('2030-01-01') }, shanghai)).toMatchObject({
      key: '2024-05-20T09:00',
    });
    const until = rule('FREQ=DAILY;UNTIL=20240507T010000Z', '2024-05-06T09:00');
    expect(between(until, shanghai, '2024-05-01', '2024-06-01')).toHaveLength(2);
  });

  test('a biweekly rule counts weeks from its start, wherever one begins to look', () => {
    const biweekly = rule('FREQ=WEEKLY;INTERVAL=2;BYDAY=MO', '2024-01-01T09:00');
    const whole = between(biweekly, shanghai, '2024-01-01', '2033-01-01');
    expect(between(biweekly, shanghai, '2031-03-03', '2033-01-01')).toEqual(
      whole.filter((text) => text.slice(17) >= '2031-03-03'),
    );
  });

  test('is rolled to a working day under its own name', () => {
    const closed = calendarIn('Asia/Shanghai', ['2024-05-01', '2024-05-02', '2024-05-03']);
    const rolled = rule('FREQ=MONTHLY', '2024-01-01T09:00', { roll: 'next-working-day' });
    expect(between(rolled, closed, '2024-05-02', '2024-06-01')).toEqual([
      '2024-05-01T09:00 2024-05-06T01:00:00.000Z',
    ]);
  });

  test.each([
    ['FREQ=HOURLY', 'FREQ=DAILY, WEEKLY'],
    ['FREQ=SECONDLY', 'FREQ=DAILY, WEEKLY'],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'not readable'],
    ['FREQ=DAILY;BYHOUR=1,2,3,4,5', 'at most 1500'],
    ['FREQ=DAILY;COUNT=999999', 'COUNT'],
    ['FREQ=DAILY;UNTIL=20240105', 'UNTIL'],
    ['FREQ=DAILY;UNTIL=20230101T000000Z', 'never'],
    ['FREQ=DAILY;INTERVAL=0', 'not readable'],
    ['FREQ=DAILY;FREQ=DAILY', 'once'],
    ['FREQ=DAILY;X=1', 'parts'],
    ['RRULE:FREQ=DAILY', 'parts'],
    ['FREQ=DAILY\nDTSTART:20240101T000000Z', 'parts'],
    ['FREQ=MONTHLY;BYSETPOS=0', 'not readable'],
  ])('refuses %j', (rrule, reason) => {
    expect(() => rule(rrule, '2024-01-01T09:00')).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT' }),
    );
    expect(() => rule(rrule, '2024-01-01T09:00')).toThrow(reason);
  });

  test('refuses a start that is no wall time', () => {
    expect(() => rule('FREQ=DAILY', '2024-02-30T09:00')).toThrow('wall time');
    expect(() => rule('FREQ=DAILY', '2024-02-28')).toThrow('wall time');
  });
});
