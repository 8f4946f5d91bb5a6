import { fieldsOfRules } from './condition-shape.js';
import type { DecisionStep, ProcessDefinition } from './process.js';

/**
 * Whether an approval of this step rested on one of these fields: the fields that it says it depends on, and those by
 * which its rules find people; a step that names none rests on all. A condition counts by its answer, not by the
 * fields that it reads: one that no longer holds is asked by itself (`conditionHolds`). The one answer for
 * `changed-only`, for an amendment's trail, for an edit after approval and for what carries to a follow-up document.
 */
export function dependsOnAny(
  step: DecisionStep,
  changed: readonly string[],
  definition: Pick<ProcessDefinition, 'fieldTypes' | 'authority'>,
): boolean {
  if (changed.length === 0) return false;
  if (step.dependsOn.length === 0) return true;
  const fields = new Set([...step.dependsOn, ...fieldsOfRules(step, definition)]);
  return changed.some((field) => fields.has(field));
}

/** Whether an approval that rested on nothing touched under one definition rests on nothing touched under the other. */
export function restsOnNoMore(
  step: DecisionStep,
  definition: Pick<ProcessDefinition, 'fieldTypes' | 'authority'>,
  before: { readonly step: DecisionStep; readonly definition: typeof definition },
): boolean {
  if (before.step.dependsOn.length === 0) return true;
  if (step.dependsOn.length === 0) return false;
  const rested = new Set([...before.step.dependsOn, ...fieldsOfRules(before.step, before.definition)]);
  return [...step.dependsOn, ...fieldsOfRules(step, definition)].every((field) => rested.has(field));
}
