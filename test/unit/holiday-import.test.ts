import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCalendar, type BusinessCalendar } from '../../src/workflows/calendar.js';
import {
  daysOff,
  importHolidays,
  specialDayOf,
  type ImportedDays,
  type SpecialDay,
} from '../../src/workflows/holiday-import.js';

const day = ['09:00-12:00', '13:00-18:00'];
const calendarWith = (more: object = {}): BusinessCalendar =>
  parseCalendar({
    key: 'office',
    name: 'Office',
    timeZone: 'Asia/Shanghai',
    week: { monday: day, tuesday: day, wednesday: day, thursday: day, friday: day },
    ...more,
  });
const off = (name = 'off'): SpecialDay => ({ holiday: { name, spans: [] } });

/** Days of 2026, as they may be published. */
const published = fc.dictionary(
  fc.integer({ min: 1, max: 28 }).map((date) => `2026-02-${String(date).padStart(2, '0')}`),
  fc.constantFrom<SpecialDay>(off('a'), off('b'), { makeUp: 'monday' }, { makeUp: 'friday' }),
  { maxKeys: 10 },
);
const bring = (calendar: BusinessCalendar, imported: ImportedDays, days: Record<string, SpecialDay>) =>
  importHolidays(calendar, imported, { source: 'CN', year: 2026, days });

const withDay = (calendar: BusinessCalendar, date: string, special: SpecialDay | null): BusinessCalendar => {
  const { [date]: _holiday, ...holidays } = calendar.holidays;
  const { [date]: _makeUp, ...makeUpDays } = calendar.makeUpDays;
  return parseCalendar({
    ...calendar,
    holidays: special && 'holiday' in special ? { ...holidays, [date]: special.holiday } : holidays,
    makeUpDays: special && 'makeUp' in special ? { ...makeUpDays, [date]: special.makeUp } : makeUpDays,
  });
};

describe('importing holidays', () => {
  test('again changes nothing; another publication is followed, and what is withdrawn goes', () => {
    fc.assert(
      fc.property(published, published, (first, second) => {
        const one = bring(calendarWith(), {}, first);
        expect([one.added.length, one.conflicts]).toEqual([Object.keys(first).length, []]);
        const again = bring(one.calendar, one.imported, first);
        expect(again).toMatchObject({ added: [], changed: [], removed: [], conflicts: [] });
        expect(again.calendar).toEqual(one.calendar);
        const two = bring(one.calendar, one.imported, second);
        expect(two.conflicts).toEqual([]);
        const fresh = bring(calendarWith(), {}, second).calendar;
        expect(Object.keys(two.calendar.holidays).toSorted()).toEqual(Object.keys(fresh.holidays).toSorted());
        expect(two.calendar.makeUpDays).toEqual(fresh.makeUpDays);
      }),
    );
  });

  test('keeps what people did by hand, and tells where the published days differ', () => {
    fc.assert(
      fc.property(published, published, published, fc.boolean(), (before, first, edits, withdraw) => {
        let calendar = Object.entries(before).reduce(
          (made, [date, special]) => withDay(made, date, special),
          calendarWith(),
        );
        const one = bring(calendar, {}, first);
        calendar = one.calendar;
        for (const [date, special] of Object.entries(before))
          expect(specialDayOf(calendar, date)).toEqual(special);
        // Somebody changes days, or takes them out.
        for (const [date, special] of Object.entries(edits))
          calendar = withDay(calendar, date, withdraw ? null : special);
        const two = bring(calendar, one.imported, first);
        for (const date of Object.keys(edits)) {
          const kept = specialDayOf(calendar, date);
          if (first[date] && before[date] === undefined)
            expect(specialDayOf(two.calendar, date)).toEqual(kept);
        }
        for (const { date, kept } of two.conflicts) {
          expect(specialDayOf(calendar, date)).toEqual(kept);
          expect(specialDayOf(two.calendar, date)).toEqual(kept);
        }
      }),
    );
  });

  test('another name for the same day off is no difference', () => {
    const calendar = calendarWith({ holidays: { '2026-10-01': '国庆节' } });
    const { added, changed, conflicts, imported } = bring(
      calendar,
      {},
      { '2026-10-01': off('National Day') },
    );
    expect([added, changed, conflicts, imported]).toEqual([[], [], [], {}]);
  });

  test('two countries in one calendar do not undo one another', () => {
    const china = bring(calendarWith(), {}, { '2026-05-01': off(), '2026-05-02': off() });
    const germany = importHolidays(china.calendar, china.imported, {
      source: 'DE',
      year: 2026,
      days: { '2026-05-01': off(), '2026-05-14': off() },
    });
    expect(germany).toMatchObject({ added: ['2026-05-14'], removed: [], conflicts: [] });
    expect(bring(germany.calendar, germany.imported, { '2026-05-01': off() }).removed).toEqual([
      '2026-05-02',
    ]);
  });
});

describe('days off from times off', () => {
  const place = { timeZone: 'Europe/Berlin', year: 2026 };

  test('are the days of the wall clock where they are kept, also over a clock change', () => {
    const start = new Date('2026-03-28T23:00:00Z'); // midnight in Berlin; the 29th has 23 hours
    const end = new Date('2026-03-30T22:00:00Z');
    expect(Object.keys(daysOff(calendarWith(), [{ name: 'two days', start, end }], place))).toEqual([
      '2026-03-29',
      '2026-03-30',
    ]);
  });

  test('from noon on leave the morning; in another year they are none', () => {
    const half = {
      name: 'eve',
      start: new Date('2026-12-24T10:30:00Z'),
      end: new Date('2026-12-24T23:00:00Z'),
    };
    expect(daysOff(calendarWith(), [half], place)).toEqual({
      '2026-12-24': { holiday: { name: 'eve', spans: [{ from: '09:00', to: '11:30' }] } },
    });
    expect(daysOff(calendarWith(), [half], { ...place, year: 2025 })).toEqual({});
  });
});
