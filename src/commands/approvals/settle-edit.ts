import { readDb } from '../../entities/read-db.js';
import type { BusinessRecord } from '../../entities/record.js';
import { refusal } from '../../errors.js';
import { changedFields } from '../../workflows/resubmission.js';
import { SUBJECT_TYPES } from '../../workflows/subject-types.js';
import { requireActor, type TransactionContext } from '../transaction.js';
import { readStanding, reconsider, stands, type Standing } from './standing.js';
import { snapshotOf } from './subjects/snapshot.js';
import type { LoadedSubject, SubjectHandler } from './subjects/subject.js';

type EditedTable = 'contract' | 'plan' | 'project' | 'quote' | 'invoice';

/**
 * The subject as it is before an edit; null when nothing of it was ever approved, so that nothing can be void. What is
 * approved by no request that is known stands still: nobody could say what an edit voids. @throws IMMUTABLE
 */
export async function beforeEdit(
  tx: TransactionContext,
  handler: SubjectHandler,
  { id, status }: { readonly id: string; readonly status: string },
): Promise<LoadedSubject | null> {
  const standing = await readStanding(tx.em, id, SUBJECT_TYPES[handler.type].purposes[0]);
  if (standing !== null) return handler.load(tx, id, null);
  if (status !== 'APPROVED') return null;
  const reason = 'no request is known that approved it; such a record changes by amendment only';
  throw refusal('IMMUTABLE', { what: handler.type.toLowerCase(), id, reason });
}

/**
 * Writes the edit of a record that was approved before and draws its consequence: the record is AMENDED while an
 * approval is void, APPROVED again when none is. Who edits nothing that is watched gets no interest by it.
 */
export async function settleEdit(
  tx: TransactionContext,
  handler: SubjectHandler,
  table: EditedTable,
  record: BusinessRecord & { readonly status: string },
  before: LoadedSubject,
): Promise<Standing | null> {
  await tx.em.flush();
  const after = await handler.load(tx, record.id, null);
  const changed = changedFields(snapshotOf(handler.type, before), snapshotOf(handler.type, after));
  if (changed.length === 0) {
    await change(tx, table, record, { updated_by_id: before.lastAuthorId });
    return readStanding(tx.em, record.id, SUBJECT_TYPES[handler.type].purposes[0]);
  }
  const standing = await reconsider(tx, handler, { id: record.id, before, by: requireActor(tx).id });
  if (standing !== null && (record.status === 'APPROVED' || record.status === 'AMENDED')) {
    await change(tx, table, record, { status: stands(standing) ? 'APPROVED' : 'AMENDED' });
  }
  return standing;
}

/** Written beside the record's own change, which has let its version grow already. */
async function change(
  tx: TransactionContext,
  table: EditedTable,
  record: BusinessRecord,
  columns: Readonly<Record<string, string>>,
): Promise<void> {
  await readDb(tx.em)
    .updateTable(table as 'contract')
    .set(columns)
    .where('id', '=', record.id)
    .execute();
  await tx.em.refresh(record);
}
