import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Project, ProjectStage, StageStatus } from '../../entities/projects/project.js';
import { readDb } from '../../entities/read-db.js';
import { movesOf } from '../../workflows/project-flow.js';
import type { ProjectTemplate } from '../../workflows/template-file.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { beginRecord } from '../business-record.js';
import { check, checkVisible, requireSound } from '../input.js';
import { nextNumber } from '../next-number.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { moveProject } from './move-stages.js';
import { stageActivity } from './stage-activity.js';
import { checkProject, ProjectFields, setProjectFields } from './project-fields.js';

@InputType({ description: 'A new project.' })
export class CreateProjectInput extends ProjectFields {
  @Field(() => String, { description: 'Title, 1 to 200 characters.' })
  title!: string;

  @Field(() => String, { description: 'Key of the project template whose newest version sets the stages.' })
  templateKey!: string;

  @Field(() => ID, { description: 'The customer; one that you may see.' })
  customerId!: string;
}

@ObjectType({ description: 'What `createProject` made.' })
export class CreateProjectPayload {
  @Field(() => Project, { description: 'The new project; you own it.' })
  project!: Project;
}

/**
 * Makes a project that the actor owns, with the stages of the newest version of its template; the first stage is
 * STARTING. The project stays on that version. @throws BAD_USER_INPUT
 */
export function createProject(ctx: Context, input: CreateProjectInput): Promise<CreateProjectPayload> {
  const actor = requireActor(ctx);
  requireSound(...checkProject(input));
  return inTransaction(ctx, async (tx) => {
    const template = await newestTemplate(tx, input.templateKey);
    requireSound(
      check('templateKey', template !== undefined, 'the key of a project template'),
      await checkVisible(tx, 'customerId', input.customerId, 'customer'),
    );
    const project = new Project();
    beginRecord(project, actor, tx.now);
    setProjectFields(project, input);
    if (template) addStages(project, template, tx.now);
    project.number = await nextNumber(tx, 'project');
    tx.em.persist(project);
    await anchorsMoved(tx, { kind: RecordKind.PROJECT, id: project.id });
    await stageActivity(tx, { projectId: project.id });
    return { project };
  });
}

interface TemplateRow {
  readonly id: string;
  readonly definition: unknown;
}

const newestTemplate = (tx: TransactionContext, key: string): Promise<TemplateRow | undefined> =>
  readDb(tx.em)
    .selectFrom('project_template')
    .select(['id', 'definition'])
    .where('key', '=', key)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();

function addStages(project: Project, { id, definition }: TemplateRow, now: Date): void {
  const template = definition as ProjectTemplate;
  project.templateId = id;
  for (const [index, { key, title }] of template.stages.entries()) {
    const stage = new ProjectStage();
    Object.assign(stage, { key, position: index + 1, titleEn: title.en, titleZh: title.zh ?? title.en });
    project.stages.add(stage);
  }
  const stages = template.stages.map(({ key }) => ({ key, status: StageStatus.NOT_STARTED, documents: [] }));
  moveProject(project, movesOf(template, stages), now);
}
