import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { ApprovalRequest } from './approval-request.js';

/**
 * The free text of a fact, beside the chain: the fact holds only its commitment. A trigger lets a row change once, by
 * erasure, and never go.
 */
@Entity({ tableName: 'approval_text' })
export class ApprovalText {
  /** SHA-256 over salt and value; what the fact says. */
  @PrimaryKey({ type: 'text' })
  commitment!: string;

  @BelongsTo(() => ApprovalRequest, 'request_id')
  requestId!: string;

  /** The fact that it belongs to. */
  @Property({ type: 'integer' })
  sequence!: number;

  /** comment, evidence, title or content. */
  @Property({ type: 'text' })
  name!: string;

  /** Null after erasure: without it nobody can try words against the commitment. */
  @Property({ type: 'text', nullable: true })
  salt: string | null = null;

  /** Canonical JSON; null after erasure. */
  @Property({ type: 'text', nullable: true })
  value: string | null = null;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  erasedAt: Date | null = null;

  @Property({ type: 'uuid', nullable: true })
  erasedById: string | null = null;

  /** Why it was erased. */
  @Property({ type: 'text', nullable: true })
  reason: string | null = null;
}
