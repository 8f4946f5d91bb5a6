import type { AssignmentState, NewAssignment, RequestState, StepState } from './request.js';

// How facts change the rows of a request; a change that fits nothing leaves it as it is.

/** Rows for people newly asked in a step. */
export function addAssignments(
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
export function succeed(
  request: RequestState,
  ordinal: number,
  successor: NewAssignment,
  at: Date,
): RequestState {
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

export function patch(
  request: RequestState,
  ordinal: number,
  change: Partial<AssignmentState>,
): RequestState {
  const assignments = request.assignments.slice();
  const old = assignments[ordinal - 1];
  if (old) assignments[ordinal - 1] = { ...old, ...change };
  return { ...request, assignments };
}

/** Changes the live state of a step in this round. */
export function patchStep(request: RequestState, key: string, change: Partial<StepState>): RequestState {
  const index = request.steps.findLastIndex((step) => step.key === key && step.round === request.round);
  const old = request.steps[index];
  if (!old) return request;
  const steps = request.steps.slice();
  steps[index] = { ...old, ...change };
  return { ...request, steps };
}
