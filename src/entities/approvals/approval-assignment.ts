import { Entity, Enum, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';
import { ApprovalRequest } from './approval-request.js';
import { AssignmentStatus } from './enums.js';

/** One person's chance to act in one step. One row per candidate, so that an inbox is one index range. */
@ObjectType('Assignment', { description: "One person's chance to act in one step of a request." })
@Entity({ tableName: 'approval_assignment' })
@Unique({ properties: ['requestId', 'ordinal'] })
@Index({
  name: 'approval_assignment_inbox',
  expression:
    "create index approval_assignment_inbox on approval_assignment (person_id, urgent_at, id) where status = 'OPEN'",
})
@Index({
  name: 'approval_assignment_stalled',
  expression:
    "create index approval_assignment_stalled on approval_assignment (due_at, id) where status = 'OPEN'",
})
@Index({
  name: 'approval_assignment_stood_in',
  expression:
    "create index approval_assignment_stood_in on approval_assignment (hand_over_from_id) where hand_over_kind = 'ABSENCE'",
})
@Index({ properties: ['personId', 'requestId'] })
export class ApprovalAssignment {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => ApprovalRequest, 'request_id', { index: false })
  requestId!: string;

  @Property({ type: 'integer' })
  ordinal!: number;

  @Property({ type: 'text' })
  stepKey!: string;

  @Field(() => Int, { description: 'Round in which it was opened.' })
  @Property({ type: 'integer' })
  round!: number;

  @Property({ type: 'integer' })
  attempt!: number;

  @BelongsTo(() => User, 'person_id', { index: false })
  personId!: string;

  @Field(() => AssignmentStatus, { description: 'Where it stands.' })
  @Enum({ items: () => AssignmentStatus })
  status!: AssignmentStatus;

  @Field(() => String, { description: 'The rule that chose the person, or how they came to it.' })
  @Property({ type: 'text' })
  rule!: string;

  @Property({ type: 'text', fieldName: 'ballot_group', nullable: true })
  group: string | null = null;

  @Property({ type: 'double' })
  weight!: number;

  @Property({ type: 'boolean' })
  veto!: boolean;

  @Property({ type: 'boolean' })
  required!: boolean;

  @Property({ type: 'integer' })
  position!: number;

  @Property({ type: 'integer', nullable: true })
  waitsFor: number | null = null;

  @Property({ type: 'text', nullable: true })
  handOverKind: string | null = null;

  @Property({ type: 'uuid', nullable: true })
  handOverFromId: string | null = null;

  @Property({ type: 'integer', nullable: true })
  previousOrdinal: number | null = null;

  @Property({ type: 'uuid', nullable: true })
  addedById: string | null = null;

  @Field(() => Instant, { nullable: true, description: 'When the turn came.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  openedAt: Date | null = null;

  @Field(() => Instant, { nullable: true, description: 'When it is due.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  dueAt: Date | null = null;

  /** `dueAt`, or the far future where nothing is due: the inbox's order. */
  @Property({ type: 'timestamptz', length: 3 })
  urgentAt!: Date;

  @Field(() => Instant, { nullable: true, description: 'When it was decided.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  decidedAt: Date | null = null;

  @Property({ type: 'uuid', nullable: true })
  decidedById: string | null = null;

  @Field(() => String, { nullable: true, description: 'What the person wrote.' })
  @Property({ type: 'text', nullable: true })
  comment: string | null = null;

  @Field(() => String, { nullable: true, description: 'Evidence of a confirmation, or the filing number.' })
  @Property({ type: 'text', nullable: true })
  evidence: string | null = null;

  @Field(() => String, { nullable: true, description: 'Why it was closed without a decision.' })
  @Property({ type: 'text', nullable: true })
  reason: string | null = null;

  @Field(() => String, {
    nullable: true,
    description: 'The pool whose one turn it is a chance at; null: it is yours alone.',
  })
  @Property({ type: 'text', nullable: true })
  pool: string | null = null;

  @Field(() => Instant, {
    nullable: true,
    description: 'When it was claimed from its pool; nobody else can take it until it is released.',
  })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  claimedAt: Date | null = null;
}
