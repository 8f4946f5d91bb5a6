import { Entity, Enum, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { ScheduleDefinition } from '../../workflows/schedule-file.js';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { Instant, Json } from '../scalars.js';

export enum RuleStatus {
  ACTIVE = 'ACTIVE',
  PAUSED = 'PAUSED',
  DELETED = 'DELETED',
}
registerEnumType(RuleStatus, {
  name: 'RuleStatus',
  description: 'Whether a recurring rule acts.',
  valuesConfig: {
    ACTIVE: { description: 'Acts at its times.' },
    PAUSED: { description: 'Stands still until it is resumed.' },
    DELETED: { description: 'Acts no more; kept because of what it made.' },
  },
});

/** A rule by which the organisation's time goes: what it makes, and when. From a pack, or made by an administrator. */
@ObjectType('RecurringRule', { description: 'A rule of time: what it makes, and when.' })
@Entity({ tableName: 'recurring_rule' })
export class RecurringRuleRow {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Field(() => String, { description: 'Its key; of a rule from a pack, the one written there.' })
  @Property({ type: 'text', unique: true })
  key!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The pack that brought it; null: an administrator made it.',
  })
  @Property({ type: 'text', nullable: true })
  pack: string | null = null;

  /** The version of the pack whose words it has; a newer one brings its own unless an administrator has changed them. */
  @Property({ type: 'integer', nullable: true })
  packVersion: number | null = null;

  @Property({ type: 'text' })
  titleEn!: string;

  @Property({ type: 'text' })
  titleZh!: string;

  @Field(() => RuleStatus, { description: 'Whether it acts.' })
  @Enum({ items: () => RuleStatus })
  status: RuleStatus = RuleStatus.ACTIVE;

  @Field(() => Json, { description: 'The whole rule as packs write it.' })
  @Property({ type: 'jsonb' })
  definition!: ScheduleDefinition;

  /** Words of an administrator: a newer pack leaves them alone. */
  @Field(() => Boolean, {
    description: 'Whether an administrator has changed or filled in what the pack says.',
  })
  @Property({ type: 'boolean' })
  changed: boolean = false;

  /** Occurrences before it are not made. */
  @Field(() => Instant, { description: 'Since when it counts.' })
  @Property({ type: 'timestamptz', length: 3 })
  startsAt!: Date;

  @Field(() => Int, { description: 'Grows by 1 with each change; send it back as `expectedVersion`.' })
  @Property({ type: 'integer' })
  version: number = 1;

  @Field(() => Instant, { description: 'When it was made.' })
  @Property({ type: 'timestamptz', length: 3 })
  createdAt!: Date;

  @Field(() => Instant, { description: 'When it was last changed.' })
  @Property({ type: 'timestamptz', length: 3 })
  updatedAt!: Date;
}

/** An occurrence that a rule has dealt with: the key makes each happen once, whatever is delivered twice. */
@Entity({ tableName: 'rule_occurrence' })
@Unique({ properties: ['ruleId', 'key'] })
@Index({ properties: ['ruleId', 'at'] })
export class RuleOccurrence {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => RecurringRuleRow, 'rule_id', { index: false })
  ruleId!: string;

  @Property({ type: 'text' })
  key!: string;

  @Property({ type: 'timestamptz', length: 3 })
  at!: Date;

  /** False: missed, and left out as the rule says. */
  @Property({ type: 'boolean' })
  made!: boolean;

  @Property({ type: 'timestamptz', length: 3 })
  createdAt!: Date;
}
