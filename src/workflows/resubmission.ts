import canonicalize from 'canonicalize';
import { conditionHolds } from './flow.js';
import { isDecisionStep, nodesOf, type DecisionStep } from './process.js';
import { assignmentsOf, currentStep, type Interest, type RequestState, type SubjectSnapshot, type World } from './request.js';

/** The watched fields that differ between two snapshots, sorted. Compared as canonical JSON (RFC 8785). */
export function changedFields(before: SubjectSnapshot, after: SubjectSnapshot): string[] {
  const fields = new Set([...Object.keys(before.content), ...Object.keys(after.content)]);
  return [...fields].filter((field) => canonicalize(before.content[field]) !== canonicalize(after.content[field])).sort();
}

interface Resubmission {
  readonly subject: SubjectSnapshot;
  readonly interests: readonly Interest[];
  readonly changed: readonly string[];
}

/**
 * The keys of the steps whose approval carries into the next round: none (`restart`), all that had passed
 * (`continue`), or those whose condition and watched fields were not touched (`changed-only`).
 * An approval by someone who has an interest by now never carries.
 */
export function carriedSteps(request: RequestState, next: Resubmission, world: World): string[] {
  const policy = request.definition.resubmission;
  if (policy === 'restart') return [];
  const after: RequestState = { ...request, subject: next.subject, interests: next.interests, round: request.round + 1 };
  const passed = [...nodesOf(request.definition.steps)].filter((node): node is DecisionStep => {
    return isDecisionStep(node) && currentStep(request, node.key)?.status === 'APPROVED' && !newlyInterested(request, node, next);
  });
  if (policy === 'continue') return passed.map((step) => step.key);
  return passed.filter((step) => isUntouched(step, next.changed) && conditionHolds(after, step.when, world)).map((step) => step.key);
}

const isUntouched = (step: DecisionStep, changed: readonly string[]): boolean =>
  step.dependsOn.length === 0 ? changed.length === 0 : !step.dependsOn.some((field) => changed.includes(field));

function newlyInterested(request: RequestState, step: DecisionStep, next: Resubmission): boolean {
  const state = currentStep(request, step.key);
  if (!state || request.definition.interest === 'allow') return false;
  const before = new Set(request.interests.map((interest) => interest.personId));
  const added = new Set(next.interests.map((interest) => interest.personId).filter((id) => !before.has(id)));
  return assignmentsOf(request, state).some((assignment) => assignment.decidedById !== null && added.has(assignment.decidedById));
}
