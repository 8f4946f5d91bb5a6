import { Entity, Enum, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';

export enum TimerState {
  SCHEDULED = 'SCHEDULED',
  PAUSED = 'PAUSED',
  FIRED = 'FIRED',
  CANCELLED = 'CANCELLED',
}
registerEnumType(TimerState, {
  name: 'TimerState',
  description: 'Life of a timer.',
  valuesConfig: {
    SCHEDULED: { description: 'Will act at its time.' },
    PAUSED: { description: 'Keeps the time that is left until it is resumed; it does not act.' },
    FIRED: { description: 'Has acted.' },
    CANCELLED: { description: 'Will never act.' },
  },
});

/** Still to act, now or once it is resumed: what cancelling means. Only a SCHEDULED timer acts. */
export const PENDING_TIMERS = [TimerState.SCHEDULED, TimerState.PAUSED] as const;

/** A future act: the truth that the queue only wakes us up for. Written with what makes it necessary. */
@ObjectType({ description: 'Something that will happen by itself at a time.' })
@Entity({ tableName: 'timer' })
@Index({
  name: 'timer_due',
  expression: "create index timer_due on timer (due_at, id) where state = 'SCHEDULED'",
})
@Index({ properties: ['subjectId'] })
export class Timer {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  /** Deterministic: the same effect can't be scheduled twice. */
  @Property({ type: 'text', unique: true })
  key!: string;

  @Field(() => String, {
    description:
      'What it will do: `approval-reminder`, `approval-rung`, `approval-expiry`, `milestone-reminder`, `milestone-rung`, `follow-up-reminder`, `follow-up-rung`, `stage-reminder`, `stage-rung`, `payment-reminder`, `payment-rung`, `recurring-rule`, `absence-begins`, `absence-ends`, `calendar-recompute`, `mail-digest`, `requests-move`.',
  })
  @Property({ type: 'text' })
  kind!: string;

  /** The request, plan, absence, person or change of a calendar it belongs to. */
  @Property({ type: 'uuid' })
  subjectId!: string;

  @Field(() => Instant, { description: 'When it will act, or did.' })
  @Property({ type: 'timestamptz', length: 3 })
  dueAt!: Date;

  @Field(() => TimerState, { description: 'Where it stands.' })
  @Enum({ items: () => TimerState })
  state: TimerState = TimerState.SCHEDULED;

  @Property({ type: 'jsonb' })
  payload!: Record<string, unknown>;

  @Field(() => Instant, { nullable: true, description: 'Since when it has been paused.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  pausedAt: Date | null = null;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  firedAt: Date | null = null;
}
