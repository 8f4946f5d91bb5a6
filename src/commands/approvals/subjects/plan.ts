import { z } from 'zod';
import type { Context } from '../../../context.js';
import { Plan, PlanStatus } from '../../../entities/plans/plan.js';
import { readDb, visible } from '../../../entities/read-db.js';
import { refusal } from '../../../errors.js';
import { SYSTEM } from '../../../workflows/request.js';
import type { SUBJECT_TYPES } from '../../../workflows/subject-types.js';
import { lockRecord, touchRecord } from '../../business-record.js';
import { hundredths, requireSound } from '../../input.js';
import { finishMilestones, requireBegun } from '../../plans/finish-milestones.js';
import { checkPlan, setPlanFields } from '../../plans/plan-fields.js';
import { lockPlan } from '../../plans/plan-world.js';
import { requireActor, requireId, type TransactionContext } from '../../transaction.js';
import { statusWithoutAnswer } from '../standing.js';
import { decimal, parseAmendment } from './amendment.js';
import { attachedDigests } from './attached-digests.js';
import { subjectFrom, type LoadedSubject, type SubjectEvent, type SubjectHandler } from './subject.js';

/** A plan is approved with its lines. Submitting and approving it complete the milestones that wait for that. */
export const planSubject: SubjectHandler = {
  type: 'PLAN',
  submitPermission: 'plan:update',
  async load(tx, id, permission) {
    return readPlan(tx, await lockRecord(tx, 'plan', id, permission), null);
  },
  read: readPlan,
  requireSubmittable,
  amend,
  apply,
};

async function amend(
  tx: TransactionContext,
  id: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const planId = await lockRecord(tx, 'plan', id, null);
  const plan = await tx.em.findOneOrFail(Plan, { id: planId }, { populate: ['lines'], refresh: true });
  const input = parseAmendment(amendmentSchema, changes);
  requireSound(...checkPlan(input));
  setPlanFields(plan, input);
  touchRecord(plan, null, tx.now);
  await tx.em.flush();
}

const amendmentSchema = z.strictObject({
  title: z.string().optional(),
  lines: z
    .array(
      z.strictObject({
        product: z.string(),
        outlet: z.string().nullable().optional(),
        target: decimal,
        forecast: decimal.nullable().optional(),
        stock: decimal.nullable().optional(),
        inTransit: decimal.nullable().optional(),
      }),
    )
    .optional(),
});

/** What ends a request without an answer leaves the plan as it was before. */
const STATUS_AFTER: Partial<Readonly<Record<SubjectEvent['event'], PlanStatus>>> = {
  SUBMITTED: PlanStatus.IN_REVIEW,
  RESUBMITTED: PlanStatus.IN_REVIEW,
  RETURNED: PlanStatus.RETURNED,
  APPROVED: PlanStatus.APPROVED,
  REJECTED: PlanStatus.REJECTED,
};

/** What each event makes done; it stays done when the request is withdrawn later. */
const DONE_BY: Partial<Readonly<Record<SubjectEvent['event'], 'submission' | 'approval'>>> = {
  SUBMITTED: 'submission',
  RESUBMITTED: 'submission',
  APPROVED: 'approval',
};

async function apply(tx: TransactionContext, { event, subjectId, by }: SubjectEvent): Promise<void> {
  const { plan, world } = await lockPlan(tx, subjectId);
  plan.status = STATUS_AFTER[event] ?? PlanStatus[await statusWithoutAnswer(tx, planSubject, subjectId)];
  touchRecord(plan, null, tx.now);
  const doneBy = DONE_BY[event];
  if (doneBy) {
    const person = by === SYSTEM ? null : by;
    await finishMilestones(tx, plan, world, {
      which: (one) => one.doneBy === doneBy,
      by: person,
      waiting: 'finish',
    });
  }
  await tx.em.flush();
}

const SUBMITTABLE: ReadonlySet<string> = new Set([
  PlanStatus.DRAFT,
  PlanStatus.RETURNED,
  PlanStatus.AMENDED,
  PlanStatus.REJECTED,
]);

/** A plan whose submission waits for another milestone cannot be drafted to its end, so it is not submitted. */
async function requireSubmittable(ctx: Context, { id, status }: LoadedSubject): Promise<void> {
  if (status === PlanStatus.APPROVED) throw refusal('IMMUTABLE', { what: 'plan', reason: 'it is approved' });
  if (!SUBMITTABLE.has(status)) throw refusal('INVALID_STATE', { what: 'plan', id, status });
  const milestones = await readDb(ctx.em)
    .selectFrom('plan_milestone')
    .select([
      'key',
      'title_en as titleEn',
      'form_key as formKey',
      'status',
      'done_by as doneBy',
      'waits_for as waitsFor',
    ])
    .where('plan_id', '=', id)
    .orderBy('position')
    .execute();
  requireBegun(milestones, ({ doneBy }) => doneBy === 'submission');
}

type PlanContent = Readonly<Record<keyof (typeof SUBJECT_TYPES)['PLAN']['fields'], unknown>>;

async function readPlan(ctx: Context, id: string, permission: string | null): Promise<LoadedSubject> {
  let query = selectPlan(ctx, requireId(id, 'plan'));
  if (permission !== null) query = query.where(visible(requireActor(ctx), permission, 'plan'));
  const row = await query.executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'plan' });
  const lines = await readLines(ctx, row.id);
  const content: PlanContent = {
    number: row.number,
    title: row.title,
    kind: row.kind,
    template: row.template ?? '',
    period: row.period,
    total: Number(lines.reduce((sum, { target }) => sum + hundredths(target), 0n)) / 100,
    lines,
    attachments: await attachedDigests(ctx, row.id),
    ownerId: row.ownerId,
    department: row.department ?? '',
  };
  return subjectFrom(row, content);
}

const readLines = (ctx: Context, planId: string) =>
  readDb(ctx.em)
    .selectFrom('plan_line')
    .select(['product', 'outlet', 'target', 'forecast', 'stock', 'in_transit as inTransit'])
    .where('plan_id', '=', planId)
    .orderBy('position')
    .execute();

const selectPlan = (ctx: Context, id: string) =>
  readDb(ctx.em)
    .selectFrom('plan')
    .leftJoin('department', 'department.id', 'plan.department_id')
    .select([
      'plan.id',
      'plan.number',
      'plan.title',
      'plan.status',
      'plan.kind',
      'plan.template_key as template',
      'plan.period',
      'plan.owner_id as ownerId',
      'plan.department_id as departmentId',
      'plan.updated_by_id as lastAuthorId',
      'department.key as department',
    ])
    .where('plan.id', '=', id);
