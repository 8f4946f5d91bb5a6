import { refusal } from '../errors.js';
import { claimByActing } from './claim.js';
import { emit, type Draft } from './draft.js';
import { permitOnAssignment } from './permit.js';
import type { DecisionStep } from './process.js';
import {
  assignmentsOf,
  currentStep,
  type AssignmentState,
  type Command,
  type NewAssignment,
  type RequestState,
} from './request.js';
import { requireEligible } from './resolve-approvers.js';
import { requireUntangled, sharedInterest } from './shared-interest.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** Moves one's own turn to another person: to come back (delegation) or for good (transfer).
 *  @throws the refusals of `permitOnAssignment`, PERSON_NOT_ELIGIBLE, INTERESTED_PERSON */
export function handOver(draft: Draft, command: Of<'hand-over'>): void {
  const { by, ordinal, kind, toPersonId, comment } = command;
  const action = kind === 'DELEGATION' ? 'DELEGATE' : 'TRANSFER';
  const { assignment, step } = permitOnAssignment(draft.request, ordinal, action, by);
  requireEligible(draft.request, step, toPersonId, draft.world);
  requireNotAsked(draft, assignment, toPersonId);
  const interests = sharedInterest(draft.request, by, toPersonId);
  requireUntangled(draft.request, assignment, toPersonId, interests);
  claimByActing(draft, assignment);
  const successor = successorOf(draft, assignment, toPersonId, {
    handOver: { kind, fromPersonId: by },
    rule: `${kind === 'DELEGATION' ? 'delegated' : 'transferred'} (${assignment.rule})`,
    addedById: null,
  });
  emit(draft, { type: 'HANDED_OVER', ordinal, by, kind, comment, successor, interests });
}

/** Nobody is asked twice in one step, and nothing is handed back along its own chain. */
export function requireNotAsked(draft: Draft, assignment: AssignmentState, personId: string): void {
  const step = currentStep(draft.request, assignment.stepKey);
  const asked =
    step &&
    assignmentsOf(draft.request, step).find(
      (other) => other.personId === personId && other.status !== 'CANCELLED',
    );
  if (!asked) return;
  const person = draft.world.organisation.people.get(personId)?.name ?? personId;
  throw refusal('PERSON_NOT_ELIGIBLE', { person, reason: `already on this step (${asked.status})` });
}

export function successorOf(
  draft: Draft,
  from: AssignmentState,
  personId: string,
  how: Pick<NewAssignment, 'handOver' | 'rule' | 'addedById'>,
): NewAssignment {
  const { group, weight, veto, required, position } = from;
  return {
    ordinal: draft.request.assignments.length + 1,
    personId,
    status: 'OPEN',
    ...how,
    group,
    weight,
    veto,
    required,
    position,
    waitsFor: null,
    previousOrdinal: from.ordinal,
    comment: null,
    ...(from.pool ? { pool: from.pool } : {}),
  };
}

/** Whether a decision of this assignment goes to whoever delegated it, to be confirmed. */
export const answersToDelegator = (
  request: RequestState,
  step: DecisionStep,
  assignment: AssignmentState,
): boolean => step.delegation === 'confirm' && delegatorBehind(request, assignment) !== null;

/** Who still has to confirm a decision of this assignment: the giver of the last delegation not yet answered to. */
export function delegatorBehind(request: RequestState, assignment: AssignmentState): string | null {
  let answered = 0;
  let current: AssignmentState | undefined = assignment;
  while (current?.handOver) {
    const { kind, fromPersonId } = current.handOver;
    if (kind === 'CONFIRMATION') answered += 1;
    if (kind === 'DELEGATION') {
      if (answered === 0) return fromPersonId;
      answered -= 1;
    }
    current = current.previousOrdinal === null ? undefined : request.assignments[current.previousOrdinal - 1];
  }
  return null;
}

/**
 * A further approver in the same step. BESIDE adds an operand to the formula. BEFORE and AFTER add a gate: without
 * their vote the step is not approved; BEFORE, the adder's own turn waits for theirs.
 * @throws the refusals of `permitOnAssignment`, PERSON_NOT_ELIGIBLE, INTERESTED_PERSON
 */
export function addApprover(draft: Draft, command: Of<'add-approver'>): void {
  const { by, ordinal, personId, position, comment } = command;
  const { assignment, step } = permitOnAssignment(draft.request, ordinal, 'ADD_APPROVER', by);
  requireEligible(draft.request, step, personId, draft.world);
  requireNotAsked(draft, assignment, personId);
  claimByActing(draft, assignment);
  const added: NewAssignment = {
    ...successorOf(draft, assignment, personId, {
      handOver: null,
      rule: `added ${position.toLowerCase()}`,
      addedById: by,
    }),
    status: position === 'AFTER' ? 'WAITING' : 'OPEN',
    required: position !== 'BESIDE' || assignment.required,
    waitsFor: position === 'AFTER' ? ordinal : null,
    previousOrdinal: null,
    pool: undefined,
  };
  const suspended = position === 'BEFORE' ? ordinal : null;
  emit(draft, { type: 'APPROVER_ADDED', step: step.key, by, comment, assignment: added, suspended });
}
