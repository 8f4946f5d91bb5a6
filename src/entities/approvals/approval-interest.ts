import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { ApprovalRequest } from './approval-request.js';

/** A person with an interest in a request; a trigger refuses a counted decision of theirs. */
@Entity({ tableName: 'approval_interest' })
@Unique({ properties: ['requestId', 'personId'] })
export class ApprovalInterest {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => ApprovalRequest, 'request_id', { index: false })
  requestId!: string;

  @BelongsTo(() => User, 'person_id', { index: false })
  personId!: string;

  @Property({ type: 'text' })
  because!: string;

  /** Place among the request's interests, from 1. */
  @Property({ type: 'integer', default: 0 })
  position: number = 0;

  /** Of an earlier round only. Rows are never deleted. */
  @Property({ type: 'boolean', default: false })
  lapsed: boolean = false;
}
