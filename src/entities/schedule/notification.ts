import { Entity, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';

/** A message shown to a person in the application. */
@ObjectType({ description: 'A message shown to a person in the application.' })
@Entity({ tableName: 'notification' })
@Unique({ properties: ['messageKey', 'personId'] })
@Index({ properties: ['personId', 'createdAt', 'id'] })
@Index({
  name: 'notification_digest',
  expression: 'create index notification_digest on notification (digest_key) where digest_key is not null',
})
export class Notification {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Property({ type: 'text' })
  messageKey!: string;

  @BelongsTo(() => User, 'person_id', { index: false })
  personId!: string;

  @Field(() => String, {
    description:
      'What it is about: ASSIGNED, REMINDED, ESCALATED, NUDGED, RETURNED, ENDED, INFORMED, BLOCKED, INFORMATION_REQUESTED, INFORMATION_GIVEN, COMMENTED, MENTIONED, COPIED_IN, AMENDED, PAUSED, MILESTONE, FOLLOW_UP …',
  })
  @Property({ type: 'text' })
  kind!: string;

  @Property({ type: 'text' })
  textEn!: string;

  @Property({ type: 'text' })
  textZh!: string;

  @Field(() => ID, { nullable: true, description: 'The approval request it is about.' })
  @Property({ type: 'uuid', nullable: true })
  requestId: string | null = null;

  @Field(() => Instant, { description: 'When it was sent.' })
  @Property({ type: 'timestamptz', length: 3 })
  createdAt!: Date;

  @Field(() => Instant, { nullable: true, description: 'When the person read it.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  readAt: Date | null = null;

  /** The digest that tells of it outside the application; null: none does. */
  @Property({ type: 'text', nullable: true })
  digestKey: string | null = null;
}
