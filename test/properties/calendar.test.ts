import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
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
  WEEKDAYS,
} from '../../src/workflows/calendar.js';
import type { BusinessCalendar, WorkingSpan } from '../../src/workflows/calendar.js';
import {
  addCalendar,
  formatDuration,
  localDateOf,
  MINUTE,
  parseDuration,
} from '../../src/workflows/duration.js';
import type { Duration } from '../../src/workflows/duration.js';

const RUNS = { numRuns: 300 };

/** Some zones with clock changes by an hour, by half an hour, and none; and the nights on which they change. */
const ZONES = ['America/New_York', 'Europe/Berlin', 'Asia/Shanghai', 'Australia/Lord_Howe', 'UTC'] as const;
const NIGHTS = [
  '2024-03-10T07:00Z',
  '2024-11-03T06:00Z',
  '2024-03-31T01:00Z',
  '2024-10-27T01:00Z',
  '2024-04-06T15:00Z',
  '2024-10-05T15:30Z',
  '2024-02-29T12:00Z',
  '2024-12-31T23:30Z',
  '2025-02-28T23:00Z',
].map((text) => Date.parse(text));

const instants = fc.oneof(
  fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2025, 11, 31) }).map((ms) => new Date(ms)),
  fc
    .record({ night: fc.constantFrom(...NIGHTS), minutes: fc.integer({ min: -2880, max: 2880 }) })
    .map(({ night, minutes }) => new Date(night + minutes * MINUTE)),
  // On the quarter hours at which generated spans open and close.
  fc
    .record({ night: fc.constantFrom(...NIGHTS), quarters: fc.integer({ min: -192, max: 192 }) })
    .map(({ night, quarters }) => new Date(night + quarters * 15 * MINUTE)),
);

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

/** Up to three spans from distinct quarter hours; the small hours are likely, so that clock changes fall inside. */
const spans = (maxLength: number): fc.Arbitrary<WorkingSpan[]> =>
  fc
    .uniqueArray(fc.integer({ min: 0, max: 96 }), { minLength: 0, maxLength: maxLength * 2 })
    .map((quarters) => {
      const ordered = quarters.toSorted((a, b) => a - b);
      const made: WorkingSpan[] = [];
      for (let index = 0; index + 1 < ordered.length; index += 2) {
        made.push({ from: clock(ordered[index]! * 15), to: clock(ordered[index + 1]! * 15) });
      }
      return made;
    });

const dates2024 = fc
  .integer({ min: 0, max: 730 })
  .map((day) => new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10));

const calendars: fc.Arbitrary<BusinessCalendar> = fc
  .record({
    timeZone: fc.constantFrom(...ZONES),
    week: fc.tuple(...WEEKDAYS.map(() => spans(3))),
    always: fc.constantFrom(...WEEKDAYS),
    holidays: fc.dictionary(dates2024, spans(1), { maxKeys: 12 }),
    makeUps: fc.dictionary(dates2024, fc.constantFrom(...WEEKDAYS), { maxKeys: 6 }),
  })
  .map(({ timeZone, week, always, holidays, makeUps }) => {
    const days = Object.fromEntries(WEEKDAYS.map((weekday, index) => [weekday, week[index]!]));
    if (days[always]!.length === 0) days[always] = [{ from: '01:00', to: '03:30' }];
    return parseCalendar({
      key: 'generated',
      name: 'Generated',
      timeZone,
      week: days,
      holidays: Object.fromEntries(
        Object.entries(holidays).map(([date, worked]) => [date, { name: 'Off', spans: worked }]),
      ),
      makeUpDays: Object.fromEntries(Object.entries(makeUps).filter(([date]) => !(date in holidays))),
    });
  });

const NOTHING: Duration = { years: 0, months: 0, weeks: 0, days: 0, hours: 0, minutes: 0, seconds: 0 };
const hours = fc
  .record({ hours: fc.integer({ min: 0, max: 120 }), minutes: fc.integer({ min: 0, max: 59 }) })
  .map((part): Duration => ({ ...NOTHING, ...part }));
const durations = fc
  .record({ days: fc.integer({ min: 0, max: 15 }), some: hours })
  .map(({ days, some }): Duration => ({ ...some, days }));

const spansOn = (calendar: BusinessCalendar, date: string, dayOfWeek: number): readonly WorkingSpan[] => {
  const makeUp = calendar.makeUpDays[date];
  if (makeUp) return calendar.week[makeUp];
  return calendar.holidays[date]?.spans ?? calendar.week[WEEKDAYS[dayOfWeek - 1]!];
};

/** The definition, asked of Temporal: does the wall clock show a time inside a span of its date? */
const worksAt = (calendar: BusinessCalendar, at: Date): boolean => {
  const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(calendar.timeZone);
  const date = local.toPlainDate();
  const time = clock(local.hour * 60 + local.minute);
  return spansOn(calendar, date.toString(), date.dayOfWeek).some(
    (span) => span.from <= time && time < span.to,
  );
};

const justBefore = (at: Date): Date => new Date(at.getTime() - 1);
const minutesOf = (duration: Duration): number => (duration.hours * 60 + duration.minutes) * MINUTE;

describe('business calendars', () => {
  test('an instant works exactly when its wall clock shows working time', () => {
    fc.assert(
      fc.property(calendars, instants, (calendar, at) => {
        expect(isWorkingInstant(calendar, at)).toBe(worksAt(calendar, at));
      }),
      { numRuns: 1500 },
    );
  });

  test('working time between two instants is its minutes counted one by one', () => {
    fc.assert(
      fc.property(calendars, instants, fc.integer({ min: 0, max: 2000 }), (calendar, at, minutes) => {
        const from = new Date(Math.floor(at.getTime() / MINUTE) * MINUTE);
        let counted = 0;
        for (let minute = 0; minute < minutes; minute++) {
          if (worksAt(calendar, new Date(from.getTime() + minute * MINUTE))) counted += MINUTE;
        }
        const until = new Date(from.getTime() + minutes * MINUTE);
        expect(businessMillisBetween(calendar, from, until)).toBe(counted);
        expect(businessMillisBetween(calendar, until, from)).toBe(0 - counted);
      }),
      { numRuns: 60 },
    );
  });

  test('the next working instant is the first, the previous the last', () => {
    fc.assert(
      fc.property(calendars, instants, (calendar, at) => {
        const [next, previous] = [nextWorkingInstant(calendar, at), previousWorkingInstant(calendar, at)];
        expect(next >= at && previous <= at && worksAt(calendar, next) && worksAt(calendar, previous)).toBe(
          true,
        );
        expect(businessMillisBetween(calendar, at, next)).toBe(0);
        const gap = businessMillisBetween(calendar, previous, at);
        expect(gap).toBe(previous.getTime() === at.getTime() ? 0 : 1);
        if (worksAt(calendar, at)) expect([next, previous]).toEqual([at, at]);
      }),
      RUNS,
    );
  });

  test('adding and then subtracting working time returns to the same working instant', () => {
    fc.assert(
      fc.property(calendars, instants, hours, (calendar, at, duration) => {
        const from = nextWorkingInstant(calendar, at);
        const there = addBusiness(calendar, from, duration);
        if (minutesOf(duration) > 0) expect(subtractBusiness(calendar, there, duration)).toEqual(from);
        const back = subtractBusiness(calendar, from, duration);
        if (minutesOf(duration) > 0) expect(addBusiness(calendar, back, duration)).toEqual(from);
      }),
      RUNS,
    );
  });

  test('adding and then subtracting working days returns to the same working instant where all days are alike', () => {
    fc.assert(
      fc.property(
        calendars,
        // Hours that no clock change takes away or repeats.
        fc.constantFrom(['09:00-17:00'], ['08:30-12:00', '13:15-18:00'], ['10:00-11:00']),
        instants,
        fc.integer({ min: 1, max: 15 }),
        (made, alike, at, count) => {
          const week = Object.fromEntries(
            WEEKDAYS.map((weekday) => [weekday, made.week[weekday].length > 0 ? alike : []]),
          );
          const off = Object.fromEntries(Object.keys(made.holidays).map((date) => [date, 'off']));
          const worked = Object.entries(made.makeUpDays).filter(([, weekday]) => week[weekday]!.length > 0);
          const makeUpDays = Object.fromEntries(worked);
          const calendar = parseCalendar({ ...made, week, holidays: off, makeUpDays });
          const from = nextWorkingInstant(calendar, at);
          const there = addBusiness(calendar, from, { ...NOTHING, days: count });
          expect(subtractBusiness(calendar, there, { ...NOTHING, days: count })).toEqual(from);
        },
      ),
      RUNS,
    );
  });

  test('the working time added is the working time that passes', () => {
    fc.assert(
      fc.property(calendars, instants, hours, (calendar, from, duration) => {
        const millis = minutesOf(duration);
        expect(businessMillisBetween(calendar, from, addBusiness(calendar, from, duration))).toBe(millis);
        expect(
          businessMillisBetween(
            calendar,
            from,
            dueAt(calendar, from, { after: formatDuration(duration), in: 'business' }),
          ),
        ).toBe(millis);
      }),
      RUNS,
    );
  });

  test('a sum is a working instant, never before its start, and no earlier for a later start', () => {
    fc.assert(
      fc.property(
        calendars,
        instants,
        fc.integer({ min: 0, max: 4 * 24 * 60 }),
        durations,
        (calendar, from, minutes, duration) => {
          const later = new Date(from.getTime() + minutes * MINUTE);
          const [sum, laterSum] = [
            addBusiness(calendar, from, duration),
            addBusiness(calendar, later, duration),
          ];
          expect(worksAt(calendar, sum)).toBe(true);
          expect(sum >= from).toBe(true);
          expect(laterSum >= sum).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('a due time works or closes a span, begins the same sum, and keeps the order of starts', () => {
    fc.assert(
      fc.property(
        calendars,
        instants,
        fc.integer({ min: 0, max: 4 * 24 * 60 }),
        durations,
        (calendar, from, minutes, duration) => {
          const rule = { after: formatDuration(duration), in: 'business' } as const;
          const due = dueAt(calendar, from, rule);
          expect(worksAt(calendar, due) || worksAt(calendar, justBefore(due))).toBe(true);
          expect(due >= from).toBe(true);
          expect(nextWorkingInstant(calendar, due)).toEqual(addBusiness(calendar, from, duration));
          expect(dueAt(calendar, new Date(from.getTime() + minutes * MINUTE), rule) >= due).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('a difference never lies after its start, and works or closes a span', () => {
    fc.assert(
      fc.property(calendars, instants, durations, (calendar, from, duration) => {
        const difference = subtractBusiness(calendar, from, duration);
        expect(difference <= from).toBe(true);
        expect(worksAt(calendar, difference) || worksAt(calendar, justBefore(difference))).toBe(true);
      }),
      RUNS,
    );
  });

  test('n business days lead to the n-th working day, at the same wall time where that day works then', () => {
    fc.assert(
      fc.property(calendars, instants, fc.integer({ min: 1, max: 12 }), (calendar, at, days) => {
        const from = nextWorkingInstant(calendar, at);
        const due = dueAt(calendar, from, { after: `P${days}D`, in: 'business' });
        const start = Temporal.Instant.fromEpochMilliseconds(from.getTime()).toZonedDateTimeISO(
          calendar.timeZone,
        );
        const showsTwice = start
          .toPlainDateTime()
          .toZonedDateTime(calendar.timeZone, { disambiguation: 'later' });
        let date = start.toPlainDate();
        for (let left = days; left > 0;) {
          date = date.add({ days: 1 });
          if (isWorkingDay(calendar, date.toString())) left--;
        }
        const wanted = date.toZonedDateTime({ timeZone: calendar.timeZone, plainTime: start.toPlainTime() });
        // The nights on which the start's or the end's wall time is skipped or shown twice have laws of their own above.
        fc.pre(wanted.toPlainTime().equals(start.toPlainTime()));
        fc.pre(start.toPlainDateTime().toZonedDateTime(calendar.timeZone).equals(showsTwice));
        const exact = new Date(wanted.epochMilliseconds);
        if (worksAt(calendar, exact)) expect(due).toEqual(exact);
        else if (due > exact) expect(due).toEqual(nextWorkingInstant(calendar, exact));
        else expect(nextWorkingInstant(calendar, due)).toEqual(nextWorkingInstant(calendar, exact));
        const midnight = (on: Temporal.PlainDate): Date =>
          new Date(on.toZonedDateTime(calendar.timeZone).epochMilliseconds);
        // A clock change can take all of a day's working time; any other n-th day keeps the due time to itself.
        if (businessMillisBetween(calendar, midnight(date), midnight(date.add({ days: 1 }))) > 0) {
          const shown = [due, justBefore(due)].map((instant) => localDateOf(calendar.timeZone, instant));
          expect(shown).toContain(date.toString());
        }
      }),
      { numRuns: 600 },
    );
  });

  test('calendar durations are those of Temporal, in every zone and night', () => {
    const calendarDurations = fc.record({
      years: fc.integer({ min: 0, max: 2 }),
      months: fc.integer({ min: 0, max: 15 }),
      weeks: fc.integer({ min: 0, max: 5 }),
      days: fc.integer({ min: 0, max: 40 }),
      hours: fc.integer({ min: 0, max: 50 }),
      minutes: fc.integer({ min: 0, max: 90 }),
      seconds: fc.integer({ min: 0, max: 90 }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), instants, calendarDurations, (timeZone, from, duration) => {
        const zoned = Temporal.Instant.fromEpochMilliseconds(from.getTime()).toZonedDateTimeISO(timeZone);
        expect(addCalendar(timeZone, from, duration).getTime()).toBe(zoned.add(duration).epochMilliseconds);
        expect(addCalendar(timeZone, from, duration, -1).getTime()).toBe(
          zoned.subtract(duration).epochMilliseconds,
        );
        expect(parseDuration(formatDuration(duration))).toEqual(duration);
      }),
      { numRuns: 800 },
    );
  });
});
