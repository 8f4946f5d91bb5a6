import { refusal } from '../errors.js';
import type { AssignmentAction } from './permit.js';
import type { DecisionStep } from './process.js';
import type { GivenFile } from './request.js';

/** What must come with an action. */
export type Need = 'COMMENT' | 'ATTACHMENT' | 'FRESH_SIGN_IN';

/** What the step demands with this action: `viewerCan` shows it, and the decision is refused without it. */
export function needsOf(step: DecisionStep, action: AssignmentAction): Need[] {
  const needs: Need[] = [];
  if (needsComment(step, action)) needs.push('COMMENT');
  if (step.requireAttachment?.some((one) => one === action)) needs.push('ATTACHMENT');
  if (step.requireFreshSignIn !== null && DECISIONS.has(action)) needs.push('FRESH_SIGN_IN');
  return needs;
}

const DECISIONS: ReadonlySet<AssignmentAction> = new Set([
  'APPROVE',
  'REJECT',
  'ABSTAIN',
  'ADVISE',
  'CONFIRM',
  'FILE',
  'RETURN',
]);

const needsComment = (step: DecisionStep, action: AssignmentAction): boolean =>
  action === 'ADVISE' ||
  action === 'RETURN' ||
  (step.requireComment === 'always' && DECISIONS.has(action)) ||
  (step.requireComment === 'on-rejection' && action === 'REJECT');

/** @throws ATTACHMENT_REQUIRED */
export function requireFile(
  step: DecisionStep,
  action: AssignmentAction,
  files: readonly GivenFile[] | undefined,
): void {
  if (needsOf(step, action).includes('ATTACHMENT') && !files?.length)
    throw refusal('ATTACHMENT_REQUIRED', { step: step.key });
}
