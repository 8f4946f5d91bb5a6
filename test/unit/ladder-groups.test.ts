import { expect, test } from '@jest/globals';
import { aStep, people, submitted } from '../support/engine-builders.js';

const hour = { after: 'PT1H', in: 'calendar' } as const;
const each = { mode: 'per-group', rejection: 'veto' } as const;
const by = [
  { ...people('bob')[0]!, group: 'sales' },
  { ...people('dee')[0]!, group: 'finance' },
];
const late = (action: 'add' | 'hand-over', ...names: string[]) =>
  submitted({
    steps: [
      aStep('review', {
        by,
        formula: each,
        due: hour,
        ladder: [{ after: hour, action: { do: action, who: people(...names) } }],
      }),
    ],
  });

test('one whom the ladder adds for no group speaks for a group that is late, and makes none of their own', () => {
  const story = late('add', 'eve');
  story.approve('dee');
  story.fireNext();
  expect(story.assignment('eve').group).toBe('sales');
  story.approve('eve');
  expect(story.request.status).toBe('APPROVED');
});

test('a hand-over by which a group would lose its say only adds', () => {
  const story = late('hand-over', 'eve');
  story.fireNext();
  expect(story.asked()).toEqual(['bob', 'dee', 'eve']);
  story.approve('eve');
  expect(story.request.status).toBe('PENDING');
  story.approve('dee');
  expect(story.request.status).toBe('APPROVED');
});
