import { describe, expect, test } from '@jest/globals';
import {
  assignmentPermissions,
  overridePermissions,
  requestPermissions,
} from '../../src/workflows/permit.js';
import type { DecisionStep } from '../../src/workflows/process.js';
import type { Fact } from '../../src/workflows/request.js';
import {
  aDefinition,
  aStep,
  aSubject,
  DAY,
  HOUR,
  inParallel,
  MONDAY,
  submitted,
  tells,
  type Story,
  people,
} from '../support/engine-builders.js';

const refused = (code: string) => expect.objectContaining({ code });
const ANY = { mode: 'any', rejection: 'veto' } as const;
const ORDERED = { mode: 'ordered', rejection: 'veto' } as const;
const at = (base: Date, milliseconds: number): Date => new Date(base.getTime() + milliseconds);

const ask = (story: Story, who: string, of: string | null = null, question: string | null = 'why?'): Fact[] =>
  story.command({ type: 'ask', by: who, ordinal: story.ordinalOf(who), of, question });
const answer = (story: Story, who: string, number = 1, words: string | null = 'because'): Fact[] =>
  story.command({ type: 'answer', by: who, number, answer: words });
const pause = (story: Story, comment: string | null = 'an audit'): Fact[] =>
  story.command({ type: 'pause', by: 'gus', comment });
const resume = (story: Story): Fact[] => story.command({ type: 'resume', by: 'gus', comment: null });
const say = (story: Story, who: string, mentions: string[] = [], comment: string | null = 'hm'): Fact[] =>
  story.command({ type: 'comment', by: who, comment, mentions });
const copyIn = (story: Story, who: string, ...people: string[]): Fact[] =>
  story.command({ type: 'copy-in', by: who, people, comment: null });
const takeBack = (story: Story, who: string, step?: string): Fact[] =>
  story.command({ type: 'revoke', by: who, ordinal: story.ordinalOf(who, step), comment: null });
const remove = (story: Story, who: string, whom: string): Fact[] =>
  story.command({ type: 'remove-approver', by: who, ordinal: story.ordinalOf(whom), comment: null });
const amend = (story: Story, who: string, changes: Readonly<Record<string, unknown>>): Fact[] => {
  const subject = aSubject({ ...story.request.subject.content, ...changes });
  return story.command({
    type: 'amend',
    by: who,
    ordinal: story.ordinalOf(who),
    subject,
    comment: 'corrected',
  });
};
const reassign = (
  story: Story,
  by: string,
  from: string,
  to: string,
  comment: string | null = 'on leave',
): Fact[] => story.command({ type: 'reassign', by, ordinal: story.ordinalOf(from), toPersonId: to, comment });
const skip = (story: Story, step: string, by = 'gus', comment: string | null = 'agreed by phone'): Fact[] =>
  story.command({ type: 'skip-step', by, step, comment });
const told = (story: Story, message: string): readonly string[] =>
  story.effects.flatMap((effect) =>
    effect.type === 'SEND' && effect.message === message ? effect.people : [],
  );

/** Due after two calendar days, reminded a day before, escalated a day after. */
const timed = (more: Parameters<typeof aStep>[1] = {}): DecisionStep =>
  aStep('review', {
    due: { after: 'P2D', in: 'calendar' },
    reminders: [{ when: 'before', offset: { after: 'P1D', in: 'calendar' } }],
    ladder: [{ after: { after: 'P1D', in: 'calendar' }, action: { do: 'remind' } }],
    ...more,
  });

describe('asking for information', () => {
  test('asks the requester, stops the clock, and lets it go on with the answer as much later as it stood still', () => {
    const story = submitted({ steps: [timed()] });
    story.later(12 * HOUR);
    ask(story, 'bob');
    expect(story.request.status).toBe('PENDING');
    expect(story.timers).toEqual([]);
    expect(told(story, 'INFORMATION_REQUESTED')).toEqual(['ann']);
    story.later(5 * DAY);
    answer(story, 'ann');
    expect(story.step('review')).toMatchObject({ dueAt: at(MONDAY, 7 * DAY), clockStoppedAt: null });
    expect(story.assignment('bob').dueAt).toEqual(at(MONDAY, 7 * DAY));
    expect(story.timers.map((timer) => timer.at)).toEqual([at(MONDAY, 6 * DAY), at(MONDAY, 8 * DAY)]);
    expect(told(story, 'INFORMATION_GIVEN')).toEqual(['bob']);
    story.approve('bob');
    expect(story.request.status).toBe('APPROVED');
  });

  test('counts working time where the step does: what was left of the working day is left of the next', () => {
    const story = submitted({ steps: [aStep('review', { due: { after: 'PT6H', in: 'business' } })] });
    // Opened Monday 10:00, due 17:00 (an hour of lunch); asked at 11:00, five working hours before.
    story.later(HOUR);
    ask(story, 'bob');
    story.later(DAY - HOUR + 6 * HOUR);
    answer(story, 'ann');
    // Answered on Tuesday 16:00: two hours are left of that day, three of Wednesday.
    expect(story.step('review')?.dueAt).toEqual(new Date('2026-03-04T04:00:00Z'));
  });

  test('runs on where the definition says so', () => {
    const story = submitted({ steps: [timed({ onQuestion: 'run' })] });
    ask(story, 'bob');
    expect(story.timers).toHaveLength(2);
    story.later(DAY);
    answer(story, 'ann');
    expect(story.step('review')?.dueAt).toEqual(at(MONDAY, 2 * DAY));
  });

  test('and meanwhile chases whoever owes the answer, not who waits for it; answered, who asked', () => {
    const step = timed({
      by: 'bob cid',
      onQuestion: 'run',
      ladder: [
        { after: { after: 'P1D', in: 'calendar' }, action: { do: 'remind' } },
        { after: { after: 'P1D', in: 'calendar' }, action: { do: 'notify', who: people('gus') } },
        { after: { after: 'P1D', in: 'calendar' }, action: { do: 'remind' } },
      ],
    });
    const story = submitted({ steps: [step] });
    ask(story, 'bob', 'eve');
    const toldBy = (fact: Fact | undefined): readonly string[] =>
      fact && 'people' in fact && Array.isArray(fact.people) ? (fact.people as string[]).toSorted() : [];
    const rung = (index: number): readonly string[] =>
      toldBy(
        story
          .command({ type: 'timer', kind: 'rung', step: step.key, round: 1, attempt: 1, index })
          .find(({ type }) => type === 'ESCALATED'),
      );
    story.later(3 * DAY);
    expect(rung(0)).toEqual(['cid', 'eve']);
    expect(rung(1)).toEqual(['eve', 'gus']);
    answer(story, 'eve');
    expect(rung(2)).toEqual(['bob', 'cid']);
  });

  test('a delegated turn is chased of the delegate', () => {
    const step = timed({ ladder: [{ after: { after: 'P1D', in: 'calendar' }, action: { do: 'remind' } }] });
    const story = submitted({ steps: [step] });
    story.command({
      type: 'hand-over',
      kind: 'DELEGATION',
      by: 'bob',
      ordinal: story.ordinalOf('bob'),
      toPersonId: 'eve',
      comment: null,
    });
    story.later(4 * DAY);
    const [escalated] = story.command({
      type: 'timer',
      kind: 'rung',
      step: step.key,
      round: 1,
      attempt: 1,
      index: 0,
    });
    expect(escalated).toMatchObject({ type: 'ESCALATED', people: ['eve'] });
  });

  test('with a second question open, waits for both answers', () => {
    const story = submitted({ steps: [timed({ by: 'bob cid' })] });
    ask(story, 'bob');
    ask(story, 'cid', 'eve');
    story.later(DAY);
    answer(story, 'ann', 1);
    expect(story.timers).toEqual([]);
    story.later(DAY);
    answer(story, 'eve', 2);
    expect(story.step('review')?.dueAt).toEqual(at(MONDAY, 4 * DAY));
    expect(story.request.readers).toEqual([{ personId: 'eve', addedById: 'cid' }]);
  });

  test('lapses, and lets the clock go on, when whoever asked decides without the answer', () => {
    const story = submitted({ steps: [timed({ by: 'bob cid' })] });
    ask(story, 'bob');
    story.later(DAY);
    story.approve('bob');
    expect(story.request.questions[0]?.status).toBe('LAPSED');
    expect(story.step('review')?.dueAt).toEqual(at(MONDAY, 3 * DAY));
    expect(() => answer(story, 'ann')).toThrow(refused('QUESTION_NOT_OPEN'));
  });

  test('a due time missed before the question stays missed, and what was due acts at once', () => {
    const story = submitted({ steps: [timed()] });
    story.later(4 * DAY);
    ask(story, 'bob');
    story.later(DAY);
    answer(story, 'ann');
    expect(story.step('review')?.dueAt).toEqual(at(MONDAY, 2 * DAY));
    expect(story.timers.map((timer) => timer.at)).toEqual([story.now, story.now]);
    expect(story.fireNext()).toMatchObject([{ type: 'REMINDED' }]);
  });

  test('is refused without a question, to oneself, to a stranger, and to whoever is not asked', () => {
    const story = submitted({ steps: [timed()] });
    expect(() => ask(story, 'bob', null, null)).toThrow(refused('COMMENT_REQUIRED'));
    expect(() => ask(story, 'bob', 'bob')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    expect(() => ask(story, 'bob', 'nobody')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    expect(() => story.command({ type: 'ask', by: 'cid', ordinal: 1, of: null, question: 'x' })).toThrow(
      refused('NOT_YOUR_ASSIGNMENT'),
    );
    expect(() => answer(story, 'ann')).toThrow(refused('QUESTION_NOT_OPEN'));
    ask(story, 'bob');
    expect(() => answer(story, 'cid')).toThrow(refused('NOT_YOUR_QUESTION'));
    expect(() => answer(story, 'ann', 1, null)).toThrow(refused('COMMENT_REQUIRED'));
    const can = (who: string) =>
      requestPermissions(story.request, who, MONDAY).find((one) => one.action === 'ANSWER');
    expect(can('ann')?.allowed).toBe(true);
    expect(can('bob')?.refusal?.code).toBe('QUESTION_NOT_OPEN');
  });
});

describe('pausing', () => {
  test('stops every clock and every decision, and moves what was due by the pause', () => {
    const story = submitted({ steps: [timed()] });
    pause(story);
    expect(story.timers).toEqual([]);
    expect(() => story.approve('bob')).toThrow(refused('REQUEST_PAUSED'));
    expect(() => story.unblock()).toThrow(refused('REQUEST_PAUSED'));
    expect(told(story, 'PAUSED')).toEqual(['ann', 'bob']);
    story.later(3 * DAY);
    resume(story);
    expect(story.timers.map((timer) => timer.at)).toEqual([at(MONDAY, 4 * DAY), at(MONDAY, 6 * DAY)]);
    story.approve('bob');
    expect(story.request.status).toBe('APPROVED');
  });

  test('sets nothing again that has acted', () => {
    const story = submitted({ steps: [timed()] });
    story.fireNext();
    story.fireNext();
    pause(story);
    resume(story);
    expect(story.timers).toEqual([]);
  });

  test('holds the clock of a step that opens because somebody has left meanwhile', () => {
    const story = submitted({ steps: [timed({ onNobody: { assign: people('cid') } })] });
    pause(story);
    story.later(DAY);
    const left = [...story.organisation.people].map(([id, one]) => [id, { ...one, active: id !== 'bob' }]);
    story.organisation = { ...story.organisation, people: new Map(left as never) };
    story.command({ type: 'replace-leaver', by: 'gus', personId: 'bob', successorId: 'ann' });
    expect(story.asked()).toEqual(['cid']);
    expect(story.timers).toEqual([]);
    story.later(3 * DAY);
    resume(story);
    expect(story.timers.map((timer) => timer.at)).toEqual([at(MONDAY, 5 * DAY), at(MONDAY, 7 * DAY)]);
  });

  test('leaves the clock of an open question where it stood', () => {
    const story = submitted({ steps: [timed()] });
    ask(story, 'bob');
    pause(story);
    story.later(DAY);
    expect(() => answer(story, 'ann')).toThrow(refused('REQUEST_PAUSED'));
    resume(story);
    expect(story.timers).toEqual([]);
    story.later(DAY);
    answer(story, 'ann');
    expect(story.step('review')?.dueAt).toEqual(at(MONDAY, 4 * DAY));
  });

  test('a timer delivered all the same does nothing', () => {
    const story = submitted({ steps: [timed()] });
    pause(story);
    story.later(5 * DAY);
    const timer = { type: 'timer', step: 'review', round: 1, attempt: 1, kind: 'rung', index: 0 } as const;
    expect(story.command(timer)).toEqual([]);
    resume(story);
    ask(story, 'bob');
    expect(story.command(timer)).toEqual([]);
  });

  test('needs a reason, and is refused twice, after the end, and while returned', () => {
    const story = submitted({});
    expect(() => pause(story, null)).toThrow(refused('COMMENT_REQUIRED'));
    expect(() => resume(story)).toThrow(refused('REQUEST_NOT_PAUSED'));
    pause(story);
    expect(() => pause(story)).toThrow(refused('REQUEST_PAUSED'));
    resume(story);
    story.giveBack('bob');
    expect(() => pause(story)).toThrow(refused('REQUEST_RETURNED'));
    story.withdraw();
    expect(() => pause(story)).toThrow(refused('REQUEST_ENDED'));
    expect(() => resume(story)).toThrow(refused('REQUEST_ENDED'));
  });

  test('a paused request can be withdrawn, and is paused no more', () => {
    const story = submitted({});
    pause(story);
    story.withdraw();
    expect(story.request).toMatchObject({ status: 'WITHDRAWN', pausedAt: null });
  });
});

describe('talking', () => {
  test('tells those who are mentioned, those asked, and those copied in', () => {
    const story = submitted({});
    copyIn(story, 'bob', 'eve', 'ann', 'eve');
    expect(story.request.readers).toEqual([{ personId: 'eve', addedById: 'bob' }]);
    expect(told(story, 'COPIED_IN')).toEqual(['eve']);
    say(story, 'ann', ['bob']);
    expect(told(story, 'MENTIONED')).toEqual(['bob']);
    expect(told(story, 'COMMENTED')).toEqual(['eve']);
    expect(copyIn(story, 'eve', 'eve')).toEqual([]);
    copyIn(story, 'eve', 'fay');
    story.approve('bob');
    expect(told(story, 'ENDED')).toEqual(['ann', 'eve', 'fay']);
  });

  test('is for those who take part, with words, to people who take part, and not after the end', () => {
    const story = submitted({});
    expect(() => say(story, 'fay')).toThrow(refused('NOT_ON_REQUEST'));
    expect(() => copyIn(story, 'fay', 'fay')).toThrow(refused('NOT_ON_REQUEST'));
    expect(() => say(story, 'ann', [], null)).toThrow(refused('COMMENT_REQUIRED'));
    expect(() => say(story, 'ann', ['fay'])).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    expect(() => copyIn(story, 'ann', 'nobody')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    story.withdraw();
    expect(() => say(story, 'ann')).toThrow(refused('REQUEST_ENDED'));
  });
});

describe('taking back a decision', () => {
  test('opens the step again and undoes what it had opened, which is asked anew later', () => {
    const story = submitted({ steps: [timed(), aStep('sign', { by: 'dee' })] });
    story.later(DAY / 2);
    story.approve('bob');
    expect(story.asked()).toEqual(['dee']);
    story.later(DAY);
    takeBack(story, 'bob');
    expect(story.asked()).toEqual(['bob']);
    expect(story.assignment('dee')).toMatchObject({ status: 'CANCELLED', reason: 'REVOKED' });
    expect(story.step('sign')).toMatchObject({ status: 'RETURNED', attempt: 1 });
    expect(story.step('review')).toMatchObject({ status: 'OPEN', attempt: 1, dueAt: at(MONDAY, 3 * DAY) });
    expect(story.assignment('bob')).toMatchObject({ decidedAt: null, decidedById: null, comment: null });
    story.approve('bob');
    expect(story.step('sign')).toMatchObject({ status: 'OPEN', attempt: 2 });
    story.approve('dee');
    expect(story.request.status).toBe('APPROVED');
  });

  test('asks those again who were let go when the step closed', () => {
    const story = submitted({
      steps: [aStep('review', { by: 'bob cid', formula: ANY }), aStep('sign', { by: 'dee' })],
    });
    story.approve('bob');
    takeBack(story, 'bob');
    expect(story.asked()).toEqual(['bob', 'cid']);
    story.approve('cid');
    expect(story.asked()).toEqual(['dee']);
  });

  test('in an ordered step lets the next one wait again', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid', formula: ORDERED })] });
    story.approve('bob');
    expect(story.asked()).toEqual(['cid']);
    takeBack(story, 'bob');
    expect(story.asked()).toEqual(['bob']);
    expect(story.assignment('cid').status).toBe('WAITING');
    story.approve('bob');
    story.approve('cid');
    expect(story.request.status).toBe('APPROVED');
  });

  test('goes back into a parallel step that had ended, and leaves the other branch alone', () => {
    const both = inParallel('both', [aStep('legal', { by: 'fay' })], [aStep('money', { by: 'dee' })]);
    const story = submitted({ steps: [both, tells('inform', 'eve'), aStep('sign', { by: 'bob' })] });
    story.approve('fay');
    story.approve('dee');
    expect(story.asked()).toEqual(['bob']);
    takeBack(story, 'dee');
    expect(story.asked()).toEqual(['dee']);
    expect(story.step('legal')?.status).toBe('APPROVED');
    story.approve('dee');
    expect(story.asked()).toEqual(['bob']);
  });

  test('is refused once someone after has acted, was handed over, or has asked', () => {
    const steps = [aStep('review'), aStep('sign', { by: 'dee eve' }), aStep('file', { by: 'fay' })];
    const acts: ((story: Story) => unknown)[] = [
      (story) => story.approve('dee'),
      (story) => story.delegate('dee', 'fay'),
      (story) => story.add('dee', 'BESIDE', 'cid'),
      (story) => ask(story, 'dee'),
    ];
    for (const act of acts) {
      const story = submitted({ steps });
      story.approve('bob');
      act(story);
      expect(() => takeBack(story, 'bob')).toThrow(refused('REVOCATION_CLOSED'));
    }
    const ordered = submitted({ steps: [aStep('review', { by: 'bob cid dee', formula: ORDERED })] });
    ordered.approve('bob');
    ordered.approve('cid');
    expect(() => takeBack(ordered, 'bob')).toThrow(refused('REVOCATION_CLOSED'));
  });

  test("is refused for another's, for what is not decided, what was carried, and after the end", () => {
    const story = submitted({
      steps: [aStep('review'), aStep('again', { by: 'bob dee', onRepeat: 'carry' })],
    });
    expect(() => takeBack(story, 'bob')).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.approve('bob');
    expect(() => takeBack(story, 'bob', 'again')).toThrow(refused('ACTION_NOT_ALLOWED'));
    expect(() => story.command({ type: 'revoke', by: 'cid', ordinal: 1, comment: null })).toThrow(
      refused('NOT_YOUR_ASSIGNMENT'),
    );
    const can = assignmentPermissions(story.request, 1, 'bob').find((one) => one.action === 'REVOKE');
    expect(can?.allowed).toBe(true);
    story.approve('dee');
    expect(() => takeBack(story, 'bob', 'review')).toThrow(refused('REQUEST_ENDED'));
  });

  test("is refused for a delegate's answer, which went back to who delegated", () => {
    const story = submitted({ steps: [aStep('review', { delegation: 'confirm' })] });
    story.delegate('bob', 'cid');
    story.approve('cid');
    expect(() => takeBack(story, 'cid')).toThrow(refused('ACTION_NOT_ALLOWED'));
  });

  test('a rejection in a step that is still open can be taken back', () => {
    const formula = { mode: 'all', rejection: 'majority' } as const;
    const story = submitted({
      steps: [aStep('review', { by: 'bob cid dee', formula: { ...formula, mode: 'm-of-n', m: 2 } })],
    });
    story.reject('bob');
    takeBack(story, 'bob');
    story.approve('bob');
    story.approve('cid');
    expect(story.request.status).toBe('APPROVED');
  });
});

describe('removing an added approver', () => {
  test('lets the one who waited go on', () => {
    const story = submitted({});
    story.add('bob', 'BEFORE', 'cid');
    expect(story.asked()).toEqual(['cid']);
    remove(story, 'bob', 'cid');
    expect(story.assignment('cid')).toMatchObject({ status: 'CANCELLED', reason: 'REMOVED' });
    expect(story.asked()).toEqual(['bob']);
    expect(told(story, 'REMOVED')).toEqual(['cid']);
  });

  test('decides the step when all others have', () => {
    const story = submitted({});
    story.add('bob', 'BESIDE', 'cid');
    story.approve('bob');
    remove(story, 'bob', 'cid');
    expect(story.request.status).toBe('APPROVED');
  });

  test('is refused for one whom the definition asked, one added by another, and one who has decided', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob dee' })] });
    expect(() => remove(story, 'dee', 'bob')).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.add('bob', 'BESIDE', 'cid');
    expect(() => remove(story, 'dee', 'cid')).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.approve('cid');
    expect(() => remove(story, 'bob', 'cid')).toThrow(refused('ASSIGNMENT_NOT_OPEN'));
  });
});

describe('amending', () => {
  const steps = [
    aStep('review', { dependsOn: ['terms'] }),
    aStep('money', { by: 'dee', dependsOn: ['amount'] }),
    aStep('sign', { by: 'eve', editable: ['amount'] }),
  ];

  test('moves the digest, keeps the difference, names the approvals it touches, and tells earlier approvers', () => {
    const story = submitted({ steps });
    story.approve('bob');
    story.approve('dee');
    const before = story.request.subject.digest;
    const [fact] = amend(story, 'eve', { amount: 90 });
    expect(fact).toMatchObject({
      type: 'AMENDED',
      changed: ['amount'],
      before: { amount: 100 },
      after: { amount: 90 },
      touches: ['money'],
    });
    expect(story.request.subject.digest).not.toBe(before);
    expect(told(story, 'AMENDED')).toEqual(['ann', 'bob', 'dee']);
    story.approve('eve');
    expect(story.request.status).toBe('APPROVED');
    expect(story.request.interests.map((one) => one.personId)).toEqual(['ann']);
  });

  test('is refused for other fields, for nothing, where no field is listed, and without a turn', () => {
    const story = submitted({ steps });
    expect(() => amend(story, 'bob', { amount: 90 })).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.approve('bob');
    story.approve('dee');
    expect(() => amend(story, 'eve', { terms: 'net 60' })).toThrow(refused('FIELD_NOT_EDITABLE'));
    expect(() => amend(story, 'eve', { amount: 90, terms: 'net 60' })).toThrow(refused('FIELD_NOT_EDITABLE'));
    expect(() => amend(story, 'eve', {})).toThrow(refused('BAD_USER_INPUT'));
    expect(() => amend(story, 'dee', { amount: 90 })).toThrow(refused('ASSIGNMENT_NOT_OPEN'));
  });

  test('does not lead around a step that was skipped, nor out of the process', () => {
    const definition = aDefinition({
      guard: 'subject.amount < 5000.0',
      steps: [
        aStep('large', { by: 'dee', when: 'subject.amount > 1000.0' }),
        aStep('sign', { editable: ['amount'] }),
      ],
    });
    const story = submitted({ definition });
    expect(() => amend(story, 'bob', { amount: 2000 })).toThrow(refused('AMENDMENT_REROUTES'));
    expect(() => amend(story, 'bob', { amount: 9000 })).toThrow(refused('AMENDMENT_REROUTES'));
    amend(story, 'bob', { amount: 999 });
  });
});

describe("an administrator's override", () => {
  test('gives a turn to another person, and says so', () => {
    const story = submitted({ steps: [timed()] });
    const [fact] = reassign(story, 'gus', 'bob', 'cid');
    expect(fact).toMatchObject({ type: 'REASSIGNED', override: true, comment: 'on leave' });
    expect(story.asked()).toEqual(['cid']);
    expect(story.assignment('bob')).toMatchObject({ status: 'TRANSFERRED', reason: 'OVERRIDE' });
    expect(story.assignment('cid').dueAt).toEqual(at(MONDAY, 2 * DAY));
    expect(told(story, 'REMOVED')).toEqual(['bob']);
    story.approve('cid');
    expect(story.request.status).toBe('APPROVED');
  });

  test('reaches a turn that has not come', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob cid', formula: ORDERED })] });
    reassign(story, 'gus', 'cid', 'dee');
    expect(story.asked()).toEqual(['bob']);
    story.approve('bob');
    expect(story.asked()).toEqual(['dee']);
  });

  test('never defeats an interest, serves nobody who overrides, and needs a reason', () => {
    const story = submitted({ steps: [aStep('review', { neverSameAs: [] }), aStep('sign', { by: 'dee' })] });
    expect(() => reassign(story, 'gus', 'bob', 'ann')).toThrow(refused('INTERESTED_PERSON'));
    expect(() => reassign(story, 'ann', 'bob', 'cid')).toThrow(refused('INTERESTED_PERSON'));
    expect(() => reassign(story, 'gus', 'bob', 'gus')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    expect(() => reassign(story, 'gus', 'bob', 'bob')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    expect(() => reassign(story, 'gus', 'bob', 'cid', null)).toThrow(refused('COMMENT_REQUIRED'));
    expect(() => reassign(story, 'gus', 'bob', 'nobody')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
    expect(() => skip(story, 'review', 'ann')).toThrow(refused('INTERESTED_PERSON'));
    story.approve('bob');
    expect(() => reassign(story, 'gus', 'bob', 'cid')).toThrow(refused('ASSIGNMENT_NOT_OPEN'));
    const can = overridePermissions(story.request, 'ann').filter((one) => one.allowed);
    expect(can.map((one) => one.action)).toEqual(['PAUSE', 'RESTART']);
  });

  test('gives no turn to one who decided a step barred to this one', () => {
    const story = submitted({
      steps: [aStep('review'), aStep('sign', { by: 'dee', neverSameAs: ['review'] })],
    });
    story.approve('bob');
    expect(() => reassign(story, 'gus', 'dee', 'bob')).toThrow(refused('PERSON_NOT_ELIGIBLE'));
  });

  test('goes past a step, open or blocked, and never approves for people', () => {
    const story = submitted({ steps: [timed(), aStep('sign', { by: 'dee' })] });
    expect(() => skip(story, 'review', 'gus', null)).toThrow(refused('COMMENT_REQUIRED'));
    expect(() => skip(story, 'sign')).toThrow(refused('ACTION_NOT_ALLOWED'));
    expect(() => skip(story, 'nowhere')).toThrow(refused('ACTION_NOT_ALLOWED'));
    const [fact] = skip(story, 'review');
    expect(fact).toMatchObject({ type: 'OVERRIDDEN', override: true, action: 'SKIP_STEP', step: 'review' });
    expect(story.step('review')).toMatchObject({ status: 'SKIPPED', reason: 'OVERRIDE' });
    expect(story.timers).toEqual([]);
    expect(() => skip(story, 'sign')).toThrow(refused('ACTION_NOT_ALLOWED'));
    story.approve('dee');
    expect(story.request.status).toBe('APPROVED');
    const blocked = submitted({ steps: [aStep('review'), aStep('none', { by: 'nobody' })] });
    blocked.approve('bob');
    skip(blocked, 'none');
    expect(blocked.request.status).toBe('APPROVED');
  });

  test('ends the request for a fresh one, which names it', () => {
    const story = submitted({});
    const restart = (comment: string | null) => story.command({ type: 'restart', by: 'gus', comment });
    expect(() => restart(null)).toThrow(refused('COMMENT_REQUIRED'));
    expect(restart('new rules').map((fact) => fact.type)).toContain('OVERRIDDEN');
    expect(story.request.status).toBe('CANCELLED');
    expect(() => restart('again')).toThrow(refused('REQUEST_ENDED'));
  });
});

describe('demands', () => {
  test('a decision may need a fresh sign-in', () => {
    const story = submitted({ steps: [aStep('review', { requireFreshSignIn: 10 })] });
    const decide = (signedInAt?: Date) =>
      story.command({
        type: 'decide',
        by: 'bob',
        ordinal: 1,
        action: 'APPROVE',
        comment: null,
        evidence: null,
        ...(signedInAt ? { signedInAt } : {}),
      });
    expect(() => decide()).toThrow(refused('STEP_UP_REQUIRED'));
    expect(() => decide(at(MONDAY, -11 * 60_000))).toThrow(refused('STEP_UP_REQUIRED'));
    expect(() => story.giveBack('bob')).toThrow(refused('STEP_UP_REQUIRED'));
    decide(at(MONDAY, -10 * 60_000));
    expect(story.request.status).toBe('APPROVED');
  });
});

describe('expiry', () => {
  const definition = aDefinition({ steps: [aStep('review')], expires: { after: 'P3D', in: 'calendar' } });
  const expire = (story: Story): Fact[] => story.command({ type: 'expire' });

  test('ends what nobody has ended, also while it is returned', () => {
    const story = submitted({ definition });
    expect(story.effects).toContainEqual(
      expect.objectContaining({ type: 'SCHEDULE_EXPIRY', at: at(MONDAY, 3 * DAY) }),
    );
    story.giveBack('bob');
    story.later(3 * DAY - 1);
    expect(expire(story)).toEqual([]);
    story.later(1);
    expire(story);
    expect(story.request).toMatchObject({ status: 'EXPIRED', endedAt: story.now });
    expect(expire(story)).toEqual([]);
  });

  test('waits while the request is paused', () => {
    const story = submitted({ definition });
    pause(story);
    story.later(9 * DAY);
    expect(expire(story)).toEqual([]);
    resume(story);
    expect(story.request.expiresAt).toEqual(at(MONDAY, 12 * DAY));
    story.later(3 * DAY);
    expire(story);
    expect(story.request.status).toBe('EXPIRED');
  });
});
