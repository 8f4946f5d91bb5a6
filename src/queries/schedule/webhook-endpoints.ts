import type { EntityManager } from '@mikro-orm/postgresql';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { WebhookEndpoint, WebhookState } from '../../entities/schedule/webhook-endpoint.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { WEBHOOK_ENDPOINTS_MAX } from '../../limits.js';
import { EVENT_TYPES } from '../../workflows/events.js';

@ObjectType({ description: 'A type of event that endpoints can want.' })
export class WebhookEventType {
  @Field(() => String, { description: 'Its name, such as `approval.decided`.' })
  name!: string;

  @Field(() => String, { description: 'When it is sent, in the language of the request.' })
  description!: string;
}

@ObjectType({ description: 'An endpoint as it is now.' })
export class WebhookEndpointPayload {
  @Field(() => WebhookEndpoint, { description: 'The endpoint.' })
  endpoint!: WebhookEndpoint;
}

@ObjectType({ description: 'An endpoint and its new secret.' })
export class WebhookSecretPayload {
  @Field(() => WebhookEndpoint, { description: 'The endpoint.' })
  endpoint!: WebhookEndpoint;

  @Field(() => String, {
    nullable: true,
    description:
      'The secret that it is signed with, shown this once; null in the answer to a repeated idempotency key.',
  })
  secret!: string | null;
}

@ObjectType({ description: 'The endpoint that is gone.' })
export class DeleteWebhookEndpointPayload {
  @Field(() => ID, { description: 'Its id.' })
  id!: string;
}

@ObjectType({ description: 'The test that is under way.' })
export class SendTestWebhookPayload {
  @Field(() => ID, { description: 'Its id among `webhookDeliveries`, where the answer will stand.' })
  deliveryId!: string;
}

@ObjectType({ description: 'What a replay sends.' })
export class ReplayWebhookPayload {
  @Field(() => WebhookEndpoint, { description: 'The endpoint.' })
  endpoint!: WebhookEndpoint;

  @Field(() => Int, { description: 'Messages that are sent again.' })
  replayed!: number;

  @Field(() => Boolean, { description: 'Whether there were more than one replay sends: repeat it.' })
  more!: boolean;
}

export const webhookEventTypes = ({ language }: Context): WebhookEventType[] =>
  Object.entries(EVENT_TYPES).map(([name, text]) => ({ name, description: text[language] }));

const select = (ctx: Context) =>
  readDb(ctx.em)
    .selectFrom('webhook_endpoint')
    .select([
      'id',
      'url',
      'description',
      'event_types as eventTypes',
      'state',
      'disabled_because as disabledBecause',
      'owner_id as ownerId',
      'previous_secret_until as previousSecretUntil',
      'delivered_count as deliveredCount',
      'failed_count as failedCount',
      'failing_since as failingSince',
      'last_delivered_at as lastDeliveredAt',
      'created_at as createdAt',
    ]);

/** All endpoints, oldest first. The secrets are not read. */
export async function webhookEndpoints(ctx: Context): Promise<WebhookEndpoint[]> {
  const rows = await select(ctx).orderBy('created_at').orderBy('id').limit(WEBHOOK_ENDPOINTS_MAX).execute();
  return rows as unknown as WebhookEndpoint[];
}

/** The endpoint that a command has just changed. @throws NOT_FOUND when someone has deleted it since */
export async function endpointAfter(ctx: Context, id: string): Promise<WebhookEndpoint> {
  const row = await select(ctx).where('id', '=', id).executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'webhook endpoint' });
  return row as unknown as WebhookEndpoint;
}

export type EndpointMetrics = Readonly<Record<WebhookState, number>>;

/** How many endpoints are sent to, and how many are put aside. */
export async function endpointMetrics(em: EntityManager): Promise<EndpointMetrics> {
  const rows = await readDb(em)
    .selectFrom('webhook_endpoint')
    .select(['state', (eb) => eb.fn.countAll<string>().as('count')])
    .groupBy('state')
    .execute();
  const count = (state: WebhookState): number => Number(rows.find((row) => row.state === state)?.count ?? 0);
  return { ENABLED: count(WebhookState.ENABLED), DISABLED: count(WebhookState.DISABLED) };
}
