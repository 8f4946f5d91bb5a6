import type { Context } from '../../context.js';
import type { Quote } from '../../entities/contracts/quote.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { requireViewer } from '../filters.js';
import { loadOne } from '../load.js';

/** The columns of a quote under the names of its fields. */
export const QUOTE_COLUMNS = [
  'quote.id',
  'quote.number',
  'quote.owner_id as ownerId',
  'quote.department_id as departmentId',
  'quote.created_at as createdAt',
  'quote.updated_at as updatedAt',
  'quote.version',
  'quote.archived_at as archivedAt',
  'quote.title',
  'quote.status',
  'quote.customer_id as customerId',
  'quote.amount',
  'quote.currency',
  'quote.note',
  'quote.valid_until as validUntil',
  'quote.copied_from_id as copiedFromId',
  'quote.project_id as projectId',
  'quote.discount_percent as discountPercent',
] as const;

/** A quote that the viewer may see, batched; null when there is none, or it is out of scope. */
export function quoteById(ctx: Context, id: string): Promise<Quote | null> {
  const viewer = requireViewer(ctx);
  const read = (ids: readonly string[]): Promise<Quote[]> =>
    readDb(ctx.em)
      .selectFrom('quote')
      .select(QUOTE_COLUMNS)
      .where('quote.id', 'in', ids)
      .where(visible(viewer, 'quote:read', 'quote'))
      .execute() as Promise<unknown> as Promise<Quote[]>;
  return loadOne(ctx, 'quote', id, read, (row) => row.id);
}

/** The quote asked for. @throws NOT_FOUND */
export async function quote(ctx: Context, id: string): Promise<Quote> {
  const found = isRowId(id) ? await quoteById(ctx, id.toLowerCase()) : null;
  if (!found) throw refusal('NOT_FOUND', { what: 'quote' });
  return found;
}
