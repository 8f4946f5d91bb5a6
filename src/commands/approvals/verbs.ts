import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import { readDb } from '../../entities/read-db.js';
import { PEOPLE_AT_ONCE_MAX } from '../../limits.js';
import { requireId } from '../transaction.js';
import { commentOf } from './comment.js';
import { act, actInTransaction, RequestActionInput } from './request-actions.js';
import { DecisionInput, reviewAssignment, type Reviewed } from './review.js';
import type { Submitted } from './submit.js';

// What people do around a decision: ask, answer, comment, copy in, take back, remove whom they added.

@InputType({ description: 'A question to somebody while the request stays pending.' })
export class AskForInformationInput {
  @Field(() => ID, { description: 'Your open assignment.' })
  assignmentId!: string;

  @Field(() => String, { description: 'The question, at most 4000 characters.' })
  question!: string;

  @Field(() => ID, { nullable: true, description: 'Whom you ask; the requester when not given.' })
  userId?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

/** Asks; the step's clock stands still meanwhile where the definition says so.
 *  @throws the refusals of `permitOnAssignment`, COMMENT_REQUIRED, PERSON_NOT_ELIGIBLE */
export const askForInformation = (ctx: Context, input: AskForInformationInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'ask', input, ({ ordinal, by }) => ({
    type: 'ask',
    ordinal,
    by,
    of: input.userId ? requireId(input.userId, 'user') : null,
    question: commentOf(input.question, 'question'),
  }));

@InputType({ description: 'The answer to a question that was put to you.' })
export class GiveInformationInput {
  @Field(() => ID, { description: 'The question.' })
  questionId!: string;

  @Field(() => String, { description: 'The answer, at most 4000 characters.' })
  answer!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

/** Answers; the last answer lets the step's clock go on.
 *  @throws NOT_FOUND, NOT_YOUR_QUESTION, QUESTION_NOT_OPEN, COMMENT_REQUIRED */
export function giveInformation(ctx: Context, input: GiveInformationInput): Promise<Submitted> {
  return actInTransaction(ctx, 'answer', input, async (tx, by) => {
    const question = await readDb(tx.em)
      .selectFrom('approval_question')
      .select(['request_id', 'number'])
      .where('id', '=', requireId(input.questionId, 'question'))
      .executeTakeFirst();
    if (!question) throw refusal('NOT_FOUND', { what: 'question' });
    const answer = commentOf(input.answer, 'answer');
    return [question.request_id, { type: 'answer', by, number: question.number, answer }];
  });
}

@InputType({ description: 'Words that decide nothing.' })
export class CommentOnRequestInput extends RequestActionInput {
  @Field(() => [ID], {
    nullable: true,
    description: 'People who take part and shall be told, at most 50.',
  })
  mentionIds?: string[] | null;
}

/** @throws NOT_ON_REQUEST, REQUEST_ENDED, COMMENT_REQUIRED, PERSON_NOT_ELIGIBLE */
export const commentOnRequest = (ctx: Context, input: CommentOnRequestInput): Promise<Submitted> =>
  act(ctx, 'comment', input, (given) => ({
    type: 'comment',
    ...given,
    mentions: peopleOf(input.mentionIds ?? [], 'mentionIds'),
  }));

@InputType({ description: 'People who shall read along.' })
export class CopyInInput extends RequestActionInput {
  @Field(() => [ID], { description: 'Whom, 1 to 50. Those who take part already are passed over.' })
  userIds!: string[];
}

/** @throws NOT_ON_REQUEST, REQUEST_ENDED, PERSON_NOT_ELIGIBLE */
export const copyIn = (ctx: Context, input: CopyInInput): Promise<Submitted> =>
  act(ctx, 'copy-in', input, (given) => ({
    type: 'copy-in',
    ...given,
    people: peopleOf(input.userIds, 'userIds'),
  }));

function peopleOf(ids: readonly string[], path: string): string[] {
  if (ids.length > PEOPLE_AT_ONCE_MAX) {
    throw refusal('BAD_USER_INPUT', {
      reason: `${path} has more than ${PEOPLE_AT_ONCE_MAX} people`,
      fields: [{ path, rule: `at most ${PEOPLE_AT_ONCE_MAX}` }],
    });
  }
  return ids.map((id) => requireId(id, 'user'));
}

/** @throws BAD_USER_INPUT for choices, which only an approval makes */
function withoutChoices(input: DecisionInput): DecisionInput {
  if (!input.choices || input.choices.length === 0) return input;
  const fields = [{ path: 'choices', rule: 'none but with an approval' }];
  throw refusal('BAD_USER_INPUT', { reason: 'choices are made by approving', fields });
}

/** Takes back one's own decision while nothing after it has acted. @throws REVOCATION_CLOSED, ACTION_NOT_ALLOWED */
export const takeBack = (ctx: Context, input: DecisionInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'revoke', withoutChoices(input), (assignment) => ({ type: 'revoke', ...assignment }));

/** Takes away an approver whom one has added. @throws ACTION_NOT_ALLOWED, ASSIGNMENT_NOT_OPEN */
export const removeApprover = (ctx: Context, input: DecisionInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'remove-approver', withoutChoices(input), (assignment) => ({
    type: 'remove-approver',
    ...assignment,
  }));
