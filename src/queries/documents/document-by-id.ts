import type { Context } from '../../context.js';
import type { Document } from '../../entities/documents/document.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { requireViewer } from '../filters.js';
import { loadMany, loadOne } from '../load.js';

/** The columns of a document under the names of its fields. */
export const DOCUMENT_COLUMNS = [
  'document.id',
  'document.number',
  'document.owner_id as ownerId',
  'document.department_id as departmentId',
  'document.created_at as createdAt',
  'document.updated_at as updatedAt',
  'document.version',
  'document.archived_at as archivedAt',
  'document.title',
  'document.form_key as formKey',
  'document.status',
  'document.gate',
  'document.stage_id as stageId',
  'document.plan_id as planId',
  'document.data',
  'document.filing_number as filingNumber',
  'document.effective_at as effectiveAt',
] as const;

/** The documents with one of the ids in a column, of those that the viewer may see; oldest first. */
function readBy(
  ctx: Context,
  column: 'id' | 'stage_id' | 'plan_id',
  ids: readonly string[],
): Promise<Document[]> {
  return readDb(ctx.em)
    .selectFrom('document')
    .select(DOCUMENT_COLUMNS)
    .where(`document.${column}`, 'in', ids)
    .where(visible(requireViewer(ctx), 'document:read', 'document'))
    .orderBy('document.created_at')
    .orderBy('document.id')
    .execute() as Promise<unknown> as Promise<Document[]>;
}

/** A document that the viewer may see, batched; null when there is none, or it is out of scope. */
export const documentById = (ctx: Context, id: string): Promise<Document | null> =>
  loadOne(
    ctx,
    'document',
    id,
    (ids) => readBy(ctx, 'id', ids),
    (row) => row.id,
  );

/** The document asked for. @throws NOT_FOUND */
export async function document(ctx: Context, id: string): Promise<Document> {
  const found = isRowId(id) ? await documentById(ctx, id.toLowerCase()) : null;
  if (!found) throw refusal('NOT_FOUND', { what: 'document' });
  return found;
}

/** The documents of a stage that the viewer may see, oldest first, batched. */
export const documentsOfStage = (ctx: Context, stageId: string): Promise<Document[]> =>
  loadMany(
    ctx,
    'stage-documents',
    stageId,
    (ids) => readBy(ctx, 'stage_id', ids),
    (row) => String(row.stageId),
  );

/** The documents of a plan that the viewer may see, oldest first, batched. */
export const documentsOfPlan = (ctx: Context, planId: string): Promise<Document[]> =>
  loadMany(
    ctx,
    'plan-documents',
    planId,
    (ids) => readBy(ctx, 'plan_id', ids),
    (row) => String(row.planId),
  );
