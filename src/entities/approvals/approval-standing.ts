import { Entity, Enum, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { ApprovalRequest } from './approval-request.js';
import { SubjectType } from './enums.js';

/** Which request approved a subject last, and what of that is void since. Without a row nothing is approved. */
@Entity({ tableName: 'approval_standing' })
@Unique({ properties: ['subjectId', 'purpose'] })
export class ApprovalStanding {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Enum({ items: () => SubjectType })
  subjectType!: SubjectType;

  @Property({ type: 'uuid' })
  subjectId!: string;

  @Property({ type: 'text' })
  purpose!: string;

  @BelongsTo(() => ApprovalRequest, 'request_id')
  requestId!: string;

  /** Watched fields that are not as they were approved. */
  @Property({ type: 'jsonb', defaultRaw: "'[]'" })
  touchedFields: readonly string[] = [];

  /** Steps of the request whose approval is void by that. */
  @Property({ type: 'jsonb', defaultRaw: "'[]'" })
  voidedSteps: readonly string[] = [];

  /** Steps that a new submission would ask: the void ones, and those that the change brings into the route. */
  @Property({ type: 'jsonb', defaultRaw: "'[]'" })
  askedSteps: readonly string[] = [];

  @Property({ type: 'uuid', nullable: true })
  changedById: string | null = null;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  changedAt: Date | null = null;
}
