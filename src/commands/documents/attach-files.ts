import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { SubjectType } from '../../entities/approvals/enums.js';
import { Contract } from '../../entities/contracts/contract.js';
import { Invoice } from '../../entities/contracts/invoice.js';
import { Quote } from '../../entities/contracts/quote.js';
import { Document } from '../../entities/documents/document.js';
import { Attachment } from '../../entities/documents/stored-file.js';
import { Plan } from '../../entities/plans/plan.js';
import { Project } from '../../entities/projects/project.js';
import { readDb } from '../../entities/read-db.js';
import type { BusinessRecord } from '../../entities/record.js';
import { refusal } from '../../errors.js';
import { FILES_AT_ONCE_MAX, SUBJECT_FILES_MAX } from '../../limits.js';
import { beforeEdit, settleEdit } from '../approvals/settle-edit.js';
import { SUBJECTS } from '../approvals/subjects/index.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { once } from '../idempotency.js';
import { check, requireSound, requireUnlocked } from '../input.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import { ownFiles } from './own-files.js';

@InputType({ description: 'Files that are to belong to a subject, or no longer.' })
export class SubjectFilesInput {
  @Field(() => SubjectType, { description: 'Kind of the subject.' })
  subjectType!: SubjectType;

  @Field(() => ID, { description: 'Id of the subject; one that you may change.' })
  subjectId!: string;

  @Field(() => [ID], { description: 'The files, at most 20; to attach them, your own uploads.' })
  fileIds!: string[];

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@ObjectType({ description: 'What the attaching or detaching of files left.' })
export class SubjectFilesPayload {
  @Field(() => SubjectType, { description: 'Kind of the subject.' })
  subjectType!: SubjectType;

  @Field(() => ID, { description: 'Id of the subject.' })
  subjectId!: string;
}

type Record_ = BusinessRecord & { readonly status: string };

const ENTITY_OF = {
  CONTRACT: Contract,
  DOCUMENT: Document,
  INVOICE: Invoice,
  PLAN: Plan,
  PROJECT: Project,
  QUOTE: Quote,
};
const TABLE_OF = {
  CONTRACT: 'contract',
  DOCUMENT: 'document',
  INVOICE: 'invoice',
  PLAN: 'plan',
  PROJECT: 'project',
  QUOTE: 'quote',
} as const;

/** Files become part of what is approved, by their digests. @throws NOT_FOUND, SUBJECT_LOCKED, IMMUTABLE, BAD_USER_INPUT */
export const attachFiles = (ctx: Context, input: SubjectFilesInput): Promise<SubjectFilesPayload> =>
  change(ctx, 'attachFiles', input, async (tx, subjectId) => {
    const files = await ownFiles(tx, input.fileIds);
    const { subjectType } = input;
    const rows = files.map(({ fileId }) =>
      Object.assign(new Attachment(), { subjectType, subjectId, fileId }),
    );
    const known = await tx.em.find(Attachment, { subjectId });
    const fresh = rows.filter(({ fileId }) => !known.some((one) => one.fileId === fileId));
    const total = known.length + fresh.length;
    requireSound(check('fileIds', total <= SUBJECT_FILES_MAX, `at most ${SUBJECT_FILES_MAX} of one subject`));
    await tx.em.persist(fresh).flush();
  });

/** Files leave the subject; requests that were about them keep their digests. @throws as `attachFiles` */
export const detachFiles = (ctx: Context, input: SubjectFilesInput): Promise<SubjectFilesPayload> =>
  change(ctx, 'detachFiles', input, async (tx, subjectId) => {
    const { fileIds } = input;
    requireSound(check('fileIds', fileIds.length <= FILES_AT_ONCE_MAX, `at most ${FILES_AT_ONCE_MAX}`));
    const ids = fileIds.map((id) => requireId(id, 'file'));
    await tx.em.nativeDelete(Attachment, { subjectId, fileId: ids });
  });

function change(
  ctx: Context,
  name: string,
  input: SubjectFilesInput,
  write: (tx: TransactionContext, subjectId: string) => Promise<void>,
): Promise<SubjectFilesPayload> {
  const { idempotencyKey: key, ...payload } = input;
  const { subjectType } = input;
  return inTransaction(ctx, async (tx) => {
    const { subjectId } = await once(tx, { name, key, payload }, async () => {
      const handler = SUBJECTS[subjectType];
      const table = TABLE_OF[subjectType];
      const id = await lockRecord(tx, table, input.subjectId, handler.submitPermission);
      const record = (await tx.em.findOneOrFail(ENTITY_OF[subjectType] as typeof Contract, {
        id,
      })) as Record_;
      await requireEditable(tx, subjectType, record);
      const before = table === 'document' ? null : await beforeEdit(tx, handler, record);
      await write(tx, id);
      touchRecord(record, requireActor(tx).id, tx.now);
      if (before && table !== 'document') await settleEdit(tx, handler, table, record, before);
      return { subjectId: id };
    });
    return { subjectType, subjectId };
  });
}

/** What is being approved, or is final, keeps its files. @throws SUBJECT_LOCKED, IMMUTABLE */
async function requireEditable(
  tx: TransactionContext,
  subjectType: SubjectType,
  record: Record_,
): Promise<void> {
  requireUnlocked(record, subjectType);
  const { id, status } = record;
  const final =
    status === 'EFFECTIVE' ||
    status === 'COMPLETED' ||
    status === 'TERMINATED' ||
    (record instanceof Plan && record.kind === 'ANNUAL' && status === 'APPROVED');
  if (final) throw refusal('IMMUTABLE', { what: subjectType.toLowerCase(), reason: `it is ${status}` });
  const pending = await readDb(tx.em)
    .selectFrom('approval_request')
    .select('id')
    .where('subject_id', '=', id)
    .where('status', '=', 'PENDING')
    .executeTakeFirst();
  if (pending) throw refusal('SUBJECT_LOCKED', { subjectType, id });
}
