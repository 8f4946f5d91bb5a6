import { dueAt, timeBefore, type BusinessCalendar } from './calendar.js';
import { emit, type Draft } from './draft.js';
import { cancelLive, closeStep, decisionStep, returnToRequester, settle } from './flow.js';
import type { DecisionStep, Rung } from './process.js';
import {
  assignmentsOf,
  currentStep,
  isLive,
  SYSTEM,
  type Command,
  type NewAssignment,
  type PlannedTimer,
  type StepState,
} from './request.js';
import { peopleOf, resolveApprovers, type Candidate } from './resolve-approvers.js';

type TimerCommand = Extract<Command, { type: 'timer' }>;

/** All reminders and rungs of a step, from the moment it opens: each is computed from its anchor, the due time. */
export function plannedTimers(step: DecisionStep, openedAt: Date, due: Date | null, calendar: BusinessCalendar): PlannedTimer[] {
  if (due === null) return [];
  const reminders = step.reminders.map((reminder, index): PlannedTimer => {
    const at = reminder.when === 'before' ? timeBefore(calendar, due, reminder.offset) : dueAt(calendar, due, reminder.offset);
    return { kind: 'reminder', index, at };
  });
  let anchor = due;
  const rungs = step.ladder.map((rung, index): PlannedTimer => {
    anchor = dueAt(calendar, anchor, rung.after);
    return { kind: 'rung', index, at: anchor };
  });
  return [...reminders.filter((timer) => timer.at > openedAt), ...rungs];
}

/** The step a timer speaks of, when it still is the open attempt it was set for. */
function liveStep(draft: Draft, command: TimerCommand): { step: DecisionStep; state: StepState } | null {
  const { request } = draft;
  if (request.status !== 'PENDING' || request.pausedAt !== null || request.round !== command.round) return null;
  const state = currentStep(request, command.step);
  const step = decisionStep(request.definition, command.step);
  if (!step || state?.status !== 'OPEN' || state.attempt !== command.attempt) return null;
  return { step, state };
}

/** Reminds those whose turn it is. A stale timer gives no facts: timers must be safe to deliver twice. */
export function remind(draft: Draft, command: TimerCommand): void {
  const live = liveStep(draft, command);
  if (!live) return;
  const people = openPeople(draft, live.state);
  if (people.length === 0) return;
  emit(draft, { type: 'REMINDED', step: command.step, attempt: command.attempt, index: command.index, people });
}

/** Acts out one rung of the ladder. A rung is never repeated and never acts before the one below it. */
export function escalate(draft: Draft, command: TimerCommand): void {
  const live = liveStep(draft, command);
  if (!live || live.state.rung > command.index) return;
  const { step, state } = live;
  const rung = step.ladder[command.index];
  if (!rung) return;
  const base = { type: 'ESCALATED', step: step.key, attempt: state.attempt, rung: command.index + 1, assignments: [], exclusions: [] } as const;
  const { action } = rung;
  switch (action.do) {
    case 'remind':
      return emit(draft, { ...base, action: 'remind', people: openPeople(draft, state) });
    case 'notify': {
      const named = action.who.flatMap((rule) => peopleOf(draft.request, rule, draft.world));
      const people = [...new Set(named)].filter((id) => draft.world.organisation.people.get(id)?.active);
      return emit(draft, { ...base, action: 'notify', people });
    }
    case 'decide':
      emit(draft, { ...base, action: 'decide', people: [] });
      return decideAsSystem(draft, step, state, action.verdict);
    default:
      return widen(draft, step, state, command.index, action);
  }
}

/** Adds approvers, or hands over to them; with nobody eligible the step stays as it is and the fact says so. */
function widen(draft: Draft, step: DecisionStep, state: StepState, index: number, action: Extract<Rung['action'], { who: unknown }>): void {
  const found = resolveApprovers(draft.request, step, action.who, draft.world);
  const asked = new Set(assignmentsOf(draft.request, state).filter((assignment) => assignment.status !== 'CANCELLED').map((assignment) => assignment.personId));
  const fresh = found.candidates.filter((candidate) => !asked.has(candidate.personId));
  const first = draft.request.assignments.length + 1;
  const assignments = fresh.map((candidate, offset) => escalated(candidate, index, first + offset));
  emit(draft, {
    type: 'ESCALATED',
    step: step.key,
    attempt: state.attempt,
    rung: index + 1,
    action: action.do === 'hand-over' ? 'hand-over' : 'add',
    people: fresh.map((candidate) => candidate.personId),
    assignments,
    exclusions: found.exclusions,
  });
  if (action.do === 'hand-over' && fresh.length > 0) {
    const replaced = new Set(assignments.map((assignment) => assignment.ordinal));
    for (const old of assignmentsOf(draft.request, state)) {
      if (!isLive(old) || replaced.has(old.ordinal)) continue;
      emit(draft, { type: 'ASSIGNMENT_CLOSED', ordinal: old.ordinal, status: 'CANCELLED', reason: 'ESCALATED' });
    }
    settle(draft, step);
  }
}

function escalated(candidate: Candidate, index: number, ordinal: number): NewAssignment {
  return {
    ordinal,
    personId: candidate.personId,
    status: 'OPEN',
    rule: `escalation ${index + 1} (${candidate.rule})`,
    group: candidate.group,
    weight: candidate.weight,
    veto: candidate.veto,
    required: false,
    position: ordinal,
    waitsFor: null,
    handOver: candidate.handOver,
    previousOrdinal: null,
    addedById: null,
    comment: null,
  };
}

function decideAsSystem(draft: Draft, step: DecisionStep, state: StepState, verdict: 'APPROVE' | 'REJECT' | 'RETURN'): void {
  emit(draft, { type: 'SYSTEM_DECIDED', step: step.key, verdict });
  if (verdict === 'RETURN') return returnToRequester(draft, SYSTEM, null);
  cancelLive(draft, state, 'SYSTEM_DECIDED');
  return closeStep(draft, step, verdict === 'APPROVE' ? 'APPROVED' : 'REJECTED', 'SYSTEM');
}

const openPeople = (draft: Draft, state: StepState): string[] => [
  ...new Set(
    assignmentsOf(draft.request, state)
      .filter((assignment) => assignment.status === 'OPEN')
      .map((assignment) => assignment.personId),
  ),
];
