import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { User } from './user.js';

/** A circle of people whom approval rules name by its key. Comes from packs; the organisation changes its members. */
@Entity({ tableName: 'approval_group' })
export class ApprovalGroup {
  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'text' })
  titleEn!: string;

  @Property({ type: 'text' })
  titleZh!: string;

  /** Grows with each change of its members. */
  @Property({ type: 'integer', default: 1 })
  version: number = 1;

  /** Why the last change of its members was forced. */
  @Property({ type: 'text', nullable: true })
  changedBecause: string | null = null;
}

/** A person belongs to a group. */
@Entity({ tableName: 'approval_group_member' })
@Unique({ properties: ['groupKey', 'personId'] })
export class ApprovalGroupMember {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => ApprovalGroup, 'group_key', { index: false })
  groupKey!: string;

  @BelongsTo(() => User, 'person_id')
  personId!: string;
}
