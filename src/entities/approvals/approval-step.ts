import { Entity, Enum, Index, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { ApprovalRequest } from './approval-request.js';
import { ApprovalStepStatus } from './enums.js';

/** A step that was opened, skipped or blocked, in one round and attempt. Steps not reached have no row. */
@Entity({ tableName: 'approval_step' })
@Unique({ properties: ['requestId', 'round', 'key', 'attempt'] })
@Index({
  name: 'approval_step_clock',
  expression:
    "create index approval_step_clock on approval_step (calendar_key) where status = 'OPEN' and due_at is not null",
})
export class ApprovalStep {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => ApprovalRequest, 'request_id', { index: false })
  requestId!: string;

  /** Place among all steps of the request, from 1: the core's array index. */
  @Property({ type: 'integer' })
  ordinal!: number;

  @Property({ type: 'text' })
  key!: string;

  @Property({ type: 'integer' })
  round!: number;

  @Property({ type: 'integer' })
  attempt!: number;

  @Enum({ items: () => ApprovalStepStatus })
  status!: ApprovalStepStatus;

  /** Copied from the definition, so that lists need no definition. */
  @Property({ type: 'text' })
  titleEn!: string;

  @Property({ type: 'text' })
  titleZh!: string;

  /** Whether a person with an interest may decide here (the definition says `allow`). */
  @Property({ type: 'boolean' })
  interestAllowed!: boolean;

  @Property({ type: 'timestamptz', length: 3 })
  openedAt!: Date;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  dueAt: Date | null = null;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  closedAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  reason: string | null = null;

  @Property({ type: 'integer' })
  rung!: number;

  /** Reminders and rungs that have not acted yet, with the times they are set for. */
  @Property({ type: 'jsonb', default: '[]' })
  timers: unknown[] = [];

  /** The business calendar that its times are reckoned by; null: the definition's, or nothing is due. */
  @Property({ type: 'text', nullable: true })
  calendarKey: string | null = null;

  /** Since when its clock stands still; null: it runs, or there is none. */
  @Property({ type: 'timestamptz', length: 3, nullable: true })
  clockStoppedAt: Date | null = null;
}
