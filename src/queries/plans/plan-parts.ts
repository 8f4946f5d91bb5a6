import type { Context } from '../../context.js';
import type { PlanMilestoneMove } from '../../entities/plans/milestone-move.js';
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

/** How a milestone's due time has moved with the calendars, oldest first, batched. */
export function movesOf(ctx: Context, milestoneId: string): Promise<PlanMilestoneMove[]> {
  const read = (ids: readonly string[]): Promise<PlanMilestoneMove[]> =>
    readDb(ctx.em)
      .selectFrom('plan_milestone_move')
      .select([
        'id',
        'milestone_id as milestoneId',
        'was_due_at as wasDueAt',
        'due_at as dueAt',
        'calendar_key as calendarKey',
        'calendar_version as calendarVersion',
        'moved_at as movedAt',
      ])
      .where('milestone_id', 'in', ids)
      .orderBy('moved_at')
      .orderBy('id')
      .execute() as Promise<unknown> as Promise<PlanMilestoneMove[]>;
  return loadMany(ctx, 'milestone-moves', milestoneId, read, (row) => row.milestoneId);
}
