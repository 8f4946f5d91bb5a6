import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** A command already carried out under a key: the same key and payload get the same answer. */
@Entity({ tableName: 'idempotency_record' })
export class IdempotencyRecord {
  /** Person and key. */
  @PrimaryKey({ type: 'text' })
  key!: string;

  /** SHA-256 of the command's name and payload. */
  @Property({ type: 'text' })
  payloadDigest!: string;

  /** Ids that the answer is rebuilt from. */
  @Property({ type: 'jsonb' })
  answer!: Record<string, string>;

  @Property({ type: 'timestamptz', length: 3, index: true })
  expiresAt!: Date;
}

/** The key of a record: keys of different people never meet. */
export const recordKey = (personId: string, key: string): string => `${personId}:${key}`;
