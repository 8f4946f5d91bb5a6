import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { ERRORS, isRefusal } from '../../src/errors.js';
import { parseCalendar, type BusinessCalendar } from '../../src/workflows/calendar.js';
import { choosable, demandsOn } from '../../src/workflows/choices.js';
import type { Carry, CarryReason } from '../../src/workflows/carry-over.js';
import { decide } from '../../src/workflows/decide.js';
import { dateOfDay, dayOf } from '../../src/workflows/duration.js';
import { effectsOf } from '../../src/workflows/effects.js';
import { evolve } from '../../src/workflows/evolve.js';
import type { Organisation } from '../../src/workflows/organisation.js';
import {
  assignmentPermissions,
  permitOnRequest,
  requestPermissions,
  type AssignmentAction,
} from '../../src/workflows/permit.js';
import { nextYes, supposedAtFirst, supposedBy } from '../../src/workflows/preview.js';
import { isDecisionStep, nodesOf, stepOf, type ProcessDefinition } from '../../src/workflows/process.js';
import {
  contactOf,
  interestOf,
  isEnded,
  newRequest,
  type AssignmentState,
  type Command,
  type Fact,
  type GivenChoice,
  type Interest,
  type InterestReason,
  type RequestState,
  type SubjectSnapshot,
  type World,
} from '../../src/workflows/request.js';
import { changedFields } from '../../src/workflows/resubmission.js';
import { HOUR, MONDAY, OFFICE_HOURS } from '../support/engine-builders.js';
import {
  anyContentOf,
  anyDefinitionFor,
  anyOrganisationOf,
  editedDefinition,
  fullOrganisationOf,
  personName,
} from '../support/generated-processes.js';
import { afterEffects, timerKey, violations, type LiveTimer } from '../support/invariants.js';

/** Scripts in the main property; each has 20 to 60 commands. */
const RUNS = Number(process.env['FC_RUNS'] ?? 1000);

/** An ended request is pestered this often; what would follow is the same. */
const TRIES_AFTER_END = 6;

/** An hour ahead, with a half day. */
const EAST = parseCalendar({
  ...OFFICE_HOURS,
  key: 'east',
  timeZone: 'Asia/Tokyo',
  week: { ...OFFICE_HOURS.week, friday: [{ from: '09:00', to: '12:00' }] },
});

type Content = Readonly<Record<string, unknown>>;

/** What someone tries. Numbers pick among what the request offers at that moment, so that most tries are possible. */
type Try =
  | {
      readonly do: 'act';
      readonly pick: number;
      readonly how: number;
      readonly who: number;
      readonly words: boolean;
    }
  | {
      readonly do: 'resubmit';
      readonly content: Content;
      readonly change: boolean;
      readonly interested: number | null;
    }
  | { readonly do: 'timer'; readonly pick: number; readonly stale: boolean }
  | { readonly do: 'stray'; readonly ordinal: number; readonly who: number; readonly how: number }
  | { readonly do: 'organisation'; readonly pick: number }
  /** The calendar of everybody, or that of one department, has other days off (days from the beginning). */
  | { readonly do: 'calendar'; readonly which: 'home' | 'east'; readonly days: readonly number[] }
  | { readonly do: 'pool'; readonly pick: number; readonly who: number | null; readonly release: boolean }
  /** Somebody goes (someone else stands in), comes back, or leaves for good. */
  | {
      readonly do: 'people';
      readonly what: 'goes' | 'returns' | 'leaves';
      readonly pick: number;
      readonly other: number;
      readonly days: number;
    }
  | {
      readonly do: 'request';
      readonly what: 'withdraw' | 'cancel' | 'nudge' | 'unblock' | 'submit';
      readonly who: number;
    }
  | {
      readonly do: 'verb';
      readonly what: Verb;
      readonly pick: number;
      readonly who: number;
      readonly fits: boolean;
      readonly words: boolean;
      readonly content: Content;
    };

const VERBS = [
  'ask',
  'ask',
  'ask',
  'answer',
  'answer',
  'pause',
  'resume',
  'resume',
  'comment',
  'copy-in',
  'revoke',
  'revoke',
  'revoke',
  'remove-approver',
  'remove-approver',
  'amend',
  'amend',
  'reassign',
  'reassign',
  'skip-step',
  'restart',
  'expire',
  'migrate',
  'migrate',
  'hold',
  'release-hold',
] as const;
type Verb = (typeof VERBS)[number];

interface Script {
  readonly definition: ProcessDefinition;
  /** What it may be moved to; each time as a version of its own. */
  readonly versions: readonly ProcessDefinition[];
  readonly organisations: readonly Organisation[];
  readonly requester: string;
  readonly content: Content;
  readonly interests: readonly Interest[];
  readonly departmentId: string | null;
  readonly size: number;
  /** What was approved before, by everybody, with which content; null: nothing. */
  readonly before: {
    readonly because: CarryReason;
    readonly content: Content;
    readonly same: boolean;
  } | null;
  readonly tries: readonly Try[];
}

const verbTry = (size: number, verbs: readonly Verb[]): fc.Arbitrary<Try> =>
  fc.record({
    do: fc.constant('verb' as const),
    what: fc.constantFrom(...verbs),
    pick: fc.nat(20),
    who: fc.nat(size - 1),
    fits: fc.nat(9).map((value) => value > 0),
    words: fc.nat(5).map((value) => value > 0),
    content: anyContentOf(size),
  });

const calendarTry: fc.Arbitrary<Try> = fc.record({
  do: fc.constant('calendar' as const),
  which: fc.constantFrom('home' as const, 'east' as const),
  days: fc.array(fc.nat(30), { maxLength: 4 }),
});

const anyTry = (size: number): fc.Arbitrary<Try> =>
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({
        do: fc.constant('act' as const),
        pick: fc.nat(20),
        how: fc.nat(99),
        who: fc.nat(size - 1),
        words: fc.nat(4).map((value) => value > 0),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('resubmit' as const),
        content: anyContentOf(size),
        change: fc.boolean(),
        interested: fc.option(fc.nat(size - 1), { freq: 3 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('timer' as const), pick: fc.nat(20), stale: fc.boolean() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('stray' as const),
        ordinal: fc.integer({ min: -1, max: 30 }),
        who: fc.nat(size - 1),
        how: fc.nat(99),
      }),
    },
    {
      weight: 12,
      arbitrary: verbTry(size, VERBS),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('organisation' as const), pick: fc.nat(3) }) },
    {
      weight: 3,
      arbitrary: calendarTry,
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('pool' as const),
        pick: fc.nat(20),
        who: fc.option(fc.nat(size - 1), { freq: 9 }).map((who) => who),
        release: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('people' as const),
        what: fc.constantFrom(
          'goes' as const,
          'goes' as const,
          'goes' as const,
          'returns' as const,
          'returns' as const,
          'leaves' as const,
        ),
        pick: fc.nat(20),
        other: fc.nat(size - 1),
        days: fc.integer({ min: 1, max: 9 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('request' as const),
        what: fc.constantFrom(
          'withdraw',
          'cancel',
          'nudge',
          'nudge',
          'unblock',
          'unblock',
          'unblock',
          'submit',
        ),
        who: fc.nat(size - 1),
      }),
    },
  );

const anyScript: fc.Arbitrary<Script> = fc.integer({ min: 3, max: 12 }).chain((size) => {
  const someone = fc.nat(size - 1).map(personName);
  const anyVersions = fc.tuple(anyDefinitionFor(size), anyDefinitionFor(size), fc.infiniteStream(fc.nat()));
  const withVersions = anyVersions.map(([bare, other, picks]) => {
    const pick = (): number => picks.next().value as number;
    const definition: ProcessDefinition = { ...bare, carry: { from: 'QUOTE', same: ['kind'] } };
    const bounded = (one: ProcessDefinition): ProcessDefinition =>
      pick() % 4 === 0 ? { ...one, carry: { from: 'QUOTE', same: ['amount'] } } : one;
    return {
      definition,
      versions: [other, ...[1, 2, 3].map(() => bounded(editedDefinition(definition, other, pick)))],
    };
  });
  const rest = fc.record({
    organisations: fc
      .array(anyOrganisationOf(size), { minLength: 1, maxLength: 2 })
      .map((some) => [...some, fullOrganisationOf(size)]),
    requester: someone,
    content: anyContentOf(size),
    interests: fc.array(
      fc.record({
        personId: someone,
        because: fc.constantFrom<InterestReason>('OWNER', 'LAST_AUTHOR', 'BENEFICIARY', 'REQUESTER'),
      }),
      { maxLength: 2 },
    ),
    departmentId: fc.constantFrom('company', 'sales', 'finance', 'shop', null),
    size: fc.constant(size),
    before: fc.option(
      fc.record({
        because: fc.constantFrom<CarryReason>('RE_APPROVAL', 'FOLLOW_UP'),
        content: anyContentOf(size),
        same: fc.boolean(),
      }),
      { freq: 2 },
    ),
    tries: fc.array(anyTry(size), { minLength: 20, maxLength: 60 }),
  });
  // With approvals from elsewhere the moves and the calendars come while those still matter.
  const early = fc.array(fc.oneof(verbTry(size, ['migrate']), calendarTry), { minLength: 1, maxLength: 4 });
  return fc.tuple(withVersions, rest, early).map(([versions, others, first]) => ({
    ...versions,
    ...others,
    tries: others.before === null ? others.tries : [...first, ...others.tries],
  }));
});

interface Run {
  request: RequestState;
  facts: Fact[];
  timers: readonly LiveTimer[];
  fired: Set<string>;
  past: LiveTimer[];
  organisation: Organisation;
  calendars: Readonly<Record<'home' | 'east', BusinessCalendar>>;
  now: Date;
  /** Every version that the request has been on. */
  versions: Map<number, ProcessDefinition>;
}

const subjectOf = (script: Script, content: Content): SubjectSnapshot => ({
  type: 'contract',
  id: 'c-1',
  title: 'Contract',
  ownerId: personName(0),
  departmentId: script.departmentId,
  content,
  digest: JSON.stringify(content),
});

/** The command that a try comes to, on the request as it stands. */
function commandOf(
  script: Script,
  run: Run,
  attempt: Exclude<Try, { do: 'organisation' | 'people' }>,
): Command {
  const { request } = run;
  switch (attempt.do) {
    case 'pool': {
      const pooled = request.assignments.filter((one) => one.pool && one.status === 'OPEN');
      const claimed = pooled.filter((one) => one.claimedAt);
      const among = attempt.release && claimed.length > 0 ? claimed : pooled;
      const one = among[attempt.pick % Math.max(1, among.length)] ?? request.assignments[0];
      const by = attempt.who === null || !one ? personName(attempt.who ?? 0) : one.personId;
      return { type: attempt.release ? 'release' : 'claim', by, ordinal: one?.ordinal ?? 1 };
    }
    case 'act': {
      const open = request.assignments.filter((one) => one.status === 'OPEN');
      const one = open[attempt.pick % Math.max(1, open.length)];
      if (one) {
        const command = actOf(request.definition, one, attempt);
        if (command.type !== 'decide' || command.action !== 'APPROVE') return command;
        return { ...command, choices: choicesFor(run, request, one.stepKey, attempt.how) };
      }
      if (request.status === 'RETURNED') return resubmit(script, run, request.subject.content, null);
      const [first] = request.assignments;
      return first ? actOf(request.definition, first, attempt) : { type: 'unblock', by: 'system' };
    }
    case 'resubmit':
      if (request.status === 'PENDING' && !attempt.change) return { type: 'unblock', by: 'system' };
      return resubmit(
        script,
        run,
        attempt.change ? attempt.content : request.subject.content,
        attempt.interested,
      );
    case 'timer': {
      const among = attempt.stale ? [...run.past, ...run.timers] : run.timers;
      const timer = among.toSorted((a, b) => a.at.getTime() - b.at.getTime())[
        attempt.stale ? attempt.pick % Math.max(1, among.length) : 0
      ];
      const {
        step,
        round,
        attempt: of,
        kind,
        index,
      } = timer ?? { step: 's1', round: 1, attempt: 1, kind: 'rung' as const, index: attempt.pick };
      return { type: 'timer', step, round, attempt: of, kind, index };
    }
    case 'calendar': {
      const { which, days } = attempt;
      const dates = days.map((day) => dateOfDay(dayOf(MONDAY.getTime()) + day));
      const holidays = Object.fromEntries(dates.map((date) => [date, 'off']));
      run.calendars = { ...run.calendars, [which]: parseCalendar({ ...run.calendars[which], holidays }) };
      return {
        type: 'reckon',
        by: 'system',
        because: { calendar: which, version: days.length, change: 'EDITED' },
        history: run.facts,
      };
    }
    case 'stray': {
      const by = personName(attempt.who);
      return {
        type: 'decide',
        by,
        ordinal: attempt.ordinal,
        action: (['APPROVE', 'REJECT', 'ADVISE', 'FILE'] as const)[attempt.how % 4] ?? 'APPROVE',
        comment: 'c',
        evidence: 'e',
      };
    }
    case 'request':
      return requestCommand(script, attempt);
    case 'verb':
      return verbOf(script, run, attempt);
  }
}

/** A verb that mostly fits: among what could be meant by it, by whoever could mean it. */
function verbOf(script: Script, run: Run, attempt: Extract<Try, { do: 'verb' }>): Command {
  const { request } = run;
  const { what, pick, fits } = attempt;
  const someone = personName(attempt.who);
  const comment = attempt.words ? 'words' : null;
  const meant = (suits: (one: AssignmentState) => boolean): AssignmentState | undefined => {
    const some = fits ? request.assignments.filter(suits).toReversed() : request.assignments;
    return some[pick % Math.max(1, some.length)];
  };
  switch (what) {
    case 'ask': {
      const one = meant(({ status }) => status === 'OPEN');
      const of = pick % 3 === 0 ? someone : null;
      return { type: 'ask', by: one?.personId ?? someone, ordinal: one?.ordinal ?? 1, of, question: comment };
    }
    case 'answer': {
      const open = request.questions.filter(({ status }) => status === 'OPEN');
      const one = open[pick % Math.max(1, open.length)];
      const by = fits ? (one?.askedOfId ?? someone) : someone;
      return { type: 'answer', by, number: one?.number ?? 1, answer: comment };
    }
    case 'pause':
    case 'resume':
    case 'restart':
      return { type: what === 'restart' && pick % 5 > 0 ? 'resume' : what, by: someone, comment };
    case 'comment':
      return {
        type: 'comment',
        by: fits ? script.requester : someone,
        comment,
        mentions: pick % 2 ? [someone] : [],
      };
    case 'copy-in':
      return { type: 'copy-in', by: fits ? script.requester : someone, people: [someone], comment };
    case 'revoke': {
      const one = meant(({ decidedById, reason }) => decidedById !== null && reason !== 'CARRIED');
      return { type: 'revoke', by: one?.personId ?? someone, ordinal: one?.ordinal ?? 1, comment };
    }
    case 'remove-approver': {
      const one = meant(({ addedById, status }) => addedById !== null && status !== 'CANCELLED');
      return { type: 'remove-approver', by: one?.addedById ?? someone, ordinal: one?.ordinal ?? 1, comment };
    }
    case 'amend': {
      const one = meant(({ status, stepKey }) => {
        const node = stepOf(request.definition, stepKey);
        return status === 'OPEN' && isDecisionStep(node) && node.editable.length > 0;
      });
      const node = one && stepOf(request.definition, one.stepKey);
      const editable = fits && isDecisionStep(node) ? node.editable : Object.keys(attempt.content);
      const changes = Object.fromEntries(editable.map((field) => [field, attempt.content[field] ?? 'x']));
      const subject = subjectOf(script, { ...request.subject.content, ...changes });
      return { type: 'amend', by: one?.personId ?? someone, ordinal: one?.ordinal ?? 1, subject, comment };
    }
    case 'reassign': {
      const one = meant(({ status }) => status === 'OPEN' || status === 'WAITING');
      const toPersonId = personName((attempt.who + pick) % script.size);
      return { type: 'reassign', by: someone, ordinal: one?.ordinal ?? 1, toPersonId, comment };
    }
    case 'skip-step': {
      const open = request.steps.filter(({ status }) => status === 'OPEN' || status === 'BLOCKED');
      return {
        type: 'skip-step',
        by: someone,
        step: open[pick % Math.max(1, open.length)]?.key ?? 's1',
        comment,
      };
    }
    case 'expire':
      return { type: 'expire' };
    case 'hold':
    case 'release-hold':
      return { type: pick % 3 > 0 ? 'release-hold' : what, by: someone, comment };
    case 'migrate': {
      const to = script.versions[pick % script.versions.length] ?? script.definition;
      const version = fits ? run.versions.size + 1 : request.definition.version;
      const by = pick % 2 ? 'admin' : someone;
      return { type: 'migrate', by, definition: { ...to, version }, comment };
    }
  }
}

function requestCommand(script: Script, { what, who }: Extract<Try, { do: 'request' }>): Command {
  const by = who % 3 === 0 ? personName(who) : script.requester;
  switch (what) {
    case 'withdraw':
      return who % 4 === 0 ? { type: 'withdraw', by, comment: null } : { type: 'nudge', by, comment: null };
    case 'cancel':
      return { type: 'cancel', by, comment: who % 4 === 0 ? 'by mistake' : null };
    case 'nudge':
      return { type: 'nudge', by, comment: null };
    case 'unblock':
      return { type: 'unblock', by: 'system' };
    case 'submit':
      return { type: 'submit', by, subject: subjectOf(script, script.content), interests: [], comment: null };
  }
}

function resubmit(script: Script, { request }: Run, content: Content, interested: number | null): Command {
  const more: Interest[] =
    interested === null ? [] : [{ personId: personName(interested), because: 'LAST_AUTHOR' }];
  return {
    type: 'resubmit',
    by: contactOf(request),
    subject: subjectOf(script, content),
    interests: [...script.interests, ...more],
    comment: null,
  };
}

/** What everybody whom the source asked has approved, as far as it came. */
function carryFor(script: Script, run: Run): Carry | undefined {
  if (script.before === null) return undefined;
  const { because, same, content } = script.before;
  const world: World = { ...worldOf(run), organisation: script.organisations.at(-1) as Organisation };
  const subject = subjectOf(script, same ? script.content : { ...script.content, note: content['note'] });
  const submission = { requesterId: script.requester, subject, interests: script.interests };
  let source = newRequest('r-0', script.definition, MONDAY);
  try {
    const choices = supposedAtFirst(source, submission, world);
    const { interests } = script;
    const submit = {
      type: 'submit',
      by: script.requester,
      subject,
      interests,
      comment: null,
      choices,
    } as const;
    source = decide(source, submit, world).reduce(evolve, source);
    for (let yes = nextYes(source, MONDAY); yes !== null; yes = nextYes(source, MONDAY)) {
      const own: Command = { ...yes, choices: supposedBy(source, yes, world) };
      source = decide(source, own, world).reduce(evolve, source);
    }
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  if (source.factCount === 0) return undefined;
  const changed = changedFields(subject, subjectOf(script, script.content));
  return { because, source, number: 'A-0', changed, voided: [] };
}

const withLoad = (organisation: Organisation): ReadonlyMap<string, number> =>
  new Map([...organisation.people.keys()].map((id, index) => [id, (index * 7) % 4]));

/** Whom the chooser names: people who may be named, as far as there are any; now and then nobody. */
function choicesFor(run: Run, request: RequestState, chooser: string | null, how: number): GivenChoice[] {
  const world = worldOf(run);
  return demandsOn(request, chooser).flatMap(({ step, rule }) => {
    const node = stepOf(request.definition, step);
    const found = safely(() => choosable(request, rule, step, world)).filter(
      (id) =>
        run.organisation.people.get(id)?.active &&
        interestOf(request, isDecisionStep(node) ? node : undefined, id) === null,
    );
    const people = found.slice(0, how % 2 === 0 ? rule.max : Math.max(1, rule.min));
    return people.length === 0 || how % 9 === 8 ? [] : [{ step, people }];
  });
}

function safely(ask: () => string[]): string[] {
  try {
    return ask();
  } catch (error) {
    if (isRefusal(error)) return [];
    throw error;
  }
}

const worldOf = (run: Run): World => ({
  now: run.now,
  organisation: run.organisation,
  calendarOf: (key) => (key === 'east' ? run.calendars.east : run.calendars.home),
  load: withLoad(run.organisation),
});

/** Somebody goes, comes back or leaves: the organisation says so first, then the request hears of it. */
function movePeople(run: Run, { what, pick, other, days }: Extract<Try, { do: 'people' }>): Command {
  const { organisation, now, request } = run;
  const live = request.assignments.filter((one) => one.status === 'OPEN' || one.status === 'WAITING');
  const asked = live[pick % Math.max(1, live.length)]?.personId ?? personName(other);
  const someone = what === 'leaves' && pick % 3 === 0 ? contactOf(request) : asked;
  const by = 'system';
  if (what === 'goes') {
    const until = new Date(now.getTime() + days * 24 * HOUR);
    const absence = { personId: someone, substituteId: personName(other), from: now, until, processKeys: [] };
    run.organisation = { ...organisation, absences: [absence, ...organisation.absences] };
    return { type: 'substitute', by, personId: someone };
  }
  if (what === 'returns') {
    const away = organisation.absences.find(
      (one) =>
        one.from <= now &&
        now < one.until &&
        live.some(({ handOver }) => handOver?.fromPersonId === one.personId),
    );
    const personId = away?.personId ?? someone;
    const absences = organisation.absences.filter((one) => one.personId !== personId);
    run.organisation = { ...organisation, absences };
    return { type: 'give-back', by, personId };
  }
  const people = new Map(organisation.people);
  const leaver = people.get(someone);
  if (leaver) people.set(someone, { ...leaver, active: false, successorId: personName(other) });
  run.organisation = { ...organisation, people };
  return { type: 'replace-leaver', by, personId: someone, successorId: personName(other) };
}

/** What the person asked does; mostly what fits the step, and mostly approval, so that scripts get somewhere. */
function actOf(
  definition: ProcessDefinition,
  one: AssignmentState,
  { how, who, words }: Extract<Try, { do: 'act' }>,
): Command {
  const { ordinal } = one;
  const by = how === 99 ? personName(who) : one.personId;
  const comment = words ? 'words' : null;
  const evidence = words ? 'evidence' : null;
  const other = personName(who);
  const keys = [...nodesOf(definition.steps)].map((node) => node.key);
  if (how < 13)
    return {
      type: 'hand-over',
      by,
      ordinal,
      kind: how < 8 ? 'DELEGATION' : 'TRANSFER',
      toPersonId: other,
      comment,
    };
  if (how < 26)
    return {
      type: 'add-approver',
      by,
      ordinal,
      personId: other,
      position: (['BEFORE', 'BESIDE', 'AFTER'] as const)[how % 3] ?? 'AFTER',
      comment,
    };
  if (how < 31) {
    const toStep =
      [null, 'previous', 'previous', keys[who % keys.length] ?? null, keys[0] ?? null][how % 5] ?? null;
    return { type: 'return', by, ordinal, toStep, comment };
  }
  const node = stepOf(definition, one.stepKey);
  const kind = isDecisionStep(node) ? node.kind : 'approve';
  const fitting = { approve: 'APPROVE', advise: 'ADVISE', confirm: 'CONFIRM', file: 'FILE' } as const;
  const action = how < 36 ? 'REJECT' : how < 43 ? 'ABSTAIN' : how < 45 ? 'CONFIRM' : fitting[kind];
  return { type: 'decide', by, ordinal, action, comment, evidence };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || value instanceof Map)
    return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

type Answer = { readonly facts: Fact[] } | { readonly code: string };

/** What decide says, twice: a refusal from the catalogue is an answer, any other exception is a bug. */
function ask(request: RequestState, command: Command, world: World): Answer {
  const once = (): Answer => {
    try {
      return { facts: decide(request, command, world) };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (!(error.code in ERRORS)) throw new Error(`${error.code} is in no catalogue`, { cause: error });
      return { code: error.code };
    }
  };
  const answer = once();
  if (!isDeepStrictEqual(once(), answer)) throw new Error('the same command gave another answer');
  return answer;
}

/** `permit` is the same rule: what it forbids decide refuses with the same code, what it allows fails for words only. */
function requireSameRule(request: RequestState, command: Command, answer: Answer, now: Date): void {
  if (command.type === 'nudge' || command.type === 'withdraw' || command.type === 'resubmit') {
    const action = ({ nudge: 'NUDGE', withdraw: 'WITHDRAW', resubmit: 'RESUBMIT' } as const)[command.type];
    const answerOfPermit = requestPermissions(request, command.by, now).find((one) => one.action === action);
    const late =
      command.type === 'resubmit' &&
      'code' in answer &&
      ['CONDITION_FAILED', 'BAD_USER_INPUT', 'PERSON_NOT_ELIGIBLE'].includes(answer.code);
    if (!late) expect('code' in answer ? answer.code : null).toBe(answerOfPermit?.refusal?.code ?? null);
    return;
  }
  const action = actionOf(command);
  if (action === null || !('ordinal' in command)) return;
  const permission = assignmentPermissions(request, command.ordinal, command.by).find(
    (one) => one.action === action,
  );
  const code = 'code' in answer ? answer.code : null;
  if (!permission?.allowed) return expect(code).toBe(permission?.refusal?.code);
  const afterwards = [
    'COMMENT_REQUIRED',
    'EVIDENCE_REQUIRED',
    'FILING_NUMBER_REQUIRED',
    'CONDITION_FAILED',
    'BAD_USER_INPUT',
    'PERSON_NOT_ELIGIBLE',
    'INTERESTED_PERSON',
    'STEP_UP_REQUIRED',
    'FIELD_NOT_EDITABLE',
    'AMENDMENT_REROUTES',
    null,
  ];
  expect(afterwards).toContain(code);
}

function actionOf(command: Command): AssignmentAction | null {
  switch (command.type) {
    case 'decide':
      return command.action;
    case 'return':
      return 'RETURN';
    case 'hand-over':
      return command.kind === 'DELEGATION' ? 'DELEGATE' : 'TRANSFER';
    case 'add-approver':
      return 'ADD_APPROVER';
    case 'ask':
      return 'ASK';
    case 'amend':
      return 'AMEND';
    case 'revoke':
      return 'REVOKE';
    case 'remove-approver':
      return 'REMOVE_APPROVER';
    case 'claim':
      return 'CLAIM';
    case 'release':
      return 'RELEASE';
    default:
      return null;
  }
}

interface Tally {
  readonly commands: Map<string, number>;
  readonly facts: Map<string, number>;
  readonly codes: Map<string, number>;
  readonly ends: Map<string, number>;
  readonly together: Map<string, number>;
}
const count = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);

function give(run: Run, command: Command, tally: Tally): Answer {
  const world = worldOf(run);
  deepFreeze(run.request);
  const answer = ask(run.request, command, world);
  count(tally.commands, command.type);
  if (run.request.factCount > 0) requireSameRule(run.request, command, answer, run.now);
  if ('code' in answer) {
    count(tally.codes, answer.code);
    return answer;
  }
  const { facts } = answer;
  if (command.type === 'migrate') {
    run.versions.set(command.definition.version, command.definition);
    run.request = { ...run.request, definition: command.definition };
  }
  run.request = facts.reduce(evolve, run.request);
  run.facts = [...run.facts, ...facts];
  run.timers = afterEffects(run.timers, effectsOf(run.request, facts));
  for (const fact of facts) count(tally.facts, fact.type);
  const found = violations(run.request, run.facts, {
    startedAt: MONDAY,
    timers: run.timers,
    fired: run.fired,
    versions: run.versions,
  });
  if (found.length > 0) throw new Error(`after ${JSON.stringify(command)}:\n  ${found.join('\n  ')}`);
  return answer;
}

/** Only a change of the organisation can free it. */
const isBlocked = ({ status, assignments }: RequestState): boolean =>
  status === 'PENDING' && !assignments.some((one) => one.status === 'OPEN');

function act(script: Script, tally: Tally): Run {
  const first = script.organisations[0] as Organisation;
  const run: Run = {
    request: newRequest('r-1', script.definition, MONDAY),
    facts: [],
    timers: [],
    fired: new Set(),
    past: [],
    organisation: first,
    calendars: { home: OFFICE_HOURS, east: EAST },
    now: MONDAY,
    versions: new Map([[script.definition.version, script.definition]]),
  };
  const { requester: by, interests } = script;
  const subject = subjectOf(script, script.content);
  const proposed: RequestState = {
    ...run.request,
    requesterId: by,
    subject,
    interests: [{ personId: by, because: 'REQUESTER' }, ...interests],
  };
  const choices = choicesFor(run, proposed, null, 0);
  const submit: Command = {
    type: 'submit',
    by,
    subject,
    interests,
    comment: null,
    choices,
    carry: carryFor(script, run),
  };
  if ('code' in give(run, submit, tally)) return run;
  let late = 0;
  for (const attempt of script.tries) {
    if (isEnded(run.request)) late += 1;
    if (late > TRIES_AFTER_END) break;
    run.now = new Date(run.now.getTime() + HOUR / 4);
    if (attempt.do === 'organisation' || (attempt.do === 'act' && isBlocked(run.request))) {
      run.organisation = script.organisations[attempt.pick % script.organisations.length] ?? first;
      give(run, { type: 'unblock', by: 'system' }, tally);
      continue;
    }
    const command =
      attempt.do === 'people' ? movePeople(run, attempt) : { ...commandOf(script, run, attempt) };
    if ((command.type === 'decide' || command.type === 'return') && late % 2 === 0)
      Object.assign(command, { signedInAt: run.now });
    if (command.type === 'timer') fire(run, command);
    // A request seldom lives until it expires; now and then the time passes at once.
    const { expiresAt } = run.request;
    const inTime = attempt.do === 'verb' && attempt.pick % 4 === 0;
    if (command.type === 'expire' && inTime && expiresAt !== null && expiresAt > run.now) run.now = expiresAt;
    give(run, command, tally);
  }
  count(tally.ends, run.request.status);
  countTogether(run, tally);
  return run;
}

/** What has to meet in one request to be shown together. */
function countTogether({ facts }: Run, { together }: Tally): void {
  const types = new Set(facts.map(({ type }) => type));
  const carried = facts.find((fact) => fact.type === 'CARRIED_OVER')?.carried.map(({ step }) => step) ?? [];
  const moves = facts.filter((fact) => fact.type === 'MIGRATED');
  if (moves.some((move) => move.carried.some((step) => carried.includes(step))))
    count(together, 'moved and stays');
  if (moves.some((move) => move.asked.some((step) => carried.includes(step))))
    count(together, 'moved and asked');
  if (carried.length === 0 || moves.length === 0) return;
  if (types.has('DUE_MOVED') || types.has('EXPIRY_MOVED')) count(together, 'moved, carried and reckoned');
}

/** A timer is gone once it fires, and fires at its time or later; the clock never goes back. */
function fire(run: Run, command: Extract<Command, { type: 'timer' }>): void {
  const key = timerKey(command);
  const timer = run.timers.find((one) => timerKey(one) === key);
  if (!timer) return;
  run.timers = run.timers.filter((one) => one !== timer);
  run.fired.add(key);
  run.past.push(timer);
  if (timer.at > run.now) run.now = timer.at;
}

const newTally = (): Tally => ({
  commands: new Map(),
  facts: new Map(),
  codes: new Map(),
  ends: new Map(),
  together: new Map(),
});

describe('any process, in any organisation, under any script', () => {
  test('keeps every invariant after every command', () => {
    const tally = newTally();
    fc.assert(
      fc.property(anyScript, (script) => {
        act(script, tally);
      }),
      { numRuns: RUNS },
    );
    if (process.env['FC_TALLY'])
      console.log(
        JSON.stringify(tally, (_, value) => (value instanceof Map ? Object.fromEntries(value) : value), 1),
      );
    if (RUNS < 400) return;
    // A script that never gets anywhere would hold every invariant too.
    const never = FACT_TYPES.filter((type) => !tally.facts.has(type));
    expect(never).toEqual([]);
    expect([...tally.ends.keys()].toSorted()).toEqual([
      'APPROVED',
      'CANCELLED',
      'EXPIRED',
      'PENDING',
      'REJECTED',
      'RETURNED',
      'WITHDRAWN',
    ]);
    expect([...tally.commands.keys()]).toHaveLength(COMMAND_TYPES);
    if (RUNS < 1000) return;
    const together = ['moved and asked', 'moved and stays', 'moved, carried and reckoned'];
    expect([...tally.together.keys()].toSorted()).toEqual(together);
  });

  test('never throws in evolve, whatever the order of facts', () => {
    fc.assert(
      fc.property(anyScript, fc.infiniteStream(fc.nat()), (script, order) => {
        const { request, facts } = act(script, newTally());
        const shuffled = facts.map((fact) => ({ fact, at: order.next().value as number }));
        shuffled.sort((a, b) => a.at - b.at);
        const end = shuffled.reduce(
          (state, { fact }) => evolve(state, fact),
          newRequest('r', request.definition, MONDAY),
        );
        expect(end.factCount).toBe(facts.length);
      }),
      { numRuns: Math.ceil(RUNS / 10) },
    );
  });

  test('lets nobody but the requester act on the request as a whole', () => {
    fc.assert(
      fc.property(anyScript, (script) => {
        const { request, now } = act(script, newTally());
        for (const person of script.organisations[0]?.people.keys() ?? []) {
          if (person === contactOf(request)) continue;
          for (const action of ['RESUBMIT', 'WITHDRAW', 'NUDGE'] as const) {
            expect(() => permitOnRequest(request, action, person, now)).toThrow(
              expect.objectContaining({ code: 'NOT_THE_REQUESTER' }),
            );
          }
        }
      }),
      { numRuns: Math.ceil(RUNS / 10) },
    );
  });
});

const COMMAND_TYPES = 33;
const FACT_TYPES: readonly Fact['type'][] = [
  'SUBMITTED',
  'STEP_OPENED',
  'STEP_SKIPPED',
  'STEP_BLOCKED',
  'PEOPLE_NOTIFIED',
  'ASSIGNMENT_OPENED',
  'DECIDED',
  'DELEGATE_ANSWERED',
  'ASSIGNMENT_CLOSED',
  'HANDED_OVER',
  'APPROVER_ADDED',
  'STEP_CLOSED',
  'RETURNED',
  'RESUBMITTED',
  'NUDGED',
  'REMINDED',
  'ESCALATED',
  'SYSTEM_DECIDED',
  'ENDED',
  'INFORMATION_REQUESTED',
  'INFORMATION_GIVEN',
  'CLOCK_RESTARTED',
  'DUE_MOVED',
  'EXPIRY_MOVED',
  'PAUSED',
  'RESUMED',
  'COMMENTED',
  'COPIED_IN',
  'REVOKED',
  'APPROVER_REMOVED',
  'AMENDED',
  'REASSIGNED',
  'OVERRIDDEN',
  'CLAIMED',
  'RELEASED',
  'GIVEN_BACK',
  'MIGRATED',
  'CONTACT_CHANGED',
  'CARRIED_OVER',
];
