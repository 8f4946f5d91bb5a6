import type { Context } from '../../context.js';
import { isRowId } from '../../entities/is-row-id.js';
import type { Project } from '../../entities/projects/project.js';
import { readDb, visible } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { requireViewer } from '../filters.js';
import { loadOne } from '../load.js';

/** The columns of a project under the names of its fields. */
export const PROJECT_COLUMNS = [
  'project.id',
  'project.number',
  'project.owner_id as ownerId',
  'project.department_id as departmentId',
  'project.created_at as createdAt',
  'project.updated_at as updatedAt',
  'project.version',
  'project.archived_at as archivedAt',
  'project.title',
  'project.status',
  'project.template_id as templateId',
  'project.customer_id as customerId',
  'project.amount',
  'project.currency',
] as const;

/** A project that the viewer may see, batched; null when there is none, or it is out of scope. */
export function projectById(ctx: Context, id: string): Promise<Project | null> {
  const viewer = requireViewer(ctx);
  const read = (ids: readonly string[]): Promise<Project[]> =>
    readDb(ctx.em)
      .selectFrom('project')
      .select(PROJECT_COLUMNS)
      .where('project.id', 'in', ids)
      .where(visible(viewer, 'project:read', 'project'))
      .execute() as Promise<unknown> as Promise<Project[]>;
  return loadOne(ctx, 'project', id, read, (row) => row.id);
}

/** The project asked for. @throws NOT_FOUND */
export async function project(ctx: Context, id: string): Promise<Project> {
  const found = isRowId(id) ? await projectById(ctx, id.toLowerCase()) : null;
  if (!found) throw refusal('NOT_FOUND', { what: 'project' });
  return found;
}
