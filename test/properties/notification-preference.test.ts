import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCalendar } from '../../src/workflows/calendar.js';
import { DAY, dayOf, localOf, MINUTE } from '../../src/workflows/duration.js';
import {
  DEFAULT_PREFERENCE,
  endOfQuiet,
  nextDigest,
  type NotificationPreference,
} from '../../src/workflows/notification-preference.js';

const ZONES = [
  'Asia/Shanghai',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'UTC',
  'Asia/Kathmandu',
];
const zone = fc.constantFrom(...ZONES);
const instant = fc
  .integer({ min: Date.UTC(2024, 0, 1) / MINUTE, max: Date.UTC(2027, 0, 1) / MINUTE })
  .map((minutes) => new Date(minutes * MINUTE));
const time = fc
  .integer({ min: 0, max: 1439 })
  .map(
    (minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`,
  );
const quiet = fc.record({ from: time, until: time }).filter(({ from, until }) => from !== until);
const withQuiet = (hours: NotificationPreference['quiet']): NotificationPreference => ({
  ...DEFAULT_PREFERENCE,
  quiet: hours,
});
/** The wall clock, `HH:MM`. */
const wall = (timeZone: string, at: Date): string =>
  new Date(localOf(timeZone, at.getTime())).toISOString().slice(11, 16);
const lies = (now: string, { from, until }: { from: string; until: string }): boolean =>
  from < until ? now >= from && now < until : now >= from || now < until;

describe('quiet hours', () => {
  test('hold exactly while the wall clock is between them; what waits comes later, and within a day and a clock change', () => {
    fc.assert(
      fc.property(zone, instant, quiet, (timeZone, at, hours) => {
        const end = endOfQuiet(withQuiet(hours), timeZone, at);
        expect(end !== null).toBe(lies(wall(timeZone, at), hours));
        if (end === null) return;
        expect(end.getTime()).toBeGreaterThan(at.getTime());
        expect(end.getTime() - at.getTime()).toBeLessThan(DAY + 121 * MINUTE);
      }),
    );
  });

  test('following their end from end to end leads out of them', () => {
    fc.assert(
      fc.property(zone, instant, quiet, (timeZone, at, hours) => {
        let now: Date | null = at;
        let steps = 0;
        for (let last = at; now !== null && steps < 5; steps += 1) {
          now = endOfQuiet(withQuiet(hours), timeZone, last);
          last = now ?? last;
        }
        expect(steps).toBeLessThan(4);
      }),
    );
  });

  test.each([
    // Berlin, clocks forward: 02:00 → 03:00 on 31 March 2024.
    ['Europe/Berlin', '22:00', '02:30', '2024-03-30T22:00:00Z', '2024-03-31T01:30:00Z'],
    ['Europe/Berlin', '22:00', '07:00', '2024-03-30T22:00:00Z', '2024-03-31T05:00:00Z'],
    // Clocks back: 03:00 → 02:00 on 27 October 2024. 02:30 comes twice.
    ['Europe/Berlin', '22:00', '07:00', '2024-10-26T21:00:00Z', '2024-10-27T06:00:00Z'],
    ['Europe/Berlin', '22:00', '02:30', '2024-10-26T21:00:00Z', '2024-10-27T00:30:00Z'],
    ['Europe/Berlin', '22:00', '02:30', '2024-10-27T01:10:00Z', '2024-10-27T01:30:00Z'],
    // Shanghai over midnight, over the end of a month, and the same evening's end.
    ['Asia/Shanghai', '22:00', '07:30', '2024-05-31T15:30:00Z', '2024-05-31T23:30:00Z'],
    ['Asia/Shanghai', '22:00', '07:30', '2024-05-31T20:00:00Z', '2024-05-31T23:30:00Z'],
    ['Asia/Shanghai', '12:00', '13:00', '2024-05-31T04:30:00Z', '2024-05-31T05:00:00Z'],
  ])('in %s from %s until %s: what comes at %s waits until %s', (timeZone, from, until, at, end) => {
    expect(endOfQuiet(withQuiet({ from, until }), timeZone, new Date(at))).toEqual(new Date(end));
  });

  test.each([
    ['22:00', '07:30', '2024-05-31T13:59:59.999Z'],
    ['22:00', '07:30', '2024-05-31T23:30:00Z'],
  ])('from %s until %s do not hold at %s', (from, until, at) => {
    expect(endOfQuiet(withQuiet({ from, until }), 'Asia/Shanghai', new Date(at))).toBeNull();
  });
});

const calendar = parseCalendar(
  {
    key: 'c',
    name: 'C',
    timeZone: 'Asia/Shanghai',
    week: Object.fromEntries(
      ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => [
        day,
        day.startsWith('s') ? [] : [{ from: '09:00', to: '18:00' }],
      ]),
    ),
    holidays: { '2024-10-01': { name: 'National Day', spans: [] } },
    makeUpDays: { '2024-09-29': 'monday' },
  },
  { key: 'c' },
);

describe('a digest', () => {
  test('is the first one after the moment, on a working day, at its hour', () => {
    fc.assert(
      fc.property(zone, instant, fc.integer({ min: 0, max: 23 }), (timeZone, at, digestHour) => {
        const preference = { ...DEFAULT_PREFERENCE, digestHour, timeZone };
        const next = nextDigest(preference, calendar, at);
        expect(next.at.getTime()).toBeGreaterThan(at.getTime());
        expect(next.at.getTime() - at.getTime()).toBeLessThan(5 * DAY);
        expect(dayOf(localOf(timeZone, next.at.getTime()))).toBe(Date.parse(next.day) / DAY);
        // What comes just before it gets into the same one; what comes with it, into a later one.
        const before = new Date(next.at.getTime() - 1);
        expect(nextDigest(preference, calendar, before)).toEqual(next);
        expect(nextDigest(preference, calendar, next.at).day > next.day).toBe(true);
      }),
    );
  });

  test.each([
    ['2024-05-24T02:00:00Z', '2024-05-27'],
    ['2024-09-28T02:00:00Z', '2024-09-29'],
    ['2024-09-30T02:00:00Z', '2024-10-02'],
  ])('of what comes at %s is that of %s', (at, day) => {
    expect(nextDigest(DEFAULT_PREFERENCE, calendar, new Date(at)).day).toBe(day);
  });

  test('comes daily where a calendar has no working day', () => {
    const never = {
      ...calendar,
      week: Object.fromEntries(Object.keys(calendar.week).map((day) => [day, []])),
    };
    expect(nextDigest(DEFAULT_PREFERENCE, never as never, new Date('2024-05-24T02:00:00Z')).day).toBe(
      '2024-05-25',
    );
  });
});
