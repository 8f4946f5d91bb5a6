import { sql } from 'kysely';
import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { OutboxState } from '../../entities/schedule/outbox-message.js';
import { WebhookState } from '../../entities/schedule/webhook-endpoint.js';
import { Instant } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { REPLAYED_MAX } from '../../limits.js';
import { inTransaction } from '../transaction.js';
import { lockEndpoint, requireManager } from './webhook-fields.js';

@InputType({ description: 'What to send an endpoint again.' })
export class ReplayWebhookInput {
  @Field(() => ID, { description: 'Which endpoint; it must be enabled.' })
  endpointId!: string;

  @Field(() => Instant, { description: 'Messages written at this moment and after; 30 days are kept.' })
  since!: Date;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Also what it has taken, for a receiver that lost it. Default: only what it has missed.',
  })
  alsoDelivered?: boolean | null;
}

/**
 * Sends again what an endpoint has missed since a moment, oldest first, under the same ids, with all tries.
 * @throws FORBIDDEN, NOT_FOUND, INVALID_STATE while it is disabled
 */
export async function replayWebhook(
  ctx: Context,
  { endpointId, since, alsoDelivered }: ReplayWebhookInput,
): Promise<{ endpointId: string; replayed: number; more: boolean }> {
  const actor = requireManager(ctx, 'webhook:manage');
  return inTransaction(ctx, async (tx) => {
    const endpoint = await lockEndpoint(tx, endpointId);
    if (endpoint.state !== WebhookState.ENABLED)
      throw refusal('INVALID_STATE', { what: 'webhook endpoint', status: endpoint.state });
    const states = [OutboxState.HELD, OutboxState.DEAD, ...(alsoDelivered ? [OutboxState.DELIVERED] : [])];
    const { rows } = await sql`
      update outbox_message
      set state = ${OutboxState.PENDING}, tries = 0, next_try_at = ${tx.now}, delivered_at = null
      where id in (
        select id from outbox_message
        where channel = 'webhook' and receiver = ${endpoint.id} and created_at >= ${since}
          and state = any(${sql.val(states)}::text[]) and payload ->> 'type' <> 'webhook.ping'
        order by created_at, id limit ${REPLAYED_MAX}
      )
      returning id`.execute(readDb(tx.em));
    if (rows.length > 0) tx.wakes.push({ what: 'outbox' });
    tx.log.info({ endpoint: endpoint.id, by: actor.id, messages: rows.length }, 'a webhook is replayed');
    return { endpointId: endpoint.id, replayed: rows.length, more: rows.length === REPLAYED_MAX };
  });
}
