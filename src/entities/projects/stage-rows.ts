import type { EntityManager } from '@mikro-orm/postgresql';
import type { StageDocument, StageNow } from '../../workflows/project-flow.js';
import type { ProjectTemplate } from '../../workflows/template-file.js';
import { readDb } from '../read-db.js';

/** A project's stages with the documents that its gates count, and the template version it began with. */
export interface ProjectStages {
  readonly projectId: string;
  readonly template: ProjectTemplate;
  readonly stages: readonly StageNow[];
}

/** What the gates of these projects are asked about, as stored; two statements for any number of projects. */
export async function readStages(em: EntityManager, projectIds: readonly string[]): Promise<ProjectStages[]> {
  const db = readDb(em);
  const stages = await db
    .selectFrom('project_stage as stage')
    .innerJoin('project', 'project.id', 'stage.project_id')
    .innerJoin('project_template as template', 'template.id', 'project.template_id')
    .select(['stage.id', 'stage.project_id', 'stage.key', 'stage.status', 'template.definition'])
    .where('stage.project_id', 'in', projectIds)
    .orderBy('stage.position')
    .execute();
  const documents = await db
    .selectFrom('document')
    .innerJoin('project_stage as stage', 'stage.id', 'document.stage_id')
    .select(['document.stage_id', 'document.form_key', 'document.gate', 'document.status'])
    .where('stage.project_id', 'in', projectIds)
    .where('document.archived_at', 'is', null)
    .execute();
  const documentsOf = (stageId: string): StageDocument[] =>
    documents
      .filter((document) => document.stage_id === stageId)
      .map(({ form_key, gate, status }) => ({
        form: form_key,
        gate: gate as StageDocument['gate'],
        effective: status === 'EFFECTIVE',
      }));
  return projectIds.flatMap((projectId) => {
    const own = stages.filter((stage) => stage.project_id === projectId);
    if (!own[0]) return [];
    return {
      projectId,
      template: own[0].definition as unknown as ProjectTemplate,
      stages: own.map(({ id, key, status }) => ({
        key,
        status: status as StageNow['status'],
        documents: documentsOf(id),
      })),
    };
  });
}
