import type { Context } from '../../../context.js';
import type { SUBJECT_TYPES } from '../../../workflows/subject-types.js';
import type { TransactionContext } from '../../transaction.js';

/** A subject as the engine needs it, read under a row lock. */
export interface LoadedSubject {
  readonly id: string;
  readonly number: string;
  readonly title: string;
  /** Decimal text in the major unit; null where the subject has no amount. */
  readonly amount: string | null;
  readonly currency: string | null;
  readonly ownerId: string;
  readonly departmentId: string | null;
  /** Who last changed a watched field: has an interest. */
  readonly lastAuthorId: string;
  /** Others with an interest (named beneficiaries). */
  readonly beneficiaryIds: readonly string[];
  readonly status: string;
  /** Watched fields, lines and attachment digests, as conditions read them (workflows/subject-types.ts). */
  readonly content: Readonly<Record<string, unknown>>;
  /** The document that it was made from, whose approval may carry to it. */
  readonly madeFrom?: { readonly type: SubjectHandler['type']; readonly id: string } | null;
  /** Last day on which approvals of it carry on; null: no end. */
  readonly validUntil?: string | null;
}

type RecordRow = Pick<
  LoadedSubject,
  'id' | 'number' | 'title' | 'ownerId' | 'departmentId' | 'lastAuthorId' | 'status'
> &
  Partial<Pick<LoadedSubject, 'amount' | 'currency'>>;

/** The subject that a record's row and its content make; records name no beneficiaries. */
export function subjectFrom(row: RecordRow, content: LoadedSubject['content']): LoadedSubject {
  const {
    id,
    number,
    title,
    amount = null,
    currency = null,
    ownerId,
    departmentId,
    lastAuthorId,
    status,
  } = row;
  return {
    id,
    number,
    title,
    amount,
    currency,
    ownerId,
    departmentId,
    lastAuthorId,
    beneficiaryIds: [],
    status,
    content,
  };
}

/** What a request did to its subject. */
export interface SubjectEvent {
  readonly event:
    | 'SUBMITTED'
    | 'RESUBMITTED'
    | 'RETURNED'
    | 'APPROVED'
    | 'REJECTED'
    | 'WITHDRAWN'
    | 'CANCELLED'
    | 'EXPIRED';
  readonly subjectId: string;
  readonly requestId: string;
  /** Who caused it: a person id, or `system`. */
  readonly by: string;
  /** The number given in the last `file` step, if any. */
  readonly filingNumber: string | null;
}

/**
 * How one kind of thing is approved. A new subject type is one file that exports one of these, and one row in
 * workflows/subject-types.ts.
 */
export interface SubjectHandler {
  readonly type: keyof typeof SUBJECT_TYPES;
  /** Permission whose scope decides who may submit it. */
  readonly submitPermission: string;
  /**
   * Locks the row (`for update`) and reads it whole. With `permission`, only rows in that scope exist; null: the engine
   * itself asks. @throws NOT_FOUND
   */
  load(tx: TransactionContext, id: string, permission: string | null): Promise<LoadedSubject>;
  /** Reads without a lock, for previews. @throws NOT_FOUND */
  read(ctx: Context, id: string, permission: string | null): Promise<LoadedSubject>;
  /** Refuses a submission that the subject itself isn't ready for. @throws INVALID_STATE, GATE_CLOSED, IMMUTABLE */
  requireSubmittable(tx: Context, subject: LoadedSubject): Promise<void> | void;
  /**
   * Puts an approver's amendment into the locked subject: the fields by name, with values written as its update input
   * writes them. Its last author stays. Absent: nothing of it can be amended. @throws BAD_USER_INPUT
   */
  amend?(tx: TransactionContext, id: string, changes: Readonly<Record<string, unknown>>): Promise<void>;
  /** Changes the subject in the transaction of the request's change. Called exactly once per event. */
  apply(tx: TransactionContext, event: SubjectEvent): Promise<void>;
}

/** Whether its last day is over, reckoned in UTC. */
export const isOver = ({ validUntil }: Pick<LoadedSubject, 'validUntil'>, now: Date): boolean =>
  Boolean(validUntil) && now.toISOString().slice(0, 10) > (validUntil as string);
