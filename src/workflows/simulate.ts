import { isRefusal } from '../errors.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import {
  expectedRoute,
  routeDifferences,
  type ExpectedStep,
  type RouteDifference,
} from './expected-route.js';
import { conditionHolds } from './open-step.js';
import { supposedAtFirst } from './preview.js';
import { isDecisionStep, stepOf, type ProcessDefinition } from './process.js';
import { newRequest, type Interest, type SubjectSnapshot, type World } from './request.js';

/** One submission of the past: what was handed in, by whom, when, and how it was approved then. */
export interface PastCase {
  readonly requestId: string;
  readonly requesterId: string;
  readonly submittedAt: Date;
  readonly subject: SubjectSnapshot;
  readonly interests: readonly Interest[];
  readonly definition: ProcessDefinition;
}

export interface Approval {
  readonly step: string;
  readonly personId: string;
}

export type SimulatedCase = { readonly requestId: string } & (
  | {
      readonly kind: 'COMPARED';
      readonly differences: readonly RouteDifference[];
      readonly added: readonly Approval[];
      readonly dropped: readonly Approval[];
      /** Steps that would be left with nobody and were not. */
      readonly stranded: readonly string[];
      readonly before: readonly Approval[];
      readonly after: readonly Approval[];
    }
  | { readonly kind: 'EXCLUDED'; readonly why: ExclusionWhy }
  /** Neither its process nor the one that would be chosen is the candidate's. */
  | { readonly kind: 'UNTOUCHED' }
);

export type ExclusionWhy = 'NO_PROCESS' | 'CONDITION_FAILED' | 'REQUESTER_GONE';

/** What is tried out: a definition in the place of its key's published version, an organisation, or both. */
export interface Candidate {
  readonly definition: ProcessDefinition;
  /** The other published definitions of the same subject and purpose, by the order in which they are tried. */
  readonly others: readonly ProcessDefinition[];
}

/**
 * The case under its own definition in the organisation as it is, against the definition that would be chosen were
 * the candidate published, in the organisation tried out. Both as the preview goes: everyone asked says yes at once,
 * at the time of the submission. So a candidate equal to the present gives no difference.
 */
export function simulateCase(
  past: PastCase,
  candidate: Candidate,
  present: Omit<World, 'now'>,
  tried: Omit<World, 'now'>,
): SimulatedCase {
  const { requestId, submittedAt: now } = past;
  const excluded = (why: ExclusionWhy): SimulatedCase => ({ requestId, kind: 'EXCLUDED', why });
  if (!present.organisation.people.has(past.requesterId)) return excluded('REQUESTER_GONE');
  try {
    const chosen = choose(past, candidate, { ...tried, now });
    const { key } = candidate.definition;
    if (past.definition.key !== key && chosen?.key !== key) return { requestId, kind: 'UNTOUCHED' };
    if (chosen === null) return excluded('NO_PROCESS');
    const was = routeOf(past, past.definition, { ...present, now });
    const would = routeOf(past, chosen, { ...tried, now });
    const [before, after] = [approvalsIn(past.definition, was), approvalsIn(chosen, would)];
    const blocked = (route: readonly ExpectedStep[]): string[] =>
      route.filter(({ outcome }) => outcome === 'BLOCKED').map((step) => step.key);
    return {
      requestId,
      kind: 'COMPARED',
      differences: routeDifferences(was, would),
      added: without(after, before),
      dropped: without(before, after),
      stranded: blocked(would).filter((step) => !blocked(was).includes(step)),
      before,
      after,
    };
  } catch (error) {
    if (isRefusal(error)) return excluded('CONDITION_FAILED');
    throw error;
  }
}

function choose(past: PastCase, { definition, others }: Candidate, world: World): ProcessDefinition | null {
  const inOrder = [definition, ...others].toSorted(
    (one, other) => other.priority - one.priority || (one.key < other.key ? -1 : 1),
  );
  const found = inOrder.find((one) => {
    const probe = { ...newRequest('', one, world.now), subject: past.subject, requesterId: past.requesterId };
    return conditionHolds(probe, one.guard, world);
  });
  return found ?? null;
}

function routeOf(past: PastCase, definition: ProcessDefinition, world: World): ExpectedStep[] {
  const fresh = newRequest(past.requestId, definition, world.now);
  const { requesterId: by, subject, interests } = past;
  const open = new Map<string, readonly string[]>();
  const choices = supposedAtFirst(fresh, past, world, open);
  const facts = decide(fresh, { type: 'submit', by, subject, interests, comment: null, choices }, world);
  return expectedRoute(facts.reduce(evolve, fresh), facts, world, open);
}

const approvalsIn = (definition: ProcessDefinition, route: readonly ExpectedStep[]): Approval[] =>
  route
    .filter(({ key, outcome }) => outcome === 'ASKED' && isDecisionStep(stepOf(definition, key)))
    .flatMap(({ key, people }) => people.map((personId) => ({ step: key, personId })));

const without = (some: readonly Approval[], others: readonly Approval[]): Approval[] =>
  some.filter((one) => !others.some((other) => other.step === one.step && other.personId === one.personId));

/** How many approvals each person is asked for, before and after. */
export function loadOf(
  cases: readonly SimulatedCase[],
): { readonly personId: string; readonly before: number; readonly after: number }[] {
  const load = new Map<string, { before: number; after: number }>();
  const count = (approvals: readonly Approval[], side: 'before' | 'after'): void => {
    for (const { personId } of approvals) {
      const known = load.get(personId) ?? { before: 0, after: 0 };
      load.set(personId, { ...known, [side]: known[side] + 1 });
    }
  };
  for (const one of cases) {
    if (one.kind !== 'COMPARED') continue;
    count(one.before, 'before');
    count(one.after, 'after');
  }
  return [...load]
    .map(([personId, counts]) => ({ personId, ...counts }))
    .toSorted((a, b) => b.after - a.after || (a.personId < b.personId ? -1 : 1));
}
