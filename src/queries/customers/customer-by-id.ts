import type { Context } from '../../context.js';
import type { Customer } from '../../entities/customers/customer.js';
import { readDb, visible } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { requireViewer } from '../filters.js';
import { isRowId } from '../../entities/is-row-id.js';
import { loadOne } from '../load.js';

/** The columns of a customer under the names of its fields. */
export const CUSTOMER_COLUMNS = [
  'customer.id',
  'customer.number',
  'customer.owner_id as ownerId',
  'customer.department_id as departmentId',
  'customer.created_at as createdAt',
  'customer.updated_at as updatedAt',
  'customer.version',
  'customer.archived_at as archivedAt',
  'customer.name',
  'customer.industry',
  'customer.address',
  'customer.level',
  'customer.status',
  'customer.notes',
] as const;

/** A customer that the viewer may see, batched; null when there is none, or it is out of scope. */
export function customerById(ctx: Context, id: string): Promise<Customer | null> {
  const viewer = requireViewer(ctx);
  const read = (ids: readonly string[]): Promise<Customer[]> =>
    readDb(ctx.em)
      .selectFrom('customer')
      .select(CUSTOMER_COLUMNS)
      .where('customer.id', 'in', ids)
      .where(visible(viewer, 'customer:read', 'customer'))
      .execute() as Promise<unknown> as Promise<Customer[]>;
  return loadOne(ctx, 'customer', id, read, (row) => row.id);
}

/** The customer asked for. @throws NOT_FOUND */
export async function customer(ctx: Context, id: string): Promise<Customer> {
  const found = isRowId(id) ? await customerById(ctx, id.toLowerCase()) : null;
  if (!found) throw refusal('NOT_FOUND', { what: 'customer' });
  return found;
}
