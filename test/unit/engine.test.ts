import { describe, expect, test } from '@jest/globals';
import { assignmentPermissions, requestPermissions } from '../../src/workflows/permit.js';
import { conditionProblem, holds } from '../../src/workflows/condition.js';
import { outcomeOf } from '../../src/workflows/formula.js';
import type { ApproverRule } from '../../src/workflows/process.js';
import { ballotsOf, newRequest, type StepState } from '../../src/workflows/request.js';
import { decide, refusalOf } from '../../src/workflows/decide.js';
import {
  aDefinition,
  anOrganisation,
  aStep,
  aSubject,
  DAY,
  HOUR,
  inParallel,
  MONDAY,
  OFFICE,
  OFFICE_HOURS,
  people,
  submitted,
  tells,
} from '../support/engine-builders.js';

const refused = (code: string) => expect.objectContaining({ code });
const ANY = { mode: 'any', rejection: 'veto' } as const;
const ALL = { mode: 'all', rejection: 'veto' } as const;
const ORDERED = { mode: 'ordered', rejection: 'veto' } as const;
const days = (count: number) => ({ after: `P${count}D`, in: 'calendar' }) as const;
/** The office with some people or rows changed. */
const officeWith = (change: Partial<typeof OFFICE>) => ({ ...OFFICE, revision: 2, ...change });
const without = (...gone: string[]) =>
  officeWith({
    people: new Map(
      [...OFFICE.people].map(([id, person]) => [id, { ...person, active: !gone.includes(id) }]),
    ),
  });
const away = (
  person: string,
  substitute: string | null,
  from = MONDAY,
  until = new Date(MONDAY.getTime() + 9 * DAY),
) => ({
  personId: person,
  substituteId: substitute,
  from,
  until,
  processKeys: [],
});

describe('submitting', () => {
  test('asks the approvers of the first step and no others', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid' }), aStep('sign', { by: 'dee' })] });
    expect(story.asked()).toEqual(['bob', 'cid']);
    expect(story.step('sign')).toBeUndefined();
    expect(story.request).toMatchObject({ status: 'PENDING', round: 1, requesterId: 'ann' });
  });

  test('with no step that applies approves at once, and the facts say why', () => {
    const story = submitted({ steps: [aStep('review', { when: 'subject.amount > 1000.0' })] });
    expect(story.request.status).toBe('APPROVED');
    expect(story.step('review')).toMatchObject({ status: 'SKIPPED', reason: 'CONDITION' });
  });

  test('skips a step whose condition does not hold and goes on', () => {
    const story = submitted({
      steps: [aStep('finance', { when: 'subject.amount > 1000.0', by: 'dee' }), aStep('sign')],
    });
    expect(story.asked()).toEqual(['bob']);
  });

  test('is refused when a condition reads a field that is missing; nothing is skipped in silence', () => {
    const steps = [aStep('review', { when: 'subject.terms == "net 30"' })];
    expect(() => submitted({ steps, subject: aSubject({ amount: 1 }) })).toThrow(refused('CONDITION_FAILED'));
  });

  test('twice is refused, and nothing else can come first', () => {
    const story = submitted({});
    const again = { type: 'submit', by: 'ann', subject: aSubject(), interests: [], comment: null } as const;
    expect(() => story.command(again)).toThrow(refused('ALREADY_SUBMITTED'));
    const world = { now: MONDAY, organisation: OFFICE, calendarOf: () => OFFICE_HOURS };
    const blank = newRequest('r', story.request.definition, MONDAY);
    expect(() => decide(blank, { type: 'unblock', by: 'system' }, world)).toThrow(refused('NOT_FOUND'));
  });

  test('always gives the requester an interest, even when the caller forgets it', () => {
    const story = submitted({
      interests: [],
      steps: [aStep('review', { by: 'ann bob', onRequester: 'skip' })],
    });
    expect(story.request.interests).toEqual([{ personId: 'ann', because: 'REQUESTER' }]);
    expect(story.asked()).toEqual(['bob']);
  });

  test('tells the people of a notify step once and waits for none of them', () => {
    const story = submitted({ steps: [tells('inform', 'eve', 'fay', 'eve'), aStep('review')] });
    expect(story.effects).toContainEqual(
      expect.objectContaining({ message: 'INFORMED', people: ['eve', 'fay'] }),
    );
    expect(story.asked()).toEqual(['bob']);
  });
});

describe('deciding', () => {
  test('the last approval ends the request and the subject hears of it', () => {
    const story = submitted({ steps: [aStep('review'), aStep('sign', { by: 'dee' })] });
    story.approve('bob');
    expect(story.request.status).toBe('PENDING');
    story.approve('dee', { comment: 'fine' });
    expect(story.request).toMatchObject({ status: 'APPROVED', endedAt: story.now });
    expect(story.effects).toContainEqual({ type: 'SUBJECT', event: 'APPROVED' });
    expect(story.assignment('dee')).toMatchObject({
      decidedById: 'dee',
      comment: 'fine',
      decidedAt: story.now,
    });
  });

  test('any: the first approval decides and the others are cancelled, saying why', () => {
    const story = submitted({
      steps: [aStep('review', { by: 'bob cid', formula: ANY }), aStep('sign', { by: 'dee' })],
    });
    story.approve('cid');
    expect(story.assignment('bob')).toMatchObject({ status: 'CANCELLED', reason: 'STEP_DECIDED' });
    expect(story.asked()).toEqual(['dee']);
  });

  test('ordered: each is asked after the one before, and a rejection asks nobody further', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid dee', formula: ORDERED })] });
    expect(story.asked()).toEqual(['bob']);
    story.approve('bob');
    expect(story.asked()).toEqual(['cid']);
    story.reject('cid');
    expect(story.assignment('dee')).toMatchObject({ status: 'CANCELLED', openedAt: null });
    expect(story.request.status).toBe('REJECTED');
  });

  test('m-of-n ends as soon as enough have approved, and outvoted rejections stay recorded', () => {
    const formula = { mode: 'm-of-n', m: 2, rejection: 'majority' } as const;
    const story = submitted({ steps: [aStep('review', { by: 'bob cid dee eve fay', formula })] });
    story.reject('bob');
    story.reject('cid');
    story.approve('dee');
    expect(story.request.status).toBe('PENDING');
    story.approve('eve');
    expect(story.request.status).toBe('APPROVED');
    expect(story.assignment('bob').status).toBe('REJECTED');
  });

  test('a decided step can be computed again from its assignments, the ones left unasked included', () => {
    const formula = { mode: 'm-of-n', m: 2, rejection: 'majority' } as const;
    const story = submitted({ steps: [aStep('review', { by: 'bob cid dee eve fay', formula })] });
    for (const who of ['bob', 'cid']) story.reject(who);
    for (const who of ['dee', 'eve']) story.approve(who);
    const ballots = ballotsOf(story.request, story.step('review') as StepState);
    expect(ballots.map((ballot) => ballot.verdict)).toEqual(['REJECT', 'REJECT', 'APPROVE', 'APPROVE', null]);
    expect(outcomeOf(formula, ballots)).toBe('APPROVED');
  });

  test('abstaining leaves the count; the last one who could decide may not abstain', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid' })] });
    story.abstain('bob');
    expect(() => story.abstain('cid')).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.approve('cid');
    expect(story.request.status).toBe('APPROVED');
  });

  test('a delegate who only proposed is nobody who could decide in place of an abstention', () => {
    const story = submitted({ steps: [aStep('review', { delegation: 'confirm' })] });
    story.delegate('bob', 'eve');
    story.approve('eve');
    expect(() => story.abstain('bob')).toThrow(refused('ACTION_NOT_ALLOWED'));
  });

  test('so many abstain that nobody can approve: blocked, and administrators are told', () => {
    const formula = { mode: 'm-of-n', m: 2, rejection: 'majority' } as const;
    const story = submitted({ steps: [aStep('review', { by: 'bob cid', formula })] });
    story.abstain('bob');
    expect(story.step('review')).toMatchObject({ status: 'BLOCKED', reason: 'UNDECIDABLE' });
    expect(story.effects).toContainEqual(
      expect.objectContaining({ message: 'BLOCKED', people: 'administrators' }),
    );
    story.unblock();
    expect(story.asked()).toEqual(['bob', 'cid']);
  });

  test('a formula that the people found cannot meet blocks before anyone is bothered', () => {
    const formula = { mode: 'm-of-n', m: 2, rejection: 'veto' } as const;
    const story = submitted({ steps: [aStep('review', { by: 'bob', formula })] });
    expect(story.step('review')).toMatchObject({ status: 'BLOCKED', reason: 'UNDECIDABLE' });
    expect(story.request.assignments).toEqual([]);
    story.unblock();
    expect(story.facts).toHaveLength(2);
  });

  test('only the person asked decides, only while asked, and only what the step knows', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid', formula: ORDERED })] });
    const approve = { type: 'decide', ordinal: 1, action: 'APPROVE', comment: null, evidence: null } as const;
    expect(() => story.command({ ...approve, by: 'dee' })).toThrow(refused('NOT_YOUR_ASSIGNMENT'));
    expect(() => story.command({ ...approve, ordinal: 9, by: 'dee' })).toThrow(refused('NOT_FOUND'));
    expect(() => story.approve('cid')).toThrow(refused('ASSIGNMENT_NOT_OPEN'));
    expect(() => story.confirm('bob', { evidence: 'mail' })).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.approve('bob');
    expect(() => story.approve('bob')).toThrow(refused('ASSIGNMENT_NOT_OPEN'));
    story.approve('cid');
    expect(() => story.approve('cid')).toThrow(refused('REQUEST_ENDED'));
  });

  test('viewerCan gives the answers of decide', () => {
    const story = submitted({ steps: [aStep('review', { transfer: 'forbidden' })] });
    const allowed = assignmentPermissions(story.request, 1, 'bob').filter((one) => one.allowed);
    expect(allowed.map((one) => one.action)).toEqual([
      'APPROVE',
      'REJECT',
      'RETURN',
      'DELEGATE',
      'ADD_APPROVER',
      'ASK',
    ]);
    expect(assignmentPermissions(story.request, 1, 'cid').every((one) => !one.allowed)).toBe(true);
    expect(requestPermissions(story.request, 'ann', MONDAY).map((one) => one.allowed)).toEqual([
      false,
      true,
      true,
      false,
      true,
      true,
      true,
    ]);
    const world = { now: MONDAY, organisation: OFFICE, calendarOf: () => OFFICE_HOURS };
    expect(refusalOf(story.request, { type: 'nudge', by: 'ann', comment: null }, world)).toBeNull();
    expect(refusalOf(story.request, { type: 'nudge', by: 'bob', comment: null }, world)?.code).toBe(
      'NOT_THE_REQUESTER',
    );
  });

  test('a comment is demanded where the definition says so', () => {
    const always = submitted({ steps: [aStep('review', { requireComment: 'always' })] });
    expect(() => always.approve('bob')).toThrow(refused('COMMENT_REQUIRED'));
    const onNo = submitted({ steps: [aStep('review', { requireComment: 'on-rejection' })] });
    expect(() => onNo.reject('bob')).toThrow(refused('COMMENT_REQUIRED'));
    onNo.approve('bob');
    expect(onNo.request.status).toBe('APPROVED');
  });

  test('confirming for an outside party needs evidence, filing needs a number', () => {
    const story = submitted({
      steps: [aStep('customer', { kind: 'confirm' }), aStep('filing', { kind: 'file', by: 'eve' })],
    });
    expect(() => story.confirm('bob')).toThrow(refused('EVIDENCE_REQUIRED'));
    story.confirm('bob', { evidence: 'mail of 2 March' });
    expect(() => story.file('eve')).toThrow(refused('FILING_NUMBER_REQUIRED'));
    story.file('eve', { evidence: 'CN-7' });
    expect(story.assignment('eve')).toMatchObject({ status: 'FILED', evidence: 'CN-7' });
    expect(story.request.status).toBe('APPROVED');
  });

  test('an outside party can say no; a clerk cannot', () => {
    const story = submitted({ steps: [aStep('customer', { kind: 'confirm' })] });
    story.reject('bob');
    expect(story.request.status).toBe('REJECTED');
    const filing = submitted({ steps: [aStep('filing', { kind: 'file' })] });
    expect(() => filing.reject('bob')).toThrow(refused('ACTION_NOT_ALLOWED'));
  });
});

describe('an opinion', () => {
  test('blocks nothing: the next step opens at once, and the end cancels what was not given', () => {
    const story = submitted({ steps: [aStep('opinion', { kind: 'advise', by: 'eve fay' }), aStep('sign')] });
    expect(story.asked()).toEqual(['bob', 'eve', 'fay']);
    expect(() => story.approve('eve')).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.advise('eve', { comment: 'careful with clause 4' });
    story.approve('bob');
    expect(story.request.status).toBe('APPROVED');
    expect(story.assignment('fay')).toMatchObject({ status: 'CANCELLED', reason: 'REQUEST_APPROVED' });
  });

  test('closes when all have given it, in turn where the step is ordered', () => {
    const story = submitted({
      steps: [aStep('opinion', { kind: 'advise', by: 'eve fay', formula: ORDERED }), aStep('sign')],
    });
    story.advise('eve');
    expect(story.asked('opinion')).toEqual(['fay']);
    story.advise('fay');
    expect(story.step('opinion')?.status).toBe('APPROVED');
    expect(story.request.status).toBe('PENDING');
  });

  test('that nobody can give is recorded, and the flow goes on', () => {
    const story = submitted({ steps: [aStep('opinion', { kind: 'advise', by: 'nobody' }), aStep('sign')] });
    expect(story.step('opinion')?.status).toBe('BLOCKED');
    expect(story.asked()).toEqual(['bob']);
    story.approve('bob');
    expect(story.request.status).toBe('APPROVED');
  });

  test('is no decision: the requester can still withdraw', () => {
    const steps = [aStep('opinion', { kind: 'advise', by: 'eve fay' }), aStep('sign')];
    const story = submitted({ definition: aDefinition({ withdrawal: 'until-first-decision', steps }) });
    story.advise('eve');
    story.withdraw();
    expect(story.request.status).toBe('WITHDRAWN');
  });
});

describe('rejection', () => {
  test('ends the request, or returns it, as the definition says', () => {
    const ends = submitted({});
    ends.reject('bob', { comment: 'no' });
    expect(ends.request.status).toBe('REJECTED');
    const returns = submitted({ steps: [aStep('review', { onRejection: 'return' })] });
    returns.reject('bob');
    expect(returns.request.status).toBe('RETURNED');
    expect(returns.effects).toContainEqual({ type: 'SUBJECT', event: 'RETURNED' });
  });

  test("tells the requester the rejector's words", () => {
    const ends = submitted({});
    ends.reject('bob', { comment: 'too dear' });
    expect(ends.facts.at(-1)).toMatchObject({ type: 'ENDED', by: 'bob', comment: 'too dear' });
    const returns = submitted({ steps: [aStep('review', { onRejection: 'return' })] });
    returns.reject('bob', { comment: 'too dear' });
    expect(returns.facts.at(-1)).toMatchObject({ type: 'RETURNED', by: 'bob', comment: 'too dear' });
  });

  test('in one branch cancels the others', () => {
    const both = inParallel('both', [aStep('legal', { by: 'fay' })], [aStep('finance', { by: 'dee' })]);
    const story = submitted({ steps: [both, aStep('sign')] });
    expect(story.asked()).toEqual(['dee', 'fay']);
    story.reject('fay');
    expect(story.request.status).toBe('REJECTED');
    expect(story.assignment('dee')).toMatchObject({ status: 'CANCELLED', reason: 'REQUEST_REJECTED' });
    expect(story.step('both')?.status).toBe('CANCELLED');
  });
});

describe('parallel branches', () => {
  const both = inParallel(
    'both',
    [aStep('draft', { by: 'eve' }), aStep('legal', { by: 'fay' })],
    [aStep('finance', { by: 'dee' })],
  );

  test('must all end before the next step opens', () => {
    const story = submitted({ steps: [both, aStep('sign')] });
    story.approve('dee');
    story.approve('eve');
    expect(story.asked()).toEqual(['fay']);
    story.approve('fay');
    expect(story.step('both')?.status).toBe('APPROVED');
    expect(story.asked()).toEqual(['bob']);
  });

  test('a return into a branch that had ended enters it again and leaves the sibling alone', () => {
    const story = submitted({ steps: [both, aStep('sign')] });
    for (const who of ['dee', 'eve', 'fay']) story.approve(who);
    story.giveBack('bob', 'legal');
    expect(story.asked()).toEqual(['fay']);
    expect(story.step('both')).toMatchObject({ status: 'OPEN', attempt: 2 });
    expect(story.step('finance')).toMatchObject({ status: 'APPROVED', attempt: 1 });
    story.approve('fay');
    expect(story.asked()).toEqual(['bob']);
  });

  test('a return inside one branch leaves the sibling alone', () => {
    const story = submitted({ steps: [both, aStep('sign')] });
    story.approve('eve');
    story.giveBack('fay', 'draft');
    expect(story.asked()).toEqual(['dee', 'eve']);
    expect(story.step('finance')?.attempt).toBe(1);
  });

  test('a step of a sibling branch is no earlier step', () => {
    const story = submitted({ steps: [both, aStep('sign')] });
    story.approve('eve');
    expect(() => story.giveBack('dee', 'draft')).toThrow(refused('BAD_USER_INPUT'));
  });
});

describe('returning', () => {
  const three = [aStep('one', { by: 'bob' }), aStep('two', { by: 'cid' }), aStep('three', { by: 'dee' })];

  test('to the requester needs a comment and closes everything', () => {
    const story = submitted({ steps: three });
    const silent = { type: 'return', by: 'bob', ordinal: 1, toStep: null, comment: null } as const;
    expect(() => story.command(silent)).toThrow(refused('COMMENT_REQUIRED'));
    story.giveBack('bob');
    expect(story.request).toMatchObject({ status: 'RETURNED', returnedById: 'bob' });
    expect(story.asked()).toEqual([]);
    expect(() => story.approve('bob')).toThrow(refused('REQUEST_RETURNED'));
  });

  test('to an earlier step asks again from there on', () => {
    const story = submitted({ steps: three });
    story.approve('bob');
    story.approve('cid');
    story.giveBack('dee', 'one');
    expect(story.asked()).toEqual(['bob']);
    expect(story.request.status).toBe('PENDING');
    story.approve('bob');
    story.approve('cid');
    story.approve('dee');
    expect(story.request.status).toBe('APPROVED');
    expect(story.request.steps.map((step) => `${step.key} ${step.attempt} ${step.status}`)).toEqual([
      'one 1 RETURNED',
      'two 1 RETURNED',
      'three 1 RETURNED',
      'one 2 APPROVED',
      'two 2 APPROVED',
      'three 2 APPROVED',
    ]);
  });

  test('previous names the step decided last, over one that was skipped', () => {
    const skipped = aStep('skipped', { when: 'false', by: 'eve' });
    const story = submitted({ steps: [...three.slice(0, 2), skipped, ...three.slice(2)] });
    story.approve('bob');
    expect(() => story.giveBack('cid', 'skipped')).toThrow(refused('BAD_USER_INPUT'));
    story.approve('cid');
    story.giveBack('dee', 'previous');
    expect(story.asked()).toEqual(['cid']);
  });

  test('to a later step, to itself, or from the first step to a previous one is refused', () => {
    const story = submitted({ steps: three });
    for (const target of ['previous', 'one', 'three', 'nowhere']) {
      expect(() => story.giveBack('bob', target)).toThrow(refused('BAD_USER_INPUT'));
    }
  });

  test('an approval does not carry into the step that was returned to', () => {
    const steps = [aStep('one'), aStep('two', { onRepeat: 'carry' }), aStep('three', { by: 'dee' })];
    const story = submitted({ steps });
    story.approve('bob');
    expect(story.asked()).toEqual(['dee']);
    story.giveBack('dee', 'two');
    expect(story.asked()).toEqual(['bob']);
  });
});

describe('resubmitting', () => {
  const two = [
    aStep('price', { by: 'bob', dependsOn: ['amount'] }),
    aStep('wording', { by: 'cid', dependsOn: ['terms'] }),
    aStep('sign', { by: 'dee' }),
  ];
  const returnedBy = (resubmission: 'restart' | 'continue' | 'changed-only', steps = two) => {
    const story = submitted({ definition: aDefinition({ resubmission, steps }) });
    story.approve('bob');
    story.approve('cid');
    story.giveBack('dee');
    return story;
  };

  test('restart asks everybody again, in the next round', () => {
    const story = returnedBy('restart');
    story.resubmit();
    expect(story.request).toMatchObject({ status: 'PENDING', round: 2 });
    expect(story.asked()).toEqual(['bob']);
  });

  test('continue goes on where it stopped', () => {
    const story = returnedBy('continue');
    story.resubmit({ amount: 5, terms: 'cash' });
    expect(story.asked()).toEqual(['dee']);
    expect(story.step('price')).toMatchObject({ status: 'APPROVED', reason: 'CARRIED', round: 2 });
  });

  test('changed-only asks those whose fields were touched, and the trail says so', () => {
    const story = returnedBy('changed-only');
    const facts = story.resubmit({ amount: 100, terms: 'cash' });
    expect(story.asked()).toEqual(['cid']);
    expect(facts[0]).toMatchObject({ type: 'RESUBMITTED', carried: ['price'], changed: ['terms'] });
  });

  test('changed-only carries a step without dependsOn only when nothing changed', () => {
    const steps = [aStep('price'), aStep('wording', { by: 'cid' }), aStep('sign', { by: 'dee' })];
    const same = returnedBy('changed-only', steps);
    same.resubmit({ terms: 'net 30', amount: 100 });
    expect(same.asked()).toEqual(['dee']);
    const changed = returnedBy('changed-only', steps);
    changed.resubmit({ terms: 'net 30', amount: 101 });
    expect(changed.asked()).toEqual(['bob']);
  });

  test('changed-only drops an approval whose condition no longer holds', () => {
    const steps = [aStep('price', { dependsOn: ['amount'], when: 'round == 1' }), ...two.slice(1)];
    const story = returnedBy('changed-only', steps);
    const facts = story.resubmit();
    expect(facts[0]).toMatchObject({ carried: ['wording'] });
    expect(story.step('price')?.status).toBe('SKIPPED');
  });

  test('an approval by someone who has an interest by now never carries', () => {
    const story = returnedBy('continue');
    story.resubmit(undefined, [
      { personId: 'ann', because: 'REQUESTER' },
      { personId: 'bob', because: 'LAST_AUTHOR' },
    ]);
    expect(story.step('price')).toMatchObject({ status: 'BLOCKED' });
  });

  test('nor does one that was carried before it came to that', () => {
    const story = returnedBy('continue');
    story.resubmit();
    story.giveBack('dee');
    story.resubmit(undefined, [
      { personId: 'ann', because: 'REQUESTER' },
      { personId: 'bob', because: 'LAST_AUTHOR' },
    ]);
    expect(story.step('price')).toMatchObject({ status: 'BLOCKED', round: 3 });
  });

  test('nor does one given for somebody who has an interest by now', () => {
    const organisation = officeWith({ absences: [away('bob', 'eve')] });
    const story = submitted({
      organisation,
      definition: aDefinition({ resubmission: 'continue', steps: two }),
    });
    story.approve('eve');
    story.giveBack('cid');
    story.resubmit(undefined, [
      { personId: 'ann', because: 'REQUESTER' },
      { personId: 'bob', because: 'LAST_AUTHOR' },
    ]);
    expect(story.step('price')).toMatchObject({ status: 'BLOCKED' });
  });

  test('is for the requester of a returned request', () => {
    const story = submitted({});
    expect(() => story.resubmit()).toThrow(refused('REQUEST_NOT_RETURNED'));
    story.giveBack('bob');
    const theirs = {
      type: 'resubmit',
      by: 'bob',
      subject: aSubject(),
      interests: [],
      comment: null,
    } as const;
    expect(() => story.command(theirs)).toThrow(refused('NOT_THE_REQUESTER'));
  });

  test('reminders and ladder work again after a return', () => {
    const reminders = [{ when: 'before', offset: { after: 'PT4H', in: 'calendar' } }] as const;
    const story = submitted({ steps: [aStep('review', { due: days(2), reminders })] });
    story.giveBack('bob');
    expect(story.timers).toEqual([]);
    story.later(DAY);
    story.resubmit();
    expect(story.timers).toHaveLength(1);
    expect(story.fireNext()[0]).toMatchObject({ type: 'REMINDED', people: ['bob'] });
  });
});

describe('withdrawing', () => {
  test('any time, by the requester only', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid' })] });
    story.approve('bob');
    expect(() => story.withdraw('bob')).toThrow(refused('NOT_THE_REQUESTER'));
    story.withdraw();
    expect(story.request.status).toBe('WITHDRAWN');
    expect(() => story.withdraw()).toThrow(refused('REQUEST_ENDED'));
  });

  test('until the first decision', () => {
    const steps = [aStep('review', { by: 'bob cid' })];
    const story = submitted({ definition: aDefinition({ withdrawal: 'until-first-decision', steps }) });
    story.approve('bob');
    expect(() => story.withdraw()).toThrow(refused('WITHDRAWAL_CLOSED'));
    story.giveBack('cid');
    story.withdraw();
    expect(story.request.status).toBe('WITHDRAWN');
  });

  test('until a named step is reached', () => {
    const steps = [aStep('review'), aStep('sign', { by: 'cid' }), aStep('file', { kind: 'file', by: 'dee' })];
    const story = submitted({ definition: aDefinition({ withdrawal: { untilStep: 'sign' }, steps }) });
    expect(refusalOf(story.request, { type: 'withdraw', by: 'ann', comment: null }, worldOf())).toBeNull();
    story.approve('bob');
    expect(() => story.withdraw()).toThrow(refused('WITHDRAWAL_CLOSED'));
    const past = submitted({ definition: aDefinition({ withdrawal: { untilStep: 'review' }, steps }) });
    expect(() => past.withdraw()).toThrow(refused('WITHDRAWAL_CLOSED'));
  });

  test('an administrator cancels with a reason, and an ended request never changes again', () => {
    const story = submitted({});
    expect(() => story.command({ type: 'cancel', by: 'gus', comment: null })).toThrow(
      refused('COMMENT_REQUIRED'),
    );
    story.command({ type: 'cancel', by: 'gus', comment: 'duplicate' });
    expect(story.request.status).toBe('CANCELLED');
    expect(story.unblock()).toEqual([]);
    expect(() => story.command({ type: 'cancel', by: 'gus', comment: 'again' })).toThrow(
      refused('REQUEST_ENDED'),
    );
  });

  const worldOf = () => ({ now: MONDAY, organisation: OFFICE, calendarOf: () => OFFICE_HOURS });
});

describe('handing over', () => {
  test('a delegate decides for the delegator, where that counts', () => {
    const story = submitted({});
    story.delegate('bob', 'eve');
    expect(story.assignment('bob').status).toBe('DELEGATED');
    expect(story.assignment('eve')).toMatchObject({
      status: 'OPEN',
      handOver: { kind: 'DELEGATION', fromPersonId: 'bob' },
      previousOrdinal: 1,
    });
    story.approve('eve');
    expect(story.request.status).toBe('APPROVED');
  });

  test('or comes back for confirmation, and only the confirmation counts', () => {
    const story = submitted({ steps: [aStep('review', { delegation: 'confirm' })] });
    story.delegate('bob', 'eve');
    story.approve('eve', { comment: 'fine by me' });
    expect(story.request.status).toBe('PENDING');
    expect(story.asked()).toEqual(['bob']);
    expect(() => story.delegate('bob', 'fay')).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.reject('bob');
    expect(story.request.status).toBe('REJECTED');
  });

  test('a delegate of a delegate answers back along the whole chain', () => {
    const story = submitted({ steps: [aStep('review', { delegation: 'confirm' })] });
    story.delegate('bob', 'eve');
    story.delegate('eve', 'fay');
    story.approve('fay');
    expect(story.asked()).toEqual(['eve']);
    story.approve('eve');
    expect(story.asked()).toEqual(['bob']);
    story.approve('bob');
    expect(story.request.status).toBe('APPROVED');
  });

  test('a delegate can not escape the confirmation by a transfer or a return', () => {
    const story = submitted({ steps: [aStep('review', { delegation: 'confirm' })] });
    story.delegate('bob', 'eve');
    story.transfer('eve', 'fay');
    story.giveBack('fay');
    expect(story.request.status).toBe('PENDING');
    expect(story.facts.at(-1)).toMatchObject({ type: 'DELEGATE_ANSWERED', proposal: 'RETURNED' });
    expect(story.asked()).toEqual(['bob']);
  });

  test('a transfer is for good, and whoever waited for the giver waits for the taker', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid', formula: ORDERED })] });
    story.transfer('bob', 'eve');
    expect(story.asked()).toEqual(['eve']);
    expect(() => story.approve('bob')).toThrow(refused('ASSIGNMENT_NOT_OPEN'));
    story.approve('eve');
    expect(story.asked()).toEqual(['cid']);
  });

  test('is refused to the requester, to a leaver, to a stranger, and to someone on the step already', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid' })], organisation: without('eve') });
    expect(() => story.transfer('bob', 'ann')).toThrow(refused('INTERESTED_PERSON'));
    expect(() => story.delegate('bob', 'eve')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    expect(() => story.delegate('bob', 'zed')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    expect(() => story.delegate('bob', 'cid')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    story.transfer('bob', 'fay');
    expect(() => story.transfer('fay', 'bob')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
  });

  test('is refused where the definition forbids it', () => {
    const story = submitted({ steps: [aStep('review', { delegation: 'forbidden', transfer: 'forbidden' })] });
    expect(() => story.delegate('bob', 'eve')).toThrow(refused('ACTION_NOT_ALLOWED'));
    expect(() => story.transfer('bob', 'eve')).toThrow(refused('ACTION_NOT_ALLOWED'));
  });

  test('is refused to one who decided a step that bars them', () => {
    const story = submitted({
      steps: [aStep('draft', { by: 'eve' }), aStep('sign', { neverSameAs: ['draft'] })],
    });
    story.approve('eve');
    expect(() => story.transfer('bob', 'eve')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
  });
});

describe('adding an approver', () => {
  test('beside adds one more vote', () => {
    const all = submitted({});
    all.add('bob', 'BESIDE', 'eve');
    all.approve('bob');
    expect(all.request.status).toBe('PENDING');
    all.approve('eve');
    expect(all.request.status).toBe('APPROVED');
    const any = submitted({ steps: [aStep('review', { formula: ANY })] });
    any.add('bob', 'BESIDE', 'eve');
    any.approve('eve');
    expect(any.request.status).toBe('APPROVED');
  });

  test.each([ANY, ALL, ORDERED])('before: the adder waits, then decides ($mode)', (formula) => {
    const story = submitted({ steps: [aStep('review', { formula })] });
    story.add('bob', 'BEFORE', 'eve');
    expect(story.asked()).toEqual(['eve']);
    expect(story.assignment('bob').status).toBe('WAITING');
    story.approve('eve');
    expect(story.asked()).toEqual(['bob']);
    story.approve('bob');
    expect(story.request.status).toBe('APPROVED');
  });

  test.each([ANY, ALL, ORDERED])('after: the step waits for the one added ($mode)', (formula) => {
    const story = submitted({ steps: [aStep('review', { formula })] });
    story.add('bob', 'AFTER', 'eve');
    expect(story.asked()).toEqual(['bob']);
    story.approve('bob');
    expect(story.asked()).toEqual(['eve']);
    story.reject('eve');
    expect(story.request.status).toBe('REJECTED');
  });

  test('after means after, also when others vote first or the adder hands over', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid dee' })] });
    story.add('bob', 'AFTER', 'eve');
    story.approve('cid');
    expect(story.asked()).toEqual(['bob', 'dee']);
    story.transfer('bob', 'fay');
    story.approve('dee');
    expect(story.asked()).toEqual(['fay']);
    story.approve('fay');
    expect(story.asked()).toEqual(['eve']);
  });

  test('an approver added before or after never stands in for one of the count', () => {
    const formula = { mode: 'm-of-n', m: 2, rejection: 'majority' } as const;
    const story = submitted({ steps: [aStep('review', { by: 'bob cid dee', formula })] });
    story.add('bob', 'AFTER', 'eve');
    story.approve('bob');
    story.approve('eve');
    expect(story.request.status).toBe('PENDING');
    story.approve('dee');
    expect(story.request.status).toBe('APPROVED');
  });

  test('in an ordered step the next one waits for everyone added to the turn before', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid', formula: ORDERED })] });
    story.add('bob', 'AFTER', 'eve');
    story.add('bob', 'BESIDE', 'fay');
    story.approve('bob');
    expect(story.asked()).toEqual(['eve', 'fay']);
    story.approve('fay');
    expect(story.asked()).toEqual(['eve']);
    story.approve('eve');
    expect(story.asked()).toEqual(['cid']);
  });

  test('one added before may add another before themselves', () => {
    const story = submitted({ steps: [aStep('review', { formula: ANY })] });
    story.add('bob', 'BEFORE', 'eve');
    story.add('eve', 'BEFORE', 'fay');
    story.approve('fay');
    story.approve('eve');
    expect(story.asked()).toEqual(['bob']);
  });

  test('is refused for the requester, for someone asked already, and in an opinion', () => {
    const story = submitted({
      steps: [aStep('opinion', { kind: 'advise', by: 'fay' }), aStep('review', { by: 'bob cid' })],
    });
    expect(() => story.add('bob', 'BESIDE', 'ann')).toThrow(refused('INTERESTED_PERSON'));
    expect(() => story.add('bob', 'BESIDE', 'cid')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    expect(() => story.add('fay', 'BESIDE', 'eve')).toThrow(refused('ACTION_NOT_ALLOWED'));
  });
});

describe('nudging', () => {
  test('tells the open approvers, at most once an hour', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid', formula: ORDERED })] });
    expect(story.nudge()[0]).toMatchObject({ type: 'NUDGED', people: ['bob'] });
    story.later(HOUR - 1);
    expect(() => story.nudge()).toThrow(refused('NUDGED_RECENTLY'));
    story.later(1);
    story.nudge();
    expect(() => story.nudge('bob')).toThrow(refused('NOT_THE_REQUESTER'));
  });

  test('is refused when nobody is asked', () => {
    const story = submitted({ steps: [aStep('review', { by: 'nobody' })] });
    expect(() => story.nudge()).toThrow(refused('ACTION_NOT_ALLOWED'));
  });
});

describe('nobody left', () => {
  const vacant = { by: [{ rule: 'role', role: 'treasurer', in: 'anywhere' }] } as const;

  test('block: administrators are told at once, and it opens when the role is filled', () => {
    const story = submitted({ steps: [aStep('review', vacant)] });
    expect(story.step('review')).toMatchObject({ status: 'BLOCKED', reason: 'NOBODY' });
    expect(story.effects).toContainEqual(
      expect.objectContaining({ message: 'BLOCKED', people: 'administrators' }),
    );
    expect(story.unblock()).toEqual([]);
    story.organisation = officeWith({
      grants: new Map([['treasurer', [{ personId: 'eve', departmentId: null, until: null }]]]),
    });
    story.unblock();
    expect(story.asked()).toEqual(['eve']);
    expect(story.request.steps.map((step) => step.status)).toEqual(['CANCELLED', 'OPEN']);
  });

  test('skip goes on and says so', () => {
    const story = submitted({ steps: [aStep('review', { ...vacant, onNobody: 'skip' }), aStep('sign')] });
    expect(story.step('review')).toMatchObject({ status: 'SKIPPED', reason: 'NOBODY' });
    expect(story.asked()).toEqual(['bob']);
  });

  test('skip is for nobody, not for a rule that cannot be met or a requester who is asked', () => {
    const formula = { mode: 'm-of-n', m: 2, rejection: 'veto' } as const;
    const few = submitted({ steps: [aStep('review', { formula, onNobody: 'skip' })] });
    expect(few.step('review')?.status).toBe('BLOCKED');
    const own = submitted({
      steps: [aStep('review', { by: 'ann', onRequester: 'block', onNobody: 'skip' })],
    });
    expect(own.step('review')?.status).toBe('BLOCKED');
  });

  test('reject decides the step so: the request ends or is returned, and nobody is told of a block', () => {
    const story = submitted({ steps: [aStep('review', { ...vacant, onNobody: 'reject' })] });
    expect(story.request.status).toBe('REJECTED');
    expect(story.step('review')).toMatchObject({ status: 'REJECTED', reason: 'NOBODY' });
    expect(story.effects.filter((effect) => effect.type === 'SEND').map((effect) => effect.message)).toEqual([
      'ENDED',
    ]);
    const returned = submitted({
      steps: [aStep('review', { ...vacant, onNobody: 'reject', onRejection: 'return' })],
    });
    expect(returned.request.status).toBe('RETURNED');
  });

  test('assign asks by another rule, also when it is unblocked later', () => {
    const assign = { assign: people('eve') };
    expect(submitted({ steps: [aStep('review', { ...vacant, onNobody: assign })] }).asked()).toEqual(['eve']);
    const later = submitted({
      steps: [aStep('review', { ...vacant, onNobody: assign })],
      organisation: without('eve'),
    });
    expect(later.step('review')?.status).toBe('BLOCKED');
    later.organisation = OFFICE;
    later.unblock();
    expect(later.asked()).toEqual(['eve']);
  });

  test('the other rule is no way around a block', () => {
    const onNobody = { assign: people('ann', 'eve') };
    const story = submitted({ steps: [aStep('review', { ...vacant, onNobody, onRequester: 'block' })] });
    expect(story.step('review')).toMatchObject({ status: 'BLOCKED', reason: 'REQUESTER_IS_APPROVER' });
  });
});

describe('the approver is the requester', () => {
  const asks = (onRequester: 'manager' | 'skip' | 'block' | 'allow', by = 'ann bob') =>
    submitted({ steps: [aStep('review', { by, onRequester })] });

  test('manager: their manager is asked instead', () => {
    const story = asks('manager');
    expect(story.asked()).toEqual(['bob', 'gus']);
    expect(story.assignment('gus').rule).toBe('user:ann@example.test → manager of the requester');
  });

  test('skip: they are left out, and the exclusion is recorded', () => {
    const story = asks('skip');
    expect(story.asked()).toEqual(['bob']);
    expect(story.facts[1]).toMatchObject({ exclusions: [{ personId: 'ann', reason: 'INTEREST' }] });
  });

  test('block: nobody is asked', () => {
    expect(asks('block').step('review')).toMatchObject({
      status: 'BLOCKED',
      reason: 'REQUESTER_IS_APPROVER',
    });
  });

  test('allow: they may decide, whatever else makes them interested', () => {
    const interests = [
      { personId: 'ann', because: 'OWNER' },
      { personId: 'ann', because: 'REQUESTER' },
    ] as const;
    const story = submitted({ interests, steps: [aStep('review', { by: 'ann', onRequester: 'allow' })] });
    story.approve('ann');
    expect(story.request.status).toBe('APPROVED');
  });

  test('allow lifts nobody else', () => {
    const interests = [
      { personId: 'ann', because: 'REQUESTER' },
      { personId: 'bob', because: 'BENEFICIARY' },
    ] as const;
    const story = submitted({ interests, steps: [aStep('review', { by: 'bob', onRequester: 'allow' })] });
    expect(story.step('review')?.status).toBe('BLOCKED');
  });

  test('their substitute does not decide for them', () => {
    const organisation = officeWith({ absences: [away('ann', 'eve')] });
    expect(submitted({ organisation, steps: [aStep('review', { by: 'ann' })] }).asked()).toEqual(['gus']);
    expect(
      submitted({ organisation, steps: [aStep('review', { by: 'ann', onRequester: 'skip' })] }).step('review')
        ?.status,
    ).toBe('BLOCKED');
  });

  test('what they may decide they may hand over, and the taker shares their interest elsewhere', () => {
    const steps = [
      aStep('check', { by: 'ann', onRequester: 'allow' }),
      aStep('sign', { by: 'eve bob', onRequester: 'skip' }),
    ];
    const story = submitted({ steps });
    story.transfer('ann', 'eve');
    expect(story.request.interests).toContainEqual({ personId: 'eve', because: 'HAND_OVER' });
    story.approve('eve');
    expect(story.asked('sign')).toEqual(['bob']);
    story.giveBack('bob');
    story.resubmit();
    expect(story.request.interests).toContainEqual({ personId: 'eve', because: 'HAND_OVER' });
  });

  test('a hand-over from the requester never reaches someone whose vote it would spoil', () => {
    const steps = [aStep('first', { by: 'eve' }), aStep('check', { by: 'ann bob', onRequester: 'allow' })];
    const story = submitted({ steps });
    story.approve('eve');
    expect(() => story.transfer('ann', 'eve')).toThrow(refused('INTERESTED_PERSON'));
    expect(story.transfer('ann', 'fay')).toHaveLength(1);
  });

  test('nor does one to the requester by someone who has voted elsewhere', () => {
    const steps = [aStep('first', { by: 'eve' }), aStep('check', { by: 'eve bob', onRequester: 'allow' })];
    const story = submitted({ steps });
    story.approve('eve');
    expect(() => story.transfer('eve', 'ann')).toThrow(refused('INTERESTED_PERSON'));
    story.transfer('bob', 'ann');
    story.approve('ann');
    expect(story.request.interests).toContainEqual({ personId: 'bob', because: 'HAND_OVER' });
  });

  test('nor to someone for whom another person votes elsewhere', () => {
    const steps = [aStep('first', { by: 'eve' }), aStep('check', { by: 'ann bob', onRequester: 'allow' })];
    const story = submitted({ steps, organisation: officeWith({ absences: [away('eve', 'fay')] }) });
    story.approve('fay');
    expect(() => story.transfer('ann', 'eve')).toThrow(refused('INTERESTED_PERSON'));
  });

  test('interest allow lifts the rule for the whole definition', () => {
    const story = submitted({
      definition: aDefinition({ interest: 'allow', steps: [aStep('review', { by: 'ann' })] }),
    });
    story.approve('ann');
    expect(story.request.status).toBe('APPROVED');
  });
});

describe('absence', () => {
  const asked = (
    absences: ReturnType<typeof away>[],
    interests?: readonly { personId: string; because: 'REQUESTER' | 'OWNER' }[],
  ) => submitted({ organisation: officeWith({ absences }), ...(interests ? { interests } : {}) });

  test('the substitute is asked, on behalf of the one away', () => {
    const story = asked([away('bob', 'eve')]);
    expect(story.assignment('eve').handOver).toEqual({ kind: 'ABSENCE', fromPersonId: 'bob' });
  });

  test('chains are followed to the first who is present; a cycle ends with the person', () => {
    expect(asked([away('bob', 'eve'), away('eve', 'fay')]).asked()).toEqual(['fay']);
    expect(asked([away('bob', 'eve'), away('eve', 'bob')]).asked()).toEqual(['bob']);
  });

  test('an interested substitute is passed over', () => {
    expect(asked([away('bob', 'ann'), away('ann', 'fay')]).asked()).toEqual(['fay']);
    expect(asked([away('bob', 'ann')]).asked()).toEqual(['bob']);
  });

  test('one who is kept apart from a step neither stands in for another nor has another stand in', () => {
    const barred = submitted({
      organisation: officeWith({ absences: [away('bob', 'cid')] }),
      steps: [aStep('draft', { by: 'cid' }), aStep('sign', { by: 'bob', neverSameAs: ['draft'] })],
    });
    barred.approve('cid');
    expect(barred.asked()).toEqual(['bob']);

    const soon = new Date(MONDAY.getTime() + HOUR);
    const gone = submitted({
      organisation: officeWith({ absences: [away('cid', 'fay', soon)] }),
      steps: [
        aStep('draft', { by: 'cid' }),
        aStep('middle', { by: 'eve' }),
        aStep('sign', { by: 'cid dee', neverSameAs: ['draft'] }),
      ],
    });
    gone.approve('cid');
    gone.later(2 * HOUR);
    gone.approve('eve');
    expect(gone.asked()).toEqual(['dee']);
  });

  test('only within its time and for its processes', () => {
    expect(asked([away('bob', 'eve', MONDAY, MONDAY)]).asked()).toEqual(['bob']);
    expect(asked([away('bob', 'eve', MONDAY, new Date(MONDAY.getTime() + 1))]).asked()).toEqual(['eve']);
    expect(asked([{ ...away('bob', 'eve'), processKeys: ['other'] } as never]).asked()).toEqual(['bob']);
    expect(asked([{ ...away('bob', 'eve'), processKeys: ['contract-review'] } as never]).asked()).toEqual([
      'eve',
    ]);
  });

  test('one person never counts twice, not as a substitute either', () => {
    const organisation = officeWith({ absences: [away('bob', 'cid')] });
    const story = submitted({ organisation, steps: [aStep('review', { by: 'bob cid' })] });
    expect(story.asked()).toEqual(['cid']);
    expect(story.facts[1]).toMatchObject({ exclusions: [{ personId: 'cid', reason: 'DUPLICATE' }] });
  });
});

describe('approver rules', () => {
  const company = anOrganisation({
    people: {
      ann: { manager: 'bob', department: 'shop' },
      bob: { manager: 'cid', department: 'shop' },
      cid: { manager: 'dee', department: 'sales', roles: ['director'] },
      dee: { manager: 'bob', department: 'company' },
      eve: { department: 'sales' },
      fay: { department: 'company' },
      gus: { department: 'shop', inactive: true },
    },
    departments: {
      company: { head: 'dee' },
      sales: { parent: 'company', head: 'cid' },
      shop: { parent: 'sales', head: 'bob' },
      island: {},
    },
    grants: [
      { role: 'finance', person: 'gus', department: 'shop' },
      { role: 'finance', person: 'eve', department: 'sales' },
      { role: 'finance', person: 'fay', department: 'company' },
      { role: 'legal', person: 'fay' },
      { role: 'legal', person: 'dee', department: 'company' },
      { role: 'expired', person: 'eve', until: MONDAY },
    ],
  });
  const whom = (
    rule: ApproverRule,
    content: Record<string, unknown> = { lead: 'cid' },
    department = 'shop',
  ) =>
    submitted({
      organisation: company,
      subject: aSubject(content, department),
      steps: [aStep('review', { by: [rule], onRequester: 'skip' })],
    }).asked();

  test('role anywhere, in the department, and in the nearest department up the tree that has one', () => {
    expect(whom({ rule: 'role', role: 'finance', in: 'anywhere' })).toEqual(['eve', 'fay']);
    expect(whom({ rule: 'role', role: 'finance', in: 'subject-department' }, {}, 'company')).toEqual(['fay']);
    expect(whom({ rule: 'role', role: 'finance', in: 'subject-department' })).toEqual([]);
    expect(whom({ rule: 'role', role: 'finance', in: 'nearest' })).toEqual(['eve']);
    expect(whom({ rule: 'role', role: 'finance', in: 'nearest' }, {}, 'company')).toEqual(['fay']);
  });

  test('a holder without a department counts for the root, beside those of the root', () => {
    expect(whom({ rule: 'role', role: 'legal', in: 'nearest' })).toEqual(['dee', 'fay']);
    expect(whom({ rule: 'role', role: 'director', in: 'nearest' }, {}, 'island')).toEqual(['cid']);
  });

  test('an expired grant is no role', () => {
    expect(whom({ rule: 'role', role: 'expired', in: 'anywhere' })).toEqual([]);
  });

  test('head of the department, or levels above it', () => {
    expect(whom({ rule: 'head', of: 'subject', up: 0 })).toEqual(['bob']);
    expect(whom({ rule: 'head', of: 'requester', up: 2 })).toEqual(['dee']);
    expect(whom({ rule: 'head', of: 'subject', up: 9 })).toEqual([]);
  });

  test('members of the department, the requester aside and leavers out', () => {
    expect(whom({ rule: 'members', of: 'subject' })).toEqual(['bob']);
  });

  test('the manager, levels up, also of the owner and of a field', () => {
    expect(whom({ rule: 'manager', of: 'requester', up: 1 })).toEqual(['bob']);
    expect(whom({ rule: 'manager', of: 'owner', up: 2 })).toEqual(['cid']);
    expect(whom({ rule: 'manager', of: { field: 'lead' }, up: 1 })).toEqual(['dee']);
    expect(whom({ rule: 'manager', of: 'requester', up: 9 })).toEqual([]);
  });

  test('every manager up to a level or a role; a loop in the data ends', () => {
    expect(whom({ rule: 'managers', of: 'requester' })).toEqual(['bob', 'cid', 'dee']);
    expect(whom({ rule: 'managers', of: 'requester', levels: 2 })).toEqual(['bob', 'cid']);
    expect(whom({ rule: 'managers', of: 'requester', untilRole: 'director' })).toEqual(['bob', 'cid']);
  });

  test('a field of the subject, that person’s manager, or their department’s head', () => {
    expect(whom({ rule: 'field', field: 'lead', take: 'person' })).toEqual(['cid']);
    expect(whom({ rule: 'field', field: 'lead', take: 'manager' })).toEqual(['dee']);
    expect(whom({ rule: 'field', field: 'lead', take: 'head' }, { lead: 'eve' })).toEqual(['cid']);
    expect(whom({ rule: 'field', field: 'lead', take: 'person' }, {})).toEqual([]);
  });

  test('whoever decided an earlier step the last time; not who abstained or only proposed', () => {
    const steps = [
      aStep('check', { by: 'bob cid', delegation: 'confirm' }),
      aStep('again', { by: [{ rule: 'decider', step: 'check' }] }),
    ];
    const story = submitted({ organisation: company, steps });
    story.abstain('cid');
    story.delegate('bob', 'eve');
    story.approve('eve');
    story.approve('bob');
    expect(story.asked('again')).toEqual(['bob']);
  });

  test('leavers and strangers are left out with their reason; the same person is asked once', () => {
    const by = [
      ...people('gus', 'bob'),
      { rule: 'manager', of: 'requester', up: 1 } as const,
      { rule: 'field', field: 'lead', take: 'person' } as const,
    ];
    const story = submitted({
      organisation: company,
      subject: aSubject({ lead: 'zed' }),
      steps: [aStep('review', { by })],
    });
    expect(story.facts[1]).toMatchObject({
      exclusions: [
        { personId: 'gus', reason: 'INACTIVE' },
        { personId: 'bob', reason: 'DUPLICATE' },
        { personId: 'zed', reason: 'UNKNOWN' },
      ],
    });
  });

  test('never-same-as holds for the whole request, also once the earlier decision is undone; a vote taken back is none', () => {
    const steps = [
      aStep('draft', { by: 'bob dee', formula: { mode: 'any', rejection: 'veto' } }),
      aStep('check', { by: 'bob cid', neverSameAs: ['draft'] }),
    ];
    const back = submitted({ steps });
    back.approve('bob');
    back.giveBack('cid', 'draft');
    back.approve('dee');
    expect(back.asked()).toEqual(['cid']);
    const round = submitted({ steps });
    round.approve('bob');
    round.giveBack('cid');
    round.resubmit();
    round.approve('dee');
    expect(round.asked()).toEqual(['cid']);
    const taken = submitted({ steps });
    taken.approve('bob');
    taken.command({ type: 'revoke', by: 'bob', ordinal: taken.ordinalOf('bob', 'draft'), comment: null });
    taken.approve('dee', { step: 'draft' });
    expect(taken.asked()).toEqual(['bob', 'cid']);
  });

  test('never-same-as leaves out who decided the earlier step, also when both are open at once', () => {
    const later = submitted({
      steps: [aStep('draft'), aStep('check', { by: 'bob cid', neverSameAs: ['draft'] })],
    });
    later.approve('bob');
    expect(later.asked()).toEqual(['cid']);
    const check = aStep('check', { by: 'bob cid', neverSameAs: ['draft'] });
    const atOnce = submitted({ steps: [inParallel('both', [aStep('draft')], [check])] });
    atOnce.approve('bob', { step: 'draft' });
    expect(() => atOnce.approve('bob', { step: 'check' })).toThrow(refused('ACTION_NOT_ALLOWED'));
  });
});

describe('the person already approved this round', () => {
  const steps = (
    onRepeat: 'ask' | 'carry' | 'carry-if-adjacent',
    between: readonly ReturnType<typeof aStep>[] = [],
  ) => [aStep('one'), ...between, aStep('two', { by: 'bob cid', onRepeat })];

  test('ask: again', () => {
    const story = submitted({ steps: steps('ask') });
    story.approve('bob');
    expect(story.asked()).toEqual(['bob', 'cid']);
  });

  test('carry: their approval counts, and says where it came from', () => {
    const story = submitted({ steps: steps('carry', [aStep('middle', { by: 'dee' })]) });
    story.approve('bob');
    story.approve('dee');
    expect(story.asked()).toEqual(['cid']);
    expect(story.assignment('bob')).toMatchObject({
      status: 'APPROVED',
      comment: 'carried from one',
      reason: 'CARRIED',
    });
  });

  test('carry: not from a round before', () => {
    const held = (by: string) =>
      officeWith({ grants: new Map([['legal', [{ personId: by, departmentId: null, until: null }]]]) });
    const one = aStep('one', { by: [{ rule: 'role', role: 'legal', in: 'anywhere' }] });
    const story = submitted({
      organisation: held('bob'),
      steps: [one, aStep('two', { by: 'bob cid', onRepeat: 'carry' })],
    });
    story.approve('bob');
    story.giveBack('cid');
    story.organisation = held('eve');
    story.resubmit();
    story.approve('eve');
    expect(story.asked('two')).toEqual(['bob', 'cid']);
  });

  test('carry-if-adjacent: only from the step decided just before, over skipped ones and opinions', () => {
    const apart = submitted({ steps: steps('carry-if-adjacent', [aStep('middle', { by: 'dee' })]) });
    apart.approve('bob');
    apart.approve('dee');
    expect(apart.asked()).toEqual(['bob', 'cid']);
    const between = [
      aStep('middle', { by: 'dee', when: 'false' }),
      aStep('opinion', { kind: 'advise', by: 'eve' }),
    ];
    const next = submitted({ steps: steps('carry-if-adjacent', between) });
    next.approve('bob');
    expect(next.asked('two')).toEqual(['cid']);
  });

  test('in an ordered step a carried approval lets nobody overtake', () => {
    const two = aStep('two', { by: 'dee bob cid', onRepeat: 'carry', formula: ORDERED });
    const story = submitted({ steps: [aStep('one'), two] });
    story.approve('bob');
    expect(story.asked()).toEqual(['dee']);
    story.approve('dee');
    expect(story.asked()).toEqual(['cid']);
  });

  test('a step that carried approvals decide at once bothers nobody', () => {
    const story = submitted({
      steps: [aStep('one'), aStep('two', { by: 'bob cid', onRepeat: 'carry', formula: ANY })],
    });
    story.approve('bob');
    expect(story.request.status).toBe('APPROVED');
    const told = story.effects.flatMap((effect) =>
      effect.type === 'SEND' && effect.message === 'ASSIGNED' ? effect.people : [],
    );
    expect(told).toEqual(['bob']);
  });
});

describe('due times, reminders and the ladder', () => {
  const late = (action: object, more: object = {}) =>
    submitted({
      steps: [
        aStep('review', { due: days(1), ladder: [{ after: days(1), action: action as never }], ...more }),
        aStep('sign', { by: 'dee' }),
      ],
    });

  test('reminders come before and after the due time; one whose time has passed is not set', () => {
    const reminders = [
      { when: 'before', offset: { after: 'PT2H', in: 'calendar' } },
      { when: 'before', offset: days(5) },
      { when: 'after', offset: { after: 'PT3H', in: 'calendar' } },
    ] as const;
    const story = submitted({ steps: [aStep('review', { due: days(1), reminders })] });
    expect(story.timers.map((timer) => (timer.at.getTime() - MONDAY.getTime()) / HOUR)).toEqual([22, 27]);
    expect(story.fireNext()[0]).toMatchObject({ type: 'REMINDED', index: 0, people: ['bob'] });
    expect(story.fireNext()[0]).toMatchObject({ type: 'REMINDED', index: 2 });
    expect(() => story.fireNext()).toThrow('no timer');
  });

  test('business time leaves out nights and weekends', () => {
    const due = { after: 'PT8H', in: 'business' } as const;
    const story = submitted({ steps: [aStep('review', { due })] });
    expect(story.step('review')?.dueAt).toEqual(new Date('2026-03-03T02:00:00Z'));
  });

  test('remind and notify', () => {
    const remind = late({ do: 'remind' });
    expect(remind.fireNext()[0]).toMatchObject({
      type: 'ESCALATED',
      action: 'remind',
      people: ['bob'],
      rung: 1,
    });
    const notify = late({ do: 'notify', who: people('gus') });
    notify.fireNext();
    expect(notify.effects).toContainEqual(expect.objectContaining({ message: 'ESCALATED', people: ['gus'] }));
    expect(notify.asked()).toEqual(['bob']);
  });

  test('add: one more approver, whose vote the formula counts', () => {
    const story = late({ do: 'add', who: people('gus') });
    story.fireNext();
    expect(story.asked()).toEqual(['bob', 'gus']);
    story.approve('gus');
    expect(story.asked()).toEqual(['bob']);
    expect(story.effects).toContainEqual(expect.objectContaining({ message: 'ASSIGNED', people: ['gus'] }));
  });

  test('hand-over: the late are replaced', () => {
    const story = late({ do: 'hand-over', who: people('gus') });
    story.fireNext();
    expect(story.asked()).toEqual(['gus']);
    expect(story.assignment('bob')).toMatchObject({ status: 'CANCELLED', reason: 'ESCALATED' });
    story.approve('gus');
    expect(story.asked()).toEqual(['dee']);
  });

  test('hand-over leaves those whose turn has not come, and they wait for the one who took over', () => {
    const story = late({ do: 'hand-over', who: people('gus') }, { by: 'bob cid', formula: ORDERED });
    story.fireNext();
    expect(story.asked()).toEqual(['gus']);
    story.approve('gus');
    expect(story.asked()).toEqual(['cid']);
  });

  test('a hand-over to several in an ordered step asks them one after another', () => {
    const story = late({ do: 'hand-over', who: people('gus', 'fay') }, { by: 'bob cid', formula: ORDERED });
    story.fireNext();
    expect(story.asked()).toEqual(['gus']);
    story.approve('gus');
    expect(story.asked()).toEqual(['fay']);
    story.approve('fay');
    expect(story.asked()).toEqual(['cid']);
  });

  test('a hand-over never decides the step by itself; it adds instead', () => {
    const formula = { mode: 'm-of-n', m: 2, rejection: 'majority' } as const;
    const tooFew = late({ do: 'hand-over', who: people('gus') }, { by: 'bob cid', formula });
    tooFew.fireNext();
    expect(tooFew.asked()).toEqual(['bob', 'cid', 'gus']);
    expect(tooFew.facts.at(-1)).toMatchObject({ type: 'ESCALATED', action: 'add' });
    const outvoted = late({ do: 'hand-over', who: people('gus') }, { by: 'bob cid eve', formula });
    outvoted.reject('bob');
    outvoted.fireNext();
    expect(outvoted.request.status).toBe('PENDING');
    expect(outvoted.asked()).toEqual(['cid', 'eve', 'gus']);
  });

  test('taking over from one added after keeps the gate', () => {
    const story = late({ do: 'hand-over', who: people('gus') }, { formula: ANY });
    story.add('bob', 'AFTER', 'eve');
    story.approve('bob');
    story.fireNext();
    expect(story.asked()).toEqual(['gus']);
    expect(story.assignment('gus').required).toBe(true);
    story.reject('gus');
    expect(story.request.status).toBe('REJECTED');
  });

  test('with nobody eligible the step stays as it is and administrators are told', () => {
    const story = late({ do: 'hand-over', who: people('ann') }, { onRequester: 'skip' });
    story.fireNext();
    expect(story.asked()).toEqual(['bob']);
    expect(story.facts.at(-1)).toMatchObject({
      type: 'ESCALATED',
      people: [],
      exclusions: [{ personId: 'ann', reason: 'INTEREST' }],
    });
    expect(story.effects.at(-1)).toMatchObject({ message: 'ESCALATED', people: 'administrators' });
  });

  test('decide: by the machine actor, never as the person', () => {
    const approve = late({ do: 'decide', verdict: 'APPROVE' });
    approve.fireNext();
    expect(approve.step('review')).toMatchObject({ status: 'APPROVED', reason: 'SYSTEM' });
    expect(approve.assignment('bob')).toMatchObject({
      status: 'CANCELLED',
      decidedById: null,
      reason: 'SYSTEM_DECIDED',
    });
    expect(approve.asked()).toEqual(['dee']);
    const reject = late({ do: 'decide', verdict: 'REJECT' });
    reject.fireNext();
    expect(reject.request.status).toBe('REJECTED');
    const giveBack = late({ do: 'decide', verdict: 'RETURN' });
    giveBack.fireNext();
    expect(giveBack.request).toMatchObject({ status: 'RETURNED', returnedById: null });
  });

  test('a rejection by the machine is not laid at the door of one who was outvoted', () => {
    const formula = { mode: 'm-of-n', m: 1, rejection: 'majority' } as const;
    const story = late({ do: 'decide', verdict: 'REJECT' }, { by: 'bob cid eve', formula });
    story.reject('bob', { comment: 'not I' });
    story.fireNext();
    expect(story.facts.at(-1)).toMatchObject({
      type: 'ENDED',
      outcome: 'REJECTED',
      by: 'system',
      comment: null,
    });
  });

  test('each rung comes its delay after the one below, and climbs no higher', () => {
    const ladder = [
      { after: days(1), action: { do: 'add', who: people('eve') } },
      { after: days(2), action: { do: 'add', who: people('gus') } },
    ] as const;
    const story = submitted({ steps: [aStep('review', { due: days(1), ladder })] });
    expect(story.timers.map((timer) => (timer.at.getTime() - MONDAY.getTime()) / DAY)).toEqual([2, 4]);
    story.fireNext();
    expect(story.asked()).toEqual(['bob', 'eve']);
    const again = { type: 'timer', step: 'review', round: 1, attempt: 1, kind: 'rung', index: 0 } as const;
    expect(story.command(again)).toEqual([]);
    story.giveBack('bob');
    story.resubmit();
    expect(story.command(again)).toEqual([]);
    expect(story.asked()).toEqual(['bob']);
  });

  test('a rung acts once, late timers find it done, and one that overtakes does the work of both', () => {
    const ladder = [
      { after: days(1), action: { do: 'add', who: people('eve') } },
      { after: days(1), action: { do: 'add', who: people('gus') } },
    ] as const;
    const story = submitted({ steps: [aStep('review', { due: days(1), ladder })] });
    const rung = (index: number) =>
      ({ type: 'timer', step: 'review', round: 1, attempt: 1, kind: 'rung', index }) as const;
    expect(story.command(rung(1)).map((fact) => fact.type)).toEqual(['ESCALATED', 'ESCALATED']);
    expect(story.asked()).toEqual(['bob', 'eve', 'gus']);
    expect(story.command(rung(0))).toEqual([]);
    expect(story.command(rung(1))).toEqual([]);
    expect(story.command(rung(7))).toEqual([]);
  });

  test('a timer of a closed step, an old attempt or an old round gives nothing', () => {
    const story = submitted({
      steps: [
        aStep('review', {
          due: days(1),
          ladder: [{ after: days(1), action: { do: 'remind' } }],
          reminders: [{ when: 'before', offset: { after: 'PT1H', in: 'calendar' } }],
        }),
        aStep('sign', { by: 'dee' }),
      ],
    });
    const timer = { type: 'timer', step: 'review', round: 1, attempt: 1, kind: 'rung', index: 0 } as const;
    story.approve('bob');
    expect(story.timers).toEqual([]);
    expect(story.command(timer)).toEqual([]);
    expect(story.command({ ...timer, kind: 'reminder' })).toEqual([]);
    story.giveBack('dee', 'review');
    expect(story.command(timer)).toEqual([]);
    expect(story.command({ ...timer, attempt: 2 })).toHaveLength(1);
    expect(story.command({ ...timer, attempt: 2, round: 2 })).toEqual([]);
    expect(story.command({ ...timer, step: 'nowhere' })).toEqual([]);
    expect(story.command({ ...timer, kind: 'reminder', attempt: 2, index: 4 })).toEqual([]);
  });
});

describe('conditions', () => {
  const fields = { amount: 'double', count: 'int', urgent: 'bool', kind: 'string', tags: 'list' } as const;
  const scope = {
    subject: { amount: 120.5, count: 3, urgent: true, kind: 'a', tags: ['x'] },
    requester: { id: 'ann', department: 'sales', roles: ['clerk'] },
    round: 2,
  };

  test.each([
    ['subject.amount > 100.0', true],
    ['subject.count >= 3', true],
    ['subject.urgent && round == 2', true],
    ['"clerk" in requester.roles', true],
    ['requester.department == "legal"', false],
    ['"x" in subject.tags', true],
  ])('%s is %s', (expression, answer) => {
    expect(conditionProblem(expression, fields)).toBeNull();
    expect(holds(expression, fields, scope)).toBe(answer);
  });

  test.each(['subject.unknown == 1', 'subject.amount', 'subject.amount > ', 'nothing', 'subject.kind > 1.0'])(
    '%s is no sound question',
    (expression) => {
      expect(conditionProblem(expression, fields)).not.toBeNull();
    },
  );

  test('a missing key is an error, never false', () => {
    expect(() => holds('subject.kind == "a"', fields, { ...scope, subject: {} })).toThrow(
      refused('CONDITION_FAILED'),
    );
  });
});
