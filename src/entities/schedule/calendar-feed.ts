import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';

/** The address at which a person's calendar program reads what is due; a person has at most one. */
@Entity({ tableName: 'calendar_feed' })
@Unique({ properties: ['personId'] })
export class CalendarFeed {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => User, 'person_id', { index: false })
  personId!: string;

  /** SHA-256 of the random part of the address: who reads the database cannot read the feed. */
  @Property({ type: 'text', unique: true })
  tokenHash!: string;

  @Property({ type: 'timestamptz', length: 3 })
  createdAt!: Date;

  /** When it was last read, to the hour. */
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  readAt: Date | null = null;
}
