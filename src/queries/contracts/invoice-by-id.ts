import type { Context } from '../../context.js';
import type { Invoice } from '../../entities/contracts/invoice.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { requireViewer } from '../filters.js';
import { loadOne } from '../load.js';

/** The columns of an invoice under the names of its fields. */
export const INVOICE_COLUMNS = [
  'invoice.id',
  'invoice.number',
  'invoice.owner_id as ownerId',
  'invoice.department_id as departmentId',
  'invoice.created_at as createdAt',
  'invoice.updated_at as updatedAt',
  'invoice.version',
  'invoice.archived_at as archivedAt',
  'invoice.title',
  'invoice.status',
  'invoice.customer_id as customerId',
  'invoice.amount',
  'invoice.currency',
  'invoice.note',
  'invoice.due_on as dueOn',
  'invoice.contract_id as contractId',
  'invoice.discount_percent as discountPercent',
] as const;

/** An invoice that the viewer may see, batched; null when there is none, or it is out of scope. */
export function invoiceById(ctx: Context, id: string): Promise<Invoice | null> {
  const viewer = requireViewer(ctx);
  const read = (ids: readonly string[]): Promise<Invoice[]> =>
    readDb(ctx.em)
      .selectFrom('invoice')
      .select(INVOICE_COLUMNS)
      .where('invoice.id', 'in', ids)
      .where(visible(viewer, 'invoice:read', 'invoice'))
      .execute() as Promise<unknown> as Promise<Invoice[]>;
  return loadOne(ctx, 'invoice', id, read, (row) => row.id);
}

/** The invoice asked for. @throws NOT_FOUND */
export async function invoice(ctx: Context, id: string): Promise<Invoice> {
  const found = isRowId(id) ? await invoiceById(ctx, id.toLowerCase()) : null;
  if (!found) throw refusal('NOT_FOUND', { what: 'invoice' });
  return found;
}
