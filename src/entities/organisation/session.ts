import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { User } from './user.js';

/** A signed-in session. Tokens are random; only their SHA-256 is stored. */
@Entity({ tableName: 'session' })
export class Session {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => User, 'person_id')
  personId!: string;

  @Property({ type: 'text', unique: true })
  accessHash!: string;

  @Property({ type: 'timestamptz', length: 3 })
  accessExpiresAt!: Date;

  @Property({ type: 'text', unique: true })
  refreshHash!: string;

  /** The refresh token before the last rotation: its use again ends the session. */
  @Property({ type: 'text', nullable: true })
  previousRefreshHash: string | null = null;

  @Property({ type: 'timestamptz', length: 3 })
  signedInAt!: Date;

  @Property({ type: 'timestamptz', length: 3, index: true })
  expiresAt!: Date;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  endedAt: Date | null = null;
}
