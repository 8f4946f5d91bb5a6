import { Entity, Enum, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';
import { ApprovalAssignment } from './approval-assignment.js';

export enum LinkDecision {
  APPROVE = 'APPROVE',
  REJECT = 'REJECT',
}

/** A link in a mail that may carry one decision of one person on one assignment, once. */
@Entity({ tableName: 'decision_link' })
@Index({ properties: ['expiresAt'] })
export class DecisionLink {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  /** SHA-256 (hex) of the token; the token itself stands in the mail only. */
  @Property({ type: 'text', unique: true })
  tokenHash!: string;

  /** What the confirmation page sends back beside the token: whoever has only the link has not seen the page. */
  @Property({ type: 'text' })
  formToken!: string;

  @BelongsTo(() => ApprovalAssignment, 'assignment_id')
  assignmentId!: string;

  @BelongsTo(() => User, 'person_id', { index: false })
  personId!: string;

  @Enum({ items: () => LinkDecision })
  decision!: LinkDecision;

  @Property({ type: 'timestamptz', length: 3 })
  expiresAt!: Date;

  @Property({ type: 'timestamptz', length: 3, nullable: true })
  usedAt: Date | null = null;
}
