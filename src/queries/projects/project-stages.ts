import type { Context } from '../../context.js';
import type { ProjectStage } from '../../entities/projects/project.js';
import { readStages, type ProjectStages } from '../../entities/projects/stage-rows.js';
import { readDb, visible } from '../../entities/read-db.js';
import { requireViewer } from '../filters.js';
import { loadMany, loadOne } from '../load.js';

/** A stage as it is read: with the id of its project. */
export type StageRow = ProjectStage & { readonly projectId: string };

const STAGE_COLUMNS = [
  'stage.id',
  'stage.project_id as projectId',
  'stage.key',
  'stage.position',
  'stage.title_en as titleEn',
  'stage.title_zh as titleZh',
  'stage.status',
  'stage.started_at as startedAt',
  'stage.closed_at as closedAt',
  'stage.active_at as activeAt',
  'stage.stalls_at as stallsAt',
  'stage.rung',
] as const;

/** The stages of a project that the viewer has before them, in order, batched. */
export function stagesOf(ctx: Context, projectId: string): Promise<StageRow[]> {
  const read = (ids: readonly string[]): Promise<StageRow[]> =>
    readDb(ctx.em)
      .selectFrom('project_stage as stage')
      .select(STAGE_COLUMNS)
      .where('stage.project_id', 'in', ids)
      .orderBy('stage.position')
      .execute() as Promise<unknown> as Promise<StageRow[]>;
  return loadMany(ctx, 'project-stages', projectId, read, (row) => row.projectId);
}

/** A stage by id, batched; null when its project is out of scope. */
export function stageById(ctx: Context, id: string): Promise<StageRow | null> {
  const viewer = requireViewer(ctx);
  const read = (ids: readonly string[]): Promise<StageRow[]> =>
    readDb(ctx.em)
      .selectFrom('project_stage as stage')
      .innerJoin('project', 'project.id', 'stage.project_id')
      .select(STAGE_COLUMNS)
      .where('stage.id', 'in', ids)
      .where(visible(viewer, 'project:read', 'project'))
      .execute() as Promise<unknown> as Promise<StageRow[]>;
  return loadOne(ctx, 'stage', id, read, (row) => row.id);
}

/** What the gates of a project are asked about, batched. */
export const gatesOf = (ctx: Context, projectId: string): Promise<ProjectStages | null> =>
  loadOne(
    ctx,
    'project-gates',
    projectId,
    (ids) => readStages(ctx.em, ids),
    (row) => row.projectId,
  );
