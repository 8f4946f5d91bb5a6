import { z } from 'zod';
import type { Context } from '../../../context.js';
import { Project, ProjectStatus } from '../../../entities/projects/project.js';
import { readDb, visible } from '../../../entities/read-db.js';
import { refusal } from '../../../errors.js';
import { SUBJECT_TYPES } from '../../../workflows/subject-types.js';
import { lockRecord, touchRecord } from '../../business-record.js';
import { requireSound } from '../../input.js';
import { checkProject, setProjectFields } from '../../projects/project-fields.js';
import { requireActor, requireId, type TransactionContext } from '../../transaction.js';
import { readStanding, stands } from '../standing.js';
import { decimal, parseAmendment } from './amendment.js';
import { attachedDigests } from './attached-digests.js';
import { subjectFrom, type LoadedSubject, type SubjectHandler } from './subject.js';

/** A project's initiation is approved on its own; what a request does leaves the project as it is, because its stages
 *  tell where it stands. */
export const projectSubject: SubjectHandler = {
  type: 'PROJECT',
  submitPermission: 'project:update',
  async load(tx, id, permission) {
    return readProject(tx, await lockRecord(tx, 'project', id, permission), null);
  },
  read: readProject,
  requireSubmittable,
  amend,
  apply: () => Promise.resolve(),
};

async function amend(
  tx: TransactionContext,
  subjectId: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const id = await lockRecord(tx, 'project', subjectId, null);
  const project = await tx.em.findOneOrFail(Project, { id }, { refresh: true });
  const { amount, title } = parseAmendment(amendmentSchema, changes);
  const input = {
    ...(title === undefined ? {} : { title }),
    ...(amount === undefined ? {} : { amount: { amount, currency: project.currency } }),
  };
  requireSound(...checkProject(input));
  setProjectFields(project, input);
  touchRecord(project, null, tx.now);
  await tx.em.flush();
}

const amendmentSchema = z.strictObject({ title: z.string().optional(), amount: decimal.optional() });

/** Initiation comes before the first stage opens; it is approved again when a change has voided it meanwhile. */
async function requireSubmittable(ctx: Context, { id, status }: LoadedSubject): Promise<void> {
  if (status === ProjectStatus.DRAFT) return;
  const standing = await readStanding(ctx.em, id, SUBJECT_TYPES.PROJECT.purposes[0]);
  if (status !== ProjectStatus.RUNNING || standing === null || stands(standing))
    throw refusal('INVALID_STATE', { what: 'project', id, status });
}

type ProjectContent = Readonly<Record<keyof (typeof SUBJECT_TYPES)['PROJECT']['fields'], unknown>>;

async function readProject(ctx: Context, id: string, permission: string | null): Promise<LoadedSubject> {
  let query = selectProject(ctx, requireId(id, 'project'));
  if (permission !== null) query = query.where(visible(requireActor(ctx), permission, 'project'));
  const row = await query.executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'project' });
  const content: ProjectContent = {
    number: row.number,
    title: row.title,
    template: row.template,
    stage: row.stage ?? '',
    currency: row.currency,
    amount: Number(row.amount),
    customerLevel: row.customerLevel,
    attachments: await attachedDigests(ctx, row.id),
    ownerId: row.ownerId,
    department: row.department ?? '',
  };
  return subjectFrom(row, content);
}

const selectProject = (ctx: Context, id: string) =>
  readDb(ctx.em)
    .selectFrom('project')
    .innerJoin('customer', 'customer.id', 'project.customer_id')
    .innerJoin('project_template as template', 'template.id', 'project.template_id')
    .leftJoin('department', 'department.id', 'project.department_id')
    .select((eb) => [
      'project.id',
      'project.number',
      'project.title',
      'project.status',
      'project.currency',
      'project.amount',
      'project.owner_id as ownerId',
      'project.department_id as departmentId',
      'project.updated_by_id as lastAuthorId',
      'template.key as template',
      'customer.level as customerLevel',
      'department.key as department',
      eb
        .selectFrom('project_stage as stage')
        .select('stage.key')
        .whereRef('stage.project_id', '=', 'project.id')
        .where('stage.status', 'in', ['STARTING', 'RUNNING'])
        .orderBy('stage.position')
        .limit(1)
        .as('stage'),
    ])
    .where('project.id', '=', id);
