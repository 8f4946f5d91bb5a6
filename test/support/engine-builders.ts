import { parseCalendar } from '../../src/workflows/calendar.js';
import type { Carry } from '../../src/workflows/carry-over.js';
import { decide } from '../../src/workflows/decide.js';
import { effectsOf, type Effect } from '../../src/workflows/effects.js';
import { evolve } from '../../src/workflows/evolve.js';
import type {
  Absence,
  Department,
  Organisation,
  Person,
  RoleGrant,
} from '../../src/workflows/organisation.js';
import type {
  ApproverRule,
  DecisionStep,
  NotifyStep,
  ParallelStep,
  ProcessDefinition,
  StepNode,
} from '../../src/workflows/process.js';
import {
  currentStep,
  newRequest,
  type AssignmentState,
  type Command,
  type DecisionAction,
  type Fact,
  type FactType,
  type GivenChoice,
  type Interest,
  type RequestState,
  type StepState,
  type SubjectSnapshot,
  type World,
} from '../../src/workflows/request.js';
import { afterEffects, timerKey, violations, type LiveTimer } from './invariants.js';

/** A Monday morning, 10:00 in Shanghai. */
export const MONDAY = new Date('2026-03-02T02:00:00Z');
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

const day = ['09:00-12:00', '13:00-18:00'];
export const OFFICE_HOURS = parseCalendar({
  key: 'office',
  name: 'Office hours',
  timeZone: 'Asia/Shanghai',
  week: { monday: day, tuesday: day, wednesday: day, thursday: day, friday: day },
});

interface PersonSketch {
  readonly manager?: string;
  readonly department?: string;
  readonly roles?: readonly string[];
  readonly inactive?: boolean;
  /** Key of a business calendar. */
  readonly calendar?: string;
}
interface DepartmentSketch {
  readonly parent?: string;
  readonly head?: string;
  readonly calendar?: string;
}
interface OrganisationSketch {
  readonly people: Readonly<Record<string, PersonSketch>>;
  readonly departments?: Readonly<Record<string, DepartmentSketch>>;
  /** Besides the roles of people, which are held everywhere: a role held in one department or until some time. */
  readonly grants?: readonly { role: string; person: string; department?: string; until?: Date }[];
  /** `away: 'bob', for: 'cid'`: cid stands in for bob. */
  readonly absences?: readonly {
    away: string;
    for?: string;
    from?: Date;
    until?: Date;
    processKeys?: string[];
  }[];
}

/** An organisation from names; ids, keys and names are the same word. */
export function anOrganisation(sketch: OrganisationSketch): Organisation {
  const people = Object.entries(sketch.people).map(
    ([id, { manager, department, inactive, calendar }]): Person => ({
      id,
      name: id,
      email: `${id}@example.test`,
      active: !inactive,
      departmentId: department ?? null,
      managerId: manager ?? null,
      calendarKey: calendar ?? null,
    }),
  );
  const departments = Object.entries(sketch.departments ?? {}).map(
    ([id, { parent, head, calendar }]): Department => ({
      id,
      key: id,
      name: id,
      parentId: parent ?? null,
      headId: head ?? null,
      calendarKey: calendar ?? null,
    }),
  );
  const grants = new Map<string, RoleGrant[]>();
  const grant = (role: string, row: RoleGrant): void =>
    void grants.set(role, [...(grants.get(role) ?? []), row]);
  for (const [personId, { roles }] of Object.entries(sketch.people)) {
    for (const role of roles ?? []) grant(role, { personId, departmentId: null, until: null });
  }
  for (const { role, person, department, until } of sketch.grants ?? []) {
    grant(role, { personId: person, departmentId: department ?? null, until: until ?? null });
  }
  const absences = (sketch.absences ?? []).map((absence): Absence => ({
    personId: absence.away,
    substituteId: absence.for ?? null,
    from: absence.from ?? new Date(MONDAY.getTime() - DAY),
    until: absence.until ?? new Date(MONDAY.getTime() + 365 * DAY),
    processKeys: absence.processKeys ?? [],
  }));
  return {
    revision: 1,
    people: new Map(people.map((person) => [person.id, person])),
    departments: new Map(departments.map((department) => [department.id, department])),
    grants,
    absences,
  };
}

/** A rule for each of these people. */
export const people = (...names: readonly string[]): ApproverRule[] =>
  names.map((name) => ({ rule: 'user', email: `${name}@example.test` }));

type StepSketch = Partial<Omit<DecisionStep, 'approvers'>> & {
  readonly by?: readonly ApproverRule[] | string;
};

/** A step; `by` is a list of rules, or the names of people divided by spaces. */
export function aStep(key: string, { by = 'bob', ...sketch }: StepSketch = {}): DecisionStep {
  return {
    key,
    kind: 'approve',
    title: { en: key },
    when: null,
    approvers: typeof by === 'string' ? people(...by.split(' ')) : by,
    formula: { mode: 'all', rejection: 'veto' },
    onRejection: 'end',
    onNobody: 'block',
    onRequester: 'manager',
    onRepeat: 'ask',
    neverSameAs: [],
    dependsOn: [],
    due: null,
    reminders: [],
    ladder: [],
    requireComment: 'never',
    delegation: 'counts',
    transfer: 'allowed',
    onQuestion: 'pause',
    editable: [],
    requireFreshSignIn: null,
    ...sketch,
  };
}

export const inParallel = (key: string, ...branches: readonly (readonly StepNode[])[]): ParallelStep => ({
  key,
  kind: 'parallel',
  title: { en: key },
  when: null,
  branches,
});

export const tells = (key: string, ...names: readonly string[]): NotifyStep => ({
  key,
  kind: 'notify',
  title: { en: key },
  when: null,
  recipients: people(...names),
});

export const aDefinition = (
  sketch: Partial<ProcessDefinition> & { steps: readonly StepNode[] },
): ProcessDefinition => ({
  key: 'contract-review',
  version: 1,
  title: { en: 'Contract review' },
  subjectType: 'contract',
  purpose: 'review',
  priority: 0,
  guard: null,
  interest: 'forbid',
  withdrawal: 'any-time',
  resubmission: 'restart',
  calendar: null,
  expires: null,
  fieldTypes: { amount: 'double', terms: 'string', lead: 'string' },
  ...sketch,
});

export const aSubject = (
  content: Readonly<Record<string, unknown>> = { amount: 100, terms: 'net 30' },
  department = 'sales',
): SubjectSnapshot => ({
  type: 'contract',
  id: 'contract-1',
  title: 'Contract 1',
  ownerId: 'ann',
  departmentId: department,
  content,
  digest: JSON.stringify(content),
});

/** Ann asks; bob, cid, dee, eve and fay may be asked; gus is the manager of them all. */
export const OFFICE = anOrganisation({
  people: {
    ann: { manager: 'gus', department: 'sales' },
    bob: { manager: 'gus', department: 'sales' },
    cid: { manager: 'gus', department: 'sales' },
    dee: { manager: 'gus', department: 'finance', roles: ['finance'] },
    eve: { manager: 'gus', department: 'finance' },
    fay: { manager: 'gus', department: 'legal', roles: ['legal'] },
    gus: { department: 'company' },
  },
  departments: {
    company: { head: 'gus' },
    sales: { parent: 'company', head: 'cid' },
    finance: { parent: 'company', head: 'dee' },
    legal: { parent: 'company', head: 'fay' },
  },
});

interface Setting {
  readonly definition?: ProcessDefinition;
  readonly steps?: readonly StepNode[];
  readonly organisation?: Organisation;
  readonly subject?: SubjectSnapshot;
  readonly by?: string;
  readonly interests?: readonly Interest[];
  readonly choices?: readonly GivenChoice[];
  /** What was approved in another request. */
  readonly carry?: Carry;
  /** Office hours for everybody when not given. */
  readonly calendarOf?: World['calendarOf'];
  /** Open assignments in other requests. */
  readonly load?: Readonly<Record<string, number>>;
}

type Words = { comment?: string; evidence?: string; step?: string; choices?: readonly GivenChoice[] };
type Verb = (who: string, words?: Words) => Fact[];

/** A request as it goes on: each verb is one command, and every invariant is checked after it. */
export interface Story {
  readonly request: RequestState;
  readonly facts: readonly Fact[];
  readonly effects: readonly Effect[];
  readonly timers: readonly LiveTimer[];
  readonly now: Date;
  organisation: Organisation;
  calendarOf: World['calendarOf'];
  command(command: Command): Fact[];
  /** A calendar has changed: due times are reckoned again. */
  reckon(): Fact[];
  later(milliseconds: number): void;
  approve: Verb;
  reject: Verb;
  abstain: Verb;
  advise: Verb;
  confirm: Verb;
  file: Verb;
  claim(who: string): Fact[];
  release(who: string): Fact[];
  giveBack(who: string, toStep?: string | null): Fact[];
  delegate(who: string, to: string): Fact[];
  transfer(who: string, to: string): Fact[];
  add(who: string, position: 'BEFORE' | 'BESIDE' | 'AFTER', whom: string): Fact[];
  resubmit(content?: Readonly<Record<string, unknown>>, interests?: readonly Interest[]): Fact[];
  withdraw(who?: string): Fact[];
  nudge(who?: string): Fact[];
  unblock(): Fact[];
  /** Moves the request to this version, by an administrator. */
  migrate(definition: ProcessDefinition): Fact[];
  /** Moves the clock to the earliest live timer and fires it. */
  fireNext(): Fact[];
  ordinalOf(who: string, step?: string): number;
  assignment(who: string, step?: string): AssignmentState;
  step(key: string): StepState | undefined;
  /** Whose turn it is, sorted. */
  asked(step?: string): string[];
  has(type: FactType): boolean;
}

/** A request submitted by ann (unless said otherwise) on Monday. */
export function submitted(setting: Setting): Story {
  const definition = setting.definition ?? aDefinition({ steps: setting.steps ?? [aStep('review')] });
  const subject = setting.subject ?? aSubject();
  const requester = setting.by ?? 'ann';
  const interests = setting.interests ?? [{ personId: requester, because: 'REQUESTER' as const }];
  const load = new Map(Object.entries(setting.load ?? {}));
  const story = storyOf(definition, setting.organisation ?? OFFICE, subject, requester, interests, load);
  if (setting.calendarOf) story.calendarOf = setting.calendarOf;
  const { choices, carry } = setting;
  story.command({ type: 'submit', by: requester, subject, interests, comment: null, choices, carry });
  return story;
}

function storyOf(
  definition: ProcessDefinition,
  organisation: Organisation,
  firstSubject: SubjectSnapshot,
  requester: string,
  interests: readonly Interest[],
  load: ReadonlyMap<string, number>,
): Story {
  let request = newRequest('request-1', definition, MONDAY);
  let facts: Fact[] = [];
  let effects: Effect[] = [];
  let timers: readonly LiveTimer[] = [];
  let now = MONDAY;
  const fired = new Set<string>();
  const versions = new Map([[definition.version, definition]]);
  const world = (): World => ({
    now,
    organisation: story.organisation,
    calendarOf: story.calendarOf,
    load,
  });

  const command = (given: Command): Fact[] => {
    const made = decide(request, given, world());
    if (given.type === 'migrate') versions.set(given.definition.version, given.definition);
    const on = given.type === 'migrate' ? given.definition : request.definition;
    request = made.reduce(evolve, { ...request, definition: on });
    const follow = effectsOf(request, made);
    facts = [...facts, ...made];
    effects = [...effects, ...follow];
    timers = afterEffects(timers, follow);
    const found = violations(request, facts, { startedAt: MONDAY, timers, fired, versions });
    if (found.length > 0) throw new Error(`after ${given.type}: ${found.join('; ')}`);
    return made;
  };
  const find = (who: string, step?: string): AssignmentState | undefined => {
    const mine = request.assignments.filter(
      (one) => one.personId === who && (step === undefined || one.stepKey === step),
    );
    return mine.findLast((one) => one.status === 'OPEN') ?? mine.at(-1);
  };
  const ordinalOf = (who: string, step?: string): number => find(who, step)?.ordinal ?? 1;
  const decides =
    (action: DecisionAction): Verb =>
    (who, words = {}) =>
      command({
        type: 'decide',
        by: who,
        ordinal: ordinalOf(who, words.step),
        action,
        comment: words.comment ?? (action === 'ADVISE' ? 'my opinion' : null),
        evidence: words.evidence ?? null,
        choices: words.choices,
      });
  const handOver = (kind: 'DELEGATION' | 'TRANSFER') => (who: string, to: string) =>
    command({ type: 'hand-over', by: who, ordinal: ordinalOf(who), kind, toPersonId: to, comment: null });

  const story: Story = {
    get request() {
      return request;
    },
    get facts() {
      return facts;
    },
    get effects() {
      return effects;
    },
    get timers() {
      return timers;
    },
    get now() {
      return now;
    },
    organisation,
    calendarOf: () => OFFICE_HOURS,
    command,
    reckon: () =>
      command({
        type: 'reckon',
        by: 'system',
        because: { calendar: 'office', version: 1, change: 'EDITED' },
        history: facts,
      }),
    later: (milliseconds) => void (now = new Date(now.getTime() + milliseconds)),
    approve: decides('APPROVE'),
    reject: decides('REJECT'),
    abstain: decides('ABSTAIN'),
    advise: decides('ADVISE'),
    confirm: decides('CONFIRM'),
    file: decides('FILE'),
    claim: (who) => command({ type: 'claim', by: who, ordinal: ordinalOf(who) }),
    release: (who) => command({ type: 'release', by: who, ordinal: ordinalOf(who) }),
    giveBack: (who, toStep = null) =>
      command({ type: 'return', by: who, ordinal: ordinalOf(who), toStep, comment: 'look again' }),
    delegate: handOver('DELEGATION'),
    transfer: handOver('TRANSFER'),
    add: (who, position, whom) =>
      command({
        type: 'add-approver',
        by: who,
        ordinal: ordinalOf(who),
        personId: whom,
        position,
        comment: null,
      }),
    resubmit: (content, changed = interests) =>
      command({
        type: 'resubmit',
        by: requester,
        subject: content ? aSubject(content) : firstSubject,
        interests: changed,
        comment: null,
      }),
    withdraw: (who = requester) => command({ type: 'withdraw', by: who, comment: null }),
    nudge: (who = requester) => command({ type: 'nudge', by: who, comment: null }),
    migrate: (to) =>
      command({ type: 'migrate', by: 'admin', definition: to, comment: 'the new version holds' }),
    unblock: () => command({ type: 'unblock', by: 'system' }),
    fireNext: () => {
      const next = timers.toSorted((a, b) => a.at.getTime() - b.at.getTime())[0];
      if (!next) throw new Error('no timer is live');
      if (next.at > now) now = next.at;
      timers = timers.filter((timer) => timer !== next);
      fired.add(timerKey(next));
      const { step, round, attempt, kind, index } = next;
      return command({ type: 'timer', step, round, attempt, kind, index });
    },
    ordinalOf,
    assignment: (who, step) => {
      const found = find(who, step);
      if (!found) throw new Error(`${who} was never asked`);
      return found;
    },
    step: (key) => currentStep(request, key),
    asked: (step) =>
      request.assignments
        .filter((one) => one.status === 'OPEN' && (step === undefined || one.stepKey === step))
        .map((one) => one.personId)
        .toSorted(),
    has: (type) => facts.some((fact) => fact.type === type),
  };
  return story;
}
