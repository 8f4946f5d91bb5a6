import { Entity, Enum, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';
import { ApprovalRequest } from './approval-request.js';

export enum QuestionStatus {
  OPEN = 'OPEN',
  ANSWERED = 'ANSWERED',
  LAPSED = 'LAPSED',
}
registerEnumType(QuestionStatus, {
  name: 'QuestionStatus',
  description: 'Where a question stands.',
  valuesConfig: {
    OPEN: { description: 'Waits for its answer.' },
    ANSWERED: { description: 'Answered.' },
    LAPSED: {
      description: 'Whoever asked no longer waits: they decided, handed over, or the step has closed.',
    },
  },
});

/** A question of an approver, put while the request stays pending. */
@ObjectType({ description: 'A question of an approver, put while the request stays pending.' })
@Entity({ tableName: 'approval_question' })
@Unique({ properties: ['requestId', 'number'] })
@Index({
  name: 'approval_question_open',
  expression: "create index approval_question_open on approval_question (asked_of_id) where status = 'OPEN'",
})
export class ApprovalQuestion {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => ApprovalRequest, 'request_id', { index: false })
  requestId!: string;

  @Field(() => Int, { description: 'Place among the questions of the request, from 1.' })
  @Property({ type: 'integer' })
  number!: number;

  @Field(() => String, { description: 'Key of the step that it was asked in.' })
  @Property({ type: 'text' })
  stepKey!: string;

  @Property({ type: 'integer' })
  round!: number;

  @Property({ type: 'integer' })
  attempt!: number;

  /** The assignment of the one who asks. */
  @Property({ type: 'integer' })
  ordinal!: number;

  @BelongsTo(() => User, 'asked_by_id', { index: false })
  askedById!: string;

  @BelongsTo(() => User, 'asked_of_id', { index: false })
  askedOfId!: string;

  @Field(() => String, { description: 'The question.' })
  @Property({ type: 'text' })
  question!: string;

  @Field(() => Boolean, { description: 'Whether the clock of the step stands still until it is answered.' })
  @Property({ type: 'boolean' })
  stopsClock!: boolean;

  @Field(() => QuestionStatus, { description: 'Where it stands.' })
  @Enum({ items: () => QuestionStatus })
  status!: QuestionStatus;

  @Field(() => Instant, { description: 'When it was asked.' })
  @Property({ type: 'timestamptz', length: 3 })
  askedAt!: Date;

  @Field(() => String, { nullable: true, description: 'The answer.' })
  @Property({ type: 'text', nullable: true })
  answer: string | null = null;

  @Field(() => Instant, { nullable: true, description: 'When it was answered.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  answeredAt: Date | null = null;
}
