import { describe, expect, test } from '@jest/globals';
import path from 'node:path';
import { readPackFolders } from '../../src/commands/approvals/pack-files.js';
import type { Finding } from '../../src/workflows/pack-file.js';
import { parseCalendars, parsePack, parsePacks, type Pack } from '../../src/workflows/pack.js';
import { isDecisionStep, stepOf } from '../../src/workflows/process.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { unmetDocuments } from '../../src/workflows/template-file.js';

const root = path.resolve(import.meta.dirname, '../../../packs');
const read = await readPackFolders(root);
const calendars = parseCalendars(read.calendars);
const known = { roles: [], calendars: calendars.calendars.map(({ key }) => key), defaultCalendar: 'china' };
const shipped = parsePacks(read.folders, SUBJECT_TYPES, known);
const pack = (key: string): Pack => shipped.packs.find((one) => one.key === key)!;

describe('the shipped packs', () => {
  test('have no finding', () => {
    expect([...calendars.findings, ...shipped.findings]).toEqual([]);
    expect(shipped.packs.map(({ key }) => key)).toEqual([
      'base',
      'contract-review',
      'field-sales',
      'marketing-authority',
      'monthly-parts-plan',
      'quote-to-invoice',
      'software-project',
    ]);
  });

  test('speak both languages', () => {
    const untranslated: string[] = [];
    const visit = (value: unknown, at: string): void => {
      if (value === null || typeof value !== 'object' || value instanceof Date) return;
      if ('en' in value && !('zh' in value)) untranslated.push(at);
      for (const [key, inner] of Object.entries(value)) visit(inner, `${at}.${key}`);
    };
    for (const { acceptance: _, ...rest } of shipped.packs) visit(rest, rest.key);
    expect(untranslated).toEqual([]);
  });

  test('every pack has acceptance rows', () => {
    expect(shipped.packs.filter(({ acceptance }) => acceptance.length === 0)).toEqual([]);
  });

  test('the administrator and the auditor decide and change nothing', () => {
    const permissions = (key: string): string[] =>
      Object.keys(pack('base').roles.find((role) => role.key === key)!.permissions);
    expect(permissions('auditor').filter((name) => !name.endsWith(':read'))).toEqual([]);
    expect(
      permissions('administrator').filter((name) => /^(customer|project|plan|contract|document):/.test(name)),
    ).toEqual([]);
    expect(permissions('clerk').filter((name) => !name.endsWith(':read'))).toEqual([]);
  });

  test('everybody may read who is who', () => {
    expect(pack('base').roles.filter((role) => role.permissions['organisation:read'] !== 'all')).toEqual([]);
  });

  test('what is not said has its default', () => {
    const [definition] = pack('contract-review').processes;
    expect(definition).toMatchObject({
      interest: 'forbid',
      priority: 0,
      guard: null,
      calendar: null,
      purpose: 'review',
    });
    const step = stepOf(definition!, 'finance-check');
    expect(isDecisionStep(step) && step).toMatchObject({
      formula: { mode: 'any', rejection: 'veto' },
      onRejection: 'end',
      onNobody: 'block',
      onRequester: 'manager',
      onRepeat: 'ask',
      delegation: 'counts',
      transfer: 'allowed',
      requireComment: 'on-rejection',
    });
    expect(definition!.fieldTypes['amount']).toBe('double');
  });

  test('a stage asks for all of one alternative and for everything that has none', () => {
    const stage = pack('software-project').projectTemplates[0]!.stages[3]!;
    const open = (...filed: string[]): string[] =>
      unmetDocuments(stage.result, new Set(filed)).map(({ form }) => form);
    expect(open()).toEqual(['F-031']);
    expect(open('F-032')).toHaveLength(1);
    expect(open('F-031')).toEqual([]);
    expect(open('F-032', 'F-032-report')).toEqual([]);
    expect(open('F-032-report', 'F-014')).toHaveLength(1);
    const last = pack('software-project').projectTemplates[0]!.stages[7]!;
    expect(unmetDocuments(last.start, new Set(['F-006'])).map(({ form, title }) => [form, title.zh])).toEqual(
      [['F-007', '市场服务维护专题计划']],
    );
  });

  test('routines are written out in the cases that use them', () => {
    const small = pack('contract-review').acceptance.find(({ id }) => id === 'A-25/small')!;
    expect(small.now).toEqual(new Date('2024-05-20T01:00:00Z'));
    const inboxes = small.steps.flatMap((step) => ('expectInbox' in step ? step.expectInbox.steps : []));
    expect(inboxes).toEqual(['manager-review', 'finance-check', 'legal-check']);
    expect(small.steps.filter((step) => 'use' in step)).toEqual([]);
    expect(small.steps.flatMap((step) => ('do' in step && step.do === 'approve' ? [step.as] : []))).toEqual([
      'manager@demo.local',
      'finance@demo.local',
      'legal@demo.local',
    ]);
  });
});

// ── Broken packs ───────────────────────────────────────────────────────────────────────────────────

const HEADER = { path: 'broken/pack.yaml', text: 'key: broken\nversion: 1\ntitle: Broken\n' };
const KNOWN = { roles: ['finance', 'legal'], calendars: ['china'], defaultCalendar: 'china' };

const findingsIn = (
  text: string,
  options: { known?: { defaultCalendar: string | null }; header?: string } = {},
): Finding[] =>
  parsePack(
    [
      { ...HEADER, text: options.header ?? HEADER.text },
      { path: 'broken/file.yaml', text },
    ],
    SUBJECT_TYPES,
    { ...KNOWN, ...options.known },
  ).findings;

/** `rule line:column`, and part of the message. */
const brief = (findings: readonly Finding[]): string[] =>
  findings.map((one) => `${one.rule} ${one.line}:${one.column} ${one.message}`);

/** A sound process but for the given lines; its steps begin on line 7, the first step's keys on column 5. */
const HEAD = 'kind: process\nkey: review\nversion: 1\ntitle: Review\nsubjectType: CONTRACT\nsteps:\n';
const step = (key: string, ...more: string[]): string =>
  [`  - key: ${key}`, '    kind: approve', '    title: T', ...more].map((line) => `${line}\n`).join('');
const finance = '    approvers: [{ rule: role, role: finance }]';

test('the sound process of the cases below has no finding', () => {
  expect(findingsIn(HEAD + step('one', finance))).toEqual([]);
});

const plan = (milestones: string): string =>
  `kind: plan-template\nkey: p\nversion: 1\ntitle: T\nplanKind: MONTHLY\nmilestones:\n${milestones}`;
const project = (stages: string): string =>
  `kind: forms\nforms: [{ key: F-001, title: Plan }]\n---\nkind: project-template\nkey: p\nversion: 1\ntitle: T\nstages:\n${stages}`;
const rows = (steps: string): string =>
  `kind: acceptance\nnow: 2024-05-06T01:00:00Z\ncases:\n  - id: A-25\n    title: T\n    steps:\n${steps}`;

const cases: readonly (readonly [what: string, text: string, ...expected: string[]])[] = [
  ['text that is not YAML', 'kind: process\nkey: [a\n', 'yaml 3:1'],
  ['a key written twice', 'kind: forms\nkind: forms\n', 'yaml 2:1 Map keys must be unique'],
  ['a tag of another language', 'kind: !!js/function x\n', 'yaml 1:7'],
  ['no kind', 'key: a\n', 'missing-key 1:1 "kind" is missing'],
  ['a kind nobody knows', 'kind: proces\n', 'unknown-kind 1:7 no kind proces'],
  [
    'a misspelt key',
    HEAD + step('one', finance, '    aprovers: []'),
    'unknown-key 11:5 unknown key "aprovers"',
  ],
  ['a missing key', HEAD + step('one'), 'missing-key 7:5 "approvers" is missing'],
  [
    'a word that is no choice',
    HEAD + step('one', finance, '    onRepeat: maybe'),
    'invalid-value 11:15 expected one of "ask"|"carry"|"carry-if-adjacent"',
  ],
  [
    'a mistake in a nested choice',
    HEAD + step('one', finance, '    onNobody: { assign: [{ rule: role }] }'),
    'missing-key 11:26 "role" is missing',
  ],
  [
    'a duration in words',
    HEAD + step('one', finance, '    due: { after: 3 days, in: business }'),
    'invalid-value 11:19 a duration like P3D',
  ],
  [
    'months of working time',
    HEAD + step('one', finance, '    due: { after: P1M, in: business }'),
    'invalid-value 11:19 business time is counted in days',
  ],
  [
    'two steps of one key',
    HEAD + step('one', finance) + step('one', finance),
    'duplicate-key 11:10 a step one',
  ],
  [
    'an unknown role',
    HEAD + step('one', '    approvers: [{ rule: role, role: treasury }]'),
    'unknown-role 10:37 no role treasury',
  ],
  [
    'an unknown role in the ladder',
    HEAD +
      step(
        'one',
        finance,
        '    due: { after: P1D, in: calendar }',
        '    ladder:',
        '      - after: { after: P1D, in: calendar }',
        '        action: { do: add, who: [{ rule: role, role: ceo }] }',
      ),
    'unknown-role 14:54 no role ceo',
  ],
  [
    'an unknown subject type',
    HEAD.replace('CONTRACT', 'RECEIPT') + step('one', finance),
    'unknown-subject-type 5:14 no subject type RECEIPT',
  ],
  [
    'a carry from what does not carry',
    HEAD.replace('steps:', 'carry: { from: PLAN }\nsteps:') + step('one', finance),
    'unknown-carry 6:16 approvals of PLAN do not carry to CONTRACT; those of QUOTE do',
  ],
  [
    'a step that carries in a process that does not',
    HEAD + step('one', `${finance}\n    carries: two`),
    'unknown-carry',
  ],
  [
    'an unknown purpose',
    HEAD.replace('steps:', 'purpose: payment\nsteps:') + step('one', finance),
    'unknown-purpose 6:10 CONTRACT has no purpose payment',
  ],
  [
    'an unknown calendar',
    HEAD.replace('steps:', 'calendar: mars\nsteps:') + step('one', finance),
    'unknown-calendar 6:11 no calendar mars',
  ],
  [
    'a guard over a field that is not there',
    HEAD.replace('steps:', 'guard: subject.price > 1.0\nsteps:') + step('one', finance),
    'condition 6:8 No such key: price',
  ],
  [
    'a condition of the wrong type',
    HEAD + step('one', finance, '    when: subject.amount > "much"'),
    'condition 11:11 no such overload',
  ],
  [
    'a condition that is no yes or no',
    HEAD + step('one', finance, '    when: subject.amount'),
    'condition 11:11 gives double',
  ],
  [
    'more approvals than people',
    HEAD +
      step(
        'one',
        '    approvers: [{ rule: manager }, { rule: head }]',
        '    formula: { mode: m-of-n, m: 3 }',
      ),
    'unreachable 11:33 needs 3 approvals, but at most 2',
  ],
  [
    'the same person counted twice',
    HEAD +
      step(
        'one',
        '    approvers: [{ rule: manager }, { rule: manager, weight: 2 }]',
        '    formula: { mode: m-of-n, m: 2 }',
      ),
    'unreachable 11:33 needs 2 approvals, but at most 1',
  ],
  [
    'weights below the threshold',
    HEAD +
      step(
        'one',
        '    approvers: [{ rule: manager, weight: 2 }, { rule: head }]',
        '    formula: { mode: weighted, threshold: 4 }',
      ),
    'unreachable 11:43 needs weight 4',
  ],
  [
    'groups asked for and not given',
    HEAD +
      step('one', '    approvers: [{ rule: manager, group: a }, { rule: head }]', '    formula: per-group'),
    'unreachable 10:46 per-group',
  ],
  [
    'a veto nobody holds',
    HEAD + step('one', finance, '    formula: { mode: any, rejection: veto-holders }'),
    'unreachable 11:38 nobody holds the veto',
  ],
  [
    'a ladder without a due time',
    HEAD +
      step(
        'one',
        finance,
        '    ladder:',
        '      - { after: { after: P1D, in: business }, action: { do: remind } }',
      ),
    'no-due-time 11:5 an escalation ladder',
  ],
  [
    'reminders without a due time',
    HEAD + step('one', finance, '    reminders: [{ when: after, offset: { after: P1D, in: calendar } }]'),
    'no-due-time 11:5 reminders',
  ],
  [
    'a reminder before the step opens',
    HEAD +
      step(
        'one',
        finance,
        '    due: { after: P1D, in: business }',
        '    reminders: [{ when: before, offset: { after: P1D, in: business } }]',
      ),
    'unreachable 12:41 P1D before the due time',
  ],
  [
    'a rung above a decision',
    HEAD +
      step(
        'one',
        finance,
        '    due: { after: P1D, in: calendar }',
        '    ladder:',
        '      - { after: { after: P1D, in: calendar }, action: { do: decide, verdict: REJECT } }',
        '      - { after: { after: P1D, in: calendar }, action: { do: remind } }',
      ),
    'unreachable 14:9 the rung before decides',
  ],
  [
    'a person field that is not there',
    HEAD + step('one', '    approvers: [{ rule: field, field: buyerId }]'),
    'unknown-field 10:39 CONTRACT has no field buyerId',
  ],
  [
    'a person field that is an amount',
    HEAD + step('one', '    approvers: [{ rule: manager, of: { field: amount } }]'),
    'unknown-field 10:47 amount is a double',
  ],
  [
    'a dependence on a field that is not there',
    HEAD + step('one', finance, '    dependsOn: [amount, price]'),
    'unknown-field 11:25 CONTRACT has no field price',
  ],
  [
    'a step that names itself',
    HEAD + step('one', finance, '    neverSameAs: [one]'),
    'self-reference 11:19 step one names itself',
  ],
  [
    'the decider of a later step',
    HEAD + step('one', '    approvers: [{ rule: decider, step: two }]') + step('two', finance),
    'not-earlier 10:40 step two is not decided before one',
  ],
  [
    'the decider of no step',
    HEAD + step('one', '    approvers: [{ rule: decider, step: zero }]'),
    'unknown-step 10:40 no step zero',
  ],
  [
    'a withdrawal until no step',
    HEAD.replace('steps:', 'withdrawal: { untilStep: two }\nsteps:') + step('one', finance),
    'unknown-step 6:26 no step two',
  ],
  [
    'a definition that never gets its turn',
    `${HEAD}${step('one', finance)}---\n${HEAD.replace('review', 'second')}${step('one', finance)}`,
    'unreachable 13:6 never chosen: review',
  ],
  [
    'two definitions of one key',
    `${HEAD}${step('one', finance)}---\n${HEAD}${step('one', finance)}`,
    'duplicate-key 13:6 review stands in broken/file.yaml already',
  ],
  [
    'two forms of one key',
    'kind: forms\nforms:\n  - { key: F-001, title: A }\n  - { key: F-001, title: B }\n',
    'duplicate-key 4:12 F-001',
  ],
  [
    'an unknown permission',
    'kind: roles\nroles:\n  - key: r\n    title: R\n    permissions:\n      contract:sign: all\n',
    'unknown-permission 6:7 no permission contract:sign',
  ],
  [
    'an unknown scope',
    'kind: roles\nroles:\n  - key: r\n    title: R\n    permissions:\n      contract:read: everything\n',
    'invalid-value 6:22 expected one of',
  ],
  [
    'an unknown form',
    project('  - { key: s, title: S, start: [F-001, F-999] }\n'),
    'unknown-form 9:40 no form F-999',
  ],
  [
    'a loop to a stage that is not there',
    project('  - { key: s, title: S, loopBack: [{ on: x, toStage: t, title: T }] }\n'),
    'unknown-stage 9:54 no stage t',
  ],
  [
    'a gate that no process opens',
    project('  - { key: s, title: S, start: [F-001] }\n'),
    'no-process 9:33 no process approves F-001 as start',
  ],
  [
    'a milestone that waits for itself',
    plan('  - { key: a, title: A, responsible: owner, doneBy: person, waitsFor: a }\n'),
    'self-reference 7:71',
  ],
  [
    'milestones that wait for each other',
    plan(
      '  - { key: a, title: A, responsible: owner, doneBy: person, waitsFor: b }\n  - { key: b, title: B, responsible: owner, doneBy: person, waitsFor: a }\n',
    ),
    'circle 7:71',
    'circle 8:71',
  ],
  [
    'a milestone done by a document it does not name',
    plan('  - { key: a, title: A, responsible: owner, doneBy: document }\n'),
    'missing-key 7:5 "form" is missing',
  ],
  [
    'a due date that hangs on nothing',
    plan(
      '  - key: a\n    title: A\n    responsible: owner\n    doneBy: person\n    due: { kind: on-event, anchor: launch }\n',
    ),
    'unknown-anchor 11:10 no launch',
  ],
  [
    'a chase that asks a requester',
    plan(
      '  - key: a\n    title: A\n    responsible: owner\n    doneBy: person\n    due: { kind: day-of-month, day: 6 }\n    ladder: [{ after: { after: P1D, in: calendar }, action: { do: notify, who: [{ rule: manager }] } }]\n',
    ),
    'misplaced-rule 12:81',
  ],
  [
    'a row that uses what nobody saved',
    rows('      - { as: a@b.de, do: approve, with: { input: { id: "${task}" } } }\n'),
    'unknown-reference 7:57 nothing was saved as ${task}',
  ],
  [
    'an error code that is not there',
    rows('      - { as: a@b.de, do: approve, refuse: NO }\n'),
    'unknown-code 7:44 no error code NO',
  ],
  [
    'an expected step that is not there',
    rows('      - { expectInbox: { as: a@b.de, steps: [one] } }\n'),
    'unknown-step 7:46 no step one',
  ],
  ['a clock that goes back', rows('      - { clock: 2024-05-05T00:00:00Z }\n'), 'clock-backwards 7:18'],
  [
    'a group that is not there',
    HEAD + step('one', '    approvers: [{ rule: group, key: board }]'),
    'unknown-group 10:37 no group board',
  ],
  [
    'an expression that gives no people',
    HEAD + step('one', '    approvers: [{ rule: expression, people: subject.amount }]'),
    'condition 10:45 gives double, not a list of people',
  ],
  [
    'a choice of someone who is told',
    `${HEAD}  - { key: one, kind: notify, title: T, recipients: [{ rule: requester-choice }] }\n`,
    'misplaced-rule',
  ],
  [
    'a pool on a rung of the ladder',
    HEAD +
      step(
        'one',
        finance,
        '    due: { after: P1D, in: calendar }',
        '    ladder: [{ after: { after: P1D, in: calendar }, action: { do: add, who: [{ rule: pool, of: [{ rule: role, role: legal }] }] } }]',
      ),
    'misplaced-rule 12:86 pool stands among',
  ],
  [
    'a choice by a step that comes later',
    HEAD + step('one', '    approvers: [{ rule: previous-choice, from: two }]') + step('two', finance),
    'not-earlier 10:48 step two is not decided before one',
  ],
  [
    'a choice of more than may be chosen',
    HEAD + step('one', '    approvers: [{ rule: requester-choice, min: 3, max: 2 }]'),
    'unreachable 10:56 at least 3, at most 2',
  ],
  [
    'an unknown role inside a pool',
    HEAD + step('one', '    approvers: [{ rule: pool, of: [{ rule: role, role: nobody }] }]'),
    'unknown-role 10:56 no role nobody',
  ],
  [
    'an authority table that is not there',
    HEAD + step('one', '    approvers: [{ rule: authority, table: manual, matter: plan }]'),
    'unknown-reference 10:43 no authority table manual',
  ],
  [
    'a manual with a gap, and a row that never answers',
    'kind: authority\nkey: m\ntitle: M\nrows:\n  - { matter: a, measures: { amount: { below: 5 } }, approvers: [{ rule: role, role: legal }] }\n  - { matter: a, measures: { amount: { below: 5 } }, approvers: [{ rule: role, role: legal }] }\n',
    'gap 4:1 a: no row answers level 1, amount 5',
    'unreachable 6:5 never answers',
  ],
  [
    'a manual that measures what the subject does not have',
    `kind: authority\nkey: m\ntitle: M\nrows: [{ matter: a, measures: { weight: { below: 5 } }, approvers: [{ rule: role, role: legal }] }, { matter: a, approvers: [{ rule: role, role: legal }] }]\n---\n${HEAD}${step('one', '    approvers: [{ rule: authority, table: m, matter: a }]')}`,
    'unknown-field',
  ],
  ['a routine that is not there', rows('      - { use: all }\n'), 'unknown-reference 7:16 no routine all'],
];

test.each(cases)('a broken pack is caught: %s', (_, text, ...expected) => {
  const found = brief(findingsIn(text));
  expect(found).toHaveLength(expected.length);
  for (const [index, start] of expected.entries())
    expect(found[index]!.startsWith(start) || found[index]).toBe(true);
});

test('a branch beside is not before', () => {
  const branch = (key: string, rule: string): string =>
    `      - { key: ${key}, kind: approve, title: T, approvers: [${rule}] }\n`;
  const text = `${HEAD}  - key: both\n    kind: parallel\n    title: T\n    branches:\n${branch('a', '{ rule: role, role: finance }')}${branch('b', '{ rule: decider, step: a }')}`;
  expect(brief(findingsIn(text))).toEqual([
    'not-earlier 12:79 step a is not decided before b: they run beside each other in both',
  ]);
  const apart = text
    .replace('{ rule: decider, step: a }', '{ rule: role, role: finance }')
    .replace(/key: b, /, 'key: b, neverSameAs: [a], ');
  expect(findingsIn(apart)).toMatchObject([
    {
      rule: 'not-earlier',
      path: 'steps.0.branches.1.0.neverSameAs.0',
      example: 'both → b is decided, a is still open',
    },
  ]);
});

test('working time needs a calendar when there is no default', () => {
  const text = HEAD + step('one', finance, '    due: { after: P1D, in: business }');
  expect(brief(findingsIn(text, { known: { defaultCalendar: null } }))).toEqual([
    'no-calendar 11:10 business time, but there is neither a calendar nor a default one',
  ]);
  expect(findingsIn(text)).toEqual([]);
});

test('a pack that requires an unknown one, and a folder without a pack file', () => {
  expect(
    brief(
      findingsIn('kind: forms\nforms: [{ key: F-1, title: A }]\n', {
        header: `${HEADER.text}requires: [nothing]\n`,
      }),
    ),
  ).toEqual(['unknown-pack 4:12 no pack nothing']);
  expect(brief(parsePack([{ path: 'x/file.yaml', text: '' }], SUBJECT_TYPES, KNOWN).findings)).toEqual([
    'missing-pack-file 1:1 there is no pack.yaml, or nothing in it',
  ]);
});

test('packs that require each other, and a key in two packs', () => {
  const folder = (name: string, requires: string, text: string) => ({
    name,
    files: [
      { path: `${name}/pack.yaml`, text: `key: ${name}\nversion: 1\ntitle: T\nrequires: [${requires}]\n` },
      { path: `${name}/forms.yaml`, text },
    ],
  });
  const form = 'kind: forms\nforms: [{ key: F-001, title: A }]\n';
  const circle = parsePacks([folder('a', 'b', form), folder('b', 'a', form)], SUBJECT_TYPES, KNOWN);
  expect(circle.packs).toEqual([]);
  expect(circle.findings.map(({ rule }) => rule)).toEqual(['unknown-pack', 'unknown-pack']);
  const twice = parsePacks([folder('a', '', form), folder('b', '', form)], SUBJECT_TYPES, KNOWN);
  expect(twice.packs.map(({ key }) => key)).toEqual(['a']);
  expect(twice.findings.map(({ message }) => message)).toEqual(['F-001 (forms) is in pack a already']);
});

test('whatever a file holds, reading it gives findings and never an error', () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${['b', 'c', 'd', 'e'].map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcd'[index]}`).join(', ')}]`).join('\n')}\n`;
  for (const text of [
    bomb,
    '['.repeat(20_000),
    '*x',
    'null',
    '- 1',
    '"x"',
    'kind: [process]',
    'kind: __proto__',
    '? {a: b}\n: c',
    '\u0000',
    'kind: process\nsteps: 1',
  ]) {
    const { pack: made, findings } = parsePack([HEADER, { path: 'f.yaml', text }], SUBJECT_TYPES, KNOWN);
    if (text !== 'null') expect([made, findings.length > 0]).toEqual([null, true]);
  }
});
