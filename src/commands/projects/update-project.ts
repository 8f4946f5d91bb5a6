import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Project, ProjectStatus } from '../../entities/projects/project.js';
import { readDb } from '../../entities/read-db.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { refusal } from '../../errors.js';
import { beforeEdit, settleEdit } from '../approvals/settle-edit.js';
import { projectSubject } from '../approvals/subjects/project.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { checkVisible, requireSound, requireVersion } from '../input.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { stageActivity } from './stage-activity.js';
import { checkProject, ProjectFields, setProjectFields } from './project-fields.js';

@InputType({ description: 'A change of a project; fields left out keep their values.' })
export class UpdateProjectInput extends ProjectFields {
  @Field(() => ID, { description: 'The project.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that the change was made on.' })
  expectedVersion!: number;

  @Field(() => String, { nullable: true, description: 'Title, 1 to 200 characters.' })
  title?: string | null;

  @Field(() => ID, { nullable: true, description: 'The customer; one that you may see.' })
  customerId?: string | null;
}

@ObjectType({ description: 'What `updateProject` changed.' })
export class UpdateProjectPayload {
  @Field(() => Project, { description: 'The project as it is now.' })
  project!: Project;
}

/**
 * Changes a project and lets its version grow by 1.
 * @throws NOT_FOUND, SUBJECT_LOCKED while a request for it is pending, IMMUTABLE once it has ended, CONFLICT,
 * BAD_USER_INPUT
 */
export const updateProject = (ctx: Context, input: UpdateProjectInput): Promise<UpdateProjectPayload> =>
  inTransaction(ctx, async (tx) => ({ project: await changeProject(tx, input) }));

export async function changeProject(tx: TransactionContext, input: UpdateProjectInput): Promise<Project> {
  const actor = requireActor(tx);
  requireSound(...checkProject(input));
  const id = await lockRecord(tx, 'project', input.id, 'project:update');
  const project = await tx.em.findOneOrFail(Project, { id });
  await requireNotPending(tx, id);
  if (project.status === ProjectStatus.COMPLETED || project.status === ProjectStatus.TERMINATED) {
    throw refusal('IMMUTABLE', { what: 'project', reason: `it is ${project.status}` });
  }
  requireVersion(project, input.expectedVersion);
  requireSound(await checkVisible(tx, 'customerId', input.customerId, 'customer'));
  const before = await beforeEdit(tx, projectSubject, project);
  setProjectFields(project, input);
  touchRecord(project, actor.id, tx.now);
  if (before) await settleEdit(tx, projectSubject, 'project', project, before);
  await anchorsMoved(tx, { kind: RecordKind.PROJECT, id });
  await stageActivity(tx, { projectId: id });
  return project;
}

/** A project has no status of its own for "being approved": its stages tell where it stands. @throws SUBJECT_LOCKED */
async function requireNotPending(tx: TransactionContext, projectId: string): Promise<void> {
  const pending = await readDb(tx.em)
    .selectFrom('approval_request')
    .select('id')
    .where('subject_id', '=', projectId)
    .where('status', '=', 'PENDING')
    .executeTakeFirst();
  if (pending) throw refusal('SUBJECT_LOCKED', { subjectType: 'PROJECT', id: projectId });
}
