import { sql } from 'kysely';
import { ArgsType, Field, ID, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb } from '../../entities/read-db.js';
import { OutboxState } from '../../entities/schedule/outbox-message.js';
import { Instant } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { connectionType, PageArgs, pageOf, type ConnectionOf } from '../connection.js';
import { countOf } from '../filters.js';

@ArgsType()
export class WebhookDeliveriesArgs extends PageArgs {
  @Field(() => ID, { description: 'Of which endpoint.' })
  endpointId!: string;

  @Field(() => OutboxState, { nullable: true, description: 'Only those that stand so.' })
  state?: OutboxState | null;
}

@ObjectType({ description: 'An event on its way to an endpoint, and what the endpoint answered last.' })
export class WebhookDelivery {
  @Field(() => ID, { description: 'UUIDv7.' })
  id!: string;

  @Field(() => String, { description: 'The header `webhook-id`, the same at every try and replay.' })
  webhookId!: string;

  @Field(() => String, { description: 'What happened, such as `approval.decided`.' })
  eventType!: string;

  @Field(() => OutboxState, { description: 'Where it stands.' })
  state!: OutboxState;

  @Field(() => Int, { description: 'Tries so far, since the last replay.' })
  tries!: number;

  @Field(() => Instant, { description: 'When it happened.' })
  createdAt!: Date;

  @Field(() => Instant, { nullable: true, description: 'When it is tried next; null when it is not.' })
  nextTryAt!: Date | null;

  @Field(() => Instant, { nullable: true, description: 'When it was taken.' })
  deliveredAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why the last try failed.' })
  lastError!: string | null;

  @Field(() => Instant, { nullable: true, description: 'When it was last sent.' })
  sentAt!: Date | null;

  @Field(() => Int, { nullable: true, description: 'HTTP status of the last answer; null when none came.' })
  responseCode!: number | null;

  @Field(() => String, { nullable: true, description: 'The first bytes of the last answer, at most 1024.' })
  answer!: string | null;

  @Field(() => Int, { nullable: true, description: 'How long the last try took, in milliseconds.' })
  durationMs!: number | null;
}

export const WebhookDeliveryConnection = connectionType(WebhookDelivery, 'WebhookDelivery');

/** What was, is and will be sent to an endpoint, newest first; 30 days are kept. @throws NOT_FOUND */
export async function webhookDeliveries(
  ctx: Context,
  args: WebhookDeliveriesArgs,
): Promise<ConnectionOf<WebhookDelivery>> {
  const { limit, after } = pageOf(args);
  await requireEndpoint(ctx, args.endpointId);
  const all = readDb(ctx.em)
    .selectFrom('outbox_message as message')
    .where('message.channel', '=', 'webhook')
    .where('message.receiver', '=', args.endpointId.toLowerCase());
  const found = args.state ? all.where('message.state', '=', args.state) : all;
  const page = after
    ? found.where(
        sql<boolean>`(message.created_at, message.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`,
      )
    : found;
  const rows = (await page
    .leftJoin('webhook_answer as last', 'last.message_id', 'message.id')
    .select([
      'message.id',
      sql<string>`'msg_' || replace(message.id::text, '-', '')`.as('webhookId'),
      sql<string>`message.payload ->> 'type'`.as('eventType'),
      'message.state',
      'message.tries',
      'message.created_at as createdAt',
      sql`case when message.state = 'PENDING' then message.next_try_at end`.as('nextTryAt'),
      'message.delivered_at as deliveredAt',
      'message.last_error as lastError',
      'last.at as sentAt',
      'last.response_code as responseCode',
      'last.answer',
      'last.duration_ms as durationMs',
    ])
    .orderBy('message.created_at', 'desc')
    .orderBy('message.id', 'desc')
    .limit(limit + 1)
    .execute()) as unknown as WebhookDelivery[];
  return new WebhookDeliveryConnection({
    rows,
    limit,
    key: (row) => [new Date(row.createdAt).toISOString(), row.id],
    count: () => countOf(found),
  });
}

async function requireEndpoint(ctx: Context, id: string): Promise<void> {
  const known =
    isRowId(id) &&
    (await readDb(ctx.em)
      .selectFrom('webhook_endpoint')
      .select('id')
      .where('id', '=', id)
      .executeTakeFirst());
  if (!known) throw refusal('NOT_FOUND', { what: 'webhook endpoint' });
}
