import type { Context } from '../../context.js';
import { isRowId } from '../../entities/is-row-id.js';
import type { Plan } from '../../entities/plans/plan.js';
import { readDb, visible } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { requireViewer } from '../filters.js';
import { loadOne } from '../load.js';

/** The columns of a plan under the names of its fields. */
export const PLAN_COLUMNS = [
  'plan.id',
  'plan.number',
  'plan.owner_id as ownerId',
  'plan.department_id as departmentId',
  'plan.created_at as createdAt',
  'plan.updated_at as updatedAt',
  'plan.version',
  'plan.archived_at as archivedAt',
  'plan.title',
  'plan.kind',
  'plan.status',
  'plan.template_key as templateKey',
  'plan.period',
] as const;

/** A plan that the viewer may see, batched; null when there is none, or it is out of scope. */
export function planById(ctx: Context, id: string): Promise<Plan | null> {
  const viewer = requireViewer(ctx);
  const read = (ids: readonly string[]): Promise<Plan[]> =>
    readDb(ctx.em)
      .selectFrom('plan')
      .select(PLAN_COLUMNS)
      .where('plan.id', 'in', ids)
      .where(visible(viewer, 'plan:read', 'plan'))
      .execute() as Promise<unknown> as Promise<Plan[]>;
  return loadOne(ctx, 'plan', id, read, (row) => row.id);
}

/** The plan asked for. @throws NOT_FOUND */
export async function plan(ctx: Context, id: string): Promise<Plan> {
  const found = isRowId(id) ? await planById(ctx, id.toLowerCase()) : null;
  if (!found) throw refusal('NOT_FOUND', { what: 'plan' });
  return found;
}
