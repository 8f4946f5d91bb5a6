import type { BusinessCalendar } from './calendar.js';
import { badInput, DAY, instantOf, localOf } from './duration.js';
import { everyLadderTimer } from './ladder.js';
import { occurrenceOf, occurrencesBetween, type Anchors, type ScheduleRule } from './schedule-rule.js';
import type { PlanMilestoneTemplate, PlanTemplate } from './template-file.js';

// ── Periods ────────────────────────────────────────────────────────────────────────────────────────

/** The months a plan covers, as written: `2024`, `2024-Q2`, `2024-05`. */
export interface Period {
  readonly year: number;
  /** 1 to 12. */
  readonly firstMonth: number;
  readonly months: 1 | 3 | 12;
}

const SIZE_OF_KIND: Readonly<Record<string, Period['months']>> = { ANNUAL: 12, QUARTERLY: 3, MONTHLY: 1 };
const WRITTEN = {
  12: 'a year, such as 2024',
  3: 'a quarter, such as 2024-Q2',
  1: 'a month, such as 2024-05',
};

/**
 * Reads the period of a plan; annual, quarterly and monthly plans take the period of their kind, others any of the
 * three. Years 1970 to 2200. @throws BAD_USER_INPUT
 */
export function parsePeriod(kind: string, text: string): Period {
  const size = SIZE_OF_KIND[kind];
  const period = readPeriod(text);
  const rule = size ? WRITTEN[size] : Object.values(WRITTEN).toReversed().join('; ');
  if (!period || (size !== undefined && period.months !== size)) {
    throw badInput(`the period of this plan is ${rule}`, 'period', text);
  }
  return period;
}

function readPeriod(text: string): Period | null {
  const match = /^(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?$/.exec(text);
  if (!match) return null;
  const year = Number(match[1]);
  if (year < 1970 || year > 2200) return null;
  if (match[2]) return { year, firstMonth: Number(match[2]) * 3 - 2, months: 3 };
  return match[3] ? { year, firstMonth: Number(match[3]), months: 1 } : { year, firstMonth: 1, months: 12 };
}

/** First and last instant of a period (its last millisecond) where the calendar is in force. */
export function boundsOf(
  period: Period,
  calendar: BusinessCalendar,
): { readonly from: Date; readonly to: Date } {
  const month = period.firstMonth - 1;
  const midnight = (count: number): number =>
    instantOf(calendar.timeZone, Date.UTC(period.year, month + count, 1));
  return { from: new Date(midnight(0)), to: new Date(midnight(period.months) - 1) };
}

// ── When what is due ───────────────────────────────────────────────────────────────────────────────

/** A rolled date can leave its period by this much; its occurrence is still the period's. */
const ROLLED_AWAY = 64 * DAY;

/**
 * When each milestone is due in the period; null where its rule gives no date (yet). A recurring rule gives the period's
 * first occurrence, wherever a holiday moves it. A milestone that hangs on another one reckons from that one's due time,
 * or, where it has none, from when it happened.
 */
export function dueTimesOf(
  template: PlanTemplate,
  period: Period,
  calendar: BusinessCalendar,
  happened: Anchors,
): ReadonlyMap<string, Date | null> {
  const { from, to } = boundsOf(period, calendar);
  const due = new Map<string, Date | null>();
  // Each pass settles at least one more link of the longest chain.
  for (const _ of template.milestones) {
    const dated = [...due].filter((entry): entry is [string, Date] => entry[1] !== null);
    const anchors = {
      ...happened,
      ...Object.fromEntries(dated),
      now: from,
      'period-start': from,
      'period-end': to,
    };
    for (const { key, due: rule } of template.milestones) {
      due.set(key, rule === null ? null : dueIn(rule, anchors, { from, to }, calendar));
    }
  }
  return due;
}

function dueIn(
  rule: ScheduleRule,
  anchors: Anchors,
  { from, to }: { readonly from: Date; readonly to: Date },
  calendar: BusinessCalendar,
): Date | null {
  switch (rule.kind) {
    case 'daily':
    case 'weekday':
    case 'day-of-month':
    case 'last-day-of-month':
    case 'yearly-months':
    case 'recurrence': {
      const around = [new Date(from.getTime() - ROLLED_AWAY), new Date(to.getTime() + ROLLED_AWAY)] as const;
      const [first, last] = [monthOf(from, calendar), monthOf(to, calendar)];
      const own = occurrencesBetween(rule, ...around, calendar).find(({ key }) => {
        const month = key.slice(0, 7);
        return month >= first && month <= last;
      });
      return own?.at ?? null;
    }
    default: {
      const occurrence = occurrenceOf(rule, anchors, calendar);
      return occurrence.status === 'due' ? occurrence.at : null;
    }
  }
}

const monthOf = (at: Date, { timeZone }: BusinessCalendar): string =>
  new Date(localOf(timeZone, at.getTime())).toISOString().slice(0, 7);

export interface MilestoneTimer {
  readonly kind: 'milestone-reminder' | 'milestone-rung';
  readonly milestone: string;
  readonly index: number;
  readonly at: Date;
}

/** All reminders and rungs of a milestone. A reminder whose time has passed already is left out; a rung never is. */
export const milestoneTimers = (
  milestone: PlanMilestoneTemplate,
  due: Date | null,
  calendar: BusinessCalendar,
  now: Date,
): MilestoneTimer[] =>
  everyMilestoneTimer(milestone, due, calendar).filter(
    ({ kind, at }) => kind === 'milestone-rung' || at > now,
  );

/** Every reminder and rung of a milestone, each reckoned from its due time. */
export function everyMilestoneTimer(
  milestone: PlanMilestoneTemplate,
  due: Date | null,
  calendar: BusinessCalendar,
): MilestoneTimer[] {
  return everyLadderTimer(milestone, due, calendar).map(({ kind, index, at }) => ({
    kind: kind === 'rung' ? 'milestone-rung' : 'milestone-reminder',
    milestone: milestone.key,
    index,
    at,
  }));
}

// ── What waits for what ────────────────────────────────────────────────────────────────────────────

export interface MilestoneNow {
  readonly key: string;
  readonly done: boolean;
  readonly doneBy: PlanMilestoneTemplate['doneBy'];
  /** The milestone that must be done before. */
  readonly waitsFor: string | null;
}

/** The milestone that must be done before this one can begin; null when nothing holds it up. */
export const blockerOf = (
  milestones: readonly MilestoneNow[],
  { waitsFor }: MilestoneNow,
): MilestoneNow | null => milestones.find(({ key, done }) => !done && key === waitsFor) ?? null;

/** Who owes a milestone: the responsible people, or, for an approval, whoever holds its open assignments. */
export interface Owed {
  readonly milestone: string;
  readonly by: 'responsible' | 'approvers';
}

/**
 * Who is to be told when a milestone is overdue: whoever owes it, or, while it waits for another, whoever owes that one,
 * and so on to where the work really stands. null once it is done.
 */
export function chase(milestones: readonly MilestoneNow[], which: string): Owed | null {
  let owed = milestones.find(({ key, done }) => key === which && !done);
  if (!owed) return null;
  for (let hops = 0; hops < milestones.length; hops += 1) owed = blockerOf(milestones, owed) ?? owed;
  return { milestone: owed.key, by: owed.doneBy === 'approval' ? 'approvers' : 'responsible' };
}
