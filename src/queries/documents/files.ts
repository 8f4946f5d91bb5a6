import { Field, ObjectType } from 'type-graphql';
import { sql, type RawBuilder } from 'kysely';
import type { Actor, Context } from '../../context.js';
import { StoredFile } from '../../entities/documents/stored-file.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible, type ScopedTable } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import type { AttachedFile } from '../../workflows/request.js';
import { storedRequest } from '../approvals/request-view.js';
import { requireViewer } from '../filters.js';
import { loadMany, loadOne } from '../load.js';

const COLUMNS = [
  'file.id',
  'file.digest',
  'file.name',
  'file.media_type as mediaType',
  'file.size',
  'file.uploaded_at as uploadedAt',
  'file.uploaded_by_id as uploadedById',
] as const;

/** The files of a subject that the viewer has before them, in the order in which they were attached, batched. */
export function filesOf(ctx: Context, subjectId: string): Promise<StoredFile[]> {
  type Row = StoredFile & { readonly subjectId: string };
  const read = (ids: readonly string[]): Promise<Row[]> =>
    readDb(ctx.em)
      .selectFrom('attachment')
      .innerJoin('stored_file as file', 'file.id', 'attachment.file_id')
      .select([...COLUMNS, 'attachment.subject_id as subjectId'])
      .where('attachment.subject_id', 'in', ids)
      .orderBy('attachment.id')
      .execute() as Promise<unknown> as Promise<Row[]>;
  return loadMany(ctx, 'subject-files', subjectId, read, (row) => row.subjectId);
}

@ObjectType({ description: 'A file that someone added to a request.' })
export class RequestAttachment {
  @Field(() => StoredFile, { description: 'The file.' })
  file!: StoredFile;

  addedById!: string;
  /** The ordinal of the assignment whose decision it goes with. */
  ordinal!: number | null;
  requestId!: string;
}

/** The files of a request that the viewer has before them, oldest first. */
export async function attachmentsOf(ctx: Context, requestId: string): Promise<RequestAttachment[]> {
  const { state } = await storedRequest(ctx, requestId);
  const attached: readonly AttachedFile[] = state.attachments ?? [];
  return Promise.all(
    attached.map(async ({ fileId, by, ordinal }) => ({
      file: await fileOf(ctx, fileId),
      addedById: by,
      ordinal,
      requestId,
    })),
  );
}

async function fileOf(ctx: Context, id: string): Promise<StoredFile> {
  const read = (ids: readonly string[]): Promise<StoredFile[]> =>
    readDb(ctx.em)
      .selectFrom('stored_file as file')
      .select(COLUMNS)
      .where('file.id', 'in', ids)
      .execute() as Promise<unknown> as Promise<StoredFile[]>;
  return (await loadOne(ctx, 'file', id, read, (row) => row.id)) as StoredFile;
}

/** A file with its bytes. */
export interface FileContent {
  readonly name: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

const SUBJECT_TABLES = ['contract', 'document', 'invoice', 'plan', 'project', 'quote'] as const;

/**
 * A file that the viewer uploaded, or that belongs to a subject or a request that they may see; any other is as if it
 * did not exist. @throws NOT_FOUND
 */
export async function fileContent(ctx: Context, id: string): Promise<FileContent> {
  const viewer = requireViewer(ctx);
  const row = isRowId(id)
    ? await readDb(ctx.em)
        .selectFrom('stored_file as file')
        .select(['file.name', 'file.media_type as mediaType', 'file.content'])
        .where('file.id', '=', id)
        .where(mayRead(viewer))
        .executeTakeFirst()
    : undefined;
  if (!row) throw refusal('NOT_FOUND', { what: 'file' });
  return row;
}

function mayRead(viewer: Actor): RawBuilder<boolean> {
  const through = SUBJECT_TABLES.map((table: ScopedTable) => {
    const subject = sql.table(table);
    return sql<boolean>`exists (select 1 from attachment join ${subject} on ${sql.ref(`${table}.id`)} = attachment.subject_id
      where attachment.file_id = file.id and ${visible(viewer, `${table}:read`, table)})`;
  });
  return sql<boolean>`(file.uploaded_by_id = ${viewer.id} or ${sql.join(through, sql` or `)}
    or exists (select 1 from approval_request
      where approval_request.attachments @> jsonb_build_array(jsonb_build_object('fileId', file.id))
        and ${visible(viewer, 'request:read', 'approval_request')}))`;
}
