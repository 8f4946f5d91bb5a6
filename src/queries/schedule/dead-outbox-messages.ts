import { sql } from 'kysely';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { OutboxState } from '../../entities/schedule/outbox-message.js';
import { Instant } from '../../entities/scalars.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';

registerEnumType(OutboxState, {
  name: 'OutboxState',
  description: 'Where an outgoing message stands.',
  valuesConfig: {
    PENDING: { description: 'Will be delivered, or tried again.' },
    DELIVERED: { description: 'Delivered.' },
    DEAD: { description: 'Every try failed; waits for someone to send it again.' },
    HELD: { description: 'Its endpoint was disabled when it happened; waits for a replay.' },
  },
});

/** An outgoing message as administrators see it: why it did not leave, not what it says. */
@ObjectType('OutboxMessage', { description: 'An outgoing message: why it did not leave, not what it says.' })
export class OutboxMessageView {
  @Field(() => ID, { description: 'UUIDv7.' })
  id!: string;

  @Field(() => String, { description: 'Stable id under which receivers recognise a repeat.' })
  key!: string;

  @Field(() => String, { description: 'How it leaves: `in-app`, `mail` …' })
  channel!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Whom or what it is for outside: the id of a person or of an endpoint; null in the application.',
  })
  receiver!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Name of the person or chat group, or what the endpoint is for; null when there is none any more.',
  })
  receiverName!: string | null;

  @Field(() => OutboxState, { description: 'Where it stands.' })
  state!: OutboxState;

  @Field(() => Int, { description: 'Tries so far.' })
  tries!: number;

  @Field(() => String, { nullable: true, description: 'Why the last try failed.' })
  lastError!: string | null;

  @Field(() => Instant, { description: 'When it was written.' })
  createdAt!: Date;
}

export const OutboxMessageConnection = connectionType(OutboxMessageView, 'OutboxMessage');

@ObjectType({ description: 'The message that is sent again.' })
export class ReplayOutboxMessagePayload {
  @Field(() => OutboxMessageView, { description: 'The message, pending again.' })
  message!: OutboxMessageView;
}

const receiverId = sql`case when receiver ~ '^[0-9a-f-]{36}$' then receiver::uuid end`;

const COLUMNS = [
  'id',
  'key',
  'channel',
  'receiver',
  sql<string | null>`coalesce(
    (select name from app_user where id = ${receiverId}),
    (select description from webhook_endpoint where id = ${receiverId}),
    (select name from chat_channel where id = ${receiverId}))`.as('receiverName'),
  'state',
  'tries',
  'last_error as lastError',
  'created_at as createdAt',
] as const;

/** The message that a command has just changed. */
export async function outboxMessageAfter(ctx: Context, id: string): Promise<OutboxMessageView> {
  const row = await readDb(ctx.em)
    .selectFrom('outbox_message')
    .select(COLUMNS)
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return row as unknown as OutboxMessageView;
}

/** Messages that could not be delivered, newest first. */
export async function deadOutboxMessages(
  ctx: Context,
  args: PageArgs,
): Promise<ConnectionOf<OutboxMessageView>> {
  const { limit, after } = pageOf(args);
  const found = readDb(ctx.em).selectFrom('outbox_message').where('state', '=', OutboxState.DEAD);
  const page = after
    ? found.where(sql<boolean>`(created_at, id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`)
    : found;
  const rows = (await page
    .select(COLUMNS)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()) as unknown as OutboxMessageView[];
  const count = async (): Promise<number> => {
    const { total } = await found.select(sql<string>`count(*)`.as('total')).executeTakeFirstOrThrow();
    return Number(total);
  };
  return new OutboxMessageConnection({
    rows,
    limit,
    key: (row) => [new Date(row.createdAt).toISOString(), row.id],
    count,
  });
}
