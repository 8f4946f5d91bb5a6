import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { OutboxMessage, OutboxState } from '../../entities/schedule/outbox-message.js';
import { WebhookDisabledBecause, WebhookState } from '../../entities/schedule/webhook-endpoint.js';
import { addRows, noWrites, writeRows } from '../../entities/write-rows.js';
import { WEBHOOK_ROTATION_HOURS } from '../../limits.js';
import { inTransaction } from '../transaction.js';
import type { EndpointSecret } from './create-webhook-endpoint.js';
import { webhookRow } from './tell-outside.js';
import { lockEndpoint, newWebhookSecret, requireManager } from './webhook-fields.js';
import { disableEndpoint } from './webhook-switch.js';

@InputType({ description: 'Which webhook endpoint.' })
export class WebhookEndpointInput {
  @Field(() => ID, { description: 'Id of the endpoint.' })
  id!: string;
}

/** Signs with a new secret from now on, and with the one before as well for a day. @throws FORBIDDEN, NOT_FOUND */
export async function rotateWebhookSecret(
  ctx: Context,
  { id }: WebhookEndpointInput,
): Promise<EndpointSecret> {
  const actor = requireManager(ctx, 'webhook:manage');
  return inTransaction(ctx, async (tx) => {
    const endpoint = await lockEndpoint(tx, id);
    const secret = newWebhookSecret();
    await readDb(tx.em)
      .updateTable('webhook_endpoint')
      .set({
        secret,
        previous_secret: endpoint.secret,
        previous_secret_until: new Date(tx.now.getTime() + WEBHOOK_ROTATION_HOURS * 3_600_000),
      })
      .where('id', '=', endpoint.id)
      .execute();
    tx.log.info({ endpoint: endpoint.id, by: actor.id }, 'a webhook secret was rotated');
    return { endpointId: endpoint.id, secret };
  });
}

/** Sends to it again from now on; whoever enables it answers for it. What was held waits for a replay. @throws FORBIDDEN, NOT_FOUND */
export async function enableWebhookEndpoint(
  ctx: Context,
  { id }: WebhookEndpointInput,
): Promise<{ endpointId: string }> {
  const actor = requireManager(ctx, 'webhook:manage');
  return inTransaction(ctx, async (tx) => {
    const endpoint = await lockEndpoint(tx, id);
    await readDb(tx.em)
      .updateTable('webhook_endpoint')
      .set({
        state: WebhookState.ENABLED,
        disabled_because: null,
        failing_since: null,
        given_up: 0,
        owner_id: actor.id,
      })
      .where('id', '=', endpoint.id)
      .execute();
    tx.log.info({ endpoint: endpoint.id, by: actor.id }, 'a webhook endpoint was enabled');
    return { endpointId: endpoint.id };
  });
}

/** Sends nothing more to it; what happens is held. Disabled already: nothing happens. @throws FORBIDDEN, NOT_FOUND */
export async function disableWebhookEndpoint(
  ctx: Context,
  { id }: WebhookEndpointInput,
): Promise<{ endpointId: string }> {
  const actor = requireManager(ctx, 'webhook:manage');
  return inTransaction(ctx, async (tx) => {
    const endpoint = await lockEndpoint(tx, id);
    await disableEndpoint(tx, endpoint.id, WebhookDisabledBecause.BY_HAND);
    tx.log.info({ endpoint: endpoint.id, by: actor.id }, 'a webhook endpoint was disabled by hand');
    return { endpointId: endpoint.id };
  });
}

/** Forgets the endpoint, its secrets, and all that was still to be sent to it. @throws FORBIDDEN, NOT_FOUND */
export async function deleteWebhookEndpoint(
  ctx: Context,
  { id }: WebhookEndpointInput,
): Promise<{ endpointId: string }> {
  const actor = requireManager(ctx, 'webhook:manage');
  return inTransaction(ctx, async (tx) => {
    const endpoint = await lockEndpoint(tx, id);
    const db = readDb(tx.em);
    await db
      .deleteFrom('outbox_message')
      .where('channel', '=', 'webhook')
      .where('receiver', '=', endpoint.id)
      .where('state', '<>', OutboxState.DELIVERED)
      .execute();
    await db.deleteFrom('webhook_endpoint').where('id', '=', endpoint.id).execute();
    tx.log.info({ endpoint: endpoint.id, by: actor.id }, 'a webhook endpoint was deleted');
    return { endpointId: endpoint.id };
  });
}

/** Sends a `webhook.ping`, once, also to an endpoint that is disabled. @throws FORBIDDEN, NOT_FOUND */
export async function sendTestWebhook(
  ctx: Context,
  { id }: WebhookEndpointInput,
): Promise<{ endpointId: string; messageId: string }> {
  const actor = requireManager(ctx, 'webhook:manage');
  return inTransaction(ctx, async (tx) => {
    const endpoint = await lockEndpoint(tx, id);
    const event = {
      key: `${endpoint.id}/ping/${newRowId()}`,
      type: 'webhook.ping',
      at: tx.now,
      data: { endpointId: endpoint.id, by: actor.id },
    } as const;
    const row = webhookRow({ id: endpoint.id, enabled: true }, event, tx.now);
    const writes = noWrites();
    addRows(writes, OutboxMessage, [row]);
    await writeRows(tx.em, writes);
    tx.wakes.push({ what: 'outbox' });
    return { endpointId: endpoint.id, messageId: (row as { id: string }).id };
  });
}
