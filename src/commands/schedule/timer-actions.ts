import { commandOf, escalate } from '../approvals/escalate.js';
import { moveNext, REQUESTS_MOVE } from '../approvals/move-requests.js';
import { ABSENCE_BEGINS, ABSENCE_ENDS, absenceBegins, absenceEnds } from '../organisation/absence-timers.js';
import { reckonDueTimes, RECKON } from './reckon-due-times.js';
import { chaseMilestone } from '../plans/chase-milestone.js';
import { chasePayment } from '../contracts/chase-payment.js';
import { chaseStage } from '../projects/chase-stage.js';
import { chaseFollowUp } from './chase-follow-up.js';
import { fireRule, RECURRING_RULE } from './rule-timers.js';
import type { TimerAction, TimerActions } from './fire-timer.js';
import { MAIL_DIGEST } from './mail-payload.js';
import { makeDigest } from './make-digest.js';

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
  [RECKON]: { subjectTable: null, act: reckonDueTimes },
  [MAIL_DIGEST]: { subjectTable: null, act: makeDigest },
  [REQUESTS_MOVE]: { subjectTable: 'request_move', act: moveNext },
};
