import { z } from 'zod';
import type { Context } from '../../../context.js';
import { Document, DocumentStatus } from '../../../entities/documents/document.js';
import { readStages } from '../../../entities/projects/stage-rows.js';
import { readDb, visible } from '../../../entities/read-db.js';
import { refusal } from '../../../errors.js';
import { requireGateOpen, type StageDocument } from '../../../workflows/project-flow.js';
import type { SUBJECT_TYPES } from '../../../workflows/subject-types.js';
import { lockRecord, touchRecord } from '../../business-record.js';
import { checkDocument, requireFormData, setDocumentFields } from '../../documents/document-fields.js';
import { requireSound } from '../../input.js';
import { moveStages } from '../../projects/move-stages.js';
import { requireActor, requireId, type TransactionContext } from '../../transaction.js';
import { parseAmendment } from './amendment.js';
import { attachedDigests } from './attached-digests.js';
import { subjectFrom, type LoadedSubject, type SubjectEvent, type SubjectHandler } from './subject.js';

/** A document is approved as it was filled in. Effective, it moves the stages of its project in the same transaction. */
export const documentSubject: SubjectHandler = {
  type: 'DOCUMENT',
  submitPermission: 'document:update',
  async load(tx, id, permission) {
    return readDocument(tx, await lockRecord(tx, 'document', id, permission), null);
  },
  read: readDocument,
  requireSubmittable,
  amend,
  apply,
};

/** An amended document stays what its form takes. */
async function amend(
  tx: TransactionContext,
  subjectId: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const id = await lockRecord(tx, 'document', subjectId, null);
  const document = await tx.em.findOneOrFail(Document, { id }, { refresh: true });
  const input = parseAmendment(amendmentSchema, changes);
  requireSound(...checkDocument(input));
  setDocumentFields(document, input);
  if (input.data !== undefined) await requireFormData(tx, document.formKey, document.data);
  touchRecord(document, null, tx.now);
  await tx.em.flush();
}

const amendmentSchema = z.strictObject({
  title: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});

const STATUS_AFTER: Readonly<Record<SubjectEvent['event'], DocumentStatus>> = {
  SUBMITTED: DocumentStatus.IN_REVIEW,
  RESUBMITTED: DocumentStatus.IN_REVIEW,
  RETURNED: DocumentStatus.RETURNED,
  APPROVED: DocumentStatus.EFFECTIVE,
  REJECTED: DocumentStatus.REJECTED,
  WITHDRAWN: DocumentStatus.DRAFT,
  CANCELLED: DocumentStatus.DRAFT,
  EXPIRED: DocumentStatus.DRAFT,
};

async function apply(
  tx: TransactionContext,
  { event, subjectId, filingNumber }: SubjectEvent,
): Promise<void> {
  const id = await lockRecord(tx, 'document', subjectId, null);
  const document = await tx.em.findOneOrFail(Document, { id }, { refresh: true });
  document.status = STATUS_AFTER[event];
  if (event === 'APPROVED') {
    document.effectiveAt = tx.now;
    document.filingNumber = filingNumber;
  }
  touchRecord(document, null, tx.now);
  await tx.em.flush();
  if (event === 'APPROVED' && document.stageId !== null) {
    const stage = await stageOf(tx, document.stageId);
    await moveStages(tx, stage.projectId);
    await tx.em.flush();
  }
}

const SUBMITTABLE: ReadonlySet<string> = new Set([
  DocumentStatus.DRAFT,
  DocumentStatus.RETURNED,
  DocumentStatus.REJECTED,
]);

/** A gate may have moved since the document was written, so it is asked again. */
async function requireSubmittable(ctx: Context, { id, status }: LoadedSubject): Promise<void> {
  if (status === DocumentStatus.EFFECTIVE)
    throw refusal('IMMUTABLE', { what: 'document', reason: 'it is approved and in force' });
  if (!SUBMITTABLE.has(status)) throw refusal('INVALID_STATE', { what: 'document', id, status });
  const document = await readDb(ctx.em)
    .selectFrom('document')
    .select(['stage_id', 'gate', 'form_key'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (document.stage_id === null) return;
  const stage = await stageOf(ctx, document.stage_id);
  if (stage.projectStatus === 'SUSPENDED' || stage.projectStatus === 'TERMINATED') {
    throw refusal('INVALID_STATE', { what: 'project', status: stage.projectStatus });
  }
  const [found] = await readStages(ctx.em, [stage.projectId]);
  const gate = document.gate as StageDocument['gate'];
  if (found)
    requireGateOpen(found.template, found.stages, { stage: stage.key, gate, form: document.form_key });
}

const stageOf = (ctx: Context, stageId: string) =>
  readDb(ctx.em)
    .selectFrom('project_stage as stage')
    .innerJoin('project', 'project.id', 'stage.project_id')
    .select(['stage.key', 'project.id as projectId', 'project.status as projectStatus'])
    .where('stage.id', '=', stageId)
    .executeTakeFirstOrThrow();

type DocumentContent = Readonly<Record<keyof (typeof SUBJECT_TYPES)['DOCUMENT']['fields'], unknown>>;

async function readDocument(ctx: Context, id: string, permission: string | null): Promise<LoadedSubject> {
  let query = selectDocument(ctx, requireId(id, 'document'));
  if (permission !== null) query = query.where(visible(requireActor(ctx), permission, 'document'));
  const row = await query.executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'document' });
  const content: DocumentContent = {
    number: row.number,
    title: row.title,
    form: row.form,
    gate: row.gate,
    template: row.projectTemplate ?? row.planTemplate ?? '',
    stage: row.stage ?? '',
    data: row.data,
    attachments: await attachedDigests(ctx, row.id),
    ownerId: row.ownerId,
    department: row.department ?? '',
  };
  return subjectFrom(row, content);
}

const selectDocument = (ctx: Context, id: string) =>
  readDb(ctx.em)
    .selectFrom('document')
    .leftJoin('project_stage as stage', 'stage.id', 'document.stage_id')
    .leftJoin('project', 'project.id', 'stage.project_id')
    .leftJoin('project_template as template', 'template.id', 'project.template_id')
    .leftJoin('plan', 'plan.id', 'document.plan_id')
    .leftJoin('department', 'department.id', 'document.department_id')
    .select([
      'document.id',
      'document.number',
      'document.title',
      'document.status',
      'document.form_key as form',
      'document.gate',
      'document.data',
      'document.owner_id as ownerId',
      'document.department_id as departmentId',
      'document.updated_by_id as lastAuthorId',
      'template.key as projectTemplate',
      'plan.template_key as planTemplate',
      'stage.key as stage',
      'department.key as department',
    ])
    .where('document.id', '=', id);
