import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import type { SubjectType } from '../../entities/approvals/enums.js';
import { readDb, visible } from '../../entities/read-db.js';
import type { Command } from '../../workflows/request.js';
import { once } from '../idempotency.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import { applyCommand } from './apply-command.js';
import { commentOf } from './comment.js';
import { type Submitted } from './submit.js';
import { choicesOf, StepChoiceInput } from './step-choice.js';
import { SUBJECTS } from './subjects/index.js';
import { interestsOf, snapshotOf } from './subjects/snapshot.js';

@InputType()
export abstract class RequestActionInput {
  @Field(() => ID, { description: 'The approval request.' })
  requestId!: string;

  @Field(() => String, { nullable: true, description: 'Your words, at most 4000 characters.' })
  comment?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'A returned request, changed and handed in again.' })
export class ResubmitInput extends RequestActionInput {
  @Field(() => [StepChoiceInput], {
    nullable: true,
    description: 'Whom you choose anew; what you leave out stays as it was chosen before.',
  })
  choices?: StepChoiceInput[] | null;
}

@InputType({ description: 'The withdrawal of your own request.' })
export class WithdrawInput extends RequestActionInput {}

@InputType({ description: 'A reminder to the people who are being asked.' })
export class NudgeInput extends RequestActionInput {}

@InputType({ description: "An administrator's cancellation; the comment is required." })
export class CancelRequestInput extends RequestActionInput {}

@InputType({ description: 'Asks again in blocked steps, with the organisation as it is now.' })
export class UnblockRequestInput extends RequestActionInput {}

type CommandFor = (
  given: { readonly by: string; readonly comment: string | null },
  tx: TransactionContext,
) => Command;

/** One command on a request that the person can see. */
export function act(
  ctx: Context,
  name: string,
  input: RequestActionInput,
  commandFor: CommandFor,
): Promise<Submitted & Record<string, string>> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name, key: idempotencyKey, payload }, async () => {
      const requestId = await requireVisible(tx, input.requestId);
      await applyCommand(
        tx,
        requestId,
        commandFor({ by: requireActor(tx).id, comment: commentOf(input.comment) }, tx),
      );
      return { requestId };
    }),
  );
}

/** As `act`, for a command that is found by something else than the request's id. The request must be visible. */
export function actInTransaction(
  ctx: Context,
  name: string,
  input: { readonly idempotencyKey?: string | null },
  find: (tx: TransactionContext, by: string) => Promise<readonly [requestId: string, command: Command]>,
): Promise<Submitted & Record<string, string>> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name, key: idempotencyKey, payload }, async () => {
      const [id, command] = await find(tx, requireActor(tx).id);
      const requestId = await requireVisible(tx, id);
      await applyCommand(tx, requestId, command);
      return { requestId };
    }),
  );
}

/** @throws NOT_FOUND for a request that the person can't see */
export async function requireVisible(tx: TransactionContext, id: string): Promise<string> {
  const requestId = requireId(id, 'approval request');
  const row = await readDb(tx.em)
    .selectFrom('approval_request')
    .select('id')
    .where('id', '=', requestId)
    .where(visible(requireActor(tx), 'request:read', 'approval_request'))
    .executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'approval request' });
  return requestId;
}

/** Starts the next round of a returned request with its subject as it is now. @throws REQUEST_NOT_RETURNED, NOT_THE_REQUESTER */
export function resubmit(ctx: Context, input: ResubmitInput): Promise<Submitted & Record<string, string>> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name: 'resubmit', key: idempotencyKey, payload }, async () => {
      const requestId = await requireVisible(tx, input.requestId);
      const comment = commentOf(input.comment);
      const by = requireActor(tx).id;
      await applyCommand(tx, requestId, async ({ state }) => {
        const type = state.subject.type as SubjectType;
        const subject = await SUBJECTS[type].load(tx, state.subject.id, null);
        if (state.status === 'RETURNED') await SUBJECTS[type].requireSubmittable(tx, subject);
        return {
          type: 'resubmit',
          by,
          subject: snapshotOf(type, subject),
          interests: interestsOf(state.requesterId, subject),
          comment,
          choices: choicesOf(input.choices),
        };
      });
      return { requestId };
    }),
  );
}

/** @throws NOT_THE_REQUESTER, WITHDRAWAL_CLOSED, REQUEST_ENDED */
export const withdraw = (ctx: Context, input: WithdrawInput): Promise<Submitted> =>
  act(ctx, 'withdraw', input, (given) => ({ type: 'withdraw', ...given }));

/** @throws NOT_THE_REQUESTER, NUDGED_RECENTLY, ACTION_NOT_ALLOWED */
export const nudge = (ctx: Context, input: NudgeInput): Promise<Submitted> =>
  act(ctx, 'nudge', input, (given) => ({ type: 'nudge', ...given }));

/** @throws COMMENT_REQUIRED, REQUEST_ENDED */
export const cancelRequest = (ctx: Context, input: CancelRequestInput): Promise<Submitted> =>
  act(ctx, 'cancel', input, (given) => ({ type: 'cancel', ...given }));

export const unblockRequest = (ctx: Context, input: UnblockRequestInput): Promise<Submitted> =>
  act(ctx, 'unblock', input, ({ by }) => ({ type: 'unblock', by }));
