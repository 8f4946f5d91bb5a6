import { Entity, Index, PrimaryKey, Unique } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { ApprovalRequest } from './approval-request.js';

/** Someone copied in: may read the request and its subject. */
@Entity({ tableName: 'approval_reader' })
@Unique({ properties: ['requestId', 'personId'] })
@Index({ properties: ['personId', 'requestId'] })
export class ApprovalReader {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => ApprovalRequest, 'request_id', { index: false })
  requestId!: string;

  @BelongsTo(() => User, 'person_id', { index: false })
  personId!: string;

  @BelongsTo(() => User, 'added_by_id', { index: false })
  addedById!: string;
}
