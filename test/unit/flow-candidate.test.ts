import { describe, expect, test } from '@jest/globals';
import { checkProcessText, type Surroundings } from '../../src/workflows/check-process-text.js';
import { candidateForCause, candidateForStep, type Suggested } from '../../src/workflows/flow-candidate.js';
import { nodesOf, stepOf, type ProcessDefinition } from '../../src/workflows/process.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { anOrganisation, MONDAY, OFFICE_HOURS } from '../support/engine-builders.js';

const AROUND: Surroundings = {
  subjects: SUBJECT_TYPES,
  names: {
    roles: new Set(['finance', 'legal', 'general-manager']),
    calendars: new Set(['china']),
    defaultCalendar: 'china',
    departments: new Set(['company']),
    forms: new Set(),
  },
  published: [],
  world: {
    now: MONDAY,
    organisation: anOrganisation({ people: { gm: {} } }),
    calendarOf: () => OFFICE_HOURS,
  },
  submittersOf: () => new Set(),
};

const HEAD = 'kind: process\nkey: review\nversion: 3\ntitle: Review\nsubjectType: CONTRACT\n';
const step = (key: string, approvers: string, ...more: string[]): string =>
  `{ ${[`key: ${key}`, 'kind: approve', 'title: T', `approvers: [${approvers}]`, ...more].join(', ')} }`;
const FINANCE = '{ rule: role, role: finance }';
const LEGAL = '{ rule: role, role: legal }';

const compiled = (text: string): ProcessDefinition => {
  const { definition, findings } = checkProcessText(text, AROUND);
  expect(findings).toEqual([]);
  return definition!;
};
const process = (steps: readonly string[], ...more: string[]): Surroundings => {
  const text = `${HEAD}${more.map((line) => `${line}\n`).join('')}steps:\n${steps.map((one) => `  - ${one}\n`).join('')}`;
  return { ...AROUND, published: [compiled(text)] };
};
const after = (suggested: Suggested | null): ProcessDefinition => {
  if (suggested === null || !('text' in suggested)) throw new Error(JSON.stringify(suggested));
  return compiled(suggested.text);
};
const keys = (suggested: Suggested | null): string[] =>
  [...nodesOf(after(suggested).steps)].map(({ key }) => key);
const idle = (around: Surroundings, key: string): Suggested | null =>
  candidateForStep(
    { processKey: 'review', step: key, idle: 'SAME_PEOPLE', bottleneck: true, asked: 1 },
    around,
  );
const slow = (around: Surroundings, key: string, asked = 1): Suggested | null =>
  candidateForStep({ processKey: 'review', step: key, idle: null, bottleneck: true, asked }, around);
const cause = (around: Surroundings, key: string): Suggested =>
  candidateForCause({ processKey: 'review', step: key }, around);

describe('for a step that decides nothing', () => {
  test('the next version is without it, and without what named it', () => {
    const around = process(
      [step('one', FINANCE), step('two', LEGAL), step('three', FINANCE, 'neverSameAs: [one, two]')],
      'withdrawal: { untilStep: two }',
    );
    const { version, steps, withdrawal } = after(idle(around, 'two'));
    expect(version).toBe(4);
    expect(steps).toMatchObject([{ key: 'one' }, { key: 'three', neverSameAs: ['one'] }]);
    expect(withdrawal).toBe('until-first-decision');
    expect(after(idle(around, 'three')).withdrawal).toEqual({ untilStep: 'two' });
  });

  test('a parallel step with one branch left is that branch, under its condition', () => {
    const both = `{ key: both, kind: parallel, title: T, when: subject.amount > 5.0, branches: [${step('one', FINANCE, 'when: subject.kind == "SALE"')}, ${step('two', LEGAL)}] }`;
    const around = process([both, step('three', FINANCE)]);
    expect(after(idle(around, 'two')).steps).toMatchObject([
      { key: 'one', when: '(subject.amount > 5.0) && (subject.kind == "SALE")' },
      { key: 'three' },
    ]);
    expect(after(idle(around, 'one')).steps[0]).toMatchObject({ key: 'two', when: 'subject.amount > 5.0' });
  });

  test('there is none where nobody would decide, where another step needs it, where it is gone', () => {
    const around = process([step('one', FINANCE), step('two', '{ rule: decider, step: one }')]);
    expect(idle(around, 'one')).toEqual({ why: 'NAMED' });
    expect(idle(process([step('one', FINANCE)]), 'one')).toEqual({ why: 'ONLY_STEP' });
    expect(idle(around, 'gone')).toEqual({ why: 'STEP_GONE' });
    expect(idle({ ...around, published: [] }, 'one')).toEqual({ why: 'NOT_PUBLISHED' });
    expect(
      candidateForStep(
        { processKey: 'review', step: 'one', idle: null, bottleneck: false, asked: 1 },
        around,
      ),
    ).toBeNull();
  });

  test('there is none that the checker would not let pass', () => {
    const rivals = process([step('one', FINANCE), step('two', LEGAL)]);
    const over = compiled(
      `${HEAD.replace('key: review', 'key: always').replace('version: 3', 'version: 1')}priority: 9\nsteps:\n  - ${step('one', FINANCE)}\n`,
    );
    expect(idle({ ...rivals, published: [...rivals.published, over] }, 'two')).toEqual({ why: 'UNSOUND' });
  });
});

describe('for a step that sends back', () => {
  test('the next version asks it first, but after whatever it names', () => {
    const around = process([
      step('one', FINANCE),
      step('two', FINANCE),
      step('three', LEGAL),
      step('four', LEGAL, 'neverSameAs: [one]'),
    ]);
    expect(keys(cause(around, 'three'))).toEqual(['three', 'one', 'two', 'four']);
    expect(keys(cause(around, 'four'))).toEqual(['one', 'four', 'two', 'three']);
  });

  test('where it cannot come earlier, those before it are not asked again', () => {
    const steps = [step('one', FINANCE), step('two', LEGAL, 'neverSameAs: [one]')];
    expect(after(cause(process(steps), 'two')).resubmission).toBe('continue');
    expect(cause(process(steps, 'resubmission: changed-only'), 'two')).toEqual({ why: 'FIRST_STEP' });
    expect(cause(process(steps), 'one')).toEqual({ why: 'FIRST_STEP' });
    expect(cause(process(steps), '')).toEqual({ why: 'NO_STEP' });
  });

  test('it moves within its branch', () => {
    const both = `{ key: both, kind: parallel, title: T, branches: [[${step('a', FINANCE)}, ${step('b', LEGAL)}], [${step('c', LEGAL)}]] }`;
    expect(keys(cause(process([both]), 'b'))).toEqual(['both', 'b', 'a', 'c']);
  });
});

describe('for a step that holds everything up', () => {
  const stepIn = (suggested: Suggested | null, key = 'one') => stepOf(after(suggested), key);

  test('whoever answers first decides, of those who are asked', () => {
    const around = process([step('one', FINANCE, 'formula: { mode: all, rejection: majority }')]);
    expect(stepIn(slow(around, 'one', 3))).toMatchObject({ formula: { mode: 'any', rejection: 'majority' } });
    expect(stepIn(slow(process([step('one', FINANCE, 'formula: ordered')]), 'one', 2))).toMatchObject({
      formula: { mode: 'any' },
    });
  });

  test.each([
    [
      '{ rule: manager }',
      [
        { rule: 'manager', up: 1 },
        { rule: 'manager', up: 2 },
      ],
    ],
    [
      '{ rule: head }',
      [
        { rule: 'head', up: 0 },
        { rule: 'head', up: 1 },
      ],
    ],
    ['{ rule: role, role: finance, in: nearest }', [{ rule: 'role', in: 'anywhere' }]],
    ['{ rule: least-loaded, of: [{ rule: role, role: finance }] }', [{ rule: 'least-loaded', count: 2 }]],
  ])('or of one more: %s', (rule, approvers) => {
    expect(stepIn(slow(process([step('one', rule)]), 'one'))).toMatchObject({
      formula: { mode: 'any' },
      approvers,
    });
  });

  test('there is none where the formula counts, or the organisation has to name someone', () => {
    const of = (rule: string, ...more: string[]) => process([step('one', rule, ...more)]);
    expect(slow(of(FINANCE), 'one')).toEqual({ why: 'NOBODY_ELSE' });
    expect(slow(of(FINANCE, 'formula: any'), 'one', 2)).toEqual({ why: 'FORMULA' });
    expect(slow(of(FINANCE, 'formula: { mode: m-of-n, m: 2 }'), 'one', 3)).toEqual({ why: 'FORMULA' });
    expect(slow(of('{ rule: pool, of: [{ rule: role, role: finance }] }'), 'one', 3)).toEqual({
      why: 'FORMULA',
    });
  });
});
