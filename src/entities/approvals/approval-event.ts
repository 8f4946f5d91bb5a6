import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { ApprovalRequest } from './approval-request.js';

/**
 * One fact, append-only: a trigger refuses update, delete and truncate. `canonical` is the exact text that was
 * hashed (RFC 8785); `digest` = SHA-256 of the digest before it and this text, so a change anywhere shows.
 */
@Entity({ tableName: 'approval_event' })
@Unique({ properties: ['requestId', 'sequence'] })
export class ApprovalEvent {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => ApprovalRequest, 'request_id', { index: false })
  requestId!: string;

  /** 1, 2, 3 … without gaps. */
  @Property({ type: 'integer' })
  sequence!: number;

  @Property({ type: 'text' })
  type!: string;

  /** Who caused it: a person, or null for the system. */
  @Property({ type: 'uuid', nullable: true })
  actorId: string | null = null;

  @Property({ type: 'timestamptz', length: 3 })
  at!: Date;

  @Property({ type: 'text' })
  canonical!: string;

  @Property({ type: 'text' })
  digest!: string;
}
