import { refusal } from '../errors.js';
import { permitOnAssignment, type OpenTurn } from './permit.js';
import type { DecisionStep } from './process.js';
import type { DecisionAction, RequestState } from './request.js';
import { answersToDelegator } from './hand-over.js';

// Which decisions a link in a mail may carry: only those that the definition gives away, and that need nothing but a yes.

/**
 * Holds for a decision that comes by a link. @throws STEP_UP_REQUIRED, COMMENT_REQUIRED, ATTACHMENT_REQUIRED, ACTION_NOT_ALLOWED when the
 * person must sign in for it
 */
function requireMailDecision(step: DecisionStep, action: DecisionAction): void {
  if (step.requireFreshSignIn !== null)
    throw refusal('STEP_UP_REQUIRED', { minutes: step.requireFreshSignIn, step: step.key });
  if (step.requireComment === 'always' || (step.requireComment === 'on-rejection' && action === 'REJECT'))
    throw refusal('COMMENT_REQUIRED', { step: step.key });
  if (step.requireAttachment?.includes(action as never))
    throw refusal('ATTACHMENT_REQUIRED', { step: step.key });
  if (step.mailDecision !== true || step.kind !== 'approve' || !['APPROVE', 'REJECT'].includes(action))
    throw refusal('ACTION_NOT_ALLOWED', {
      action,
      step: step.key,
      reason: 'the definition asks for a sign-in',
    });
}

/** May this person take this decision by a link now? @throws as `permitOnAssignment` and `requireMailDecision` */
export function permitByMail(
  request: RequestState,
  ordinal: number,
  action: DecisionAction,
  by: string,
): OpenTurn {
  const turn = permitOnAssignment(request, ordinal, action, by);
  requireMailDecision(turn.step, action);
  if (answersToDelegator(request, turn.step, turn.assignment))
    throw refusal('ACTION_NOT_ALLOWED', {
      action,
      step: turn.step.key,
      reason: 'whoever delegated it confirms it',
    });
  return turn;
}
