import { isRefusal } from '../errors.js';
import { demandsOn } from './choices.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { expectedRoute, routeDifferences, type RouteDifference } from './expected-route.js';
import { conditionHolds } from './open-step.js';
import type { ProcessDefinition } from './process.js';
import {
  newRequest,
  type AssignmentState,
  type Command,
  type DecisionAction,
  type DecisionStatus,
  type Fact,
  type GivenChoice,
  type RequestState,
  type StepChoice,
  type World,
} from './request.js';

/** What would become of a running request on another version of its definition. */
export type MigrationDryRun =
  | { readonly outcome: 'SAME_ROUTE' }
  | { readonly outcome: 'CHANGED_ROUTE'; readonly differences: readonly RouteDifference[] }
  | { readonly outcome: 'IMPOSSIBLE'; readonly why: string };

/**
 * Replays what people did so far on the other version, in the organisation as it is, and compares the route ahead with
 * that of the version the request is pinned to. Impossible, with the reason, where an act has no place on it.
 */
export function dryRunMigration(
  request: RequestState,
  facts: readonly Fact[],
  candidate: ProcessDefinition,
  world: World,
): MigrationDryRun {
  const next = replayOn(candidate, request, facts, world);
  if ('impossible' in next) return { outcome: 'IMPOSSIBLE', why: next.impossible };
  const differences = routeDifferences(
    expectedRoute({ ...request, pausedAt: null }, sinceRound(facts), world),
    expectedRoute(next.state, sinceRound(next.facts), world),
  );
  return differences.length === 0 ? { outcome: 'SAME_ROUTE' } : { outcome: 'CHANGED_ROUTE', differences };
}

const sinceRound = (facts: readonly Fact[]): readonly Fact[] =>
  facts.slice(
    Math.max(
      0,
      facts.findLastIndex(({ type }) => type === 'RESUBMITTED'),
    ),
  );

type Replayed =
  { readonly state: RequestState; readonly facts: readonly Fact[] } | { readonly impossible: string };

function replayOn(
  candidate: ProcessDefinition,
  old: RequestState,
  facts: readonly Fact[],
  world: World,
): Replayed {
  let state = newRequest(old.id, candidate, old.submittedAt);
  const made: Fact[] = [];
  for (const [index, fact] of facts.entries()) {
    const at: World = { ...world, now: new Date(fact.at) };
    try {
      if (fact.type === 'SUBMITTED') {
        const probe: RequestState = { ...state, subject: fact.subject, requesterId: fact.by };
        if (!conditionHolds(probe, candidate.guard, at))
          return { impossible: 'its guard does not hold for the subject' };
      }
      const command = commandOf(fact, facts[index + 1], old, state);
      if (command === null) continue;
      if (typeof command === 'string') return { impossible: command };
      const news = decide(state, command, at);
      made.push(...news);
      state = news.reduce(evolve, state);
    } catch (error) {
      if (isRefusal(error)) return { impossible: `${fact.type}: ${error.message}` };
      throw error;
    }
  }
  return { state, facts: made };
}

const ACTION_OF: Readonly<Partial<Record<DecisionStatus, DecisionAction>>> = {
  APPROVED: 'APPROVE',
  REJECTED: 'REJECT',
  ABSTAINED: 'ABSTAIN',
  ADVISED: 'ADVISE',
  CONFIRMED: 'CONFIRM',
  FILED: 'FILE',
};

/** The command that a fact came from, at the assignment that has its place now; null: it follows by itself; a text:
 *  why there is none. */
function commandOf(
  fact: Fact,
  next: Fact | undefined,
  old: RequestState,
  state: RequestState,
): Command | string | null {
  switch (fact.type) {
    case 'SUBMITTED':
      return {
        type: 'submit',
        by: fact.by,
        subject: fact.subject,
        interests: fact.interests,
        comment: fact.comment,
        choices: choicesIn(fact.choices, null, state),
      };
    case 'RESUBMITTED':
      return {
        type: 'resubmit',
        by: fact.by,
        subject: fact.subject,
        interests: fact.interests,
        comment: fact.comment,
        choices: choicesIn(fact.choices, null, state),
      };
    case 'DECIDED': {
      const place = placeOf(old.assignments[fact.ordinal - 1], state);
      if (typeof place === 'string') return place;
      const { by, comment, evidence } = fact;
      if (fact.decision === 'RETURNED') {
        const toStep = next?.type === 'RETURNED' ? next.toStep : null;
        const files = old.attachments?.filter(({ ordinal }) => ordinal === fact.ordinal);
        return { type: 'return', by, ordinal: place.ordinal, toStep, comment, files };
      }
      return {
        type: 'decide',
        by,
        ordinal: place.ordinal,
        action: ACTION_OF[fact.decision]!,
        comment,
        evidence,
        choices: choicesIn(fact.choices, place.stepKey, state),
        files: old.attachments?.filter(({ ordinal }) => ordinal === fact.ordinal),
      };
    }
    case 'DELEGATE_ANSWERED': {
      const place = placeOf(old.assignments[fact.ordinal - 1], state);
      if (typeof place === 'string') return place;
      const action = ACTION_OF[fact.proposal]!;
      return {
        type: 'decide',
        by: fact.by,
        ordinal: place.ordinal,
        action,
        comment: fact.comment,
        evidence: null,
      };
    }
    case 'HANDED_OVER': {
      if (fact.kind === 'ESCALATION') return 'an escalation has handed it over';
      const from = old.assignments[fact.ordinal - 1]?.personId;
      if (fact.kind === 'ABSENCE' && from !== undefined)
        return { type: 'substitute', by: fact.by, personId: from };
      const place = placeOf(old.assignments[fact.ordinal - 1], state);
      if (typeof place === 'string') return place;
      const { by, comment, kind } = fact;
      if (kind === 'ABSENCE') return null;
      if (kind === 'LEAVER') {
        const successorId = fact.successor.personId;
        return { type: 'replace-leaver', by, personId: place.personId, successorId };
      }
      return {
        type: 'hand-over',
        by,
        ordinal: place.ordinal,
        kind,
        toPersonId: fact.successor.personId,
        comment,
      };
    }
    case 'CARRIED_OVER':
      return 'approvals given elsewhere stand in it';
    case 'APPROVER_ADDED':
      return 'an approver was added by hand';
    case 'ESCALATED':
      return fact.assignments.length > 0 ? 'an escalation has added approvers' : null;
    case 'SYSTEM_DECIDED':
      return 'the system has decided a step';
    case 'CLAIMED':
    case 'RELEASED': {
      const place = placeOf(old.assignments[fact.ordinal - 1], state);
      if (typeof place === 'string') return place;
      const claims = fact.type === 'CLAIMED';
      if (!place.pool || Boolean(place.claimedAt) === claims) return null;
      return { type: claims ? 'claim' : 'release', by: fact.by, ordinal: place.ordinal };
    }
    case 'GIVEN_BACK':
      return { type: 'give-back', by: fact.by, personId: fact.successor.personId };
    default:
      return null;
  }
}

/** The choices that the candidate asks for. */
const choicesIn = (
  made: readonly StepChoice[] = [],
  chooser: string | null,
  state: RequestState,
): readonly GivenChoice[] => {
  const asked = demandsOn(state, chooser);
  return made
    .filter(({ step, rule }) => asked.some((one) => one.step === step && one.rule.rule === rule))
    .map(({ step, people }) => ({ step, people }));
};

function placeOf(was: AssignmentState | undefined, state: RequestState): AssignmentState | string {
  const found = state.assignments.findLast(
    (one) => one.stepKey === was?.stepKey && one.personId === was.personId && one.status === 'OPEN',
  );
  return (
    found ?? `what was decided in step ${was?.stepKey ?? '?'} has no place: the person is not asked there`
  );
}
