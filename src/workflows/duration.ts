import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { refusal } from '../errors.js';

/** An ISO 8601 duration as text, such as `P3D`, `PT4H`, `P1M`; valid once `parseDuration` has taken it. */
export type IsoDuration = string;

/** The parts of a duration, as written: nothing is carried over (PT90M stays 90 minutes). */
export interface Duration {
  readonly years: number;
  readonly months: number;
  readonly weeks: number;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  /** May hold milliseconds: 1.5 is PT1.5S. */
  readonly seconds: number;
}

/** How long after something it is due, and whether nights and holidays count. */
export interface DueRule {
  readonly after: IsoDuration;
  readonly in: 'calendar' | 'business';
}

const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Ten years with at most three leap days: longer is a slip of the pen, and every search stays bounded. */
const LONGEST_DAYS = 3653;
const LONGEST_MONTHS = 120;

const PATTERN =
  /^P(?=\d|T\d)(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?$/;

/** Refuses a value that is not usable where it stands; `fields` lists each place and its rule. */
export function badInput(reason: string, path: string, value: unknown): Error {
  return refusal('BAD_USER_INPUT', { reason, fields: [{ path, rule: reason }], value });
}

/**
 * Parses with a schema or refuses; what comes back has every default filled in.
 * @throws BAD_USER_INPUT with one field for each finding.
 */
export function parseWith<T>(schema: z.ZodType<T>, what: string, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), rule: issue.message }));
  const first = fields[0];
  throw refusal('BAD_USER_INPUT', {
    reason: `${what}: ${first?.path ? `${first.path}: ` : ''}${first?.rule ?? 'not readable'}`,
    fields,
  });
}

const durationOrNull = (text: string): Duration | null => {
  const found = PATTERN.exec(text);
  if (!found) return null;
  const part = (index: number): number => Number(found[index] ?? 0);
  const duration = {
    years: part(1),
    months: part(2),
    weeks: part(3),
    days: part(4),
    hours: part(5),
    minutes: part(6),
    seconds: part(7),
  };
  const months = duration.years * 12 + duration.months;
  const days = duration.weeks * 7 + duration.days + timeMillis(duration) / DAY;
  return months * LONGEST_DAYS + days * LONGEST_MONTHS <= LONGEST_DAYS * LONGEST_MONTHS ? duration : null;
};

/**
 * Reads an ISO 8601 duration of at most ten years. Signs are refused, and so are fractions other than
 * milliseconds of a second, because a fraction of a month or a day has no one meaning.
 * @throws BAD_USER_INPUT
 */
export function parseDuration(text: IsoDuration): Duration {
  const duration = durationOrNull(text);
  if (!duration) {
    throw badInput(
      'a duration is written like P3D, PT4H or P1M, without sign, at most ten years',
      'duration',
      text,
    );
  }
  return duration;
}

/** Writes a duration so that `parseDuration` gives the same parts; nothing at all is `PT0S`. */
export function formatDuration(duration: Duration): IsoDuration {
  const part = (amount: number, letter: string): string => (amount === 0 ? '' : `${amount}${letter}`);
  const date =
    part(duration.years, 'Y') +
    part(duration.months, 'M') +
    part(duration.weeks, 'W') +
    part(duration.days, 'D');
  const time = part(duration.hours, 'H') + part(duration.minutes, 'M') + part(duration.seconds, 'S');
  return date + time === '' ? 'PT0S' : `P${date}${time === '' ? '' : `T${time}`}`;
}

/** The hours, minutes and seconds of a duration in milliseconds; its days and months are left out. */
export const timeMillis = (duration: Duration): number =>
  duration.hours * HOUR + duration.minutes * MINUTE + Math.round(duration.seconds * SECOND);

/** True when the duration can be counted in working time: days, hours and minutes only. */
export const isBusinessDuration = (duration: Duration): boolean =>
  duration.years === 0 && duration.months === 0 && duration.weeks === 0 && duration.seconds === 0;

export const isoDurationSchema = z
  .string()
  .refine((text) => durationOrNull(text) !== null, 'a duration like P3D, PT4H or P1M, at most ten years');

export const dueRuleSchema = z
  .strictObject({ after: isoDurationSchema, in: z.enum(['calendar', 'business']) })
  .refine(
    (rule) => {
      const duration = durationOrNull(rule.after);
      return rule.in === 'calendar' || duration === null || isBusinessDuration(duration);
    },
    { path: ['after'], message: 'business time is counted in days, hours and minutes' },
  );

/** @throws BAD_USER_INPUT */
export const parseDueRule = (value: unknown): DueRule => parseWith(dueRuleSchema, 'due rule', value);

// ── Wall clocks ────────────────────────────────────────────────────────────────────────────────────
// A local time is the wall clock read as if it were UTC, in milliseconds; a day number is the local
// date as days since 1970-01-01. Plain numbers, because Temporal objects cost some microseconds each and
// a due time needs hundreds: Temporal is asked once per zone and year for the clock changes.

/** A local date, `YYYY-MM-DD`. */
export type LocalDate = string;

/** A stretch in which a zone's clock keeps one offset (milliseconds to add to UTC). */
export interface OffsetStretch {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  /** The offset in force just before `start`. */
  readonly offsetBefore: number;
}

/** Instants outside are refused: before 1900 zones have odd offsets, and after 2300 no rule is known. */
const FIRST_YEAR = 1900;
const LAST_YEAR = 2300;

const stretchesByZone = new Map<string, Map<number, readonly OffsetStretch[]>>();

/** @throws BAD_USER_INPUT for an invalid date or one outside the years 1900 to 2300. */
export function yearOf(instant: number): number {
  const year = new Date(instant).getUTCFullYear();
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) {
    throw badInput(
      `an instant lies between the years ${FIRST_YEAR} and ${LAST_YEAR}`,
      'instant',
      String(instant),
    );
  }
  return year;
}

/** True for an IANA zone this runtime knows; plain offsets such as `+08:00` are not zones. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/** The zone's offsets in one UTC year: in order, without gaps, covering exactly that year. Kept per zone
 *  and year (at most some hundred zones), because finding the clock changes costs a third of a millisecond. */
export function offsetStretches(timeZone: string, year: number): readonly OffsetStretch[] {
  let years = stretchesByZone.get(timeZone);
  if (!years) {
    if (!isTimeZone(timeZone))
      throw badInput('a time zone is an IANA name such as Asia/Shanghai', 'timeZone', timeZone);
    stretchesByZone.set(timeZone, (years = new Map()));
  }
  const known = years.get(year);
  if (known) return known;
  const yearEnd = Date.UTC(year + 1, 0, 1);
  const stretches: OffsetStretch[] = [];
  let at = Temporal.Instant.fromEpochMilliseconds(Date.UTC(year, 0, 1)).toZonedDateTimeISO(timeZone);
  let offsetBefore = at.subtract({ nanoseconds: 1 }).offsetNanoseconds / 1e6;
  for (;;) {
    const next = at.getTimeZoneTransition('next');
    const end = Math.min(next?.epochMilliseconds ?? yearEnd, yearEnd);
    const offset = at.offsetNanoseconds / 1e6;
    stretches.push({ start: at.epochMilliseconds, end, offset, offsetBefore });
    if (!next || end === yearEnd) break;
    offsetBefore = offset;
    at = next;
  }
  years.set(year, stretches);
  return stretches;
}

export function stretchAt(timeZone: string, instant: number): OffsetStretch {
  const stretches = offsetStretches(timeZone, yearOf(instant));
  for (const stretch of stretches) if (instant < stretch.end) return stretch;
  return stretches[stretches.length - 1]!;
}

/** The wall clock at an instant. */
export const localOf = (timeZone: string, instant: number): number =>
  instant + stretchAt(timeZone, instant).offset;

/**
 * The instant at which a wall clock shows a local time. Shown twice (clocks set back): the first.
 * Never shown (clocks set forward): `shift` gives the time as late again as the clock jumped, as RFC 5545
 * and Temporal's `compatible` do; `edge` gives the jump itself, which keeps later times later.
 */
export function instantOf(timeZone: string, local: number, gap: 'shift' | 'edge' = 'shift'): number {
  const before = stretchAt(timeZone, local - DAY).offset;
  const after = stretchAt(timeZone, local + DAY).offset;
  const early = local - before;
  if (before === after || stretchAt(timeZone, early).offset === before) return early;
  const late = local - after;
  if (stretchAt(timeZone, late).offset === after) return late;
  return gap === 'shift' ? early : stretchAt(timeZone, early).start;
}

export const dayOf = (local: number): number => Math.floor(local / DAY);

/** The date's day number. @throws BAD_USER_INPUT when there is no such date. */
export function dayOfDate(date: LocalDate): number {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at) || dateOfDay(at / DAY) !== date)
    throw badInput('a date is written YYYY-MM-DD', 'date', date);
  return at / DAY;
}

export const dateOfDay = (day: number): LocalDate => new Date(day * DAY).toISOString().slice(0, 10);

/** The local date at an instant. */
export const localDateOf = (timeZone: string, at: Date): LocalDate =>
  dateOfDay(dayOf(localOf(timeZone, at.getTime())));

/** The same day some months later (or earlier), held to the month's last day: 31 January + 1 = 28 or 29 February. */
export function addMonths(day: number, months: number): number {
  const date = new Date(day * DAY);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(date.getUTCDate(), lastDay)) / DAY;
}

/**
 * Adds a duration on the calendar of a zone: months, then weeks and days at the same wall time, then
 * exact hours. Equal to Temporal's `ZonedDateTime.add` (`direction` -1: `subtract`).
 * @throws BAD_USER_INPUT outside the years 1900 to 2300.
 */
export function addCalendar(timeZone: string, from: Date, duration: Duration, direction: 1 | -1 = 1): Date {
  const months = duration.years * 12 + duration.months;
  const days = duration.weeks * 7 + duration.days;
  let instant = from.getTime();
  if (months !== 0 || days !== 0) {
    const local = localOf(timeZone, instant);
    const day = addMonths(dayOf(local), direction * months) + direction * days;
    instant = instantOf(timeZone, day * DAY + (local - dayOf(local) * DAY));
  }
  instant += direction * timeMillis(duration);
  yearOf(instant);
  return new Date(instant);
}
