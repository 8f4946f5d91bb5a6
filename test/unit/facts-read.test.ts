import { describe, expect, test } from '@jest/globals';
import type { AuthorityTable } from '../../src/workflows/authority.js';
import { fieldsOfRules, sensitiveFields } from '../../src/workflows/condition-shape.js';
import { factsRead, type FactsRead } from '../../src/workflows/facts-read.js';
import type { ApproverRule, DecisionStep } from '../../src/workflows/process.js';
import type { World } from '../../src/workflows/request.js';
import {
  aDefinition,
  anOrganisation,
  aStep,
  aSubject,
  OFFICE_HOURS,
  people,
  submitted,
} from '../support/engine-builders.js';

// Ann of sales asks; her chain is mia, then gus. The shop is below sales.
const ORGANISATION = {
  ...anOrganisation({
    people: {
      ann: { manager: 'mia', department: 'shop' },
      mia: { manager: 'gus', department: 'sales' },
      gus: { department: 'company' },
      bob: { manager: 'dee', department: 'sales' },
      dee: { department: 'finance', roles: ['finance'] },
      eve: { department: 'finance', roles: ['finance'] },
    },
    departments: {
      company: { head: 'gus' },
      sales: { parent: 'company', head: 'mia' },
      shop: { parent: 'sales', head: 'bob' },
      finance: { parent: 'company', head: 'dee' },
    },
  }),
  groups: new Map([['board', ['gus', 'dee']]]),
};
const MANUAL: AuthorityTable = {
  key: 'manual',
  title: { en: 'Manual' },
  rows: [
    {
      matter: 'spending',
      level: {},
      measures: { amount: { below: 1000 } },
      approvers: [{ rule: 'head', of: 'subject', up: 1 }],
    },
    {
      matter: 'spending',
      level: {},
      measures: {},
      approvers: [{ rule: 'field', field: 'lead', take: 'person' }],
    },
    { matter: 'hiring', level: {}, measures: { terms: {} }, approvers: people('gus') },
  ],
};

/** What a second step with this rule reads, after dee has decided the first. */
function read(rule: ApproverRule, more: Partial<DecisionStep> = {}): FactsRead {
  const first = aStep('first', { by: 'dee' });
  const story = submitted({
    definition: aDefinition({ steps: [first, aStep('last', { by: 'gus' })], authority: { manual: MANUAL } }),
    organisation: ORGANISATION,
    subject: aSubject({ amount: 100, terms: 'net 30', lead: 'bob' }, 'shop'),
  });
  story.approve('dee');
  const world: World = {
    now: story.now,
    organisation: ORGANISATION,
    calendarOf: () => OFFICE_HOURS,
    load: new Map([['dee', 3]]),
  };
  return factsRead(aStep('asked', { by: [rule], ...more }), story.request, world);
}
/** But for what is noted of every person found. */
const noted = (facts: FactsRead): Record<string, unknown> =>
  Object.fromEntries(Object.entries(facts).filter(([name]) => !/^(active|absence|interests)/.test(name)));

describe('what the answer of a rule rests on', () => {
  test.each<[string, ApproverRule, Record<string, unknown>]>([
    ['role', { rule: 'role', role: 'finance', in: 'anywhere' }, { 'role:finance': ['dee', 'eve'] }],
    [
      'manager',
      { rule: 'manager', of: 'requester', up: 1 },
      { 'manager:ann': 'mia', 'manager:mia': 'gus', 'manager:gus': null },
    ],
    [
      'managers of a field',
      { rule: 'managers', of: { field: 'lead' } },
      { 'field:lead': 'bob', 'manager:bob': 'dee', 'manager:dee': null },
    ],
    [
      'head of the requester',
      { rule: 'head', of: 'requester', up: 1 },
      { 'department:ann': 'shop', 'parent:shop': 'sales', 'head:sales': 'mia' },
    ],
    ['head of the subject', { rule: 'head', of: 'subject', up: 0 }, { 'head:shop': 'bob' }],
    ['members of the subject', { rule: 'members', of: 'subject' }, { 'members:shop': ['ann'] }],
    [
      'members of the requester',
      { rule: 'members', of: 'requester' },
      { 'department:ann': 'shop', 'members:shop': ['ann'] },
    ],
    ['field', { rule: 'field', field: 'lead', take: 'person' }, { 'field:lead': 'bob' }],
    [
      'manager of a field',
      { rule: 'field', field: 'lead', take: 'manager' },
      { 'field:lead': 'bob', 'manager:bob': 'dee' },
    ],
    [
      'head of a field',
      { rule: 'field', field: 'lead', take: 'head' },
      { 'field:lead': 'bob', 'department:bob': 'sales', 'head:sales': 'mia' },
    ],
    ['decider', { rule: 'decider', step: 'first' }, { 'deciders:first': ['dee'] }],
    ['group', { rule: 'group', key: 'board' }, { 'group:board': ['dee', 'gus'] }],
    ['requester-choice', { rule: 'requester-choice', among: null, min: 0, max: 1 }, { 'choice:asked': [] }],
    [
      'expression',
      { rule: 'expression', people: 'holders("finance")' },
      { 'expression:holders("finance")': ['dee', 'eve'] },
    ],
    [
      'authority',
      { rule: 'authority', table: 'manual', matter: 'spending' },
      {
        'field:amount': 100,
        'field:lead': 'bob',
        'parent:shop': 'sales',
        'parent:sales': 'company',
        'parent:company': null,
        'head:sales': 'mia',
      },
    ],
    [
      'least-loaded',
      { rule: 'least-loaded', of: [{ rule: 'role', role: 'finance', in: 'anywhere' }], count: 1 },
      { 'role:finance': ['dee', 'eve'], 'load:dee': 3, 'load:eve': 0 },
    ],
    ['pool', { rule: 'pool', of: [{ rule: 'group', key: 'board' }] }, { 'group:board': ['dee', 'gus'] }],
    ['user', people('eve')[0]!, {}],
  ])('%s', (_, rule, expected) => {
    const facts = noted(read(rule, { onRequester: 'allow' }));
    expect(facts).toEqual(expected);
  });

  test('and on everyone found, who else must be kept apart, and the requester where their manager is asked', () => {
    const facts = read(people('ann')[0]!, { neverSameAs: ['first'] });
    expect(facts).toMatchObject({
      'active:ann': true,
      'absence:ann': null,
      'manager:ann': 'mia',
      'active:mia': true,
      'deciders:first': ['dee'],
      interests: ['ann'],
    });
  });
});

describe('the fields by which a rule finds people', () => {
  const definition = aDefinition({
    steps: [],
    authority: { manual: MANUAL },
    fieldTypes: { amount: 'double', terms: 'string', lead: 'string' },
  });
  const fields = (rule: ApproverRule): string[] => fieldsOfRules(aStep('one', { by: [rule] }), definition);

  test.each<[string, ApproverRule, string[]]>([
    ['field', { rule: 'field', field: 'lead', take: 'head' }, ['lead']],
    ['manager of a field', { rule: 'manager', of: { field: 'lead' }, up: 1 }, ['lead']],
    ['managers of the owner', { rule: 'managers', of: 'owner' }, ['ownerId']],
    ['manager of the requester', { rule: 'manager', of: 'requester', up: 1 }, []],
    [
      'expression',
      { rule: 'expression', people: 'subject.amount > 5.0 ? [subject.lead] : holders("finance")' },
      ['amount', 'lead'],
    ],
    ['authority', { rule: 'authority', table: 'manual', matter: 'spending' }, ['amount', 'lead']],
    ['authority of another matter', { rule: 'authority', table: 'manual', matter: 'hiring' }, ['terms']],
    ['within a pool', { rule: 'pool', of: [{ rule: 'field', field: 'lead', take: 'person' }] }, ['lead']],
    ['role', { rule: 'role', role: 'finance', in: 'anywhere' }, []],
  ])('%s', (_, rule, expected) => {
    expect(fields(rule).toSorted()).toEqual(expected);
    const sensitive = sensitiveFields({ ...definition, steps: [aStep('one', { by: [rule] })] });
    expect(sensitive).toEqual(expected.filter((field) => field !== 'ownerId'));
  });
});
