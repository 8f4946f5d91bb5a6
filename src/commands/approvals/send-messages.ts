import { newRowId } from '../../entities/row-id.js';
import { OutboxMessage } from '../../entities/schedule/outbox-message.js';
import { insertRows } from '../../entities/write-rows.js';
import type { Effect } from '../../workflows/effects.js';
import type { RequestState } from '../../workflows/request.js';
import type { TransactionContext } from '../transaction.js';
import { messageText } from './messages.js';

type Message = Omit<Extract<Effect, { type: 'SEND' }>, 'type'>;

/** Puts messages about a request into the outbox, in the transaction of what they tell. */
export async function sendMessages(
  tx: TransactionContext,
  after: RequestState,
  messages: readonly Message[],
): Promise<void> {
  if (messages.length === 0) return;
  const rows = messages.map(({ key, message, people, step, comment }) => ({
    id: newRowId(),
    key,
    channel: 'in-app',
    payload: { kind: message, people, requestId: after.id, ...messageText(message, after, step, comment) },
    nextTryAt: tx.now,
    createdAt: tx.now,
  }));
  await insertRows(tx.em, OutboxMessage, rows);
  tx.wakes.push({ what: 'outbox' });
}
