import { parseCalendar, weekdayOf, type BusinessCalendar, type Holiday, type Weekday } from './calendar.js';
import { dateOfDay, DAY, dayOf, dayOfDate, localOf, MINUTE, type LocalDate } from './duration.js';

/** A date that differs from its weekday: not worked or only in these spans, or worked like a weekday. */
export type SpecialDay = { readonly holiday: Holiday } | { readonly makeUp: Weekday };

/** What an import has set on a date, and from where. */
export type ImportedDay = SpecialDay & {
  /** Country, or country-region, such as `CN`, `DE-BE`. */
  readonly source: string;
};

export type ImportedDays = Readonly<Record<LocalDate, ImportedDay>>;

/** A date on which the published days and the calendar differ by somebody's hand: it stays as it is. */
export interface ImportConflict {
  readonly date: LocalDate;
  /** null: the day was taken out by hand, or is not published any more. */
  readonly kept: SpecialDay | null;
  readonly published: SpecialDay | null;
}

export interface HolidayImport {
  readonly before: BusinessCalendar;
  readonly calendar: BusinessCalendar;
  readonly imported: ImportedDays;
  readonly added: readonly LocalDate[];
  readonly changed: readonly LocalDate[];
  readonly removed: readonly LocalDate[];
  readonly conflicts: readonly ImportConflict[];
}

export const specialDayOf = (
  { holidays, makeUpDays }: Pick<BusinessCalendar, 'holidays' | 'makeUpDays'>,
  date: LocalDate,
): SpecialDay | null => {
  const [holiday, makeUp] = [holidays[date], makeUpDays[date]];
  return holiday ? { holiday } : makeUp ? { makeUp } : null;
};

/** Whether both say the same of the working hours; what a holiday is called does not count. */
function sameDay(one: SpecialDay | null, other: SpecialDay | null): boolean {
  if (one === null || other === null) return one === other;
  if ('makeUp' in one || 'makeUp' in other)
    return 'makeUp' in one && 'makeUp' in other && one.makeUp === other.makeUp;
  const spans = ({ holiday }: { holiday: Holiday }): string =>
    holiday.spans.map(({ from, to }) => `${from}-${to}`).join();
  return spans(one) === spans(other);
}

/**
 * Brings the published days of one source and year into a calendar. What an earlier import of the source has set
 * follows it, away included; what was entered, changed or taken out by hand stays and is told. Importing twice changes
 * nothing the second time.
 */
export function importHolidays(
  calendar: BusinessCalendar,
  imported: ImportedDays,
  {
    source,
    year,
    days,
  }: {
    readonly source: string;
    readonly year: number;
    readonly days: Readonly<Record<LocalDate, SpecialDay>>;
  },
): HolidayImport {
  const holidays = { ...calendar.holidays };
  const makeUpDays = { ...calendar.makeUpDays };
  const marks: Record<LocalDate, ImportedDay> = { ...imported };
  const told = { added: [] as string[], changed: [] as string[], removed: [] as string[] };
  const conflicts: ImportConflict[] = [];
  const known = Object.keys(imported).filter(
    (date) => imported[date]?.source === source && date.startsWith(`${year}-`),
  );
  for (const date of [...new Set([...Object.keys(days), ...known])].toSorted()) {
    const published = days[date] ?? null;
    const kept = specialDayOf(calendar, date);
    const mark = imported[date];
    if (sameDay(kept, published)) {
      if (published === null) delete marks[date];
      continue;
    }
    if (mark ? mark.source !== source || !sameDay(kept, mark) : kept !== null) {
      conflicts.push({ date, kept, published });
      continue;
    }
    delete holidays[date];
    delete makeUpDays[date];
    delete marks[date];
    if (published === null) {
      told.removed.push(date);
      continue;
    }
    if ('holiday' in published) holidays[date] = published.holiday;
    else makeUpDays[date] = published.makeUp;
    marks[date] = { ...published, source };
    (kept === null ? told.added : told.changed).push(date);
  }
  return {
    before: calendar,
    calendar: parseCalendar({ ...calendar, holidays, makeUpDays }),
    imported: marks,
    ...told,
    conflicts,
  };
}

/** A time off as an instant to an instant, with its name. */
export interface TimeOff {
  readonly name: string;
  readonly start: Date;
  readonly end: Date;
}

/**
 * The days that times off take, by the wall clock of where they are kept: whole days, or what is left of the hours that
 * the calendar works on that weekday. Only days of the year; of two on one day the longer counts, under both names.
 */
export function daysOff(
  calendar: BusinessCalendar,
  timesOff: readonly TimeOff[],
  { timeZone, year }: { readonly timeZone: string; readonly year: number },
): Record<LocalDate, SpecialDay> {
  const days: Record<LocalDate, { holiday: Holiday }> = {};
  for (const { name, start, end } of timesOff) {
    const [from, to] = [localOf(timeZone, start.getTime()), localOf(timeZone, end.getTime())];
    for (let day = dayOf(from); day <= dayOf(to - 1); day += 1) {
      const date = dateOfDay(day);
      if (!date.startsWith(`${year}-`)) continue;
      const spans = spansOutside(calendar, date, from - day * DAY, to - day * DAY);
      const before = days[date]?.holiday;
      const names = before && before.name !== name ? `${before.name}, ${name}` : name;
      days[date] = {
        holiday: { name: names, spans: before && before.spans.length < spans.length ? before.spans : spans },
      };
    }
  }
  return days;
}

/** The spans of the date's weekday without what lies between two times of the day, in milliseconds. */
function spansOutside(
  calendar: BusinessCalendar,
  date: LocalDate,
  from: number,
  to: number,
): Holiday['spans'] {
  return calendar.week[weekdayOf(dayOfDate(date))].flatMap((span) => {
    const [opens, closes] = [millisOf(span.from), millisOf(span.to)];
    const parts = [
      { opens, closes: Math.min(closes, from) },
      { opens: Math.max(opens, to), closes },
    ];
    return parts
      .filter((part) => part.opens < part.closes)
      .map((part) => ({ from: clockTime(part.opens), to: clockTime(part.closes) }));
  });
}

const millisOf = (time: string): number => (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * MINUTE;
const clockTime = (millis: number): string => {
  const minutes = Math.floor(millis / MINUTE);
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
};
