import canonicalize from 'canonicalize';
import { conditionHolds } from './open-step.js';
import { isDecisionStep, nodesOf, type DecisionStep } from './process.js';
import {
  ballotOf,
  currentStep,
  interestOf,
  peopleBehind,
  type Interest,
  type RequestState,
  type SubjectSnapshot,
  type World,
} from './request.js';

/** The watched fields that differ between two snapshots, sorted. Compared as canonical JSON (RFC 8785). */
export function changedFields(before: SubjectSnapshot, after: SubjectSnapshot): string[] {
  const fields = new Set([...Object.keys(before.content), ...Object.keys(after.content)]);
  return [...fields]
    .filter((field) => canonicalize(before.content[field]) !== canonicalize(after.content[field]))
    .toSorted();
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
  const after: RequestState = {
    ...request,
    subject: next.subject,
    interests: next.interests,
    round: request.round + 1,
  };
  const passed = [...nodesOf(request.definition.steps)]
    .filter(isDecisionStep)
    .filter((step) => currentStep(request, step.key)?.status === 'APPROVED')
    .filter((step) => !restsOnInterest(after, step));
  if (policy === 'continue') return passed.map((step) => step.key);
  return passed
    .filter((step) => isUntouched(step, next.changed) && conditionHolds(after, step.when, world))
    .map((step) => step.key);
}

const isUntouched = (step: DecisionStep, changed: readonly string[]): boolean =>
  step.dependsOn.length === 0
    ? changed.length === 0
    : !step.dependsOn.some((field) => changed.includes(field));

/** Whether someone behind the decision that would carry has an interest by now; it may be of an earlier round. */
function restsOnInterest(after: RequestState, step: DecisionStep): boolean {
  const votes = after.assignments.filter(
    (assignment) => assignment.stepKey === step.key && ballotOf(assignment)?.verdict,
  );
  const last = votes.at(-1);
  return votes
    .filter(({ round, attempt }) => round === last?.round && attempt === last.attempt)
    .flatMap((vote) => peopleBehind(after, vote))
    .some((personId) => interestOf(after, step, personId) !== null);
}
