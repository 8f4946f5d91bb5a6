import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditLeaf, Checkpoint } from '../../workflows/checkpoint.js';
import { readDb } from '../read-db.js';

/** Checkpoints as they were signed: all from the first, or the newest few from the newest. */
export async function readCheckpoints(
  em: EntityManager,
  { newest }: { newest?: number } = {},
): Promise<Checkpoint[]> {
  const all = readDb(em)
    .selectFrom('audit_checkpoint')
    .select([
      'sequence',
      'at',
      'tree_size as treeSize',
      'root',
      'previous',
      'signature',
      'key_id as keyId',
      'public_key as publicKey',
    ]);
  const rows = await (
    newest === undefined ? all.orderBy('sequence') : all.orderBy('sequence', 'desc').limit(newest)
  ).execute();
  return rows.map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
}

/** Rows read by one statement: some megabytes at most. */
const BATCH = 10_000;

/** The leaves in their order, some thousands at a time; up to a size of the tree, or all. */
export async function* readLeaves(em: EntityManager, size = Infinity): AsyncGenerator<readonly AuditLeaf[]> {
  for (let from = 0; from < size; from += BATCH) {
    const leaves = await readDb(em)
      .selectFrom('audit_leaf')
      .select([
        'request_id as requestId',
        'number',
        'fact_count as factCount',
        'chain_head as chainHead',
        'process_digest as processDigest',
      ])
      .where('position', '>=', from)
      .where('position', '<', Math.min(from + BATCH, size))
      .orderBy('position')
      .execute();
    yield leaves;
    if (leaves.length < BATCH) return;
  }
}
