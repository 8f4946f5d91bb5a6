import { describe, expect, test } from '@jest/globals';
import type { Absence, Organisation } from '../../src/workflows/organisation.js';
import type { ApproverRule } from '../../src/workflows/process.js';
import { leadsBack } from '../../src/workflows/substitute-chain.js';
import {
  anOrganisation,
  aStep,
  aSubject,
  DAY,
  HOUR,
  MONDAY,
  people,
  submitted,
  type Story,
} from '../support/engine-builders.js';

/** Bob is asked, in each of five ways; ann requests. When bob is away, who has his turn? */
const OFFICE = anOrganisation({
  people: {
    ann: { manager: 'bob', department: 'sales' },
    bob: { department: 'sales', roles: ['reviewer'] },
    cid: {},
    dee: {},
    eve: {},
    fay: {},
  },
  departments: { sales: {} },
});

const ROUTES: Readonly<Record<string, ApproverRule>> = {
  user: people('bob')[0] as ApproverRule,
  role: { rule: 'role', role: 'reviewer', in: 'anywhere' },
  manager: { rule: 'manager', of: 'requester', up: 1 },
  field: { rule: 'field', field: 'lead', take: 'person' },
  pool: { rule: 'pool', of: people('bob', 'fay') },
};

/** Who stands in for whom, all away at the same time: `bob>cid cid>dee`. */
const CHAINS: Readonly<Record<string, string>> = {
  '0': 'bob>',
  '1': 'bob>cid',
  '2': 'bob>cid cid>dee',
  '3': 'bob>cid cid>dee dee>eve',
  cycle: 'bob>cid cid>bob',
  'cycle beyond': 'bob>cid cid>dee dee>cid',
  interested: 'bob>ann',
  'interested, then one who is not': 'bob>ann ann>cid',
  'away with nobody at the end': 'bob>cid cid>',
};

/** Who has bob's turn: away before submission, going while it is open, after he decided, later by a timer, handed to him
 *  while away; and after he is back from an absence that began while it was open. */
const EXPECTED = `
chain                           | before | open | decided | later | handed | returned
0                               | bob    | bob  | nobody  | bob   | bob    | bob
1                               | cid    | cid  | nobody  | cid   | cid    | bob
2                               | dee    | dee  | nobody  | dee   | dee    | bob
3                               | eve    | eve  | nobody  | eve   | eve    | bob
cycle                           | bob    | bob  | nobody  | bob   | bob    | bob
cycle beyond                    | bob    | bob  | nobody  | bob   | bob    | bob
interested                      | bob    | bob  | nobody  | bob   | bob    | bob
interested, then one who is not | cid    | cid  | nobody  | cid   | cid    | bob
away with nobody at the end     | bob    | bob  | nobody  | bob   | bob    | bob
`;

const absencesOf = (chain: string, from: Date, until: Date): Absence[] =>
  chain.split(' ').map((pair) => {
    const [personId = '', substituteId] = pair.split('>');
    return { personId, substituteId: substituteId || null, from, until, processKeys: [] };
  });
const withChain = (chain: string, from: Date, until: Date): Organisation => ({
  ...OFFICE,
  absences: absencesOf(chain, from, until),
});
const FAR = new Date(MONDAY.getTime() + 30 * DAY);

const submitTo = (rule: ApproverRule, organisation: Organisation): Story =>
  submitted({
    steps: [aStep('review', { by: [rule] })],
    organisation,
    subject: aSubject({ amount: 1, terms: 'x', lead: 'bob' }),
  });
const goes = (story: Story): unknown => story.command({ type: 'substitute', by: 'system', personId: 'bob' });

const MOMENTS: Readonly<Record<string, (rule: ApproverRule, chain: string) => Story>> = {
  before: (rule, chain) => submitTo(rule, withChain(chain, MONDAY, FAR)),
  open(rule, chain) {
    const story = submitTo(rule, OFFICE);
    story.later(HOUR);
    story.organisation = withChain(chain, story.now, FAR);
    goes(story);
    return story;
  },
  decided(rule, chain) {
    const story = submitTo(rule, OFFICE);
    story.approve('bob');
    story.organisation = withChain(chain, story.now, FAR);
    goes(story);
    return story;
  },
  later(rule, chain) {
    const begins = new Date(MONDAY.getTime() + DAY);
    const story = submitTo(rule, withChain(chain, begins, FAR));
    goes(story); // too early: nobody is away yet
    expect(story.asked()).toContain('bob');
    story.later(DAY);
    goes(story);
    return story;
  },
  handed(_rule, chain) {
    const story = submitTo(people('fay')[0] as ApproverRule, withChain(chain, MONDAY, FAR));
    story.transfer('fay', 'bob');
    return story;
  },
  returned(rule, chain) {
    const story = MOMENTS['open']!(rule, chain);
    story.later(DAY);
    story.organisation = OFFICE;
    story.command({ type: 'give-back', by: 'system', personId: 'bob' });
    return story;
  },
};

const cells = EXPECTED.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));
const [header = [], ...lines] = cells;
const rows = Object.keys(ROUTES).flatMap((route) =>
  lines.flatMap(([chain = '', ...outcomes]) =>
    outcomes.map((holder, index) => [route, chain, header[index + 1] ?? '', holder] as const),
  ),
);

test('the table says what happens in every case there is', () => {
  expect(lines.map(([chain]) => chain)).toEqual(Object.keys(CHAINS));
  expect(header.slice(1)).toEqual(Object.keys(MOMENTS));
});

test.each(rows)('asked by %s, chain %s, away %s: the turn is with %s', (route, chain, moment, holder) => {
  const story = MOMENTS[moment]!(ROUTES[route] as ApproverRule, CHAINS[chain] as string);
  const mates = route === 'pool' && moment !== 'decided' && moment !== 'handed' ? ['fay'] : [];
  const holders = holder === 'nobody' ? [] : [holder];
  expect(story.asked()).toEqual([...holders, ...mates].toSorted());
  if (holder === 'nobody') return expect(story.request.status).toBe('APPROVED');
  const { handOver } = story.assignment(holder);
  if (holder !== 'bob') expect(handOver).toEqual({ kind: 'ABSENCE', fromPersonId: 'bob' });
  story.approve(holder);
  expect(story.request.status).toBe('APPROVED');
});

describe('coming back', () => {
  const away = (chain: string): Story => MOMENTS['open']!(ROUTES['user'] as ApproverRule, chain);
  const back = (story: Story, personId = 'bob'): unknown =>
    story.command({ type: 'give-back', by: 'system', personId });

  test('what the substitute has handed on stays with whoever has it', () => {
    const story = away('bob>cid');
    story.delegate('cid', 'eve');
    story.organisation = OFFICE;
    back(story);
    expect(story.asked()).toEqual(['eve']);
  });

  test('nor does it come back when the substitute has asked someone more', () => {
    const story = away('bob>cid');
    story.add('cid', 'BESIDE', 'eve');
    story.organisation = OFFICE;
    back(story);
    expect(story.asked()).toEqual(['cid', 'eve']);
  });

  test('nor while one is away still', () => {
    const story = away('bob>cid');
    expect(back(story)).toEqual([]);
    expect(story.asked()).toEqual(['cid']);
  });

  test('along a chain that grew: to whom is back first, and to bob when he is', () => {
    const story = away('bob>cid');
    const until = FAR;
    story.organisation = { ...OFFICE, absences: absencesOf('bob>cid cid>dee', story.now, until) };
    story.command({ type: 'substitute', by: 'system', personId: 'cid' });
    expect(story.asked()).toEqual(['dee']);
    story.organisation = { ...OFFICE, absences: absencesOf('bob>cid', MONDAY, until) };
    back(story, 'cid');
    expect(story.asked()).toEqual(['cid']);
    expect(story.assignment('cid').handOver).toEqual({ kind: 'ABSENCE', fromPersonId: 'bob' });
    story.organisation = OFFICE;
    back(story);
    expect(story.asked()).toEqual(['bob']);
    expect(story.assignment('bob').handOver).toBeNull();
  });

  test('a turn still to come is stood in for while it waits', () => {
    const story = submitted({
      steps: [aStep('review', { by: 'fay bob', formula: { mode: 'ordered', rejection: 'veto' } })],
      organisation: OFFICE,
    });
    story.organisation = withChain('bob>cid', story.now, FAR);
    goes(story);
    expect(story.asked()).toEqual(['fay']);
    story.approve('fay');
    expect(story.asked()).toEqual(['cid']);
  });

  test('a substitute who is on the step already is passed over', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid' })], organisation: OFFICE });
    story.organisation = withChain('bob>cid cid>dee', story.now, FAR);
    story.organisation = { ...OFFICE, absences: absencesOf('bob>cid', story.now, FAR) };
    goes(story);
    expect(story.asked()).toEqual(['bob', 'cid']);
  });

  test('nor is one taken whose delegated turn comes back for confirmation', () => {
    const story = submitted({
      steps: [aStep('review', { by: 'bob cid', delegation: 'confirm' })],
      organisation: OFFICE,
    });
    story.delegate('cid', 'eve');
    story.organisation = withChain('bob>cid', story.now, FAR);
    story.organisation = { ...OFFICE, absences: absencesOf('bob>cid', story.now, FAR) };
    goes(story);
    story.approve('eve');
    expect(story.asked()).toEqual(['bob', 'cid']);
  });

  test('never the same: a substitute who decided the step before is passed over', () => {
    const story = submitted({
      steps: [aStep('first', { by: 'cid' }), aStep('review', { by: 'bob', neverSameAs: ['first'] })],
      organisation: OFFICE,
    });
    story.approve('cid');
    story.organisation = withChain('bob>cid cid>dee', story.now, FAR);
    goes(story);
    expect(story.asked()).toEqual(['dee']);
  });

  test('limited to a process or a kind of subject it covers no other', () => {
    for (const limit of [{ processKeys: ['other'] }, { processKeys: [], subjectTypes: ['PLAN'] }]) {
      const [absence] = absencesOf('bob>cid', MONDAY, FAR);
      const organisation = { ...OFFICE, absences: [{ ...(absence as Absence), ...limit }] };
      expect(submitTo(ROUTES['user'] as ApproverRule, organisation).asked()).toEqual(['bob']);
    }
  });
});

describe('a leaver', () => {
  const without = (...gone: string[]): Organisation => ({
    ...OFFICE,
    people: new Map([...OFFICE.people].map(([id, one]) => [id, { ...one, active: !gone.includes(id) }])),
  });
  const leaves = (story: Story, successorId: string, organisation = without('bob')): Story => {
    story.organisation = organisation;
    story.command({ type: 'replace-leaver', by: 'fay', personId: 'bob', successorId });
    return story;
  };

  test('is replaced by the successor, for good', () => {
    const story = leaves(submitTo(ROUTES['user'] as ApproverRule, OFFICE), 'cid');
    expect(story.assignment('cid').handOver).toEqual({ kind: 'LEAVER', fromPersonId: 'bob' });
    expect(story.assignment('bob')).toMatchObject({ status: 'TRANSFERRED', reason: 'LEAVER' });
    story.command({ type: 'give-back', by: 'system', personId: 'bob' });
    expect(story.asked()).toEqual(['cid']);
  });

  test('whose successor is away, by whoever stands in for them', () => {
    const organisation = { ...without('bob'), absences: absencesOf('cid>dee', MONDAY, FAR) };
    expect(leaves(submitTo(ROUTES['user'] as ApproverRule, OFFICE), 'cid', organisation).asked()).toEqual([
      'dee',
    ]);
  });

  test('whose successor may not decide blocks the step', () => {
    const story = leaves(submitTo(ROUTES['user'] as ApproverRule, OFFICE), 'ann');
    expect(story.step('review')).toMatchObject({ status: 'BLOCKED', reason: 'LEFT' });
    story.organisation = OFFICE;
    story.unblock();
    expect(story.asked()).toEqual(['bob']);
  });

  test('whose successor decided a step that bars them blocks it as well', () => {
    const story = submitted({
      steps: [aStep('first', { by: 'cid' }), aStep('review', { by: 'bob', neverSameAs: ['first'] })],
      organisation: OFFICE,
    });
    story.approve('cid');
    expect(leaves(story, 'cid').step('review')).toMatchObject({ status: 'BLOCKED', reason: 'LEFT' });
  });

  test('is dropped where the same rule asks someone else, and only there', () => {
    const by: ApproverRule[] = [{ rule: 'role', role: 'reviewer', in: 'anywhere' }];
    const both = {
      ...OFFICE,
      grants: new Map([
        ['reviewer', ['bob', 'eve'].map((personId) => ({ personId, departmentId: null, until: null }))],
      ]),
    };
    const story = submitted({ steps: [aStep('review', { by })], organisation: both });
    leaves(story, 'ann', { ...both, people: without('bob').people });
    expect(story.asked()).toEqual(['eve']);
    const apart = leaves(
      submitted({ steps: [aStep('review', { by: 'bob eve' })], organisation: OFFICE }),
      'ann',
    );
    // Asked anew, as the organisation is now: without bob his rule names nobody.
    expect(apart.asked()).toEqual(['eve']);
    expect(apart.step('review')?.attempt).toBe(2);
  });
});

describe('a circle of substitutes', () => {
  const span = (from: number, until: number) => ({
    from: new Date(MONDAY.getTime() + from * DAY),
    until: new Date(MONDAY.getTime() + until * DAY),
  });
  const away = (personId: string, substituteId: string | null, from: number, until: number): Absence => ({
    personId,
    substituteId,
    ...span(from, until),
    processKeys: [],
  });
  test.each([
    ['oneself', [], 'bob', true],
    ['someone present', [], 'cid', false],
    ['each other at the same time', [away('cid', 'bob', 0, 5)], 'cid', true],
    ['each other, one after the other', [away('cid', 'bob', 5, 9)], 'cid', false],
    ['over a third', [away('cid', 'dee', 0, 5), away('dee', 'bob', 1, 2)], 'cid', true],
    ['over a third who is back by then', [away('cid', 'dee', 0, 2), away('dee', 'bob', 2, 5)], 'cid', false],
    ['a circle of others', [away('cid', 'dee', 0, 5), away('dee', 'cid', 0, 5)], 'cid', true],
  ])('%s', (_, absences, substitute, expected) => {
    expect(leadsBack({ absences }, 'bob', substitute, span(0, 5))).toBe(expected);
  });
});

describe('an interest is shared with whoever stands in from the start, as with one who stands in later', () => {
  const any = { mode: 'any', rejection: 'veto' } as const;
  const next = aStep('next', { by: 'bob cid', formula: any });
  const shared = { personId: 'bob', because: 'HAND_OVER' };
  const until = new Date(MONDAY.getTime() + 5 * HOUR);
  const away: Organisation = { ...OFFICE, absences: [absence('bob', 'ann', until)] };

  test('a requester who stands in shares their interest with the absent person, who decides no later step', () => {
    const steps = [aStep('own', { onRequester: 'allow' }), next];
    const atOnce = submitted({ steps, organisation: away });
    expect(atOnce.asked()).toEqual(['ann']);
    expect(atOnce.request.interests).toContainEqual(shared);
    const later = submitted({ steps, organisation: OFFICE });
    later.organisation = away;
    later.command({ type: 'substitute', by: 'system', personId: 'bob' });
    expect(later.request.interests).toEqual(atOnce.request.interests);
    for (const story of [atOnce, later]) {
      story.later(6 * HOUR);
      story.approve('ann');
      expect(story.asked()).toEqual(['cid']);
    }
  });

  test('a stand-in whose interest would reach what was decided is passed over', () => {
    const steps = [aStep('first'), aStep('own', { onRequester: 'allow' })];
    const story = submitted({ steps, organisation: OFFICE });
    story.organisation = away;
    story.approve('bob');
    expect(story.asked()).toEqual(['bob']);
    expect(story.request.interests).not.toContainEqual(shared);
    story.command({ type: 'substitute', by: 'system', personId: 'bob' });
    expect(story.asked()).toEqual(['bob']);
  });

  test('a stand-in who is asked by the ladder shares it as well', () => {
    const hour = { after: 'PT1H', in: 'calendar' } as const;
    const ladder = [{ after: hour, action: { do: 'add', who: people('bob') } }] as const;
    const steps = [aStep('own', { by: 'dee', onRequester: 'allow', due: hour, ladder, formula: any }), next];
    const story = submitted({ steps, organisation: away });
    story.fireNext();
    expect(story.asked()).toEqual(['ann', 'dee']);
    expect(story.request.interests).toContainEqual(shared);
  });
});

function absence(personId: string, substituteId: string, until: Date): Absence {
  return { personId, substituteId, from: new Date(MONDAY.getTime() - DAY), until, processKeys: [] };
}
