import { Collection } from '@mikro-orm/postgresql';
import {
  Entity,
  Enum,
  Index,
  ManyToOne,
  OneToMany,
  PrimaryKey,
  Property,
  Unique,
} from '@mikro-orm/decorators/legacy';
import type { Rel } from '@mikro-orm/postgresql';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { BusinessRecord } from '../record.js';
import { newRowId } from '../row-id.js';
import { Decimal, Instant } from '../scalars.js';

export enum PlanKind {
  ANNUAL = 'ANNUAL',
  QUARTERLY = 'QUARTERLY',
  MONTHLY = 'MONTHLY',
  STAGE = 'STAGE',
  THEMATIC = 'THEMATIC',
  CAMPAIGN = 'CAMPAIGN',
  TASK_BOOK = 'TASK_BOOK',
}
registerEnumType(PlanKind, {
  name: 'PlanKind',
  description: 'What the plan covers.',
  valuesConfig: {
    ANNUAL: { description: 'A year; immutable once approved.' },
    QUARTERLY: { description: 'A quarter.' },
    MONTHLY: { description: 'A month.' },
    STAGE: { description: 'A stage of a project.' },
    THEMATIC: { description: 'A theme.' },
    CAMPAIGN: { description: 'A campaign.' },
    TASK_BOOK: { description: 'One level of a three-level task book.' },
  },
});

export enum PlanStatus {
  DRAFT = 'DRAFT',
  IN_REVIEW = 'IN_REVIEW',
  RETURNED = 'RETURNED',
  APPROVED = 'APPROVED',
  AMENDED = 'AMENDED',
  REJECTED = 'REJECTED',
}
registerEnumType(PlanStatus, {
  name: 'PlanStatus',
  description: 'Where the plan stands.',
  valuesConfig: {
    DRAFT: { description: 'Being written; may be changed and submitted.' },
    IN_REVIEW: { description: 'Being countersigned; watched fields are locked.' },
    RETURNED: { description: 'Back with the requester for changes.' },
    APPROVED: { description: 'Countersigned; in execution.' },
    AMENDED: {
      description: 'Changed since it was approved; approvals are void until it is submitted again.',
    },
    REJECTED: { description: 'Refused; may be changed and submitted anew.' },
  },
});

/** A plan of sales or marketing work for one period. */
@ObjectType({ description: 'A plan of sales or marketing work for one period.' })
@Entity({ tableName: 'plan' })
@Index({ properties: ['createdAt', 'id'] })
export class Plan extends BusinessRecord {
  @Field(() => String, { description: 'Title.' })
  @Property({ type: 'text' })
  title!: string;

  @Field(() => PlanKind, { description: 'What it covers.' })
  @Enum({ items: () => PlanKind })
  kind!: PlanKind;

  @Field(() => PlanStatus, { description: 'Where it stands.' })
  @Enum({ items: () => PlanStatus })
  status: PlanStatus = PlanStatus.DRAFT;

  @Field(() => String, { nullable: true, description: 'Key of the plan template that sets its milestones.' })
  @Property({ type: 'text', nullable: true })
  templateKey: string | null = null;

  /** The template's version that set its milestones; due times are reckoned again only while it is the one in force. */
  @Property({ type: 'integer', nullable: true })
  templateVersion: number | null = null;

  @Field(() => String, { description: 'The period: `2024` (year), `2024-Q2`, `2024-05` (month).' })
  @Property({ type: 'text' })
  period!: string;

  @Field(() => [PlanLine], { description: 'Targets, in order.' })
  @OneToMany(() => PlanLine, (line) => line.plan, { orphanRemoval: true, orderBy: { position: 'asc' } })
  lines = new Collection<PlanLine>(this);

  @Field(() => [PlanMilestone], { description: 'What is due when, from its template.' })
  @OneToMany(() => PlanMilestone, (milestone) => milestone.plan, {
    orphanRemoval: true,
    orderBy: { position: 'asc' },
  })
  milestones = new Collection<PlanMilestone>(this);
}

/** One line of a plan: a product or outlet with its figures. */
@ObjectType({ description: 'One line of a plan: a product or outlet with its figures.' })
@Entity({ tableName: 'plan_line' })
export class PlanLine {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @ManyToOne(() => Plan, { index: true, updateRule: 'no action', deleteRule: 'cascade' })
  plan!: Rel<Plan>;

  @Field(() => Int, { description: 'Place in the list, from 1.' })
  @Property({ type: 'integer' })
  position!: number;

  @Field(() => String, { description: 'Product or part.' })
  @Property({ type: 'text' })
  product!: string;

  @Field(() => String, { nullable: true, description: 'Outlet or store.' })
  @Property({ type: 'text', nullable: true })
  outlet: string | null = null;

  @Field(() => Decimal, { description: 'Planned quantity.' })
  @Property({ type: 'decimal', precision: 18, scale: 2 })
  target!: string;

  @Field(() => Decimal, { nullable: true, description: 'Demand forecast of the outlet.' })
  @Property({ type: 'decimal', precision: 18, scale: 2, nullable: true })
  forecast: string | null = null;

  @Field(() => Decimal, { nullable: true, description: 'Stock on hand.' })
  @Property({ type: 'decimal', precision: 18, scale: 2, nullable: true })
  stock: string | null = null;

  @Field(() => Decimal, { nullable: true, description: 'Ordered, not arrived, not reserved.' })
  @Property({ type: 'decimal', precision: 18, scale: 2, nullable: true })
  inTransit: string | null = null;
}

export enum MilestoneStatus {
  OPEN = 'OPEN',
  DONE = 'DONE',
  WAITING = 'WAITING',
}
registerEnumType(MilestoneStatus, {
  name: 'MilestoneStatus',
  description: 'Where a milestone stands.',
  valuesConfig: {
    OPEN: { description: 'To be done by the responsible people.' },
    DONE: { description: 'Done.' },
    WAITING: { description: 'Cannot start: it waits for another milestone.' },
  },
});

/** Something that is due in a plan's cycle; chased until it is done. */
@ObjectType({ description: "Something that is due in a plan's cycle; chased until it is done." })
@Entity({ tableName: 'plan_milestone' })
@Unique({ properties: ['plan', 'key'] })
export class PlanMilestone {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @ManyToOne(() => Plan, { index: false, updateRule: 'no action', deleteRule: 'cascade' })
  plan!: Rel<Plan>;

  @Field(() => String, { description: 'Key in the plan template.' })
  @Property({ type: 'text' })
  key!: string;

  @Field(() => Int, { description: 'Place in the list, from 1.' })
  @Property({ type: 'integer' })
  position!: number;

  @Property({ type: 'text' })
  titleEn!: string;

  @Property({ type: 'text' })
  titleZh!: string;

  @Field(() => MilestoneStatus, { description: 'Where it stands.' })
  @Enum({ items: () => MilestoneStatus })
  status: MilestoneStatus = MilestoneStatus.OPEN;

  @Field(() => Instant, {
    nullable: true,
    description: 'When it is due; null where the rule has no date yet.',
  })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  dueAt: Date | null = null;

  @Field(() => Instant, { nullable: true, description: 'When it was done.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  doneAt: Date | null = null;

  @BelongsTo(() => User, 'done_by_id', { nullable: true, index: false })
  doneById: string | null = null;

  @Field(() => String, { nullable: true, description: 'Key of the milestone that must be done before.' })
  @Property({ type: 'text', nullable: true })
  waitsFor: string | null = null;

  /** `document`, `submission`, `approval` or `person`: what makes it done. */
  @Property({ type: 'text' })
  doneBy!: string;

  /** Form of the document that fulfils it. */
  @Field(() => String, { nullable: true, description: 'Form of the document that fulfils it.' })
  @Property({ type: 'text', nullable: true })
  formKey: string | null = null;
}
