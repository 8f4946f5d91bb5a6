import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';

/** A node of the organisation's tree. */
@ObjectType({ description: "A node of the organisation's tree." })
@Entity({ tableName: 'department' })
export class Department {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Field(() => String, { description: 'Short stable key, such as `sales`.' })
  @Property({ type: 'text', unique: true })
  key!: string;

  @Field(() => String, { description: 'Name as people know it.' })
  @Property({ type: 'text' })
  name!: string;

  @BelongsTo(() => Department, 'parent_id', { nullable: true })
  parentId: string | null = null;

  /** The head; no foreign key object here, so that departments and people can be made in either order. */
  @Property({ type: 'uuid', nullable: true })
  headId: string | null = null;

  @Field(() => String, {
    nullable: true,
    description: 'Key of its own business calendar; null: that of the department above.',
  })
  @Property({ type: 'text', nullable: true })
  calendarKey: string | null = null;
}
