import { isRefusal, refusal } from '../errors.js';
import { conditionHolds } from './open-step.js';
import { isDecisionStep, nodesOf, stepOf, type ApproverRule, type ChoiceRule } from './process.js';
import { interestOf, type GivenChoice, type RequestState, type StepChoice, type World } from './request.js';
import { peopleOf } from './resolve-approvers.js';
import { parallelsAround } from './route.js';

/** Which choices are asked for now: by the requester (null), or by an approver of this step. */
type Chooser = string | null;

const isAskedOf =
  (chooser: Chooser) =>
  (rule: ApproverRule): rule is ChoiceRule =>
    chooser === null
      ? rule.rule === 'requester-choice'
      : rule.rule === 'previous-choice' && rule.from === chooser;

interface Demand {
  readonly step: string;
  readonly rule: ChoiceRule;
}

/** The steps whose approvers the chooser names. */
export function demandsOn({ definition }: RequestState, chooser: Chooser): Demand[] {
  return [...nodesOf(definition.steps)].flatMap((node) => {
    const rule = isDecisionStep(node) ? node.approvers.find(isAskedOf(chooser)) : undefined;
    return rule ? [{ step: node.key, rule }] : [];
  });
}

/**
 * The choices as given, checked: each names a step that is theirs to choose for, as many people as its rule asks for,
 * and only people who are there, among whom the rule allows, and without an interest.
 * @throws BAD_USER_INPUT, PERSON_NOT_ELIGIBLE, both with the path
 */
export function checkedChoices(
  request: RequestState,
  chooser: Chooser,
  given: readonly GivenChoice[],
  world: World,
): StepChoice[] {
  const demands = demandsOn(request, chooser);
  const seen = new Set<string>();
  return given.map(({ step, people }, index): StepChoice => {
    const demand = demands.find((one) => one.step === step);
    if (!demand || seen.has(step)) {
      const names = demands.map((one) => one.step).join(', ') || 'none';
      throw badChoice(`choices.${index}.step`, `once, a step whose approvers you choose: ${names}`);
    }
    seen.add(step);
    const { min, max, rule } = demand.rule;
    const chosen = [...new Set(people)];
    if (chosen.length < min || chosen.length > max)
      throw badChoice(`choices.${index}.userIds`, `${min} to ${max} people`);
    for (const [at, personId] of chosen.entries())
      requireChoosable(request, demand, personId, `choices.${index}.userIds.${at}`, world);
    return { step, rule, people: chosen };
  });
}

const badChoice = (path: string, rule: string) =>
  refusal('BAD_USER_INPUT', { reason: `${path}: ${rule}`, fields: [{ path, rule }] });

function requireChoosable(
  request: RequestState,
  { step: key, rule }: Demand,
  personId: string,
  path: string,
  world: World,
): void {
  const person = world.organisation.people.get(personId);
  const no = (reason: string) =>
    refusal('PERSON_NOT_ELIGIBLE', { person: person?.name ?? personId, reason, path });
  if (!person?.active) throw no('not an active member of the organisation');
  if (!choosable(request, rule, key, world).includes(personId))
    throw no(`not among those to choose for ${key}`);
  const step = stepOf(request.definition, key);
  const interest = interestOf(request, isDecisionStep(step) ? step : undefined, personId);
  if (interest) throw no(`has an interest (${interest.because})`);
}

/** Everyone whom the rule lets be named, active or not. */
export function choosable(request: RequestState, rule: ChoiceRule, step: string, world: World): string[] {
  if (rule.among === null) return [...world.organisation.people.keys()];
  return [...new Set(rule.among.flatMap((inner) => peopleOf(request, inner, world, step)))];
}

/**
 * Refuses while a choice is missing for a step that will be asked as things stand: its condition holds, and those of
 * the parallel steps around it. @throws BAD_USER_INPUT
 */
export function requireChosen(
  request: RequestState,
  chooser: Chooser,
  made: readonly StepChoice[],
  world: World,
): void {
  for (const { step, rule } of demandsOn(request, chooser)) {
    const known = [...(request.choices ?? []), ...made];
    if (rule.min === 0 || known.some((one) => one.step === step && one.rule === rule.rule)) continue;
    if (willBeAsked(request, step, world))
      throw badChoice('choices', `${rule.min} to ${rule.max} people for step ${step}`);
  }
}

/** A condition that can't be answered yet asks for nothing; should the step open, it is refused there. */
export function willBeAsked(request: RequestState, step: string, world: World): boolean {
  const keys = [step, ...parallelsAround(request.definition, step)];
  try {
    return keys.every((key) => conditionHolds(request, stepOf(request.definition, key)?.when ?? null, world));
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}
