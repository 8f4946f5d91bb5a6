import { Entity, Enum, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { Department } from './department.js';
import { User } from './user.js';

/** What a role permits, and over which rows: permission → scope. Comes from packs; organisations change it. */
@Entity({ tableName: 'role' })
export class Role {
  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'text' })
  titleEn!: string;

  @Property({ type: 'text' })
  titleZh!: string;

  @Property({ type: 'jsonb' })
  permissions!: Record<string, 'own' | 'team' | 'subtree' | 'all'>;

  /** Why the last grant that was revoked was revoked by force. */
  @Property({ type: 'text', nullable: true })
  changedBecause: string | null = null;
}

export enum HandedOutKind {
  PERMISSION = 'PERMISSION',
  ROLE = 'ROLE',
}

/** A role that packs have made, or a permission whose grants they have given to the roles that were there: once each. */
@Entity({ tableName: 'handed_out' })
export class HandedOut {
  @Enum({ items: () => HandedOutKind, primary: true })
  kind!: HandedOutKind;

  @PrimaryKey({ type: 'text' })
  name!: string;
}

/** A person holds a role, everywhere or in one department, for ever or until a moment. */
@Entity({ tableName: 'role_grant' })
@Unique({
  name: 'role_grant_once',
  expression:
    'create unique index role_grant_once on role_grant (person_id, role_key, department_id) nulls not distinct',
})
export class RoleGrant {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => User, 'person_id')
  personId!: string;

  @BelongsTo(() => Role, 'role_key')
  roleKey!: string;

  @BelongsTo(() => Department, 'department_id', { nullable: true, index: false })
  departmentId: string | null = null;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  until: Date | null = null;
}
