import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import type { Timer } from '../../entities/schedule/timer.js';
import type { TransactionContext } from '../transaction.js';
import type { MailPayload } from './mail-payload.js';

/**
 * Sends a person's digest, in the transaction that fires its timer: one mail under the timer's key, which tells all
 * that was put into it. Whatever is told from now on belongs to a later digest.
 */
export async function makeDigest(
  tx: TransactionContext,
  { key, subjectId }: Pick<Timer, 'key' | 'subjectId'>,
): Promise<void> {
  const payload: MailPayload = { digest: key };
  await readDb(tx.em)
    .insertInto('outbox_message')
    .values({
      id: newRowId(),
      key,
      channel: 'mail',
      receiver: subjectId,
      payload: JSON.stringify(payload),
      next_try_at: tx.now,
      created_at: tx.now,
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  tx.wakes.push({ what: 'outbox' });
}
