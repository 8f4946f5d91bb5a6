import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { isDecisionStep, nodesOf, stepOf, type DecisionStep, type ProcessDefinition } from './process.js';
import {
  newRequest,
  type Command,
  type DecisionAction,
  type Exclusion,
  type Fact,
  type Interest,
  type NewAssignment,
  type RequestState,
  type SubjectSnapshot,
  type World,
} from './request.js';
import { parallelsAround } from './route.js';

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
  let request = run(newRequest('preview', definition, world.now), {
    type: 'submit',
    by: requesterId,
    subject,
    interests,
    comment: null,
  });
  for (let count = 0; count < DECISIONS_MAX && request.status === 'PENDING'; count += 1) {
    const open = request.assignments.find((assignment) => assignment.status === 'OPEN');
    const step = open && stepOf(definition, open.stepKey);
    if (!open || !isDecisionStep(step)) break;
    request = run(request, {
      type: 'decide',
      by: open.personId,
      ordinal: open.ordinal,
      action: YES[step.kind],
      comment: 'preview',
      evidence: 'preview',
      signedInAt: world.now,
    });
  }
  const reached = new Map(facts.flatMap((fact) => previewOf(fact)).map((step) => [step.key, step]));
  return [...nodesOf(definition.steps)].map(
    ({ key }) => reached.get(key) ?? unreached(definition, reached, key),
  );
}

/** A step inside a skipped parallel step is skipped with it; any other that was not reached has a block before it. */
function unreached(
  definition: ProcessDefinition,
  reached: ReadonlyMap<string, PreviewedStep>,
  key: string,
): PreviewedStep {
  const around = parallelsAround(definition, key).find((outer) => reached.get(outer)?.outcome === 'SKIPPED');
  return around === undefined
    ? { ...NOT_REACHED, key }
    : { ...NOT_REACHED, key, outcome: 'SKIPPED', reason: reached.get(around)?.reason ?? null };
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
