import { isRefusal, refusal } from '../errors.js';
import { isDecisionStep, stepOf } from './process.js';
import {
  hasInterest,
  interestOf,
  isDecided,
  isLive,
  peopleBehind,
  type AssignmentState,
  type Interest,
  type NewAssignment,
  type RequestState,
} from './request.js';

/** Between a person with an interest and one without, a hand-over gives the other the interest too. */
export function sharedInterest(request: RequestState, from: string, to: string): Interest[] {
  if (hasInterest(request, from) === hasInterest(request, to)) return [];
  return [{ personId: hasInterest(request, from) ? to : from, because: 'HAND_OVER' }];
}

/** Refuses a hand-over whose shared interest would reach a decision already made, or make this one impossible. */
export function requireUntangled(
  request: RequestState,
  handed: Pick<AssignmentState, 'ordinal' | 'stepKey'>,
  toPersonId: string,
  shared: readonly Interest[],
): void {
  const after: RequestState = { ...request, interests: [...request.interests, ...shared] };
  const others = request.assignments.filter(
    (assignment) => assignment.ordinal !== handed.ordinal && (isLive(assignment) || isDecided(assignment)),
  );
  const affected = others.flatMap((assignment) =>
    peopleBehind(request, assignment)
      .filter((behind) => shared.some(({ personId }) => personId === behind))
      .map((personId) => ({ personId, stepKey: assignment.stepKey })),
  );
  for (const { personId, stepKey } of [...affected, { personId: toPersonId, stepKey: handed.stepKey }]) {
    const node = stepOf(request.definition, stepKey);
    const interest = interestOf(after, isDecisionStep(node) ? node : undefined, personId);
    if (interest) throw refusal('INTERESTED_PERSON', { because: interest.because, step: stepKey });
  }
}

/** Whether one may act for the other in a step that opens now: what they share reaches nothing that stands. */
export function mayStandIn(request: RequestState, stepKey: string, from: string, to: string): boolean {
  try {
    requireUntangled(request, { ordinal: 0, stepKey }, to, sharedInterest(request, from, to));
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** What those newly asked share with the people they stand in for; nothing where there is nothing to share. */
export function interestsSharedBy(
  request: RequestState,
  asked: readonly NewAssignment[],
): { readonly interests?: readonly Interest[] } {
  let known = request;
  const interests: Interest[] = [];
  for (const { handOver, personId } of asked) {
    if (!handOver) continue;
    const shared = sharedInterest(known, handOver.fromPersonId, personId);
    interests.push(...shared);
    known = { ...known, interests: [...known.interests, ...shared] };
  }
  return interests.length > 0 ? { interests } : {};
}
