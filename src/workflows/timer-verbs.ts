import { dueAt, type BusinessCalendar } from './calendar.js';
import { movedBy } from './clock.js';
import { refusal } from '../errors.js';
import type { DueRule } from './duration.js';
import type { LadderShape } from './ladder.js';

// What people may do to a timer: put it off, let it act at once, stop it and let it go on. Pure: the shell keeps the trail.

/** How a timer's time is counted, which decides what is left of it. */
export interface TimerClock {
  readonly calendar: BusinessCalendar;
  readonly counted: DueRule['in'];
}

/** Reminders and rungs: what chases people. Nobody moves what carries out a decision, an absence or a rule this way. */
export const isChase = (kind: string): boolean => /-(reminder|rung)$/.test(kind);

/** The rung or reminder's own way of counting in a ladder. */
export const countedBy = (
  { reminders, ladder }: LadderShape<unknown>,
  kind: string,
  index: number,
): DueRule['in'] =>
  (kind.endsWith('-rung') ? ladder[index]?.after.in : reminders[index]?.offset.in) ?? 'calendar';

/** How far a timer may be put off at once, in days: a chase that sleeps for longer should be given up instead. */
export const SNOOZE_DAYS_MAX = 366;

/** Until when a timer is put off: an instant, or so long after its own time (after now, when that has passed).
 *  @throws BAD_USER_INPUT: in the past, or further away than SNOOZE_DAYS_MAX */
export function snoozedTo(
  at: Date,
  wish: { readonly until: Date } | { readonly for: DueRule },
  now: Date,
  calendar: BusinessCalendar,
): Date {
  const from = at > now ? at : now;
  const to = 'until' in wish ? wish.until : dueAt(calendar, from, wish.for);
  const days = (to.getTime() - now.getTime()) / 86_400_000;
  if (days > 0 && days <= SNOOZE_DAYS_MAX) return to;
  const field = 'until' in wish ? 'until' : 'for';
  const rule = `after now, at most ${SNOOZE_DAYS_MAX} days`;
  throw refusal('BAD_USER_INPUT', { reason: `${field}: ${rule}`, fields: [{ path: field, rule }] });
}

/** When a later timer of the same ladder acts, so that its distance from the one put off stays: never earlier than now. */
export const keepingDistance = (later: Date, from: Date, to: Date, { counted, calendar }: TimerClock): Date =>
  movedBy(later, from, to, counted, calendar);

/** When a paused timer acts: what was left of its time, from now on; at once, when nothing was left. */
export const resumedTo = (at: Date, pausedAt: Date, now: Date, { counted, calendar }: TimerClock): Date =>
  movedBy(at, pausedAt, now, counted, calendar);
