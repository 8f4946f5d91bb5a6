import { escalate, expire } from '../approvals/escalate.js';
import { moveNext, REQUESTS_MOVE } from '../approvals/move-requests.js';
import { ABSENCE_BEGINS, ABSENCE_ENDS, absenceBegins, absenceEnds } from '../organisation/absence-timers.js';
import { chaseMilestone } from '../plans/chase-milestone.js';
import type { TimerActions } from './fire-timer.js';

/** Every kind of timer there is. A new kind is one row. */
export const TIMER_ACTIONS: TimerActions = {
  'approval-reminder': { subjectTable: 'approval_request', act: escalate },
  'approval-rung': { subjectTable: 'approval_request', act: escalate },
  'approval-expiry': { subjectTable: 'approval_request', act: expire },
  'milestone-reminder': { subjectTable: 'plan', act: chaseMilestone },
  'milestone-rung': { subjectTable: 'plan', act: chaseMilestone },
  [ABSENCE_BEGINS]: { subjectTable: 'absence', act: absenceBegins },
  [ABSENCE_ENDS]: { subjectTable: 'absence', act: absenceEnds },
  [REQUESTS_MOVE]: { subjectTable: 'request_move', act: moveNext },
};
