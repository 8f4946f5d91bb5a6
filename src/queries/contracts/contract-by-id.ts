import type { Context } from '../../context.js';
import type { Contract } from '../../entities/contracts/contract.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { requireViewer } from '../filters.js';
import { loadOne } from '../load.js';

/** The columns of a contract under the names of its fields. */
export const CONTRACT_COLUMNS = [
  'contract.id',
  'contract.number',
  'contract.owner_id as ownerId',
  'contract.department_id as departmentId',
  'contract.created_at as createdAt',
  'contract.updated_at as updatedAt',
  'contract.version',
  'contract.archived_at as archivedAt',
  'contract.title',
  'contract.kind',
  'contract.status',
  'contract.customer_id as customerId',
  'contract.project_id as projectId',
  'contract.amount',
  'contract.currency',
  'contract.signing_mode as signingMode',
  'contract.discount_percent as discountPercent',
  'contract.starts_on as startsOn',
  'contract.ends_on as endsOn',
  'contract.note',
  'contract.quote_id as quoteId',
  'contract.copied_from_id as copiedFromId',
] as const;

/** A contract that the viewer may see, batched; null when there is none, or it is out of scope. */
export function contractById(ctx: Context, id: string): Promise<Contract | null> {
  const viewer = requireViewer(ctx);
  const read = (ids: readonly string[]): Promise<Contract[]> =>
    readDb(ctx.em)
      .selectFrom('contract')
      .select(CONTRACT_COLUMNS)
      .where('contract.id', 'in', ids)
      .where(visible(viewer, 'contract:read', 'contract'))
      .execute() as Promise<unknown> as Promise<Contract[]>;
  return loadOne(ctx, 'contract', id, read, (row) => row.id);
}

/** The contract asked for. @throws NOT_FOUND */
export async function contract(ctx: Context, id: string): Promise<Contract> {
  const found = isRowId(id) ? await contractById(ctx, id.toLowerCase()) : null;
  if (!found) throw refusal('NOT_FOUND', { what: 'contract' });
  return found;
}
