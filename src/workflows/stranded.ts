import { expectedRoute } from './expected-route.js';
import { outcomeOf } from './formula.js';
import { isDecisionStep, stepOf } from './process.js';
import { assignmentsOf, ballotOf, currentStep, isLive, type RequestState, type World } from './request.js';

/**
 * The steps of an open request that would be left with nobody in a changed organisation and are not now: open ones
 * that can't be decided without the people who are gone, and ones ahead that would find nobody.
 */
export function strandedSteps(request: RequestState, present: World, changed: World): string[] {
  const running: RequestState = { ...request, pausedAt: null };
  const open = request.steps.filter(
    (step) =>
      step.status === 'OPEN' &&
      currentStep(request, step.key) === step &&
      lacksPeople(request, step.key, changed),
  );
  const blocked = (world: World): string[] =>
    request.status !== 'PENDING'
      ? []
      : expectedRoute(running, [], world)
          .filter(({ outcome }) => outcome === 'BLOCKED')
          .map(({ key }) => key);
  const now = new Set(blocked(present));
  return [...open.map(({ key }) => key), ...blocked(changed).filter((key) => !now.has(key))];
}

function lacksPeople(request: RequestState, key: string, { organisation }: World): boolean {
  const [node, step] = [stepOf(request.definition, key), currentStep(request, key)];
  if (!isDecisionStep(node) || !step) return false;
  const gone = (personId: string): boolean => !organisation.people.get(personId)?.active;
  const assignments = assignmentsOf(request, step);
  if (!assignments.some((one) => isLive(one) && gone(one.personId))) return false;
  const left = assignments.filter((one) => !(isLive(one) && gone(one.personId)));
  if (!left.some(isLive)) return true;
  return (
    outcomeOf(
      node.formula,
      left.flatMap((one) => ballotOf(one) ?? []),
    ) === 'UNDECIDABLE'
  );
}
