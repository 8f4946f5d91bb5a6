import { Entity, ManyToOne, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, Int, ObjectType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { CalendarChange } from '../organisation/business-calendar.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';
import { PlanMilestone } from './plan.js';

/** A milestone's due time moved, because a calendar changed; append-only. */
@ObjectType({ description: "A milestone's due time moved, because a business calendar changed." })
@Entity({ tableName: 'plan_milestone_move' })
export class PlanMilestoneMove {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @ManyToOne(() => PlanMilestone, {
    mapToPk: true,
    fieldName: 'milestone_id',
    index: true,
    updateRule: 'no action',
    deleteRule: 'cascade',
  })
  milestoneId!: string;

  @Field(() => Instant, { nullable: true, description: 'When it was due before.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  wasDueAt: Date | null = null;

  @Field(() => Instant, { nullable: true, description: 'When it was due from then on.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  dueAt: Date | null = null;

  @Field(() => String, { description: 'The calendar that it was reckoned by.' })
  @Property({ type: 'text' })
  calendarKey!: string;

  @Field(() => Int, { description: 'The version of that calendar.' })
  @Property({ type: 'integer' })
  calendarVersion!: number;

  @BelongsTo(() => CalendarChange, 'change_id', { index: false })
  changeId!: string;

  @Field(() => Instant, { description: 'When it moved.' })
  @Property({ type: 'timestamptz', length: 3 })
  movedAt!: Date;
}
