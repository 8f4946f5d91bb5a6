import { emit, type Draft } from './draft.js';
import { outcomeOf } from './formula.js';
import { openNode, reopen } from './open-step.js';
import { isDecisionStep, nodesOf, type DecisionStep, type StepNode } from './process.js';
import {
  assignmentsOf,
  ballotsOf,
  currentStep,
  isEnded,
  isLive,
  isPassed,
  STEP_DECIDED,
  SYSTEM,
  type AssignmentState,
  type RequestOutcome,
  type RequestState,
  type StepState,
} from './request.js';
import { keysFrom, parallelsAround } from './route.js';

/** Opens every step whose turn has come, until people are asked or the request ends. Ends: the tree is finite. */
export function advance(draft: Draft): void {
  for (;;) {
    if (draft.request.status !== 'PENDING') return;
    const next = nextMove(draft.request, draft.request.definition.steps);
    if (next === null) return;
    if (next === 'done') return end(draft, 'APPROVED', SYSTEM, null);
    if (next.close)
      emit(draft, { type: 'STEP_CLOSED', step: next.node.key, outcome: 'APPROVED', reason: null });
    else open(draft, next.node);
  }
}

type Move = { readonly node: StepNode; readonly close: boolean };

/** The next node to open or parallel to close; 'done' when all have passed; null when people must act first. */
function nextMove(request: RequestState, nodes: readonly StepNode[]): Move | 'done' | null {
  for (const node of nodes) {
    const step = currentStep(request, node.key);
    if (!step || step.status === 'RETURNED') return { node, close: false };
    if (node.kind === 'parallel' && step.status === 'OPEN')
      return nextInParallel(request, node.branches, node);
    if (!isPassed(node, step)) return null;
  }
  return 'done';
}

function nextInParallel(
  request: RequestState,
  branches: readonly (readonly StepNode[])[],
  node: StepNode,
): Move | null {
  const moves = branches.map((branch) => nextMove(request, branch));
  const open = moves.find((move): move is Move => move !== null && move !== 'done');
  if (open) return open;
  return moves.every((move) => move === 'done') ? { node, close: true } : null;
}

function open(draft: Draft, node: StepNode): void {
  openNode(draft, node);
  if (!isDecisionStep(node)) return;
  const state = currentStep(draft.request, node.key);
  if (state?.status === 'BLOCKED' && state.reason === 'NOBODY' && node.onNobody === 'reject') {
    return closeStep(draft, node, 'REJECTED', 'NOBODY');
  }
  settle(draft, node);
}

/** Draws the consequence of the step's ballots: opens whose turn has come, or closes the step and goes on. */
export function settle(draft: Draft, step: DecisionStep): void {
  const state = currentStep(draft.request, step.key);
  if (state?.status !== 'OPEN') return;
  if (step.kind === 'advise') {
    openTurns(draft, step, state);
    if (assignmentsOf(draft.request, state).some(isLive)) return;
    return emit(draft, { type: 'STEP_CLOSED', step: step.key, outcome: 'APPROVED', reason: null });
  }
  const outcome = outcomeOf(step.formula, ballotsOf(draft.request, state));
  if (outcome === null) return openTurns(draft, step, state);
  cancelLive(draft, state, STEP_DECIDED);
  if (outcome !== 'UNDECIDABLE') return closeStep(draft, step, outcome, null);
  emit(draft, {
    type: 'STEP_BLOCKED',
    step: step.key,
    attempt: state.attempt,
    reason: 'UNDECIDABLE',
    exclusions: [],
  });
}

/** Closes the step with an outcome and lets the request follow: on, ended, or back to the requester. */
export function closeStep(
  draft: Draft,
  step: DecisionStep,
  outcome: 'APPROVED' | 'REJECTED',
  reason: string | null,
): void {
  emit(draft, { type: 'STEP_CLOSED', step: step.key, outcome, reason });
  if (outcome === 'APPROVED') return advance(draft);
  const byVotes = reason === null;
  const { by, comment } = byVotes ? rejectionIn(draft.request, step) : { by: SYSTEM, comment: null };
  if (step.onRejection === 'return') return returnToRequester(draft, by, comment);
  return end(draft, 'REJECTED', by, comment);
}

/** Who rejected last in the step, and with what words: the requester is told them. The system, when nobody did. */
function rejectionIn(request: RequestState, step: DecisionStep): { by: string; comment: string | null } {
  const state = currentStep(request, step.key);
  const rejections = state ? assignmentsOf(request, state).filter(({ status }) => status === 'REJECTED') : [];
  const last = rejections.toSorted((one, other) => Number(one.decidedAt) - Number(other.decidedAt)).at(-1);
  return { by: last?.decidedById ?? SYSTEM, comment: last?.comment ?? null };
}

/** Opens the assignments whose turn has come. */
function openTurns(draft: Draft, step: DecisionStep, state: StepState): void {
  const siblings = assignmentsOf(draft.request, state);
  for (const assignment of siblings.filter((one) => isTurnOf(draft.request, step, siblings, one))) {
    emit(draft, { type: 'ASSIGNMENT_OPENED', ordinal: assignment.ordinal, dueAt: state.dueAt });
  }
}

/** One who waits comes when the one waited for no longer is asked; in an ordered step only after all before them. */
function isTurnOf(
  request: RequestState,
  step: DecisionStep,
  siblings: readonly AssignmentState[],
  { status, waitsFor, position }: AssignmentState,
): boolean {
  if (status !== 'WAITING') return false;
  const before = waitsFor === null ? undefined : request.assignments[waitsFor - 1];
  if (before && isLive(before)) return false;
  return (
    step.formula.mode !== 'ordered' || !siblings.some((other) => isLive(other) && other.position < position)
  );
}

/** Cancels what is still open in the step, saying why. */
export function cancelLive(draft: Draft, state: StepState, reason: string): void {
  for (const assignment of assignmentsOf(draft.request, state).filter(isLive)) {
    emit(draft, { type: 'ASSIGNMENT_CLOSED', ordinal: assignment.ordinal, status: 'CANCELLED', reason });
  }
}

/** Ends the request: nothing open is left behind. */
export function end(draft: Draft, outcome: RequestOutcome, by: string, comment: string | null): void {
  if (isEnded(draft.request)) return;
  closeOpenSteps(draft, 'CANCELLED', `REQUEST_${outcome}`);
  emit(draft, { type: 'ENDED', outcome, by, comment });
}

/** Hands the request back for changes; the next resubmission starts the next round. */
export function returnToRequester(draft: Draft, by: string, comment: string | null): void {
  closeOpenSteps(draft, 'RETURNED', 'RETURNED');
  emit(draft, { type: 'RETURNED', by, toStep: null, comment });
}

/**
 * Asks again from an earlier step on: it and all that followed it lose their decisions. A sibling branch keeps its
 * own; a parallel step that had ended is entered again for the branch that is asked anew.
 */
export function returnToStep(draft: Draft, target: string, by: string, comment: string | null): void {
  const { definition } = draft.request;
  const ended = parallelsAround(definition, target).filter(
    (key) => currentStep(draft.request, key)?.status !== 'OPEN',
  );
  for (const key of [...ended.toReversed(), ...keysFrom(definition, target)]) {
    const state = currentStep(draft.request, key);
    if (!state || state.status === 'RETURNED') continue;
    cancelLive(draft, state, 'RETURNED');
    emit(draft, { type: 'STEP_CLOSED', step: key, outcome: 'RETURNED', reason: null });
  }
  emit(draft, { type: 'RETURNED', by, toStep: target, comment });
  advance(draft);
}

function closeOpenSteps(draft: Draft, outcome: 'CANCELLED' | 'RETURNED', reason: string): void {
  for (const node of nodesOf(draft.request.definition.steps)) {
    const state = currentStep(draft.request, node.key);
    if (state?.status !== 'OPEN' && state?.status !== 'BLOCKED') continue;
    cancelLive(draft, state, reason);
    emit(draft, { type: 'STEP_CLOSED', step: node.key, outcome, reason });
  }
}

/** Asks again in every blocked step, with the organisation as it is now; one that still has nobody stays as it is. */
export function openBlocked(draft: Draft): void {
  for (const node of nodesOf(draft.request.definition.steps)) {
    if (draft.request.status !== 'PENDING') return;
    const blocked = currentStep(draft.request, node.key)?.status === 'BLOCKED';
    if (blocked && isDecisionStep(node) && reopen(draft, node)) settle(draft, node);
  }
}
