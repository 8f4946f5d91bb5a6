import { choosable, demandsOn, willBeAsked } from './choices.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { isDecisionStep, nodesOf, stepOf, type DecisionStep, type ProcessDefinition } from './process.js';
import {
  interestOf,
  newRequest,
  type Command,
  type DecisionAction,
  type Exclusion,
  type Fact,
  type GivenChoice,
  type Interest,
  type NewAssignment,
  type RequestState,
  type SubjectSnapshot,
  type World,
} from './request.js';

/** What would happen in one step if everyone said yes. */
export interface PreviewedStep {
  readonly key: string;
  readonly outcome: 'ASKED' | 'SKIPPED' | 'BLOCKED' | 'NOTIFIED' | 'NOT_REACHED';
  readonly reason: string | null;
  readonly dueAt: Date | null;
  readonly assignments: readonly NewAssignment[];
  readonly people: readonly string[];
  readonly exclusions: readonly Exclusion[];
}

const YES: Readonly<Record<DecisionStep['kind'], DecisionAction>> = {
  approve: 'APPROVE',
  advise: 'ADVISE',
  confirm: 'CONFIRM',
  file: 'FILE',
};

/** More decisions than any definition has; a route that has not ended by then is cut. */
const DECISIONS_MAX = 500;

/**
 * Walks the route by the engine itself: submits, then lets everyone who is asked say yes at once. So the preview
 * equals the executed route as long as the organisation and the subject stand still.
 * @throws CONDITION_FAILED
 */
export function preview(
  definition: ProcessDefinition,
  submission: {
    readonly requesterId: string;
    readonly subject: SubjectSnapshot;
    readonly interests: readonly Interest[];
    readonly choices?: readonly GivenChoice[] | undefined;
  },
  world: World,
): PreviewedStep[] {
  const { requesterId, subject, interests } = submission;
  const facts: Fact[] = [];
  const run = (request: RequestState, command: Command): RequestState => {
    const made = decide(request, command, world);
    facts.push(...made);
    return made.reduce(evolve, request);
  };
  const fresh = newRequest('preview', definition, world.now);
  const proposed = { ...fresh, requesterId, subject, interests };
  const open = new Map<string, readonly string[]>();
  const firstChoices = supposed(proposed, null, submission.choices ?? [], world, open);
  let request = run(fresh, {
    type: 'submit',
    by: requesterId,
    subject,
    interests,
    comment: null,
    choices: firstChoices,
  });
  for (let count = 0; count < DECISIONS_MAX && request.status === 'PENDING'; count += 1) {
    const turn = request.assignments.find((assignment) => assignment.status === 'OPEN');
    const step = turn && stepOf(definition, turn.stepKey);
    if (!turn || !isDecisionStep(step)) break;
    const action = YES[step.kind];
    request = run(request, {
      type: 'decide',
      by: turn.personId,
      ordinal: turn.ordinal,
      action,
      comment: 'preview',
      evidence: 'preview',
      choices: action === 'APPROVE' ? supposed(request, step.key, [], world, open) : [],
    });
  }
  const previewed = facts.flatMap((fact) => previewOf(fact));
  const reached = new Map(
    previewed.map((step): [string, PreviewedStep] => {
      const choosable = open.get(step.key);
      return [step.key, choosable ? { ...step, reason: 'CHOICE', people: choosable } : step];
    }),
  );
  return [...nodesOf(definition.steps)].map(({ key }) => reached.get(key) ?? { ...NOT_REACHED, key });
}

/**
 * The choices given, and for each one that is still to be made as many people as it needs, so that the walk goes on.
 * Who could be chosen is noted in `open` under the step.
 */
function supposed(
  request: RequestState,
  chooser: string | null,
  given: readonly GivenChoice[],
  world: World,
  open: Map<string, readonly string[]>,
): GivenChoice[] {
  const missing = demandsOn(request, chooser).flatMap(({ step, rule }) => {
    if (given.some((choice) => choice.step === step)) return [];
    if (!willBeAsked(request, step, world)) return [];
    const node = stepOf(request.definition, step);
    const eligible = choosable(request, rule, step, world).filter(
      (id) =>
        world.organisation.people.get(id)?.active &&
        interestOf(request, isDecisionStep(node) ? node : undefined, id) === null,
    );
    open.set(step, eligible);
    const people = eligible.slice(0, Math.max(1, rule.min));
    return people.length < Math.max(1, rule.min) ? [] : [{ step, people }];
  });
  return [...given, ...missing];
}

const NOT_REACHED = {
  outcome: 'NOT_REACHED',
  reason: null,
  dueAt: null,
  assignments: [],
  people: [],
  exclusions: [],
} as const;

function previewOf(fact: Fact): PreviewedStep[] {
  switch (fact.type) {
    case 'STEP_OPENED':
      return [
        {
          ...NOT_REACHED,
          key: fact.step,
          outcome: 'ASKED',
          dueAt: fact.dueAt,
          assignments: fact.assignments,
          exclusions: fact.exclusions,
        },
      ];
    case 'STEP_SKIPPED':
      return [
        {
          ...NOT_REACHED,
          key: fact.step,
          outcome: 'SKIPPED',
          reason: fact.reason,
          exclusions: fact.exclusions,
        },
      ];
    case 'STEP_BLOCKED':
      return [
        {
          ...NOT_REACHED,
          key: fact.step,
          outcome: 'BLOCKED',
          reason: fact.reason,
          exclusions: fact.exclusions,
        },
      ];
    case 'PEOPLE_NOTIFIED':
      return [{ ...NOT_REACHED, key: fact.step, outcome: 'NOTIFIED', people: fact.people }];
    default:
      return [];
  }
}
