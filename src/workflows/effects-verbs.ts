import { unreachable } from '../errors.js';
import type { Effect, MessageKind } from './effects.js';
import { contactOf, currentStep, type Fact, type RequestState } from './request.js';
import type { VerbFact } from './verb-facts.js';

type Send = (
  message: MessageKind,
  people: readonly string[],
  step: string | null,
  comment?: string | null,
) => Effect[];

/** The timer that ends the request, if it has one. */
export const expiryAt = (after: RequestState, at: Date | null, sequence: number): Effect[] =>
  at === null ? [] : [{ type: 'SCHEDULE_EXPIRY', key: `${after.id}/expiry/${sequence}`, at }];

/** What follows from a fact that is no decision. Nobody is told of what they did themselves. */
export function effectsOfVerb(
  after: RequestState,
  fact: Extract<Fact, { type: VerbFact['type'] }>,
  sequence: number,
  sendTo: Send,
): Effect[] {
  const { round } = after;
  const requesterId = contactOf(after);
  const send: Send = (message, people, step, comment) =>
    sendTo(
      message,
      [...new Set(people)].filter((id) => !('by' in fact) || id !== fact.by),
      step,
      comment,
    );
  switch (fact.type) {
    case 'INFORMATION_REQUESTED': {
      const stop: Effect[] = fact.stopsClock ? [{ type: 'CANCEL_TIMERS', step: fact.step, round }] : [];
      return [...stop, ...send('INFORMATION_REQUESTED', [fact.of], fact.step, fact.question)];
    }
    case 'INFORMATION_GIVEN': {
      const asker = after.questions.find((one) => one.number === fact.number)?.askedById;
      return asker === undefined ? [] : send('INFORMATION_GIVEN', [asker], fact.step, fact.answer);
    }
    case 'CLOCK_RESTARTED':
      return timersAgain(round, after.id, fact, sequence);
    case 'DUE_MOVED': {
      const stopped = currentStep(after, fact.step)?.clockStoppedAt !== null;
      return [
        { type: 'CANCEL_TIMERS', step: fact.step, round },
        ...(stopped ? [] : timersAgain(round, after.id, fact, sequence)),
      ];
    }
    case 'EXPIRY_MOVED':
      return [
        { type: 'CANCEL_EXPIRY' },
        ...expiryAt(after, after.pausedAt === null ? fact.expiresAt : null, sequence),
      ];
    case 'PAUSED':
      return [
        { type: 'CANCEL_TIMERS', step: null, round },
        ...send('PAUSED', [requesterId, ...openPeople(after)], null, fact.comment),
      ];
    case 'RESUMED':
      return [
        ...expiryAt(after, fact.expiresAt, sequence),
        ...send('RESUMED', [requesterId, ...openPeople(after)], null, fact.comment),
      ];
    case 'COMMENTED': {
      const readers = after.readers.map(({ personId }) => personId);
      const others = [requesterId, ...openPeople(after), ...readers].filter(
        (id) => !fact.mentions.includes(id),
      );
      return [
        ...send('MENTIONED', fact.mentions, null, fact.comment),
        ...send('COMMENTED', others, null, fact.comment),
      ];
    }
    case 'COPIED_IN':
      return send('COPIED_IN', fact.people, null, fact.comment);
    case 'REVOKED':
      return send('REVOKED', [requesterId], fact.step, fact.comment);
    case 'APPROVER_REMOVED':
      return send('REMOVED', personOf(after, fact.ordinal), fact.step, fact.comment);
    case 'AMENDED':
      return send(
        'AMENDED',
        [requesterId, ...deciders(after), ...openPeople(after)],
        fact.step,
        fact.comment,
      );
    case 'REASSIGNED':
      return [
        ...(fact.successor.status === 'OPEN'
          ? send('ASSIGNED', [fact.successor.personId], fact.step, fact.comment)
          : []),
        ...send('REMOVED', personOf(after, fact.ordinal), fact.step, fact.comment),
      ];
    case 'OVERRIDDEN':
      return fact.action === 'SKIP_STEP' ? send('OVERRIDDEN', [requesterId], fact.step, fact.comment) : [];
    default:
      return unreachable(fact);
  }
}

/** The timers of a step set anew, under keys of their own. */
const timersAgain = (
  round: number,
  requestId: string,
  { step, attempt, timers }: Extract<VerbFact, { type: 'CLOCK_RESTARTED' | 'DUE_MOVED' }>,
  sequence: number,
): Effect[] =>
  timers.map(({ kind, index, at }) => ({
    type: 'SCHEDULE_TIMER',
    key: `${requestId}/${step}/${round}/${attempt}/${kind}/${index}/${sequence}`,
    kind,
    step,
    round,
    attempt,
    index,
    at,
    restarted: true,
  }));

const personOf = ({ assignments }: RequestState, ordinal: number): string[] => {
  const assignment = assignments[ordinal - 1];
  return assignment ? [assignment.personId] : [];
};

const openPeople = ({ assignments }: RequestState): string[] =>
  assignments.filter(({ status }) => status === 'OPEN').map(({ personId }) => personId);

/** Who has said yes in this round. */
const deciders = ({ assignments, round }: RequestState): string[] =>
  assignments
    .filter((one) => one.round === round && ['APPROVED', 'CONFIRMED', 'FILED'].includes(one.status))
    .map(({ personId }) => personId);
