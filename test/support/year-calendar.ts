import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';

// What the simulated year is held against: the packs' rows read as people read them, by plain sums of days. Nothing of
// src/workflows is used here, so that a fault there can't be in both.

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const packFile = (path: string): unknown => parse(readFileSync(`packs/${path}`, 'utf8'));
export const packDocuments = (path: string): unknown[] =>
  parseAllDocuments(readFileSync(`packs/${path}`, 'utf8')).map((one) => one.toJS() as unknown);

/** Hours to add to UTC; neither zone changes its clocks. */
const HOURS_AHEAD: Readonly<Record<string, number>> = { 'Asia/Shanghai': 8, UTC: 0 };
/** 1970-01-01 was a Thursday. */
const WEEKDAYS = ['thursday', 'friday', 'saturday', 'sunday', 'monday', 'tuesday', 'wednesday'] as const;

export const weekdayOfDay = (day: number): string => WEEKDAYS[day % 7] as string;
export const dateOf = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);

/** A calendar of the packs, by days since 1970 and milliseconds of the local day. */
export interface YearCalendar {
  readonly ahead: number;
  dayOf(at: number): number;
  /** The instant of a local time. */
  instant(day: number, time: number): number;
  isWorked(day: number): boolean;
  closing(day: number): number;
  /** The first worked day from a day on, or back from it. */
  workedFrom(day: number, step: 1 | -1): number;
  /** The same time some working days later; what lies outside of work counts from the next opening. */
  after(at: number, days: number): number;
  /** The same time some working days earlier; what lies outside of work counts from the closing before. */
  before(at: number, days: number): number;
}

interface CalendarFile {
  readonly timeZone: string;
  readonly week: Readonly<Record<string, readonly string[]>>;
  readonly holidays?: Readonly<Record<string, string>>;
  readonly makeUpDays?: Readonly<Record<string, string>>;
}

export function readCalendar(key: string): YearCalendar {
  const file = packFile(`calendars/${key}.yaml`) as CalendarFile;
  const ahead = HOURS_AHEAD[file.timeZone]! * HOUR;
  const spansOn = (day: number): number[][] => {
    const date = dateOf(day);
    const like = file.makeUpDays?.[date] ?? (file.holidays?.[date] ? 'none' : weekdayOfDay(day));
    return (file.week[like] ?? []).map((span) =>
      span.split('-').map((time) => Number(time.slice(0, 2)) * HOUR + Number(time.slice(3)) * 60_000),
    );
  };
  const isWorked = (day: number): boolean => spansOn(day).length > 0;
  const workedFrom = (day: number, step: 1 | -1): number =>
    isWorked(day) ? day : workedFrom(day + step, step);
  const away = (day: number, days: number, step: 1 | -1): number =>
    days === 0 ? day : away(workedFrom(day + step, step), days - 1, step);
  const closing = (day: number): number => spansOn(day).at(-1)![1]!;
  const split = (at: number): [number, number] => {
    const day = Math.floor((at + ahead) / DAY);
    return [day, at + ahead - day * DAY];
  };
  return {
    ahead,
    isWorked,
    workedFrom,
    closing,
    dayOf: (at) => split(at)[0],
    instant: (day, time) => day * DAY + time - ahead,
    after(at, days) {
      let [day, time] = split(at);
      if (!isWorked(day) || time >= closing(day)) [day, time] = [workedFrom(day + 1, 1), 0];
      const target = away(day, days, 1);
      const begun = spansOn(day).find(([, end]) => time < end!)!;
      return target * DAY + Math.max(time, begun[0]!) - ahead;
    },
    before(at, days) {
      let [day, time] = split(at);
      if (!isWorked(day) || time < spansOn(day)[0]![0]!) [day, time] = [workedFrom(day - 1, -1), DAY];
      const target = away(day, days, -1);
      const ended = spansOn(day).findLast(([start]) => start! <= time)!;
      return target * DAY + Math.min(time, ended[1]!) - ahead;
    },
  };
}

/** A distance as packs write it: working days, or plain hours and days. */
export interface Span {
  readonly after: string;
  readonly in: 'calendar' | 'business';
}

const sizeOf = ({ after }: Span): { readonly days: number; readonly millis: number } => {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H|0S))?$/.exec(after);
  if (!found) throw new Error(`not read here: ${after}`);
  return { days: Number(found[1] ?? 0), millis: Number(found[2] ?? 0) * HOUR };
};

export function later(calendar: YearCalendar, at: number, span: Span, sign: 1 | -1 = 1): number {
  const { days, millis } = sizeOf(span);
  if (span.in === 'calendar') return at + sign * (days * DAY + millis);
  if (millis > 0) throw new Error('working hours are not read here');
  return sign === 1 ? calendar.after(at, days) : calendar.before(at, days);
}

export interface YearLadder {
  readonly reminders?: readonly { readonly when: string; readonly offset: Span }[];
  readonly ladder?: readonly {
    readonly after: Span;
    readonly action: { readonly do: string; readonly who?: readonly { rule: string; role?: string }[] };
  }[];
}

/** When the reminders and rungs of something due come; a reminder whose time has passed already does not come. */
export function actsOf(
  { reminders = [], ladder = [] }: YearLadder,
  due: number,
  calendar: YearCalendar,
  now: number,
): { readonly kind: 'reminder' | 'rung'; readonly index: number; readonly at: number }[] {
  let rung = due;
  return [
    ...reminders
      .map(({ when, offset }, index) => ({
        kind: 'reminder' as const,
        index,
        at: later(calendar, due, offset, when === 'before' ? -1 : 1),
      }))
      .filter(({ at }) => at > now),
    ...ladder.map(({ after }, index) => ({
      kind: 'rung' as const,
      index,
      at: (rung = later(calendar, rung, after)),
    })),
  ];
}

const END_OF_DAY = DAY - 1;

export interface YearRule {
  readonly kind: string;
  readonly [part: string]: unknown;
}

/** The times of a rule that recurs by the calendar, day by day; `opens` where it has a part of the day. */
export function recurring(
  rule: YearRule,
  calendar: YearCalendar,
  from: number,
  until: number,
): { readonly at: number; readonly opens: number | null }[] {
  const found: { at: number; opens: number | null }[] = [];
  for (let day = calendar.dayOf(from) - 40; day <= calendar.dayOf(until) + 40; day += 1) {
    if (!isDayOf(rule, day, calendar)) continue;
    const step = rule['roll'] === 'next-working-day' ? 1 : -1;
    const on = (rule['roll'] ?? 'none') === 'none' ? day : calendar.workedFrom(day, step);
    const opens =
      rule.kind === 'weekday' ? calendar.instant(on, rule['part'] === 'afternoon' ? 12 * HOUR : 0) : null;
    const at = calendar.instant(on, timeOf(rule, on, calendar));
    if (at >= from && at < until) found.push({ at, opens });
  }
  return found;
}

function isDayOf(rule: YearRule, day: number, calendar: YearCalendar): boolean {
  const [, month, date] = dateOf(day).split('-').map(Number);
  switch (rule.kind) {
    case 'daily':
      return rule['days'] !== 'working' || calendar.isWorked(day);
    case 'weekday':
      return weekdayOfDay(day) === rule['weekday'];
    case 'recurrence':
      if (rule['rrule'] !== 'FREQ=WEEKLY;BYDAY=FR') throw new Error('only each Friday is read here');
      return weekdayOfDay(day) === 'friday';
    case 'day-of-month':
      return date === rule['day'];
    case 'last-day-of-month':
      return dateOf(day + 1).endsWith('-01');
    case 'yearly-months':
      return date === rule['day'] && (rule['months'] as number[]).includes(month!);
    default:
      throw new Error(`not read here: ${rule.kind}`);
  }
}

function timeOf(rule: YearRule, day: number, calendar: YearCalendar): number {
  if (rule.kind === 'recurrence') return Number((rule['start'] as string).slice(11, 13)) * HOUR;
  if (rule['part'] === 'afternoon') return 18 * HOUR;
  const at = rule['at'] as string | undefined;
  if (at === 'close-of-business') return calendar.closing(day);
  return at === undefined ? END_OF_DAY : Number(at.slice(0, 2)) * HOUR;
}

/** The same day of a later month, or its last day. */
const monthsLater = (day: number, months: number): number => {
  const date = new Date(day * DAY);
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months + 1, 0)).getUTCDate();
  return first / DAY + Math.min(date.getUTCDate(), last) - 1;
};

export interface Due {
  readonly at: number | null;
  /** A "not later than" is broken. */
  readonly broken: boolean;
}

/** When something is due that hangs on events; `k` counts the occurrences of a rule of every so many months. */
export function dueBy(
  rule: YearRule,
  events: Readonly<Record<string, number | null>>,
  calendar: YearCalendar,
  k = 0,
): Due {
  const on = (at: number | null): Due => ({ at, broken: false });
  const event = events[rule['anchor'] as string] ?? null;
  const endOf = (day: number): Due => on(calendar.instant(day, END_OF_DAY));
  switch (rule.kind) {
    case 'on-event':
      return on(event);
    case 'response-time':
      return on(
        event === null ? null : later(calendar, event, { after: rule['within'] as string, in: 'calendar' }),
      );
    case 'every-months':
      if (event === null) return on(null);
      return endOf(
        monthsLater(calendar.dayOf(event), (rule['firstAfter'] as number) + k * (rule['every'] as number)),
      );
    case 'earliest-of': {
      const known = (rule['limits'] as YearRule[]).flatMap(
        (limit) => dueBy(limit, events, calendar).at ?? [],
      );
      return on(known.length === 0 ? null : Math.min(...known));
    }
    case 'not-later-than': {
      const { at } = dueBy(rule['rule'] as YearRule, events, calendar);
      const limit = events[rule['milestone'] as string] ?? null;
      if (at === null || limit === null || at <= limit) return on(at ?? limit);
      return { at: limit, broken: calendar.dayOf(at) > calendar.dayOf(limit) };
    }
    default: {
      if (event === null) return on(null);
      const { count, unit } = rule['offset'] as { count: number; unit: string };
      const sign = rule.kind === 'before-event' ? -1 : 1;
      const day = calendar.dayOf(event);
      if (unit === 'month') return endOf(monthsLater(day, sign * count));
      return endOf(
        day + sign * count * ({ day: 1, week: 7, 'half-month': 15 } as Record<string, number>)[unit]!,
      );
    }
  }
}
