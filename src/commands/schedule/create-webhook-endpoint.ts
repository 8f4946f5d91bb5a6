import { Field, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { refusal } from '../../errors.js';
import { WEBHOOK_ENDPOINTS_MAX } from '../../limits.js';
import { once } from '../idempotency.js';
import { requireSound } from '../input.js';
import { inTransaction } from '../transaction.js';
import {
  checkAddress,
  checkDescription,
  checkEventTypes,
  newWebhookSecret,
  requireManager,
} from './webhook-fields.js';

@InputType({ description: 'A new address that events are sent to.' })
export class CreateWebhookEndpointInput {
  @Field(() => String, {
    description: 'An http or https address whose host is public, or allowed by WEBHOOK_ALLOWED_HOSTS.',
  })
  url!: string;

  @Field(() => String, { description: 'What it is for; at most 200 characters.' })
  description!: string;

  @Field(() => [String], {
    description: 'Types of `webhookEventTypes`, groups such as `approval.*`, or `*`.',
  })
  eventTypes!: string[];

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same endpoint, without its secret; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

/** An endpoint, and its secret where this very call made it: nobody is shown it again. */
export interface EndpointSecret {
  readonly endpointId: string;
  readonly secret: string | null;
}

/**
 * Makes an endpoint that its creator answers for. Events that happen from now on are sent to it.
 * @throws BAD_USER_INPUT, FORBIDDEN, INVALID_STATE when there are too many, IDEMPOTENCY_CONFLICT
 */
export async function createWebhookEndpoint(
  ctx: Context,
  input: CreateWebhookEndpointInput,
): Promise<EndpointSecret> {
  const actor = requireManager(ctx, 'webhook:manage');
  const { idempotencyKey, ...payload } = input;
  requireSound(
    checkDescription(input.description),
    ...checkEventTypes(input.eventTypes),
    await checkAddress(ctx, input.url),
  );
  let secret: string | null = null;
  const { endpointId } = await inTransaction(ctx, (tx) =>
    once(tx, { name: 'create-webhook-endpoint', key: idempotencyKey, payload }, async () => {
      const db = readDb(tx.em);
      // Its lock lets one at a time be counted and made.
      await db.selectFrom('organisation_revision').select('revision').forUpdate().execute();
      const known = await db.selectFrom('webhook_endpoint').select('id').execute();
      if (known.length >= WEBHOOK_ENDPOINTS_MAX)
        throw refusal('INVALID_STATE', {
          what: 'webhook endpoint list',
          status: `${known.length} of ${WEBHOOK_ENDPOINTS_MAX}`,
        });
      secret = newWebhookSecret();
      const id = newRowId();
      await db
        .insertInto('webhook_endpoint')
        .values({
          id,
          url: input.url.trim(),
          description: input.description.trim(),
          event_types: [...new Set(input.eventTypes)],
          owner_id: actor.id,
          secret,
          created_at: tx.now,
        })
        .execute();
      tx.log.info({ endpoint: id, by: actor.id }, 'a webhook endpoint was made');
      return { endpointId: id };
    }),
  );
  return { endpointId, secret };
}
