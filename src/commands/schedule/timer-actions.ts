import { commandOf, escalate } from '../approvals/escalate.js';
import { ABSENCE_BEGINS, ABSENCE_ENDS, absenceBegins, absenceEnds } from '../organisation/absence-timers.js';
import { chaseMilestone } from '../plans/chase-milestone.js';
import { chasePayment } from '../contracts/chase-payment.js';
import { chaseStage } from '../projects/chase-stage.js';
import { chaseFollowUp } from './chase-follow-up.js';
import { fireRule, RECURRING_RULE } from './rule-timers.js';
import type { TimerAction, TimerActions } from './fire-timer.js';

const OF_REQUEST: TimerAction = { subjectTable: 'approval_request', act: escalate, command: commandOf };

/** Every kind of timer there is. A new kind is one row. */
export const TIMER_ACTIONS: TimerActions = {
  'approval-reminder': OF_REQUEST,
  'approval-rung': OF_REQUEST,
  'approval-expiry': OF_REQUEST,
  'milestone-reminder': { subjectTable: 'plan', act: chaseMilestone },
  'milestone-rung': { subjectTable: 'plan', act: chaseMilestone },
  'follow-up-reminder': { subjectTable: 'follow_up', act: chaseFollowUp },
  'follow-up-rung': { subjectTable: 'follow_up', act: chaseFollowUp },
  'stage-reminder': { subjectTable: 'project', act: chaseStage },
  'stage-rung': { subjectTable: 'project', act: chaseStage },
  'payment-reminder': { subjectTable: 'contract', act: chasePayment },
  'payment-rung': { subjectTable: 'contract', act: chasePayment },
  [RECURRING_RULE]: { subjectTable: 'recurring_rule', act: fireRule },
  [ABSENCE_BEGINS]: { subjectTable: 'absence', act: absenceBegins },
  [ABSENCE_ENDS]: { subjectTable: 'absence', act: absenceEnds },
};
