import { PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { BelongsTo } from './belongs-to.js';
import { Department } from './organisation/department.js';
import { User } from './organisation/user.js';
import { newRowId } from './row-id.js';
import { Instant } from './scalars.js';

/** What every business record has. Rows are archived, never deleted; `version` guards against lost updates. */
@ObjectType()
export abstract class BusinessRecord {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Field(() => String, {
    description: 'The human number, gap-free per kind and year, such as `C-2026-00042`.',
  })
  @Property({ type: 'text', unique: true })
  number!: string;

  @BelongsTo(() => User, 'owner_id')
  ownerId!: string;

  @BelongsTo(() => Department, 'department_id', { nullable: true })
  departmentId: string | null = null;

  @Field(() => Instant, { description: 'When it was made.' })
  @Property({ type: 'timestamptz', length: 3 })
  createdAt!: Date;

  @Field(() => Instant, { description: 'When it was last changed.' })
  @Property({ type: 'timestamptz', length: 3 })
  updatedAt!: Date;

  @Property({ type: 'uuid' })
  createdById!: string;

  /** The author of the last change to a watched field has an interest in its approval. */
  @Property({ type: 'uuid' })
  updatedById!: string;

  @Field(() => Int, { description: 'Grows by 1 with each change; send it back as `expectedVersion`.' })
  @Property({ type: 'integer', version: true })
  version!: number;

  @Field(() => Instant, {
    nullable: true,
    description: 'When it was archived; archived records leave the lists.',
  })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  archivedAt: Date | null = null;
}
