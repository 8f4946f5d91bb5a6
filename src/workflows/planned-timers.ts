import { dueAt, timeBefore, type BusinessCalendar } from './calendar.js';
import type { DecisionStep } from './process.js';
import type { PlannedTimer } from './request.js';

/** All reminders and rungs of a step, from the moment it opens. A reminder whose time has passed already is left out; a
 *  rung never is. */
export function plannedTimers(
  step: DecisionStep,
  openedAt: Date,
  due: Date | null,
  calendar: BusinessCalendar,
): PlannedTimer[] {
  return timersOf(step, due, calendar).filter((timer) => timer.kind === 'rung' || timer.at > openedAt);
}

/** Every reminder and rung of a step, each computed from its anchor: the due time, or the rung below. */
export function timersOf(step: DecisionStep, due: Date | null, calendar: BusinessCalendar): PlannedTimer[] {
  if (due === null) return [];
  const reminders = step.reminders.map((reminder, index): PlannedTimer => {
    const at =
      reminder.when === 'before'
        ? timeBefore(calendar, due, reminder.offset)
        : dueAt(calendar, due, reminder.offset);
    return { kind: 'reminder', index, at };
  });
  let anchor = due;
  const rungs = step.ladder.map((rung, index): PlannedTimer => {
    anchor = dueAt(calendar, anchor, rung.after);
    return { kind: 'rung', index, at: anchor };
  });
  return [...reminders, ...rungs];
}
