import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { User } from './user.js';

/** A person is away; a substitute takes their turns. */
@Entity({ tableName: 'absence' })
export class Absence {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => User, 'person_id')
  personId!: string;

  @BelongsTo(() => User, 'substitute_id', { nullable: true, index: false })
  substituteId: string | null = null;

  @Property({ type: 'timestamptz', length: 3 })
  startsAt!: Date;

  /** Exclusive. */
  @Property({ type: 'timestamptz', length: 3 })
  endsAt!: Date;

  /** Empty: every process. */
  @Property({ type: 'text[]' })
  processKeys: string[] = [];
}
