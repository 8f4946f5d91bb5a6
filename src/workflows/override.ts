import { refusal } from '../errors.js';
import { movedExpiry } from './clock.js';
import { emit, type Draft } from './draft.js';
import { advance, cancelLive, end } from './flow.js';
import { requireNotAsked } from './hand-over.js';
import { requireUntangled } from './shared-interest.js';
import { permitOverride, permitReassignment } from './permit-verbs.js';
import { isDecisionStep, stepOf } from './process.js';
import { currentStep, type Command, type NewAssignment, type RequestState } from './request.js';
import { requireEligible } from './resolve-approvers.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** @throws COMMENT_REQUIRED: whoever overrides says why */
export function requireReason(comment: string | null): string {
  if (!comment) throw refusal('COMMENT_REQUIRED');
  return comment;
}

/** Everything stands still until it is resumed: nobody decides, no timer acts. @throws those of `permitOverride` */
export function pause(draft: Draft, { by, comment }: Of<'pause' | 'resume'>): void {
  permitOverride(draft.request, 'PAUSE', by);
  emit(draft, { type: 'PAUSED', by, comment: requireReason(comment) });
}

/** @throws those of `permitOverride` */
export function resume(draft: Draft, { by, comment }: Of<'pause' | 'resume'>): void {
  permitOverride(draft.request, 'RESUME', by);
  emit(draft, { type: 'RESUMED', by, comment, expiresAt: movedExpiry(draft.request, draft.world) });
}

/**
 * Gives somebody's turn to another person. Who takes it over must be one who could be asked; an administrator gives
 * nothing to themself. @throws those of `permitReassignment`, COMMENT_REQUIRED, PERSON_NOT_ELIGIBLE, INTERESTED_PERSON
 */
export function reassign(draft: Draft, command: Of<'reassign'>): void {
  const { by, ordinal, toPersonId } = command;
  const { assignment, step } = permitReassignment(draft.request, ordinal, by);
  const comment = requireReason(command.comment);
  if (toPersonId === by) {
    const person = draft.world.organisation.people.get(by)?.name ?? by;
    throw refusal('PERSON_NOT_ELIGIBLE', { person, reason: 'who overrides takes nothing over' });
  }
  requireEligible(draft.request, step, toPersonId, draft.world);
  requireNotAsked(draft, assignment, toPersonId);
  requireUntangled(draft.request, assignment, toPersonId, []);
  const { group, weight, veto, required, position, waitsFor, rule, personId } = assignment;
  const successor: NewAssignment = {
    ordinal: draft.request.assignments.length + 1,
    personId: toPersonId,
    status: assignment.status === 'WAITING' ? 'WAITING' : 'OPEN',
    rule: `reassigned (${rule})`,
    group,
    weight,
    veto,
    required,
    position,
    waitsFor: assignment.status === 'WAITING' ? waitsFor : null,
    handOver: { kind: 'OVERRIDE', fromPersonId: personId },
    previousOrdinal: ordinal,
    addedById: null,
    comment: null,
    ...(assignment.pool ? { pool: assignment.pool } : {}),
  };
  emit(draft, { type: 'REASSIGNED', override: true, step: step.key, ordinal, by, comment, successor });
}

/**
 * Goes past a step that is open or blocked. It never approves for people: where nobody at all would have approved the
 * request, its last step is not skipped. @throws those of `permitOverride`, COMMENT_REQUIRED, ACTION_NOT_ALLOWED
 */
export function skipStep(draft: Draft, { by, step: key, comment }: Of<'skip-step'>): void {
  permitOverride(draft.request, 'SKIP_STEP', by);
  const reason = requireReason(comment);
  const node = stepOf(draft.request.definition, key);
  const state = currentStep(draft.request, key);
  const refuse = (why: string): Error =>
    refusal('ACTION_NOT_ALLOWED', { action: 'SKIP_STEP', step: key, reason: why });
  if (!isDecisionStep(node)) throw refuse('there is no such step that people decide');
  if (state?.status !== 'OPEN' && state?.status !== 'BLOCKED') throw refuse('it is neither open nor blocked');
  emit(draft, { type: 'OVERRIDDEN', override: true, by, action: 'SKIP_STEP', step: key, comment: reason });
  cancelLive(draft, state, 'OVERRIDE');
  emit(draft, { type: 'STEP_CLOSED', step: key, outcome: 'SKIPPED', reason: 'OVERRIDE' });
  advance(draft);
  if (draft.request.status === 'APPROVED' && !isApprovedBySomebody(draft.request))
    throw refuse('nobody would have approved the request');
}

export const isApprovedBySomebody = ({ assignments, steps, round }: RequestState): boolean =>
  assignments.some((one) => one.round === round && ['APPROVED', 'CONFIRMED', 'FILED'].includes(one.status)) ||
  steps.some((step) => step.round === round && step.reason === 'CARRIED');

/** Ends the request so that a fresh one takes its place; what follows the submission makes. @throws those of
 *  `permitOverride`, COMMENT_REQUIRED */
export function restart(draft: Draft, command: Of<'restart'>): void {
  permitOverride(draft.request, 'RESTART', command.by);
  const comment = requireReason(command.comment);
  emit(draft, { type: 'OVERRIDDEN', override: true, by: command.by, action: 'RESTART', step: null, comment });
  end(draft, 'CANCELLED', command.by, comment);
}
