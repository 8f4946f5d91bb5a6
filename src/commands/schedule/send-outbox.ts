import { sql } from 'kysely';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { OutboxState } from '../../entities/schedule/outbox-message.js';
import {
  SEND_BACKOFF_MAX_SECONDS,
  SEND_LEASE_SECONDS,
  SEND_TIMEOUT_MS,
  SENDS_AT_ONCE,
  SENDS_PER_RECEIVER,
} from '../../limits.js';
import {
  NotBefore,
  PermanentFailure,
  reasonOf,
  triesOn,
  type ExternalChannel,
  type ExternalChannels,
  type OutgoingMessage,
} from './channels.js';
import type { RelayReport } from './relay-outbox.js';

/** Due messages among which those to send next are chosen, so that one receiver's backlog does not hide the others. */
const LOOK_AHEAD = 500;

export interface SendOptions {
  /** Claims no more; what is being sent ends within its time. */
  readonly signal?: AbortSignal;
  /** Time for one send, in milliseconds. */
  readonly timeoutMs?: number;
}

/**
 * Sends what is due on the channels that leave the building, until nothing is left: at least once under the message's
 * key. No transaction is open while a message is sent: it is claimed by a lease (committed), sent, and its end recorded.
 * A process that dies in between leaves the lease to run out, and the message goes out again under the same key.
 *
 * Each channel goes its own way, some sends at once, and few of them to one receiver: a slow one holds up nobody else.
 * A failed message waits twice as long after each try and is parked as DEAD after the last, or at once when the failure
 * is permanent. Any number of processes may send at once.
 * @throws what the database says; what was claimed is sent by whoever comes after its lease
 */
export async function sendOutbox(
  ctx: Context,
  channels: ExternalChannels,
  options: SendOptions = {},
): Promise<RelayReport> {
  const total: RelayReport = { delivered: 0, failed: 0, dead: 0 };
  const lanes = await Promise.allSettled(
    Object.entries(channels).map(([name, send]) => sendOn(ctx, name, send, options, total)),
  );
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
  return total;
}

async function sendOn(
  ctx: Context,
  channel: string,
  send: ExternalChannel,
  options: SendOptions,
  total: RelayReport,
): Promise<void> {
  const running = new Map<string, { readonly receiver: string | null; readonly ended: Promise<void> }>();
  try {
    for (;;) {
      const claimed = options.signal?.aborted ? [] : await claim(ctx, channel, [...running.values()]);
      for (const message of claimed) {
        const ended = sendOne(ctx, message, send, options, total).finally(() => running.delete(message.id));
        running.set(message.id, { receiver: message.receiver, ended });
      }
      if (running.size === 0) return;
      await Promise.race([...running.values()].map(({ ended }) => ended));
    }
  } finally {
    await Promise.all([...running.values()].map(({ ended }) => ended));
  }
}

/** Takes the oldest due messages for as many sends as are free, passing by receivers who have their share. */
async function claim(
  ctx: Context,
  channel: string,
  running: readonly { readonly receiver: string | null }[],
): Promise<OutgoingMessage[]> {
  const free = SENDS_AT_ONCE - running.length;
  if (free <= 0) return [];
  const now = ctx.services.clock.now();
  const busy = [...Map.groupBy(running, ({ receiver }) => receiver)]
    .filter(([receiver, sends]) => receiver !== null && sends.length >= SENDS_PER_RECEIVER)
    .map(([receiver]) => receiver);
  const { rows } = await sql<Omit<OutgoingMessage, 'createdAt'> & { readonly createdAt: string }>`
    update outbox_message message
    set tries = message.tries + 1, next_try_at = ${new Date(now.getTime() + SEND_LEASE_SECONDS * 1000)}
    where id in (
      select id from outbox_message
      where state = 'PENDING' and channel = ${channel} and next_try_at <= ${now} and id in (
        select id from (
          select id, row_number() over (partition by coalesce(receiver, id::text) order by next_try_at, id) as turn
          from (
            select id, receiver, next_try_at from outbox_message
            where state = 'PENDING' and channel = ${channel} and channel <> 'in-app' and next_try_at <= ${now}
              and (receiver is null or receiver <> all(${sql.val(busy)}::text[]))
            order by next_try_at, id limit ${LOOK_AHEAD}
          ) oldest
        ) turns where turn <= ${SENDS_PER_RECEIVER}
      )
      order by next_try_at, id limit ${free} for update skip locked
    )
    returning id, key, channel, receiver, payload, tries, created_at as "createdAt"`.execute(readDb(ctx.em));
  return rows.map((row) => ({ ...row, createdAt: new Date(row.createdAt) }));
}

/** Never throws: what can't be recorded is sent again after its lease. */
async function sendOne(
  ctx: Context,
  message: OutgoingMessage,
  send: ExternalChannel,
  { timeoutMs = SEND_TIMEOUT_MS }: SendOptions,
  total: RelayReport,
): Promise<void> {
  try {
    const failure = await failureOf(ctx, message, send, timeoutMs);
    if (failure === null) {
      await recordDelivered(ctx, message);
      total.delivered += 1;
    } else {
      total[await recordFailure(ctx, message, failure.error)] += 1;
    }
  } catch (error) {
    ctx.log.error({ message: message.id, error: String(error) }, 'how a send ended could not be recorded');
  }
}

async function failureOf(
  ctx: Context,
  message: OutgoingMessage,
  send: ExternalChannel,
  timeoutMs: number,
): Promise<{ readonly error: unknown } | null> {
  // Only processes that died while sending it leave more tries behind than there are: it may be what kills them.
  const most = triesOn(message.channel);
  if (message.tries > most) return { error: new PermanentFailure(`its sending was cut off ${most} times`) };
  const time = AbortSignal.timeout(timeoutMs);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Error(`no answer within ${timeoutMs} ms`));
  time.addEventListener('abort', giveUp);
  try {
    const own: Context = {
      ...ctx,
      em: ctx.em.fork(),
      now: ctx.services.clock.now(),
      loaders: new Map(),
    };
    await Promise.race([send(own, message, time), late]);
    return null;
  } catch (error) {
    return { error };
  } finally {
    time.removeEventListener('abort', giveUp);
  }
}

/** Also where the lease had run out: it has been delivered, whoever is trying again. */
async function recordDelivered(ctx: Context, message: OutgoingMessage): Promise<void> {
  await readDb(ctx.em)
    .updateTable('outbox_message')
    .set({ state: OutboxState.DELIVERED, delivered_at: ctx.services.clock.now(), last_error: null })
    .where('id', '=', message.id)
    .where('state', '=', OutboxState.PENDING)
    .execute();
}

/** Says nothing where another try has begun meanwhile: that one's end counts. Waits 2, 4, 8 … seconds. */
async function recordFailure(
  ctx: Context,
  message: OutgoingMessage,
  error: unknown,
): Promise<'failed' | 'dead'> {
  const now = ctx.services.clock.now().getTime();
  const postponed = error instanceof NotBefore ? Math.max(error.at.getTime(), now + 1000) : null;
  const dead =
    postponed === null && (error instanceof PermanentFailure || message.tries >= triesOn(message.channel));
  const waitSeconds = Math.min(2 ** message.tries, SEND_BACKOFF_MAX_SECONDS);
  if (postponed === null)
    ctx.log.warn(
      { message: message.id, channel: message.channel, tries: message.tries, dead },
      'a message could not be sent',
    );
  await readDb(ctx.em)
    .updateTable('outbox_message')
    .set({
      tries: Math.min(postponed === null ? message.tries : message.tries - 1, triesOn(message.channel)),
      state: dead ? OutboxState.DEAD : OutboxState.PENDING,
      next_try_at: new Date(postponed ?? now + waitSeconds * 1000),
      last_error: reasonOf(error),
    })
    .where('id', '=', message.id)
    .where('state', '=', OutboxState.PENDING)
    .where('tries', '=', message.tries)
    .execute();
  return dead ? 'dead' : 'failed';
}
