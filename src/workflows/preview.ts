import { isRefusal } from '../errors.js';
import type { Carry } from './carry-over.js';
import { choosable, demandsOn, willBeAsked } from './choices.js';
import { decide, withRequester } from './decide.js';
import { evolve } from './evolve.js';
import { answersToDelegator } from './hand-over.js';
import { permitOnAssignment } from './permit.js';
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

/** What would be handed in; choices not given are supposed. */
export interface Submission {
  readonly requesterId: string;
  readonly subject: SubjectSnapshot;
  readonly interests: readonly Interest[];
  readonly choices?: readonly GivenChoice[] | undefined;
  readonly carry?: Carry | null | undefined;
}

type Yes = Extract<Command, { type: 'decide' }>;

/**
 * Walks the route by the engine itself: submits, then lets everyone who is asked say yes at once. So the preview
 * equals the executed route as long as the organisation and the subject stand still.
 * @throws CONDITION_FAILED
 */
export function preview(
  definition: ProcessDefinition,
  submission: Submission,
  world: World,
): PreviewedStep[] {
  const { requesterId: by, subject, interests, carry } = submission;
  const fresh = newRequest('preview', definition, world.now);
  const open = new Map<string, readonly string[]>();
  const choices = supposedAtFirst(fresh, submission, world, open);
  const facts = decide(
    fresh,
    { type: 'submit', by, subject, interests, comment: null, choices, carry: carry ?? undefined },
    world,
  );
  return walkAhead(facts.reduce(evolve, fresh), facts, world, undefined, open);
}

/**
 * The route of a request in its present round: what the given facts say happened, and what would follow if everyone
 * who is asked said yes at once, choosing for later steps whoever comes first. `onFacts` sees each state together with
 * the facts that led to it; `open` gets the people among whom a choice was only supposed, by step.
 * @throws CONDITION_FAILED
 */
export function walkAhead(
  start: RequestState,
  happened: readonly Fact[],
  world: World,
  onFacts: (request: RequestState, facts: readonly Fact[]) => void = () => undefined,
  open = new Map<string, readonly string[]>(),
): PreviewedStep[] {
  const { definition } = start;
  const facts: Fact[] = [...happened];
  let request = start;
  onFacts(request, happened);
  for (let count = 0; count < DECISIONS_MAX && request.status === 'PENDING'; count += 1) {
    const command = nextYes(request, world.now);
    if (command === null) break;
    const made = decide(request, { ...command, choices: supposedBy(request, command, world, open) }, world);
    facts.push(...made);
    request = made.reduce(evolve, request);
    onFacts(request, made);
  }
  const previewed = facts.flatMap((fact) => previewOf(fact));
  const reached = new Map(
    previewed.map((step): [string, PreviewedStep] => {
      const people = open.get(step.key);
      return [step.key, people && step.outcome === 'ASKED' ? { ...step, reason: 'CHOICE', people } : step];
    }),
  );
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

/** Where a decision demands a file, the preview supposes one. */
const PREVIEWED = [{ fileId: 'preview', digest: 'preview' }];

/** The first who is asked and may decide says yes; null when nobody is left who may. */
export function nextYes(request: RequestState, signedInAt: Date): Yes | null {
  for (const { ordinal, personId: by, stepKey, status } of request.assignments) {
    const step = status === 'OPEN' ? stepOf(request.definition, stepKey) : undefined;
    if (!isDecisionStep(step)) continue;
    const action = YES[step.kind];
    if (!mayDecide(request, ordinal, action, by)) continue;
    return {
      type: 'decide',
      by,
      ordinal,
      action,
      comment: 'preview',
      evidence: 'preview',
      signedInAt,
      files: PREVIEWED,
    };
  }
  return null;
}

/** Whether the step stands in this round as it was decided in an earlier one. */
const isCarried = (request: RequestState, key: string): boolean =>
  request.steps.some((step) => step.key === key && step.round === request.round && step.reason === 'CARRIED');

/** What the requester would choose. */
export function supposedAtFirst(
  fresh: RequestState,
  submission: Submission,
  world: World,
  open = new Map<string, readonly string[]>(),
): GivenChoice[] {
  const { requesterId, subject, choices } = submission;
  const interests = withRequester(requesterId, submission.interests);
  return supposed({ ...fresh, requesterId, subject, interests }, null, choices ?? [], world, open);
}

/** What who decides would choose; whose decision is confirmed leaves the choice to who confirms it. */
export function supposedBy(
  request: RequestState,
  { action, ordinal }: Yes,
  world: World,
  open = new Map<string, readonly string[]>(),
): GivenChoice[] {
  const assignment = request.assignments[ordinal - 1];
  const step = assignment && stepOf(request.definition, assignment.stepKey);
  if (action !== 'APPROVE' || !assignment || !isDecisionStep(step)) return [];
  return answersToDelegator(request, step, assignment) ? [] : supposed(request, step.key, [], world, open);
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
    const made = request.choices?.some((choice) => choice.step === step && choice.rule === rule.rule);
    if (made || given.some((choice) => choice.step === step)) return [];
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
