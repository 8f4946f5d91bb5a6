import { isRefusal, refusal, unreachable } from '../errors.js';
import { ASSIGNMENTS_MAX } from '../limits.js';
import { coverAbsences, giveBack, replaceLeaver, substitute } from './absence.js';
import { amend } from './amend.js';
import { dueAt } from './calendar.js';
import { checkedChoices, requireChosen } from './choices.js';
import { attach, attachTo } from './attach.js';
import { carryOver } from './carry-over.js';
import { claim, claimByActing, closePool, release } from './claim.js';
import { calendarOfRequest, restartClocks } from './clock.js';
import { emit, type Draft } from './draft.js';
import { escalate, remind } from './escalate.js';
import { advance, end, openBlocked, returnToRequester, returnToStep, settle } from './flow.js';
import { outcomeOf } from './formula.js';
import { addApprover, answersToDelegator, handOver } from './hand-over.js';
import { answerToDelegator } from './confirmation.js';
import { hold, migrate, releaseHold } from './migrate.js';
import { needsOf, requireFile } from './needs.js';
import { pause, reassign, restart, resume, skipStep } from './override.js';
import { permitByMail } from './mail-decision.js';
import { permitOnAssignment, permitOnRequest } from './permit.js';
import { isDecisionStep, stepOf, type DecisionStep } from './process.js';
import {
  ballotsOf,
  currentStep,
  isEnded,
  SYSTEM,
  type Command,
  type DecisionAction,
  type DecisionStatus,
  type Fact,
  type GivenChoice,
  type Interest,
  type RequestState,
  type StepChoice,
  type World,
} from './request.js';
import { reckon } from './reckon.js';
import { carriedSteps, changedFields } from './resubmission.js';
import { removeApprover, revoke } from './revoke.js';
import { keysBefore } from './route.js';
import { answer, ask, comment, copyIn } from './talk.js';

/**
 * What happens when a command meets a request: facts, or a refusal, or nothing to do (`[]`: a stale timer).
 * Pure and total over its inputs: no clock, no I/O; the same inputs give the same facts.
 * @throws the refusals of `permit`, and those of the command named at each case below
 */
export function decide(request: RequestState, command: Command, world: World): Fact[] {
  if (request.factCount === 0 && command.type !== 'submit')
    throw refusal('NOT_FOUND', { what: 'approval request' });
  const draft: Draft = { request, facts: [], world };
  apply(draft, command);
  coverAbsences(draft, request.assignments.length);
  restartClocks(draft);
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
      if (draft.request.pausedAt !== null) throw refusal('REQUEST_PAUSED');
      return openBlocked(draft);
    case 'timer':
      return command.kind === 'reminder' ? remind(draft, command) : escalate(draft, command);
    case 'ask':
      return ask(draft, command);
    case 'answer':
      return answer(draft, command);
    case 'pause':
      return pause(draft, command);
    case 'resume':
      return resume(draft, command);
    case 'attach':
      return attach(draft, command);
    case 'comment':
      return comment(draft, command);
    case 'copy-in':
      return copyIn(draft, command);
    case 'revoke':
      return revoke(draft, command);
    case 'remove-approver':
      return removeApprover(draft, command);
    case 'amend':
      return amend(draft, command);
    case 'reassign':
      return reassign(draft, command);
    case 'skip-step':
      return skipStep(draft, command);
    case 'restart':
      return restart(draft, command);
    case 'reckon':
      return reckon(draft, command);
    case 'expire':
      return expire(draft);
    case 'claim':
      return claim(draft, command);
    case 'release':
      return release(draft, command);
    case 'substitute':
      return substitute(draft, command);
    case 'give-back':
      return giveBack(draft, command);
    case 'replace-leaver':
      return replaceLeaver(draft, command);
    case 'migrate':
      return migrate(draft, command);
    case 'hold':
      return hold(draft, command);
    case 'release-hold':
      return releaseHold(draft, command);
    default:
      return unreachable(command);
  }
}

/** Ends what nobody has ended in time. Nothing happens while it is paused or before its time: the timer was stale. */
function expire(draft: Draft): void {
  const { status, pausedAt, expiresAt } = draft.request;
  if ((status !== 'PENDING' && status !== 'RETURNED') || pausedAt !== null) return;
  if (expiresAt === null || draft.world.now < expiresAt) return;
  end(draft, 'EXPIRED', SYSTEM, null);
}

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** @throws ALREADY_SUBMITTED */
function submit(draft: Draft, command: Of<'submit'>): void {
  const { definition, factCount, id } = draft.request;
  if (factCount > 0) throw refusal('ALREADY_SUBMITTED', { request: id });
  const process = { key: definition.key, version: definition.version };
  const { by, subject, comment: words } = command;
  const interests = withRequester(by, command.interests);
  const proposed: RequestState = { ...draft.request, requesterId: by, subject, interests };
  const choices = requesterChoices(proposed, command.choices, draft.world);
  const calendar = calendarOfRequest({ definition, requesterId: by }, draft.world);
  const expiresAt = definition.expires === null ? null : dueAt(calendar, draft.world.now, definition.expires);
  const restartOf = command.restartOf ?? null;
  const begun = { subject, interests, comment: words, process, expiresAt, restartOf, ...choices };
  emit(draft, { type: 'SUBMITTED', by, ...begun });
  if (command.carry) carryOver(draft, by, command.carry);
  advance(draft);
}

/** The requester's choices, checked and complete; nothing where the definition asks for none. */
function requesterChoices(
  request: RequestState,
  given: readonly GivenChoice[] = [],
  world: World,
): { readonly choices?: readonly StepChoice[] } {
  const choices = checkedChoices(request, null, given, world);
  requireChosen(request, null, choices, world);
  return choices.length > 0 ? { choices } : {};
}

/** The requester always has an interest, whoever lists them. */
export function withRequester(by: string, interests: readonly Interest[]): readonly Interest[] {
  if (interests.some(({ personId, because }) => personId === by && because === 'REQUESTER')) return interests;
  return [{ personId: by, because: 'REQUESTER' }, ...interests];
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
  if (command.via === 'MAIL_LINK') permitByMail(draft.request, command.ordinal, command.action, command.by);
  requireWords(step, command);
  requireFile(step, command.action, command.files);
  requireFreshSignIn(step, command.signedInAt, draft.world.now);
  const { ordinal, by, comment, evidence } = command;
  const via = command.via === undefined ? {} : { via: command.via };
  const decision = STATUS_OF[command.action];
  const chooser = command.action === 'APPROVE' ? step.key : '';
  const choices = checkedChoices(draft.request, chooser, command.choices ?? [], draft.world);
  claimByActing(draft, assignment);
  attachTo(draft, ordinal, by, command.files);
  if (answersToDelegator(draft.request, step, assignment)) {
    if (choices.length > 0) throw refusal('BAD_USER_INPUT', CHOICE_OF_DELEGATE);
    return answerToDelegator(draft, step, assignment, decision, comment);
  }
  const chosen = choices.length > 0 ? { choices } : {};
  emit(draft, { type: 'DECIDED', ordinal, by, decision, comment, evidence, ...via, ...chosen });
  closePool(draft, assignment);
  if (command.action === 'APPROVE' && isApproved(draft.request, step))
    requireChosen(draft.request, step.key, [], draft.world);
  settle(draft, step);
}

const CHOICE_OF_DELEGATE = {
  reason: 'whoever confirms your decision chooses',
  fields: [{ path: 'choices', rule: 'none by a delegate whose decision is confirmed' }],
};

/** Whether the votes by now approve the step. */
function isApproved(request: RequestState, step: DecisionStep): boolean {
  const state = currentStep(request, step.key);
  return state?.status === 'OPEN' && outcomeOf(step.formula, ballotsOf(request, state)) === 'APPROVED';
}

function requireWords(step: DecisionStep, command: Of<'decide'>): void {
  if (command.action === 'CONFIRM' && !command.evidence)
    throw refusal('EVIDENCE_REQUIRED', { step: step.key });
  if (command.action === 'FILE' && !command.evidence)
    throw refusal('FILING_NUMBER_REQUIRED', { step: step.key });
  if (needsOf(step, command.action).includes('COMMENT') && !command.comment)
    throw refusal('COMMENT_REQUIRED', { step: step.key });
}

/** @throws STEP_UP_REQUIRED when the step demands a sign-in fresher than this one */
function requireFreshSignIn(step: DecisionStep, signedInAt: Date | undefined, now: Date): void {
  const minutes = step.requireFreshSignIn;
  if (minutes === null) return;
  if (signedInAt && now.getTime() - signedInAt.getTime() <= minutes * 60_000) return;
  throw refusal('STEP_UP_REQUIRED', { minutes, step: step.key });
}

/** To the requester, or to an earlier step that has been passed. @throws COMMENT_REQUIRED, BAD_USER_INPUT */
function returnRequest(draft: Draft, command: Of<'return'>): void {
  const { assignment, step } = permitOnAssignment(draft.request, command.ordinal, 'RETURN', command.by);
  if (!command.comment) throw refusal('COMMENT_REQUIRED', { step: step.key });
  requireFile(step, 'RETURN', command.files);
  requireFreshSignIn(step, command.signedInAt, draft.world.now);
  const { ordinal, by, comment } = command;
  const target = command.toStep === null ? null : returnTarget(draft.request, step.key, command.toStep);
  claimByActing(draft, assignment);
  attachTo(draft, ordinal, by, command.files);
  if (answersToDelegator(draft.request, step, assignment))
    return answerToDelegator(draft, step, assignment, 'RETURNED', comment);
  emit(draft, { type: 'DECIDED', ordinal, by, decision: 'RETURNED', comment, evidence: null });
  closePool(draft, assignment);
  if (target === null) return returnToRequester(draft, by, comment);
  return returnToStep(draft, target, by, comment);
}

/** The key of an earlier, passed decision step; `previous` names the one passed last before this step. */
function returnTarget(request: RequestState, from: string, to: string): string {
  const { definition } = request;
  const earlier = keysBefore(definition, from).filter(
    (key) => isDecisionStep(stepOf(definition, key)) && currentStep(request, key)?.status === 'APPROVED',
  );
  const target = to === 'previous' ? earlier.at(-1) : earlier.find((key) => key === to);
  if (target === undefined) {
    throw refusal('BAD_USER_INPUT', {
      reason: `no earlier decided step ${to}`,
      fields: [
        { path: 'toStep', rule: `one of: previous, ${earlier.join(', ') || 'none has been decided yet'}` },
      ],
    });
  }
  return target;
}

/** An interest that came by a hand-over outlives the round. */
function resubmit(draft: Draft, command: Of<'resubmit'>): void {
  const { request } = draft;
  permitOnRequest(request, 'RESUBMIT', command.by, draft.world.now);
  const { by, subject, comment } = command;
  const shared = request.interests.filter((interest) => interest.because === 'HAND_OVER');
  const own = withRequester(request.requesterId, [...command.interests, ...shared]);
  // Who answers for a requester who has left has the interest of one to whom it was handed.
  const known = own.some(({ personId }) => personId === by);
  const interests: Interest[] = known ? [...own] : [...own, { personId: by, because: 'HAND_OVER' }];
  const changed = changedFields(request.subject, subject);
  const carried = carriedSteps(request, { subject, interests, changed }, draft.world);
  const next: RequestState = { ...request, subject, interests, round: request.round + 1 };
  const choices = requesterChoices(next, command.choices, draft.world);
  emit(draft, {
    type: 'RESUBMITTED',
    by,
    round: request.round + 1,
    subject,
    interests,
    comment,
    carried,
    changed,
    ...choices,
  });
  advance(draft);
}

const openPeople = (request: RequestState): string[] => [
  ...new Set(
    request.assignments
      .filter((assignment) => assignment.status === 'OPEN')
      .map((assignment) => assignment.personId),
  ),
];

/** Whether the command would be refused, and by what; null when it would go through. */
export function refusalOf(
  request: RequestState,
  command: Command,
  world: World,
): ReturnType<typeof refusal> | null {
  try {
    decide(request, command, world);
    return null;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}
