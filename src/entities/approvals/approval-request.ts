import { Entity, Enum, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { Department } from '../organisation/department.js';
import { Instant } from '../scalars.js';
import { ApprovalRequestStatus, SubjectType } from './enums.js';
import { ProcessVersion } from './process-version.js';
import type { CarriedOver } from '../../workflows/carry-over.js';
import type { AttachedFile, StepChoice } from '../../workflows/request.js';

/** One submission of one subject for one purpose, pinned to one version of a process definition. */
@ObjectType({
  description:
    'One submission of one subject for one purpose, pinned to one version of a process definition.',
})
@Entity({ tableName: 'approval_request' })
@Unique({
  name: 'approval_request_one_open',
  expression:
    "create unique index approval_request_one_open on approval_request (subject_id, purpose) where status in ('PENDING', 'RETURNED')",
})
@Index({
  name: 'approval_request_attachments',
  expression:
    'create index approval_request_attachments on approval_request using gin (attachments jsonb_path_ops)',
})
@Index({ properties: ['subjectId'] })
@Index({ properties: ['submittedAt', 'id'] })
@Index({ properties: ['requesterId', 'submittedAt'] })
export class ApprovalRequest {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Field(() => String, { description: 'The human number, such as `A-2026-00042`.' })
  @Property({ type: 'text', unique: true })
  number!: string;

  @BelongsTo(() => ProcessVersion, 'process_version_id')
  processVersionId!: string;

  @Field(() => SubjectType, { description: 'What kind of thing is being approved.' })
  @Enum({ items: () => SubjectType })
  subjectType!: SubjectType;

  @Field(() => ID, { description: 'The thing being approved.' })
  @Property({ type: 'uuid' })
  subjectId!: string;

  @Field(() => String, { description: 'What it is approved for.' })
  @Property({ type: 'text' })
  purpose!: string;

  @Field(() => ApprovalRequestStatus, { description: 'Where it stands.' })
  @Enum({ items: () => ApprovalRequestStatus })
  status!: ApprovalRequestStatus;

  @Field(() => Instant, {
    nullable: true,
    description: 'Since when an administrator lets it stand still; null while it goes on.',
  })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  pausedAt: Date | null = null;

  @Field(() => String, {
    nullable: true,
    description:
      'NEW_VERSION: held until it is moved to the new version of its process or released; null: not paused, or by hand.',
  })
  @Property({ type: 'text', nullable: true })
  pauseCause: string | null = null;

  /** Who answers for a requester who has left; null: the requester. */
  @Property({ type: 'uuid', nullable: true })
  contactId: string | null = null;

  @Field(() => Int, { description: 'Grows by 1 with each resubmission after a return; from 1.' })
  @Property({ type: 'integer' })
  round!: number;

  @Field(() => String, { description: "The subject's title when it was submitted." })
  @Property({ type: 'text' })
  title!: string;

  @Field(() => String, { description: "The subject's number." })
  @Property({ type: 'text' })
  subjectNumber!: string;

  /** Shown in the inbox without touching the subject's table. */
  @Property({ type: 'decimal', precision: 18, scale: 2, nullable: true })
  amount: string | null = null;

  @Property({ type: 'character', length: 3, nullable: true })
  currency: string | null = null;

  @BelongsTo(() => User, 'owner_id')
  ownerId!: string;

  @BelongsTo(() => Department, 'department_id', { nullable: true })
  departmentId: string | null = null;

  @BelongsTo(() => User, 'requester_id', { index: false })
  requesterId!: string;

  /** The watched content as it was submitted; what was approved is exactly this. */
  @Property({ type: 'jsonb' })
  content!: Record<string, unknown>;

  @Field(() => String, {
    description:
      'SHA-256 (hex) over the canonical JSON (RFC 8785) of the watched content: what exactly is being approved.',
  })
  @Property({ type: 'text' })
  digest!: string;

  @Field(() => Instant, { description: 'When it was first submitted.' })
  @Property({ type: 'timestamptz', length: 3 })
  submittedAt!: Date;

  @Field(() => Instant, { nullable: true, description: 'When it ended.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  endedAt: Date | null = null;

  @Property({ type: 'uuid', nullable: true })
  returnedById: string | null = null;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  lastNudgedAt: Date | null = null;

  @Field(() => Instant, {
    nullable: true,
    description: 'When it ends by itself if nobody ends it before; null: never.',
  })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  expiresAt: Date | null = null;

  /** Whom people have named for the steps ahead. */
  @Property({ type: 'jsonb', defaultRaw: "'[]'" })
  choices: StepChoice[] = [];

  /** What stands here by approvals given elsewhere. */
  @Property({ type: 'jsonb', nullable: true })
  carriedOver: CarriedOver | null = null;

  /** Files that people have added to it, with their decisions or beside them. */
  @Property({ type: 'jsonb', defaultRaw: "'[]'" })
  attachments: readonly AttachedFile[] = [];

  /** Facts so far; the next event's sequence is one more. */
  @Property({ type: 'integer' })
  factCount!: number;

  /** Digest of the newest event: the head of the request's chain. */
  @Property({ type: 'text' })
  chainHead!: string;
}
