import { createHash } from 'node:crypto';
import type { Context } from '../../context.js';
import { StoredFile } from '../../entities/documents/stored-file.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { FILE_MAX_BYTES, TITLE_MAX_LENGTH, UPLOADS_PER_DAY_MAX } from '../../limits.js';
import { check, checkText, requireSound } from '../input.js';
import { inTransaction, requireActor } from '../transaction.js';

interface Upload {
  /** As the client gave it; a path before it is cut off. */
  readonly name: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,60}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}$/;
const DAY_MS = 86_400_000;

/** Keeps a file as it came. It is seen by nobody else until it is attached to something. @throws BAD_USER_INPUT, RATE_LIMITED */
export async function storeFile(ctx: Context, { name, mediaType, content }: Upload): Promise<StoredFile> {
  const { id: uploadedById } = requireActor(ctx);
  const ownName = name.split(/[/\\]/).at(-1)?.trim() ?? '';
  requireSound(
    checkText('name', ownName, TITLE_MAX_LENGTH),
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    check('name', !/[\u0000-\u001f\u007f]/.test(ownName), 'no control characters'),
    check('body', content.length > 0 && content.length <= FILE_MAX_BYTES, `1 to ${FILE_MAX_BYTES} bytes`),
  );
  return inTransaction(ctx, async (tx) => {
    const { count } = await readDb(tx.em)
      .selectFrom('stored_file')
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .where('uploaded_by_id', '=', uploadedById)
      .where('uploaded_at', '>', new Date(tx.now.getTime() - DAY_MS).toISOString())
      .executeTakeFirstOrThrow();
    if (Number(count) >= UPLOADS_PER_DAY_MAX) throw refusal('RATE_LIMITED', { seconds: DAY_MS / 1000 });
    const type = (mediaType.split(';')[0] ?? '').trim().toLowerCase();
    const file = Object.assign(new StoredFile(), {
      digest: createHash('sha256').update(content).digest('hex'),
      name: ownName,
      mediaType: MEDIA_TYPE.test(type) ? type : 'application/octet-stream',
      size: content.length,
      content,
      uploadedById,
      uploadedAt: tx.now,
    });
    await tx.em.persist(file).flush();
    return file;
  });
}
