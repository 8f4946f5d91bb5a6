import { newRowId } from '../../entities/row-id.js';
import { OutboxMessage, OutboxState } from '../../entities/schedule/outbox-message.js';
import { addRows, noWrites, writeRows, type RowWrites } from '../../entities/write-rows.js';
import { isWanted, type DomainEvent, type EventType } from '../../workflows/events.js';
import { organisationSeen, type EndpointListener } from '../organisation/load-organisation.js';
import type { TransactionContext } from '../transaction.js';

/** Payload of an outbox message on the channel `webhook`: the body, as every try sends it. */
export interface WebhookPayload {
  readonly type: EventType;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export const webhookKey = (eventKey: string, endpointId: string): string =>
  `${eventKey}/webhook/${endpointId}`;

/** The message that tells an endpoint of an event; held where the endpoint is put aside. */
export function webhookRow(
  { id: endpointId, enabled }: Pick<EndpointListener, 'id' | 'enabled'>,
  { key, type, at, data }: DomainEvent,
  now: Date,
): object {
  const payload: WebhookPayload = { type, timestamp: at.toISOString(), data };
  return {
    id: newRowId(),
    key: webhookKey(key, endpointId),
    channel: 'webhook',
    receiver: endpointId,
    payload,
    state: enabled ? OutboxState.PENDING : OutboxState.HELD,
    nextTryAt: now,
    createdAt: now,
  };
}

/**
 * Puts a message for each endpoint that wants an event into `writes`. Who listens is known with the organisation, which
 * this transaction has read or reads now: without endpoints it costs nothing more.
 */
export async function planEvents(
  tx: TransactionContext,
  writes: RowWrites,
  events: () => readonly DomainEvent[],
): Promise<void> {
  const { endpoints } = (await organisationSeen(tx.em)).listeners;
  if (endpoints.length === 0) return;
  const rows = events().flatMap((event) =>
    endpoints
      .filter(({ eventTypes }) => isWanted(event.type, eventTypes))
      .map((endpoint) => ({ enabled: endpoint.enabled, row: webhookRow(endpoint, event, tx.now) })),
  );
  addRows(
    writes,
    OutboxMessage,
    rows.map(({ row }) => row),
  );
  if (rows.some(({ enabled }) => enabled)) tx.wakes.push({ what: 'outbox' });
}

/** Tells endpoints of events in the transaction in which they happen. */
export async function tellOutside(
  tx: TransactionContext,
  events: () => readonly DomainEvent[],
): Promise<void> {
  const writes = noWrites();
  await planEvents(tx, writes, events);
  await writeRows(tx.em, writes);
}
