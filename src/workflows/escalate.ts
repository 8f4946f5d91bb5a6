import { emit, type Draft } from './draft.js';
import { cancelLive, closeStep, returnToRequester, settle } from './flow.js';
import { outcomeOf } from './formula.js';
import { isDecisionStep, stepOf, type DecisionStep, type Rung } from './process.js';
import {
  assignmentsOf,
  currentStep,
  isLive,
  operandsOf,
  SYSTEM,
  type AssignmentState,
  type Command,
  type NewAssignment,
  type StepState,
} from './request.js';
import type { QuestionState } from './verb-facts.js';
import { peopleOf, resolveApprovers, type Candidate } from './resolve-approvers.js';
import { interestsSharedBy } from './shared-interest.js';

type TimerCommand = Extract<Command, { type: 'timer' }>;

interface LiveStep {
  readonly step: DecisionStep;
  readonly state: StepState;
}

/** The step a timer speaks of, when it still is the open attempt it was set for. */
function liveStep({ request }: Draft, command: TimerCommand): LiveStep | null {
  if (request.status !== 'PENDING' || request.pausedAt !== null || request.round !== command.round)
    return null;
  const state = currentStep(request, command.step);
  const step = stepOf(request.definition, command.step);
  if (!isDecisionStep(step) || state?.status !== 'OPEN' || state.attempt !== command.attempt) return null;
  if (state.dueAt === null || state.clockStoppedAt !== null) return null;
  return { step, state };
}

/** Reminds those whose turn it is. A stale timer gives no facts. */
export function remind(draft: Draft, command: TimerCommand): void {
  const live = liveStep(draft, command);
  if (!live || !live.step.reminders[command.index]) return;
  const people = openPeople(draft, live.state);
  if (people.length === 0) return;
  emit(draft, {
    type: 'REMINDED',
    step: command.step,
    attempt: command.attempt,
    index: command.index,
    people,
  });
}

/**
 * Acts out the ladder up to this rung. A rung is never repeated and never acts before the one below it: a timer that
 * comes late finds its rung done, and one that overtakes another does the work of both.
 */
export function escalate(draft: Draft, command: TimerCommand): void {
  const first = liveStep(draft, command)?.state.rung ?? Number.POSITIVE_INFINITY;
  for (let index = first; index <= command.index; index += 1) {
    const live = liveStep(draft, command);
    const rung = live?.step.ladder[index];
    if (!live || !rung) return;
    climb(draft, live, rung);
  }
}

function climb(draft: Draft, live: LiveStep, { action }: Rung): void {
  const { step, state } = live;
  const base = {
    type: 'ESCALATED',
    step: step.key,
    attempt: state.attempt,
    rung: state.rung + 1,
    assignments: [],
    exclusions: [],
  } as const;
  switch (action.do) {
    case 'remind':
      return emit(draft, { ...base, action: 'remind', people: openPeople(draft, state) });
    case 'notify': {
      const named = action.who.flatMap((rule) => peopleOf(draft.request, rule, draft.world));
      const people = [...new Set([...named, ...whoOwesAnswers(draft, state)])].filter(
        (id) => draft.world.organisation.people.get(id)?.active,
      );
      return emit(draft, { ...base, action: 'notify', people });
    }
    case 'decide':
      emit(draft, { ...base, action: 'decide', people: [] });
      return decideAsSystem(draft, live, action.verdict);
    case 'add':
    case 'hand-over':
      return widen(draft, live, action);
  }
}

type Widening = Extract<Rung['action'], { do: 'add' | 'hand-over' }>;

/**
 * Adds approvers, or hands over to them: those who had their turn are replaced, those still to come are not. With
 * nobody eligible the step stays as it is and the fact says so; a hand-over that by itself would decide the step, or
 * leave too few to decide it, only adds. So a machine never lowers what the formula asks for.
 */
function widen(draft: Draft, { step, state }: LiveStep, action: Widening): void {
  const found = resolveApprovers(draft.request, step, action.who, draft.world);
  const present = assignmentsOf(draft.request, state);
  const asked = new Set(
    present.filter(({ status }) => status !== 'CANCELLED').map((assignment) => assignment.personId),
  );
  const late = present.filter((assignment) => isLive(assignment) && assignment.openedAt !== null);
  const fresh = found.candidates
    .filter((candidate) => !asked.has(candidate.personId))
    .map((candidate) => inGroupOf(step, candidate, late));
  const replaced = action.do === 'hand-over' && canReplace(draft, step, state, fresh, late) ? late : [];
  const assignments = escalated(draft, step, state.rung + 1, fresh, replaced);
  emit(draft, {
    type: 'ESCALATED',
    step: step.key,
    attempt: state.attempt,
    rung: state.rung + 1,
    action: replaced.length > 0 ? 'hand-over' : 'add',
    people: fresh.map((candidate) => candidate.personId),
    assignments,
    exclusions: found.exclusions,
    ...interestsSharedBy(draft.request, assignments),
  });
  for (const { ordinal } of replaced) {
    emit(draft, { type: 'ASSIGNMENT_CLOSED', ordinal, status: 'CANCELLED', reason: 'ESCALATED' });
  }
  settle(draft, step);
}

/** Where each group has its say, one whom the ladder asks for no group speaks for that of the first who is late. */
const inGroupOf = (step: DecisionStep, candidate: Candidate, late: readonly AssignmentState[]): Candidate =>
  step.formula.mode === 'per-group' && candidate.group === null
    ? { ...candidate, group: late.find(({ group }) => group !== null)?.group ?? null }
    : candidate;

function canReplace(
  draft: Draft,
  step: DecisionStep,
  state: StepState,
  fresh: readonly Candidate[],
  late: readonly AssignmentState[],
): boolean {
  if (fresh.length === 0 || late.length === 0) return false;
  if (step.kind === 'advise') return true;
  const gone = new Set(late.map((assignment) => assignment.ordinal));
  const kept = operandsOf(
    assignmentsOf(draft.request, state).filter((assignment) => !gone.has(assignment.ordinal)),
  );
  const groups = new Set([...kept, ...fresh].map(({ group }) => group));
  if (step.formula.mode === 'per-group' && late.some(({ group }) => !groups.has(group))) return false;
  const required = late.every((assignment) => assignment.required);
  const added = fresh.map(({ weight, group, veto }) => ({ verdict: null, weight, group, veto, required }));
  return outcomeOf(step.formula, [...kept, ...added]) === null;
}

/** Those added take the place of those they replace; in an ordered step they are asked one after another. */
function escalated(
  draft: Draft,
  step: DecisionStep,
  rung: number,
  fresh: readonly Candidate[],
  replaced: readonly AssignmentState[],
): NewAssignment[] {
  const first = draft.request.assignments.length + 1;
  const position = replaced.length > 0 ? Math.min(...replaced.map((old) => old.position)) : null;
  const required = replaced.length > 0 && replaced.every((old) => old.required);
  return fresh.map((candidate, index): NewAssignment => {
    const ordinal = first + index;
    const follows = step.formula.mode === 'ordered' && index > 0;
    return {
      ordinal,
      personId: candidate.personId,
      status: follows ? 'WAITING' : 'OPEN',
      rule: `escalation ${rung} (${candidate.rule})`,
      group: candidate.group,
      weight: candidate.weight,
      veto: candidate.veto,
      required,
      position: position ?? ordinal,
      waitsFor: follows ? ordinal - 1 : null,
      handOver: candidate.handOver,
      previousOrdinal: null,
      addedById: null,
      comment: null,
    };
  });
}

function decideAsSystem(
  draft: Draft,
  { step, state }: LiveStep,
  verdict: 'APPROVE' | 'REJECT' | 'RETURN',
): void {
  emit(draft, { type: 'SYSTEM_DECIDED', step: step.key, verdict });
  if (verdict === 'RETURN') return returnToRequester(draft, SYSTEM, null);
  cancelLive(draft, state, 'SYSTEM_DECIDED');
  return closeStep(draft, step, verdict === 'APPROVE' ? 'APPROVED' : 'REJECTED', 'SYSTEM');
}

/** The questions of this attempt that nobody has answered. */
const openQuestions = ({ request }: Draft, { key, round, attempt }: StepState): readonly QuestionState[] =>
  request.questions.filter(
    (one) => one.status === 'OPEN' && one.stepKey === key && one.round === round && one.attempt === attempt,
  );

/** Those whom the step waits for beside its approvers. */
const whoOwesAnswers = (draft: Draft, state: StepState): string[] =>
  openQuestions(draft, state).map(({ askedOfId }) => askedOfId);

/** Whom the step waits for now: those whose turn it is or, of one who waits for an answer, whoever owes it. */
function openPeople(draft: Draft, state: StepState): string[] {
  const questions = openQuestions(draft, state);
  const waited = assignmentsOf(draft.request, state)
    .filter((assignment) => assignment.status === 'OPEN')
    .flatMap(({ ordinal, personId }) => {
      const asked = questions.filter((question) => question.ordinal === ordinal);
      return asked.length > 0 ? asked.map(({ askedOfId }) => askedOfId) : [personId];
    });
  return [...new Set(waited)];
}
