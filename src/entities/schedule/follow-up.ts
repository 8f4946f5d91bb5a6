import { Entity, Enum, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Ladder } from '../../workflows/ladder.js';
import type { SingleRule } from '../../workflows/schedule-rule.js';
import type { Repeat } from '../../workflows/follow-up.js';
import { BelongsTo } from '../belongs-to.js';
import { Department } from '../organisation/department.js';
import { Role } from '../organisation/role.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { Instant, Json } from '../scalars.js';
import { RecordKind } from './record-kinds.js';
import { RecurringRuleRow } from './recurring-rule.js';

export enum FollowUpKind {
  CALL = 'CALL',
  VISIT = 'VISIT',
  MEETING = 'MEETING',
  MESSAGE = 'MESSAGE',
  REPORT = 'REPORT',
  PAYMENT = 'PAYMENT',
  TASK = 'TASK',
}
registerEnumType(FollowUpKind, {
  name: 'FollowUpKind',
  description: 'What is to be done.',
  valuesConfig: {
    CALL: { description: 'A telephone call; done, it is a contact with the customer.' },
    VISIT: { description: 'A visit; done, it is a contact with the customer.' },
    MEETING: { description: 'A meeting; done, it is a contact with the customer.' },
    MESSAGE: { description: 'A message; done, it is a contact with the customer.' },
    REPORT: { description: 'A report, summary or plan to be written.' },
    PAYMENT: { description: 'Money to be asked for.' },
    TASK: { description: 'Anything else.' },
  },
});

export enum FollowUpStatus {
  OPEN = 'OPEN',
  DONE = 'DONE',
  CANCELLED = 'CANCELLED',
}
registerEnumType(FollowUpStatus, {
  name: 'FollowUpStatus',
  description: 'Where a follow-up stands.',
  valuesConfig: {
    OPEN: { description: 'To be done.' },
    DONE: { description: 'Done, with an outcome.' },
    CANCELLED: { description: 'Given up, with a reason.' },
  },
});

export enum FollowUpPriority {
  LOW = 'LOW',
  NORMAL = 'NORMAL',
  HIGH = 'HIGH',
}
registerEnumType(FollowUpPriority, {
  name: 'FollowUpPriority',
  description: 'How much it matters.',
  valuesConfig: {
    LOW: { description: 'When there is time.' },
    NORMAL: { description: 'In its turn.' },
    HIGH: { description: 'First.' },
  },
});

export enum OutcomeKind {
  SUCCEEDED = 'SUCCEEDED',
  NOT_REACHED = 'NOT_REACHED',
  DECLINED = 'DECLINED',
  NOT_NEEDED = 'NOT_NEEDED',
}
registerEnumType(OutcomeKind, {
  name: 'OutcomeKind',
  description: 'How a follow-up ended.',
  valuesConfig: {
    SUCCEEDED: { description: 'Done as meant.' },
    NOT_REACHED: { description: 'Nobody was reached; no contact has come about.' },
    DECLINED: { description: 'The other side said no.' },
    NOT_NEEDED: { description: 'It was no longer needed.' },
  },
});

/** A "not later than" that is broken: the rule alone would have led to `plannedAt`. */
@ObjectType({ description: 'A “not later than” that is broken.' })
export class DueViolation {
  @Field(() => String, { description: 'The event that it must not be later than.' })
  milestone!: string;

  @Field(() => Instant, { description: 'When that event is; the follow-up is due then.' })
  milestoneAt!: Date;

  @Field(() => Instant, { description: 'When the rule alone would have it.' })
  plannedAt!: Date;
}

/** Something to be done about a record, or about nothing in particular, by a person or whoever holds a role. */
@ObjectType({
  description: 'Something to be done about a record, or by itself, by a person or whoever holds a role.',
})
@Entity({ tableName: 'follow_up' })
@Index({
  name: 'follow_up_person',
  expression: "create index follow_up_person on follow_up (person_id, due_at) where status = 'OPEN'",
})
@Index({
  name: 'follow_up_role',
  expression:
    "create index follow_up_role on follow_up (role_key) where status = 'OPEN' and person_id is null",
})
@Index({ properties: ['subjectId'] })
@Index({
  name: 'follow_up_due',
  expression:
    "create index follow_up_due on follow_up (coalesce(due_at, '9999-12-31 00:00:00+00'::timestamptz), id)",
})
@Index({
  name: 'follow_up_done',
  expression: "create index follow_up_done on follow_up (done_by_id, done_at) where status = 'DONE'",
})
@Unique({
  name: 'follow_up_one_open',
  expression:
    "create unique index follow_up_one_open on follow_up (rule_id, subject_id) where status = 'OPEN' and rule_id is not null and subject_id is not null",
})
export class FollowUp {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Field(() => RecordKind, { nullable: true, description: 'What kind of record it is about; null: none.' })
  @Property({ type: 'text', nullable: true })
  subjectType: RecordKind | null = null;

  @Field(() => ID, { nullable: true, description: 'The record it is about.' })
  @Property({ type: 'uuid', nullable: true })
  subjectId: string | null = null;

  @Field(() => FollowUpKind, { description: 'What is to be done.' })
  @Enum({ items: () => FollowUpKind })
  kind: FollowUpKind = FollowUpKind.TASK;

  @Property({ type: 'text' })
  titleEn!: string;

  @Property({ type: 'text' })
  titleZh!: string;

  @Field(() => String, { nullable: true, description: 'More about it.' })
  @Property({ type: 'text', nullable: true })
  note: string | null = null;

  @Field(() => FollowUpPriority, { description: 'How much it matters.' })
  @Enum({ items: () => FollowUpPriority })
  priority: FollowUpPriority = FollowUpPriority.NORMAL;

  /** Whose it is; null: whoever holds the role. */
  @BelongsTo(() => User, 'person_id', { nullable: true, index: false })
  personId: string | null = null;

  @BelongsTo(() => Role, 'role_key', { nullable: true, index: false })
  roleKey: string | null = null;

  /** Where the role is held; null: anywhere. */
  @BelongsTo(() => Department, 'role_department_id', { nullable: true, index: false })
  roleDepartmentId: string | null = null;

  /** Scopes go by it. */
  @BelongsTo(() => Department, 'department_id', { nullable: true })
  departmentId: string | null = null;

  @Field(() => FollowUpStatus, { description: 'Where it stands.' })
  @Enum({ items: () => FollowUpStatus })
  status: FollowUpStatus = FollowUpStatus.OPEN;

  @Field(() => Instant, {
    nullable: true,
    description: 'When it is due; null while its rule waits for an event.',
  })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  dueAt: Date | null = null;

  @Field(() => Json, {
    nullable: true,
    description: 'The rule that says when it is due; null: it was given a time.',
  })
  @Property({ type: 'jsonb', nullable: true })
  rule: SingleRule | null = null;

  @Field(() => [String], {
    description:
      'Events not known yet: without a due time those it waits for, else those that can bring it forward.',
  })
  @Property({ type: 'text[]' })
  waitingFor: string[] = [];

  @Field(() => DueViolation, {
    nullable: true,
    description: 'A “not later than” of its rule that is broken.',
  })
  @Property({ type: 'jsonb', nullable: true })
  violation: DueViolation | null = null;

  /** The calendar it is reckoned in; null: that of its person or, for a role, of its department. */
  @Property({ type: 'text', nullable: true })
  calendarKey: string | null = null;

  @Field(() => Json, { description: 'Its reminders and the rungs of its ladder.' })
  @Property({ type: 'jsonb' })
  ladder!: Ladder;

  @Field(() => Int, { description: 'The rung of its ladder that it has reached; 0: none yet.' })
  @Property({ type: 'integer' })
  rung: number = 0;

  /** Grows whenever the due time moves: the ladder begins anew, and timers of a cycle before act no more. */
  @Property({ type: 'integer' })
  cycle: number = 1;

  @Field(() => Json, {
    nullable: true,
    description: 'How the next one follows once it is done; null: none does.',
  })
  @Property({ type: 'jsonb', nullable: true })
  repeat: Repeat | null = null;

  @Field(() => Int, { description: 'Which of a repeating rule it is, from 0.' })
  @Property({ type: 'integer' })
  occurrence: number = 0;

  @BelongsTo(() => FollowUp, 'previous_id', { nullable: true })
  previousId: string | null = null;

  @BelongsTo(() => RecurringRuleRow, 'rule_id', { nullable: true })
  ruleId: string | null = null;

  @Field(() => OutcomeKind, { nullable: true, description: 'How it ended.' })
  @Enum({ items: () => OutcomeKind, nullable: true })
  outcomeKind: OutcomeKind | null = null;

  @Field(() => String, { nullable: true, description: 'What came of it, or why it was given up.' })
  @Property({ type: 'text', nullable: true })
  outcome: string | null = null;

  @Field(() => Instant, { nullable: true, description: 'When it was done or given up.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  doneAt: Date | null = null;

  @BelongsTo(() => User, 'done_by_id', { nullable: true, index: false })
  doneById: string | null = null;

  /** null: a rule made it. */
  @BelongsTo(() => User, 'created_by_id', { nullable: true })
  createdById: string | null = null;

  @Field(() => Instant, { description: 'When it was made.' })
  @Property({ type: 'timestamptz', length: 3 })
  createdAt!: Date;

  @Field(() => Instant, { description: 'When it was last changed.' })
  @Property({ type: 'timestamptz', length: 3 })
  updatedAt!: Date;

  @Field(() => Int, { description: 'Grows by 1 with each change; send it back as `expectedVersion`.' })
  @Property({ type: 'integer', version: true })
  version!: number;
}

/** What happened to a follow-up: append-only, a trigger refuses update, delete and truncate. */
@ObjectType({ description: 'Something that happened to a follow-up.' })
@Entity({ tableName: 'follow_up_event' })
@Index({ properties: ['followUpId', 'at', 'id'] })
export class FollowUpEvent {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => FollowUp, 'follow_up_id', { index: false })
  followUpId!: string;

  @Field(() => String, {
    description:
      'CREATED, REMINDED, ESCALATED, HANDED_OVER, RESCHEDULED, MOVED, VIOLATED, REASSIGNED, SUCCEEDED_TO, COMPLETED or CANCELLED.',
  })
  @Property({ type: 'text' })
  type!: string;

  /** null: it happened by itself. */
  @Property({ type: 'uuid', nullable: true })
  byId: string | null = null;

  @Field(() => Instant, { description: 'When.' })
  @Property({ type: 'timestamptz', length: 3 })
  at!: Date;

  @Field(() => Json, { description: 'More about it: reasons, times and people before and after.' })
  @Property({ type: 'jsonb' })
  details!: Record<string, unknown>;
}

/** A named event of a record that people set, such as a meeting or a milestone: rules hang on it. */
@ObjectType({ description: 'A named event of a record, such as a meeting or a milestone.' })
@Entity({ tableName: 'record_event' })
@Unique({ properties: ['subjectId', 'name'] })
export class RecordEvent {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Property({ type: 'text' })
  subjectType!: RecordKind;

  @Property({ type: 'uuid' })
  subjectId!: string;

  @Field(() => String, { description: 'Its name, as rules write it.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => Instant, { nullable: true, description: 'When it is or was; null: not known yet.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  at!: Date | null;

  @Property({ type: 'uuid' })
  setById!: string;

  @Property({ type: 'timestamptz', length: 3 })
  setAt!: Date;
}
