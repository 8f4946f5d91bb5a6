import { refusal } from '../errors.js';
import { isOnRequest } from './evolve-verbs.js';
import { isDecisionStep, stepOf, type DecisionStep } from './process.js';
import {
  assignmentsOf,
  currentStep,
  interestOf,
  isDecided,
  isEnded,
  isLive,
  type AssignmentState,
  type RequestState,
  type StepState,
} from './request.js';
import { keysFrom } from './route.js';

/** What an administrator can do to a request against its course; each with a reason. */
export const OVERRIDE_ACTIONS = ['PAUSE', 'RESUME', 'SKIP_STEP', 'RESTART', 'MIGRATE', 'RELEASE'] as const;
export type OverrideAction = (typeof OVERRIDE_ACTIONS)[number];

/** Refuses what needs a request that goes on. @throws REQUEST_ENDED, REQUEST_RETURNED, REQUEST_PAUSED */
export function requirePending(request: RequestState): void {
  if (isEnded(request)) throw refusal('REQUEST_ENDED', { status: request.status });
  if (request.status === 'RETURNED') throw refusal('REQUEST_RETURNED');
  if (request.pausedAt !== null) throw refusal('REQUEST_PAUSED');
}

/** An assignment with its step, of whatever person and state. @throws NOT_FOUND */
export function assignmentAt(
  request: RequestState,
  ordinal: number,
): { assignment: AssignmentState; step: DecisionStep } {
  const assignment = request.assignments[ordinal - 1];
  const step = assignment && stepOf(request.definition, assignment.stepKey);
  if (!assignment || !isDecisionStep(step)) throw refusal('NOT_FOUND', { what: 'assignment' });
  return { assignment, step };
}

/** The step's live state when it is the one that the assignment belongs to. */
function liveStateOf(request: RequestState, assignment: AssignmentState): StepState | undefined {
  const state = currentStep(request, assignment.stepKey);
  return state?.round === assignment.round && state.attempt === assignment.attempt ? state : undefined;
}

/** A decision that can be taken back, with all that goes with it. */
export interface Revocation {
  readonly assignment: AssignmentState;
  readonly step: DecisionStep;
  readonly state: StepState;
  /** Of the same step: those whose turn came by this decision, and those let go when it closed. */
  readonly waiting: readonly number[];
  /** Keys of later steps that were opened by it. */
  readonly undone: readonly string[];
}

/**
 * May this person take back their decision? Only while nothing after it has acted.
 * @throws NOT_FOUND, NOT_YOUR_ASSIGNMENT, REQUEST_ENDED, REQUEST_RETURNED, REQUEST_PAUSED, ACTION_NOT_ALLOWED,
 *         REVOCATION_CLOSED
 */
export function permitRevocation(request: RequestState, ordinal: number, by: string): Revocation {
  const { assignment, step } = assignmentAt(request, ordinal);
  if (assignment.personId !== by) throw refusal('NOT_YOUR_ASSIGNMENT', { step: step.key });
  requirePending(request);
  const misfit = misfitOfRevocation(request, assignment);
  if (misfit) throw refusal('ACTION_NOT_ALLOWED', { action: 'REVOKE', step: step.key, reason: misfit });
  const state = liveStateOf(request, assignment);
  const stands = state?.status === 'OPEN' || (state?.status === 'APPROVED' && state.reason === null);
  if (!state || !stands) throw refusal('REVOCATION_CLOSED', { reason: `step ${step.key} has moved on` });
  const after = followers(request, step, state, assignment);
  if (after.some((one) => hasActed(request, one)))
    throw refusal('REVOCATION_CLOSED', { reason: 'someone asked after you has acted' });
  const later = step.kind === 'advise' || state.status === 'OPEN' ? [] : laterSteps(request, step);
  for (const next of later) requireUntouched(request, next);
  const released = assignmentsOf(request, state).filter(
    (one) => state.status === 'APPROVED' && one.status === 'CANCELLED' && one.reason === 'STEP_DECIDED',
  );
  const waiting = [...after.filter((one) => one.status === 'OPEN'), ...released].map((one) => one.ordinal);
  return { assignment, step, state, waiting, undone: later.map(({ key }) => key) };
}

function misfitOfRevocation(request: RequestState, assignment: AssignmentState): string | null {
  if (!isDecided(assignment)) return 'it has not been decided';
  if (assignment.reason === 'CARRIED') return 'it was carried from another step';
  if (request.assignments.some((one) => one.previousOrdinal === assignment.ordinal))
    return 'it went back to who delegated it';
  return assignment.status === 'RETURNED' ? 'the request was returned with it' : null;
}

/** Those of the same step whose turn comes after this one. */
const followers = (
  request: RequestState,
  step: DecisionStep,
  state: StepState,
  { ordinal, position }: AssignmentState,
): AssignmentState[] =>
  assignmentsOf(request, state).filter(
    (one) => one.waitsFor === ordinal || (step.formula.mode === 'ordered' && one.position > position),
  );

const hasActed = (request: RequestState, one: AssignmentState): boolean =>
  (isDecided(one) && one.reason !== 'CARRIED') ||
  one.status === 'DELEGATED' ||
  one.status === 'TRANSFERRED' ||
  request.assignments.some(
    (other) =>
      other.addedById === one.personId &&
      other.stepKey === one.stepKey &&
      other.round === one.round &&
      other.attempt === one.attempt,
  ) ||
  request.questions.some((question) => question.ordinal === one.ordinal);

/** Later steps that stand in this round and would be asked anew; what was carried into the round is left alone. */
const laterSteps = (request: RequestState, step: DecisionStep): StepState[] =>
  keysFrom(request.definition, step.key)
    .slice(1)
    .flatMap((key) => currentStep(request, key) ?? [])
    .filter((state) => state.status !== 'RETURNED' && state.reason !== 'CARRIED');

function requireUntouched(request: RequestState, state: StepState): void {
  const byOthers = state.reason === 'SYSTEM' || state.reason === 'OVERRIDE' || state.rung > 0;
  if (byOthers || assignmentsOf(request, state).some((one) => hasActed(request, one)))
    throw refusal('REVOCATION_CLOSED', { reason: `step ${state.key} has acted on it` });
}

/**
 * May this person take away an approver whom they added? Only while that one has not decided.
 * @throws NOT_FOUND, ACTION_NOT_ALLOWED, REQUEST_ENDED, REQUEST_RETURNED, REQUEST_PAUSED, ASSIGNMENT_NOT_OPEN
 */
export function permitRemoval(
  request: RequestState,
  ordinal: number,
  by: string,
): { assignment: AssignmentState; step: DecisionStep } {
  const found = assignmentAt(request, ordinal);
  const { assignment, step } = found;
  if (assignment.addedById !== by) {
    const reason = 'only who added an approver removes them';
    throw refusal('ACTION_NOT_ALLOWED', { action: 'REMOVE_APPROVER', step: step.key, reason });
  }
  requirePending(request);
  if (!isLive(assignment))
    throw refusal('ASSIGNMENT_NOT_OPEN', { status: assignment.status, step: step.key });
  return found;
}

/** @throws QUESTION_NOT_OPEN, NOT_YOUR_QUESTION, REQUEST_ENDED, REQUEST_RETURNED, REQUEST_PAUSED */
export function permitAnswer(request: RequestState, number: number | null, by: string): void {
  requirePending(request);
  const open = request.questions.filter((one) => one.status === 'OPEN');
  const meant = number === null ? open.filter((one) => one.askedOfId === by) : open;
  const question = number === null ? meant[0] : meant.find((one) => one.number === number);
  if (!question) throw refusal('QUESTION_NOT_OPEN');
  if (question.askedOfId !== by) throw refusal('NOT_YOUR_QUESTION');
}

/** Words and readers are for those who take part. @throws NOT_ON_REQUEST, REQUEST_ENDED */
export function permitTalk(request: RequestState, by: string): void {
  if (!isOnRequest(request, by)) throw refusal('NOT_ON_REQUEST');
  if (isEnded(request)) throw refusal('REQUEST_ENDED', { status: request.status });
}

/**
 * May this administrator override the course of the request? That they hold the permission is asked elsewhere; what no
 * permission lifts is an interest of their own.
 * @throws REQUEST_ENDED, REQUEST_RETURNED, REQUEST_PAUSED, REQUEST_NOT_PAUSED, REQUEST_NOT_HELD,
 *         INTERESTED_PERSON
 */
export function permitOverride(
  request: RequestState,
  action: OverrideAction | 'REASSIGN' | 'HOLD',
  by: string,
): void {
  switch (action) {
    case 'RESUME':
      if (isEnded(request)) throw refusal('REQUEST_ENDED', { status: request.status });
      if (request.pausedAt === null) throw refusal('REQUEST_NOT_PAUSED');
      return;
    case 'PAUSE':
      return requirePending(request);
    case 'RESTART':
      if (isEnded(request)) throw refusal('REQUEST_ENDED', { status: request.status });
      return;
    case 'HOLD':
      if (isEnded(request)) throw refusal('REQUEST_ENDED', { status: request.status });
      if (request.pausedAt !== null) throw refusal('REQUEST_PAUSED');
      return;
    case 'RELEASE':
      if (isEnded(request)) throw refusal('REQUEST_ENDED', { status: request.status });
      if (request.pauseCause !== 'NEW_VERSION') throw refusal('REQUEST_NOT_HELD');
      return;
    case 'MIGRATE':
      // It may undo what others decided, or leave a step out: as good as skipping it.
      if (isEnded(request)) throw refusal('REQUEST_ENDED', { status: request.status });
      if (request.pausedAt !== null && request.pauseCause !== 'NEW_VERSION') throw refusal('REQUEST_PAUSED');
      return requireDisinterested(request, by);
    case 'SKIP_STEP':
    case 'REASSIGN':
      requirePending(request);
      requireDisinterested(request, by);
  }
}

/** @throws INTERESTED_PERSON */
function requireDisinterested(request: RequestState, by: string): void {
  const interest = interestOf(request, undefined, by);
  if (interest) throw refusal('INTERESTED_PERSON', { because: interest.because });
}

/** @throws NOT_FOUND, ASSIGNMENT_NOT_OPEN and those of `permitOverride` */
export function permitReassignment(
  request: RequestState,
  ordinal: number,
  by: string,
): { assignment: AssignmentState; step: DecisionStep } {
  const found = assignmentAt(request, ordinal);
  permitOverride(request, 'REASSIGN', by);
  if (!isLive(found.assignment)) {
    const { status, stepKey } = found.assignment;
    throw refusal('ASSIGNMENT_NOT_OPEN', { status, step: stepKey });
  }
  return found;
}
