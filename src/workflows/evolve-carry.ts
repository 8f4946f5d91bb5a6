import type { AssignmentState, Fact, RequestState, StepState } from './request.js';

/** The request with what was approved elsewhere standing in it: the steps, and the votes that approved them. */
export function carryInto(
  request: RequestState,
  { at, because, from, carried }: Extract<Fact, { type: 'CARRIED_OVER' }>,
): RequestState {
  const { round } = request;
  const steps = carried.map(({ step }): StepState => ({
    key: step,
    round,
    attempt: 1,
    status: 'APPROVED',
    openedAt: at,
    dueAt: null,
    closedAt: at,
    reason: 'CARRIED',
    rung: 0,
    timers: [],
    clockStoppedAt: null,
    calendarKey: null,
  }));
  const votes = carried.flatMap(({ step, votes: given }) =>
    given.map(({ from: _from, ...vote }, index): AssignmentState => ({
      ...vote,
      stepKey: step,
      round,
      attempt: 1,
      required: false,
      position: index + 1,
      waitsFor: null,
      previousOrdinal: null,
      addedById: null,
      openedAt: at,
      dueAt: null,
      decidedAt: at,
      decidedById: vote.personId,
      comment: `carried from ${from.number}`,
      reason: 'CARRIED',
      pool: null,
      claimedAt: null,
    })),
  );
  return {
    ...request,
    steps: [...request.steps, ...steps],
    assignments: [...request.assignments, ...votes],
    carriedOver: {
      because,
      requestId: from.requestId,
      number: from.number,
      steps: carried.map(({ step, people }) => ({ step, people })),
    },
  };
}
