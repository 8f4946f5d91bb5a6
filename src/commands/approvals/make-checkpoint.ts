import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import type { Context } from '../../context.js';
import { AuditCheckpointRow } from '../../entities/approvals/audit-checkpoint.js';
import { readCheckpoints, readLeaves } from '../../entities/approvals/checkpoint-rows.js';
import { readDb } from '../../entities/read-db.js';
import {
  checkpointDigest,
  leafHashOf,
  NO_CHECKPOINT,
  signCheckpoint,
  type Checkpoint,
  type SigningKey,
} from '../../workflows/checkpoint.js';
import { MerkleTree } from '../../workflows/merkle.js';
import { inTransaction } from '../transaction.js';

export type { Checkpoint, SigningKey };

/** One checkpoint at a time, whoever makes it. */
const CHECKPOINT_LOCK = 7_270_012;

/**
 * Adds the heads that changed since the last checkpoint as leaves, and signs the root over all leaves. Facts that are
 * being written meanwhile are in the next one. Reads all leaves once; memory stays small.
 * @throws Error when the leaves no longer give the last checkpoint's root: the record was tampered with
 */
export function makeCheckpoint(ctx: Context, key: SigningKey): Promise<Checkpoint> {
  return inTransaction(ctx, async (tx) => {
    const db = readDb(tx.em);
    await sql`select pg_advisory_xact_lock(${CHECKPOINT_LOCK})`.execute(db);
    await sql`insert into audit_leaf (position, request_id, number, fact_count, chain_head, process_digest)
      select (select coalesce(max(position) + 1, 0) from audit_leaf) + row_number() over (order by r.submitted_at, r.id) - 1,
        r.id, r.number, r.fact_count, r.chain_head, v.digest
      from approval_request r join process_version v on v.id = r.process_version_id
      where not exists (select 1 from audit_leaf l where l.request_id = r.id and l.fact_count = r.fact_count)`.execute(
      db,
    );
    const [last] = await readCheckpoints(tx.em, { newest: 1 });
    const tree = await treeOf(tx.em, last);
    const unsigned = {
      sequence: (last?.sequence ?? 0) + 1,
      at: tx.now.toISOString(),
      treeSize: tree.size,
      root: tree.root(),
      previous: last ? checkpointDigest(last) : NO_CHECKPOINT,
    };
    const checkpoint = signCheckpoint(unsigned, key);
    await tx.em.insertMany(AuditCheckpointRow, [{ ...checkpoint, at: tx.now }]);
    return checkpoint;
  });
}

async function treeOf(em: EntityManager, last: Checkpoint | undefined): Promise<MerkleTree> {
  const tree = new MerkleTree();
  for await (const leaves of readLeaves(em)) {
    for (const leaf of leaves) {
      tree.append(leafHashOf(leaf));
      if (tree.size === last?.treeSize && tree.root() !== last.root)
        throw new Error(
          `the leaves give another root than checkpoint ${last.sequence}: run npm run audit -- verify`,
        );
    }
  }
  if (last && tree.size < last.treeSize)
    throw new Error(`leaves of checkpoint ${last.sequence} are gone: run npm run audit -- verify`);
  return tree;
}

/** Makes a checkpoint unless the last one is younger than so many hours. */
export async function makeDueCheckpoint(
  ctx: Context,
  key: () => SigningKey,
  hours: number,
): Promise<Checkpoint | null> {
  const [last] = await readCheckpoints(ctx.em, { newest: 1 });
  const age = last ? ctx.now.getTime() - Date.parse(last.at) : Infinity;
  return age < hours * 3_600_000 ? null : makeCheckpoint(ctx, key());
}
