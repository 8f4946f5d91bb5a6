import { chainDigest, chainStart } from '../../src/workflows/canonical.js';
import type { AuditEvent, AuditHead } from '../../src/workflows/audit.js';
import { exportLine } from '../../src/workflows/audit-file.js';
import {
  checkpointDigest,
  leafHashOf,
  NO_CHECKPOINT,
  signCheckpoint,
  type AuditLeaf,
  type Checkpoint,
  type SigningKey,
} from '../../src/workflows/checkpoint.js';
import { MerkleTree } from '../../src/workflows/merkle.js';

/** A record of approvals as plain data that a test may twist. */
export interface Record {
  requests: { head: Mutable<AuditHead>; events: Mutable<AuditEvent>[] }[];
  leaves: Mutable<AuditLeaf>[];
  checkpoints: Checkpoint[];
}
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Chains the texts again, from the first: what someone with all rights to the tables could do. */
export function rechain({ head, events }: Record['requests'][number]): void {
  let digest = chainStart(head.requestId);
  for (const [index, event] of events.entries()) {
    digest = chainDigest(digest, event.canonical);
    Object.assign(event, { requestId: head.requestId, sequence: index + 1, digest });
  }
  Object.assign(head, { factCount: events.length, chainHead: digest });
}

/** Adds what changed as leaves, and a checkpoint over them. */
export function addCheckpoint(record: Record, key: SigningKey, at: string): Checkpoint {
  const seen = new Set(record.leaves.map(({ requestId, factCount }) => `${requestId}/${factCount}`));
  for (const { head } of record.requests)
    if (!seen.has(`${head.requestId}/${head.factCount}`)) record.leaves.push({ ...head });
  return sign(record, record.leaves.length, key, at);
}

function sign(record: Record, treeSize: number, key: SigningKey, at: string): Checkpoint {
  const tree = new MerkleTree();
  for (const leaf of record.leaves.slice(0, treeSize)) tree.append(leafHashOf(leaf));
  const last = record.checkpoints.at(-1);
  const unsigned = {
    sequence: (last?.sequence ?? 0) + 1,
    at,
    treeSize,
    root: tree.root(),
    previous: last ? checkpointDigest(last) : NO_CHECKPOINT,
  };
  const checkpoint = signCheckpoint(unsigned, key);
  record.checkpoints.push(checkpoint);
  return checkpoint;
}

/** Makes all leaves and checkpoints fit what the requests are now, signed by another key. */
export function forge(record: Record, key: SigningKey): void {
  for (const leaf of record.leaves) {
    const found = record.requests.find(({ head }) => head.requestId === leaf.requestId);
    const event = found?.events[Math.min(leaf.factCount, found.events.length) - 1];
    if (found && event)
      Object.assign(leaf, { number: found.head.number, factCount: event.sequence, chainHead: event.digest });
  }
  record.leaves = record.leaves.filter((leaf) =>
    record.requests.some(({ head }) => head.requestId === leaf.requestId),
  );
  const old = record.checkpoints;
  record.checkpoints = [];
  for (const { treeSize, at } of old) sign(record, Math.min(treeSize, record.leaves.length), key, at);
}

export function linesOf({ requests, leaves, checkpoints }: Record): string[] {
  const events = requests.flatMap((request) => request.events);
  return [
    exportLine({ header: { format: 'countersign-audit/1', exportedAt: '2026-01-01T00:00:00.000Z' } }),
    ...leaves.map((leaf) => exportLine({ leaf })),
    ...requests.flatMap(({ head, events: own }) => [
      exportLine({ request: head }),
      ...own.map((event) => exportLine({ event })),
    ]),
    ...checkpoints.map((checkpoint) => exportLine({ checkpoint })),
    exportLine({
      end: {
        requests: requests.length,
        events: events.length,
        leaves: leaves.length,
        checkpoints: checkpoints.length,
      },
    }),
  ].map((line) => line.trimEnd());
}
