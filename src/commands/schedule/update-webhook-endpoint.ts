import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { given, requireSound, trimmed } from '../input.js';
import { inTransaction } from '../transaction.js';
import {
  checkAddress,
  checkDescription,
  checkEventTypes,
  lockEndpoint,
  requireManager,
} from './webhook-fields.js';

@InputType({ description: 'Changes of an endpoint; what is left out stays.' })
export class UpdateWebhookEndpointInput {
  @Field(() => ID, { description: 'Which endpoint.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'Its address; messages that wait go there as well.' })
  url?: string | null;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  description?: string | null;

  @Field(() => [String], { nullable: true, description: 'Event types that it wants from now on.' })
  eventTypes?: string[] | null;
}

/** @throws BAD_USER_INPUT, FORBIDDEN, NOT_FOUND */
export async function updateWebhookEndpoint(
  ctx: Context,
  { id, url, description, eventTypes }: UpdateWebhookEndpointInput,
): Promise<{ endpointId: string }> {
  const actor = requireManager(ctx, 'webhook:manage');
  requireSound(checkDescription(description), ...checkEventTypes(eventTypes), await checkAddress(ctx, url));
  return inTransaction(ctx, async (tx) => {
    const endpoint = await lockEndpoint(tx, id);
    const changes = given({
      url: trimmed(url),
      description: trimmed(description),
      event_types: eventTypes ? [...new Set(eventTypes)] : undefined,
    });
    if (Object.keys(changes).length > 0)
      await readDb(tx.em)
        .updateTable('webhook_endpoint')
        .set(changes)
        .where('id', '=', endpoint.id)
        .execute();
    tx.log.info({ endpoint: endpoint.id, by: actor.id }, 'a webhook endpoint was changed');
    return { endpointId: endpoint.id };
  });
}
