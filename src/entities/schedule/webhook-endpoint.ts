import { Entity, Enum, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';
import { OutboxMessage } from './outbox-message.js';

export enum WebhookState {
  ENABLED = 'ENABLED',
  DISABLED = 'DISABLED',
}
registerEnumType(WebhookState, {
  name: 'WebhookState',
  description: 'Whether an endpoint is sent to.',
  valuesConfig: {
    ENABLED: { description: 'Events are sent as they happen.' },
    DISABLED: { description: 'Nothing is sent; what happens is held for a replay.' },
  },
});

export enum WebhookDisabledBecause {
  BY_HAND = 'BY_HAND',
  GONE = 'GONE',
  FAILING = 'FAILING',
  OWNER = 'OWNER',
}
registerEnumType(WebhookDisabledBecause, {
  name: 'WebhookDisabledBecause',
  description: 'Why an endpoint is no longer sent to.',
  valuesConfig: {
    BY_HAND: { description: 'Someone disabled it.' },
    GONE: { description: 'It answered 410 Gone.' },
    FAILING: { description: 'Nothing got through for days.' },
    OWNER: { description: 'Its owner has left, or may no longer manage webhooks for every record.' },
  },
});

/** Where events are sent to. */
@ObjectType({ description: 'An address that events are sent to, signed by Standard Webhooks.' })
@Entity({ tableName: 'webhook_endpoint' })
export class WebhookEndpoint {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Field(() => String, { description: 'Where it is.' })
  @Property({ type: 'text' })
  url!: string;

  @Field(() => String, { description: 'What it is for.' })
  @Property({ type: 'text' })
  description!: string;

  @Field(() => [String], {
    description: 'Event types that it wants: names, groups such as `approval.*`, or `*`.',
  })
  @Property({ type: 'text[]' })
  eventTypes!: string[];

  @Field(() => WebhookState, { description: 'Whether it is sent to.' })
  @Enum({ items: () => WebhookState })
  state: WebhookState = WebhookState.ENABLED;

  @Field(() => WebhookDisabledBecause, { nullable: true, description: 'Why it is not sent to.' })
  @Enum({ items: () => WebhookDisabledBecause, nullable: true })
  disabledBecause: WebhookDisabledBecause | null = null;

  /** Whoever created or last enabled it: answers for what leaves, and must be permitted when it leaves. */
  @BelongsTo(() => User, 'owner_id', { index: false })
  ownerId!: string;

  /** `whsec_` and base64; shown once. */
  @Property({ type: 'text' })
  secret!: string;

  /** Signs as well until `previousSecretUntil`. */
  @Property({ type: 'text', nullable: true })
  previousSecret: string | null = null;

  @Field(() => Instant, {
    nullable: true,
    description: 'Until when the secret before the last rotation signs as well.',
  })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  previousSecretUntil: Date | null = null;

  @Field(() => Int, { description: 'Messages that it has taken.' })
  @Property({ type: 'integer' })
  deliveredCount: number = 0;

  @Field(() => Int, { description: 'Tries that failed.' })
  @Property({ type: 'integer' })
  failedCount: number = 0;

  /** Messages given up since it last took one. */
  @Property({ type: 'integer' })
  givenUp: number = 0;

  @Field(() => Instant, { nullable: true, description: 'Since when every try has failed.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  failingSince: Date | null = null;

  @Field(() => Instant, { nullable: true, description: 'When it last took a message.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  lastDeliveredAt: Date | null = null;

  @Field(() => Instant, { description: 'When it was made.' })
  @Property({ type: 'timestamptz', length: 3 })
  createdAt!: Date;
}

/** What an endpoint answered to the last try of a message. */
@Entity({ tableName: 'webhook_answer' })
export class WebhookAnswer {
  /** The answer is forgotten with its message. */
  @ManyToOne(() => OutboxMessage, {
    mapToPk: true,
    primary: true,
    fieldName: 'message_id',
    index: false,
    updateRule: 'no action',
    deleteRule: 'cascade',
  })
  messageId!: string;

  @Property({ type: 'uuid' })
  endpointId!: string;

  @Property({ type: 'timestamptz', length: 3 })
  at!: Date;

  /** null: no answer came. */
  @Property({ type: 'integer', nullable: true })
  responseCode: number | null = null;

  /** Its first bytes. */
  @Property({ type: 'text', nullable: true })
  answer: string | null = null;

  @Property({ type: 'integer' })
  durationMs!: number;
}
