import { sql } from 'kysely';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { OutboxState } from '../../entities/schedule/outbox-message.js';
import { DELIVERY_BACKOFF_MAX_SECONDS, DELIVERY_TRIES } from '../../limits.js';
import { inTransaction, sqlState, type TransactionContext } from '../transaction.js';
import { NotBefore, OUTSIDE_CHANNELS, reasonOf } from './channels.js';
import { deliverInApp } from './deliver-in-app.js';

/** Rows locked by one transaction: keeps each well under the statement and lock time-outs. */
const BATCH = 100;

/** These mean "run the transaction again", not "this message is bad". */
const RETRY_WHOLE = new Set(['40001', '40P01', '55P03']);

interface Message {
  readonly id: string;
  readonly key: string;
  readonly channel: string;
  readonly payload: unknown;
  readonly tries: number;
}

/** By `OutboxMessage.channel`. Must be safe to repeat under the same key. */
type Channels = Readonly<Record<string, (tx: TransactionContext, message: Message) => Promise<void>>>;
const CHANNELS: Channels = { 'in-app': deliverInApp };

export interface RelayReport {
  delivered: number;
  failed: number;
  dead: number;
}

/**
 * Delivers what is due in the outbox and stays in the building, oldest first, until nothing is left: at least once under
 * the message's key. Any number of relays may run at once; each row is taken by one. A failure costs only its own message:
 * it waits twice as long after each try, and is parked as DEAD after the last, for people to see and replay. What leaves
 * the building is `sendOutbox`'s.
 */
export async function relayOutbox(
  ctx: Context,
  options: { readonly signal?: AbortSignal } = {},
): Promise<RelayReport> {
  const total: RelayReport = { delivered: 0, failed: 0, dead: 0 };
  for (;;) {
    const part = await inTransaction(ctx, (tx) => relayBatch(tx));
    total.delivered += part.delivered;
    total.failed += part.failed;
    total.dead += part.dead;
    if (part.delivered + part.failed + part.dead < BATCH || options.signal?.aborted) return total;
  }
}

async function relayBatch(tx: TransactionContext): Promise<RelayReport> {
  const db = readDb(tx.em);
  const messages: Message[] = await db
    .selectFrom('outbox_message')
    .select(['id', 'key', 'channel', 'payload', 'tries'])
    .where('state', '=', OutboxState.PENDING)
    .where('channel', 'not in', OUTSIDE_CHANNELS)
    .where('next_try_at', '<=', tx.now as never)
    .orderBy('next_try_at')
    .orderBy('id')
    .limit(BATCH)
    .forUpdate()
    .skipLocked()
    .execute();
  const delivered: string[] = [];
  let dead = 0;
  for (const message of messages) {
    const failure = await failureOf(tx, message);
    if (failure === null) delivered.push(message.id);
    else if (failure instanceof NotBefore) await putOff(tx, message, failure);
    else if (await recordFailure(tx, message, reasonOf(failure))) dead += 1;
  }
  if (delivered.length > 0) {
    await db
      .updateTable('outbox_message')
      .set({ state: OutboxState.DELIVERED, delivered_at: tx.now, last_error: null })
      .where('id', 'in', delivered)
      .execute();
  }
  return { delivered: delivered.length, dead, failed: messages.length - delivered.length - dead };
}

/** null when delivered. A savepoint takes back what a failed delivery had written, and nothing else. */
async function failureOf(tx: TransactionContext, message: Message): Promise<Error | null> {
  const db = readDb(tx.em);
  await sql`savepoint delivery`.execute(db);
  try {
    const deliver = CHANNELS[message.channel];
    if (deliver === undefined) throw new Error(`there is no channel ${message.channel}`);
    await deliver(tx, message);
    await sql`release savepoint delivery`.execute(db);
    return null;
  } catch (error) {
    if (RETRY_WHOLE.has(sqlState(error) ?? '')) throw error;
    await sql`rollback to savepoint delivery`.execute(db);
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** It waits; this was no try. */
async function putOff(
  tx: TransactionContext,
  message: Message,
  { at, message: why }: NotBefore,
): Promise<void> {
  await readDb(tx.em)
    .updateTable('outbox_message')
    .set({ next_try_at: at, last_error: why })
    .where('id', '=', message.id)
    .execute();
}

/** Whether it was the last try. Waits 2, 4, 8 … seconds. */
async function recordFailure(tx: TransactionContext, message: Message, reason: string): Promise<boolean> {
  const tries = message.tries + 1;
  const dead = tries >= DELIVERY_TRIES;
  const waitSeconds = Math.min(2 ** tries, DELIVERY_BACKOFF_MAX_SECONDS);
  tx.log.warn({ message: message.id, tries, dead }, 'a message could not be delivered');
  await readDb(tx.em)
    .updateTable('outbox_message')
    .set({
      tries,
      state: dead ? OutboxState.DEAD : OutboxState.PENDING,
      next_try_at: new Date(tx.now.getTime() + waitSeconds * 1000),
      last_error: reason,
    })
    .where('id', '=', message.id)
    .execute();
  return dead;
}
