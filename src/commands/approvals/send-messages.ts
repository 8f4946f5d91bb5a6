import { newRowId } from '../../entities/row-id.js';
import { OutboxMessage } from '../../entities/schedule/outbox-message.js';
import { addRows, noWrites, writeRows, type RowWrites } from '../../entities/write-rows.js';
import type { Effect } from '../../workflows/effects.js';
import type { RequestState } from '../../workflows/request.js';
import type { TransactionContext } from '../transaction.js';
import { messageText } from './messages.js';

type Message = Omit<Extract<Effect, { type: 'SEND' }>, 'type'>;

/** Puts messages about a request among the rows to write, in the transaction of what they tell. */
export function addMessages(
  tx: TransactionContext,
  writes: RowWrites,
  after: RequestState,
  messages: readonly Message[],
): void {
  if (messages.length === 0) return;
  const rows = messages.map(({ key, message, people, step, comment }) => ({
    id: newRowId(),
    key,
    channel: 'in-app',
    payload: {
      kind: message,
      people,
      requestId: after.id,
      step,
      ...messageText(message, after, step, comment),
    },
    nextTryAt: tx.now,
    createdAt: tx.now,
  }));
  addRows(writes, OutboxMessage, rows);
  tx.wakes.push({ what: 'outbox' });
}

/** As `addMessages`, written at once. */
export async function sendMessages(
  tx: TransactionContext,
  after: RequestState,
  messages: readonly Message[],
): Promise<void> {
  const writes = noWrites();
  addMessages(tx, writes, after, messages);
  await writeRows(tx.em, writes);
}
