import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { ApprovalRequest } from './approval-request.js';

/** The head of one request's chain as a checkpoint found it: a leaf of the Merkle tree. Append-only by trigger. */
@Entity({ tableName: 'audit_leaf' })
@Unique({ properties: ['requestId', 'factCount'] })
export class AuditLeafRow {
  /** 0, 1, 2 … without gaps: the leaf's place in the tree. */
  @PrimaryKey({ type: 'integer', autoincrement: false })
  position!: number;

  @BelongsTo(() => ApprovalRequest, 'request_id', { index: false })
  requestId!: string;

  @Property({ type: 'text' })
  number!: string;

  @Property({ type: 'integer' })
  factCount!: number;

  @Property({ type: 'text' })
  chainHead!: string;

  @Property({ type: 'text' })
  processDigest!: string;
}

/** A signed root over all leaves so far. Append-only by trigger; the private key is in no table. */
@Entity({ tableName: 'audit_checkpoint' })
export class AuditCheckpointRow {
  /** 1, 2, 3 … without gaps. */
  @PrimaryKey({ type: 'integer', autoincrement: false })
  sequence!: number;

  @Property({ type: 'timestamptz', length: 3 })
  at!: Date;

  /** Leaves under the root. */
  @Property({ type: 'integer' })
  treeSize!: number;

  @Property({ type: 'text' })
  root!: string;

  /** Digest of the checkpoint before it. */
  @Property({ type: 'text' })
  previous!: string;

  @Property({ type: 'text' })
  signature!: string;

  @Property({ type: 'text' })
  keyId!: string;

  /** PEM. */
  @Property({ type: 'text' })
  publicKey!: string;
}
