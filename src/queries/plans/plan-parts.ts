import type { Context } from '../../context.js';
import type { PlanLine, PlanMilestone } from '../../entities/plans/plan.js';
import { readDb } from '../../entities/read-db.js';
import { loadMany } from '../load.js';

type PartOf<Part> = Part & { readonly planId: string };

/** The lines of a plan that the viewer has before them, in order, batched. */
export function linesOf(ctx: Context, planId: string): Promise<PlanLine[]> {
  const read = (ids: readonly string[]): Promise<PartOf<PlanLine>[]> =>
    readDb(ctx.em)
      .selectFrom('plan_line')
      .select([
        'id',
        'plan_id as planId',
        'position',
        'product',
        'outlet',
        'target',
        'forecast',
        'stock',
        'in_transit as inTransit',
      ])
      .where('plan_id', 'in', ids)
      .orderBy('position')
      .execute() as Promise<unknown> as Promise<PartOf<PlanLine>[]>;
  return loadMany(ctx, 'plan-lines', planId, read, (row) => row.planId);
}

/** The milestones of a plan that the viewer has before them, in order, batched. */
export function milestonesOf(ctx: Context, planId: string): Promise<PlanMilestone[]> {
  const read = (ids: readonly string[]): Promise<PartOf<PlanMilestone>[]> =>
    readDb(ctx.em)
      .selectFrom('plan_milestone')
      .select([
        'id',
        'plan_id as planId',
        'key',
        'position',
        'title_en as titleEn',
        'title_zh as titleZh',
        'status',
        'due_at as dueAt',
        'done_at as doneAt',
        'done_by_id as doneById',
        'waits_for as waitsFor',
        'done_by as doneBy',
        'form_key as formKey',
      ])
      .where('plan_id', 'in', ids)
      .orderBy('position')
      .execute() as Promise<unknown> as Promise<PartOf<PlanMilestone>[]>;
  return loadMany(ctx, 'plan-milestones', planId, read, (row) => row.planId);
}
