import { readDb } from '../../entities/read-db.js';
import type { TransactionContext } from '../transaction.js';
import { record } from './make-follow-up.js';
import { sql } from 'kysely';

/** Gives the open follow-ups of a leaver to the successor; answers how many. Their timers ask whose turn it is. */
export async function moveFollowUps(
  tx: TransactionContext,
  personId: string,
  successorId: string,
): Promise<number> {
  const moved = await readDb(tx.em)
    .updateTable('follow_up')
    .set({ person_id: successorId, updated_at: tx.now, version: sql`version + 1` })
    .where('person_id', '=', personId)
    .where('status', '=', 'OPEN')
    .returning('id')
    .execute();
  for (const { id } of moved)
    await record(tx, id, 'SUCCEEDED_TO', { from: { personId }, to: { personId: successorId } });
  return moved.length;
}
