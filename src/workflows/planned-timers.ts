import type { BusinessCalendar } from './calendar.js';
import { ladderTimers } from './ladder.js';
import type { DecisionStep } from './process.js';
import type { PlannedTimer } from './request.js';

/** All reminders and rungs of a step, from the moment it opens: each is computed from its anchor, the due time. A
 *  reminder whose time has passed already is left out; a rung never is. */
export const plannedTimers = (
  step: DecisionStep,
  openedAt: Date,
  due: Date | null,
  calendar: BusinessCalendar,
): PlannedTimer[] => ladderTimers(step, due, calendar, openedAt);
