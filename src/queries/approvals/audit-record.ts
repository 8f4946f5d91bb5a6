import type { EntityManager } from '@mikro-orm/postgresql';
import { readCheckpoints, readLeaves } from '../../entities/approvals/checkpoint-rows.js';
import { readFactRows, type FactRows } from '../../entities/approvals/fact-rows.js';
import { readDb } from '../../entities/read-db.js';
import {
  AuditCheck,
  type Anchor,
  type AuditEvent,
  type AuditFault,
  type AuditHead,
  type AuditText,
  type Verified,
} from '../../workflows/audit.js';
import { EXPORT_FORMAT, exportLine } from '../../workflows/audit-file.js';
import type { AuditLeaf } from '../../workflows/checkpoint.js';

/** Requests read by one statement. */
const BATCH = 500;

interface Batch {
  readonly heads: readonly AuditHead[];
  readonly facts: FactRows;
}

/** All requests in the order of their ids, which grow with time, with their facts. Read in one snapshot. */
async function* batches(em: EntityManager): AsyncGenerator<Batch> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const heads = await readDb(em)
      .selectFrom('approval_request as r')
      .innerJoin('process_version as v', 'v.id', 'r.process_version_id')
      .select([
        'r.id as requestId',
        'r.number',
        'r.fact_count as factCount',
        'r.chain_head as chainHead',
        'v.digest as processDigest',
      ])
      .where('r.id', '>', after)
      .orderBy('r.id')
      .limit(BATCH)
      .execute();
    const last = heads.at(-1);
    if (!last) return;
    yield {
      heads,
      facts: await readFactRows(
        em,
        heads.map(({ requestId }) => requestId),
      ),
    };
    after = last.requestId;
  }
}

async function allLeaves(em: EntityManager): Promise<AuditLeaf[]> {
  const leaves: AuditLeaf[] = [];
  for await (const some of readLeaves(em)) leaves.push(...some);
  return leaves;
}

/** Verifies the record in this database, its columns and free text included. Call it inside a snapshot. */
export async function verifyDatabase(em: EntityManager, anchor: Anchor = {}): Promise<Verified> {
  const check = new AuditCheck(await allLeaves(em));
  for await (const { heads, facts } of batches(em)) {
    const eventsOf = Map.groupBy(facts.facts, ({ requestId }) => requestId);
    const texts = new Map(
      [...facts.texts.values()].map((row): [string, AuditText] => [
        row.commitment,
        { ...row, value: valueOf(row.value), erased: row.erasedAt !== null },
      ]),
    );
    const sound = heads.every((head) => {
      const events = (eventsOf.get(head.requestId) ?? []).map(
        ({ type, actorId, at, ...event }): AuditEvent => ({ ...event, columns: { type, actorId, at } }),
      );
      return check.request(head, events, texts);
    });
    if (!sound) break;
  }
  const verified = check.finish(await readCheckpoints(em), anchor);
  return { ...verified, fault: verified.fault ?? (await strayFact(em)) };
}

/** A fact of a request that is not there; foreign keys refuse it, and whoever took them away is told of here. */
async function strayFact(em: EntityManager): Promise<AuditFault | null> {
  const stray = await readDb(em)
    .selectFrom('approval_event as e')
    .select(['e.request_id', 'e.sequence'])
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom('approval_request as r').select('r.id').whereRef('r.id', '=', 'e.request_id'),
        ),
      ),
    )
    .orderBy('e.request_id')
    .orderBy('e.sequence')
    .limit(1)
    .executeTakeFirst();
  return stray
    ? { request: stray.request_id, sequence: stray.sequence, problem: 'its request is gone' }
    : null;
}

const valueOf = (value: string | null): unknown => (value === null ? null : (JSON.parse(value) as unknown));

/** The record as lines of an export. Call it inside a snapshot. */
export async function* exportLines(em: EntityManager, now: Date): AsyncGenerator<string> {
  yield exportLine({ header: { format: EXPORT_FORMAT, exportedAt: now.toISOString() } });
  const counts = { requests: 0, events: 0, leaves: 0, checkpoints: 0 };
  for await (const leaves of readLeaves(em)) {
    for (const leaf of leaves) yield exportLine({ leaf });
    counts.leaves += leaves.length;
  }
  for await (const { heads, facts } of batches(em)) {
    const eventsOf = Map.groupBy(facts.facts, ({ requestId }) => requestId);
    for (const head of heads) {
      yield exportLine({ request: head });
      for (const { requestId, sequence, canonical, digest } of eventsOf.get(head.requestId) ?? [])
        yield exportLine({ event: { requestId, sequence, canonical, digest } });
    }
    counts.requests += heads.length;
    counts.events += facts.facts.length;
  }
  for (const checkpoint of await readCheckpoints(em)) {
    yield exportLine({ checkpoint });
    counts.checkpoints += 1;
  }
  yield exportLine({ end: counts });
}
