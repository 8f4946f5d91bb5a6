import canonicalize from 'canonicalize';
import { peopleBehindApproval } from './carry-over.js';
import { dependsOnAny } from './depends-on.js';
import { conditionHolds } from './open-step.js';
import { isDecisionStep, nodesOf, type DecisionStep } from './process.js';
import {
  currentStep,
  interestOf,
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
    .filter(
      (step) =>
        !dependsOnAny(step, next.changed, after.definition) && conditionHolds(after, step.when, world),
    )
    .map((step) => step.key);
}

/** Whether someone behind the decision that would carry has an interest by now; it may be of an earlier round. */
const restsOnInterest = (after: RequestState, step: DecisionStep): boolean =>
  peopleBehindApproval(after, step.key).some((personId) => interestOf(after, step, personId) !== null);
