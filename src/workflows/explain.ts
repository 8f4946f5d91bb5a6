import { canBeApprovedWith, type VotesNeeded } from './votes-needed.js';
import { previewOf } from './preview.js';
import { isDecisionStep, nodesOf, type DecisionStep, type Rung, type StepNode } from './process.js';
import {
  assignmentsOf,
  ballotsOf,
  currentStep,
  isEnded,
  isPassed,
  type AssignmentState,
  type Exclusion,
  type Fact,
  type PlannedTimer,
  type RequestState,
  type StepState,
  type World,
} from './request.js';
import { peopleOf, ruleName } from './resolve-approvers.js';
import { keysBefore } from './route.js';

/** What will happen to an open step at its next rung, if nobody acts before. */
export interface NextRung {
  readonly at: Date;
  readonly action: Rung['action']['do'];
  /** Whom its rules name in the organisation as it is; empty for a reminder or a decision. */
  readonly people: readonly string[];
  readonly rules: readonly string[];
  readonly verdict: 'APPROVE' | 'REJECT' | 'RETURN' | null;
}

/** Why a step of a running request stands where it stands. */
export interface ExplainedStep {
  readonly node: StepNode;
  readonly state: StepState | null;
  readonly assignments: readonly AssignmentState[];
  readonly leftOut: readonly Exclusion[];
  /** Keys of the steps that must end before this one opens; empty once it has opened. */
  readonly waitsFor: readonly string[];
  readonly votes: VotesNeeded | null;
  readonly nextRung: NextRung | null;
}

/** Each step of the present round, in reading order, from the facts alone but for whom the next rung would reach. */
export function explain(request: RequestState, facts: readonly Fact[], world: World): ExplainedStep[] {
  const round = factsOfRound(facts);
  return [...nodesOf(request.definition.steps)].map((node) => {
    const state = currentStep(request, node.key) ?? null;
    const opening = round.findLast((fact) => previewOf(fact)[0]?.key === node.key);
    const assignments = state ? assignmentsOf(request, state) : [];
    const open = isDecisionStep(node) && state?.status === 'OPEN' && !isEnded(request);
    return {
      node,
      state,
      assignments,
      leftOut: opening ? (previewOf(opening)[0]?.exclusions ?? []) : [],
      waitsFor: state || isEnded(request) ? [] : openBefore(request, node),
      votes:
        open && node.kind !== 'advise' ? canBeApprovedWith(node.formula, ballotsOf(request, state)) : null,
      nextRung: open ? nextRung(request, node, state, round, world) : null,
    };
  });
}

/** The facts since the present round began. */
function factsOfRound(facts: readonly Fact[]): readonly Fact[] {
  return facts.slice(
    Math.max(
      0,
      facts.findLastIndex(({ type }) => type === 'RESUBMITTED'),
    ),
  );
}

function openBefore(request: RequestState, node: StepNode): string[] {
  const nodes = new Map([...nodesOf(request.definition.steps)].map((one) => [one.key, one]));
  return keysBefore(request.definition, node.key).filter((key) => {
    const before = nodes.get(key);
    return before && before.kind !== 'parallel' && !isPassed(before, currentStep(request, key));
  });
}

function nextRung(
  request: RequestState,
  step: DecisionStep,
  state: StepState,
  round: readonly Fact[],
  world: World,
): NextRung | null {
  const rung = step.ladder[state.rung];
  const opening = round.findLast((fact) => fact.type === 'STEP_OPENED' && fact.step === step.key);
  const timers: readonly PlannedTimer[] = opening?.type === 'STEP_OPENED' ? opening.timers : [];
  const timer = timers.find(({ kind, index }) => kind === 'rung' && index === state.rung);
  if (!rung || !timer) return null;
  const { action } = rung;
  const rules = 'who' in action ? action.who : [];
  const people = rules.flatMap((rule) => peopleOf(request, rule, world));
  return {
    at: new Date(timer.at),
    action: action.do,
    people: [...new Set(people)],
    rules: rules.map(ruleName),
    verdict: action.do === 'decide' ? action.verdict : null,
  };
}
