import { describe, expect, test } from '@jest/globals';
import { isRefusal } from '../../src/errors.js';
import { outsideBounds } from '../../src/workflows/carry-bounds.js';
import type { Carry } from '../../src/workflows/carry-over.js';
import { decide } from '../../src/workflows/decide.js';
import { evolve } from '../../src/workflows/evolve.js';
import { needsOf } from '../../src/workflows/needs.js';
import { nextYes } from '../../src/workflows/preview.js';
import type { ProcessDefinition, StepNode } from '../../src/workflows/process.js';
import {
  newRequest,
  type Fact,
  type Interest,
  type RequestState,
  type SubjectSnapshot,
  type World,
} from '../../src/workflows/request.js';
import {
  aDefinition,
  aStep,
  aSubject,
  inParallel,
  MONDAY,
  OFFICE,
  OFFICE_HOURS,
  people,
} from '../support/engine-builders.js';
import { violations } from '../support/invariants.js';

const world: World = { now: MONDAY, organisation: OFFICE, calendarOf: () => OFFICE_HOURS };
interface Told {
  readonly request: RequestState;
  readonly facts: readonly Fact[];
}
interface Given {
  readonly subject?: SubjectSnapshot;
  readonly interests?: readonly Interest[];
  readonly carry?: Carry;
}

function submit(
  definition: ProcessDefinition,
  { subject = aSubject(), interests = [], carry }: Given = {},
): Told {
  const fresh = newRequest('r', definition, MONDAY);
  const facts = decide(fresh, { type: 'submit', by: 'ann', subject, interests, comment: null, carry }, world);
  return { request: facts.reduce(evolve, fresh), facts };
}

/** Everyone who is asked says yes. */
function approve(told: Told): Told {
  let { request } = told;
  const facts = [...told.facts];
  for (let yes = nextYes(request, MONDAY); yes !== null; yes = nextYes(request, MONDAY)) {
    const made = decide(request, yes, world);
    facts.push(...made);
    request = made.reduce(evolve, request);
  }
  expect(violations(request, facts, { startedAt: MONDAY })).toEqual([]);
  return { request, facts };
}

const asked = ({ request }: Told): string[] =>
  request.assignments.filter(({ status }) => status === 'OPEN').map(({ personId }) => personId);
const carriedOver = ({ facts }: Told) => {
  const fact = facts.find(({ type }) => type === 'CARRIED_OVER');
  if (fact?.type !== 'CARRIED_OVER') return null;
  return {
    carried: fact.carried.map(({ step }) => step),
    asked: Object.fromEntries(fact.asked.map(({ step, reason }) => [step, reason])),
  };
};
const of = (source: RequestState, more: Partial<Carry> = {}): Carry => ({
  because: 'RE_APPROVAL',
  source,
  number: 'A-1',
  changed: [],
  voided: [],
  ...more,
});

const steps: StepNode[] = [
  aStep('price', { by: 'bob', dependsOn: ['amount'] }),
  aStep('wording', { by: 'cid', dependsOn: ['terms'] }),
  aStep('sign', { by: 'dee eve' }),
];
const definition = aDefinition({ steps });
const source = approve(submit(definition)).request;

describe('re-approval', () => {
  test('asks those whose fields were touched, and lets the others stand with their votes', () => {
    const told = submit(definition, { carry: of(source, { changed: ['terms'] }) });
    expect(carriedOver(told)).toEqual({ carried: ['price'], asked: { wording: 'TOUCHED', sign: 'TOUCHED' } });
    expect(asked(told)).toEqual(['cid']);
    expect(told.request.assignments[0]).toMatchObject({
      stepKey: 'price',
      personId: 'bob',
      status: 'APPROVED',
      reason: 'CARRIED',
      comment: 'carried from A-1',
    });
    expect(approve(told).request.status).toBe('APPROVED');
  });

  test('of what has not changed is approved at once, by facts that say whose approval stands', () => {
    const told = submit(definition, { carry: of(source) });
    expect(told.request.status).toBe('APPROVED');
    expect(told.facts.map(({ type }) => type)).toEqual(['SUBMITTED', 'CARRIED_OVER', 'ENDED']);
    expect(violations(told.request, told.facts, { startedAt: MONDAY })).toEqual([]);
  });

  test('carries what was carried, and still knows in whose name', () => {
    const again = submit(definition, { carry: of(source) }).request;
    const interests: Interest[] = [{ personId: 'eve', because: 'LAST_AUTHOR' }];
    const third = submit(definition, { carry: of(again), interests });
    expect(carriedOver(third)).toEqual({ carried: ['price', 'wording'], asked: { sign: 'INTEREST' } });
  });

  test('asks a step anew that the process says otherwise by now; words and due times are no difference', () => {
    const reworded = aDefinition({
      version: 2,
      steps: [{ ...steps[0]!, title: { en: 'Other words' } }, ...steps.slice(1)],
    });
    expect(submit(reworded, { carry: of(source) }).request.status).toBe('APPROVED');
    const redefined = aDefinition({
      version: 2,
      steps: [aStep('price', { by: 'fay', dependsOn: ['amount'] }), ...steps.slice(1)],
    });
    expect(carriedOver(submit(redefined, { carry: of(source) }))?.asked).toEqual({ price: 'REDEFINED' });
    const other = aDefinition({ key: 'other', steps });
    expect(carriedOver(submit(other, { carry: of(source) }))?.carried).toEqual([]);
  });

  test('an approval whose rule names a touched field is asked again, although it does not say that it depends on it', () => {
    const byLead = aDefinition({
      steps: [
        aStep('lead', { by: [{ rule: 'field', field: 'lead', take: 'person' }], dependsOn: ['amount'] }),
      ],
    });
    const before = approve(submit(byLead, { subject: aSubject({ amount: 1, lead: 'bob' }) })).request;
    const subject = aSubject({ amount: 1, lead: 'cid' });
    expect(asked(submit(byLead, { subject, carry: of(before, { changed: ['lead'] }) }))).toEqual(['cid']);
  });

  test('a condition counts by its answer: one that still holds voids nothing, one that holds no longer skips', () => {
    const small = aDefinition({
      steps: [
        aStep('small', { when: 'subject.amount < 500.0', dependsOn: ['terms'] }),
        aStep('any', { by: 'cid', dependsOn: ['amount'] }),
      ],
    });
    const before = approve(submit(small)).request;
    const still = submit(small, {
      subject: aSubject({ amount: 200, terms: 'net 30' }),
      carry: of(before, { changed: ['amount'] }),
    });
    expect(carriedOver(still)).toEqual({ carried: ['small'], asked: { any: 'TOUCHED' } });
    const large = submit(small, {
      subject: aSubject({ amount: 900, terms: 'net 30' }),
      carry: of(before, { changed: ['amount'] }),
    });
    expect(large.request.steps.map(({ key, status }) => [key, status])).toEqual([
      ['small', 'SKIPPED'],
      ['any', 'OPEN'],
    ]);
  });

  test('in a parallel step the branch that stands is not asked again', () => {
    const both = aDefinition({ steps: [inParallel('both', [steps[0]!], [steps[1]!])] });
    const before = approve(submit(both)).request;
    const told = submit(both, { carry: of(before, { changed: ['amount'] }) });
    expect(asked(told)).toEqual(['bob']);
    expect(approve(told).request.status).toBe('APPROVED');
  });

  test('who stands for a later step by an approval carried may not decide what that step is kept apart from', () => {
    const apart = aDefinition({
      steps: [
        aStep('draft', {
          by: people('bob', 'cid'),
          formula: { mode: 'any', rejection: 'veto' },
          dependsOn: ['amount'],
        }),
        aStep('check', {
          by: people('bob', 'cid'),
          formula: { mode: 'any', rejection: 'veto' },
          neverSameAs: ['draft'],
          dependsOn: ['terms'],
        }),
      ],
    });
    const before = approve(submit(apart)).request;
    const checker = before.assignments.findLast(({ status }) => status === 'APPROVED')!.personId;
    const told = submit(apart, { carry: of(before, { changed: ['amount'] }) });
    expect(carriedOver(told)?.carried).toEqual(['check']);
    expect(asked(told)).toEqual(['bob', 'cid'].filter((id) => id !== checker));
  });

  test('the requester may withdraw while nobody has said anything new', () => {
    const until = aDefinition({ steps, withdrawal: 'until-first-decision' });
    const { request } = submit(until, { carry: of(approve(submit(until)).request, { changed: ['terms'] }) });
    expect(decide(request, { type: 'withdraw', by: 'ann', comment: null }, world).at(-1)).toMatchObject({
      type: 'ENDED',
      outcome: 'WITHDRAWN',
    });
  });
});

describe('a follow-up document', () => {
  const next = aDefinition({
    key: 'next',
    carry: { from: 'contract', same: [] },
    steps: [
      aStep('money', { by: 'bob', dependsOn: ['amount'], carries: 'price' }),
      aStep('wording', { by: 'cid', dependsOn: ['terms'] }),
      aStep('outside', { kind: 'confirm', by: 'fay', carries: 'sign' }),
    ],
  });
  const follow = (more: Partial<Carry> = {}): Told =>
    submit(next, { carry: of(source, { because: 'FOLLOW_UP', ...more }) });

  test('takes approvals over by the keys that its steps name; a confirmation never', () => {
    expect(carriedOver(follow())).toEqual({ carried: ['money', 'wording'], asked: {} });
    expect(asked(follow())).toEqual(['fay']);
  });

  test('asks where values are outside, and where the approval is void at its source', () => {
    expect(carriedOver(follow({ changed: ['amount'] }))).toEqual({
      carried: ['wording'],
      asked: { money: 'TOUCHED' },
    });
    expect(carriedOver(follow({ voided: ['price'] }))).toEqual({
      carried: ['wording'],
      asked: { money: 'VOID' },
    });
  });

  test('keeps apart what its own process keeps apart, whoever approved before', () => {
    const one = approve(submit(aDefinition({ steps: [aStep('a'), aStep('b')] }))).request;
    const apart = aDefinition({
      key: 'apart',
      carry: { from: 'contract', same: [] },
      steps: [aStep('a', { by: 'bob cid' }), aStep('b', { by: 'bob dee', neverSameAs: ['a'] })],
    });
    const told = submit(apart, { carry: of(one, { because: 'FOLLOW_UP' }) });
    expect(carriedOver(told)).toEqual({ carried: ['a'], asked: { b: 'NEVER_SAME_AS' } });
    expect(asked(told)).toEqual(['dee']);
  });
});

test('an amount is inside to the cent, also where a double has no cents left', () => {
  const content = (exactAmount: string) => ({ amount: Number(exactAmount), exactAmount, lines: [] });
  const outside = (approved: string, amount: string): string[] =>
    outsideBounds('CONTRACT', { ...content(approved), projectId: '' }, content(amount));
  expect(outside('95000.00', '95000.00')).toEqual([]);
  expect(outside('95000.00', '95000.01')).toEqual(['amount', 'exactAmount']);
  expect(outside('9999999999999999.98', '9999999999999999.99')).toEqual(['amount', 'exactAmount']);
});

describe('files with a decision', () => {
  const demanding = aDefinition({ steps: [aStep('proof', { requireAttachment: ['APPROVE'] })] });
  const { request } = submit(demanding);
  const yes = {
    type: 'decide',
    by: 'bob',
    ordinal: 1,
    action: 'APPROVE',
    comment: null,
    evidence: null,
  } as const;

  test('are demanded where the step says so, and go into the record before the decision', () => {
    expect(needsOf(demanding.steps[0] as never, 'APPROVE')).toEqual(['ATTACHMENT']);
    expect(needsOf(demanding.steps[0] as never, 'REJECT')).toEqual([]);
    let code: string | undefined;
    try {
      decide(request, yes, world);
    } catch (error) {
      code = isRefusal(error) ? error.code : undefined;
    }
    expect(code).toBe('ATTACHMENT_REQUIRED');
    const facts = decide(request, { ...yes, files: [{ fileId: 'f', digest: 'd' }] }, world);
    expect(facts.map(({ type }) => type)).toEqual(['ATTACHED', 'DECIDED', 'STEP_CLOSED', 'ENDED']);
    expect(facts.reduce(evolve, request).attachments).toEqual([
      { fileId: 'f', digest: 'd', by: 'bob', ordinal: 1 },
    ]);
  });
});
