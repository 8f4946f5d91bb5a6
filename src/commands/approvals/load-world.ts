import type { EntityManager } from '@mikro-orm/postgresql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { asksForLoad, type ProcessDefinition } from '../../workflows/process.js';
import type { RequestState, World } from '../../workflows/request.js';
import { loadOrganisation } from '../organisation/load-organisation.js';

/** What is true for the core at this moment; how much everybody has to do only where the definition asks for it. */
export async function loadWorld(
  ctx: Pick<Context, 'em' | 'now'>,
  definition: ProcessDefinition,
  requestId: string | null,
): Promise<World> {
  const { organisation, calendarOf } = await loadOrganisation(ctx.em);
  const load = asksForLoad(definition) ? await openElsewhere(ctx.em, requestId) : undefined;
  return { now: ctx.now, organisation, calendarOf, load };
}

/** Open assignments by person in all other requests; in all requests when none is named. One scan of the partial index
 *  of open ones. */
export async function openElsewhere(
  em: EntityManager,
  requestId: string | null,
): Promise<ReadonlyMap<string, number>> {
  let open = readDb(em)
    .selectFrom('approval_assignment')
    .select(['person_id', (eb) => eb.fn.countAll<string>().as('open')])
    .where('status', '=', 'OPEN')
    .groupBy('person_id');
  if (requestId !== null) open = open.where('request_id', '<>', requestId);
  const rows = await open.execute();
  return new Map(rows.map((row) => [row.person_id, Number(row.open)]));
}

/** The same for a request that is counted in it: without its own. */
export function withoutOwn(
  load: ReadonlyMap<string, number>,
  { assignments }: RequestState,
): ReadonlyMap<string, number> {
  const rest = new Map(load);
  for (const { personId, status } of assignments)
    if (status === 'OPEN') rest.set(personId, Math.max(0, (rest.get(personId) ?? 0) - 1));
  return rest;
}
