import { Entity, Enum, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';
import { Timer } from './timer.js';

export enum TimerEventType {
  SNOOZED = 'SNOOZED',
  RUN = 'RUN',
  PAUSED = 'PAUSED',
  RESUMED = 'RESUMED',
  KEPT = 'KEPT',
}
registerEnumType(TimerEventType, {
  name: 'TimerEventType',
  description: 'What was done to a timer.',
  valuesConfig: {
    SNOOZED: { description: 'Put off.' },
    RUN: { description: 'Let act at once.' },
    PAUSED: { description: 'Stopped; it keeps the time that is left.' },
    RESUMED: { description: 'Goes on with the time that was left.' },
    KEPT: { description: 'Set anew by itself, with what people had done to the one before.' },
  },
});

/** What people did to a timer: append-only, a trigger refuses update, delete and truncate. */
@ObjectType({ description: 'What somebody did to a timer.' })
@Entity({ tableName: 'timer_event' })
@Index({ properties: ['timerId', 'at', 'id'] })
export class TimerEvent {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => Timer, 'timer_id', { index: false })
  timerId!: string;

  @Field(() => TimerEventType, { description: 'What was done.' })
  @Enum({ items: () => TimerEventType })
  type!: TimerEventType;

  /** null: it happened by itself. */
  @BelongsTo(() => User, 'by_id', { nullable: true, index: false })
  byId: string | null = null;

  @Field(() => Instant, { description: 'When.' })
  @Property({ type: 'timestamptz', length: 3 })
  at!: Date;

  @Field(() => String, { nullable: true, description: 'Why.' })
  @Property({ type: 'text', nullable: true })
  reason: string | null = null;

  @Field(() => Instant, { description: 'When it was to act before.' })
  @Property({ type: 'timestamptz', length: 3 })
  dueBefore!: Date;

  @Field(() => Instant, { description: 'When it was to act from then on.' })
  @Property({ type: 'timestamptz', length: 3 })
  dueAfter!: Date;
}
