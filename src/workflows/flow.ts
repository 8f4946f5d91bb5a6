import { holds } from './condition.js';
import { dueAt } from './calendar.js';
import { emit, type Draft } from './draft.js';
import { outcomeOf } from './formula.js';
import { rolesOf } from './organisation.js';
import { isDecisionStep, nodesOf, stepOf, type DecisionStep, type NotifyStep, type ProcessDefinition, type StepNode } from './process.js';
import {
  assignmentsOf,
  ballotOf,
  currentStep,
  isEnded,
  isLive,
  isPassed,
  SYSTEM,
  type AssignmentState,
  type NewAssignment,
  type PlannedTimer,
  type RequestOutcome,
  type RequestState,
  type StepState,
  type World,
} from './request.js';
import { peopleOf, resolveApprovers, type Candidate, type Resolution } from './resolve-approvers.js';
import { plannedTimers } from './escalate.js';

/** Opens every step whose turn has come, until people are asked or the request ends. Ends: the tree is finite. */
export function advance(draft: Draft): void {
  for (;;) {
    if (draft.request.status !== 'PENDING') return;
    const next = nextMove(draft.request, draft.request.definition.steps);
    if (next === null) return;
    if (next === 'done') return end(draft, 'APPROVED', SYSTEM, null);
    if (next.close) emit(draft, { type: 'STEP_CLOSED', step: next.node.key, outcome: 'APPROVED', reason: null });
    else open(draft, next.node);
  }
}

type Move = { readonly node: StepNode; readonly close: boolean };

/** The next node to open or parallel to close; 'done' when all have passed; null when people must act first. */
function nextMove(request: RequestState, nodes: readonly StepNode[]): Move | 'done' | null {
  for (const node of nodes) {
    const step = currentStep(request, node.key);
    if (!step || step.status === 'RETURNED') return { node, close: false };
    if (node.kind === 'parallel' && step.status === 'OPEN') return nextInParallel(request, node.branches, node);
    if (!isPassed(node, step)) return null;
  }
  return 'done';
}

function nextInParallel(request: RequestState, branches: readonly (readonly StepNode[])[], node: StepNode): Move | null {
  const moves = branches.map((branch) => nextMove(request, branch));
  const open = moves.find((move): move is Move => move !== null && move !== 'done');
  if (open) return open;
  return moves.every((move) => move === 'done') ? { node, close: true } : null;
}

const nextAttempt = (request: RequestState, key: string): number => (currentStep(request, key)?.attempt ?? 0) + 1;

/** Whether the step's condition holds for the request as it stands. @throws CONDITION_FAILED */
export function conditionHolds(request: RequestState, condition: string | null, world: World): boolean {
  if (condition === null) return true;
  const { organisation, now } = world;
  const requester = organisation.people.get(request.requesterId);
  const department = organisation.departments.get(requester?.departmentId ?? '')?.key ?? '';
  return holds(condition, request.definition.fieldTypes, {
    subject: request.subject.content,
    requester: { id: request.requesterId, department, roles: rolesOf(organisation, request.requesterId, now) },
    round: request.round,
  });
}

function open(draft: Draft, node: StepNode): void {
  const attempt = nextAttempt(draft.request, node.key);
  if (!conditionHolds(draft.request, node.when, draft.world)) {
    return emit(draft, { type: 'STEP_SKIPPED', step: node.key, attempt, reason: 'CONDITION', exclusions: [] });
  }
  if (node.kind === 'notify') return notify(draft, node);
  if (node.kind === 'parallel') {
    return emit(draft, { type: 'STEP_OPENED', step: node.key, attempt, dueAt: null, assignments: [], exclusions: [], timers: [] });
  }
  return openDecision(draft, node, attempt);
}

function notify(draft: Draft, node: NotifyStep): void {
  const { organisation } = draft.world;
  const named = node.recipients.flatMap((rule) => peopleOf(draft.request, rule, draft.world));
  const people = [...new Set(named)].filter((id) => organisation.people.get(id)?.active);
  emit(draft, { type: 'PEOPLE_NOTIFIED', step: node.key, people });
}

function openDecision(draft: Draft, step: DecisionStep, attempt: number): void {
  let found = resolveApprovers(draft.request, step, step.approvers, draft.world);
  if (found.blockedBy !== null) return block(draft, step, attempt, found.blockedBy, found);
  if (found.candidates.length === 0 && typeof step.onNobody === 'object') {
    const instead = resolveApprovers(draft.request, step, step.onNobody.assign, draft.world);
    found = { ...instead, exclusions: [...found.exclusions, ...instead.exclusions] };
  }
  if (found.candidates.length > 0) return ask(draft, step, attempt, found);
  if (step.onNobody === 'skip') {
    return emit(draft, { type: 'STEP_SKIPPED', step: step.key, attempt, reason: 'NOBODY', exclusions: found.exclusions });
  }
  block(draft, step, attempt, 'NOBODY', found);
  if (step.onNobody === 'reject') end(draft, 'REJECTED', SYSTEM, null);
}

function block(draft: Draft, step: DecisionStep, attempt: number, reason: string, found: Resolution): void {
  emit(draft, { type: 'STEP_BLOCKED', step: step.key, attempt, reason, exclusions: found.exclusions });
}

function ask(draft: Draft, step: DecisionStep, attempt: number, found: Resolution): void {
  const { request, world } = draft;
  const calendar = world.calendarOf(request.definition.calendar);
  const due = step.due === null ? null : dueAt(calendar, world.now, step.due);
  const first = request.assignments.length + 1;
  const assignments = found.candidates.map((candidate, index) => toAssignment(request, step, candidate, index, first));
  const timers: readonly PlannedTimer[] = plannedTimers(step, world.now, due, calendar);
  emit(draft, { type: 'STEP_OPENED', step: step.key, attempt, dueAt: due, assignments, exclusions: found.exclusions, timers });
  settle(draft, step);
}

function toAssignment(request: RequestState, step: DecisionStep, candidate: Candidate, index: number, first: number): NewAssignment {
  const carriedFrom = carriedApproval(request, step, candidate.personId);
  const ordered = step.formula.mode === 'ordered' && index > 0;
  return {
    ordinal: first + index,
    personId: candidate.personId,
    status: carriedFrom !== null ? 'APPROVED' : ordered ? 'WAITING' : 'OPEN',
    rule: candidate.rule,
    group: candidate.group,
    weight: candidate.weight,
    veto: candidate.veto,
    required: false,
    position: index + 1,
    waitsFor: ordered ? first + index - 1 : null,
    handOver: candidate.handOver,
    previousOrdinal: null,
    addedById: null,
    comment: carriedFrom === null ? null : `carried from ${carriedFrom}`,
  };
}

/** The step in which the person approved before in this round, when the policy lets that approval carry. */
function carriedApproval(request: RequestState, step: DecisionStep, personId: string): string | null {
  if (step.onRepeat === 'ask' || step.kind !== 'approve') return null;
  const earlier = request.assignments.findLast(
    (assignment) => assignment.round === request.round && assignment.personId === personId && assignment.status === 'APPROVED',
  );
  if (!earlier) return null;
  const still = currentStep(request, earlier.stepKey);
  if (still?.status !== 'APPROVED' || still.attempt !== earlier.attempt) return null;
  if (step.onRepeat === 'carry') return earlier.stepKey;
  return previousDecided(request, step.key) === earlier.stepKey ? earlier.stepKey : null;
}

function previousDecided(request: RequestState, key: string): string | undefined {
  const keys = [...nodesOf(request.definition.steps)].filter(isDecisionStep).map((node) => node.key);
  return keys.slice(0, keys.indexOf(key)).findLast((earlier) => currentStep(request, earlier)?.status === 'APPROVED');
}

/** Draws the consequence of the step's ballots: opens whose turn has come, or closes the step and goes on. */
export function settle(draft: Draft, step: DecisionStep): void {
  const state = currentStep(draft.request, step.key);
  if (!state || state.status !== 'OPEN') return;
  openTurns(draft, step, state);
  const assignments = assignmentsOf(draft.request, state);
  if (step.kind === 'advise') {
    if (!assignments.some(isLive)) emit(draft, { type: 'STEP_CLOSED', step: step.key, outcome: 'APPROVED', reason: null });
    return;
  }
  const outcome = outcomeOf(step.formula, assignments.flatMap((assignment) => ballotOf(assignment) ?? []));
  if (outcome === null) return;
  cancelLive(draft, state, 'STEP_DECIDED');
  if (outcome === 'UNDECIDABLE') {
    return emit(draft, { type: 'STEP_BLOCKED', step: step.key, attempt: state.attempt, reason: 'UNDECIDABLE', exclusions: [] });
  }
  closeStep(draft, step, outcome, null);
}

/** Closes the step with an outcome and lets the request follow: on, ended, or back to the requester. */
export function closeStep(draft: Draft, step: DecisionStep, outcome: 'APPROVED' | 'REJECTED', reason: string | null): void {
  emit(draft, { type: 'STEP_CLOSED', step: step.key, outcome, reason });
  if (outcome === 'APPROVED') return advance(draft);
  if (step.onRejection === 'return') return returnToRequester(draft, SYSTEM, null);
  return end(draft, 'REJECTED', SYSTEM, null);
}

/** Opens the assignments whose predecessor has decided; those of an outcome already certain stay closed. */
function openTurns(draft: Draft, step: DecisionStep, state: StepState): void {
  const ballots = assignmentsOf(draft.request, state).flatMap((assignment) => ballotOf(assignment) ?? []);
  if (step.kind !== 'advise' && outcomeOf(step.formula, ballots) !== null) return;
  for (const assignment of assignmentsOf(draft.request, state)) {
    if (assignment.status !== 'WAITING' || assignment.waitsFor === null) continue;
    const before = draft.request.assignments[assignment.waitsFor - 1];
    if (before && isLive(before)) continue;
    emit(draft, { type: 'ASSIGNMENT_OPENED', ordinal: assignment.ordinal, dueAt: state.dueAt });
  }
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

function closeOpenSteps(draft: Draft, outcome: 'CANCELLED' | 'RETURNED', reason: string): void {
  const live = (assignment: AssignmentState): boolean => isLive(assignment);
  for (const node of nodesOf(draft.request.definition.steps)) {
    const state = currentStep(draft.request, node.key);
    if (!state) continue;
    if (assignmentsOf(draft.request, state).some(live)) cancelLive(draft, state, reason);
    if (state.status === 'OPEN' || state.status === 'BLOCKED') emit(draft, { type: 'STEP_CLOSED', step: node.key, outcome, reason });
  }
}

/** Asks again in every blocked step, with the organisation as it is now. */
export function openBlocked(draft: Draft): void {
  for (const node of nodesOf(draft.request.definition.steps)) {
    const state = currentStep(draft.request, node.key);
    if (draft.request.status !== 'PENDING' || state?.status !== 'BLOCKED' || !isDecisionStep(node)) continue;
    const found = resolveApprovers(draft.request, node, node.approvers, draft.world);
    if (found.blockedBy === null && found.candidates.length > 0) ask(draft, node, state.attempt + 1, found);
  }
  advance(draft);
}

/** The definition's decision step, for callers that hold only its key. */
export function decisionStep(definition: ProcessDefinition, key: string): DecisionStep | undefined {
  const node = stepOf(definition, key);
  return isDecisionStep(node) ? node : undefined;
}
