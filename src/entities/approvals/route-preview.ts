import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import type { ExpectedStep, RouteDifference } from '../../workflows/expected-route.js';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { ApprovalRequest } from './approval-request.js';

/** The route as it was foreseen when a round was handed in, and where it went another way since. */
@Entity({ tableName: 'approval_preview' })
@Unique({ properties: ['requestId', 'round'] })
export class RoutePreview {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => ApprovalRequest, 'request_id', { index: false })
  requestId!: string;

  @Property({ type: 'integer' })
  round!: number;

  /** Each step with the people expected and the facts of the organisation and the subject that this rested on. */
  @Property({ type: 'jsonb' })
  steps!: readonly ExpectedStep[];

  /** What was otherwise when a step opened, with its cause; written in the transaction that opened it. */
  @Property({ type: 'jsonb' })
  differences!: readonly RouteDifference[];
}
