import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { Department } from './department.js';

/** A person of the organisation. Never deleted: decisions keep their names; leavers become inactive. */
@ObjectType({ description: 'A person of the organisation.' })
@Entity({ tableName: 'app_user' })
export class User {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  /** Lower case. */
  @Field(() => String, { description: 'Sign-in name: the e-mail address, in lower case.' })
  @Property({ type: 'text', unique: true })
  email!: string;

  @Field(() => String, { description: 'Name as printed on decisions.' })
  @Property({ type: 'text' })
  name!: string;

  /** argon2id, PHC string; null: the person cannot sign in with a password. */
  @Property({ type: 'text', nullable: true })
  passwordHash: string | null = null;

  @Field(() => Boolean, {
    description: 'Whether the person still works here; inactive people are never asked.',
  })
  @Property({ type: 'boolean' })
  active: boolean = true;

  @Field(() => String, { description: 'Language of messages: `en` or `zh`.' })
  @Property({ type: 'text' })
  language: string = 'en';

  @BelongsTo(() => Department, 'department_id', { nullable: true })
  departmentId: string | null = null;

  @BelongsTo(() => User, 'manager_id', { nullable: true })
  managerId: string | null = null;

  @Field(() => String, {
    nullable: true,
    description: "Key of the person's own business calendar; null: that of the department.",
  })
  @Property({ type: 'text', nullable: true })
  calendarKey: string | null = null;

  @Property({ type: 'timestamptz', length: 3 })
  createdAt!: Date;

  /** When, why and to whom a leaver's work went; all null while the person is here. */
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  leftAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  leavingReason: string | null = null;

  @Property({ type: 'uuid', nullable: true })
  successorId: string | null = null;
}
