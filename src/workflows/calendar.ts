import { z } from 'zod';
import {
  addCalendar,
  badInput,
  dateOfDay,
  DAY,
  dayOf,
  dayOfDate,
  instantOf,
  isBusinessDuration,
  isTimeZone,
  localOf,
  MINUTE,
  offsetStretches,
  parseDuration,
  parseWith,
  stretchAt,
  timeMillis,
  yearOf,
} from './duration.js';
import type { DueRule, Duration, LocalDate } from './duration.js';

/**
 * When an organisation works: plain data. An instant is a *working instant* when the wall clock of the
 * calendar's zone shows a time inside a span of that date, the start included, the end not. The end of a
 * span is its *closing*: work is over, and what was to be done by then is due.
 */
export interface BusinessCalendar {
  readonly key: string;
  readonly name: string;
  readonly timeZone: string;
  readonly week: Readonly<Record<Weekday, readonly WorkingSpan[]>>;
  /** Dates that differ from their weekday: no spans is a day off, spans make a half day. */
  readonly holidays: Readonly<Record<LocalDate, Holiday>>;
  /** Dates worked like the given weekday, in exchange for a holiday. */
  readonly makeUpDays: Readonly<Record<LocalDate, Weekday>>;
}

/** Wall times `HH:MM`; `to` may be `24:00`. A night shift is written as two spans on two days. */
export interface WorkingSpan {
  readonly from: string;
  readonly to: string;
}

export interface Holiday {
  readonly name: string;
  readonly spans: readonly WorkingSpan[];
}

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const millisOfDay = (time: string): number =>
  Number(time.slice(0, 2)) * 60 * MINUTE + Number(time.slice(3)) * MINUTE;

const spanSchema = z.union([
  z
    .string()
    .regex(/^\d{2}:\d{2}-\d{2}:\d{2}$/, 'a span is written like 09:00-18:00')
    .transform((text) => ({ from: text.slice(0, 5), to: text.slice(6) })),
  z.strictObject({ from: z.string(), to: z.string() }),
]);

const spansSchema = z
  .array(
    spanSchema.refine(
      ({ from, to }) =>
        /^([01]\d|2[0-3]):[0-5]\d$/.test(from) && /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/.test(to) && from < to,
      'a span runs from HH:MM to a later HH:MM of the same day, at most 24:00',
    ),
  )
  .max(24)
  .refine(
    (spans) => spans.every((span, index) => index === 0 || spans[index - 1]!.to <= span.from),
    'spans are in order and do not overlap',
  );

const dateSchema = z.string().refine((text) => {
  try {
    return dayOfDate(text) >= 0;
  } catch {
    return false;
  }
}, 'a date from 1970 on, written YYYY-MM-DD');

const weekdaySpans = spansSchema.default([]);

export const calendarSchema: z.ZodType<BusinessCalendar> = z
  .strictObject({
    key: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'a key is kebab-case'),
    name: z.string().min(1).max(200),
    timeZone: z.string().refine(isTimeZone, 'a time zone is an IANA name such as Asia/Shanghai'),
    week: z.strictObject({
      monday: weekdaySpans,
      tuesday: weekdaySpans,
      wednesday: weekdaySpans,
      thursday: weekdaySpans,
      friday: weekdaySpans,
      saturday: weekdaySpans,
      sunday: weekdaySpans,
    }),
    holidays: z
      .record(
        dateSchema,
        z.union([
          z
            .string()
            .min(1)
            .transform((name) => ({ name, spans: [] })),
          z.strictObject({ name: z.string().min(1), spans: spansSchema.default([]) }),
        ]),
      )
      .default({}),
    makeUpDays: z.record(dateSchema, z.enum(WEEKDAYS)).default({}),
  })
  .refine((calendar) => Object.keys(calendar.makeUpDays).every((date) => !(date in calendar.holidays)), {
    path: ['makeUpDays'],
    message: 'a date is a holiday or a make-up day, not both',
  });

/**
 * Reads a calendar from a pack's YAML value or from stored data; what it gives, it accepts again.
 * `overrides` lets an installation reuse a shipped calendar under its own key or time zone.
 * @throws BAD_USER_INPUT
 */
export function parseCalendar(
  value: unknown,
  overrides: { key?: string; timeZone?: string } = {},
): BusinessCalendar {
  const merged = typeof value === 'object' && value !== null ? { ...value, ...overrides } : value;
  return parseWith(calendarSchema, 'calendar', merged);
}

// ── Compiled tables ────────────────────────────────────────────────────────────────────────────────

/** Start and end of each span in milliseconds of the day, flat and in order; empty: not worked. */
type DaySpans = readonly number[];

/** The working intervals of one UTC year, as instants; `before[i]` is the working time ahead of interval i. */
interface YearTable {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly before: readonly number[];
  readonly total: number;
}

interface Compiled {
  readonly calendar: BusinessCalendar;
  readonly week: readonly DaySpans[];
  readonly special: ReadonlyMap<number, DaySpans>;
  readonly years: Map<number, YearTable>;
}

/** Two years without a working day is a calendar nobody filled in, not a long holiday. */
const IDLE_DAYS_MAX = 731;
/** Working time is sought this many years ahead; reached only by a calendar of a few hours a month. */
const YEARS_MAX = 100;

const compiledCalendars = new WeakMap<BusinessCalendar, Compiled>();

function compiled(calendar: BusinessCalendar): Compiled {
  const known = compiledCalendars.get(calendar);
  if (known) return known;
  const flat = (spans: readonly WorkingSpan[]): DaySpans =>
    spans.flatMap((span) => [millisOfDay(span.from), millisOfDay(span.to)]);
  const week = WEEKDAYS.map((weekday) => flat(calendar.week[weekday]));
  const special = new Map<number, DaySpans>();
  for (const [date, holiday] of Object.entries(calendar.holidays))
    special.set(dayOfDate(date), flat(holiday.spans));
  for (const [date, weekday] of Object.entries(calendar.makeUpDays)) {
    special.set(dayOfDate(date), week[WEEKDAYS.indexOf(weekday)]!);
  }
  const made = { calendar, week, special, years: new Map() };
  compiledCalendars.set(calendar, made);
  return made;
}

/** 0 is Monday; 1970-01-01 was a Thursday. */
const weekdayIndex = (day: number): number => (((day + 3) % 7) + 7) % 7;

export const weekdayOf = (day: number): Weekday => WEEKDAYS[weekdayIndex(day)]!;

const spansOf = (table: Compiled, day: number): DaySpans =>
  table.special.get(day) ?? table.week[weekdayIndex(day)]!;

/** Clock changes need no case of their own: within a stretch of one offset, wall times and instants run
 *  side by side, so each day's spans are shifted by the offset and cut to the stretch. */
function yearTable(table: Compiled, year: number): YearTable {
  const known = table.years.get(year);
  if (known) return known;
  const [starts, ends, before]: [number[], number[], number[]] = [[], [], []];
  let total = 0;
  for (const { start, end, offset } of offsetStretches(table.calendar.timeZone, year)) {
    for (let day = dayOf(start + offset); day <= dayOf(end - 1 + offset); day++) {
      const spans = spansOf(table, day);
      for (let index = 0; index < spans.length; index += 2) {
        const from = Math.max(start, day * DAY + spans[index]! - offset);
        const to = Math.min(end, day * DAY + spans[index + 1]! - offset);
        if (from >= to) continue;
        starts.push(from);
        ends.push(to);
        before.push(total);
        total += to - from;
      }
    }
  }
  const made = { starts, ends, before, total };
  table.years.set(year, made);
  return made;
}

/** The last index whose value is at most (`strict`: below) the limit, or -1; values ascend. */
function lastIndex(values: readonly number[], limit: number, strict = false): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (strict ? values[middle]! < limit : values[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function workedBefore(year: YearTable, instant: number): number {
  const index = lastIndex(year.starts, instant);
  return index < 0 ? 0 : year.before[index]! + Math.min(instant, year.ends[index]!) - year.starts[index]!;
}

const idle = (calendar: BusinessCalendar): Error =>
  badInput('the calendar has no working time within two years', 'calendar', calendar.key);

/** Finds by day number, so that the bound holds whatever the calendar. @throws BAD_USER_INPUT */
function nearestWorkingDay(table: Compiled, from: number, direction: 1 | -1): number {
  for (let step = 0; step <= IDLE_DAYS_MAX; step++) {
    const day = from + direction * step;
    if (spansOf(table, day).length > 0) return day;
  }
  throw idle(table.calendar);
}

/** The nearest year, this one included, that has working time in it. @throws BAD_USER_INPUT */
function nearestWorkingYear(table: Compiled, from: number, direction: 1 | -1): YearTable {
  for (let step = 0; step <= 3; step++) {
    const year = yearTable(table, from + direction * step);
    if (year.total > 0) return year;
  }
  throw idle(table.calendar);
}

// ── Questions ──────────────────────────────────────────────────────────────────────────────────────

/** True when the date has working time: its own special rule, else its weekday's. @throws BAD_USER_INPUT */
export const isWorkingDay = (calendar: BusinessCalendar, date: LocalDate): boolean =>
  spansOf(compiled(calendar), dayOfDate(date)).length > 0;

/** True from the first millisecond of a span to the last before its closing. */
export const isWorkingInstant = (calendar: BusinessCalendar, at: Date): boolean =>
  isWorking(compiled(calendar), at.getTime());

/** The earliest working instant at or after `at`. @throws BAD_USER_INPUT when none is within two years. */
export const nextWorkingInstant = (calendar: BusinessCalendar, at: Date): Date =>
  new Date(nextWorking(compiled(calendar), at.getTime()));

/** The latest working instant at or before `at`; after hours that is the closing less one millisecond,
 *  the finest step of a `Date`. @throws BAD_USER_INPUT when none is within two years. */
export function previousWorkingInstant(calendar: BusinessCalendar, at: Date): Date {
  const table = compiled(calendar);
  const instant = at.getTime();
  const year = yearTable(table, yearOf(instant));
  const index = lastIndex(year.starts, instant);
  if (index >= 0) return new Date(Math.min(instant, year.ends[index]! - 1));
  return new Date(nearestWorkingYear(table, yearOf(instant) - 1, -1).ends.at(-1)! - 1);
}

/** Working milliseconds from one instant to the other; negative when `until` is the earlier one, so
 *  distances add up. */
export function businessMillisBetween(calendar: BusinessCalendar, from: Date, until: Date): number {
  const table = compiled(calendar);
  const [first, last] = [yearOf(from.getTime()), yearOf(until.getTime())];
  if (first > last) return 0 - businessMillisBetween(calendar, until, from);
  let millis = workedBefore(yearTable(table, last), until.getTime());
  millis -= workedBefore(yearTable(table, first), from.getTime());
  for (let year = first; year < last; year++) millis += yearTable(table, year).total;
  return millis;
}

// ── Arithmetic ─────────────────────────────────────────────────────────────────────────────────────

function isWorking(table: Compiled, instant: number): boolean {
  const year = yearTable(table, yearOf(instant));
  const index = lastIndex(year.starts, instant);
  return index >= 0 && instant < year.ends[index]!;
}

/** A closing is not working itself, but the millisecond before it is. */
const isWorkingOrClosing = (table: Compiled, instant: number): boolean =>
  isWorking(table, instant) || isWorking(table, instant - 1);

function nextWorking(table: Compiled, instant: number): number {
  const year = yearTable(table, yearOf(instant));
  const index = lastIndex(year.ends, instant) + 1;
  if (index < year.starts.length) return Math.max(instant, year.starts[index]!);
  return nearestWorkingYear(table, yearOf(instant) + 1, 1).starts[0]!;
}

/** The instant by which `millis` (not 0) of working time have passed. Work that fills a span ends at its
 *  `closing`, or goes on at the next `opening`: the same amount of work, so the caller says which. */
function advance(table: Compiled, from: number, millis: number, end: 'opening' | 'closing'): number {
  let year = yearOf(from);
  let [left, idleYears] = [workedBefore(yearTable(table, year), from) + millis, 0];
  for (const last = year + YEARS_MAX; year <= last; year++) {
    const { starts, before, total } = yearTable(table, year);
    if (end === 'opening' ? left < total : left <= total) {
      const index = lastIndex(before, left, end === 'closing');
      return starts[index]! + left - before[index]!;
    }
    left -= total;
    idleYears = total === 0 ? idleYears + 1 : 0;
    if (idleYears > 3) throw idle(table.calendar);
  }
  throw badInput(`the working time is not reached within ${YEARS_MAX} years`, 'duration', millis);
}

/** The opening form of `advance`, backwards. */
function retreat(table: Compiled, from: number, millis: number): number {
  let year = yearOf(from);
  let [left, idleYears] = [workedBefore(yearTable(table, year), from) - millis, 0];
  for (const last = year - YEARS_MAX; left < 0;) {
    year -= 1;
    const { total } = yearTable(table, year);
    left += total;
    idleYears = total === 0 ? idleYears + 1 : 0;
    if (idleYears > 3) throw idle(table.calendar);
    if (year < last)
      throw badInput(`the working time is not reached within ${YEARS_MAX} years`, 'duration', millis);
  }
  const { starts, before } = yearTable(table, year);
  const index = lastIndex(before, left);
  return starts[index]! + left - before[index]!;
}

/** The wall clock for whole-day arithmetic. While clocks set back repeat an hour it stands still at the
 *  hour's end, so that a later instant never reads as an earlier time of day. */
function steadyLocal(timeZone: string, instant: number): number {
  const { start, offset, offsetBefore } = stretchAt(timeZone, instant);
  return Math.max(instant + offset, start + offsetBefore);
}

/** Moves a local time into the spans of its day, forward to an opening where it can, else to the closing. */
function intoSpans(spans: DaySpans, time: number): number {
  for (let index = 0; index < spans.length; index += 2) {
    if (time < spans[index + 1]!) return Math.max(time, spans[index]!);
  }
  return spans[spans.length - 1]!;
}

function workingDaysAway(table: Compiled, from: number, days: number, direction: 1 | -1): number {
  let day = from;
  for (let left = days; left > 0; left--) day = nearestWorkingDay(table, day + direction, direction);
  return day;
}

/** The same wall time `days` working days on, moved into that day's spans; may be a closing. */
function daysLater(table: Compiled, from: number, days: number): number {
  const { timeZone } = table.calendar;
  const local = steadyLocal(timeZone, from);
  let [day, time] = [dayOf(local), local - dayOf(local) * DAY];
  if (!(time < (spansOf(table, day).at(-1) ?? 0))) [day, time] = [nearestWorkingDay(table, day + 1, 1), 0];
  time = intoSpans(spansOf(table, day), time);
  day = workingDaysAway(table, day, days, 1);
  const instant = instantOf(timeZone, day * DAY + intoSpans(spansOf(table, day), time), 'edge');
  return isWorkingOrClosing(table, instant) ? instant : nextWorking(table, instant);
}

function daysEarlier(table: Compiled, from: number, days: number): number {
  const { calendar } = table;
  const local = localOf(calendar.timeZone, from);
  let [day, time] = [dayOf(local), local - dayOf(local) * DAY];
  if (!((spansOf(table, day)[0] ?? DAY) <= time)) [day, time] = [nearestWorkingDay(table, day - 1, -1), DAY];
  const back = (spans: DaySpans): number => {
    const index = lastIndex(
      spans.filter((_, place) => place % 2 === 0),
      time,
    );
    return index < 0 ? spans[0]! : Math.min(time, spans[index * 2 + 1]!);
  };
  time = back(spansOf(table, day));
  day = workingDaysAway(table, day, days, -1);
  const instant = instantOf(calendar.timeZone, day * DAY + back(spansOf(table, day)), 'edge');
  if (instant <= from && isWorkingOrClosing(table, instant)) return instant;
  return previousWorkingInstant(calendar, new Date(Math.min(instant, from))).getTime();
}

function businessParts(duration: Duration): { days: number; millis: number } {
  if (!isBusinessDuration(duration)) {
    throw badInput('business time is counted in days, hours and minutes', 'duration', duration);
  }
  return { days: duration.days, millis: timeMillis(duration) };
}

/** The end of a business duration: working, or the closing at which the last of it was worked off. */
function businessEnd(table: Compiled, from: number, duration: Duration): number {
  const { days, millis } = businessParts(duration);
  if (millis === 0) return days === 0 ? nextWorking(table, from) : daysLater(table, from, days);
  const start = days === 0 ? from : nextWorking(table, daysLater(table, from, days));
  return advance(table, start, millis, 'closing');
}

/**
 * Adds working days (same wall time on the Nth next working day), then working hours. The result is a
 * working instant, never before `from`, and no earlier for a later `from`. Hours come back exactly:
 * `subtractBusiness` of the same hours gives the working instant again. Outside working time the count
 * begins at the next opening.
 * @throws BAD_USER_INPUT for months, weeks or seconds, and for a calendar without working time.
 */
export function addBusiness(calendar: BusinessCalendar, from: Date, duration: Duration): Date {
  const table = compiled(calendar);
  return new Date(nextWorking(table, businessEnd(table, from.getTime(), duration)));
}

/**
 * Takes off working hours, then working days; never after `from`. The result is a working instant, or,
 * where whole days lead to it, a closing: one day before a Friday's closing is Thursday's closing.
 * @throws BAD_USER_INPUT as `addBusiness`.
 */
export function subtractBusiness(calendar: BusinessCalendar, from: Date, duration: Duration): Date {
  const table = compiled(calendar);
  const { days, millis } = businessParts(duration);
  const start = millis === 0 ? from.getTime() : retreat(table, from.getTime(), millis);
  return new Date(millis > 0 && days === 0 ? start : daysEarlier(table, start, days));
}

/**
 * When something is due that began at `from`; never before it. In business time: the same working time as
 * `addBusiness`, told as people say it, so work that fills the day is due at the day's closing and not at
 * the next morning's opening, and a day counted on to a half day is due at that day's closing.
 * @throws BAD_USER_INPUT
 */
export function dueAt(calendar: BusinessCalendar, from: Date, rule: DueRule): Date {
  const duration = parseDuration(rule.after);
  if (rule.in === 'calendar') return addCalendar(calendar.timeZone, from, duration);
  return new Date(businessEnd(compiled(calendar), from.getTime(), duration));
}

/** The instant as long before `at` as the rule says, for reminders before a due time; never after `at`. */
export function timeBefore(calendar: BusinessCalendar, at: Date, rule: DueRule): Date {
  const duration = parseDuration(rule.after);
  if (rule.in === 'calendar') return addCalendar(calendar.timeZone, at, duration, -1);
  return subtractBusiness(calendar, at, duration);
}

/** The instant by which so much working time has passed, told as `dueAt` tells it; 0 is `from` itself. */
export function afterWorking(calendar: BusinessCalendar, from: Date, millis: number): Date {
  return millis <= 0 ? from : new Date(advance(compiled(calendar), from.getTime(), millis, 'closing'));
}

/** The nearest working day to a date, itself included. @throws BAD_USER_INPUT when none is within two years. */
export const nearestWorkingDate = (
  calendar: BusinessCalendar,
  date: LocalDate,
  direction: 1 | -1,
): LocalDate => dateOfDay(nearestWorkingDay(compiled(calendar), dayOfDate(date), direction));

/** The working day `days` working days after a date (0: the date or the next working day), or before it. */
export function workingDateAway(
  calendar: BusinessCalendar,
  date: LocalDate,
  days: number,
  direction: 1 | -1,
): LocalDate {
  const table = compiled(calendar);
  const start = days === 0 ? nearestWorkingDay(table, dayOfDate(date), direction) : dayOfDate(date);
  return dateOfDay(workingDaysAway(table, start, days, direction));
}

/** The wall time in milliseconds of the day at which a date's work closes; null when it is not worked. */
export const closingOf = (calendar: BusinessCalendar, date: LocalDate): number | null =>
  spansOf(compiled(calendar), dayOfDate(date)).at(-1) ?? null;
