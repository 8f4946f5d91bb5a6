import { describe, expect, test } from '@jest/globals';
import { aStep, submitted, type Story } from '../support/engine-builders.js';

/** As after a deactivation: gone, and who took over. */
function leaves(story: Story, leaver: string, successor: string): void {
  const people = new Map(story.organisation.people);
  people.set(leaver, { ...people.get(leaver)!, active: false, successorId: successor });
  story.organisation = { ...story.organisation, people };
  story.command({ type: 'replace-leaver', by: 'admin', personId: leaver, successorId: successor });
}

describe('the answer of a delegate whose delegator has left', () => {
  const confirmed = { delegation: 'confirm' } as const;

  test('goes to the successor to confirm, never to the leaver', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob', ...confirmed })] });
    story.delegate('bob', 'cid');
    leaves(story, 'bob', 'dee');
    story.approve('cid');
    expect(story.asked()).toEqual(['dee']);
    story.approve('dee');
    expect(story.request.status).toBe('APPROVED');
  });

  test('follows the line of successors to one who is there', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob', ...confirmed })] });
    story.delegate('bob', 'cid');
    leaves(story, 'bob', 'dee');
    leaves(story, 'dee', 'eve');
    story.approve('cid');
    expect(story.asked()).toEqual(['eve']);
  });

  test('decides nothing where the successor may not confirm; the answer stays in the trail', () => {
    const story = submitted({ steps: [aStep('review', { by: 'bob', ...confirmed })] });
    story.delegate('bob', 'cid');
    leaves(story, 'bob', 'ann');
    story.approve('cid', { comment: 'fine by me' });
    expect(story.asked()).toEqual([]);
    expect(story.step('review')).toMatchObject({ status: 'BLOCKED', reason: 'LEFT' });
    expect(story.facts).toContainEqual(
      expect.objectContaining({
        type: 'DELEGATE_ANSWERED',
        by: 'cid',
        comment: 'fine by me',
        confirmation: null,
      }),
    );
  });
});

describe('a requester who leaves', () => {
  test('keeps their interest; the successor hands it in again and has it too', () => {
    const story = submitted({
      steps: [aStep('review', { by: 'bob cid', formula: { mode: 'any', rejection: 'veto' } })],
    });
    story.giveBack('bob');
    leaves(story, 'ann', 'cid');
    expect(() => story.resubmit()).toThrow(expect.objectContaining({ code: 'NOT_THE_REQUESTER' }));
    const { subject } = story.request;
    story.command({ type: 'resubmit', by: 'cid', subject, interests: [], comment: null });
    expect(story.request).toMatchObject({ requesterId: 'ann', contactId: 'cid' });
    expect(story.request.interests).toEqual([
      { personId: 'ann', because: 'REQUESTER' },
      { personId: 'cid', because: 'HAND_OVER' },
    ]);
    expect(story.asked()).toEqual(['bob']);
  });

  test('has questions put to the successor, those open and those to come', () => {
    const story = submitted({ steps: [aStep('review')] });
    const ask = () => story.command({ type: 'ask', by: 'bob', ordinal: 1, of: null, question: 'why?' });
    ask();
    leaves(story, 'ann', 'cid');
    ask();
    expect(story.request.questions.map(({ askedOfId }) => askedOfId)).toEqual(['cid', 'cid']);
    expect(story.effects).toContainEqual(
      expect.objectContaining({ message: 'CONTACT_CHANGED', people: ['cid'] }),
    );
  });
});
