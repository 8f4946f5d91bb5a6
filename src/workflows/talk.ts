import { refusal } from '../errors.js';
import { QUESTIONS_MAX } from '../limits.js';
import { emit, type Draft } from './draft.js';
import { isOnRequest } from './evolve-verbs.js';
import { permitOnAssignment } from './permit.js';
import { permitAnswer, permitTalk } from './permit-verbs.js';
import { contactOf, type Command, type World } from './request.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/**
 * Asks somebody, the requester unless another is named, while the request stays pending. Several questions may be open
 * at once; the step's clock stands still until the last of them is answered, where the definition says so.
 * @throws the refusals of `permitOnAssignment`, COMMENT_REQUIRED, PERSON_NOT_ELIGIBLE, BAD_USER_INPUT
 */
export function ask(draft: Draft, { by, ordinal, of, question }: Of<'ask'>): void {
  const { step } = permitOnAssignment(draft.request, ordinal, 'ASK', by);
  if (!question) throw refusal('COMMENT_REQUIRED', { step: step.key });
  const asked = of ?? contactOf(draft.request);
  requireActive(draft.world, asked);
  if (asked === by) throw notEligible(draft.world, asked, 'nobody asks themself');
  const number = draft.request.questions.length + 1;
  if (number > QUESTIONS_MAX)
    throw refusal('BAD_USER_INPUT', { reason: `more than ${QUESTIONS_MAX} questions in one request` });
  emit(draft, {
    type: 'INFORMATION_REQUESTED',
    step: step.key,
    ordinal,
    by,
    number,
    of: asked,
    question,
    stopsClock: step.onQuestion === 'pause',
  });
}

/** @throws the refusals of `permitAnswer`, COMMENT_REQUIRED */
export function answer(draft: Draft, { by, number, answer: words }: Of<'answer'>): void {
  permitAnswer(draft.request, number, by);
  if (!words) throw refusal('COMMENT_REQUIRED');
  const step = draft.request.questions.find((one) => one.number === number)?.stepKey ?? '';
  emit(draft, { type: 'INFORMATION_GIVEN', step, by, number, answer: words });
}

/** Words that decide nothing. Only those who take part can be mentioned. @throws the refusals of `permitTalk`,
 *  COMMENT_REQUIRED, PERSON_NOT_ELIGIBLE */
export function comment(draft: Draft, command: Of<'comment'>): void {
  permitTalk(draft.request, command.by);
  if (!command.comment) throw refusal('COMMENT_REQUIRED');
  const mentions = [...new Set(command.mentions)];
  for (const personId of mentions) {
    requireActive(draft.world, personId);
    if (!isOnRequest(draft.request, personId))
      throw notEligible(draft.world, personId, 'not on this request; copy them in first');
  }
  emit(draft, { type: 'COMMENTED', by: command.by, comment: command.comment, mentions });
}

/** Lets people read along. Nothing happens when all of them take part already. @throws the refusals of `permitTalk`,
 *  PERSON_NOT_ELIGIBLE */
export function copyIn(draft: Draft, { by, people, comment: words }: Of<'copy-in'>): void {
  permitTalk(draft.request, by);
  for (const personId of people) requireActive(draft.world, personId);
  const fresh = [...new Set(people)].filter((personId) => !isOnRequest(draft.request, personId));
  if (fresh.length > 0) emit(draft, { type: 'COPIED_IN', by, people: fresh, comment: words });
}

function requireActive(world: World, personId: string): void {
  if (!world.organisation.people.get(personId)?.active)
    throw notEligible(world, personId, 'not an active member of the organisation');
}

const notEligible = (world: World, personId: string, reason: string): Error =>
  refusal('PERSON_NOT_ELIGIBLE', {
    person: world.organisation.people.get(personId)?.name ?? personId,
    reason,
  });
