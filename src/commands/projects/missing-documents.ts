import type { Language } from '../../errors.js';
import type { ProjectStages } from '../../entities/projects/stage-rows.js';
import { closedGateOf } from '../../workflows/project-flow.js';

/** A document that a gate of a stage still waits for. */
export interface MissingForm {
  readonly formKey: string;
  readonly gate: 'START' | 'RESULT';
  readonly title: string;
}

/** What the stage still waits for before it moves on; empty unless it is the project's turn to pass its gate. */
export function missingDocuments(
  project: ProjectStages | null,
  stageKey: string,
  language: Language,
): MissingForm[] {
  const closed = project && closedGateOf(project.template, project.stages);
  if (closed?.stage !== stageKey) return [];
  return closed.missing.map(({ form, title }) => ({
    formKey: form,
    gate: closed.gate,
    title: language === 'zh' ? (title.zh ?? title.en) : title.en,
  }));
}
