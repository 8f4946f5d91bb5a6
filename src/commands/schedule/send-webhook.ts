import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { OutboxState } from '../../entities/schedule/outbox-message.js';
import { WebhookDisabledBecause, WebhookState } from '../../entities/schedule/webhook-endpoint.js';
import {
  RETRY_AFTER_PATIENCE_HOURS,
  WEBHOOK_GIVEN_UP_MAX,
  WEBHOOK_FAILING_DAYS,
  WEBHOOK_TRIES,
} from '../../limits.js';
import { retryAt } from '../../workflows/retry-after.js';
import { inTransaction } from '../transaction.js';
import { NotBefore, PermanentFailure, type ExternalChannel, type OutgoingMessage } from './channels.js';
import type { Answer, Outbound } from './outbound.js';
import type { WebhookPayload } from './tell-outside.js';
import { disableEndpoint } from './webhook-switch.js';

/** The header `webhook-id` of a message: the same at every try and replay. */
export const webhookId = (messageId: string): string => `msg_${messageId.replaceAll('-', '')}`;

interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly state: string;
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly ownerMay: boolean;
}

/**
 * The channel `webhook`: sends an event to an endpoint, signed by Standard Webhooks, and keeps what it answered. Tests
 * (`webhook.ping`) reach a disabled endpoint too, are tried once and disable nothing.
 */
export function webhookChannel(outbound: Outbound): ExternalChannel {
  return async (ctx, message, signal) => {
    const payload = message.payload as WebhookPayload;
    const endpoint = await readEndpoint(ctx, message.receiver ?? '');
    if (!endpoint) throw new PermanentFailure('the endpoint was deleted');
    const isPing = payload.type === 'webhook.ping';
    if (!endpoint.ownerMay) {
      await inTransaction(ctx, (tx) => disableEndpoint(tx, endpoint.id, WebhookDisabledBecause.OWNER));
      return hold(ctx, message, 'the owner of the endpoint may no longer manage webhooks');
    }
    if (endpoint.state !== WebhookState.ENABLED && !isPing)
      return hold(ctx, message, 'the endpoint is disabled');

    const body = JSON.stringify(payload);
    const started = performance.now();
    const sent = await outbound
      .post(endpoint.url, body, headersFor(endpoint, message.id, body, ctx.now), signal)
      .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
    const answer = sent instanceof Error ? null : sent;
    await keepAnswer(ctx, message, endpoint.id, answer, Math.round(performance.now() - started));
    if (answer !== null && answer.code >= 200 && answer.code < 300) {
      await recordSuccess(ctx, endpoint.id);
      return;
    }
    const failure = sent instanceof Error ? sent : new Error(`it answered ${sent.code}`);
    if (isPing) throw new PermanentFailure(failure.message);
    if (answer?.code === 410) {
      await inTransaction(ctx, (tx) => disableEndpoint(tx, endpoint.id, WebhookDisabledBecause.GONE));
      throw failure;
    }
    const later = answer === null ? null : postponement(answer, message, ctx.now);
    if (later !== null) throw new NotBefore(later, failure.message);
    await recordFailure(ctx, message, endpoint.id);
    throw failure;
  };
}

/** The endpoint, and whether its owner is permitted at this moment what it takes to see everything that is sent. */
async function readEndpoint(ctx: Context, id: string): Promise<Endpoint | undefined> {
  const { rows } = await sql<Endpoint>`
    select endpoint.id, url, state, secret, (owner.active and exists (
        select 1 from role_grant held join role on role.key = held.role_key
        where held.person_id = owner.id and (held.until is null or held.until > ${ctx.now})
          and role.permissions ->> 'webhook:manage' = 'all')) as "ownerMay",
      case when previous_secret_until > ${ctx.now} then previous_secret end as "previousSecret"
    from webhook_endpoint endpoint join app_user owner on owner.id = endpoint.owner_id
    where endpoint.id::text = ${id}`.execute(readDb(ctx.em));
  return rows[0];
}

function headersFor(
  { secret, previousSecret }: Endpoint,
  messageId: string,
  body: string,
  now: Date,
): Record<string, string> {
  const id = webhookId(messageId);
  const secrets = previousSecret === null ? [secret] : [secret, previousSecret];
  return {
    'content-type': 'application/json',
    'user-agent': 'Countersign-Webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': secrets.map((one) => new Webhook(one).sign(id, now, body)).join(' '),
  };
}

/** A receiver that is busy and says until when is believed, but not for ever. */
function postponement(answer: Answer, { createdAt }: OutgoingMessage, now: Date): Date | null {
  if (answer.code !== 429 && answer.code !== 503) return null;
  const patienceEnds = createdAt.getTime() + RETRY_AFTER_PATIENCE_HOURS * 3_600_000;
  return now.getTime() < patienceEnds ? retryAt(answer.retryAfter, now) : null;
}

/** Keeps a message for a replay instead of giving it up. */
async function hold(ctx: Context, { id }: OutgoingMessage, reason: string): Promise<never> {
  await readDb(ctx.em)
    .updateTable('outbox_message')
    .set({ state: OutboxState.HELD, last_error: reason })
    .where('id', '=', id)
    .where('state', '=', OutboxState.PENDING)
    .execute();
  throw new Error(reason);
}

async function keepAnswer(
  ctx: Context,
  { id }: OutgoingMessage,
  endpointId: string,
  answer: Answer | null,
  durationMs: number,
): Promise<void> {
  const columns = {
    at: ctx.now,
    response_code: answer?.code ?? null,
    answer: answer?.text ?? null,
    duration_ms: durationMs,
  };
  await readDb(ctx.em)
    .insertInto('webhook_answer')
    .values({ message_id: id, endpoint_id: endpointId, ...columns })
    .onConflict((conflict) => conflict.column('message_id').doUpdateSet(columns))
    .execute();
}

async function recordSuccess(ctx: Context, endpointId: string): Promise<void> {
  await readDb(ctx.em)
    .updateTable('webhook_endpoint')
    .set((eb) => ({
      delivered_count: eb('delivered_count', '+', 1),
      failing_since: null,
      given_up: 0,
      last_delivered_at: ctx.now,
    }))
    .where('id', '=', endpointId)
    .execute();
}

/** Disables an endpoint that has taken nothing for days. */
async function recordFailure(ctx: Context, message: OutgoingMessage, endpointId: string): Promise<void> {
  const dead = message.tries >= WEBHOOK_TRIES ? 1 : 0;
  const row = await readDb(ctx.em)
    .updateTable('webhook_endpoint')
    .set((eb) => ({
      failed_count: eb('failed_count', '+', 1),
      failing_since: sql`coalesce(failing_since, ${ctx.now})`,
      given_up: eb('given_up', '+', dead),
    }))
    .where('id', '=', endpointId)
    .returning(['failing_since', 'given_up'])
    .executeTakeFirst();
  if (!row?.failing_since) return;
  const failingMs = ctx.now.getTime() - new Date(row.failing_since).getTime();
  if (failingMs >= WEBHOOK_FAILING_DAYS * 86_400_000 || row.given_up >= WEBHOOK_GIVEN_UP_MAX)
    await inTransaction(ctx, (tx) => disableEndpoint(tx, endpointId, WebhookDisabledBecause.FAILING));
}
