import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  checkProcessText,
  type CheckedProcess,
  type Surroundings,
} from '../../src/workflows/check-process-text.js';
import { parsePack } from '../../src/workflows/pack.js';
import type { Organisation } from '../../src/workflows/organisation.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { anOrganisation, MONDAY, OFFICE_HOURS } from '../support/engine-builders.js';

const ORGANISATION = anOrganisation({
  people: {
    gm: { department: 'company', roles: ['general-manager'] },
    boss: { manager: 'gm', department: 'sales' },
    sam: { manager: 'boss', department: 'sales' },
    fay: { manager: 'gm', department: 'finance', roles: ['finance'] },
    fred: { manager: 'fay', department: 'finance' },
    lou: { manager: 'gm', department: 'legal', roles: ['legal'] },
  },
  departments: {
    company: { head: 'gm' },
    sales: { parent: 'company', head: 'boss' },
    finance: { parent: 'company', head: 'fay' },
    legal: { parent: 'company' },
  },
});

const surroundings = (
  organisation: Organisation = ORGANISATION,
  submitters = ['sam', 'fred'],
): Surroundings => ({
  subjects: SUBJECT_TYPES,
  names: {
    roles: new Set(['finance', 'legal', 'general-manager', 'deputy']),
    calendars: new Set(['china']),
    defaultCalendar: 'china',
    departments: new Set(['company', 'sales', 'finance', 'legal']),
    forms: new Set(['F-001']),
  },
  published: [],
  world: { now: MONDAY, organisation, calendarOf: () => OFFICE_HOURS },
  submittersOf: () => new Set(submitters),
});

const check = (text: string, around = surroundings()): CheckedProcess => checkProcessText(text, around);

const HEAD = 'kind: process\nkey: review\nversion: 1\ntitle: Review\nsubjectType: CONTRACT\n';
const body = (...steps: string[]): string => `${HEAD}steps:\n${steps.join('')}`;
const guarded = (guard: string, ...steps: string[]): string =>
  `${HEAD}guard: ${guard}\nsteps:\n${steps.join('')}`;
const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join('');
const step = (key: string, ...more: string[]): string =>
  lines(`  - key: ${key}`, '    kind: approve', '    title: T', ...more);
const finance = '    approvers: [{ rule: role, role: finance }]';
const DUE = '    due: { after: P1D, in: calendar }';
const rung = (action: string): string[] => [
  DUE,
  '    ladder:',
  `      - { after: { after: P1D, in: calendar }, action: ${action} }`,
];

/** What, text, the finding as `rule path`, and a part of its message or of its counter-example. */
const broken: readonly (readonly [what: string, text: string, finding: string, says: string])[] = [
  [
    'two literals of one field',
    guarded('subject.kind == "A" && subject.kind == "B"', step('one', finance)),
    'unreachable guard',
    'never holds',
  ],
  [
    'an empty interval',
    guarded('subject.amount > 10.0 && subject.amount < 5.0', step('one', finance)),
    'unreachable guard',
    'none of',
  ],
  [
    'an interval of one excluded point',
    guarded('subject.amount >= 5.0 && subject.amount <= 5.0 && subject.amount != 5.0', step('one', finance)),
    'unreachable guard',
    'never holds',
  ],
  [
    'a step that contradicts the guard',
    guarded(
      'subject.amount > 100.0',
      step('one', finance),
      step('two', finance, '    when: subject.amount < 50.0'),
    ),
    'unreachable steps.1.when',
    'subject.amount = 101',
  ],
  [
    'a step whose own condition contradicts itself',
    body(step('one', finance, '    when: round < 1')),
    'unreachable steps.0.when',
    'its condition never holds',
  ],
  [
    'a role held and not held',
    body(step('one', finance, `    when: '"legal" in requester.roles && !("legal" in requester.roles)'`)),
    'unreachable steps.0.when',
    'never holds',
  ],
  [
    'a word outside the list',
    guarded('subject.kind in ["A", "B"]', step('one', finance, '    when: subject.kind == "C"')),
    'unreachable steps.0.when',
    'contradicts the guard',
  ],
  [
    'a branch that contradicts its parallel',
    body(
      lines(
        '  - key: both',
        '    kind: parallel',
        '    title: T',
        '    when: subject.discountPercent > 10.0',
        '    branches:',
        '      - { key: a, kind: approve, title: A, approvers: [{ rule: role, role: finance }], when: subject.discountPercent <= 10.0 }',
        '      - { key: b, kind: approve, title: B, approvers: [{ rule: role, role: legal }] }',
      ),
    ),
    'unreachable steps.0.branches.0.0.when',
    'the step around it',
  ],
  [
    'a list of a negative size',
    body(step('one', finance, '    when: size(subject.lines) < 0')),
    'unreachable steps.0.when',
    'never holds',
  ],
  [
    'an unknown role in a condition',
    body(step('one', finance, `    when: '"finanse" in requester.roles'`)),
    'unknown-role steps.0.when',
    'no role finanse',
  ],
  [
    'an unknown role in the guard',
    guarded(`'"cfo" in requester.roles'`, step('one', finance)),
    'unknown-role guard',
    'no role cfo',
  ],
  [
    'an unknown department of the requester',
    body(step('one', finance, '    when: requester.department == "slaes"')),
    'unknown-department steps.0.when',
    'no department slaes',
  ],
  [
    'an unknown department of the subject',
    guarded('subject.department in ["sales", "shop"]', step('one', finance)),
    'unknown-department guard',
    'no department shop',
  ],
  [
    'an unknown form',
    guarded('subject.form == "F-999"', step('one', finance)).replace('CONTRACT', 'DOCUMENT'),
    'unknown-form guard',
    'no form F-999',
  ],
  [
    'a guard that leaves a gap',
    guarded('subject.amount > 1000.0', step('one', finance)),
    'gap guard',
    'subject.amount = ',
  ],
  [
    'a gap of one value',
    guarded('subject.amount < 1000.0 || subject.amount > 1000.0', step('one', finance)),
    'gap guard',
    'subject.amount = 1000',
  ],
  [
    'a rung that adds those asked already',
    body(step('one', finance, ...rung('{ do: add, who: [{ rule: role, role: finance }] }'))),
    'dead-end steps.0.ladder.0.action.who',
    'one → rung 1 → role:finance',
  ],
  [
    'a rung that hands over to the same',
    body(step('one', finance, ...rung('{ do: hand-over, who: [{ rule: role, role: finance }] }'))),
    'dead-end steps.0.ladder.0.action.who',
    'hands over to those who are asked already',
  ],
  ['no YAML', 'key: [', 'yaml ', ''],
  [
    'two documents',
    `${body(step('one', finance))}---\n${body(step('one', finance))}`,
    'yaml ',
    'one process definition',
  ],
  ['another kind of document', 'kind: forms\nforms: []\n', 'unknown-kind kind', 'no process definition'],
  [
    'an unknown role',
    body(step('one', '    approvers: [{ rule: role, role: cfo }]')),
    'unknown-role steps.0.approvers.0.role',
    'no role cfo',
  ],
  [
    'an unknown step',
    body(step('one', finance, '    neverSameAs: [zero]')),
    'unknown-step steps.0.neverSameAs.0',
    'no step zero',
  ],
  [
    'an unknown field',
    body(step('one', '    approvers: [{ rule: field, field: buyer }]')),
    'unknown-field steps.0.approvers.0.field',
    'no field buyer',
  ],
  [
    'a number compared with a word',
    body(step('one', finance, '    when: subject.amount == "much"')),
    'condition steps.0.when',
    'no such overload',
  ],
  [
    'a formula nobody can meet',
    body(step('one', '    approvers: [{ rule: manager }]', '    formula: { mode: m-of-n, m: 2 }')),
    'unreachable steps.0.formula.m',
    'at most 1',
  ],
];

const eased = (names: Partial<Surroundings['names']>): Surroundings => ({
  ...surroundings(),
  names: { ...surroundings().names, ...names },
});

/** Found only in the organisation as it is; the example names the department and the way there. */
const stranded: readonly (readonly [
  what: string,
  text: string,
  finding: string,
  says: string,
  around?: Surroundings,
])[] = [
  [
    'a role that nobody holds',
    body(step('one', '    approvers: [{ rule: role, role: deputy }]')),
    'no-approver steps.0.approvers',
    'department finance, requester fred',
  ],
  [
    'a role held by the requester alone',
    body(step('one', finance, '    onRequester: skip')),
    'no-approver steps.0.approvers',
    'fay INTEREST',
    surroundings(ORGANISATION, ['fay']),
  ],
  [
    'a second step that nobody may decide',
    body(step('one', finance), step('two', finance, '    neverSameAs: [one]')),
    'no-approver steps.1.approvers',
    'one → two',
  ],
  [
    'a department without a head',
    body(step('one', '    approvers: [{ rule: head, of: requester }]')),
    'no-approver steps.0.approvers',
    'department legal',
    surroundings(ORGANISATION, ['lou']),
  ],
  [
    'a manager above the top',
    body(step('one', '    approvers: [{ rule: manager, up: 4 }]')),
    'no-approver steps.0.approvers',
    'NOBODY',
  ],
  [
    'too few for the formula',
    body(step('one', finance, '    formula: { mode: m-of-n, m: 2 }')),
    'no-approver steps.0.approvers',
    'UNDECIDABLE',
  ],
  [
    'only above an amount',
    body(step('one', '    approvers: [{ rule: role, role: deputy }]', '    when: subject.amount > 500.0')),
    'no-approver steps.0.approvers',
    'subject.amount = 501',
  ],
  [
    'only in one department',
    body(
      step(
        'one',
        '    approvers: [{ rule: role, role: deputy }]',
        '    when: requester.department == "finance"',
      ),
    ),
    'no-approver steps.0.approvers',
    'department finance, requester fred',
  ],
  [
    'someone who left',
    body(step('one', '    approvers: [{ rule: user, email: gone@example.test }]')),
    'unknown-person steps.0',
    'gone@example.test',
  ],
  [
    'a ladder that reaches nobody',
    body(step('one', finance, ...rung('{ do: hand-over, who: [{ rule: role, role: deputy }] }'))),
    'dead-end steps.0.ladder.0',
    'reaches nobody: role:deputy',
  ],
  [
    'a ladder that tells nobody',
    body(step('one', finance, ...rung('{ do: notify, who: [{ rule: role, role: deputy }] }'))),
    'dead-end steps.0.ladder.0',
    'reaches nobody',
  ],
  [
    'a branch without people',
    body(
      lines(
        '  - key: both',
        '    kind: parallel',
        '    title: T',
        '    branches:',
        '      - { key: a, kind: approve, title: A, approvers: [{ rule: role, role: deputy }] }',
        '      - { key: b, kind: approve, title: B, approvers: [{ rule: role, role: legal }] }',
      ),
    ),
    'no-approver steps.0.branches.0.0.approvers',
    'a',
  ],
  [
    'everyone away without a substitute but the requester',
    body(step('one', finance, '    onRequester: block')),
    'no-approver steps.0.approvers',
    'REQUESTER_IS_APPROVER',
    surroundings(ORGANISATION, ['fay']),
  ],
];

describe('a broken definition is caught for the right reason at the right place', () => {
  test.each(broken)('%s', (_, text, finding, says) => {
    const { findings } = check(text);
    expect(findings.map(({ rule, path }) => `${rule} ${path}`)).toEqual([finding]);
    expect(`${findings[0]!.message} ${findings[0]!.example ?? ''}`).toContain(says);
    expect(findings[0]!.line).toBeGreaterThan(0);
  });

  test.each(stranded)('in the organisation: %s', (_, text, finding, says, around = surroundings()) => {
    const { findings, concerns } = check(text, around);
    expect(findings).toEqual([]);
    expect(concerns.map(({ rule, path }) => `${rule} ${path}`)).toContain(finding);
    const one = concerns.find(({ rule, path }) => `${rule} ${path}` === finding)!;
    expect(`${one.message} ${one.example ?? ''}`).toContain(says);
  });

  test('business time where there is no calendar', () => {
    const text = body(step('one', finance, '    due: { after: P1D, in: business }'));
    const { findings } = check(text, eased({ defaultCalendar: null }));
    expect(findings.map(({ rule, path }) => `${rule} ${path}`)).toEqual(['no-calendar steps.0.due']);
  });
});

describe('among rivals', () => {
  const HEADER = { path: 'p/pack.yaml', text: 'key: p\nversion: 1\ntitle: P\n' };
  const rival = (key: string, guard: string | null, priority = 0): string =>
    `kind: process\nkey: ${key}\nversion: 1\ntitle: T\nsubjectType: CONTRACT\npriority: ${priority}\n${guard === null ? '' : `guard: ${guard}\n`}steps:\n${step('one', finance)}`;
  const findingsOf = (...texts: string[]): string[] =>
    parsePack([HEADER, ...texts.map((text, index) => ({ path: `p/${index}.yaml`, text }))], SUBJECT_TYPES, {
      roles: ['finance'],
      calendars: [],
    }).findings.map(({ file, rule, path, example }) => `${file} ${rule} ${path}: ${example ?? ''}`);

  test.each([
    [
      'guards that meet in a point',
      ['subject.amount >= 5.0', 'subject.amount <= 5.0'],
      'p/1.yaml overlap guard: subject.amount = 5',
    ],
    [
      'guards that miss a point',
      ['subject.amount > 5.0', 'subject.amount < 5.0'],
      'p/1.yaml gap guard: subject.amount = 5',
    ],
    [
      'guards over two fields',
      ['subject.amount > 5.0', 'subject.kind == "A" && subject.amount <= 5.0'],
      'p/1.yaml gap guard: subject.kind = (other), subject.amount = 4',
    ],
    [
      'a fallback of the same priority',
      ['subject.amount > 5.0', null],
      'p/1.yaml overlap key: subject.amount = 6',
    ],
    [
      'the same word twice',
      ['subject.kind == "A"', 'subject.kind in ["A", "B"]'],
      'p/1.yaml overlap guard: subject.kind = A',
    ],
  ] as const)('%s', (_, [one, two], expected) => {
    expect(findingsOf(rival('a', one), rival('b', two))).toEqual([expected]);
  });

  test('a fallback below, exact halves and other words are sound', () => {
    expect(findingsOf(rival('a', 'subject.amount > 5.0', 1), rival('b', null))).toEqual([]);
    expect(findingsOf(rival('a', 'subject.amount > 5.0'), rival('b', 'subject.amount <= 5.0'))).toEqual([]);
    expect(findingsOf(rival('a', 'subject.kind == "A"'), rival('b', 'subject.kind == "B"'))).toEqual([]);
  });
});

describe('generated sound packs pass', () => {
  const RUNS = Number(process.env['FC_RUNS'] ?? 500);
  const rules = fc.constantFrom(
    '{ rule: role, role: finance }',
    '{ rule: role, role: legal }',
    '{ rule: manager }',
    '{ rule: role, role: general-manager }',
  );
  const sound = fc.record({
    cuts: fc.uniqueArray(fc.integer({ min: 1, max: 900 }), { minLength: 0, maxLength: 3 }),
    kinds: fc.constantFrom<readonly string[]>([], ['SALES'], ['SALES', 'FRAMEWORK']),
    steps: fc.array(
      fc.record({ rule: rules, above: fc.option(fc.integer({ min: 0, max: 1000 })), due: fc.boolean() }),
      { minLength: 1, maxLength: 4 },
    ),
  });

  test('thresholds that split every amount, conditions inside them, ladders that reach someone', () => {
    fc.assert(
      fc.property(sound, ({ cuts, kinds, steps }) => {
        const edges = [Number.NEGATIVE_INFINITY, ...cuts.toSorted((a, b) => a - b), Number.POSITIVE_INFINITY];
        const texts = edges.slice(1).flatMap((to, index) => {
          const from = edges[index]!;
          const parts = [
            ...(Number.isFinite(from) ? [`subject.amount >= ${from}.0`] : []),
            ...(Number.isFinite(to) ? [`subject.amount < ${to}.0`] : []),
          ];
          const shown = steps.flatMap(({ rule, above, due }, number) =>
            above !== null && above >= to
              ? []
              : [
                  step(
                    `s${number}`,
                    `    approvers: [${rule}]`,
                    '    onRequester: manager',
                    ...(above === null ? [] : [`    when: subject.amount > ${above}.0`]),
                    ...(due ? rung('{ do: add, who: [{ rule: managers, of: requester }] }') : []),
                  ),
                ],
          );
          // `amount > above` needs room below the next edge.
          const list = shown.length > 0 ? shown : [step('s', finance)];
          const words = kinds.length > 0 ? kinds : [null];
          return words.map((word, which) => {
            const guard = [...parts, ...(word === null ? [] : [`subject.kind == "${word}"`])].join(' && ');
            return `kind: process\nkey: p${index}-${which}\nversion: 1\ntitle: T\nsubjectType: CONTRACT\n${guard === '' ? '' : `guard: ${guard}\n`}steps:\n${list.join('')}`;
          });
        });
        const files = texts.map((text, index) => ({ path: `p/${index}.yaml`, text }));
        const known = { roles: ['finance', 'legal', 'general-manager'], calendars: [] };
        const { findings } = parsePack(
          [{ path: 'p/pack.yaml', text: 'key: p\nversion: 1\ntitle: P\n' }, ...files],
          SUBJECT_TYPES,
          known,
        );
        expect(findings).toEqual([]);
        for (const text of texts.slice(0, 1)) {
          const one = check(text);
          expect(one.concerns.filter(({ rule }) => rule !== 'dead-end')).toEqual([]);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test('a hostile definition is checked in bounded time', () => {
    const many = Array.from(
      { length: 12 },
      (_, index) =>
        `(subject.amount > ${index}.0 && subject.kind == "K${index}" || "legal" in requester.roles)`,
    ).join(' && ');
    const text = body(
      ...Array.from({ length: 40 }, (_, index) =>
        step(`s${index}`, finance, `    when: ${JSON.stringify(many.replaceAll('"', "'"))}`),
      ),
    );
    const started = performance.now();
    check(text);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

test('a request that expires in business time needs a calendar', () => {
  const text = body(step('one', finance)).replace('steps:', 'expires: { after: P3D, in: business }\nsteps:');
  const around = surroundings();
  const { findings } = check(text, { ...around, names: { ...around.names, defaultCalendar: null } });
  expect(findings.map(({ rule, path }) => `${rule} ${path}`)).toEqual(['no-calendar expires']);
  expect(check(text).findings).toEqual([]);
});

test('a choice that nobody can fill is a concern, with the case in which it is asked for', () => {
  const choice = (role: string): string =>
    `    approvers: [{ rule: requester-choice, among: [{ rule: role, role: ${role} }], min: 1, max: 1 }]`;
  const { concerns } = check(body(step('one', finance), step('two', choice('deputy'))));
  expect(concerns.map(({ rule, path }) => `${rule} ${path}`)).toEqual(['no-choice steps.1.approvers']);
  expect(concerns[0]!.message).toContain('step two: 1 to 1 people must be chosen');
  expect(concerns[0]!.example).toMatch(/^department /);
  expect(check(body(step('one', finance), step('two', choice('general-manager')))).concerns).toEqual([]);
});
