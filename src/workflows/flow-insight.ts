import { businessMillisBetween, type BusinessCalendar } from './calendar.js';
import { evolve } from './evolve.js';
import { absenceOf, rolesOf, type Organisation } from './organisation.js';
import { isDecisionStep, stepOf, type ProcessDefinition } from './process.js';
import { isEnded, newRequest, SYSTEM, type Fact, type RequestState } from './request.js';

/** What happened to one request, in order. */
export interface History {
  readonly requestId: string;
  readonly definition: ProcessDefinition;
  readonly facts: readonly Fact[];
}

/** Milliseconds a step was open: in working hours with someone there, outside them, in working hours while everyone
 *  asked was absent, and while the request was paused. They add up to the whole. */
export interface Spent {
  readonly working: number;
  readonly waiting: number;
  readonly absent: number;
  readonly paused: number;
}

export interface StepInsight {
  readonly processKey: string;
  readonly step: string;
  /** Times it was opened. */
  readonly opened: number;
  readonly skipped: number;
  readonly spent: Spent;
  /** Why it decides nothing: it is always skipped, or only ever approved by people who had approved before. */
  readonly idle: 'ALWAYS_SKIPPED' | 'SAME_PEOPLE' | null;
  /** The most people whom one opening asked. */
  readonly asked: number;
  /** At least half of the working time that requests spent in the process's steps, when it has others, was spent here. */
  readonly bottleneck: boolean;
}

/** Where requests were first sent back, and by people of which role. */
export interface ReworkCause {
  readonly processKey: string;
  readonly step: string;
  /** Roles of the person who sent it back, sorted, comma-separated; `system` for the machine. */
  readonly role: string;
  readonly requests: number;
}

export interface ApproverLoad {
  readonly personId: string;
  readonly asked: number;
  readonly decided: number;
  readonly open: number;
}

export interface FlowInsight {
  readonly requests: number;
  /** Requests sent back at least once, and how often in all. */
  readonly reworked: number;
  readonly loops: number;
  readonly firstCauses: readonly ReworkCause[];
  readonly steps: readonly StepInsight[];
  readonly load: readonly ApproverLoad[];
}

interface World {
  readonly now: Date;
  readonly organisation: Organisation;
  readonly calendarOf: (key: string | null) => BusinessCalendar;
}

interface Tally {
  asked: number;
  opened: number;
  skipped: number;
  decided: number;
  /** Instances that changed something: not approved, or approved by someone new. */
  telling: number;
  working: number;
  waiting: number;
  absent: number;
  paused: number;
}

/** What the histories tell of the flow; an open step counts up to `now`. Absences and roles are those on record. */
export function flowInsight(histories: readonly History[], world: World): FlowInsight {
  const tallies = new Map<string, Tally>();
  const causes = new Map<string, ReworkCause>();
  const load = new Map<string, ApproverLoad>();
  let [reworked, loops] = [0, 0];
  for (const history of histories) {
    const final = replay(history, tallies, world);
    tellingSteps(history, final, tallies);
    countLoad(final, load);
    const returns = history.facts.filter(({ type }) => type === 'RETURNED').length;
    loops += returns;
    if (returns > 0) {
      reworked += 1;
      noteCause(history, final, causes, world);
    }
  }
  return {
    requests: histories.length,
    reworked,
    loops,
    firstCauses: [...causes.values()].toSorted((a, b) => b.requests - a.requests || order(a.step, b.step)),
    steps: withBottlenecks([...tallies].map(([key, tally]) => insightOf(key, tally))),
    load: [...load.values()].toSorted((a, b) => b.asked - a.asked || order(a.personId, b.personId)),
  };
}

const order = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

function tallyOf(tallies: Map<string, Tally>, processKey: string, step: string): Tally {
  const key = `${processKey}\u0000${step}`;
  const known = tallies.get(key) ?? {
    asked: 0,
    opened: 0,
    skipped: 0,
    decided: 0,
    telling: 0,
    working: 0,
    waiting: 0,
    absent: 0,
    paused: 0,
  };
  tallies.set(key, known);
  return known;
}

function withBottlenecks(steps: readonly Omit<StepInsight, 'bottleneck'>[]): StepInsight[] {
  const worked = ({ spent }: Pick<StepInsight, 'spent'>): number => spent.working + spent.absent;
  return steps.map((step) => {
    const others = steps.filter((other) => other.processKey === step.processKey && other !== step);
    const elsewhere = others.reduce((total, other) => total + worked(other), 0);
    const bottleneck =
      worked(step) > 0 && worked(step) >= elsewhere && others.some(({ opened }) => opened > 0);
    return { ...step, bottleneck };
  });
}

function insightOf(name: string, tally: Tally): Omit<StepInsight, 'bottleneck'> {
  const [processKey = '', step = ''] = name.split('\u0000');
  const { asked, opened, skipped, decided, telling, working, waiting, absent, paused } = tally;
  const idle =
    opened === 0 && skipped > 0 ? 'ALWAYS_SKIPPED' : decided > 0 && telling === 0 ? 'SAME_PEOPLE' : null;
  return { processKey, step, opened, skipped, spent: { working, waiting, absent, paused }, idle, asked };
}

/** Walks the facts; between two of them every open step spends time with those who are asked then. */
function replay(
  { requestId, definition, facts }: History,
  tallies: Map<string, Tally>,
  world: World,
): RequestState {
  const start = facts[0]?.at ?? world.now;
  let request = newRequest(requestId, definition, start);
  for (const [index, fact] of facts.entries()) {
    request = evolve(request, fact);
    if ('step' in fact && fact.step !== null && isDecisionStep(stepOf(definition, fact.step))) {
      const tally = tallyOf(tallies, definition.key, fact.step);
      if (fact.type === 'STEP_OPENED') {
        tally.opened += 1;
        tally.asked = Math.max(tally.asked, fact.assignments.length);
      }
      if (fact.type === 'STEP_SKIPPED') tally.skipped += 1;
    }
    const until = facts[index + 1]?.at ?? (isEnded(request) ? fact.at : world.now);
    if (until > fact.at) spend(request, fact.at, until, tallies, world);
  }
  return request;
}

function spend(
  request: RequestState,
  from: Date,
  until: Date,
  tallies: Map<string, Tally>,
  world: World,
): void {
  const { definition } = request;
  for (const step of request.steps) {
    if (step.status !== 'OPEN' || !isDecisionStep(stepOf(definition, step.key))) continue;
    const tally = tallyOf(tallies, definition.key, step.key);
    if (request.pausedAt !== null) {
      tally.paused += until.getTime() - from.getTime();
      continue;
    }
    const asked = request.assignments
      .filter(
        ({ stepKey, round, status }) => stepKey === step.key && round === step.round && status === 'OPEN',
      )
      .map(({ personId }) => personId);
    for (const [start, end] of stretches(asked, from, until, world.organisation)) {
      const worked = businessMillisBetween(
        world.calendarOf(step.calendarKey ?? definition.calendar),
        start,
        end,
      );
      const away =
        asked.length > 0 &&
        asked.every((personId) => absenceOf(world.organisation, personId, definition, start) !== undefined);
      tally[away ? 'absent' : 'working'] += worked;
      tally.waiting += end.getTime() - start.getTime() - worked;
    }
  }
}

/** The span cut where an absence of one of the people begins or ends. */
function* stretches(
  people: readonly string[],
  from: Date,
  until: Date,
  { absences }: Organisation,
): Generator<readonly [Date, Date]> {
  const edges = absences
    .filter(({ personId }) => people.includes(personId))
    .flatMap((absence) => [absence.from.getTime(), absence.until.getTime()])
    .filter((edge) => edge > from.getTime() && edge < until.getTime());
  const all = [from.getTime(), ...[...new Set(edges)].toSorted((a, b) => a - b), until.getTime()];
  for (const [index, end] of all.slice(1).entries()) yield [new Date(all[index]!), new Date(end)];
}

/** Counts the decided instances of each step, and those in which something was said that was not said before. */
function tellingSteps({ definition }: History, request: RequestState, tallies: Map<string, Tally>): void {
  for (const [index, step] of request.steps.entries()) {
    const node = stepOf(definition, step.key);
    const closed = step.status === 'APPROVED' || step.status === 'REJECTED' || step.status === 'RETURNED';
    if (!isDecisionStep(node) || !closed || step.reason === 'CARRIED') continue;
    const decidersOf = (one: RequestState['steps'][number]): string[] =>
      request.assignments
        .filter(
          ({ stepKey, round, attempt }) =>
            stepKey === one.key && round === one.round && attempt === one.attempt,
        )
        .flatMap(({ status, decidedById }) =>
          status === 'APPROVED' && decidedById !== null ? [decidedById] : [],
        );
    const earlier = new Set(request.steps.slice(0, index).flatMap(decidersOf));
    const deciders = decidersOf(step);
    const tally = tallyOf(tallies, definition.key, step.key);
    tally.decided += 1;
    const repeats =
      step.status === 'APPROVED' && deciders.length > 0 && deciders.every((id) => earlier.has(id));
    if (!repeats) tally.telling += 1;
  }
}

function countLoad(request: RequestState, load: Map<string, ApproverLoad>): void {
  const open = isEnded(request) ? 0 : 1;
  for (const { personId, status, openedAt, decidedById, reason } of request.assignments) {
    if (openedAt === null || reason === 'CARRIED') continue;
    const known = load.get(personId) ?? { personId, asked: 0, decided: 0, open: 0 };
    load.set(personId, {
      personId,
      asked: known.asked + 1,
      decided: known.decided + (decidedById === personId ? 1 : 0),
      open: known.open + (status === 'OPEN' ? open : 0),
    });
  }
}

/** The first return of a request: in which step, by someone of which role. */
function noteCause(
  { definition, facts }: History,
  final: RequestState,
  causes: Map<string, ReworkCause>,
  { now, organisation }: World,
): void {
  const index = facts.findIndex(({ type }) => type === 'RETURNED');
  const returned = facts[index];
  if (returned?.type !== 'RETURNED') return;
  const decided = facts.slice(0, index).findLast((fact) => fact.type === 'DECIDED');
  const step = decided?.type === 'DECIDED' ? (final.assignments[decided.ordinal - 1]?.stepKey ?? '') : '';
  const role =
    returned.by === SYSTEM ? SYSTEM : rolesOf(organisation, returned.by, now).toSorted().join(', ') || 'none';
  const key = `${definition.key} ${step} ${role}`;
  const requests = (causes.get(key)?.requests ?? 0) + 1;
  causes.set(key, { processKey: definition.key, step, role, requests });
}
