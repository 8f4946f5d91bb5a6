import { describe, expect, test } from '@jest/globals';
import { flawsOfAuthority, type AuthorityTable } from '../../src/workflows/authority.js';
import { peopleExpressionProblem } from '../../src/workflows/people-expression.js';
import { assignmentPermissions, permitOnAssignment } from '../../src/workflows/permit.js';
import { preview } from '../../src/workflows/preview.js';
import type { ApproverRule } from '../../src/workflows/process.js';
import {
  aDefinition,
  aStep,
  aSubject,
  MONDAY,
  OFFICE,
  OFFICE_HOURS,
  people,
  submitted,
} from '../support/engine-builders.js';

const refused = (code: string, details: object = {}) =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });
const faultAt = (path: string) => refused('BAD_USER_INPUT', { fields: [expect.objectContaining({ path })] });
const ANY = { mode: 'any', rejection: 'veto' } as const;
const ALL = { mode: 'all', rejection: 'veto' } as const;
const ORDERED = { mode: 'ordered', rejection: 'veto' } as const;
const pool = (...names: string[]): ApproverRule => ({ rule: 'pool', of: people(...names) });

describe("the requester's choice", () => {
  const among: ApproverRule[] = people('bob', 'cid', 'dee', 'ann');
  const rule = (min: number, max: number): ApproverRule => ({ rule: 'requester-choice', among, min, max });
  const submit = (named: readonly string[] | null, min = 1, max = 2) =>
    submitted({
      steps: [aStep('review', { by: [rule(min, max)] })],
      choices: named === null ? undefined : [{ step: 'review', people: named }],
    });

  test('asks those whom the requester names, and the submission keeps them', () => {
    const story = submit(['cid', 'bob']);
    expect(story.asked()).toEqual(['bob', 'cid']);
    expect(story.facts[0]).toMatchObject({
      type: 'SUBMITTED',
      choices: [{ step: 'review', rule: 'requester-choice', people: ['cid', 'bob'] }],
    });
  });

  test('is refused with its place: too many, none, an unknown step, nobody of the circle, an interest', () => {
    expect(() => submit(['bob', 'cid', 'dee'])).toThrow(faultAt('choices.0.userIds'));
    expect(() => submit([])).toThrow(faultAt('choices.0.userIds'));
    expect(() => submit(null)).toThrow(faultAt('choices'));
    expect(() =>
      submitted({ steps: [aStep('review')], choices: [{ step: 'review', people: ['bob'] }] }),
    ).toThrow(faultAt('choices.0.step'));
    expect(() => submit(['bob', 'eve'])).toThrow(
      refused('PERSON_NOT_ELIGIBLE', { path: 'choices.0.userIds.1', person: 'eve' }),
    );
    expect(() => submit(['ann'])).toThrow(refused('PERSON_NOT_ELIGIBLE', { path: 'choices.0.userIds.0' }));
  });

  test('may be left out where nobody must be named, and for a step that will be skipped', () => {
    expect(submit(null, 0).step('review')).toMatchObject({ status: 'BLOCKED', reason: 'NOBODY' });
    const story = submitted({
      steps: [aStep('extra', { by: [rule(1, 1)], when: 'subject.amount > 1000.0' }), aStep('review')],
    });
    expect(story.asked()).toEqual(['bob']);
  });

  test('stands in the next round, unless it is made anew', () => {
    const story = submit(['bob']);
    story.giveBack('bob');
    story.resubmit();
    expect(story.asked()).toEqual(['bob']);
  });

  test('the preview shows whom one could choose', () => {
    const definition = aDefinition({
      steps: [aStep('review', { by: [rule(1, 2)] }), aStep('sign', { by: 'eve' })],
    });
    const interests = [{ personId: 'ann', because: 'REQUESTER' as const }];
    const submission = { requesterId: 'ann', subject: aSubject(), interests };
    const steps = preview(definition, submission, {
      now: MONDAY,
      organisation: OFFICE,
      calendarOf: () => OFFICE_HOURS,
    });
    expect(steps).toMatchObject([
      { key: 'review', outcome: 'ASKED', reason: 'CHOICE', people: ['bob', 'cid', 'dee'] },
      { key: 'sign', outcome: 'ASKED', assignments: [{ personId: 'eve' }] },
    ]);
  });
});

describe("the previous approver's choice", () => {
  const chosen: ApproverRule = { rule: 'previous-choice', from: 'review', among: null, min: 1, max: 1 };
  const story = () => submitted({ steps: [aStep('review'), aStep('check', { by: [chosen] })] });

  test('is given with the approval that closes the step, or the approval is refused', () => {
    const one = story();
    expect(() => one.approve('bob')).toThrow(faultAt('choices'));
    one.approve('bob', { choices: [{ step: 'check', people: ['dee'] }] });
    expect(one.asked()).toEqual(['dee']);
    expect(one.facts.find((fact) => fact.type === 'DECIDED')).toMatchObject({
      choices: [{ step: 'check', rule: 'previous-choice', people: ['dee'] }],
    });
  });

  test('is no part of a rejection, nor of another step', () => {
    const choices = [{ step: 'check', people: ['dee'] }];
    expect(() => story().reject('bob', { choices })).toThrow(faultAt('choices.0.step'));
    const one = story();
    one.approve('bob', { choices });
    expect(() => one.approve('dee', { choices })).toThrow(faultAt('choices.0.step'));
  });
});

describe('a group, and people by expression', () => {
  const organisation = { ...OFFICE, groups: new Map([['board', ['dee', 'fay']]]) };
  test('a group asks its members', () => {
    const steps = [aStep('review', { by: [{ rule: 'group', key: 'board' }] })];
    expect(submitted({ steps, organisation }).asked()).toEqual(['dee', 'fay']);
  });

  test.each([
    ['managers(requester.id, 2)', ['gus']],
    ['holders("finance")', ['dee']],
    ['head("legal") + ["bob@example.test"]', ['bob', 'fay']],
    ['members("finance")', ['dee', 'eve']],
    ['subject.amount > 50.0 ? group("board") : ["bob"]', ['dee', 'fay']],
  ])('%s', (expression, asked) => {
    const steps = [aStep('review', { by: [{ rule: 'expression', people: expression }] })];
    expect(submitted({ steps, organisation }).asked()).toEqual(asked);
  });

  test('who does not exist is left out by name; what is no list of people is refused', () => {
    const by = (expression: string) => [
      aStep('review', { by: [{ rule: 'expression', people: expression }] }),
    ];
    const story = submitted({ steps: by('["nobody@example.test", "bob"]') });
    expect(story.facts[1]).toMatchObject({
      exclusions: [{ personId: 'nobody@example.test', reason: 'UNKNOWN' }],
    });
    expect(() => submitted({ steps: by('subject.missing') })).toThrow(refused('CONDITION_FAILED'));
    const { fieldTypes } = aDefinition({ steps: [] });
    expect(peopleExpressionProblem('subject.amount', fieldTypes)).toMatch('not a list of people');
    expect(peopleExpressionProblem('bosses(requester.id)', fieldTypes)).not.toBeNull();
    expect(peopleExpressionProblem('managers(requester.id, 2)', fieldTypes)).toBeNull();
  });
});

describe('an authority table', () => {
  const one = (name: string): ApproverRule[] => people(name);
  const table: AuthorityTable = {
    key: 'manual',
    title: { en: 'Manual' },
    rows: [
      { matter: 'plan', level: { from: 2 }, measures: { amount: { below: 100 } }, approvers: one('bob') },
      { matter: 'plan', level: {}, measures: { amount: { below: 500 } }, approvers: one('cid') },
      { matter: 'plan', level: {}, measures: {}, approvers: one('dee') },
    ],
  };
  const story = (content: Record<string, unknown>, department = 'sales') =>
    submitted({
      definition: aDefinition({
        steps: [aStep('review', { by: [{ rule: 'authority', table: 'manual', matter: 'plan' }] })],
        authority: { manual: table },
      }),
      subject: aSubject(content, department),
    });

  test.each([
    [99.99, 'sales', 'bob'],
    [100, 'sales', 'cid'],
    [99.99, 'company', 'cid'],
    [499.99, 'sales', 'cid'],
    [500, 'company', 'dee'],
  ])('amount %s in %s is for %s', (amount, department, person) => {
    expect(story({ amount }, department).asked()).toEqual([person]);
  });

  test('says by which row', () => {
    expect(story({ amount: 1 }).assignment('bob').rule).toBe('authority:manual/plan → user:bob@example.test');
  });

  test('an unknown amount is nobody’s to decide', () => {
    expect(() => story({ terms: 'none' })).toThrow(refused('CONDITION_FAILED'));
  });

  test('gaps and rows that never answer are found', () => {
    expect(flawsOfAuthority(table)).toEqual([]);
    const [first, second, third] = table.rows as [never, never, never];
    expect(flawsOfAuthority({ ...table, rows: [first, second] })).toMatchObject([
      { row: null, message: 'plan: no row answers level 1, amount 500' },
    ]);
    expect(flawsOfAuthority({ ...table, rows: [third, first] })).toMatchObject([{ row: 1 }]);
  });
});

describe('one turn of a pool', () => {
  const steps = [aStep('review', { by: [pool('bob', 'cid', 'dee'), ...people('eve')], formula: ALL })];

  test('is one ballot: whoever decides it first has decided it for all of them', () => {
    const story = submitted({ steps });
    expect(story.asked()).toEqual(['bob', 'cid', 'dee', 'eve']);
    story.approve('cid');
    expect(story.asked()).toEqual(['eve']);
    expect(story.assignment('bob')).toMatchObject({ status: 'SKIPPED', reason: 'TAKEN_FROM_POOL' });
    story.approve('eve');
    expect(story.request.status).toBe('APPROVED');
  });

  test('claimed it is mine; released it is everyone’s again', () => {
    const story = submitted({ steps });
    story.claim('cid');
    expect(story.asked()).toEqual(['cid', 'eve']);
    expect(() => story.approve('bob')).toThrow(refused('ASSIGNMENT_NOT_OPEN'));
    expect(() => story.claim('bob')).toThrow(refused('ASSIGNMENT_NOT_OPEN'));
    expect(() => story.claim('cid')).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.release('cid');
    expect(story.asked()).toEqual(['bob', 'cid', 'dee', 'eve']);
    expect(() => story.release('cid')).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.approve('dee');
    expect(story.asked()).toEqual(['eve']);
  });

  test('who has come to have an interest claims nothing', () => {
    const story = submitted({ steps });
    const request = {
      ...story.request,
      interests: [...story.request.interests, { personId: 'bob', because: 'BENEFICIARY' as const }],
    };
    expect(() => permitOnAssignment(request, story.ordinalOf('bob'), 'CLAIM', 'bob')).toThrow(
      refused('INTERESTED_PERSON', { because: 'BENEFICIARY' }),
    );
  });

  test('what one can do is told: claim, then release', () => {
    const story = submitted({ steps });
    const can = (who: string) =>
      assignmentPermissions(story.request, story.ordinalOf(who), who)
        .filter(({ action, allowed }) => allowed && (action === 'CLAIM' || action === 'RELEASE'))
        .map(({ action }) => action);
    expect(can('bob')).toEqual(['CLAIM']);
    expect(can('eve')).toEqual([]);
    story.claim('bob');
    expect(can('bob')).toEqual(['RELEASE']);
    expect(can('cid')).toEqual([]);
  });

  test('handed over it goes with its claim; nobody abstains from it', () => {
    const story = submitted({ steps });
    expect(() => story.abstain('bob')).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.transfer('bob', 'fay');
    expect(story.asked()).toEqual(['eve', 'fay']);
    story.release('fay');
    expect(story.asked()).toEqual(['cid', 'dee', 'eve', 'fay']);
  });

  test('in an ordered step all of the pool come in one turn', () => {
    const story = submitted({
      steps: [
        aStep('review', { by: [...people('eve'), pool('bob', 'cid'), ...people('fay')], formula: ORDERED }),
      ],
    });
    expect(story.asked()).toEqual(['eve']);
    story.approve('eve');
    expect(story.asked()).toEqual(['bob', 'cid']);
    story.approve('bob');
    expect(story.asked()).toEqual(['fay']);
  });

  test('two approvals need two turns, however many share one', () => {
    const formula = { mode: 'm-of-n', m: 2, rejection: 'veto' } as const;
    const story = submitted({ steps: [aStep('review', { by: [pool('bob', 'cid', 'dee')], formula })] });
    expect(story.step('review')).toMatchObject({ status: 'BLOCKED', reason: 'UNDECIDABLE' });
  });
});

describe('the least loaded', () => {
  const rule = (count = 1): ApproverRule => ({
    rule: 'least-loaded',
    of: people('bob', 'cid', 'dee'),
    count,
  });
  test('is asked; ties go to the lower id; the busier are named', () => {
    const story = submitted({ steps: [aStep('review', { by: [rule()] })], load: { bob: 2, cid: 1, dee: 1 } });
    expect(story.asked()).toEqual(['cid']);
    expect(story.facts[1]).toMatchObject({
      exclusions: [{ personId: 'bob', reason: 'BUSIER' }, { personId: 'dee' }],
    });
  });

  test('counts the turns of this request, and passes over who may not decide', () => {
    const steps = [
      aStep('review', { by: 'bob', formula: ANY, kind: 'advise' }),
      aStep('check', { by: [rule()], formula: ANY }),
    ];
    const parallel = submitted({
      steps: [
        {
          key: 'both',
          kind: 'parallel',
          title: { en: 'both' },
          when: null,
          branches: steps.map((step) => [step]),
        },
      ],
    });
    expect(parallel.asked('check')).toEqual(['cid']);
    const interested = submitted({ steps: [aStep('review', { by: [rule()] })], by: 'bob' });
    expect(interested.asked()).toEqual(['cid']);
  });

  test('as many as asked for', () => {
    const story = submitted({ steps: [aStep('review', { by: [rule(2)] })], load: { bob: 5 } });
    expect(story.asked()).toEqual(['cid', 'dee']);
  });
});
