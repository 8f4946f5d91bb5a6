import type { BusinessCalendar } from './calendar.js';
import { everyLadderTimer, ladderTimers } from './ladder.js';
import type { DecisionStep } from './process.js';
import type { PlannedTimer } from './request.js';

/** All reminders and rungs of a step, from the moment it opens. A reminder whose time has passed already is left out; a
 *  rung never is. */
export const plannedTimers = (
  step: DecisionStep,
  openedAt: Date,
  due: Date | null,
  calendar: BusinessCalendar,
): PlannedTimer[] => ladderTimers(step, due, calendar, openedAt);

/** Every reminder and rung of a step, each computed from its anchor: the due time, or the rung below. */
export const timersOf = (step: DecisionStep, due: Date | null, calendar: BusinessCalendar): PlannedTimer[] =>
  everyLadderTimer(step, due, calendar);
