import { refusal, type Refusal, isRefusal } from '../errors.js';
import { NUDGE_INTERVAL_MINUTES } from '../limits.js';
import { needsOf, type Need } from './needs.js';
import { isDecisionStep, stepOf, type DecisionStep } from './process.js';
import {
  assignmentsOf,
  ballotOf,
  contactOf,
  currentStep,
  interestOf,
  isDecided,
  isEnded,
  type AssignmentState,
  type DecisionAction,
  type RequestState,
} from './request.js';
import {
  OVERRIDE_ACTIONS,
  permitAnswer,
  permitOverride,
  permitReassignment,
  permitRemoval,
  permitRevocation,
  permitTalk,
  requirePending,
  type OverrideAction,
} from './permit-verbs.js';
import { barrierTo } from './resolve-approvers.js';
import { keysFrom } from './route.js';

/** What someone can do to one assignment, or to the request as a whole. */
export const ASSIGNMENT_ACTIONS = [
  'APPROVE',
  'REJECT',
  'ABSTAIN',
  'ADVISE',
  'CONFIRM',
  'FILE',
  'RETURN',
  'DELEGATE',
  'TRANSFER',
  'ADD_APPROVER',
  'ASK',
  'AMEND',
  'REVOKE',
  'REMOVE_APPROVER',
  'CLAIM',
  'RELEASE',
] as const;
export const REQUEST_ACTIONS = [
  'RESUBMIT',
  'WITHDRAW',
  'NUDGE',
  'ANSWER',
  'COMMENT',
  'COPY_IN',
  'ATTACH',
] as const;
export type AssignmentAction = (typeof ASSIGNMENT_ACTIONS)[number];
export type RequestAction = (typeof REQUEST_ACTIONS)[number];

export interface OpenTurn {
  readonly assignment: AssignmentState;
  readonly step: DecisionStep;
}

/**
 * The core's one question: may this person take this action on this assignment now? The shield asks it, `viewerCan`
 * shows it, and `decide` enforces it again inside the transaction.
 * @throws NOT_FOUND, REQUEST_ENDED, REQUEST_RETURNED, REQUEST_PAUSED, NOT_YOUR_ASSIGNMENT, ASSIGNMENT_NOT_OPEN,
 *         ACTION_NOT_ALLOWED, INTERESTED_PERSON, REVOCATION_CLOSED
 */
export function permitOnAssignment(
  request: RequestState,
  ordinal: number,
  action: AssignmentAction,
  by: string,
): OpenTurn {
  if (action === 'REVOKE') return permitRevocation(request, ordinal, by);
  if (action === 'REMOVE_APPROVER') return permitRemoval(request, ordinal, by);
  const assignment = request.assignments[ordinal - 1];
  const step = assignment && stepOf(request.definition, assignment.stepKey);
  if (!assignment || !isDecisionStep(step)) throw refusal('NOT_FOUND', { what: 'assignment' });
  if (assignment.personId !== by) throw refusal('NOT_YOUR_ASSIGNMENT', { step: step.key });
  requirePending(request);
  if (assignment.status !== 'OPEN')
    throw refusal('ASSIGNMENT_NOT_OPEN', { status: assignment.status, step: step.key });
  const misfit = misfitOf(request, step, assignment, action);
  if (misfit) throw refusal('ACTION_NOT_ALLOWED', { action, step: step.key, reason: misfit });
  if (countsAsDecision(action)) requireUnbarred(request, step, action, by);
  return { assignment, step };
}

/** Asked again at the decision: what bars a person may have come about after they were asked. */
function requireUnbarred(
  request: RequestState,
  step: DecisionStep,
  action: AssignmentAction,
  by: string,
): void {
  const interest = interestOf(request, step, by);
  if (interest) throw refusal('INTERESTED_PERSON', { because: interest.because, step: step.key });
  if (barrierTo(request, step, by) === null) return;
  const reason = `who decided ${step.neverSameAs.join(', ')} may not decide this step`;
  throw refusal('ACTION_NOT_ALLOWED', { action, step: step.key, reason });
}

const countsAsDecision = (action: AssignmentAction): boolean =>
  ['APPROVE', 'REJECT', 'ABSTAIN', 'CONFIRM', 'FILE', 'RETURN', 'AMEND', 'CLAIM'].includes(action);

const ACTIONS_OF_KIND: Readonly<Record<DecisionStep['kind'], readonly DecisionAction[]>> = {
  approve: ['APPROVE', 'REJECT', 'ABSTAIN'],
  advise: ['ADVISE'],
  confirm: ['CONFIRM', 'REJECT'],
  file: ['FILE'],
};

/** Why the action doesn't fit the step, or null when it does. */
function misfitOf(
  request: RequestState,
  step: DecisionStep,
  assignment: AssignmentState,
  action: Exclude<AssignmentAction, 'REVOKE' | 'REMOVE_APPROVER'>,
): string | null {
  switch (action) {
    case 'ASK':
      return null;
    case 'AMEND':
      return step.editable.length === 0 ? 'it lists no field as editable' : null;
    case 'RETURN':
      return step.kind === 'advise' ? 'an opinion returns nothing' : null;
    case 'DELEGATE':
      if (step.delegation === 'forbidden') return 'the definition forbids delegation';
      return assignment.handOver?.kind === 'CONFIRMATION' ? 'it came back from a delegate' : null;
    case 'TRANSFER':
      return step.transfer === 'forbidden' ? 'the definition forbids transfer' : null;
    case 'ADD_APPROVER':
      return step.kind === 'approve' ? null : 'only an approval takes more approvers';
    case 'CLAIM':
      if (!assignment.pool) return 'it belongs to you alone';
      return assignment.claimedAt ? 'you have claimed it already' : null;
    case 'RELEASE':
      return assignment.pool && assignment.claimedAt ? null : 'nothing was claimed';
    case 'ABSTAIN':
      if (assignment.pool) return 'it came from a pool: release it instead';
      return step.kind === 'approve' && soleBallot(request, assignment)
        ? 'nobody else would decide'
        : kindMisfit(step, action);
    default:
      return kindMisfit(step, action);
  }
}

const kindMisfit = (step: DecisionStep, action: DecisionAction): string | null =>
  ACTIONS_OF_KIND[step.kind].includes(action) ? null : `the step is of kind ${step.kind}`;

/** Whether nobody else could decide the step if this one abstained; one added before or after is no one's stand-in. */
function soleBallot(request: RequestState, assignment: AssignmentState): boolean {
  const step = currentStep(request, assignment.stepKey);
  if (!step || assignment.required) return false;
  const others = assignmentsOf(request, step).filter((other) => other.ordinal !== assignment.ordinal);
  return !others.some((other) => {
    const ballot = ballotOf(other);
    return ballot !== undefined && !ballot.required && ballot.verdict !== 'ABSTAIN';
  });
}

/**
 * May this person take this action on the request as a whole?
 * @throws NOT_THE_REQUESTER, REQUEST_ENDED, REQUEST_NOT_RETURNED, WITHDRAWAL_CLOSED, NUDGED_RECENTLY, ACTION_NOT_ALLOWED,
 *         NOT_ON_REQUEST, QUESTION_NOT_OPEN and the like
 */
export function permitOnRequest(request: RequestState, action: RequestAction, by: string, now: Date): void {
  if (action === 'ANSWER') return permitAnswer(request, null, by);
  if (action === 'COMMENT' || action === 'COPY_IN' || action === 'ATTACH') return permitTalk(request, by);
  if (by !== contactOf(request)) throw refusal('NOT_THE_REQUESTER');
  if (isEnded(request)) throw refusal('REQUEST_ENDED', { status: request.status });
  switch (action) {
    case 'RESUBMIT':
      if (request.status !== 'RETURNED') throw refusal('REQUEST_NOT_RETURNED', { status: request.status });
      if (request.pausedAt !== null) throw refusal('REQUEST_PAUSED');
      return;
    case 'WITHDRAW':
      requireWithdrawable(request);
      return;
    case 'NUDGE':
      requirePending(request);
      if (
        request.lastNudgedAt &&
        now.getTime() - request.lastNudgedAt.getTime() < NUDGE_INTERVAL_MINUTES * 60_000
      ) {
        throw refusal('NUDGED_RECENTLY', { minutes: NUDGE_INTERVAL_MINUTES });
      }
      if (!request.assignments.some((assignment) => assignment.status === 'OPEN')) {
        throw refusal('ACTION_NOT_ALLOWED', { action, reason: 'nobody is being asked' });
      }
  }
}

function requireWithdrawable(request: RequestState): void {
  const { withdrawal } = request.definition;
  if (request.status === 'RETURNED' || withdrawal === 'any-time') return;
  if (withdrawal === 'until-first-decision') {
    const decided = request.assignments.some(
      (assignment) =>
        assignment.round === request.round &&
        assignment.status !== 'ADVISED' &&
        assignment.reason !== 'CARRIED' &&
        isDecided(assignment),
    );
    if (decided) throw refusal('WITHDRAWAL_CLOSED', { reason: 'someone has decided already' });
    return;
  }
  const reached = keysFrom(request.definition, withdrawal.untilStep).some(
    (key) => currentStep(request, key) !== undefined,
  );
  if (reached)
    throw refusal('WITHDRAWAL_CLOSED', { reason: `step ${withdrawal.untilStep} has been reached` });
}

/** One action with the answer of `permit`: what `viewerCan` shows. */
export interface Permission<A> {
  readonly action: A;
  readonly allowed: boolean;
  readonly refusal: Refusal | null;
  /** What must come with it. */
  readonly needs?: readonly Need[];
}

/** Every action on the assignment, allowed or refused with the reason that the mutation would give. */
export function assignmentPermissions(
  request: RequestState,
  ordinal: number,
  by: string,
): Permission<AssignmentAction>[] {
  const step = stepOf(request.definition, request.assignments[ordinal - 1]?.stepKey ?? '');
  return ASSIGNMENT_ACTIONS.map((action) => ({
    ...attempt(action, () => permitOnAssignment(request, ordinal, action, by)),
    needs: isDecisionStep(step) ? needsOf(step, action) : [],
  }));
}

export function requestPermissions(
  request: RequestState,
  by: string,
  now: Date,
): Permission<RequestAction>[] {
  return REQUEST_ACTIONS.map((action) => attempt(action, () => permitOnRequest(request, action, by, now)));
}

/** What an administrator may do to the request, as far as it depends on who they are to it and where it stands. */
export const overridePermissions = (request: RequestState, by: string): Permission<OverrideAction>[] =>
  OVERRIDE_ACTIONS.map((action) => attempt(action, () => permitOverride(request, action, by)));

export const reassignmentPermission = (
  request: RequestState,
  ordinal: number,
  by: string,
): Permission<'REASSIGN'> => attempt('REASSIGN', () => permitReassignment(request, ordinal, by));

function attempt<A>(action: A, ask: () => unknown): Permission<A> {
  try {
    ask();
    return { action, allowed: true, refusal: null };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { action, allowed: false, refusal: error };
  }
}
