import { isRefusal, type Refusal } from '../errors.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import {
  expectedRoute,
  routeDifferences,
  type ExpectedStep,
  type RouteDifference,
} from './expected-route.js';
import type { MigrationPlan } from './migrate.js';
import type { ProcessDefinition } from './process.js';
import type { Fact, RequestState, RequestStatus, World } from './request.js';

/** What would become of a running request on another version of its definition. */
export type MigrationDryRun =
  | (MigrationPlan & {
      readonly outcome: 'SAME_ROUTE' | 'CHANGED_ROUTE';
      readonly differences: readonly RouteDifference[];
      /** Whose turn it is and would be no more. */
      readonly dropped: readonly string[];
      readonly status: RequestStatus;
    })
  | { readonly outcome: 'IMPOSSIBLE'; readonly why: Refusal };

/**
 * The move itself, asked of the core and kept from the rows, with the route ahead compared to that of the version the
 * request is pinned to. Impossible, with the reason, where the move would be refused.
 */
export function dryRunMigration(
  request: RequestState,
  by: string,
  definition: ProcessDefinition,
  world: World,
): MigrationDryRun {
  try {
    const facts = decide(request, { type: 'migrate', by, definition, comment: 'dry run' }, world);
    const after = facts.reduce(evolve, { ...request, definition });
    const moved = facts.find((fact) => fact.type === 'MIGRATED');
    const { carried, asked, removed } = moved ?? { carried: [], asked: [], removed: [] };
    const differences = routeDifferences(routeFrom(request, [], world), routeFrom(after, facts, world));
    const outcome = differences.length === 0 && asked.length === 0 ? 'SAME_ROUTE' : 'CHANGED_ROUTE';
    const still = new Set(openPeople(after));
    const dropped = openPeople(request).filter((personId) => !still.has(personId));
    return { outcome, differences, carried, asked, removed, dropped, status: after.status };
  } catch (error) {
    if (isRefusal(error)) return { outcome: 'IMPOSSIBLE', why: error };
    throw error;
  }
}

/** Steps open now are as good as ahead: they are foreseen with those whose turn it is. */
function routeFrom(request: RequestState, happened: readonly Fact[], world: World): ExpectedStep[] {
  const open = request.steps.filter((step) => step.status === 'OPEN' && step.round === request.round);
  const asked = new Map(
    open.map(({ key, attempt }) => [
      key,
      request.assignments
        .filter((one) => one.stepKey === key && one.round === request.round && one.attempt === attempt)
        .map(({ personId }) => personId),
    ]),
  );
  return expectedRoute({ ...request, pausedAt: null }, happened, world).map((step) => {
    const people = asked.get(step.key);
    return people && people.length > 0 ? { ...step, outcome: 'ASKED' as const, people } : step;
  });
}

const openPeople = ({ assignments }: RequestState): string[] => [
  ...new Set(assignments.filter(({ status }) => status === 'OPEN').map(({ personId }) => personId)),
];
