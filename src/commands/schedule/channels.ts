import type { Context } from '../../context.js';
import { CHAT_TRIES, SEND_TRIES, WEBHOOK_TRIES } from '../../limits.js';

/** Channels of the outbox that leave the building; all others are delivered inside the database. */
export const OUTSIDE_CHANNELS = ['mail', 'webhook', 'chat'] as const;

const TRIES: Readonly<Record<string, number>> = { webhook: WEBHOOK_TRIES, chat: CHAT_TRIES };

/** Tries of a message on a channel before it is parked. */
export const triesOn = (channel: string): number => TRIES[channel] ?? SEND_TRIES;

/** A message on its way out. */
export interface OutgoingMessage {
  readonly id: string;
  /** The stable id under which the receiver recognises a repeat; the same at every try. */
  readonly key: string;
  readonly channel: string;
  /** Whom or what it is for, such as a person's or an endpoint's id; null: nobody in particular. */
  readonly receiver: string | null;
  readonly payload: unknown;
  /** This try included. */
  readonly tries: number;
  readonly createdAt: Date;
}

/**
 * Sends a message, and returns once the receiver has taken it over. Called outside every transaction, and again under
 * the same key when nobody knows how it ended: a repeat must be recognisable by `key`. After `signal` nobody waits for
 * it any more.
 * @throws PermanentFailure: never tried again; NotBefore: not now; anything else is tried again later
 */
export type ExternalChannel = (ctx: Context, message: OutgoingMessage, signal: AbortSignal) => Promise<void>;

/** By `OutboxMessage.channel`: those that this process can send on. Messages on others wait for one that can. */
export type ExternalChannels = Readonly<Record<string, ExternalChannel>>;

/** The receiver will never take this message: it is parked as DEAD at once, with the reason. */
export class PermanentFailure extends Error {}

/** The message must wait until then; this was no try. */
export class NotBefore extends Error {
  readonly at: Date;

  constructor(at: Date, reason: string) {
    super(reason);
    this.at = at;
  }
}

/** Longest reason kept with a message: enough to recognise a failure. */
const REASON_MAX_LENGTH = 500;

/** Why a delivery failed, as text that the database can keep. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll('\0', '').slice(0, REASON_MAX_LENGTH);
