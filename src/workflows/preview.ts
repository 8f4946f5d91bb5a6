import { isRefusal } from '../errors.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { permitOnAssignment } from './permit.js';
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
  const { requesterId: by, subject, interests } = submission;
  const fresh = newRequest('preview', definition, world.now);
  const facts = decide(fresh, { type: 'submit', by, subject, interests, comment: null }, world);
  return walkAhead(facts.reduce(evolve, fresh), facts, world);
}

/**
 * The route of a request in its present round: what the given facts say happened, and what would follow if everyone
 * who is asked said yes at once. `onFacts` sees each state together with the facts that led to it.
 * @throws CONDITION_FAILED
 */
export function walkAhead(
  start: RequestState,
  happened: readonly Fact[],
  world: World,
  onFacts: (request: RequestState, facts: readonly Fact[]) => void = () => undefined,
): PreviewedStep[] {
  const { definition } = start;
  const facts: Fact[] = [...happened];
  let request = start;
  onFacts(request, happened);
  for (let count = 0; count < DECISIONS_MAX && request.status === 'PENDING'; count += 1) {
    const command = nextYes(request, world.now);
    if (command === null) break;
    const made = decide(request, command, world);
    facts.push(...made);
    request = made.reduce(evolve, request);
    onFacts(request, made);
  }
  const reached = new Map(facts.flatMap((fact) => previewOf(fact)).map((step) => [step.key, step]));
  return [...nodesOf(definition.steps)].map(
    ({ key }) =>
      reached.get(key) ?? (isCarried(request, key) ? { ...CARRIED, key } : { ...NOT_REACHED, key }),
  );
}

const mayDecide = (request: RequestState, ordinal: number, action: DecisionAction, by: string): boolean => {
  try {
    permitOnAssignment(request, ordinal, action, by);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
};

/** The first who is asked and may decide says yes; null when nobody is left who may. */
export function nextYes(
  request: RequestState,
  signedInAt: Date,
): Extract<Command, { type: 'decide' }> | null {
  for (const { ordinal, personId: by, stepKey, status } of request.assignments) {
    const step = status === 'OPEN' ? stepOf(request.definition, stepKey) : undefined;
    if (!isDecisionStep(step)) continue;
    const action = YES[step.kind];
    if (!mayDecide(request, ordinal, action, by)) continue;
    return { type: 'decide', by, ordinal, action, comment: 'preview', evidence: 'preview', signedInAt };
  }
  return null;
}

/** Whether the step stands in this round as it was decided in an earlier one. */
const isCarried = (request: RequestState, key: string): boolean =>
  request.steps.some((step) => step.key === key && step.round === request.round && step.reason === 'CARRIED');

const NOT_REACHED = {
  outcome: 'NOT_REACHED',
  reason: null,
  dueAt: null,
  assignments: [],
  people: [],
  exclusions: [],
} as const;

const CARRIED = { ...NOT_REACHED, outcome: 'SKIPPED', reason: 'CARRIED' } as const;

export function previewOf(fact: Fact): PreviewedStep[] {
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
