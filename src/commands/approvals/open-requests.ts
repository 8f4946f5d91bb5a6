import type { Context } from '../../context.js';
import { readRequests, type StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { SIMULATED_MAX } from '../../limits.js';

const BATCH = 200;

/** The requests that still run, oldest first, as many as one check goes through; of one process when a key is given. */
export async function openRequests(
  ctx: Pick<Context, 'em'>,
  processKey: string | null,
  only: readonly string[] | null = null,
): Promise<{ readonly total: number; readonly requests: StoredRequest[] }> {
  let query = readDb(ctx.em)
    .selectFrom('approval_request')
    .innerJoin('process_version', 'process_version.id', 'approval_request.process_version_id')
    .select('approval_request.id')
    .where('approval_request.status', 'in', ['PENDING', 'RETURNED'])
    .orderBy('approval_request.submitted_at')
    .orderBy('approval_request.id');
  if (processKey !== null) query = query.where('process_version.key', '=', processKey);
  if (only !== null) query = query.where('approval_request.id', 'in', only);
  const ids = (await query.execute()).map(({ id }) => id);
  const requests: StoredRequest[] = [];
  for (let first = 0; first < Math.min(ids.length, SIMULATED_MAX); first += BATCH) {
    const batch = ids.slice(first, Math.min(first + BATCH, SIMULATED_MAX));
    const read = new Map((await readRequests(ctx.em, batch)).map((one) => [one.id, one]));
    for (const id of batch) {
      const one = read.get(id);
      if (one) requests.push(one);
    }
  }
  return { total: ids.length, requests };
}
