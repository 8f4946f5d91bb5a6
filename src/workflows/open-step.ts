import { clockOf } from './clock.js';
import { holds } from './condition.js';
import { emit, type Draft } from './draft.js';
import { outcomeOf, type Ballot } from './formula.js';
import { plannedTimers } from './planned-timers.js';
import { isDecisionStep, stepOf, type DecisionStep, type NotifyStep, type StepNode } from './process.js';
import {
  assignmentsOf,
  currentStep,
  MIGRATED,
  standsByCarryOver,
  type NewAssignment,
  type RequestState,
  type World,
} from './request.js';
import { peopleOf, resolveApprovers, scopeOf, type Candidate, type Resolution } from './resolve-approvers.js';
import { keysBefore } from './route.js';
import { interestsSharedBy } from './shared-interest.js';

/** Whether the step's condition holds for the request as it stands. @throws CONDITION_FAILED */
export function conditionHolds(request: RequestState, condition: string | null, world: World): boolean {
  if (condition === null) return true;
  return holds(condition, request.definition.fieldTypes, scopeOf(request, world));
}

/** Opens the node, skips it, or records why it can't be asked. Its consequence is left to `settle`. */
export function openNode(draft: Draft, node: StepNode): void {
  const attempt = (currentStep(draft.request, node.key)?.attempt ?? 0) + 1;
  if (!conditionHolds(draft.request, node.when, draft.world)) {
    return emit(draft, {
      type: 'STEP_SKIPPED',
      step: node.key,
      attempt,
      reason: 'CONDITION',
      exclusions: [],
    });
  }
  if (node.kind === 'notify') return notify(draft, node);
  if (node.kind === 'parallel') {
    return emit(draft, {
      type: 'STEP_OPENED',
      step: node.key,
      attempt,
      dueAt: null,
      assignments: [],
      exclusions: [],
      timers: [],
    });
  }
  const found = approversFor(draft.request, node, draft.world);
  const assignments = assignmentsFor(draft.request, node, found);
  const problem = problemOf(node, found, assignments);
  if (problem === null) return ask(draft, node, attempt, found, assignments);
  if (problem === 'NOBODY' && node.onNobody === 'skip') {
    return emit(draft, {
      type: 'STEP_SKIPPED',
      step: node.key,
      attempt,
      reason: 'NOBODY',
      exclusions: found.exclusions,
    });
  }
  emit(draft, {
    type: 'STEP_BLOCKED',
    step: node.key,
    attempt,
    reason: problem,
    exclusions: found.exclusions,
  });
}

/** Asks in a blocked step when the organisation allows it by now; says whether it did. */
export function reopen(draft: Draft, step: DecisionStep): boolean {
  const attempt = currentStep(draft.request, step.key)?.attempt ?? 0;
  const found = approversFor(draft.request, step, draft.world);
  const assignments = assignmentsFor(draft.request, step, found);
  if (problemOf(step, found, assignments) !== null) return false;
  emit(draft, { type: 'STEP_CLOSED', step: step.key, outcome: 'CANCELLED', reason: 'UNBLOCKED' });
  ask(draft, step, attempt + 1, found, assignments);
  return true;
}

function notify(draft: Draft, node: NotifyStep): void {
  const { organisation } = draft.world;
  const named = node.recipients.flatMap((rule) => peopleOf(draft.request, rule, draft.world));
  const people = [...new Set(named)].filter((id) => organisation.people.get(id)?.active);
  emit(draft, { type: 'PEOPLE_NOTIFIED', step: node.key, people });
}

/** The step's approvers, or those of its other rule when it has one for the case that nobody is left. */
export function approversFor(request: RequestState, step: DecisionStep, world: World): Resolution {
  const found = resolveApprovers(request, step, step.approvers, world);
  const alone = found.blockedBy === null && found.candidates.length === 0;
  if (!alone || typeof step.onNobody !== 'object') return found;
  const instead = resolveApprovers(request, step, step.onNobody.assign, world);
  return { ...instead, exclusions: [...found.exclusions, ...instead.exclusions] };
}

/** Why the step can't be asked: too few people to meet its formula count as a rule that can't be met. */
function problemOf(
  step: DecisionStep,
  found: Resolution,
  assignments: readonly NewAssignment[],
): string | null {
  if (found.blockedBy !== null) return found.blockedBy;
  if (assignments.length === 0) return 'NOBODY';
  if (step.kind === 'advise') return null;
  const operands = assignments.filter(
    ({ pool }, index) => !pool || assignments.findIndex((other) => other.pool === pool) === index,
  );
  const ballots = operands.map(({ status, weight, group, veto, required }): Ballot => ({
    verdict: status === 'APPROVED' ? 'APPROVE' : null,
    weight,
    group,
    veto,
    required,
  }));
  return outcomeOf(step.formula, ballots) === 'UNDECIDABLE' ? 'UNDECIDABLE' : null;
}

function ask(
  draft: Draft,
  step: DecisionStep,
  attempt: number,
  found: Resolution,
  assignments: readonly NewAssignment[],
): void {
  const { request, world } = draft;
  const { calendar, dueAt } = clockOf(request.definition, step, assignments, world.now, world);
  emit(draft, {
    type: 'STEP_OPENED',
    step: step.key,
    attempt,
    dueAt,
    assignments,
    exclusions: found.exclusions,
    timers: plannedTimers(step, world.now, dueAt, calendar),
    ...(dueAt === null ? {} : { calendar: calendar.key }),
    ...interestsSharedBy(request, assignments),
  });
}

function assignmentsFor(request: RequestState, step: DecisionStep, found: Resolution): NewAssignment[] {
  const first = request.assignments.length + 1;
  return found.candidates.map((candidate, index) => {
    // All of a pool stand in one place of the queue.
    const { pool } = candidate;
    const place = pool === null ? index : found.candidates.findIndex((other) => other.pool === pool);
    return toAssignment(request, step, candidate, { index, place, first });
  });
}

function toAssignment(
  request: RequestState,
  step: DecisionStep,
  candidate: Candidate,
  { index, place, first }: { readonly index: number; readonly place: number; readonly first: number },
): NewAssignment {
  const { pool } = candidate;
  // Nothing carries into a pool: another of it may take the turn.
  const carriedFrom = pool === null ? carriedApproval(request, step, candidate.personId) : null;
  const follows = step.formula.mode === 'ordered' && place > 0;
  return {
    ordinal: first + index,
    personId: candidate.personId,
    status: carriedFrom !== null ? 'APPROVED' : follows ? 'WAITING' : 'OPEN',
    rule: candidate.rule,
    group: candidate.group,
    weight: candidate.weight,
    veto: candidate.veto,
    required: false,
    position: place + 1,
    waitsFor: follows ? first + place - 1 : null,
    handOver: candidate.handOver,
    previousOrdinal: null,
    addedById: null,
    comment: carriedFrom === null ? null : `carried from ${carriedFrom}`,
    ...(pool === null ? {} : { pool }),
  };
}

/**
 * The step in which the person approved before in this round, when the policy lets that approval carry. Nothing
 * carries into a step that was returned to: it was returned so that its people look again.
 */
function carriedApproval(request: RequestState, step: DecisionStep, personId: string): string | null {
  if (votedBeforeMove(request, step, personId)) return step.key;
  if (step.onRepeat === 'ask' || step.kind !== 'approve' || wasReturned(request, step.key)) return null;
  const adjacent = step.onRepeat === 'carry-if-adjacent' ? previousApproved(request, step.key) : undefined;
  if (step.onRepeat === 'carry-if-adjacent' && adjacent === undefined) return null;
  const earlier = request.assignments.findLast((assignment) => {
    if (assignment.round !== request.round || assignment.personId !== personId) return false;
    if (assignment.status !== 'APPROVED' || (adjacent !== undefined && assignment.stepKey !== adjacent))
      return false;
    const still = currentStep(request, assignment.stepKey);
    return still?.status === 'APPROVED' && still.attempt === assignment.attempt;
  });
  return earlier?.stepKey ?? null;
}

/** Whether the person approved in the attempt that a move to another version undid: they need not say it again. */
function votedBeforeMove(request: RequestState, step: DecisionStep, personId: string): boolean {
  const undone = currentStep(request, step.key);
  if (step.kind !== 'approve' || undone?.status !== 'RETURNED' || undone.reason !== MIGRATED) return false;
  // What was approved in another request is no word on this one.
  if (standsByCarryOver(request, undone)) return false;
  return assignmentsOf(request, undone).some((one) => one.personId === personId && one.status === 'APPROVED');
}

const wasReturned = (request: RequestState, key: string): boolean =>
  request.steps.some(
    (step) =>
      step.key === key &&
      step.round === request.round &&
      step.status === 'RETURNED' &&
      step.reason !== MIGRATED,
  );

/** The step decided last before this one; opinions and skipped steps stand between nothing. */
const previousApproved = (request: RequestState, key: string): string | undefined =>
  keysBefore(request.definition, key).findLast((earlier) => {
    const node = stepOf(request.definition, earlier);
    return (
      isDecisionStep(node) && node.kind !== 'advise' && currentStep(request, earlier)?.status === 'APPROVED'
    );
  });
