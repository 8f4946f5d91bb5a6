import { isRefusal, refusal, unreachable } from '../errors.js';
import { ASSIGNMENTS_MAX } from '../limits.js';
import { emit, type Draft } from './draft.js';
import { escalate, remind } from './escalate.js';
import { advance, cancelLive, end, openBlocked, returnToRequester, settle } from './flow.js';
import { permitOnAssignment, permitOnRequest } from './permit.js';
import { isDecisionStep, nodesOf, stepOf, type DecisionStep } from './process.js';
import { requireEligible } from './resolve-approvers.js';
import { carriedSteps, changedFields } from './resubmission.js';
import {
  currentStep,
  assignmentsOf,
  interestOf,
  isEnded,
  isLive,
  type AssignmentState,
  type Command,
  type DecisionAction,
  type DecisionStatus,
  type Fact,
  type Interest,
  type NewAssignment,
  type RequestState,
  type World,
} from './request.js';

/**
 * What happens when a command meets a request: facts, or a refusal, or nothing to do (`[]`: a stale timer).
 * Pure and total over its inputs: no clock, no I/O; the same inputs give the same facts.
 * @throws the refusals of `permit`, and those of the command named at each case below
 */
export function decide(request: RequestState, command: Command, world: World): Fact[] {
  const draft: Draft = { request, facts: [], world };
  apply(draft, command);
  if (draft.request.assignments.length > ASSIGNMENTS_MAX) {
    throw refusal('BAD_USER_INPUT', { reason: `more than ${ASSIGNMENTS_MAX} assignments in one request` });
  }
  return draft.facts;
}

function apply(draft: Draft, command: Command): void {
  switch (command.type) {
    case 'submit':
      return submit(draft, command);
    case 'decide':
      return decideAssignment(draft, command);
    case 'return':
      return returnRequest(draft, command);
    case 'resubmit':
      return resubmit(draft, command);
    case 'withdraw':
      permitOnRequest(draft.request, 'WITHDRAW', command.by, draft.world.now);
      return end(draft, 'WITHDRAWN', command.by, command.comment);
    case 'cancel':
      if (isEnded(draft.request)) throw refusal('REQUEST_ENDED', { status: draft.request.status });
      if (!command.comment) throw refusal('COMMENT_REQUIRED');
      return end(draft, 'CANCELLED', command.by, command.comment);
    case 'hand-over':
      return handOver(draft, command);
    case 'add-approver':
      return addApprover(draft, command);
    case 'nudge': {
      permitOnRequest(draft.request, 'NUDGE', command.by, draft.world.now);
      const people = openPeople(draft.request);
      return emit(draft, { type: 'NUDGED', by: command.by, people, comment: command.comment });
    }
    case 'unblock':
      return openBlocked(draft);
    case 'timer':
      return command.kind === 'reminder' ? remind(draft, command) : escalate(draft, command);
    default:
      return unreachable(command);
  }
}

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

function submit(draft: Draft, command: Of<'submit'>): void {
  const { definition } = draft.request;
  const process = { key: definition.key, version: definition.version };
  const { by, subject, interests, comment } = command;
  emit(draft, { type: 'SUBMITTED', by, subject, interests, comment, process });
  advance(draft);
}

const STATUS_OF: Readonly<Record<DecisionAction, DecisionStatus>> = {
  APPROVE: 'APPROVED',
  REJECT: 'REJECTED',
  ABSTAIN: 'ABSTAINED',
  ADVISE: 'ADVISED',
  CONFIRM: 'CONFIRMED',
  FILE: 'FILED',
};

/** @throws COMMENT_REQUIRED, EVIDENCE_REQUIRED, FILING_NUMBER_REQUIRED */
function decideAssignment(draft: Draft, command: Of<'decide'>): void {
  const { assignment, step } = permitOnAssignment(draft.request, command.ordinal, command.action, command.by);
  requireWords(step, command);
  const { ordinal, by, comment, evidence } = command;
  const decision = STATUS_OF[command.action];
  if (step.delegation === 'confirm' && assignment.handOver?.kind === 'DELEGATION') {
    const confirmation = successorOf(draft, assignment, assignment.handOver.fromPersonId, {
      handOver: { kind: 'CONFIRMATION', fromPersonId: by },
      rule: assignment.rule,
      addedById: null,
    });
    return emit(draft, { type: 'DELEGATE_ANSWERED', ordinal, by, proposal: decision, comment, confirmation });
  }
  emit(draft, { type: 'DECIDED', ordinal, by, decision, comment, evidence });
  settle(draft, step);
}

function requireWords(step: DecisionStep, command: Of<'decide'>): void {
  if (command.action === 'CONFIRM' && !command.evidence) throw refusal('EVIDENCE_REQUIRED', { step: step.key });
  if (command.action === 'FILE' && !command.evidence) throw refusal('FILING_NUMBER_REQUIRED', { step: step.key });
  const demanded =
    step.requireComment === 'always' ||
    command.action === 'ADVISE' ||
    (step.requireComment === 'on-rejection' && command.action === 'REJECT');
  if (demanded && !command.comment) throw refusal('COMMENT_REQUIRED', { step: step.key });
}

/** To the requester, or to an earlier step that has been passed. @throws COMMENT_REQUIRED, BAD_USER_INPUT */
function returnRequest(draft: Draft, command: Of<'return'>): void {
  const { step } = permitOnAssignment(draft.request, command.ordinal, 'RETURN', command.by);
  if (!command.comment) throw refusal('COMMENT_REQUIRED', { step: step.key });
  const { ordinal, by, comment } = command;
  const target = command.toStep === null ? null : returnTarget(draft.request, step.key, command.toStep);
  emit(draft, { type: 'DECIDED', ordinal, by, decision: 'RETURNED', comment, evidence: null });
  if (target === null) return returnToRequester(draft, by, comment);
  const keys = [...nodesOf(draft.request.definition.steps)].map((node) => node.key);
  for (const key of keys.slice(keys.indexOf(target))) {
    const state = currentStep(draft.request, key);
    if (!state || state.status === 'RETURNED') continue;
    cancelLive(draft, state, 'RETURNED');
    emit(draft, { type: 'STEP_CLOSED', step: key, outcome: 'RETURNED', reason: null });
  }
  emit(draft, { type: 'RETURNED', by, toStep: target, comment });
  advance(draft);
}

/** The key of an earlier, passed decision step; `previous` names the one passed last before this step. */
function returnTarget(request: RequestState, from: string, to: string): string {
  const keys = [...nodesOf(request.definition.steps)].map((node) => node.key);
  const earlier = keys
    .slice(0, keys.indexOf(from))
    .filter((key) => isDecisionStep(stepOf(request.definition, key)) && currentStep(request, key)?.status === 'APPROVED');
  const target = to === 'previous' ? earlier.at(-1) : earlier.find((key) => key === to);
  if (target === undefined) {
    throw refusal('BAD_USER_INPUT', {
      reason: `no earlier decided step ${to}`,
      fields: [{ path: 'toStep', rule: `one of: previous, ${earlier.join(', ') || 'none has been decided yet'}` }],
    });
  }
  return target;
}

function resubmit(draft: Draft, command: Of<'resubmit'>): void {
  const { request } = draft;
  permitOnRequest(request, 'RESUBMIT', command.by, draft.world.now);
  const { by, subject, interests, comment } = command;
  const changed = changedFields(request.subject, subject);
  const carried = carriedSteps(request, { subject, interests, changed }, draft.world);
  emit(draft, { type: 'RESUBMITTED', by, round: request.round + 1, subject, interests, comment, carried, changed });
  advance(draft);
}

/** @throws PERSON_NOT_ELIGIBLE, INTERESTED_PERSON */
function handOver(draft: Draft, command: Of<'hand-over'>): void {
  const { by, ordinal, kind, toPersonId, comment } = command;
  const action = kind === 'DELEGATION' ? 'DELEGATE' : 'TRANSFER';
  const { assignment, step } = permitOnAssignment(draft.request, ordinal, action, by);
  requireEligible(draft.request, step, toPersonId, draft.world);
  requireNotAsked(draft, assignment, toPersonId);
  const successor = successorOf(draft, assignment, toPersonId, {
    handOver: { kind, fromPersonId: by },
    rule: `${kind === 'DELEGATION' ? 'delegated' : 'transferred'} (${assignment.rule})`,
    addedById: null,
  });
  const interests: Interest[] = interestOf(draft.request, step, by) ? [{ personId: toPersonId, because: 'HAND_OVER' }] : [];
  emit(draft, { type: 'HANDED_OVER', ordinal, by, kind, comment, successor, interests });
}

/** Nobody is asked twice in one step, and nothing is handed back along its own chain. */
function requireNotAsked(draft: Draft, assignment: AssignmentState, personId: string): void {
  const step = currentStep(draft.request, assignment.stepKey);
  const asked = step && assignmentsOf(draft.request, step).find((other) => other.personId === personId && other.status !== 'CANCELLED');
  if (!asked) return;
  const person = draft.world.organisation.people.get(personId)?.name ?? personId;
  throw refusal('PERSON_NOT_ELIGIBLE', { person, reason: `already on this step (${asked.status})` });
}

function successorOf(
  draft: Draft,
  from: AssignmentState,
  personId: string,
  how: Pick<NewAssignment, 'handOver' | 'rule' | 'addedById'>,
): NewAssignment {
  const { group, weight, veto, required, position } = from;
  const ordinal = draft.request.assignments.length + 1;
  return { ordinal, personId, status: 'OPEN', ...how, group, weight, veto, required, position, waitsFor: null, previousOrdinal: from.ordinal, comment: null };
}

/**
 * A further approver in the same step. BESIDE adds an operand to the formula. BEFORE and AFTER are required as well:
 * without their vote the step is not approved; BEFORE, the adder's own turn waits for theirs.
 * @throws PERSON_NOT_ELIGIBLE, INTERESTED_PERSON
 */
function addApprover(draft: Draft, command: Of<'add-approver'>): void {
  const { by, ordinal, personId, position, comment } = command;
  const { assignment, step } = permitOnAssignment(draft.request, ordinal, 'ADD_APPROVER', by);
  requireEligible(draft.request, step, personId, draft.world);
  requireNotAsked(draft, assignment, personId);
  const added: NewAssignment = {
    ...successorOf(draft, assignment, personId, { handOver: null, rule: `added ${position.toLowerCase()}`, addedById: by }),
    status: position === 'AFTER' ? 'WAITING' : 'OPEN',
    required: position !== 'BESIDE',
    waitsFor: position === 'AFTER' ? ordinal : null,
    previousOrdinal: null,
  };
  const suspended = position === 'BEFORE' ? ordinal : null;
  emit(draft, { type: 'APPROVER_ADDED', step: step.key, by, comment, assignment: added, suspended });
}

const openPeople = (request: RequestState): string[] => [
  ...new Set(request.assignments.filter((assignment) => assignment.status === 'OPEN' && isLive(assignment)).map((assignment) => assignment.personId)),
];

/** Whether the command would be refused, and by what; null when it would go through. */
export function refusalOf(request: RequestState, command: Command, world: World): ReturnType<typeof refusal> | null {
  try {
    decide(request, command, world);
    return null;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}
