import { z } from 'zod';
import {
  closingOf,
  dueAt,
  nearestWorkingDate,
  weekdayOf,
  WEEKDAYS,
  workingDateAway,
  isWorkingDay,
} from './calendar.js';
import type { BusinessCalendar } from './calendar.js';
import {
  addMonths,
  badInput,
  dateOfDay,
  DAY,
  dayOf,
  dayOfDate,
  dueRuleSchema,
  HOUR,
  instantOf,
  isoDurationSchema,
  localOf,
  MINUTE,
  parseWith,
} from './duration.js';
import { faultOf, isWallTime, startBefore, startsBetween } from './recurrence.js';
import { unreachable } from '../errors.js';

// ── The rules, as packs write them ─────────────────────────────────────────────────────────────────

const anchor = z.string().regex(/^[a-z][a-zA-Z0-9-]*$/, 'an anchor is a name such as completion');

/** What to do with a date nobody works on. The sources have no holiday rule, so the default moves nothing. */
const roll = z.enum(['none', 'previous-working-day', 'next-working-day']).default('none');

/** The time of day of a date: a wall time, the last millisecond of the day (the whole day counts), the close of
 *  business (the day's end where it is not worked), or the anchor's own time of day. */
const wallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a wall time is written HH:MM');
const at = z.union([z.enum(['end-of-day', 'close-of-business']), wallTime]).default('end-of-day');
const anchoredAt = z
  .union([z.enum(['end-of-day', 'close-of-business', 'same-time']), wallTime])
  .default('end-of-day');

/** A distance from an anchor. Half a month is 15 days unless the rule says otherwise. */
const offset = z.strictObject({
  count: z.int().min(0).max(3653),
  unit: z.enum(['hour', 'day', 'working-day', 'week', 'half-month', 'month', 'year']),
  halfMonthDays: z.int().min(14).max(16).default(15),
});

const monthDay = z.union([z.int().min(1).max(31), z.literal('last')]);
/** The days that count: `inclusive` means on or before the day, `exclusive` means before it. */
const reading = z.enum(['inclusive', 'exclusive']).default('inclusive');
const period = z.enum(['day', 'week', 'month', 'quarter', 'half-year', 'year']);

const recurring = [
  z.strictObject({ kind: z.literal('daily'), days: z.enum(['all', 'working']).default('all'), at }),
  z.strictObject({
    kind: z.literal('weekday'),
    weekday: z.enum(WEEKDAYS),
    part: z.enum(['day', 'morning', 'afternoon', 'evening']).default('day'),
    roll,
  }),
  z.strictObject({ kind: z.literal('day-of-month'), day: z.int().min(1).max(31), reading, roll, at }),
  z.strictObject({ kind: z.literal('last-day-of-month'), roll, at }),
  z.strictObject({
    kind: z.literal('yearly-months'),
    months: z.array(z.int().min(1).max(12)).min(1).max(12),
    day: monthDay.default('last'),
    reading,
    roll,
    at,
  }),
  /** RFC 5545, in the calendar's time zone; see recurrence.ts. */
  z
    .strictObject({
      kind: z.literal('recurrence'),
      rrule: z.string().min(1).max(300),
      start: z.string(),
      exdates: z.array(z.string().refine(isWallTime, 'a wall time YYYY-MM-DDTHH:MM')).max(366).default([]),
      roll,
    })
    .superRefine((rule, context) => {
      const fault = faultOf(rule);
      if (fault !== null) context.addIssue({ code: 'custom', path: ['rrule'], message: fault });
    }),
] as const;

const once = [
  z.strictObject({ kind: z.literal('after-event'), anchor, offset, roll, at: anchoredAt }),
  z.strictObject({ kind: z.literal('before-event'), anchor, offset, roll, at: anchoredAt }),
  z
    .strictObject({
      kind: z.literal('response-time'),
      anchor,
      within: isoDurationSchema,
      in: z.enum(['calendar', 'business']),
    })
    .refine((rule) => dueRuleSchema.safeParse({ after: rule.within, in: rule.in }).success, {
      path: ['within'],
      message: 'business time is counted in days, hours and minutes',
    }),
  z.strictObject({ kind: z.literal('on-event'), anchor }),
] as const;

const onceRule = z.discriminatedUnion('kind', once);
const earliestOf = z.strictObject({
  kind: z.literal('earliest-of'),
  limits: z.array(onceRule).min(2).max(8),
});

const notLaterThanRule = z.strictObject({
  kind: z.literal('not-later-than'),
  rule: z.discriminatedUnion('kind', [...once, earliestOf]),
  milestone: anchor,
});
/** The first `firstAfter` months after the anchor, then every `every` months; `times` ends it. */
const everyMonthsRule = z.strictObject({
  kind: z.literal('every-months'),
  anchor,
  every: z.int().min(1).max(120),
  firstAfter: z.int().min(0).max(120),
  times: z.int().min(1).max(600).nullable().default(null),
  roll,
  at: anchoredAt,
});

/** Rules that give one due time from the events they hang on. */
export const onceRuleSchema = z.discriminatedUnion('kind', [...once, earliestOf, notLaterThanRule]);

export const scheduleRuleSchema = z.discriminatedUnion('kind', [
  ...recurring,
  ...once,
  earliestOf,
  notLaterThanRule,
  everyMonthsRule,
  /** A stretch of time before or after `now` for lists; whole days, weeks, months or years when aligned. */
  z.strictObject({
    kind: z.literal('rolling-window'),
    span: offset,
    direction: z.enum(['back', 'ahead']),
    align: z.enum(['none', 'day', 'week', 'month', 'year']).default('none'),
  }),
  z.strictObject({ kind: z.literal('count-per-period'), period, target: z.int().min(1).max(1_000_000) }),
  /** Not filled in yet: no deadline, and an administrator is warned. */
  z.strictObject({ kind: z.literal('unset'), note: z.string().max(500).default('') }),
]);

export type ScheduleRule = z.infer<typeof scheduleRuleSchema>;
/** A rule that gives one due time. */
export type SingleRule = z.infer<typeof onceRuleSchema>;
type OnceRule = z.infer<typeof onceRule>;
type RuleOf<K extends ScheduleRule['kind']> = Extract<ScheduleRule, { kind: K }>;
type DateRule = RuleOf<'daily' | 'weekday' | 'day-of-month' | 'last-day-of-month' | 'yearly-months'>;
/** A rule that recurs by the calendar alone. */
export type CalendarRule = DateRule | RuleOf<'recurrence'>;
type Offset = z.infer<typeof offset>;

/** When the events that rules hang on happened or will happen. `now` is an anchor too: rolling windows,
 *  periods and recurring rules start from it. */
export type Anchors = Readonly<Record<string, Date | null | undefined>>;

export interface DueOccurrence {
  readonly status: 'due';
  readonly at: Date;
  /** Names this occurrence of a repeating rule whatever rolling does to `at`: `2024-05`, `2024-05-06`,
   *  `#0`; empty for a rule that occurs once. */
  readonly key: string;
  /** When an occurrence with a part of the day begins. */
  readonly opensAt: Date | null;
  /** Anchors not known yet that can still bring `at` forward. */
  readonly waitingFor: readonly string[];
  /** Present when a "not later than" is broken: the rule alone would have led to `plannedAt`. */
  readonly violation: {
    readonly milestone: string;
    readonly milestoneAt: Date;
    readonly plannedAt: Date;
  } | null;
}

export type Occurrence =
  | DueOccurrence
  /** No deadline yet: none of these anchors is known. */
  | { readonly status: 'waiting'; readonly for: readonly string[] }
  | { readonly status: 'unset' }
  /** From `from`, up to but not including `until`. */
  | { readonly status: 'window'; readonly from: Date; readonly until: Date }
  | {
      readonly status: 'period';
      readonly key: string;
      readonly from: Date;
      readonly until: Date;
      readonly target: number;
    };

/** @throws BAD_USER_INPUT */
export const parseScheduleRule = (value: unknown): ScheduleRule =>
  parseWith(scheduleRuleSchema, 'schedule rule', value);

/** The anchors a rule hangs on: when one of them moves, the rule's occurrences have to be computed again. */
export function anchorsOf(rule: ScheduleRule): readonly string[] {
  switch (rule.kind) {
    case 'after-event':
    case 'before-event':
    case 'response-time':
    case 'on-event':
    case 'every-months':
      return [rule.anchor];
    case 'earliest-of':
      return [...new Set(rule.limits.flatMap(anchorsOf))];
    case 'not-later-than':
      return [...new Set([...anchorsOf(rule.rule), rule.milestone])];
    case 'rolling-window':
    case 'count-per-period':
    case 'daily':
    case 'weekday':
    case 'day-of-month':
    case 'last-day-of-month':
    case 'yearly-months':
    case 'recurrence':
      return ['now'];
    case 'unset':
      return [];
    default:
      return unreachable(rule);
  }
}

// ── Dates and times of day ─────────────────────────────────────────────────────────────────────────

/** Wall times of the parts of a day; a weekday's occurrence opens at the first and is due at the second. */
const PARTS = {
  day: [0, DAY - 1],
  morning: [8 * HOUR, 12 * HOUR],
  afternoon: [12 * HOUR, 18 * HOUR],
  evening: [18 * HOUR, 22 * HOUR],
} as const;

/** Rolling past a closure of two months would cross into other periods' occurrences. */
const ROLL_DAYS_MAX = 62;
/** Ten years of days: more occurrences at once is a mistake in the question. */
const OCCURRENCES_MAX = 3653;
const FAR_FUTURE = new Date('2201-01-01T00:00:00Z');

const due = (at: number, rest: Partial<DueOccurrence> = {}): DueOccurrence => ({
  status: 'due',
  at: new Date(at),
  key: '',
  opensAt: null,
  waitingFor: [],
  violation: null,
  ...rest,
});

function rolled(calendar: BusinessCalendar, day: number, how: z.infer<typeof roll>): number {
  if (how === 'none') return day;
  const found = dayOfDate(nearestWorkingDate(calendar, dateOfDay(day), how === 'next-working-day' ? 1 : -1));
  if (Math.abs(found - day) <= ROLL_DAYS_MAX) return found;
  throw badInput('the calendar has no working day within two months of the date', 'calendar', dateOfDay(day));
}

function timeOnDay(
  calendar: BusinessCalendar,
  day: number,
  time: z.infer<typeof anchoredAt>,
  sameTime: number,
): number {
  const millis = (): number => {
    if (time === 'end-of-day') return DAY - 1;
    if (time === 'same-time') return sameTime;
    if (time === 'close-of-business') return closingOf(calendar, dateOfDay(day)) ?? DAY - 1;
    return Number(time.slice(0, 2)) * HOUR + Number(time.slice(3)) * MINUTE;
  };
  return instantOf(calendar.timeZone, day * DAY + millis());
}

/** Moves a date by an offset of days or more; months are held to the month's end. */
function moved(calendar: BusinessCalendar, day: number, by: Offset, direction: 1 | -1): number {
  switch (by.unit) {
    case 'day':
      return day + direction * by.count;
    case 'week':
      return day + direction * by.count * 7;
    case 'half-month':
      return day + direction * by.count * by.halfMonthDays;
    case 'month':
      return addMonths(day, direction * by.count);
    case 'year':
      return addMonths(day, direction * by.count * 12);
    case 'working-day':
      return dayOfDate(workingDateAway(calendar, dateOfDay(day), by.count, direction));
    case 'hour':
      throw badInput('hours do not move a date', 'offset.unit', by.unit);
    default:
      return unreachable(by.unit);
  }
}

/** The date and time of one occurrence around an anchor; hours are exact and know no roll or time of day. */
function fromAnchor(
  rule: Pick<RuleOf<'after-event'>, 'offset' | 'roll' | 'at'>,
  anchorAt: Date,
  calendar: BusinessCalendar,
  direction: 1 | -1,
): number {
  if (rule.offset.unit === 'hour') return anchorAt.getTime() + direction * rule.offset.count * HOUR;
  const local = localOf(calendar.timeZone, anchorAt.getTime());
  const day = rolled(calendar, moved(calendar, dayOf(local), rule.offset, direction), rule.roll);
  return timeOnDay(calendar, day, rule.at, local - dayOf(local) * DAY);
}

// ── Rules that occur once ──────────────────────────────────────────────────────────────────────────

type Once = DueOccurrence | { readonly status: 'waiting'; readonly for: readonly string[] };

function onceOf(rule: OnceRule | RuleOf<'earliest-of'>, anchors: Anchors, calendar: BusinessCalendar): Once {
  if (rule.kind === 'earliest-of') return earliest(rule, anchors, calendar);
  const anchorAt = anchors[rule.anchor];
  if (!anchorAt) return { status: 'waiting', for: [rule.anchor] };
  switch (rule.kind) {
    case 'after-event':
      return due(fromAnchor(rule, anchorAt, calendar, 1));
    case 'before-event':
      return due(fromAnchor(rule, anchorAt, calendar, -1));
    case 'response-time':
      return due(dueAt(calendar, anchorAt, { after: rule.within, in: rule.in }).getTime());
    case 'on-event':
      return due(anchorAt.getTime());
    default:
      return unreachable(rule);
  }
}

/** One known limit is a deadline already, because the others can only bring it forward. */
function earliest(rule: RuleOf<'earliest-of'>, anchors: Anchors, calendar: BusinessCalendar): Once {
  const limits = rule.limits.map((limit) => onceOf(limit, anchors, calendar));
  const missing = [...new Set(limits.flatMap((limit) => (limit.status === 'waiting' ? limit.for : [])))];
  const known = limits.flatMap((limit) => (limit.status === 'due' ? [limit.at.getTime()] : []));
  return known.length === 0
    ? { status: 'waiting', for: missing }
    : due(Math.min(...known), { waitingFor: missing });
}

/** Due as the inner rule says, at the latest at the milestone. Broken when the inner rule leads to a later
 *  date than the milestone's; on the same date the milestone's time is the limit and nothing is broken. */
function notLaterThan(rule: RuleOf<'not-later-than'>, anchors: Anchors, calendar: BusinessCalendar): Once {
  const inner = onceOf(rule.rule, anchors, calendar);
  const milestoneAt = anchors[rule.milestone];
  if (inner.status === 'waiting') {
    return milestoneAt
      ? due(milestoneAt.getTime(), { waitingFor: inner.for })
      : { ...inner, for: [...new Set([...inner.for, rule.milestone])] };
  }
  if (!milestoneAt) return { ...inner, waitingFor: [...new Set([...inner.waitingFor, rule.milestone])] };
  if (inner.at <= milestoneAt) return inner;
  const dayAt = (instant: Date): number => dayOf(localOf(calendar.timeZone, instant.getTime()));
  const broken = dayAt(inner.at) > dayAt(milestoneAt);
  return {
    ...inner,
    at: milestoneAt,
    violation: broken ? { milestone: rule.milestone, milestoneAt, plannedAt: inner.at } : null,
  };
}

// ── Rules that repeat ──────────────────────────────────────────────────────────────────────────────

/** Occurrence k, always counted from the anchor: 31 January + 1, + 2, + 3 months is 29 February, 31 March, 30 April. */
function everyMonths(
  rule: RuleOf<'every-months'>,
  k: number,
  anchorAt: Date,
  calendar: BusinessCalendar,
): DueOccurrence {
  const count = rule.firstAfter + k * rule.every;
  const by: Offset = { count, unit: 'month', halfMonthDays: 15 };
  return due(fromAnchor({ offset: by, roll: rule.roll, at: rule.at }, anchorAt, calendar, 1), {
    key: `#${k}`,
  });
}

/** The day of a month held to its end; `exclusive` is the day before. */
function dayInMonth(month: number, wanted: number | 'last', how: z.infer<typeof reading>): number {
  const first = Date.UTC(1970, month, 1) / DAY;
  const last = Date.UTC(1970, month + 1, 0) / DAY;
  const day = wanted === 'last' ? last : Math.min(first + wanted - 1, last);
  return how === 'exclusive' ? day - 1 : day;
}

const monthOf = (day: number): number => {
  const date = new Date(day * DAY);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
};

const inRange = (occurrence: DueOccurrence, from: Date, until: Date): boolean =>
  occurrence.at >= from && occurrence.at < until;

/** Walks the days or months that could fall into the range, roll included, and keeps those that do. */
function recurringBetween(
  rule: CalendarRule,
  from: Date,
  until: Date,
  calendar: BusinessCalendar,
): DueOccurrence[] {
  if (rule.kind === 'recurrence') return recurrencesBetween(rule, from, until, calendar);
  const firstDay = dayOf(localOf(calendar.timeZone, from.getTime())) - ROLL_DAYS_MAX - 2;
  const lastDay = dayOf(localOf(calendar.timeZone, until.getTime())) + ROLL_DAYS_MAX + 2;
  const found: DueOccurrence[] = [];
  const keep = (occurrence: DueOccurrence): void =>
    void (inRange(occurrence, from, until) && found.push(occurrence));
  if (rule.kind === 'daily' || rule.kind === 'weekday') {
    for (let day = firstDay; day <= lastDay; day++) {
      const key = dateOfDay(day);
      if (rule.kind === 'daily') {
        if (rule.days === 'all' || isWorkingDay(calendar, key))
          keep(due(timeOnDay(calendar, day, rule.at, 0), { key }));
      } else if (weekdayOf(day) === rule.weekday) {
        const local = rolled(calendar, day, rule.roll) * DAY;
        const [opens, closes] = PARTS[rule.part];
        const opensAt = new Date(instantOf(calendar.timeZone, local + opens));
        keep(due(instantOf(calendar.timeZone, local + closes), { key, opensAt }));
      }
    }
    return found;
  }
  for (let month = monthOf(firstDay); month <= monthOf(lastDay); month++) {
    if (
      rule.kind === 'yearly-months' &&
      !rule.months.includes(new Date(Date.UTC(1970, month, 1)).getUTCMonth() + 1)
    )
      continue;
    const nominal = dayInMonth(
      month,
      rule.kind === 'last-day-of-month' ? 'last' : rule.day,
      rule.kind === 'last-day-of-month' ? 'inclusive' : rule.reading,
    );
    const key = dateOfDay(dayInMonth(month, 1, 'inclusive')).slice(0, 7);
    keep(due(timeOnDay(calendar, rolled(calendar, nominal, rule.roll), rule.at, 0), { key }));
  }
  return found;
}

/** Starts up to two months around the range may be rolled into it. */
function recurrencesBetween(
  rule: RuleOf<'recurrence'>,
  from: Date,
  until: Date,
  calendar: BusinessCalendar,
): DueOccurrence[] {
  const around = rule.roll === 'none' ? 0 : (ROLL_DAYS_MAX + 2) * DAY;
  const [first, last] = [new Date(from.getTime() - around), new Date(until.getTime() + around)];
  return startsBetween(rule, calendar.timeZone, first, last)
    .map(({ key, at }) => due(rolledStart(rule, at, calendar), { key }))
    .filter((occurrence) => inRange(occurrence, from, until))
    .toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

function rolledStart(rule: RuleOf<'recurrence'>, at: Date, calendar: BusinessCalendar): number {
  const local = localOf(calendar.timeZone, at.getTime());
  const day = rolled(calendar, dayOf(local), rule.roll);
  return day === dayOf(local)
    ? at.getTime()
    : instantOf(calendar.timeZone, local + (day - dayOf(local)) * DAY);
}

/** The rule's first occurrence at or after `now`; one that has ended gives its last. */
function nextRecurrence(rule: RuleOf<'recurrence'>, now: Date, calendar: BusinessCalendar): Occurrence {
  for (const days of [40, 400, OCCURRENCES_MAX]) {
    const [next] = recurrencesBetween(rule, now, new Date(now.getTime() + days * DAY), calendar);
    if (next) return next;
  }
  const start = new Date(`${rule.start}:00Z`);
  const [first] = now < start ? startsBetween(rule, calendar.timeZone, now, FAR_FUTURE, 1) : [];
  const last = first ?? startBefore(rule, calendar.timeZone, now);
  if (!last) throw badInput('the rule has no occurrence', 'rule', rule.kind);
  return due(rolledStart(rule, last.at, calendar), { key: last.key });
}

// ── Windows and periods ────────────────────────────────────────────────────────────────────────────

const MONTHS_OF = { month: 1, quarter: 3, 'half-year': 6, year: 12 } as const;

/** First day of the period that holds a day, and of the `away`-th period after it; weeks begin on Monday. */
function periodStart(unit: z.infer<typeof period>, day: number, away = 0): number {
  if (unit === 'day') return day + away;
  if (unit === 'week') return day - WEEKDAYS.indexOf(weekdayOf(day)) + away * 7;
  const size = MONTHS_OF[unit];
  return Date.UTC(1970, (Math.floor(monthOf(day) / size) + away) * size, 1) / DAY;
}

function windowOf(rule: RuleOf<'rolling-window'>, now: Date, calendar: BusinessCalendar): Occurrence {
  const zone = calendar.timeZone;
  const direction = rule.direction === 'ahead' ? 1 : -1;
  const local = localOf(zone, now.getTime());
  const bounds = (): [number, number] => {
    if (rule.align === 'none') {
      const far = fromAnchor({ offset: rule.span, roll: 'none', at: 'same-time' }, now, calendar, direction);
      return direction === 1 ? [now.getTime(), far] : [far, now.getTime()];
    }
    const edge = periodStart(rule.align, dayOf(local), direction === 1 ? 1 : 0);
    const far = moved(calendar, edge, rule.span, direction);
    const midnight = (day: number): number => instantOf(zone, day * DAY);
    return direction === 1 ? [midnight(edge), midnight(far)] : [midnight(far), midnight(edge)];
  };
  const [from, until] = bounds();
  return { status: 'window', from: new Date(from), until: new Date(until) };
}

function periodOf(rule: RuleOf<'count-per-period'>, now: Date, calendar: BusinessCalendar): Occurrence {
  const day = dayOf(localOf(calendar.timeZone, now.getTime()));
  const [first, next] = [periodStart(rule.period, day), periodStart(rule.period, day, 1)];
  const midnight = (start: number): Date => new Date(instantOf(calendar.timeZone, start * DAY));
  return {
    status: 'period',
    key: dateOfDay(first),
    from: midnight(first),
    until: midnight(next),
    target: rule.target,
  };
}

// ── The two questions ──────────────────────────────────────────────────────────────────────────────

/**
 * What a rule says now. A missing anchor gives `waiting`, never a guess. A repeating rule gives its first
 * occurrence at or after `now`; every-months without a `now` gives its first of all, and one whose `times`
 * have run out gives its last.
 * @throws BAD_USER_INPUT for an instant outside the years 1900 to 2300, or a calendar without working days.
 */
export function occurrenceOf(rule: ScheduleRule, anchors: Anchors, calendar: BusinessCalendar): Occurrence {
  switch (rule.kind) {
    case 'unset':
      return { status: 'unset' };
    case 'after-event':
    case 'before-event':
    case 'response-time':
    case 'on-event':
    case 'earliest-of':
      return onceOf(rule, anchors, calendar);
    case 'not-later-than':
      return notLaterThan(rule, anchors, calendar);
    case 'every-months':
      return nextEveryMonths(rule, anchors, calendar);
    default:
      break;
  }
  const { now } = anchors;
  if (!now) return { status: 'waiting', for: ['now'] };
  switch (rule.kind) {
    case 'rolling-window':
      return windowOf(rule, now, calendar);
    case 'count-per-period':
      return periodOf(rule, now, calendar);
    case 'recurrence':
      return nextRecurrence(rule, now, calendar);
    default:
      break;
  }
  const reach = (days: number): DueOccurrence | undefined =>
    recurringBetween(rule, now, new Date(now.getTime() + days * DAY), calendar)[0];
  const found = reach(8) ?? reach(32 + ROLL_DAYS_MAX) ?? reach(366 + ROLL_DAYS_MAX) ?? reach(731);
  if (!found) throw badInput('the rule has no occurrence within two years', 'rule', rule.kind);
  return found;
}

function nextEveryMonths(
  rule: RuleOf<'every-months'>,
  anchors: Anchors,
  calendar: BusinessCalendar,
): Occurrence {
  const anchorAt = anchors[rule.anchor];
  if (!anchorAt) return { status: 'waiting', for: [rule.anchor] };
  const last = rule.times === null ? Number.POSITIVE_INFINITY : rule.times - 1;
  for (let k = firstIndexNear(rule, anchorAt, anchors.now ?? anchorAt); ; k++) {
    const occurrence = everyMonths(rule, Math.min(k, last), anchorAt, calendar);
    if (!anchors.now || occurrence.at >= anchors.now || k >= last) return occurrence;
  }
}

/** An index at or below the first occurrence at or after an instant, roll included. */
function firstIndexNear(rule: RuleOf<'every-months'>, anchorAt: Date, instant: Date): number {
  const months = (instant.getTime() - anchorAt.getTime()) / (31 * DAY) - rule.firstAfter - 4;
  return Math.max(0, Math.floor(months / rule.every));
}

/**
 * The occurrences of a rule due from `from` up to but not including `until`, in order. A rule that occurs
 * once gives one or none, and so does one that waits for an anchor; windows and periods have none.
 * @throws BAD_USER_INPUT for a range longer than ten years.
 */
export function occurrencesBetween(
  rule: ScheduleRule,
  from: Date,
  until: Date,
  calendar: BusinessCalendar,
  anchors: Anchors = {},
): readonly DueOccurrence[] {
  if (until.getTime() - from.getTime() > OCCURRENCES_MAX * DAY) {
    throw badInput('occurrences are asked for at most ten years at once', 'until', until.toISOString());
  }
  switch (rule.kind) {
    case 'daily':
    case 'weekday':
    case 'day-of-month':
    case 'last-day-of-month':
    case 'yearly-months':
    case 'recurrence':
      return recurringBetween(rule, from, until, calendar);
    case 'every-months': {
      const anchorAt = anchors[rule.anchor];
      const found: DueOccurrence[] = [];
      if (!anchorAt) return found;
      for (let k = firstIndexNear(rule, anchorAt, from); rule.times === null || k < rule.times; k++) {
        const occurrence = everyMonths(rule, k, anchorAt, calendar);
        if (occurrence.at.getTime() >= until.getTime() + ROLL_DAYS_MAX * DAY) break;
        if (inRange(occurrence, from, until)) found.push(occurrence);
      }
      return found;
    }
    default: {
      const occurrence = occurrenceOf(rule, anchors, calendar);
      return occurrence.status === 'due' && inRange(occurrence, from, until) ? [occurrence] : [];
    }
  }
}

/** Occurrence `k` of a rule that repeats from an anchor, as a rule of its own: it moves with the anchor. */
export const occurrenceRule = (rule: RuleOf<'every-months'>, k: number): SingleRule => ({
  kind: 'after-event',
  anchor: rule.anchor,
  offset: { count: rule.firstAfter + k * rule.every, unit: 'month', halfMonthDays: 15 },
  roll: rule.roll,
  at: rule.at,
});
