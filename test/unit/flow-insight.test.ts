import { describe, expect, test } from '@jest/globals';
import { flowInsight, type FlowInsight } from '../../src/workflows/flow-insight.js';
import type { Organisation } from '../../src/workflows/organisation.js';
import {
  aDefinition,
  aStep,
  HOUR,
  MONDAY,
  OFFICE,
  OFFICE_HOURS,
  submitted,
  type Story,
} from '../support/engine-builders.js';

const insightOf = (
  stories: readonly Story[],
  organisation: Organisation = OFFICE,
  now = stories.at(-1)!.now,
): FlowInsight =>
  flowInsight(
    stories.map(({ request, facts }) => ({ requestId: request.id, definition: request.definition, facts })),
    { now, organisation, calendarOf: () => OFFICE_HOURS },
  );
const hours = ({ steps }: FlowInsight, key: string): number[] => {
  const { spent } = steps.find(({ step }) => step === key)!;
  return [spent.working, spent.waiting, spent.absent, spent.paused].map((millis) => millis / HOUR);
};

describe('time per step', () => {
  test('lunch and night are waiting, a morning away is absent, and all adds up', () => {
    const story = submitted({ steps: [aStep('one', { by: 'bob' }), aStep('two', { by: 'cid' })] });
    story.later(4 * HOUR);
    story.approve('bob');
    story.later(25 * HOUR);
    story.approve('cid');
    // Cid is away on Tuesday from 9 to 13, without a substitute.
    const away = {
      personId: 'cid',
      substituteId: null,
      from: new Date(MONDAY.getTime() + 23 * HOUR),
      until: new Date(MONDAY.getTime() + 27 * HOUR),
      processKeys: [],
    };
    const insight = insightOf([story], { ...OFFICE, absences: [away] });
    expect(hours(insight, 'one')).toEqual([3, 1, 0, 0]);
    expect(hours(insight, 'two')).toEqual([6, 16, 3, 0]);
  });

  test('an open step counts up to now; two who are asked are absent only together', () => {
    const story = submitted({ steps: [aStep('one', { by: 'bob cid' })] });
    const away = {
      personId: 'cid',
      substituteId: null,
      from: MONDAY,
      until: new Date(MONDAY.getTime() + 8 * HOUR),
      processKeys: [],
    };
    const now = new Date(MONDAY.getTime() + 2 * HOUR);
    expect(hours(insightOf([story], { ...OFFICE, absences: [away] }, now), 'one')).toEqual([2, 0, 0, 0]);
  });
});

test('rework: how often, and the first cause by step and role', () => {
  const steps = [aStep('one', { by: 'bob' }), aStep('money', { by: 'dee' })];
  const story = submitted({ steps });
  story.approve('bob');
  story.giveBack('dee');
  story.resubmit();
  story.giveBack('bob');
  const smooth = submitted({ steps });
  const insight = insightOf([story, smooth]);
  expect(insight).toMatchObject({ requests: 2, reworked: 1, loops: 2 });
  expect(insight.firstCauses).toEqual([
    { processKey: 'contract-review', step: 'money', role: 'finance', requests: 1 },
  ]);
});

test('steps that decide nothing: always skipped, or only ever approved by the same people as before', () => {
  const definition = aDefinition({
    steps: [
      aStep('one', { by: 'bob' }),
      aStep('again', { by: 'bob' }),
      aStep('rare', { by: 'cid', when: 'subject.amount > 1000.0' }),
      aStep('last', { by: 'cid' }),
    ],
  });
  const stories = [1, 2].map(() => {
    const story = submitted({ definition });
    story.approve('bob');
    story.approve('bob');
    story.approve('cid');
    return story;
  });
  const idle = (all: readonly Story[]): Record<string, string | null> =>
    Object.fromEntries(insightOf(all).steps.map((step) => [step.step, step.idle]));
  expect(idle(stories)).toEqual({ one: null, again: 'SAME_PEOPLE', rare: 'ALWAYS_SKIPPED', last: null });
  const rejected = submitted({ definition });
  rejected.approve('bob');
  rejected.reject('bob', { comment: 'no' });
  expect(idle([...stories, rejected])).toMatchObject({ again: null });
});

test('a bottleneck is where at least half of the working time goes, where there are other steps', () => {
  const story = submitted({ steps: [aStep('one', { by: 'bob cid' }), aStep('two', { by: 'dee' })] });
  story.later(3 * HOUR);
  story.approve('bob');
  story.approve('cid');
  story.later(HOUR);
  story.approve('dee');
  const found = insightOf([story]).steps.map(({ step, asked, bottleneck }) => [step, asked, bottleneck]);
  expect(found).toEqual([
    ['one', 2, true],
    ['two', 1, false],
  ]);
  const alone = submitted({ steps: [aStep('one', { by: 'bob' })] });
  alone.later(3 * HOUR);
  expect(insightOf([alone]).steps).toMatchObject([{ bottleneck: false }]);
});

test('load: asked, decided by oneself, waiting now', () => {
  const story = submitted({
    steps: [
      aStep('one', { by: 'bob cid', formula: { mode: 'any', rejection: 'veto' } }),
      aStep('two', { by: 'bob' }),
    ],
  });
  story.approve('cid');
  expect(insightOf([story]).load).toEqual([
    { personId: 'bob', asked: 2, decided: 0, open: 1 },
    { personId: 'cid', asked: 1, decided: 1, open: 0 },
  ]);
});
