import type { Actor } from '../context.js';
import { readDb, visible, type ScopedTable } from '../entities/read-db.js';
import type { BusinessRecord } from '../entities/record.js';
import { refusal } from '../errors.js';
import { requireActor, requireId, type TransactionContext } from './transaction.js';

type RecordTable = Exclude<ScopedTable, 'approval_request'>;

/**
 * Locks a row until the transaction ends, so that what is decided on it stays true; answers its id. Only rows that the
 * permission reaches for the person exist; null: the engine itself asks, every row does. @throws NOT_FOUND
 */
export async function lockRecord(
  tx: TransactionContext,
  table: RecordTable,
  id: string,
  permission: string | null,
): Promise<string> {
  let query = readDb(tx.em).selectFrom(table).select('id').where('id', '=', requireId(id, table)).forUpdate();
  if (permission !== null) query = query.where(visible(requireActor(tx), permission, table));
  const row = await query.executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: table });
  return row.id;
}

/** Makes a new record the actor's: they own it, and it belongs to their department. */
export function beginRecord(record: BusinessRecord, { id, departmentId }: Actor, now: Date): void {
  Object.assign(record, {
    ownerId: id,
    departmentId,
    createdById: id,
    updatedById: id,
    createdAt: now,
    updatedAt: now,
  });
}

/**
 * Marks a change, also one that touches only lines: `updatedAt` always moves on, by 1 ms at least, and so `version`
 * always grows. `authorId` is who changed watched content and so has an interest; null: only its status moved.
 */
export function touchRecord(record: BusinessRecord, authorId: string | null, now: Date): void {
  record.updatedAt = new Date(Math.max(now.getTime(), record.updatedAt.getTime() + 1));
  if (authorId !== null) record.updatedById = authorId;
}
