import type { Context } from '../../context.js';
import { readRequests } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import {
  expectedRoute,
  routeDifferences,
  type ExpectedStep,
  type RouteDifference,
} from '../../workflows/expected-route.js';
import { asksForLoad } from '../../workflows/process.js';
import { currentStep, type RequestState, type World } from '../../workflows/request.js';
import { openElsewhere, withoutOwn } from './load-world.js';
import { loadOrganisation } from '../organisation/load-organisation.js';

/** A difference; `happened`: the step has opened otherwise; else it would, were it opened now. */
export interface KnownDifference extends RouteDifference {
  readonly requestId: string;
  readonly happened: boolean;
}

/**
 * Where the present rounds of requests go another way than was foreseen when they were handed in: what has happened
 * otherwise, as it was found at that moment, and what would happen otherwise as things are now. Nothing for a request
 * from before routes were kept. Reads only; the number of statements does not grow with the requests.
 */
export async function differencesOf(ctx: Context, requestIds: readonly string[]): Promise<KnownDifference[]> {
  const requests = await readRequests(ctx.em, requestIds);
  const rows = await readDb(ctx.em)
    .selectFrom('approval_preview')
    .select(['request_id', 'round', 'steps', 'differences'])
    .where('request_id', 'in', requestIds)
    .execute();
  const { organisation, calendarOf } = await loadOrganisation(ctx.em);
  const asked = requests.some(({ definition }) => asksForLoad(definition));
  const load = asked ? await openElsewhere(ctx.em, null) : undefined;
  return requests.flatMap(({ id: requestId, state }) => {
    const kept = rows.find((row) => row.request_id === requestId && row.round === state.round);
    if (!kept) return [];
    const happened = kept.differences as unknown as RouteDifference[];
    const world: World = { now: ctx.now, organisation, calendarOf, load: load && withoutOwn(load, state) };
    const ahead = differencesAhead(state, kept.steps as unknown as ExpectedStep[], world);
    return [
      ...happened.map((difference) => ({ ...difference, requestId, happened: true })),
      ...ahead.map((difference) => ({ ...difference, requestId, happened: false })),
    ];
  });
}

/** Of the steps not yet reached in a request that still runs. */
function differencesAhead(
  state: RequestState,
  expected: readonly ExpectedStep[],
  world: World,
): RouteDifference[] {
  if (state.status !== 'PENDING') return [];
  const ahead = (step: ExpectedStep): boolean => currentStep(state, step.key) === undefined;
  return routeDifferences(
    expected.filter(ahead),
    expectedRoute({ ...state, pausedAt: null }, [], world).filter(ahead),
  );
}
