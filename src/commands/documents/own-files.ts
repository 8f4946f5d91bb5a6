import { isRowId } from '../../entities/is-row-id.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { FILES_AT_ONCE_MAX } from '../../limits.js';
import type { GivenFile } from '../../workflows/request.js';
import { requireActor, type TransactionContext } from '../transaction.js';

/**
 * The files with these ids, in this order, each once: only what the person uploaded themselves can be handed in, so
 * that nobody shares what they were only shown. @throws BAD_USER_INPUT
 */
export async function ownFiles(
  tx: TransactionContext,
  ids: readonly string[] | null | undefined,
): Promise<GivenFile[]> {
  if (!ids?.length) return [];
  const wanted = [...new Set(ids.map((id) => id.toLowerCase()))];
  if (wanted.length > FILES_AT_ONCE_MAX) throw bad('fileIds', `at most ${FILES_AT_ONCE_MAX}`);
  const malformed = wanted.findIndex((id) => !isRowId(id));
  if (malformed !== -1) throw bad(`fileIds.${malformed}`, 'the id of a file that you uploaded');
  const rows = await readDb(tx.em)
    .selectFrom('stored_file')
    .select(['id', 'digest'])
    .where('id', 'in', wanted)
    .where('uploaded_by_id', '=', requireActor(tx).id)
    .execute();
  return wanted.map((id, index) => {
    const row = rows.find((one) => one.id === id);
    if (!row) throw bad(`fileIds.${index}`, 'the id of a file that you uploaded');
    return { fileId: row.id, digest: row.digest };
  });
}

const bad = (path: string, rule: string) =>
  refusal('BAD_USER_INPUT', { reason: `${path}: ${rule}`, fields: [{ path, rule }] });
