import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Notification } from '../../entities/schedule/notification.js';
import { refusal } from '../../errors.js';
import { PAGE_MAX } from '../../limits.js';
import { inTransaction, requireActor, requireId } from '../transaction.js';

@InputType({ description: 'Which of your notifications you have read.' })
export class MarkNotificationsReadInput {
  @Field(() => [ID], { description: 'Ids, at most 100.' })
  ids!: string[];
}

/** Marks the viewer's own notifications; one read before keeps its first time. @throws BAD_USER_INPUT, NOT_FOUND */
export async function markNotificationsRead(
  ctx: Context,
  input: MarkNotificationsReadInput,
): Promise<{ notifications: Notification[] }> {
  const { id: personId } = requireActor(ctx);
  if (input.ids.length > PAGE_MAX) {
    throw refusal('BAD_USER_INPUT', {
      reason: `ids must be at most ${PAGE_MAX}`,
      fields: [{ path: 'ids', rule: `0..${PAGE_MAX}` }],
    });
  }
  const ids = [...new Set(input.ids.map((id) => requireId(id, 'notification')))];
  return inTransaction(ctx, async (tx) => {
    const notifications = await tx.em.find(
      Notification,
      { id: { $in: ids }, personId },
      { orderBy: { createdAt: 'desc', id: 'desc' } },
    );
    if (notifications.length < ids.length) throw refusal('NOT_FOUND', { what: 'notification' });
    for (const notification of notifications) notification.readAt ??= tx.now;
    return { notifications };
  });
}
