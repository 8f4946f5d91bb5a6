import type { Context } from '../../../context.js';
import { readDb } from '../../../entities/read-db.js';

/** SHA-256 (hex) of each file attached to a subject, sorted: the order of files says nothing. */
export async function attachedDigests(ctx: Pick<Context, 'em'>, subjectId: string): Promise<string[]> {
  const rows = await readDb(ctx.em)
    .selectFrom('attachment')
    .innerJoin('stored_file as file', 'file.id', 'attachment.file_id')
    .select('file.digest')
    .where('attachment.subject_id', '=', subjectId)
    .orderBy('file.digest')
    .execute();
  return rows.map(({ digest }) => digest);
}
