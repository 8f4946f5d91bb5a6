import { Entity, Enum, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { ErrorCode, RefusalDetails } from '../../errors.js';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { Instant } from '../scalars.js';
import { ProcessVersion } from './process-version.js';

export enum MoveKind {
  MIGRATE = 'MIGRATE',
  HOLD = 'HOLD',
  RELEASE = 'RELEASE',
}
registerEnumType(MoveKind, {
  name: 'MoveKind',
  description: 'What is done to the open requests of a process.',
  valuesConfig: {
    MIGRATE: { description: 'Each is moved to another version, as far as it can be.' },
    HOLD: { description: 'Each is paused until it is moved to the new version or released.' },
    RELEASE: { description: 'Each that was held goes on, on the version it has.' },
  },
});

/** A request that a move left as it was. */
export interface KeptRequest {
  readonly requestId: string;
  /** Code of the refusal. */
  readonly code: ErrorCode;
  readonly details: RefusalDetails;
}

/**
 * The open requests of a process on their way to another version: done in batches, each in one transaction with the
 * place it has come to, so that a crash costs the batch at hand and nothing is done twice.
 */
@ObjectType({ description: 'What became of the open requests of a process when its definition changed.' })
@Entity({ tableName: 'request_move' })
@Index({ properties: ['processKey', 'startedAt'] })
export class RequestMove {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Field(() => MoveKind, { description: 'What is done to them.' })
  @Enum({ items: () => MoveKind, type: 'text' })
  kind!: MoveKind;

  @Field(() => String, { description: 'Key of the process.' })
  @Property({ type: 'text' })
  processKey!: string;

  /** The version that it is about; null for a release. */
  @BelongsTo(() => ProcessVersion, 'to_version_id', { nullable: true, index: false })
  toVersionId: string | null = null;

  /** Only these; null: every open request on another version. */
  @Property({ type: 'jsonb', nullable: true })
  requestIds: readonly string[] | null = null;

  @Field(() => String, { description: 'Why, as it was said; every request keeps it.' })
  @Property({ type: 'text' })
  comment!: string;

  @BelongsTo(() => User, 'started_by_id', { index: false })
  startedById!: string;

  @Field(() => Instant, { description: 'When it began.' })
  @Property({ type: 'timestamptz', length: 3 })
  startedAt!: Date;

  /** Requests up to this id are done; null: none yet. */
  @Property({ type: 'uuid', nullable: true })
  cursor: string | null = null;

  @Field(() => Int, { description: 'Requests done so far.' })
  @Property({ type: 'integer', default: 0 })
  moved: number = 0;

  @Field(() => Int, { description: 'Requests left as they were, so far.' })
  @Property({ type: 'integer', default: 0 })
  keptCount: number = 0;

  /** The first of them, at most MOVE_KEPT_MAX. */
  @Property({ type: 'jsonb', defaultRaw: "'[]'" })
  kept: readonly KeptRequest[] = [];

  @Field(() => Instant, { nullable: true, description: 'When the last request was done; null: it goes on.' })
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  finishedAt: Date | null = null;
}
