import canonicalize from 'canonicalize';
import { isRefusal } from '../errors.js';
import { factsRead, type FactsRead } from './facts-read.js';
import { previewOf, walkAhead, type PreviewedStep } from './preview.js';
import { nodesOf, stepOf } from './process.js';
import type { Fact, RequestState, World } from './request.js';

/** One step of a route as it is kept: who was expected, and on which facts that rested. Plain data. */
export interface ExpectedStep {
  readonly key: string;
  readonly outcome: PreviewedStep['outcome'];
  readonly reason: string | null;
  readonly people: readonly string[];
  readonly facts: FactsRead;
}

export type DifferenceKind = 'ADDED' | 'REMOVED' | 'CHANGED_PEOPLE' | 'SKIPPED' | 'NOT_SKIPPED';

/** Something a route rested on that is not as it was. `of` is the person, role, department, field or step it is about. */
export interface Cause {
  readonly kind:
    | 'MANAGER'
    | 'ROLE'
    | 'HEAD'
    | 'DEPARTMENT'
    | 'MEMBERS'
    | 'ACTIVE'
    | 'ABSENCE'
    | 'FIELD'
    | 'REQUESTER_ROLES'
    | 'DECIDERS'
    | 'INTERESTS'
    | 'OTHER';
  readonly of: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface RouteDifference {
  readonly step: string;
  readonly kind: DifferenceKind;
  readonly expected: readonly string[];
  readonly actual: readonly string[];
  readonly causes: readonly Cause[];
}

const peopleIn = ({ assignments, people }: PreviewedStep): string[] => [
  ...new Set([...assignments.map((assignment) => assignment.personId), ...people]),
];

const kept = ({ key, outcome, reason, ...step }: PreviewedStep, facts: FactsRead): ExpectedStep => ({
  key,
  outcome,
  reason,
  people: peopleIn({ key, outcome, reason, ...step }),
  facts,
});

/**
 * The route of a request from here on, with the facts that each step rests on: those at the moment of its opening
 * where it opens, today's where it is not reached. A condition that can't be answered yet ends the route there.
 * `open`: choices already supposed, by step (see walkAhead).
 */
export function expectedRoute(
  request: RequestState,
  happened: readonly Fact[],
  world: World,
  open?: Map<string, readonly string[]>,
): ExpectedStep[] {
  const read = new Map<string, FactsRead>();
  let last = request;
  const seen: Fact[] = [];
  const note = (state: RequestState, facts: readonly Fact[]): void => {
    last = state;
    seen.push(...facts);
    for (const { key } of facts.flatMap(previewOf)) {
      const node = stepOf(state.definition, key);
      if (node) read.set(key, factsRead(node, state, world));
    }
  };
  const steps = walked(request, happened, world, note, open) ?? partial(request, seen);
  return steps.map((step) => {
    const node = stepOf(request.definition, step.key);
    return kept(step, read.get(step.key) ?? (node ? factsRead(node, last, world) : {}));
  });
}

/** What can't be answered yet: a condition, or a choice with nobody to be named. */
const ENDS_THERE: ReadonlySet<string> = new Set(['CONDITION_FAILED', 'BAD_USER_INPUT']);

function walked(
  request: RequestState,
  happened: readonly Fact[],
  world: World,
  note: (state: RequestState, facts: readonly Fact[]) => void,
  open?: Map<string, readonly string[]>,
): PreviewedStep[] | null {
  try {
    return walkAhead(request, happened, world, note, open);
  } catch (error) {
    if (isRefusal(error) && ENDS_THERE.has(error.code)) return null;
    throw error;
  }
}

const partial = (request: RequestState, seen: readonly Fact[]): PreviewedStep[] => {
  const reached = new Map(seen.flatMap(previewOf).map((step) => [step.key, step]));
  const none = {
    outcome: 'NOT_REACHED',
    reason: null,
    dueAt: null,
    assignments: [],
    people: [],
    exclusions: [],
  } as const;
  return [...nodesOf(request.definition.steps)].map(({ key }) => reached.get(key) ?? { ...none, key });
};

/** The steps that these facts opened, skipped, blocked or told, with what that rested on. */
export const openedSteps = (request: RequestState, facts: readonly Fact[], world: World): ExpectedStep[] =>
  facts.flatMap(previewOf).map((step) => {
    const node = stepOf(request.definition, step.key);
    return kept(step, node ? factsRead(node, request, world) : {});
  });

/** What differs between two routes, step by step in the order of the second, then what only the first has. */
export function routeDifferences(
  expected: readonly ExpectedStep[],
  actual: readonly ExpectedStep[],
): RouteDifference[] {
  const before = new Map(expected.map((step) => [step.key, step]));
  const after = new Set(actual.map((step) => step.key));
  const both = actual.flatMap((step) => differenceOf(before.get(step.key), step) ?? []);
  return [
    ...both,
    ...expected.filter(({ key }) => !after.has(key)).flatMap((step) => differenceOf(step, undefined) ?? []),
  ];
}

type Asked = 'asked' | 'skipped' | 'unreached';

function standingOf(step: ExpectedStep | undefined): Asked {
  if (!step || step.outcome === 'NOT_REACHED') return 'unreached';
  return step.outcome === 'SKIPPED' ? 'skipped' : 'asked';
}

/** A step that nobody expected and that was skipped, or the other way round, changes nothing for anybody. */
function differenceOf(
  expected: ExpectedStep | undefined,
  actual: ExpectedStep | undefined,
): RouteDifference | null {
  const kind = kindOf(expected, actual);
  if (kind === null) return null;
  return {
    step: (actual ?? expected)!.key,
    kind,
    expected: expected?.people ?? [],
    actual: actual?.people ?? [],
    causes: expected && actual ? causesOf(expected.facts, actual.facts) : [],
  };
}

function kindOf(expected: ExpectedStep | undefined, actual: ExpectedStep | undefined): DifferenceKind | null {
  const [before, after] = [standingOf(expected), standingOf(actual)];
  if (after === 'asked') {
    if (before === 'unreached') return 'ADDED';
    if (before === 'skipped') return 'NOT_SKIPPED';
    return stands(expected!, actual!.people) ? null : 'CHANGED_PEOPLE';
  }
  if (before !== 'asked') return null;
  return after === 'skipped' ? 'SKIPPED' : 'REMOVED';
}

/** Whom a choice will name is not foreseen: anyone who may be named is as expected. */
const stands = ({ reason, people }: ExpectedStep, actual: readonly string[]): boolean =>
  reason === 'CHOICE' && actual.length > 0
    ? actual.every((personId) => people.includes(personId))
    : sameSet(people, actual);

const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((item) => other.includes(item));

const KIND_OF: Readonly<Record<string, Cause['kind']>> = {
  manager: 'MANAGER',
  role: 'ROLE',
  head: 'HEAD',
  parent: 'DEPARTMENT',
  department: 'DEPARTMENT',
  members: 'MEMBERS',
  active: 'ACTIVE',
  absence: 'ABSENCE',
  field: 'FIELD',
  requesterRoles: 'REQUESTER_ROLES',
  deciders: 'DECIDERS',
  interests: 'INTERESTS',
};

/** The facts that are not what they were. One that only the other moment read is named when nothing else explains. */
function causesOf(before: FactsRead, after: FactsRead): Cause[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  const changed = names.filter((name) => canonicalize(before[name]) !== canonicalize(after[name]));
  const shared = changed.filter((name) => name in before && name in after);
  return (shared.length > 0 ? shared : changed).map((name) => {
    const [kind = '', ...of] = name.split(':');
    return {
      kind: KIND_OF[kind] ?? 'OTHER',
      of: of.join(':'),
      from: before[name] ?? null,
      to: after[name] ?? null,
    };
  });
}
