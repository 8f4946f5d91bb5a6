import { z } from 'zod';
import type { BusinessCalendar } from './calendar.js';
import { localDateOf } from './duration.js';
import {
  occurrenceOf,
  occurrenceRule,
  scheduleRuleSchema,
  type Anchors,
  type DueOccurrence,
  type ScheduleRule,
  type SingleRule,
} from './schedule-rule.js';

// When a follow-up is due, and when the next one is. Pure: `now` is an argument.

/** The event that the next follow-up may hang on: when this one was done. */
const DONE = 'done';

/** How the next one follows once it is done: by a rule that repeats, or so long after it was done. */
export interface Repeat {
  readonly rule: ScheduleRule;
  /** The last date on which one may be due, `YYYY-MM-DD`; null: for ever. */
  readonly until: string | null;
}

const CALENDAR_KINDS = [
  'daily',
  'weekday',
  'day-of-month',
  'last-day-of-month',
  'yearly-months',
  'recurrence',
];

export const repeatSchema: z.ZodType<Repeat> = z
  .strictObject({ rule: scheduleRuleSchema, until: z.iso.date().nullable().default(null) })
  .refine(
    ({ rule }) =>
      CALENDAR_KINDS.includes(rule.kind) ||
      rule.kind === 'every-months' ||
      ((rule.kind === 'after-event' || rule.kind === 'response-time') && rule.anchor === DONE),
    { path: ['rule'], message: `a rule that repeats, or one after the event “${DONE}”` },
  );

/** What the rule of a follow-up says as things stand. */
export interface Reckoned {
  readonly dueAt: Date | null;
  /** Without a due time: what it waits for; else what can still bring it forward. */
  readonly waitingFor: readonly string[];
  readonly violation: DueOccurrence['violation'];
}

/** When it is due by its rule; an event that is not known is waited for, never guessed. @throws BAD_USER_INPUT */
export function reckon(rule: SingleRule, anchors: Anchors, calendar: BusinessCalendar): Reckoned {
  const found = occurrenceOf(rule, anchors, calendar);
  if (found.status === 'due')
    return { dueAt: found.at, waitingFor: found.waitingFor, violation: found.violation };
  return { dueAt: null, waitingFor: found.status === 'waiting' ? found.for : [], violation: null };
}

export interface NextOne extends Reckoned {
  /** The rule that its due time keeps hanging on; null: its time is fixed. */
  readonly rule: SingleRule | null;
  readonly occurrence: number;
}

/** Occurrences of one rule that are looked through; more have been missed than a life has months. */
const STEPS_MAX = 1200;

/**
 * The follow-up after this one: the first of its rule that is due after this one was and not before `now`, so what was
 * missed is not asked for again. Always reckoned from the rule's anchor. null: there is none any more.
 * @throws BAD_USER_INPUT
 */
export function nextOf(
  { rule, until }: Repeat,
  current: { readonly dueAt: Date | null; readonly occurrence: number },
  anchors: Anchors,
  calendar: BusinessCalendar,
  now: Date,
): NextOne | null {
  const next =
    rule.kind === 'every-months' ? nextMonths(rule, current.occurrence, anchors, calendar, now) : null;
  const found = next ?? (rule.kind === 'every-months' ? null : nextAt(rule, current, anchors, calendar, now));
  if (found === null) return null;
  if (until !== null && found.dueAt !== null && localDateOf(calendar.timeZone, found.dueAt) > until)
    return null;
  return found;
}

function nextMonths(
  rule: Extract<ScheduleRule, { kind: 'every-months' }>,
  before: number,
  anchors: Anchors,
  calendar: BusinessCalendar,
  now: Date,
): NextOne | null {
  for (let k = before + 1; k <= before + STEPS_MAX && k < (rule.times ?? Number.POSITIVE_INFINITY); k += 1) {
    const single = occurrenceRule(rule, k);
    const reckoned = reckon(single, anchors, calendar);
    if (reckoned.dueAt === null || reckoned.dueAt >= now) return { ...reckoned, rule: single, occurrence: k };
  }
  return null;
}

function nextAt(
  rule: ScheduleRule,
  { dueAt, occurrence }: { readonly dueAt: Date | null; readonly occurrence: number },
  anchors: Anchors,
  calendar: BusinessCalendar,
  now: Date,
): NextOne | null {
  const after = new Date(Math.max(now.getTime(), (dueAt?.getTime() ?? 0) + 1));
  const found = occurrenceOf(rule, { ...anchors, now: after, [DONE]: now }, calendar);
  if (found.status !== 'due' || (CALENDAR_KINDS.includes(rule.kind) && found.at < after)) return null;
  return { dueAt: found.at, waitingFor: [], violation: null, rule: null, occurrence: occurrence + 1 };
}
