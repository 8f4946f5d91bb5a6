import { unreachable } from '../errors.js';
import { effectsOfVerb, expiryAt } from './effects-verbs.js';
import { isDecisionStep, stepOf } from './process.js';
import {
  contactOf,
  currentStep,
  MIGRATED,
  poolMates,
  type Fact,
  type RequestOutcome,
  type RequestState,
} from './request.js';

/** What an in-app or outgoing message is about; templates are found by this name. */
export type MessageKind =
  | 'ASSIGNED'
  | 'NUDGED'
  | 'REMINDED'
  | 'ESCALATED'
  | 'INFORMED'
  | 'RETURNED'
  | 'ENDED'
  | 'BLOCKED'
  | 'DELEGATE_ANSWERED'
  | 'INFORMATION_REQUESTED'
  | 'INFORMATION_GIVEN'
  | 'PAUSED'
  | 'RESUMED'
  | 'COMMENTED'
  | 'MENTIONED'
  | 'COPIED_IN'
  | 'REVOKED'
  | 'REMOVED'
  | 'AMENDED'
  | 'OVERRIDDEN'
  /** An edit has voided an approval. */
  | 'VOIDED'
  | 'MIGRATED'
  | 'CONTACT_CHANGED';

/** What must follow from facts. Keys are deterministic: the same facts give the same keys. */
export type Effect =
  | {
      readonly type: 'SCHEDULE_TIMER';
      readonly key: string;
      readonly kind: 'reminder' | 'rung';
      readonly step: string;
      readonly round: number;
      readonly attempt: number;
      readonly index: number;
      readonly at: Date;
      /** It takes the place of one that was cancelled when the step's clock stopped. */
      readonly restarted?: true;
    }
  /** When the request ends by itself. */
  | { readonly type: 'SCHEDULE_EXPIRY'; readonly key: string; readonly at: Date }
  | { readonly type: 'CANCEL_EXPIRY' }
  /** Cancels the timers of every attempt of the step in this round, or of the whole request (step null). */
  | { readonly type: 'CANCEL_TIMERS'; readonly step: string | null; readonly round: number }
  | {
      readonly type: 'SEND';
      readonly key: string;
      readonly message: MessageKind;
      readonly people: readonly string[] | 'administrators';
      readonly step: string | null;
      readonly comment: string | null;
    }
  | { readonly type: 'SUBJECT'; readonly event: 'SUBMITTED' | 'RETURNED' | 'RESUBMITTED' | RequestOutcome };

/** What follows from `facts`, which left the request in the state `after`; in the order of the facts. */
export function effectsOf(after: RequestState, facts: readonly Fact[]): Effect[] {
  const first = after.factCount - facts.length + 1;
  return facts.flatMap((fact, offset) => effectsOfFact(after, fact, first + offset));
}

function effectsOfFact(after: RequestState, fact: Fact, sequence: number): Effect[] {
  const { round } = after;
  const send = (
    message: MessageKind,
    people: readonly string[] | 'administrators',
    step: string | null,
    comment: string | null = null,
  ): Effect[] =>
    people.length === 0
      ? []
      : [{ type: 'SEND', key: `${after.id}/${sequence}/${message}`, message, people, step, comment }];
  switch (fact.type) {
    case 'SUBMITTED':
      return [{ type: 'SUBJECT', event: 'SUBMITTED' }, ...expiryAt(after, fact.expiresAt, sequence)];
    case 'RESUBMITTED':
      return [{ type: 'SUBJECT', event: 'RESUBMITTED' }];
    case 'STEP_OPENED': {
      // What opens during a pause gets its timers when its clock starts.
      const running = after.pausedAt === null ? fact.timers : [];
      const timers = running.map((timer): Effect => ({
        type: 'SCHEDULE_TIMER',
        key: `${after.id}/${fact.step}/${round}/${fact.attempt}/${timer.kind}/${timer.index}`,
        step: fact.step,
        round,
        attempt: fact.attempt,
        kind: timer.kind,
        index: timer.index,
        at: timer.at,
      }));
      return [...timers, ...send('ASSIGNED', stillAsked(after, fact.assignments), fact.step)];
    }
    case 'ASSIGNMENT_OPENED': {
      const assignment = after.assignments[fact.ordinal - 1];
      return assignment ? send('ASSIGNED', stillAsked(after, [assignment]), assignment.stepKey) : [];
    }
    case 'HANDED_OVER':
      return send(
        'ASSIGNED',
        stillAsked(after, [fact.successor]),
        stepOfOrdinal(after, fact.ordinal),
        fact.comment,
      );
    case 'APPROVER_ADDED':
      return fact.assignment.status === 'OPEN'
        ? send('ASSIGNED', [fact.assignment.personId], fact.step, fact.comment)
        : [];
    case 'DELEGATE_ANSWERED':
      return send(
        'DELEGATE_ANSWERED',
        fact.confirmation ? [fact.confirmation.personId] : [],
        stepOfOrdinal(after, fact.ordinal),
        fact.comment,
      );
    case 'STEP_BLOCKED':
      return [
        { type: 'CANCEL_TIMERS', step: fact.step, round },
        ...(currentStep(after, fact.step)?.status === 'BLOCKED'
          ? send('BLOCKED', 'administrators', fact.step)
          : []),
      ];
    case 'STEP_CLOSED':
      // A step that the new version does not have had its timers under the old one.
      return fact.reason === MIGRATED || isDecisionStep(stepOf(after.definition, fact.step))
        ? [{ type: 'CANCEL_TIMERS', step: fact.step, round }]
        : [];
    case 'PEOPLE_NOTIFIED':
      return send('INFORMED', fact.people, fact.step);
    case 'NUDGED':
      return send('NUDGED', fact.people, null, fact.comment);
    case 'REMINDED':
      return send('REMINDED', fact.people, fact.step);
    case 'ESCALATED': {
      if (fact.assignments.length > 0)
        return send('ASSIGNED', stillAsked(after, fact.assignments), fact.step);
      if (fact.people.length > 0)
        return send(fact.action === 'remind' ? 'REMINDED' : 'ESCALATED', fact.people, fact.step);
      return fact.action === 'decide' ? [] : send('ESCALATED', 'administrators', fact.step);
    }
    case 'RETURNED':
      return fact.toStep === null
        ? [
            { type: 'SUBJECT', event: 'RETURNED' },
            ...send('RETURNED', [contactOf(after)], null, fact.comment),
          ]
        : [];
    case 'ENDED':
      return [
        { type: 'CANCEL_TIMERS', step: null, round },
        { type: 'SUBJECT', event: fact.outcome },
        ...send('ENDED', toldOfEnd(after, fact.outcome), null, fact.comment),
      ];
    case 'STEP_SKIPPED':
    case 'DECIDED':
    case 'SYSTEM_DECIDED':
    case 'CLAIMED':
    case 'CARRIED_OVER':
      return [];
    case 'ATTACHED':
      return fact.ordinal === null ? send('COMMENTED', toldOfFiles(after, fact.by), null, fact.comment) : [];
    case 'INFORMATION_REQUESTED':
    case 'INFORMATION_GIVEN':
    case 'CLOCK_RESTARTED':
    case 'DUE_MOVED':
    case 'EXPIRY_MOVED':
    case 'PAUSED':
    case 'RESUMED':
    case 'COMMENTED':
    case 'COPIED_IN':
    case 'REVOKED':
    case 'APPROVER_REMOVED':
    case 'AMENDED':
    case 'REASSIGNED':
    case 'OVERRIDDEN':
      return effectsOfVerb(after, fact, sequence, send);
    case 'RELEASED': {
      const released = after.assignments[fact.ordinal - 1];
      return released
        ? send('ASSIGNED', stillAsked(after, poolMates(after, released)), released.stepKey)
        : [];
    }
    case 'ASSIGNMENT_CLOSED':
      return fact.reason === MIGRATED
        ? send('REMOVED', letGo(after, fact.ordinal), stepOfOrdinal(after, fact.ordinal))
        : [];
    case 'CONTACT_CHANGED':
      return send('CONTACT_CHANGED', [fact.personId], null);
    case 'MIGRATED':
      return send('MIGRATED', [contactOf(after)], null, fact.comment);
    case 'GIVEN_BACK':
      return send('ASSIGNED', stillAsked(after, [fact.successor]), stepOfOrdinal(after, fact.ordinal));
    default:
      return unreachable(fact);
  }
}

/** Whoever waits for the request or decides on it now; not who attached. */
const toldOfFiles = ({ requesterId, assignments, readers }: RequestState, by: string): string[] => [
  ...new Set(
    [
      requesterId,
      ...assignments.filter(({ status }) => status === 'OPEN').map(({ personId }) => personId),
      ...readers.map(({ personId }) => personId),
    ].filter((personId) => personId !== by),
  ),
];

/** The requester, unless it was they who ended it, and whoever reads along. */
const toldOfEnd = (after: RequestState, outcome: RequestOutcome): string[] => [
  ...(outcome === 'WITHDRAWN' ? [] : [contactOf(after)]),
  ...after.readers.map(({ personId }) => personId),
];

/** Those whose turn it still is when all facts are in: one who was asked and let go in the same breath is not told. */
const stillAsked = (
  after: RequestState,
  asked: readonly { readonly ordinal: number; readonly personId: string }[],
): string[] =>
  asked
    .filter(({ ordinal }) => after.assignments[ordinal - 1]?.status === 'OPEN')
    .map(({ personId }) => personId);

/** Whose turn has ended and who is not asked again in the same breath. */
function letGo({ assignments }: RequestState, ordinal: number): string[] {
  const personId = assignments[ordinal - 1]?.personId;
  const open = assignments.some((one) => one.personId === personId && one.status === 'OPEN');
  return personId === undefined || open ? [] : [personId];
}

const stepOfOrdinal = (request: RequestState, ordinal: number): string | null =>
  request.assignments[ordinal - 1]?.stepKey ?? null;
