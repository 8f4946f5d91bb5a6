import { unreachable } from '../errors.js';
import {
  poolMates,
  SYSTEM,
  type AssignmentState,
  type AssignmentStatus,
  type Fact,
  type Interest,
  type NewAssignment,
  type RequestState,
  type StepChoice,
  type StepState,
} from './request.js';

/**
 * The request after a fact. Total: it never throws on a fact that `decide` made, asks no outside, and replaying all
 * facts of a request from `newRequest` gives its stored rows, field by field.
 */
export function evolve(request: RequestState, fact: Fact): RequestState {
  return { ...transition(request, fact), factCount: request.factCount + 1 };
}

function transition(request: RequestState, fact: Fact): RequestState {
  switch (fact.type) {
    case 'SUBMITTED':
      return {
        ...request,
        requesterId: fact.by,
        submittedAt: fact.at,
        subject: fact.subject,
        interests: fact.interests,
        choices: fact.choices ?? [],
      };
    case 'STEP_OPENED':
      return addAssignments(
        addStep(request, {
          key: fact.step,
          attempt: fact.attempt,
          status: 'OPEN',
          openedAt: fact.at,
          dueAt: fact.dueAt,
          closedAt: null,
          reason: null,
        }),
        fact.step,
        fact.attempt,
        fact.assignments,
        fact.at,
        fact.dueAt,
      );
    case 'STEP_SKIPPED':
      return addStep(request, {
        key: fact.step,
        attempt: fact.attempt,
        status: 'SKIPPED',
        openedAt: fact.at,
        dueAt: null,
        closedAt: fact.at,
        reason: fact.reason,
      });
    case 'STEP_BLOCKED':
      return blockStep(request, fact);
    case 'PEOPLE_NOTIFIED': {
      const attempt =
        request.steps.filter((step) => step.key === fact.step && step.round === request.round).length + 1;
      return addStep(request, {
        key: fact.step,
        attempt,
        status: 'APPROVED',
        openedAt: fact.at,
        dueAt: null,
        closedAt: fact.at,
        reason: 'NOTIFIED',
      });
    }
    case 'ASSIGNMENT_OPENED':
      return patch(request, fact.ordinal, { status: 'OPEN', openedAt: fact.at, dueAt: fact.dueAt });
    case 'DECIDED':
      return patch(withChoices(request, fact.choices), fact.ordinal, {
        status: fact.decision,
        decidedAt: fact.at,
        decidedById: fact.by,
        comment: fact.comment,
        evidence: fact.evidence,
      });
    case 'DELEGATE_ANSWERED':
      return succeed(
        patch(request, fact.ordinal, {
          status: 'ADVISED',
          decidedAt: fact.at,
          decidedById: fact.by,
          comment: fact.comment,
          reason: `proposes ${fact.proposal}`,
        }),
        fact.ordinal,
        fact.confirmation,
        fact.at,
      );
    case 'ASSIGNMENT_CLOSED':
      return patch(request, fact.ordinal, { status: fact.status, reason: fact.reason });
    case 'HANDED_OVER': {
      const back = fact.kind === 'DELEGATION' || fact.kind === 'ABSENCE';
      const status: AssignmentStatus = back ? 'DELEGATED' : 'TRANSFERRED';
      const reason = fact.kind === 'ABSENCE' || fact.kind === 'LEAVER' ? { reason: fact.kind } : {};
      const handed = patch(request, fact.ordinal, { status, comment: fact.comment, ...reason });
      return succeed(
        { ...handed, interests: mergeInterests(request.interests, fact.interests) },
        fact.ordinal,
        fact.successor,
        fact.at,
      );
    }
    case 'APPROVER_ADDED': {
      const step = request.steps.findLast(
        (entry) => entry.key === fact.step && entry.round === request.round,
      );
      const added = addAssignments(
        request,
        fact.step,
        step?.attempt ?? 1,
        [fact.assignment],
        fact.at,
        step?.dueAt ?? null,
      );
      return fact.suspended === null
        ? added
        : patch(added, fact.suspended, { status: 'WAITING', waitsFor: fact.assignment.ordinal });
    }
    case 'STEP_CLOSED':
      return patchStep(request, fact.step, { status: fact.outcome, closedAt: fact.at, reason: fact.reason });
    case 'RETURNED':
      return fact.toStep === null
        ? { ...request, status: 'RETURNED', returnedById: fact.by === SYSTEM ? null : fact.by }
        : request;
    case 'RESUBMITTED':
      return carry(
        {
          ...withChoices(request, fact.choices),
          status: 'PENDING',
          subject: fact.subject,
          interests: fact.interests,
          lastNudgedAt: null,
        },
        fact.round,
        fact.carried,
        fact.at,
      );
    case 'NUDGED':
      return { ...request, lastNudgedAt: fact.at };
    case 'REMINDED':
    case 'SYSTEM_DECIDED':
      return request;
    case 'ESCALATED': {
      const step = request.steps.findLast(
        (entry) => entry.key === fact.step && entry.round === request.round,
      );
      const raised = patchStep(request, fact.step, { rung: fact.rung });
      return addAssignments(raised, fact.step, fact.attempt, fact.assignments, fact.at, step?.dueAt ?? null);
    }
    case 'ENDED':
      return { ...request, status: fact.outcome, endedAt: fact.at };
    case 'CLAIMED':
      return patchMates(patch(request, fact.ordinal, { claimedAt: fact.at }), fact.ordinal, () => ({
        status: 'WAITING',
        waitsFor: fact.ordinal,
      }));
    case 'RELEASED':
      return patchMates(patch(request, fact.ordinal, { claimedAt: null }), fact.ordinal, (mate, released) =>
        mate.waitsFor === fact.ordinal
          ? {
              status: 'OPEN',
              waitsFor: null,
              openedAt: mate.openedAt ?? fact.at,
              dueAt: mate.dueAt ?? released.dueAt,
            }
          : null,
      );
    case 'GIVEN_BACK':
      return succeed(
        patch(request, fact.ordinal, { status: 'CANCELLED', reason: 'GIVEN_BACK' }),
        fact.ordinal,
        fact.successor,
        fact.at,
      );
    default:
      return unreachable(fact);
  }
}

/** Changes the others of the pool who could still take the turn. */
function patchMates(
  request: RequestState,
  ordinal: number,
  change: (mate: AssignmentState, own: AssignmentState) => Partial<AssignmentState> | null,
): RequestState {
  const own = request.assignments[ordinal - 1];
  if (!own) return request;
  return poolMates(request, own).reduce(
    (state, mate) => patch(state, mate.ordinal, change(mate, own) ?? {}),
    request,
  );
}

/** A later choice for a step takes the place of the one before. */
function withChoices(request: RequestState, made: readonly StepChoice[] = []): RequestState {
  if (made.length === 0) return request;
  const kept = (request.choices ?? []).filter(
    (old) => !made.some((one) => one.step === old.step && one.rule === old.rule),
  );
  return { ...request, choices: [...kept, ...made] };
}

type NewStep = Omit<StepState, 'round' | 'rung'>;

const addStep = (request: RequestState, step: NewStep): RequestState => ({
  ...request,
  steps: [...request.steps, { ...step, round: request.round, rung: 0 }],
});

/** A block of a step not yet opened adds it; of an open one (nobody can decide it any more) changes it. */
function blockStep(request: RequestState, fact: Extract<Fact, { type: 'STEP_BLOCKED' }>): RequestState {
  const open = request.steps.some(
    (step) => step.key === fact.step && step.round === request.round && step.attempt === fact.attempt,
  );
  if (open) return patchStep(request, fact.step, { status: 'BLOCKED', reason: fact.reason });
  return addStep(request, {
    key: fact.step,
    attempt: fact.attempt,
    status: 'BLOCKED',
    openedAt: fact.at,
    dueAt: null,
    closedAt: null,
    reason: fact.reason,
  });
}

function addAssignments(
  request: RequestState,
  stepKey: string,
  attempt: number,
  added: readonly NewAssignment[],
  at: Date,
  dueAt: Date | null,
): RequestState {
  if (added.length === 0) return request;
  const rows = added.map((assignment): AssignmentState => ({
    ...assignment,
    stepKey,
    round: request.round,
    attempt,
    openedAt: assignment.status === 'WAITING' ? null : at,
    dueAt: assignment.status === 'WAITING' ? null : dueAt,
    decidedAt: assignment.status === 'APPROVED' ? at : null,
    decidedById: assignment.status === 'APPROVED' ? assignment.personId : null,
    evidence: null,
    reason: assignment.status === 'APPROVED' ? 'CARRIED' : null,
    pool: assignment.pool ?? null,
    claimedAt: null,
  }));
  return { ...request, assignments: [...request.assignments, ...rows] };
}

/** The successor takes the place of an assignment: its due time, and whoever waited for it. */
function succeed(request: RequestState, ordinal: number, successor: NewAssignment, at: Date): RequestState {
  const from = request.assignments[ordinal - 1];
  if (!from) return request;
  const added = addAssignments(request, from.stepKey, from.attempt, [successor], at, from.dueAt);
  const claimed = from.claimedAt ? patch(added, successor.ordinal, { claimedAt: from.claimedAt }) : added;
  return {
    ...claimed,
    assignments: claimed.assignments.map((assignment) =>
      assignment.waitsFor === ordinal && assignment.ordinal !== successor.ordinal
        ? { ...assignment, waitsFor: successor.ordinal }
        : assignment,
    ),
  };
}

function patch(request: RequestState, ordinal: number, change: Partial<AssignmentState>): RequestState {
  const assignments = request.assignments.slice();
  const old = assignments[ordinal - 1];
  if (old) assignments[ordinal - 1] = { ...old, ...change };
  return { ...request, assignments };
}

function patchStep(request: RequestState, key: string, change: Partial<StepState>): RequestState {
  const index = request.steps.findLastIndex((step) => step.key === key && step.round === request.round);
  const old = request.steps[index];
  if (!old) return request;
  const steps = request.steps.slice();
  steps[index] = { ...old, ...change };
  return { ...request, steps };
}

/** Starts the next round; carried steps stand in it as they were decided, without asking anyone again. */
function carry(request: RequestState, round: number, carried: readonly string[], at: Date): RequestState {
  const steps = carried.map((key): StepState => {
    const old = request.steps.findLast((step) => step.key === key && step.round === request.round);
    return {
      key,
      round,
      attempt: 1,
      status: 'APPROVED',
      openedAt: old?.openedAt ?? at,
      dueAt: null,
      closedAt: at,
      reason: 'CARRIED',
      rung: 0,
    };
  });
  return { ...request, round, steps: [...request.steps, ...steps] };
}

function mergeInterests(known: readonly Interest[], added: readonly Interest[]): readonly Interest[] {
  const fresh = added.filter((interest) => !known.some((entry) => entry.personId === interest.personId));
  return fresh.length === 0 ? known : [...known, ...fresh];
}
