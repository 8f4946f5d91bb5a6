import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { OutboxMessage, OutboxState } from '../../entities/schedule/outbox-message.js';
import { refusal } from '../../errors.js';
import { LockMode } from '@mikro-orm/postgresql';
import { inTransaction, requireActor, requireId } from '../transaction.js';

@InputType({ description: 'Which undeliverable message to send again.' })
export class ReplayOutboxMessageInput {
  @Field(() => ID, { description: 'Id of the message.' })
  id!: string;
}

/** Gives a parked message all its tries again, under the same key. @throws NOT_FOUND, INVALID_STATE */
export async function replayOutboxMessage(
  ctx: Context,
  input: ReplayOutboxMessageInput,
): Promise<{ message: OutboxMessage }> {
  const actor = requireActor(ctx);
  const id = requireId(input.id, 'message');
  return inTransaction(ctx, async (tx) => {
    const message = await tx.em.findOne(OutboxMessage, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (message === null) throw refusal('NOT_FOUND', { what: 'message' });
    if (message.state !== OutboxState.DEAD)
      throw refusal('INVALID_STATE', { what: 'message', status: message.state });
    message.state = OutboxState.PENDING;
    message.tries = 0;
    message.nextTryAt = tx.now;
    tx.wakes.push({ what: 'outbox' });
    tx.log.info({ message: id, by: actor.id }, 'a parked message is sent again');
    return { message };
  });
}
