import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Actor, Context } from '../../context.js';
import { Document, DocumentGate } from '../../entities/documents/document.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readStages } from '../../entities/projects/stage-rows.js';
import { readDb } from '../../entities/read-db.js';
import { Json } from '../../entities/scalars.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { refusal } from '../../errors.js';
import { requireGateOpen } from '../../workflows/project-flow.js';
import { beginRecord, lockRecord } from '../business-record.js';
import { check, requireSound } from '../input.js';
import { nextNumber } from '../next-number.js';
import { finishMilestones } from '../plans/finish-milestones.js';
import { lockPlanOf } from '../plans/plan-world.js';
import { stageActivity } from '../projects/stage-activity.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { checkDocument, requireFormData, setDocumentFields } from './document-fields.js';

@InputType({
  description: 'A new document: a filled form, for a gate of a stage, for a plan, or on its own.',
})
export class CreateDocumentInput {
  @Field(() => String, { description: 'Title, 1 to 200 characters.' })
  title!: string;

  @Field(() => String, { description: 'Key of its form, such as `F-001`.' })
  formKey!: string;

  @Field(() => ID, { nullable: true, description: 'The stage it belongs to.' })
  stageId?: string | null;

  @Field(() => DocumentGate, {
    nullable: true,
    description:
      'Which gate of the stage it serves; NONE when not given. The form must be one that the gate asks for.',
  })
  gate?: DocumentGate | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The plan it belongs to; completes the milestone that waits for this form.',
  })
  planId?: string | null;

  @Field(() => Json, {
    nullable: true,
    description: 'What is filled in: an object, at most 65536 bytes; empty when not given.',
  })
  data?: unknown;
}

@ObjectType({ description: 'What `createDocument` made.' })
export class CreateDocumentPayload {
  @Field(() => Document, { description: 'The new document; you own it.' })
  document!: Document;
}

/**
 * Makes a document that the actor owns. One of a stage needs the stage's gate at its time; one of a plan completes the
 * milestone that its form fulfils. It belongs to the department of its project or plan, else to the actor's.
 * @throws NOT_FOUND, GATE_CLOSED, INVALID_STATE, BAD_USER_INPUT
 */
export function createDocument(ctx: Context, input: CreateDocumentInput): Promise<CreateDocumentPayload> {
  const actor = requireActor(ctx);
  const gate = input.gate ?? DocumentGate.NONE;
  requireSound(
    ...checkDocument(input),
    check('gate', gate === DocumentGate.NONE || Boolean(input.stageId), 'only with stageId'),
    check('planId', !input.planId || !input.stageId, 'not together with stageId'),
  );
  return inTransaction(ctx, async (tx) => {
    const document = new Document();
    beginRecord(document, actor, tx.now);
    setDocumentFields(document, { title: input.title, data: input.data ?? {} });
    Object.assign(document, { formKey: input.formKey, gate });
    if (input.stageId) await attachToStage(tx, document, input.stageId);
    if (input.planId) await attachToPlan(tx, document, input.planId, actor);
    await requireFormData(tx, document.formKey, document.data);
    document.number = await nextNumber(tx, 'document');
    tx.em.persist(document);
    await anchorsMoved(tx, { kind: RecordKind.DOCUMENT, id: document.id });
    if (document.stageId !== null) await stageActivity(tx, { documentId: document.id });
    return { document };
  });
}

/** Under the project's row lock, so that the gate cannot move meanwhile. @throws NOT_FOUND, GATE_CLOSED, INVALID_STATE */
async function attachToStage(tx: TransactionContext, document: Document, stageId: string): Promise<void> {
  const stage = isRowId(stageId)
    ? await readDb(tx.em)
        .selectFrom('project_stage')
        .innerJoin('project', 'project.id', 'project_stage.project_id')
        .select(['project_stage.id', 'project_stage.key', 'project.id as projectId', 'project.department_id'])
        .where('project_stage.id', '=', stageId)
        .executeTakeFirst()
    : undefined;
  if (!stage) throw refusal('NOT_FOUND', { what: 'stage' });
  const projectId = await lockRecord(tx, 'project', stage.projectId, 'project:read');
  await requireProjectOpen(tx, projectId);
  const [found] = await readStages(tx.em, [projectId]);
  if (found)
    requireGateOpen(found.template, found.stages, {
      stage: stage.key,
      gate: document.gate,
      form: document.formKey,
    });
  document.stageId = stage.id;
  document.departmentId = stage.department_id;
}

async function requireProjectOpen(tx: TransactionContext, projectId: string): Promise<void> {
  const { status } = await readDb(tx.em)
    .selectFrom('project')
    .select('status')
    .where('id', '=', projectId)
    .executeTakeFirstOrThrow();
  if (status === 'SUSPENDED' || status === 'TERMINATED')
    throw refusal('INVALID_STATE', { what: 'project', status });
}

/** @throws NOT_FOUND, GATE_CLOSED while the milestone of this form waits for another one */
async function attachToPlan(
  tx: TransactionContext,
  document: Document,
  planId: string,
  actor: Actor,
): Promise<void> {
  const { plan, world } = await lockPlanOf(tx, planId, actor);
  document.planId = plan.id;
  document.departmentId = plan.departmentId;
  await finishMilestones(tx, plan, world, {
    which: ({ doneBy, formKey }) => doneBy === 'document' && formKey === document.formKey,
    by: actor.id,
    waiting: 'refuse',
  });
}
