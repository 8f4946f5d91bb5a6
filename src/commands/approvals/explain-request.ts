import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import { readFactRows, valueIn } from '../../entities/approvals/fact-rows.js';
import { readRequests, type StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb, visible } from '../../entities/read-db.js';
import { explain, type ExplainedStep } from '../../workflows/explain.js';
import type { Fact } from '../../workflows/request.js';
import { unsealFact } from '../../workflows/seal.js';
import { requireActor, requireId } from '../transaction.js';
import { loadWorld } from './load-world.js';

export interface Explained {
  readonly stored: StoredRequest;
  readonly steps: readonly ExplainedStep[];
}

/** Why a request that you may see stands where it stands. Reads only. @throws NOT_FOUND */
export async function explainRequest(ctx: Context, requestId: string): Promise<Explained> {
  const id = requireId(requestId, 'approval request');
  const seen = await readDb(ctx.em)
    .selectFrom('approval_request')
    .select('id')
    .where('id', '=', id)
    .where(visible(requireActor(ctx), 'request:read', 'approval_request'))
    .executeTakeFirst();
  const [stored] = seen ? await readRequests(ctx.em, [id]) : [];
  if (!stored) throw refusal('NOT_FOUND', { what: 'approval request' });
  const world = await loadWorld(ctx, stored.definition, id);
  const facts = (await factsOf(ctx, [id])).get(id) ?? [];
  return { stored, steps: explain(stored.state, facts, world) };
}

/** The facts of requests with their free text, each in order; two statements. */
export async function factsOf(
  ctx: Pick<Context, 'em'>,
  requestIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Fact[]>> {
  const found = new Map<string, Fact[]>(requestIds.map((id) => [id, []]));
  const { facts, texts } = await readFactRows(ctx.em, requestIds);
  const valueOf = valueIn(texts);
  for (const { requestId, canonical } of facts) found.get(requestId)?.push(unsealFact(canonical, valueOf));
  return found;
}
