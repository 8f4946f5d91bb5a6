import { definitionsOf } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import type { ChosenProcess } from './choose-process.js';
import type { TransactionContext } from '../transaction.js';

/** The published version of a process; undefined when it has none. */
export async function publishedVersion(
  tx: Pick<TransactionContext, 'em'>,
  key: string,
): Promise<ChosenProcess | undefined> {
  const row = await readDb(tx.em)
    .selectFrom('process_version')
    .select('id')
    .where('key', '=', key)
    .where('status', '=', 'PUBLISHED')
    .orderBy('version', 'desc')
    .executeTakeFirst();
  if (!row) return undefined;
  return { id: row.id, definition: (await definitionsOf(tx.em, [row.id])).get(row.id)! };
}

/** The published version with this number; requests are moved to no other. @throws NOT_FOUND */
export async function publishedAs(
  tx: Pick<TransactionContext, 'em'>,
  key: string,
  version: number,
): Promise<ChosenProcess> {
  const found = await publishedVersion(tx, key);
  if (found?.definition.version !== version) throw refusal('NOT_FOUND', { what: 'published version' });
  return found;
}
