import { unreachable } from '../errors.js';
import { patch, patchStep, succeed } from './patch.js';
import { currentStep, type Fact, type RequestState, type StepState } from './request.js';
import type { VerbFact } from './verb-facts.js';

type Given = Extract<Fact, { type: VerbFact['type'] }>;

/** The request after a fact that is no decision. Total, as `evolve` is. */
export function evolveVerb(request: RequestState, fact: Given): RequestState {
  switch (fact.type) {
    case 'INFORMATION_REQUESTED':
      return ask(request, fact);
    case 'INFORMATION_GIVEN':
      return {
        ...request,
        questions: request.questions.map((one) =>
          one.number === fact.number
            ? { ...one, status: 'ANSWERED', answer: fact.answer, answeredAt: fact.at }
            : one,
        ),
      };
    case 'CLOCK_RESTARTED':
      return moveDue(request, fact, { clockStoppedAt: null });
    case 'DUE_MOVED':
      return moveDue(request, fact, { calendarKey: fact.calendar });
    case 'EXPIRY_MOVED':
      return { ...request, expiresAt: fact.expiresAt };
    case 'PAUSED':
      return {
        ...request,
        pausedAt: fact.at,
        pauseCause: fact.cause ?? null,
        steps: request.steps.map((step) =>
          step.round === request.round && step.status === 'OPEN' ? stopped(step, fact.at) : step,
        ),
      };
    case 'RESUMED':
      return { ...request, pausedAt: null, pauseCause: null, expiresAt: fact.expiresAt };
    case 'COMMENTED':
    case 'OVERRIDDEN':
      return request;
    case 'COPIED_IN':
      return withReaders(request, fact.people, fact.by);
    case 'REVOKED':
      return revoke(request, fact);
    case 'APPROVER_REMOVED':
      return patch(request, fact.ordinal, { status: 'CANCELLED', reason: 'REMOVED' });
    case 'AMENDED':
      return { ...request, subject: fact.subject };
    case 'REASSIGNED':
      return succeed(
        patch(request, fact.ordinal, { status: 'TRANSFERRED', reason: 'OVERRIDE' }),
        fact.ordinal,
        fact.successor,
        fact.at,
      );
    default:
      return unreachable(fact);
  }
}

type Of<T extends VerbFact['type']> = Extract<Given, { type: T }>;

/** A clock that stands still already stands still since then. */
const stopped = (step: StepState, at: Date): StepState =>
  step.dueAt === null || step.clockStoppedAt !== null ? step : { ...step, clockStoppedAt: at };

/** Who is asked may read what they are asked about. */
function ask(request: RequestState, fact: Of<'INFORMATION_REQUESTED'>): RequestState {
  const step = currentStep(request, fact.step);
  const asked: RequestState = {
    ...request,
    questions: [
      ...request.questions,
      {
        number: fact.number,
        stepKey: fact.step,
        round: request.round,
        attempt: step?.attempt ?? 1,
        ordinal: fact.ordinal,
        askedById: fact.by,
        askedOfId: fact.of,
        question: fact.question,
        stopsClock: fact.stopsClock,
        status: 'OPEN',
        askedAt: fact.at,
        answer: null,
        answeredAt: null,
      },
    ],
  };
  const read = withReaders(asked, [fact.of], fact.by);
  if (!fact.stopsClock || !step) return read;
  return patchStep(read, fact.step, { clockStoppedAt: stopped(step, fact.at).clockStoppedAt });
}

/** Adds those who do not take part in the request in another way. */
function withReaders(request: RequestState, people: readonly string[], by: string): RequestState {
  const fresh = [...new Set(people)].filter((personId) => !isOnRequest(request, personId));
  if (fresh.length === 0) return request;
  return {
    ...request,
    readers: [...request.readers, ...fresh.map((personId) => ({ personId, addedById: by }))],
  };
}

/** Whether the person takes part: asks for it, answers for it, has an interest, is or was asked, or is copied in. */
export const isOnRequest = (request: RequestState, personId: string): boolean =>
  personId === request.requesterId ||
  personId === request.contactId ||
  personId === request.subject.ownerId ||
  request.interests.some((interest) => interest.personId === personId) ||
  request.assignments.some((assignment) => assignment.personId === personId) ||
  request.readers.some((reader) => reader.personId === personId);

/** The step's new times are those of everyone whose turn it is. */
function moveDue(
  request: RequestState,
  fact: Of<'CLOCK_RESTARTED' | 'DUE_MOVED'>,
  change: Partial<StepState>,
): RequestState {
  const { dueAt, timers } = fact;
  const moved = patchStep(request, fact.step, { dueAt, timers, ...change });
  return {
    ...moved,
    assignments: moved.assignments.map((one) =>
      one.status === 'OPEN' &&
      one.stepKey === fact.step &&
      one.round === request.round &&
      one.attempt === fact.attempt
        ? { ...one, dueAt: fact.dueAt }
        : one,
    ),
  };
}

/** The decision is undone. A step that had closed by it is open again; its clock stood still from then on. */
function revoke(request: RequestState, fact: Of<'REVOKED'>): RequestState {
  const step = currentStep(request, fact.step);
  if (!step) return request;
  const undone = patch(request, fact.ordinal, {
    status: 'OPEN',
    dueAt: step.dueAt,
    decidedAt: null,
    decidedById: null,
    comment: null,
    evidence: null,
    reason: null,
  });
  const waiting = fact.waiting.reduce(
    (after, ordinal) =>
      patch(after, ordinal, { status: 'WAITING', openedAt: null, dueAt: null, reason: null }),
    undone,
  );
  if (step.status === 'OPEN' || step.closedAt === null) return waiting;
  const { clockStoppedAt } = stopped(step, step.closedAt);
  return patchStep(waiting, fact.step, { status: 'OPEN', closedAt: null, reason: null, clockStoppedAt });
}

/** A question whose asker no longer holds an open turn waits for nobody. */
export function lapseQuestions(request: RequestState): RequestState {
  const lapsed = (ordinal: number): boolean => request.assignments[ordinal - 1]?.status !== 'OPEN';
  if (!request.questions.some((one) => one.status === 'OPEN' && lapsed(one.ordinal))) return request;
  return {
    ...request,
    questions: request.questions.map((one) =>
      one.status === 'OPEN' && lapsed(one.ordinal) ? { ...one, status: 'LAPSED' } : one,
    ),
  };
}
