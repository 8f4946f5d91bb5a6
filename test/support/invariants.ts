import { isDeepStrictEqual } from 'node:util';
import { effectsOf, type Effect } from '../../src/workflows/effects.js';
import { evolve } from '../../src/workflows/evolve.js';
import { outcomeOf, type Ballot } from '../../src/workflows/formula.js';
import {
  isDecisionStep,
  nodesOf,
  stepOf,
  type DecisionStep,
  type ProcessDefinition,
  type StepNode,
} from '../../src/workflows/process.js';
import {
  newRequest,
  type AssignmentState,
  type AssignmentStatus,
  type Fact,
  type RequestState,
  type StepState,
} from '../../src/workflows/request.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';

/**
 * What must hold of every request at every moment (approvals.md, "What holds always"), asked of plain data: the state
 * as it is stored and all of its facts, oldest first. It judges the core, so it asks the core only for `evolve` (to
 * replay), `effectsOf` (timers) and the formula, which has an oracle of its own; votes and interests it reads itself.
 */

/** A timer that is set and has not fired. */
export interface LiveTimer {
  readonly step: string;
  readonly round: number;
  readonly attempt: number;
  readonly kind: 'reminder' | 'rung';
  readonly index: number;
  readonly at: Date;
}

export interface Circumstances {
  /** The time that `newRequest` was given. */
  readonly startedAt: Date;
  /** The timers that are live; without them, those that follow from the facts. */
  readonly timers?: readonly LiveTimer[];
  /** Timers that have fired, by `timerKey`. */
  readonly fired?: ReadonlySet<string>;
  /** The versions that the request has been on, for one that was moved; without them it was always on the present one. */
  readonly versions?: ReadonlyMap<number, ProcessDefinition>;
}

export const timerKey = ({ step, round, attempt, kind, index }: Omit<LiveTimer, 'at'>): string =>
  `${step}/${round}/${attempt}/${kind}/${index}`;

/** The live timers after these effects, in the order in which they were made. */
export function afterEffects(live: readonly LiveTimer[], effects: readonly Effect[]): readonly LiveTimer[] {
  let timers = live;
  for (const effect of effects) {
    if (effect.type === 'CANCEL_TIMERS') {
      const { step, round } = effect;
      timers = timers.filter((timer) => step !== null && (timer.step !== step || timer.round !== round));
    }
    if (effect.type === 'SCHEDULE_TIMER') {
      const { step, round, attempt, kind, index, at } = effect;
      timers = [...timers, { step, round, attempt, kind, index, at }];
    }
  }
  return timers;
}

/** Every way in which the request breaks a rule; empty when all hold. */
export function violations(
  request: RequestState,
  facts: readonly Fact[],
  circumstances: Circumstances,
): string[] {
  const past = replay(request, facts, circumstances);
  return [
    ...past.found,
    ...replayProblems(request, past.request),
    ...endProblems(request, facts),
    ...openProblems(request),
    ...assignmentProblems(request),
    ...interestProblems(request, facts),
    ...formulaProblems(request, facts),
    ...moveProblems(request, facts),
    ...carryProblems(request, facts),
    ...timerProblems(request, facts, past.timers, circumstances),
    ...subjectProblems(request, facts, past.effects),
    ...clockProblems(request),
    ...questionProblems(request, facts),
  ];
}

const ENDED: readonly string[] = ['APPROVED', 'REJECTED', 'WITHDRAWN', 'CANCELLED', 'EXPIRED'];
const LIVE: readonly AssignmentStatus[] = ['OPEN', 'WAITING'];
const VOTES: readonly AssignmentStatus[] = [
  'APPROVED',
  'REJECTED',
  'ABSTAINED',
  'CONFIRMED',
  'FILED',
  'RETURNED',
];
const isLive = (assignment: AssignmentState): boolean => LIVE.includes(assignment.status);

const current = (request: RequestState, key: string): StepState | undefined =>
  request.steps.findLast((step) => step.key === key && step.round === request.round);
const asked = (request: RequestState, { key, round, attempt }: StepState): AssignmentState[] =>
  request.assignments.filter((one) => one.stepKey === key && one.round === round && one.attempt === attempt);
const decisionStep = (request: RequestState, key: string): DecisionStep | undefined => {
  const node = stepOf(request.definition, key);
  return isDecisionStep(node) ? node : undefined;
};

interface Past {
  readonly request: RequestState;
  readonly found: readonly string[];
  readonly timers: readonly LiveTimer[];
  readonly effects: readonly Effect[];
}

/** Lives through the facts again and judges each where it stands. */
function replay(stored: RequestState, facts: readonly Fact[], { startedAt, versions }: Circumstances): Past {
  const on = (version: number): ProcessDefinition => versions?.get(version) ?? stored.definition;
  const first = facts.find((fact) => fact.type === 'SUBMITTED')?.process.version;
  let request = newRequest(stored.id, first === undefined ? stored.definition : on(first), startedAt);
  let moving: ProcessDefinition | null = null;
  let timers: readonly LiveTimer[] = [];
  const effects: Effect[] = [];
  const found: string[] = [];
  let last = 0;
  for (const fact of facts) {
    if (ENDED.includes(request.status)) found.push(`1: ${fact.type} after the end`);
    if (fact.at.getTime() < last) found.push(`${fact.type} is earlier than the fact before it`);
    last = fact.at.getTime();
    // What the old version had is undone under it; what is asked anew is asked by the new one.
    if (fact.type === 'MIGRATED') moving = on(fact.toVersion);
    else if (moving && !isUndoneByMove(fact)) {
      request = { ...request, definition: moving };
      moving = null;
    }
    found.push(...actProblems(request, fact));
    request = evolve(request, fact);
    const follow = effectsOf(request, [fact]);
    effects.push(...follow);
    timers = afterEffects(timers, follow);
  }
  return { request: moving ? { ...request, definition: moving } : request, found, timers, effects };
}

const isUndoneByMove = (fact: Fact): boolean =>
  (fact.type === 'STEP_CLOSED' || fact.type === 'ASSIGNMENT_CLOSED') && fact.reason === 'MIGRATED';

/** 3, 4 and 5 at the moment of the fact: whose turn it was, what interest they had, what the formula said. */
function actProblems(before: RequestState, fact: Fact): string[] {
  switch (fact.type) {
    case 'DECIDED':
    case 'DELEGATE_ANSWERED':
    case 'HANDED_OVER': {
      const assignment = before.assignments[fact.ordinal - 1];
      const place = `${fact.type} of ${fact.ordinal} by ${fact.by}`;
      if (!assignment) return [`3: ${place}: no such assignment`];
      const found: string[] = [];
      if (before.status !== 'PENDING') found.push(`3: ${place} while ${before.status}`);
      if (fact.type === 'HANDED_OVER' && (fact.kind === 'ABSENCE' || fact.kind === 'LEAVER')) {
        if (!isLive(assignment)) found.push(`3: ${place}, which was ${assignment.status}`);
        if (fact.successor.status !== assignment.status)
          found.push(`3: ${place}, which was ${assignment.status}, opened a turn`);
        return found;
      }
      if (assignment.status !== 'OPEN') found.push(`3: ${place}, which was ${assignment.status}`);
      if (assignment.personId !== fact.by) found.push(`3: ${place}, who was not asked`);
      if (fact.type !== 'DECIDED' || fact.decision === 'ADVISED') return found;
      if (isInterested(before, assignment.stepKey, fact.by)) found.push(`4: ${place}, who has an interest`);
      if (isBarred(before, assignment.stepKey, fact.by))
        found.push(`4: ${place}, who decided a step barred to them`);
      return found;
    }
    case 'REASSIGNED':
      return takenOverProblems(before, fact);
    case 'REVOKED': {
      const one = before.assignments[fact.ordinal - 1];
      const mine = one?.personId === fact.by && VOTES_AND_OPINIONS.includes(one.status);
      return mine
        ? []
        : [`3: ${fact.by} takes back ${fact.ordinal}, which is ${one?.status} of ${one?.personId}`];
    }
    case 'APPROVER_REMOVED': {
      const one = before.assignments[fact.ordinal - 1];
      return one?.addedById === fact.by && isLive(one) ? [] : [`3: ${fact.by} removes ${fact.ordinal}`];
    }
    case 'AMENDED': {
      const one = before.assignments[fact.ordinal - 1];
      const editable = (decisionStep(before, fact.step)?.editable ?? []).flatMap((field) =>
        withDerived(before, field),
      );
      const found = fact.changed
        .filter((field) => !editable.includes(field))
        .map((field) => `8: ${field} is not editable in ${fact.step}`);
      return one?.personId === fact.by && one.status === 'OPEN'
        ? found
        : [...found, `3: ${fact.by} amends without a turn`];
    }
    case 'INFORMATION_GIVEN': {
      const one = before.questions[fact.number - 1];
      return one?.status === 'OPEN' && one.askedOfId === fact.by
        ? []
        : [`3: ${fact.by} answers ${fact.number}`];
    }
    case 'CLAIMED':
    case 'RELEASED': {
      const claimed = before.assignments[fact.ordinal - 1];
      const sound = claimed?.pool && claimed.status === 'OPEN' && claimed.personId === fact.by;
      return sound && Boolean(claimed.claimedAt) === (fact.type === 'RELEASED')
        ? []
        : [`3: ${fact.type} of ${fact.ordinal} by ${fact.by}`];
    }
    case 'GIVEN_BACK': {
      const held = before.assignments[fact.ordinal - 1];
      return held &&
        isLive(held) &&
        held.handOver?.kind === 'ABSENCE' &&
        namesBehind(before, held).includes(fact.successor.personId)
        ? []
        : [`3: ${fact.ordinal} was given back to ${fact.successor.personId}`];
    }
    case 'STEP_OPENED':
      return fact.assignments
        .filter(
          (one) => isInterested(before, fact.step, one.personId) || isBarred(before, fact.step, one.personId),
        )
        .map((one) => `4: ${one.personId} is asked in ${fact.step} and may not decide it`);
    case 'CARRIED_OVER':
      return fact.carried.flatMap(({ step, people, votes }) =>
        [...people, ...votes.map(({ personId }) => personId)]
          .filter((personId) => isInterested(before, step, personId))
          .map((personId) => `4: ${personId}'s approval carries to ${step}, in which they have an interest`),
      );
    case 'STEP_CLOSED':
      return closingProblems(before, fact);
    default:
      return [];
  }
}

/** A field with those that change with it. */
function withDerived({ subject }: RequestState, field: string): readonly string[] {
  if (!Object.hasOwn(SUBJECT_TYPES, subject.type)) return [field];
  const { amendable } = SUBJECT_TYPES[subject.type as keyof typeof SUBJECT_TYPES];
  return (amendable as Readonly<Record<string, readonly string[]>>)[field] ?? [];
}

const VOTES_AND_OPINIONS: readonly AssignmentStatus[] = [
  'APPROVED',
  'REJECTED',
  'ABSTAINED',
  'CONFIRMED',
  'FILED',
  'ADVISED',
];

/** An override gives a turn only to one who could have been asked, and never to who overrides. */
function takenOverProblems(before: RequestState, fact: Extract<Fact, { type: 'REASSIGNED' }>): string[] {
  const to = fact.successor.personId;
  const found: string[] = [];
  if (isInterested(before, fact.step, to) || isBarred(before, fact.step, to))
    found.push(`4: ${to} takes ${fact.ordinal} over and may not decide it`);
  if (before.definition.interest !== 'allow' && before.interests.some((one) => one.personId === fact.by))
    found.push(`4: ${fact.by}, who has an interest, overrides`);
  if (to === fact.by) found.push(`4: ${fact.by} gives ${fact.ordinal} to themself`);
  const from = before.assignments[fact.ordinal - 1];
  return from && isLive(from) ? found : [...found, `3: ${fact.ordinal} was ${from?.status} when reassigned`];
}

function closingProblems(before: RequestState, fact: Extract<Fact, { type: 'STEP_CLOSED' }>): string[] {
  const state = current(before, fact.step);
  const node = decisionStep(before, fact.step);
  if (!state) return [`5: ${fact.step} closed before it opened`];
  if (fact.outcome === 'RETURNED' || fact.outcome === 'CANCELLED' || fact.outcome === 'SKIPPED' || !node)
    return [];
  if (fact.reason === 'NOBODY') return state.status === 'BLOCKED' ? [] : [`5: ${fact.step} had somebody`];
  if (state.status !== 'OPEN') return [`5: ${fact.step} decided while ${state.status}`];
  if (fact.reason === 'SYSTEM' || node.kind === 'advise') return [];
  const expected = outcomeOf(node.formula, ballots(before, state));
  return expected === fact.outcome
    ? []
    : [`5: ${fact.step} closed ${fact.outcome}, the formula says ${expected}`];
}

/** The interest that counts against a person in a step, read from the definition by itself. */
function isInterested(request: RequestState, key: string, personId: string): boolean {
  if (request.definition.interest === 'allow') return false;
  const because = request.interests.filter((one) => one.personId === personId).map((one) => one.because);
  if (decisionStep(request, key)?.onRequester !== 'allow') return because.length > 0;
  return personId !== request.requesterId && because.some((reason) => reason !== 'HAND_OVER');
}

const isBarred = (request: RequestState, key: string, personId: string): boolean =>
  request.assignments.some(
    (one) =>
      one.personId === personId &&
      VOTES.includes(one.status) &&
      (decisionStep(request, key)?.neverSameAs.includes(one.stepKey) ?? false),
  );

/** Who votes what; an assignment that was open when the step was decided without it is an open ballot. */
const ballots = (request: RequestState, state: StepState): Ballot[] => {
  const pools = new Set<string>();
  return asked(request, state).flatMap((one): Ballot[] => {
    const { weight, group, veto, required } = one;
    const mine = ballotOf(one, { weight, group, veto, required });
    if (mine.length === 0 || !one.pool) return mine;
    // One turn that many could take is one ballot.
    const known = pools.has(one.pool);
    pools.add(one.pool);
    return known ? [] : mine;
  });
};

const ballotOf = (
  one: AssignmentState,
  { weight, group, veto, required }: Omit<Ballot, 'verdict'>,
): Ballot[] => {
  const as = (verdict: Ballot['verdict']): Ballot[] => [{ verdict, weight, group, veto, required }];
  if (['APPROVED', 'CONFIRMED', 'FILED'].includes(one.status)) return as('APPROVE');
  if (one.status === 'REJECTED') return as('REJECT');
  if (one.status === 'ABSTAINED') return as('ABSTAIN');
  return isLive(one) || (one.status === 'CANCELLED' && one.reason === 'STEP_DECIDED') ? as(null) : [];
};

/** 6: facts replayed from nothing give the stored state, field by field. */
function replayProblems(stored: RequestState, replayed: RequestState): string[] {
  if (isDeepStrictEqual(stored, replayed)) return [];
  const fields = (Object.keys(stored) as (keyof RequestState)[]).filter(
    (field) => !isDeepStrictEqual(stored[field], replayed[field]),
  );
  return [`6: the replay differs in ${fields.join(', ')}`];
}

/** 1: an ended request has nothing open, and ends once; nor has a returned one anything open. */
function endProblems(request: RequestState, facts: readonly Fact[]): string[] {
  const found: string[] = [];
  const ends = facts.filter((fact) => fact.type === 'ENDED');
  const ended = ENDED.includes(request.status);
  if (ends.length !== (ended ? 1 : 0)) found.push(`1: ${ends.length} ends while ${request.status}`);
  if (ended && ends[0]?.outcome !== request.status)
    found.push(`1: ended ${ends[0]?.outcome}, is ${request.status}`);
  if (ended !== (request.endedAt !== null))
    found.push(`1: endedAt ${request.endedAt?.toISOString()} while ${request.status}`);
  if (request.status === 'PENDING') return found;
  if (request.assignments.some(isLive)) found.push(`1: an open assignment while ${request.status}`);
  if (request.steps.some((step) => step.status === 'OPEN' || step.status === 'BLOCKED')) {
    found.push(`1: an open or blocked step while ${request.status}`);
  }
  if (request.status === 'APPROVED' && !hasPassed(request, request.definition.steps)) {
    found.push('1: approved before every step had passed');
  }
  return found;
}

const hasPassed = (request: RequestState, nodes: readonly StepNode[]): boolean =>
  nodes.every((node) => {
    const status = current(request, node.key)?.status;
    if (status === 'SKIPPED') return true;
    if (node.kind === 'parallel')
      return status === 'APPROVED' && node.branches.every((one) => hasPassed(request, one));
    return status === 'APPROVED' || (node.kind === 'advise' && status !== undefined);
  });

/** 2: what is pending waits for someone, or is recorded as blocked; and nothing that could go on stands still. */
function openProblems(request: RequestState): string[] {
  if (request.status !== 'PENDING') return [];
  const found: string[] = [];
  const decisions = [...nodesOf(request.definition.steps)].filter(isDecisionStep);
  const states = decisions.map((node) => ({ node, state: current(request, node.key) }));
  const holding = states.some(
    ({ node, state }) => node.kind !== 'advise' && (state?.status === 'OPEN' || state?.status === 'BLOCKED'),
  );
  if (!holding) found.push('2: pending, and nothing holds it');
  for (const { node, state } of states) {
    if (state?.status !== 'OPEN') continue;
    const here = asked(request, state);
    if (!here.some((one) => one.status === 'OPEN')) found.push(`2: ${node.key} is open and nobody is asked`);
    if (node.kind !== 'advise' && outcomeOf(node.formula, ballots(request, state)) !== null) {
      found.push(`5: ${node.key} is open and its formula is decided`);
    }
    const live = here.filter(isLive);
    const idle = live.find(
      (one) =>
        one.status === 'WAITING' &&
        !live.some((other) => other.ordinal === one.waitsFor || other.position < one.position),
    );
    if (idle) found.push(`2: ${idle.personId} waits in ${node.key} for nobody`);
    if (node.formula.mode === 'ordered') {
      const early = live.find(
        (one) =>
          one.status === 'OPEN' &&
          isOfTheQueue(request, one) &&
          live.some((other) => other.position < one.position),
      );
      if (early) found.push(`5: ${early.personId} is asked in ${node.key} before their turn`);
    }
  }
  const stale = request.steps.filter(
    (step) => ['OPEN', 'BLOCKED'].includes(step.status) && current(request, step.key) !== step,
  );
  if (stale.length > 0)
    found.push(`2: ${stale[0]?.key} has an old attempt that is still ${stale[0]?.status}`);
  return found;
}

/** Whether the turn was there from the start; one added, by a person or by the ladder, is asked at once. */
function isOfTheQueue(request: RequestState, { previousOrdinal, addedById, rule }: AssignmentState): boolean {
  const from = previousOrdinal === null ? undefined : request.assignments[previousOrdinal - 1];
  return from ? isOfTheQueue(request, from) : addedById === null && !rule.startsWith('escalation');
}

/** 3 and the shape of rows: numbered through, one ballot for each person, hand-overs linked both ways. */
function assignmentProblems(request: RequestState): string[] {
  const found: string[] = [];
  for (const [index, one] of request.assignments.entries()) {
    const place = `assignment ${one.ordinal}`;
    if (one.ordinal !== index + 1) found.push(`3: ${place} stands at ${index + 1}`);
    const state = request.steps.findLast(
      (step) => step.key === one.stepKey && step.round === one.round && step.attempt === one.attempt,
    );
    if (!state) found.push(`3: ${place} belongs to no step`);
    if (isLive(one) && (state?.status !== 'OPEN' || current(request, one.stepKey) !== state)) {
      found.push(`3: ${place} is live in a step that is not`);
    }
    if (one.status === 'OPEN' && one.openedAt === null) found.push(`3: ${place} is open since never`);
    if (VOTES.includes(one.status) !== (one.decidedById !== null && one.status !== 'ADVISED'))
      found.push(`3: ${place} is ${one.status} by ${one.decidedById}`);
    if (one.decidedById !== null && one.decidedById !== one.personId)
      found.push(`3: ${place} was decided by another`);
    const from = one.previousOrdinal === null ? undefined : request.assignments[one.previousOrdinal - 1];
    if (
      one.previousOrdinal !== null &&
      !['DELEGATED', 'TRANSFERRED', 'ADVISED'].includes(from?.status ?? '')
    ) {
      found.push(`3: ${place} came from ${one.previousOrdinal}, which is ${from?.status}`);
    }
    if (from && one.handOver?.fromPersonId !== from.personId) found.push(`3: ${place} names the wrong giver`);
    if (one.waitsFor !== null && !request.assignments[one.waitsFor - 1])
      found.push(`3: ${place} waits for nobody`);
  }
  for (const step of request.steps) {
    const voters = asked(request, step)
      .filter((one) => isLive(one) || VOTES.includes(one.status))
      .map((one) => one.personId);
    if (new Set(voters).size !== voters.length) found.push(`3: somebody counts twice in ${step.key}`);
    const attempts = request.steps
      .filter((other) => other.key === step.key && other.round === step.round)
      .map((other) => other.attempt);
    found.push(...poolProblems(asked(request, step)));
    if (attempts.some((attempt, index) => attempt !== index + 1))
      found.push(`5: ${step.key} has attempts ${attempts.join()}`);
  }
  return found;
}

/** A turn of a pool is taken by one at a time: while it is claimed nobody else of it is asked, and one decides it. */
function poolProblems(here: readonly AssignmentState[]): string[] {
  return [
    ...Map.groupBy(
      here.filter((one) => one.pool),
      (one) => one.pool,
    ),
  ].flatMap(([pool, members]) => {
    const live = members.filter(isLive);
    const votes = members.filter((one) => VOTES.includes(one.status));
    const holders = live.filter((one) => one.claimedAt);
    const found: string[] = [];
    if (votes.length > 1) found.push(`3: ${votes.length} decided the one turn of ${pool}`);
    if (votes.length === 1 && live.length > 0) found.push(`3: ${pool} is decided and still open`);
    if (holders.length > 1) found.push(`3: ${pool} is claimed twice`);
    if (holders.length === 1 && live.some((one) => one.status === 'OPEN' && !one.claimedAt))
      found.push(`3: ${pool} is claimed and others are asked`);
    return found;
  });
}

/** The person, and whoever handed it on or is stood in for. */
function namesBehind(request: RequestState, one: AssignmentState): string[] {
  const from = one.previousOrdinal === null ? undefined : request.assignments[one.previousOrdinal - 1];
  const names = [one.personId, ...(one.handOver ? [one.handOver.fromPersonId] : [])];
  return from ? [...names, ...namesBehind(request, from)] : names;
}

/** 4 of the state: nobody with an interest holds an open turn or a vote of this round, nor does anyone for them. */
function interestProblems(request: RequestState, facts: readonly Fact[]): string[] {
  // What an earlier version allowed and this one undid or has no step for counts no more.
  const moved = facts.some((fact) => fact.type === 'MIGRATED');
  const found: string[] = [];
  if (
    request.factCount > 0 &&
    !request.interests.some((one) => one.personId === request.requesterId && one.because === 'REQUESTER')
  ) {
    found.push('4: the requester has no interest');
  }
  for (const one of request.assignments) {
    if (one.round !== request.round || !(isLive(one) || VOTES.includes(one.status))) continue;
    const state = current(request, one.stepKey);
    const counts =
      state?.attempt === one.attempt &&
      state.status !== 'RETURNED' &&
      state.status !== 'SKIPPED' &&
      decisionStep(request, one.stepKey) !== undefined;
    if (moved && !counts) continue;
    for (const behind of namesBehind(request, one)) {
      if (!isInterested(request, one.stepKey, behind)) continue;
      found.push(`4: ${one.personId} counts in ${one.stepKey} for ${behind}, who has an interest`);
    }
  }
  return found;
}

/** 5: the outcome of a step that was decided by votes, computed again from its assignments. */
function formulaProblems(request: RequestState, facts: readonly Fact[]): string[] {
  const moved = facts.some((fact) => fact.type === 'MIGRATED');
  return request.steps.flatMap((state) => {
    const node = decisionStep(request, state.key);
    if (!node || node.kind === 'advise') return [];
    if (state.reason !== null && state.reason !== 'MIGRATED') return [];
    // An earlier attempt may have been decided by another version's formula.
    if (moved && current(request, state.key) !== state) return [];
    if (state.status !== 'APPROVED' && state.status !== 'REJECTED') return [];
    const expected = outcomeOf(node.formula, ballots(request, state));
    return expected === state.status
      ? []
      : [`5: ${state.key} is ${state.status}, its assignments say ${expected}`];
  });
}

/** A move leaves nothing of a step that the version does not have, names each step once, and moves the pinned version. */
function moveProblems(request: RequestState, facts: readonly Fact[]): string[] {
  const found: string[] = [];
  const last = facts.findLast((fact) => fact.type === 'MIGRATED');
  if (!last) return found;
  if (last.toVersion !== request.definition.version)
    found.push(`9: moved to version ${last.toVersion}, is on ${request.definition.version}`);
  const named = [...last.carried, ...last.asked, ...last.removed];
  if (new Set(named).size !== named.length) found.push('5: a move names a step twice');
  for (const step of request.steps) {
    const live = step.status === 'OPEN' || step.status === 'BLOCKED';
    if (live && !stepOf(request.definition, step.key))
      found.push(`2: ${step.key} is ${step.status}, and its version has no such step`);
  }
  return found;
}

/** What stands by another request's approval: enough approved it, nobody with an interest, and it rests on nothing touched. */
function carryProblems(request: RequestState, facts: readonly Fact[]): string[] {
  const fact = facts.find((one) => one.type === 'CARRIED_OVER');
  if (!fact) return [];
  return fact.carried.flatMap(({ step: key, people }) => {
    const state = request.steps.find((one) => one.key === key && one.round === 1 && one.attempt === 1);
    const node = decisionStep(request, key);
    if (!node || !state || state.status !== 'APPROVED' || request.round > 1) return [];
    const found: string[] = [];
    if (state.reason !== 'CARRIED') found.push(`10: ${key} was carried and says ${state.reason}`);
    if (
      node.dependsOn.length === 0
        ? fact.changed.length > 0
        : fact.changed.some((one) => node.dependsOn.includes(one))
    )
      found.push(`10: ${key} stands, and rests on ${fact.changed.join(', ')}`);
    const moved = facts.some(({ type }) => type === 'MIGRATED');
    if (moved && node.kind !== 'advise' && outcomeOf(node.formula, ballots(request, state)) !== 'APPROVED')
      found.push(`10: ${key} stands, and its votes do not approve it`);
    if (people.length === 0 && node.kind !== 'advise') found.push(`10: ${key} stands by nobody's approval`);
    return found;
  });
}

/** 1 and I14: the open steps have the timers they were opened with, and nothing else has any. */
function timerProblems(
  request: RequestState,
  facts: readonly Fact[],
  fromFacts: readonly LiveTimer[],
  { timers, fired = new Set() }: Circumstances,
): string[] {
  const found: string[] = [];
  const live = timers ?? fromFacts.filter((timer) => !fired.has(timerKey(timer)));
  const keys = new Set(live.map(timerKey));
  if (keys.size !== live.length) found.push('1: a timer is set twice');
  for (const timer of live) {
    const state = current(request, timer.step);
    if (state?.clockStoppedAt) found.push(`1: timer ${timerKey(timer)} is live while its clock stands still`);
    if (state?.status !== 'OPEN' || timer.round !== state.round || timer.attempt !== state.attempt) {
      found.push(`1: timer ${timerKey(timer)} outlived its step`);
    }
  }
  let round = 1;
  const moved = facts.some((fact) => fact.type === 'MIGRATED');
  for (const fact of facts) {
    if (fact.type === 'RESUBMITTED') round = fact.round;
    if (fact.type !== 'STEP_OPENED' || round !== request.round) continue;
    const node = decisionStep(request, fact.step);
    // A decided step may stand though the version it stands on has another ladder.
    const live = current(request, fact.step);
    const present = !moved || (live?.attempt === fact.attempt && live.status === 'OPEN');
    if (
      node &&
      present &&
      fact.dueAt !== null &&
      fact.timers.filter((timer) => timer.kind === 'rung').length !== node.ladder.length
    ) {
      found.push(`2: ${fact.step} opened without its ladder`);
    }
    const state = current(request, fact.step);
    if (state?.status !== 'OPEN' || state.attempt !== fact.attempt || state.clockStoppedAt !== null) continue;
    for (const { kind, index } of fact.timers) {
      const key = timerKey({ step: fact.step, round, attempt: fact.attempt, kind, index });
      const acted = !state.timers.some((timer) => timer.kind === kind && timer.index === index);
      if (!keys.has(key) && !fired.has(key) && !acted) found.push(`2: timer ${key} is missing`);
      const told = facts.some(
        (one) =>
          one.type === 'REMINDED' &&
          one.step === fact.step &&
          one.attempt === fact.attempt &&
          one.index === index,
      );
      if (acted && !(kind === 'rung' ? state.rung > index : told))
        found.push(`2: timer ${key} was forgotten`);
    }
  }
  return found;
}

/** 7 and 8: the subject hears of each outcome once, and what is approved is what was last submitted. */
function subjectProblems(
  request: RequestState,
  facts: readonly Fact[],
  effects: readonly Effect[],
): string[] {
  const found: string[] = [];
  const heard = effects.flatMap((effect) => (effect.type === 'SUBJECT' ? effect.event : []));
  const expected = facts.flatMap((fact) => {
    if (fact.type === 'SUBMITTED' || fact.type === 'RESUBMITTED') return fact.type;
    if (fact.type === 'RETURNED' && fact.toStep === null) return 'RETURNED';
    return fact.type === 'ENDED' ? fact.outcome : [];
  });
  if (!isDeepStrictEqual(heard, expected))
    found.push(`7: the subject heard ${heard.join()}, not ${expected.join()}`);
  const last = facts.findLast(
    (fact) => fact.type === 'SUBMITTED' || fact.type === 'RESUBMITTED' || fact.type === 'AMENDED',
  );
  if (last && !isDeepStrictEqual(request.subject, last.subject))
    found.push('8: the content changed on its own');
  return found;
}

/** A clock stands still exactly while something holds it: a pause, or an open question that stops it. */
function clockProblems(request: RequestState): string[] {
  const found: string[] = [];
  const heldBack = request.status === 'RETURNED' && request.pauseCause === 'NEW_VERSION';
  if (request.pausedAt !== null && request.status !== 'PENDING' && !heldBack)
    found.push(`1: paused while ${request.status}`);
  if (request.status !== 'PENDING') return found;
  for (const state of request.steps) {
    if (state.status !== 'OPEN' || state.dueAt === null || current(request, state.key) !== state) continue;
    const held =
      request.pausedAt !== null ||
      request.questions.some(
        (one) =>
          one.status === 'OPEN' &&
          one.stopsClock &&
          one.stepKey === state.key &&
          one.round === state.round &&
          one.attempt === state.attempt,
      );
    if (held !== (state.clockStoppedAt !== null))
      found.push(`2: the clock of ${state.key} ${held ? 'runs though held' : 'stands still for nothing'}`);
    for (const one of asked(request, state)) {
      if (one.status === 'OPEN' && one.dueAt?.getTime() !== state.dueAt.getTime())
        found.push(`2: ${one.personId} is due at another time than ${state.key}`);
    }
  }
  return found;
}

/** A question is open only while whoever asked still has their turn; each is answered by the one asked, once. */
function questionProblems(request: RequestState, facts: readonly Fact[]): string[] {
  const found: string[] = [];
  for (const [index, one] of request.questions.entries()) {
    if (one.number !== index + 1) found.push(`3: question ${one.number} stands at ${index + 1}`);
    if (one.status === 'OPEN' && request.assignments[one.ordinal - 1]?.status !== 'OPEN')
      found.push(`3: question ${one.number} is open though nobody waits for it`);
    if ((one.status === 'ANSWERED') !== (one.answer !== null && one.answeredAt !== null))
      found.push(`3: question ${one.number} is ${one.status} with answer ${one.answer}`);
    const answers = facts.filter((fact) => fact.type === 'INFORMATION_GIVEN' && fact.number === one.number);
    if (answers.length !== (one.status === 'ANSWERED' ? 1 : 0))
      found.push(`3: question ${one.number} was answered ${answers.length} times`);
  }
  const people = request.readers.map(({ personId }) => personId);
  if (new Set(people).size !== people.length) found.push('3: somebody is copied in twice');
  return found;
}
