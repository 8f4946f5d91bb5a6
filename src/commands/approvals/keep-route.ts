import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import {
  expectedRoute,
  openedSteps,
  routeDifferences,
  type ExpectedStep,
  type RouteDifference,
} from '../../workflows/expected-route.js';
import type { Fact, RequestState, World } from '../../workflows/request.js';
import type { TransactionContext } from '../transaction.js';

/**
 * Keeps the route foreseen when a round is handed in; when a later step opens otherwise, keeps what differs and why,
 * by the facts of that very moment. In the transaction of the facts.
 */
export async function keepRoute(
  tx: TransactionContext,
  request: RequestState,
  facts: readonly Fact[],
  world: World,
): Promise<void> {
  if (facts.some(({ type }) => type === 'SUBMITTED' || type === 'RESUBMITTED'))
    return insertPreview(tx, request, expectedRoute(request, facts, world));
  if (facts.some(({ type }) => type === 'MIGRATED')) return foreseeAnew(tx, request, facts, world);
  const opened = openedSteps(request, facts, world);
  if (opened.length === 0) return;
  const kept = await readDb(tx.em)
    .selectFrom('approval_preview')
    .select(['id', 'steps', 'differences'])
    .where('request_id', '=', request.id)
    .where('round', '=', request.round)
    .executeTakeFirst();
  if (!kept) return;
  const keys = new Set(opened.map((step) => step.key));
  const expected = (kept.steps as unknown as ExpectedStep[]).filter(({ key }) => keys.has(key));
  const found = routeDifferences(expected, opened);
  const known = kept.differences as unknown as RouteDifference[];
  const differences = [...known.filter(({ step }) => !keys.has(step)), ...found];
  if (found.length === 0 && differences.length === known.length) return;
  await readDb(tx.em)
    .updateTable('approval_preview')
    .set({ differences: JSON.stringify(differences) })
    .where('id', '=', kept.id)
    .execute();
}

/** A move to another version says itself what it changes: from then on the route is foreseen by the new one. */
async function foreseeAnew(
  tx: TransactionContext,
  request: RequestState,
  facts: readonly Fact[],
  world: World,
): Promise<void> {
  const row = readDb(tx.em)
    .selectFrom('approval_preview')
    .select(['id', 'steps'])
    .where('request_id', '=', request.id)
    .where('round', '=', request.round);
  const kept = await row.executeTakeFirst();
  if (!kept) return;
  const old = new Map((kept.steps as unknown as ExpectedStep[]).map((step) => [step.key, step]));
  const steps = expectedRoute({ ...request, pausedAt: null }, facts, world).map((step) =>
    step.outcome === 'NOT_REACHED' ? (old.get(step.key) ?? step) : step,
  );
  await readDb(tx.em)
    .updateTable('approval_preview')
    .set({ steps: JSON.stringify(steps) })
    .where('id', '=', kept.id)
    .execute();
}

async function insertPreview(
  tx: TransactionContext,
  { id, round }: RequestState,
  steps: readonly ExpectedStep[],
): Promise<void> {
  await readDb(tx.em)
    .insertInto('approval_preview')
    .values({ id: newRowId(), request_id: id, round, steps: JSON.stringify(steps), differences: '[]' })
    .execute();
}
