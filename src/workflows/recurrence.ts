import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import { DAY } from './duration.js';

// RFC 5545 recurrence: the library expands, always from the start; this file bounds what it may be asked.

/** As written in a rule of kind `recurrence`. */
export interface Recurrence {
  /** The value of an RRULE: `FREQ=MONTHLY;BYDAY=-1FR`. */
  readonly rrule: string;
  /** DTSTART: a wall time `YYYY-MM-DDTHH:MM` in the calendar's time zone. */
  readonly start: string;
  /** EXDATE: wall times that are left out; they still count for COUNT. */
  readonly exdates: readonly string[];
}

/** Nothing people do recurs more often than four times a day; beyond it a rule is a slip of the pen. */
const STARTS_PER_YEAR_MAX = 1500;
/** COUNT is walked from the start at every question: fourteen years of days. */
const COUNT_MAX = 5000;
/** Looked ahead for a first occurrence: 29 February comes within eight years. */
const FIRST_WITHIN_DAYS = 3653;

const PARTS =
  'FREQ|INTERVAL|COUNT|UNTIL|BYMONTH|BYWEEKNO|BYYEARDAY|BYMONTHDAY|BYDAY|BYHOUR|BYMINUTE|BYSETPOS|WKST';
const PART = new RegExp(`^(?:${PARTS})=[A-Z0-9,+-]{1,100}$`);
const WALL_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d$/;

/** A real wall time to the minute, 1970 to 2200. */
export function isWallTime(text: string): boolean {
  if (!WALL_TIME.test(text)) return false;
  const at = new Date(`${text}:00Z`);
  const year = at.getUTCFullYear();
  return at.toISOString().startsWith(text) && year >= 1970 && year <= 2200;
}

/** Why the rule is refused; null when it is sound: it gives a first occurrence, and not too many of them. */
export function faultOf(rule: Recurrence): string | null {
  const parts = rule.rrule.split(';');
  const names = parts.map((part) => part.split('=')[0]);
  if (!parts.every((part) => PART.test(part)))
    return `parts like FREQ=MONTHLY, of ${PARTS.replaceAll('|', ', ')}`;
  if (new Set(names).size < names.length) return 'each part once';
  if (!/(?:^|;)FREQ=(?:DAILY|WEEKLY|MONTHLY|YEARLY)(?:;|$)/.test(rule.rrule))
    return 'FREQ=DAILY, WEEKLY, MONTHLY or YEARLY';
  const until = /(?:^|;)UNTIL=([^;]*)/.exec(rule.rrule)?.[1];
  if (until !== undefined && !/^\d{8}T\d{6}Z$/.test(until))
    return 'UNTIL is in UTC, such as 20241231T155959Z';
  if (Number(/(?:^|;)COUNT=(\d+)/.exec(rule.rrule)?.[1] ?? 1) > COUNT_MAX)
    return `COUNT is at most ${COUNT_MAX}`;
  if (!isWallTime(rule.start)) return 'it starts at a wall time YYYY-MM-DDTHH:MM';
  try {
    const from = new Date(`${rule.start}:00Z`);
    const [first] = startsBetween(rule, 'UTC', from, new Date(from.getTime() + FIRST_WITHIN_DAYS * DAY), 1);
    if (!first) return 'the rule never occurs within ten years of its start';
    const year = new Date(first.at.getTime() + 366 * DAY);
    const many = startsBetween(rule, 'UTC', first.at, year, STARTS_PER_YEAR_MAX + 1).length;
    return many > STARTS_PER_YEAR_MAX ? `at most ${STARTS_PER_YEAR_MAX} occurrences a year` : null;
  } catch (error) {
    return `not readable: ${(error as Error).message.slice(0, 200)}`;
  }
}

/** One start of the rule; `key` is its wall time, which names it for ever. */
export interface Start {
  readonly key: string;
  readonly at: Date;
}

/**
 * The starts from `from` up to but not including `until`, in order, at most `max`. As RFC 5545 has it, a day that a
 * month lacks and a wall time that a clock change leaves out are no occurrences; a wall time that comes twice is the
 * first. Nothing here depends on when it is asked.
 */
export function startsBetween(
  rule: Recurrence,
  timeZone: string,
  from: Date,
  until: Date,
  max = Number.POSITIVE_INFINITY,
): Start[] {
  const left = new Set(rule.exdates);
  const found: Start[] = [];
  const expanded = new RRuleTemporal({
    rruleString: `RRULE:${rule.rrule}`,
    dtstart: Temporal.PlainDateTime.from(rule.start).toZonedDateTime(timeZone),
    tzid: timeZone,
    strict: true,
    cache: false,
  });
  for (
    let next = expanded.next(from, true);
    next !== null;
    next = expanded.next(new Date(next.epochMilliseconds))
  ) {
    const at = new Date(next.epochMilliseconds);
    if (at >= until || found.length >= max) break;
    const key = next.toString().slice(0, 16);
    if (!left.has(key)) found.push({ key, at });
  }
  return found;
}

/** The last start before an instant; null when there is none. */
export function startBefore(rule: Recurrence, timeZone: string, instant: Date): Start | null {
  const first = Temporal.PlainDateTime.from(rule.start).toZonedDateTime(timeZone).epochMilliseconds;
  for (let days = 400; ; days *= 4) {
    const from = new Date(Math.max(first, instant.getTime() - days * DAY));
    const last = startsBetween(rule, timeZone, from, instant).at(-1);
    if (last || from.getTime() <= first) return last ?? null;
  }
}
