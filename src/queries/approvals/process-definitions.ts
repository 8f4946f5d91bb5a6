import type { Context } from '../../context.js';
import type { SubjectType } from '../../entities/approvals/enums.js';
import type { ProcessStatus, ProcessVersion } from '../../entities/approvals/process-version.js';
import { readDb } from '../../entities/read-db.js';

/** Every version of every definition, by subject type and key, newest version first. */
export async function processDefinitions(
  ctx: Context,
  subjectType: SubjectType | null,
  status: ProcessStatus | null,
): Promise<ProcessVersion[]> {
  let rows = versions(ctx).orderBy('subject_type').orderBy('key').orderBy('version', 'desc').limit(500);
  if (subjectType) rows = rows.where('subject_type', '=', subjectType);
  if (status) rows = rows.where('status', '=', status);
  return (await rows.execute()) as unknown as ProcessVersion[];
}

const versions = (ctx: Context) =>
  readDb(ctx.em)
    .selectFrom('process_version')
    .select([
      'id',
      'key',
      'version',
      'subject_type as subjectType',
      'purpose',
      'status',
      'priority',
      'definition',
      'published_at as publishedAt',
    ]);

/** The version with this id, which exists. */
export async function processDefinitionById(ctx: Context, id: string): Promise<ProcessVersion> {
  return (await versions(ctx).where('id', '=', id).executeTakeFirstOrThrow()) as unknown as ProcessVersion;
}
