import { isRefusal } from '../errors.js';
import { outcomeOf } from './formula.js';
import { emit, type Draft } from './draft.js';
import { cancelLive, openBlocked, settle } from './flow.js';
import { successorOf } from './hand-over.js';
import { requireUntangled, sharedInterest } from './shared-interest.js';
import { absenceOf } from './organisation.js';
import { isDecisionStep, stepOf, type DecisionStep } from './process.js';
import {
  assignmentsOf,
  contactOf,
  currentStep,
  isDecided,
  isEnded,
  isLive,
  operandsOf,
  SYSTEM,
  type AssignmentState,
  type Command,
  type NewAssignment,
  type RequestState,
  type StepState,
} from './request.js';
import { barrierTo, standIn } from './resolve-approvers.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** Hands every turn of someone who is away to whoever stands in; one that nobody may take stays where it is. */
export function substitute(draft: Draft, { by, personId }: Of<'substitute'>): void {
  for (const { ordinal } of liveOf(draft.request, personId)) cover(draft, ordinal, by);
}

/**
 * Whoever is handed a turn by a person while away, or asked as one more approver, is stood in for at once. Those whom a
 * rule chose have been already.
 */
export function coverAbsences(draft: Draft, known: number): void {
  if (draft.world.organisation.absences.length === 0) return;
  for (let ordinal = known + 1; ordinal <= draft.request.assignments.length; ordinal += 1)
    cover(draft, ordinal, SYSTEM);
}

/** Moves one live turn to the first in the chain of substitutes who may take it. */
function cover(draft: Draft, ordinal: number, by: string): void {
  const assignment = draft.request.assignments[ordinal - 1];
  const step = assignment && stepOf(draft.request.definition, assignment.stepKey);
  if (!assignment || !isLive(assignment) || !isDecisionStep(step)) return;
  const { personId } = assignment;
  const accepts = (id: string): boolean => canTake(draft.request, assignment, id);
  const present = standIn(draft.request, step, personId, draft.world, accepts);
  if (present.personId !== personId) handTo(draft, assignment, present.personId, 'ABSENCE', by);
}

function handTo(
  draft: Draft,
  assignment: AssignmentState,
  toPersonId: string,
  kind: 'ABSENCE' | 'LEAVER',
  by: string,
): void {
  const { ordinal, personId, rule } = assignment;
  const successor: NewAssignment = {
    ...inPlaceOf(draft, assignment, toPersonId),
    handOver: { kind, fromPersonId: personId },
    rule: kind === 'LEAVER' ? `successor (${rule})` : rule,
  };
  const interests = sharedInterest(draft.request, personId, toPersonId);
  emit(draft, { type: 'HANDED_OVER', ordinal, by, kind, comment: null, successor, interests });
}

/** The same turn in other hands: what it waited for, it waits for still. */
const inPlaceOf = (draft: Draft, assignment: AssignmentState, personId: string): NewAssignment => ({
  ...successorOf(draft, assignment, personId, {
    handOver: null,
    rule: assignment.rule,
    addedById: assignment.addedById,
  }),
  status: assignment.status === 'WAITING' ? 'WAITING' : 'OPEN',
  waitsFor: assignment.waitsFor,
});

/** Not twice in one step, and without an interest reaching what was decided already. */
function canTake(request: RequestState, assignment: AssignmentState, personId: string): boolean {
  if (isOnStep(request, assignment, personId)) return false;
  try {
    const shared = sharedInterest(request, assignment.personId, personId);
    requireUntangled(request, assignment, personId, shared);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** Whether the person is asked, has voted or may be asked again in the attempt that the assignment belongs to. */
export const isOnStep = (
  request: RequestState,
  { stepKey, round, attempt }: AssignmentState,
  personId: string,
): boolean =>
  request.assignments.some(
    (other) =>
      other.personId === personId &&
      other.stepKey === stepKey &&
      other.round === round &&
      other.attempt === attempt &&
      (isLive(other) || isDecided(other) || isLentOut(other)),
  );

/** What a person has delegated may come back to them for confirmation. */
const isLentOut = ({ status, reason }: AssignmentState): boolean =>
  status === 'DELEGATED' && reason !== 'ABSENCE';

const liveOf = (request: RequestState, personId: string): AssignmentState[] =>
  isEnded(request)
    ? []
    : request.assignments.filter((assignment) => assignment.personId === personId && isLive(assignment));

/**
 * Gives back what others hold for someone who was away, as far as they have left it untouched: not claimed, not handed
 * on by their own will, nobody added. What can't be theirs any more stays where it is.
 */
export function giveBack(draft: Draft, { by, personId }: Of<'give-back'>): void {
  const { organisation, now } = draft.world;
  if (isEnded(draft.request) || !organisation.people.get(personId)?.active) return;
  if (absenceOf(organisation, personId, draft.request.definition, now)) return;
  for (const assignment of draft.request.assignments.filter(isLive)) {
    const origin = originOf(draft.request, assignment, personId);
    const step = stepOf(draft.request.definition, assignment.stepKey);
    if (!origin || !isDecisionStep(step) || isTouched(draft.request, assignment)) continue;
    if (isOnStep(draft.request, assignment, personId)) continue;
    if (barrierTo(draft.request, step, personId) !== null) continue;
    const successor: NewAssignment = { ...inPlaceOf(draft, assignment, personId), ...origin };
    emit(draft, { type: 'GIVEN_BACK', ordinal: assignment.ordinal, by, successor });
  }
}

type Origin = Pick<NewAssignment, 'handOver' | 'previousOrdinal'>;

/** How the person came to the turn that others hold for them by absence alone; null when they don't. */
function originOf(request: RequestState, assignment: AssignmentState, personId: string): Origin | null {
  let current: AssignmentState | undefined = assignment;
  while (current?.handOver?.kind === 'ABSENCE') {
    const before: AssignmentState | undefined =
      current.previousOrdinal === null ? undefined : request.assignments[current.previousOrdinal - 1];
    if (current.handOver.fromPersonId === personId)
      return { handOver: before?.handOver ?? null, previousOrdinal: before?.previousOrdinal ?? null };
    current = before;
  }
  return null;
}

/** A claim that was there when the turn came is not the substitute's. */
function isTouched(request: RequestState, assignment: AssignmentState): boolean {
  const { ordinal, personId, claimedAt, previousOrdinal, stepKey, round, attempt } = assignment;
  const before = previousOrdinal === null ? undefined : request.assignments[previousOrdinal - 1];
  if (claimedAt && claimedAt.getTime() !== before?.claimedAt?.getTime()) return true;
  return request.assignments.some(
    (other) =>
      other.addedById === personId &&
      other.ordinal !== ordinal &&
      other.stepKey === stepKey &&
      other.round === round &&
      other.attempt === attempt,
  );
}

/**
 * Hands the turns of a leaver to the successor, or to whoever stands in for the successor. A turn that they may not
 * take is dropped where the rule that chose the leaver still asks or has asked someone else, as it would be if the
 * step opened now; else the step is blocked and asked anew if the organisation has other people for it.
 */
export function replaceLeaver(draft: Draft, { by, personId, successorId }: Of<'replace-leaver'>): void {
  for (const { ordinal } of liveOf(draft.request, personId)) {
    const assignment = draft.request.assignments[ordinal - 1];
    const step = assignment && stepOf(draft.request.definition, assignment.stepKey);
    if (!assignment || !isLive(assignment) || !isDecisionStep(step)) continue;
    const heir = heirOf(draft, step, assignment, successorId);
    if (heir !== null) {
      handTo(draft, assignment, heir, 'LEAVER', by);
      cover(draft, draft.request.assignments.length, by);
    } else drop(draft, step, assignment);
  }
  changeContact(draft, by, personId, successorId);
}

/** Returns and questions go to the successor; the requester of record keeps their interest. */
function changeContact(draft: Draft, by: string, fromPersonId: string, personId: string): void {
  const { request, world } = draft;
  if (isEnded(request) || fromPersonId === personId || !world.organisation.people.get(personId)?.active)
    return;
  const asked = request.questions.some((one) => one.status === 'OPEN' && one.askedOfId === fromPersonId);
  if (asked || contactOf(request) === fromPersonId)
    emit(draft, { type: 'CONTACT_CHANGED', by, fromPersonId, personId });
}

function heirOf(
  draft: Draft,
  step: DecisionStep,
  assignment: AssignmentState,
  successorId: string,
): string | null {
  const { request, world } = draft;
  if (!world.organisation.people.get(successorId)?.active) return null;
  if (barrierTo(request, step, successorId) !== null) return null;
  return canTake(request, assignment, successorId) ? successorId : null;
}

function drop(draft: Draft, step: DecisionStep, assignment: AssignmentState): void {
  const { ordinal } = assignment;
  const state = currentStep(draft.request, step.key);
  if (state && isDispensable(draft.request, step, state, assignment))
    emit(draft, { type: 'ASSIGNMENT_CLOSED', ordinal, status: 'CANCELLED', reason: 'LEFT' });
  loseTurn(draft, step, assignment);
}

/** The step goes on without the turn where the rule keeps someone else on it; else it is blocked and asked anew. */
export function loseTurn(draft: Draft, step: DecisionStep, assignment: AssignmentState): void {
  const state = currentStep(draft.request, step.key);
  if (!state) return;
  if (isDispensable(draft.request, step, state, assignment)) return settle(draft, step);
  cancelLive(draft, state, 'LEFT');
  emit(draft, {
    type: 'STEP_BLOCKED',
    step: step.key,
    attempt: state.attempt,
    reason: 'LEFT',
    exclusions: [],
  });
  openBlocked(draft);
}

/** Whether the rule keeps someone else on the step, and the step waits for votes as before. */
function isDispensable(
  request: RequestState,
  step: DecisionStep,
  state: StepState,
  assignment: AssignmentState,
): boolean {
  const others = assignmentsOf(request, state).filter((other) => other.ordinal !== assignment.ordinal);
  const same = others.some((other) => other.rule === assignment.rule && (isLive(other) || isDecided(other)));
  if (!same || assignment.required) return false;
  return step.kind === 'advise' || outcomeOf(step.formula, operandsOf(others)) === null;
}
