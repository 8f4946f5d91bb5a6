import { Entity, Enum, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { newRowId } from '../row-id.js';

export enum OutboxState {
  PENDING = 'PENDING',
  DELIVERED = 'DELIVERED',
  DEAD = 'DEAD',
  HELD = 'HELD',
}

/** Something that leaves: written in the transaction that makes it necessary, delivered at least once under `key`. */
@Entity({ tableName: 'outbox_message' })
@Index({
  name: 'outbox_message_next',
  expression: "create index outbox_message_next on outbox_message (next_try_at, id) where state = 'PENDING'",
})
@Index({
  name: 'outbox_message_outgoing',
  expression:
    "create index outbox_message_outgoing on outbox_message (channel, next_try_at, id) where state = 'PENDING' and channel <> 'in-app'",
})
@Index({
  name: 'outbox_message_dead',
  expression: "create index outbox_message_dead on outbox_message (created_at, id) where state = 'DEAD'",
})
@Index({
  name: 'outbox_message_of_endpoint',
  expression:
    "create index outbox_message_of_endpoint on outbox_message (receiver, created_at, id) where channel = 'webhook'",
})
@Index({
  name: 'outbox_message_kept',
  expression:
    "create index outbox_message_kept on outbox_message (created_at) where channel in ('webhook', 'chat') and state <> 'PENDING'",
})
export class OutboxMessage {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  /** Stable message id; a receiver that has seen it ignores the repeat. */
  @Property({ type: 'text', unique: true })
  key!: string;

  /** `in-app`, or one of OUTSIDE_CHANNELS. */
  @Property({ type: 'text' })
  channel!: string;

  /** Whom it is for on a channel that leaves the building: a person's or an endpoint's id. */
  @Property({ type: 'text', nullable: true })
  receiver: string | null = null;

  @Property({ type: 'jsonb' })
  payload!: Record<string, unknown>;

  @Enum({ items: () => OutboxState })
  state: OutboxState = OutboxState.PENDING;

  @Property({ type: 'integer' })
  tries: number = 0;

  @Property({ type: 'timestamptz', length: 3 })
  nextTryAt!: Date;

  @Property({ type: 'text', nullable: true })
  lastError: string | null = null;

  @Property({ type: 'timestamptz', length: 3 })
  createdAt!: Date;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  deliveredAt: Date | null = null;
}
