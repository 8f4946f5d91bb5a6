import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';
import { requireActor, type TransactionContext } from '../transaction.js';
import type { Counted, LeftBehind } from './deactivate-person.js';

/**
 * What changes hands: everything that is still being worked on. What is under approval or approved names its owner in
 * the content that is decided on, so it stays; `notMovable` tells how much.
 */
const MOVABLE = [
  ['customer', null],
  ['project', ['DRAFT', 'RUNNING', 'SUSPENDED']],
  ['quote', ['DRAFT', 'RETURNED']],
  ['contract', ['DRAFT', 'RETURNED']],
  ['invoice', ['DRAFT', 'RETURNED']],
  ['plan', ['DRAFT', 'RETURNED']],
  ['document', ['DRAFT', 'RETURNED']],
] as const;

/** Gives what a leaver owns and works on to the successor. */
export async function moveOwned(
  tx: TransactionContext,
  personId: string,
  successorId: string,
): Promise<Counted[]> {
  const by = requireActor(tx).id;
  const counts: Counted[] = [];
  for (const [table, statuses] of MOVABLE) {
    const { rows } = await sql<{ id: string }>`update ${sql.table(table)} as t
      set owner_id = ${successorId}, updated_by_id = ${by}, updated_at = ${tx.now}, version = version + 1
      where t.owner_id = ${personId} and t.archived_at is null
      ${statuses === null ? sql`` : sql`and t.status in (${sql.join(statuses)})`}
      and not exists (select 1 from approval_request r where r.subject_id = t.id and r.status = 'PENDING')
      returning t.id`.execute(readDb(tx.em));
    counts.push({ what: table, count: rows.length });
  }
  return counts;
}

/** What the leaver still owns that is not over, and the requests for which nobody else came to answer. */
export async function notMovable(tx: TransactionContext, personId: string): Promise<LeftBehind[]> {
  const found: LeftBehind[] = [];
  for (const [table] of MOVABLE) {
    const { rows } = await sql<{ count: string }>`select count(*) as count from ${sql.table(table)} as t
      where t.owner_id = ${personId} and t.archived_at is null`.execute(readDb(tx.em));
    const count = Number(rows[0]?.count ?? 0);
    if (count > 0) found.push({ what: table, id: null, count, reason: 'DECIDED_CONTENT' });
  }
  const requests = await readDb(tx.em)
    .selectFrom('approval_request')
    .select('id')
    .where(sql<boolean>`coalesce(contact_id, requester_id) = ${personId}`)
    .where('status', 'in', ['PENDING', 'RETURNED'])
    .orderBy('id')
    .execute();
  return [
    ...found,
    ...requests.map(({ id }) => ({ what: 'request', id, count: 1, reason: 'REQUESTER_LEFT' })),
  ];
}
