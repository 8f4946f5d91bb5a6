import { newRowId } from '../../entities/row-id.js';
import { readDb } from '../../entities/read-db.js';
import { OutboxState } from '../../entities/schedule/outbox-message.js';
import { WebhookDisabledBecause, WebhookState } from '../../entities/schedule/webhook-endpoint.js';
import type { TransactionContext } from '../transaction.js';

/**
 * Stops sending to an endpoint; what was still to be sent is held for a replay. A machine that does so tells the owner
 * (or, where the owner is the reason, the administrators). False: it was disabled before.
 */
export async function disableEndpoint(
  tx: TransactionContext,
  endpointId: string,
  because: WebhookDisabledBecause,
): Promise<boolean> {
  const db = readDb(tx.em);
  const disabled = await db
    .updateTable('webhook_endpoint')
    .set({ state: WebhookState.DISABLED, disabled_because: because })
    .where('id', '=', endpointId)
    .where('state', '=', WebhookState.ENABLED)
    .returning(['owner_id', 'description'])
    .executeTakeFirst();
  if (!disabled) return false;
  await db
    .updateTable('outbox_message')
    .set({ state: OutboxState.HELD })
    .where('channel', '=', 'webhook')
    .where('receiver', '=', endpointId)
    .where('state', '=', OutboxState.PENDING)
    .execute();
  if (because === WebhookDisabledBecause.BY_HAND) return true;
  const { en, zh } = REASONS[because];
  const payload = {
    kind: 'WEBHOOK_DISABLED',
    people: because === WebhookDisabledBecause.OWNER ? 'administrators' : [disabled.owner_id],
    textEn: `The webhook endpoint “${disabled.description}” was disabled: ${en}. What happens is held; enable it and replay.`,
    textZh: `Webhook 端点“${disabled.description}”已停用：${zh}。事件已保留，启用后可重新发送。`,
  };
  await db
    .insertInto('outbox_message')
    .values({
      id: newRowId(),
      key: `webhook/${endpointId}/disabled/${tx.now.getTime()}`,
      channel: 'in-app',
      payload: JSON.stringify(payload),
      next_try_at: tx.now,
      created_at: tx.now,
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  tx.wakes.push({ what: 'outbox' });
  tx.log.warn({ endpoint: endpointId, because }, 'a webhook endpoint was disabled');
  return true;
}

const REASONS = {
  GONE: { en: 'it answered 410 Gone', zh: '对方返回 410 Gone' },
  FAILING: { en: 'nothing got through for days', zh: '连续多日无法送达' },
  OWNER: {
    en: 'its owner has left or may no longer manage webhooks',
    zh: '其负责人已离职或不再有权管理 Webhook',
  },
} as const;
