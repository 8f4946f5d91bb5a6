import { describe, expect, test } from '@jest/globals';
import { isRefusal, messageOf } from '../../src/errors.js';
import type { Carry } from '../../src/workflows/carry-over.js';
import { dryRunMigration } from '../../src/workflows/migration-dry-run.js';
import type { ProcessDefinition } from '../../src/workflows/process.js';
import type { Fact } from '../../src/workflows/request.js';
import { aDefinition, aStep, inParallel, people, submitted, type Story } from '../support/engine-builders.js';

const version = (number: number, ...steps: Parameters<typeof aDefinition>[0]['steps'][number][]) =>
  aDefinition({ version: number, steps });
const plan = (facts: readonly Fact[]) => {
  const moved = facts.find((fact) => fact.type === 'MIGRATED')!;
  return { carried: moved.carried, asked: moved.asked, removed: moved.removed };
};
const start = (...steps: Parameters<typeof version>[1][]): Story =>
  submitted({ definition: version(1, ...steps) });

describe('moved to another version of its definition, a request', () => {
  test('keeps decided and open steps that are the same', () => {
    const story = start(aStep('legal', { by: 'fay' }), aStep('money', { by: 'dee eve' }));
    story.approve('fay');
    story.approve('dee');
    const facts = story.migrate(
      version(
        2,
        aStep('legal', { by: 'fay', title: { en: 'Legal check' } }),
        aStep('money', { by: 'dee eve' }),
      ),
    );
    expect(plan(facts)).toEqual({ carried: ['legal', 'money'], asked: [], removed: [] });
    expect(facts).toHaveLength(1);
    expect(story.asked()).toEqual(['eve']);
    story.approve('eve');
    expect(story.request).toMatchObject({ status: 'APPROVED', definition: { version: 2 } });
  });

  test('asks anew in a changed step, and whoever approved it and is asked again keeps their vote', () => {
    const story = start(aStep('money', { by: 'dee eve' }));
    story.approve('dee');
    const facts = story.migrate(version(2, aStep('money', { by: 'dee fay' })));
    expect(plan(facts)).toEqual({ carried: [], asked: ['money'], removed: [] });
    expect(story.asked()).toEqual(['fay']);
    expect(story.assignment('dee')).toMatchObject({ status: 'APPROVED', reason: 'CARRIED', attempt: 2 });
    expect(story.assignment('eve')).toMatchObject({ status: 'CANCELLED', reason: 'MIGRATED' });
    const told = story.effects.filter((effect) => effect.type === 'SEND' && effect.message === 'REMOVED');
    expect(told).toMatchObject([{ people: ['eve'] }]);
    story.approve('fay');
    expect(story.request.status).toBe('APPROVED');
  });

  test('keeps a decision that the new rule and formula are content with', () => {
    const story = start(aStep('money', { by: 'dee eve' }), aStep('last', { by: 'bob' }));
    story.approve('dee');
    story.approve('eve');
    const any = { mode: 'any', rejection: 'veto' } as const;
    const facts = story.migrate(
      version(2, aStep('money', { by: 'eve fay', formula: any }), aStep('last', { by: 'bob' })),
    );
    expect(plan(facts)).toEqual({ carried: ['money', 'last'], asked: [], removed: [] });
    expect(story.asked()).toEqual(['bob']);
  });

  test('asks anew where the votes do not approve the step by the new formula', () => {
    const any = { mode: 'any', rejection: 'veto' } as const;
    const story = start(aStep('money', { by: 'dee eve', formula: any }), aStep('last', { by: 'bob' }));
    story.approve('dee');
    story.migrate(version(2, aStep('money', { by: 'dee eve' }), aStep('last', { by: 'bob' })));
    expect(story.asked()).toEqual(['eve']);
  });

  test('has a decision that stays taken back by nobody: it was made by the rules of before', () => {
    const steps = [aStep('legal', { by: 'fay' }), aStep('last', { by: 'bob' })] as const;
    const story = start(...steps);
    story.approve('fay');
    story.migrate(version(2, ...steps));
    expect(() => story.command({ type: 'revoke', by: 'fay', ordinal: 1, comment: null })).toThrow(
      expect.objectContaining({ code: 'REVOCATION_CLOSED' }),
    );
  });

  test('asks anew where the new version wants someone besides, who has not been asked', () => {
    const story = start(aStep('money', { by: 'dee' }), aStep('last', { by: 'bob' }));
    story.approve('dee');
    const facts = story.migrate(version(2, aStep('money', { by: 'dee fay' }), aStep('last', { by: 'bob' })));
    // The step after it waits for its turn again.
    expect(plan(facts)).toEqual({ carried: [], asked: ['money', 'last'], removed: [] });
    expect(story.asked()).toEqual(['fay']);
    story.approve('fay');
    expect(story.asked()).toEqual(['bob']);
  });

  test('is asked for a step that the new version has before, and goes on behind what was decided', () => {
    const story = start(aStep('legal', { by: 'fay' }), aStep('last', { by: 'bob' }));
    story.approve('fay');
    const facts = story.migrate(
      version(2, aStep('new', { by: 'eve' }), aStep('legal', { by: 'fay' }), aStep('last', { by: 'bob' })),
    );
    expect(plan(facts)).toEqual({ carried: ['legal'], asked: ['last'], removed: [] });
    expect(story.asked()).toEqual(['eve']);
    story.approve('eve');
    expect(story.asked()).toEqual(['bob']);
  });

  test('lets go of a step that the new version has not, with its timers', () => {
    const story = start(
      aStep('legal', { by: 'fay' }),
      aStep('gone', { by: 'cid' }),
      aStep('last', { by: 'bob' }),
    );
    story.approve('fay');
    const facts = story.migrate(version(2, aStep('legal', { by: 'fay' }), aStep('last', { by: 'bob' })));
    expect(plan(facts)).toEqual({ carried: ['legal'], asked: [], removed: ['gone'] });
    expect(story.asked()).toEqual(['bob']);
    expect(story.request.steps.find(({ key }) => key === 'gone')).toMatchObject({
      status: 'CANCELLED',
      reason: 'MIGRATED',
    });
    expect(story.effects).toContainEqual({ type: 'CANCEL_TIMERS', step: 'gone', round: 1 });
  });

  test('ends approved when everybody whom the new version asks has said so, and never by nobody', () => {
    const story = start(aStep('legal', { by: 'fay' }), aStep('gone', { by: 'cid' }));
    expect(() => story.migrate(version(2, aStep('new', { by: 'bob', when: 'false' })))).toThrow(
      expect.objectContaining({ code: 'MIGRATION_IMPOSSIBLE' }),
    );
    story.approve('fay');
    story.migrate(version(2, aStep('legal', { by: 'fay' })));
    expect(story.request.status).toBe('APPROVED');
  });

  test('enters a parallel step again for a branch that is new', () => {
    const story = start(
      inParallel('both', [aStep('one', { by: 'bob' })], [aStep('two', { by: 'cid' })]),
      aStep('last', { by: 'dee' }),
    );
    story.approve('bob');
    story.approve('cid');
    const facts = story.migrate(
      version(
        2,
        inParallel(
          'both',
          [aStep('one', { by: 'bob' })],
          [aStep('two', { by: 'cid' })],
          [aStep('three', { by: 'eve' })],
        ),
        aStep('last', { by: 'dee' }),
      ),
    );
    expect(plan(facts)).toEqual({ carried: ['one', 'two'], asked: ['both', 'last'], removed: [] });
    expect(story.asked()).toEqual(['eve']);
    story.approve('eve');
    expect(story.asked()).toEqual(['dee']);
  });

  test('keeps no decision of one who may not take it by the new version', () => {
    const lenient = aDefinition({
      version: 1,
      interest: 'allow',
      steps: [aStep('own', { by: 'ann' }), aStep('last')],
    });
    const story = submitted({ definition: lenient });
    story.approve('ann');
    const facts = story.migrate(version(2, aStep('own', { by: 'ann' }), aStep('last')));
    expect(plan(facts).asked).toEqual(['own', 'last']);
    // The requester's manager is asked in her place.
    expect(story.asked()).toEqual(['gus']);
  });

  test('is not moved by one with an interest, to where its guard does not hold, or where a choice is missing', () => {
    const story = start(aStep('legal', { by: 'fay' }));
    const to = version(2, aStep('legal', { by: 'fay' }));
    expect(() => story.command({ type: 'migrate', by: 'ann', definition: to, comment: 'x' })).toThrow(
      expect.objectContaining({ code: 'INTERESTED_PERSON' }),
    );
    expect(() => story.command({ type: 'migrate', by: 'admin', definition: to, comment: null })).toThrow(
      expect.objectContaining({ code: 'COMMENT_REQUIRED' }),
    );
    expect(() => story.migrate({ ...to, guard: 'subject.amount > 5000.0' })).toThrow(
      /its guard does not hold/,
    );
    expect(() => story.migrate({ ...to, purpose: 'other' })).toThrow(/something else/);
    expect(() => story.migrate(story.request.definition)).toThrow(
      expect.objectContaining({ code: 'NO_NEWER_VERSION' }),
    );
    const choice = { rule: 'requester-choice', among: people('bob', 'cid'), min: 1, max: 1 } as const;
    expect(() => story.migrate(version(2, aStep('picked', { by: [choice] })))).toThrow(/step picked/);
  });

  test('that was returned loses the decisions that do not stay, and is handed in on the new version', () => {
    const definition = aDefinition({
      version: 1,
      resubmission: 'continue',
      steps: [aStep('legal', { by: 'fay' }), aStep('money', { by: 'dee' }), aStep('last', { by: 'bob' })],
    });
    const story = submitted({ definition });
    story.approve('fay');
    story.approve('dee');
    story.giveBack('bob');
    const facts = story.migrate({
      ...definition,
      version: 2,
      steps: [aStep('legal', { by: 'fay' }), aStep('money', { by: 'eve' }), aStep('last', { by: 'bob' })],
    });
    expect(plan(facts)).toEqual({ carried: ['legal'], asked: ['money'], removed: [] });
    expect(story.request.status).toBe('RETURNED');
    story.resubmit();
    expect(story.asked()).toEqual(['eve']);
  });
});

test('why a request cannot move is said in the language of the reader', () => {
  const story = start(aStep('legal', { by: 'fay' }));
  const to = version(2, aStep('legal', { by: 'fay' }));
  const choice = { rule: 'requester-choice', among: people('bob', 'cid'), min: 1, max: 1 } as const;
  for (const impossible of [
    { ...to, guard: 'subject.amount > 5000.0' },
    { ...to, purpose: 'other' },
    version(2, aStep('new', { by: 'bob', when: 'false' })),
    version(2, aStep('picked', { by: [choice] })),
  ]) {
    const refused = ((): unknown => {
      try {
        return story.migrate(impossible);
      } catch (error) {
        return error;
      }
    })();
    if (!isRefusal(refused)) throw refused;
    expect(refused.code).toBe('MIGRATION_IMPOSSIBLE');
    const [, reason] = /：(.*)。$/.exec(messageOf(refused.code, refused.details, 'zh')) ?? [];
    expect(reason).toMatch(/\p{Script=Han}/u);
    expect(reason).not.toMatch(/[a-z]+ [a-z]+/);
    expect(refused.message).not.toMatch(/\p{Script=Han}/u);
  }
});

describe('moved with approvals that were given in another request, it', () => {
  const price = aStep('price', { by: 'bob', dependsOn: ['amount'] });
  const wording = aStep('wording', { by: 'cid', dependsOn: ['terms'] });
  const last = aStep('last', { by: 'dee' });
  const source = (() => {
    const story = start(price, wording, last);
    story.approve('bob');
    story.approve('cid');
    story.approve('dee');
    return story.request;
  })();
  const carrying = (more: Partial<Carry> = {}, definition = version(1, price, wording, last)): Story =>
    submitted({
      definition,
      carry: { because: 'RE_APPROVAL', source, number: 'A-1', changed: ['terms'], voided: [], ...more },
    });
  /** Whom the move asks, and the same by a dry run. */
  const moved = (story: Story, to: ProcessDefinition) => {
    const world = { now: story.now, organisation: story.organisation, calendarOf: story.calendarOf };
    const dry = dryRunMigration(story.request, 'admin', to, world);
    const facts = story.migrate(to);
    expect(dry).toMatchObject({ ...plan(facts), status: story.request.status });
    return plan(facts);
  };

  test('keeps those that are the same, or that the new rule and formula are content with', () => {
    const story = carrying();
    expect(story.step('price')).toMatchObject({ status: 'APPROVED', reason: 'CARRIED' });
    expect(story.asked()).toEqual(['cid']);
    expect(moved(story, version(2, price, wording, last)).carried).toEqual(['price', 'wording']);
    const any = { mode: 'any', rejection: 'veto' } as const;
    const wider = aStep('price', { by: 'bob fay', formula: any, dependsOn: ['amount'] });
    expect(moved(story, version(3, wider, wording, last))).toEqual({
      carried: ['price', 'wording'],
      asked: [],
      removed: [],
    });
    story.approve('cid');
    expect(story.asked()).toEqual(['dee']);
  });

  test('asks anew, of those who approved the other request too, where the new version would not have carried', () => {
    for (const [to, asked] of [
      // It rests on the terms by now, which were touched.
      [aStep('price', { by: 'bob', dependsOn: ['amount', 'terms'] }), ['bob']],
      [aStep('price', { by: 'bob' }), ['bob']],
      // Its votes are not enough, or not of those who are asked.
      [aStep('price', { by: 'bob fay', dependsOn: ['amount'] }), ['bob', 'fay']],
      [aStep('price', { by: 'fay', dependsOn: ['amount'] }), ['fay']],
      // A field by which its people are found was not looked at.
      [
        aStep('price', {
          by: [...people('bob'), { rule: 'field', field: 'lead', take: 'person' }],
          dependsOn: ['amount'],
        }),
        ['bob'],
      ],
    ] as const) {
      const story = carrying();
      expect(moved(story, version(2, to, wording, last))).toMatchObject({ asked: ['price', 'wording'] });
      expect(story.asked()).toEqual(asked);
    }
  });

  test('asks anew where whoever approved has an interest, which the version before allowed', () => {
    const lenient = aDefinition({ version: 1, interest: 'allow', steps: [price, wording, last] });
    const story = submitted({
      definition: lenient,
      interests: [
        { personId: 'ann', because: 'REQUESTER' },
        { personId: 'bob', because: 'LAST_AUTHOR' },
      ],
      carry: {
        because: 'RE_APPROVAL',
        source: { ...source, definition: { ...lenient, steps: source.definition.steps } },
        number: 'A-1',
        changed: ['terms'],
        voided: [],
      },
    });
    expect(story.step('price')).toMatchObject({ reason: 'CARRIED' });
    expect(moved(story, version(2, price, wording, last)).asked).toContain('price');
    expect(story.step('price')).toMatchObject({ status: 'BLOCKED' });
  });

  test('keeps those of the document before while the new version still carries from it, inside as few bounds', () => {
    const carry = { from: 'QUOTE', same: ['amount'] };
    const of = (number: number, more: Partial<ProcessDefinition>) =>
      aDefinition({ version: number, carry, steps: [price, wording, last], ...more });
    const follow = (): Story =>
      carrying(
        { because: 'FOLLOW_UP', changed: [] },
        of(1, { steps: [price, wording, last, aStep('more', { by: 'eve' })] }),
      );
    const steps = [price, wording, last, aStep('more', { by: 'eve' })];
    const keeps = (more: Partial<ProcessDefinition>) => moved(follow(), of(2, { steps, ...more })).carried;
    expect(keeps({})).toEqual(['price', 'wording', 'last', 'more']);
    expect(keeps({ carry: { from: 'QUOTE', same: [] } })).toEqual(['price', 'wording', 'last', 'more']);
    expect(keeps({ carry: { from: 'QUOTE', same: ['amount', 'terms'] } })).toEqual([]);
    expect(keeps({ carry: { from: 'CONTRACT', same: [] } })).toEqual([]);
    expect(keeps({ carry: undefined })).toEqual([]);
    const renamed = [{ ...price, carries: 'wording' }, wording, last, aStep('more', { by: 'eve' })];
    expect(keeps({ steps: renamed })).toEqual(['wording', 'last']);
  });

  test('keeps what was carried from a round before, as far as its votes do', () => {
    const story = submitted({
      definition: aDefinition({ version: 1, resubmission: 'continue', steps: [price, wording, last] }),
    });
    story.approve('bob');
    story.approve('cid');
    story.giveBack('dee');
    story.resubmit();
    expect(story.step('price')).toMatchObject({ reason: 'CARRIED', round: 2 });
    const any = { mode: 'any', rejection: 'veto' } as const;
    const wider = aStep('price', { by: 'bob fay', formula: any, dependsOn: ['amount'] });
    const other = aStep('wording', { by: 'eve', dependsOn: ['terms'] });
    expect(moved(story, version(2, wider, other, last))).toMatchObject({
      carried: ['price'],
      asked: ['wording', 'last'],
    });
  });
});

describe('held for a new version, a request', () => {
  const hold = (story: Story) => story.command({ type: 'hold', by: 'admin', comment: 'version 2 is coming' });

  test('stands still until it is moved, and goes on there', () => {
    const story = start(aStep('legal', { by: 'fay' }));
    hold(story);
    expect(story.request).toMatchObject({ pauseCause: 'NEW_VERSION' });
    expect(() => story.approve('fay')).toThrow(expect.objectContaining({ code: 'REQUEST_PAUSED' }));
    expect(() => hold(story)).toThrow(expect.objectContaining({ code: 'REQUEST_PAUSED' }));
    story.migrate(version(2, aStep('legal', { by: 'fay cid' })));
    expect(story.request).toMatchObject({ pausedAt: null, pauseCause: null });
    expect(story.asked()).toEqual(['cid', 'fay']);
  });

  test('goes on as it was when it is released; one paused by hand is not', () => {
    const story = start(aStep('legal', { by: 'fay' }));
    hold(story);
    story.command({ type: 'release-hold', by: 'admin', comment: null });
    story.command({ type: 'pause', by: 'admin', comment: 'wait' });
    expect(() => story.command({ type: 'release-hold', by: 'admin', comment: null })).toThrow(
      expect.objectContaining({ code: 'REQUEST_NOT_HELD' }),
    );
    story.command({ type: 'resume', by: 'admin', comment: null });
    story.approve('fay');
    expect(story.request.status).toBe('APPROVED');
  });

  test('that was returned is not handed in until then', () => {
    const story = start(aStep('legal', { by: 'fay' }));
    story.giveBack('fay');
    hold(story);
    expect(() => story.resubmit()).toThrow(expect.objectContaining({ code: 'REQUEST_PAUSED' }));
    story.migrate(version(2, aStep('legal', { by: 'cid' })));
    story.resubmit();
    expect(story.asked()).toEqual(['cid']);
  });
});
