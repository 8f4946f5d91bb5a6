import { escalate, expire } from '../approvals/escalate.js';
import { ABSENCE_BEGINS, ABSENCE_ENDS, absenceBegins, absenceEnds } from '../organisation/absence-timers.js';
import { chaseMilestone } from '../plans/chase-milestone.js';
import { chaseFollowUp } from './chase-follow-up.js';
import { fireRule, RECURRING_RULE } from './rule-timers.js';
import type { TimerActions } from './fire-timer.js';

/** Every kind of timer there is. A new kind is one row. */
export const TIMER_ACTIONS: TimerActions = {
  'approval-reminder': { subjectTable: 'approval_request', act: escalate },
  'approval-rung': { subjectTable: 'approval_request', act: escalate },
  'approval-expiry': { subjectTable: 'approval_request', act: expire },
  'milestone-reminder': { subjectTable: 'plan', act: chaseMilestone },
  'milestone-rung': { subjectTable: 'plan', act: chaseMilestone },
  'follow-up-reminder': { subjectTable: 'follow_up', act: chaseFollowUp },
  'follow-up-rung': { subjectTable: 'follow_up', act: chaseFollowUp },
  [RECURRING_RULE]: { subjectTable: 'recurring_rule', act: fireRule },
  [ABSENCE_BEGINS]: { subjectTable: 'absence', act: absenceBegins },
  [ABSENCE_ENDS]: { subjectTable: 'absence', act: absenceEnds },
};
