import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';
import { User } from './user.js';

/** A person is away; a substitute takes their turns. */
@ObjectType('Absence', { description: 'A time in which a person is away and someone stands in for them.' })
@Entity({ tableName: 'absence' })
export class Absence {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => User, 'person_id')
  personId!: string;

  @BelongsTo(() => User, 'substitute_id', { nullable: true })
  substituteId: string | null = null;

  @Field(() => Instant, { name: 'from', description: 'When it begins.' })
  @Property({ type: 'timestamptz', length: 3 })
  startsAt!: Date;

  /** Exclusive. */
  @Field(() => Instant, { name: 'until', description: 'When it ends: the first moment of being back.' })
  @Property({ type: 'timestamptz', length: 3 })
  endsAt!: Date;

  /** Empty: every process. */
  @Field(() => [String], { description: 'Keys of the processes that it covers; empty: all.' })
  @Property({ type: 'text[]' })
  processKeys: string[] = [];

  /** Empty: every kind of subject. */
  @Field(() => [String], { description: 'Kinds of subjects that it covers; empty: all.' })
  @Property({ type: 'text[]', default: [] })
  subjectTypes: string[] = [];

  /** Who set it: the person, a manager or an administrator. */
  @Property({ type: 'uuid', nullable: true })
  createdById: string | null = null;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  createdAt: Date | null = null;
}
