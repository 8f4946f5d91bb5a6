import type { Clock, Log, Services, Wake } from '../context.js';
import { within, type Nudge, type Producer } from './queue.js';

/** Wakes that wait for a slow store; beyond it they are dropped and the sweep makes good. */
const WAITING_MAX = 10_000;

/** Nudges added by one statement. */
const BULK_MAX = 500;

/** Outbox nudges of all processes within this time become one; messages wait half of it on average. */
const OUTBOX_WINDOW_MS = 100;

/** Time that `close` gives to what still waits. */
const CLOSE_MS = 3_000;

export interface Waker {
  /** Never throws, never waits, never costs the caller more than a map entry. */
  readonly wake: Services['wake'];
  /** Resolves when what was woken so far has been added or dropped. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Turns wakes into nudges in the background, one bulk at a time. Timers beyond the horizon are left to the sweep. When
 * the store fails, what was to be added is dropped.
 */
export function createWaker(deps: {
  readonly producer: Producer;
  readonly clock: Clock;
  readonly horizonSeconds: number;
  readonly log: Log;
}): Waker {
  const { producer, clock, log } = deps;
  const waiting = new Map<string, Nudge>();
  let away = false;
  let running: Promise<void> | null = null;

  const addAll = async (): Promise<void> => {
    while (waiting.size > 0) {
      const bulk = [...waiting.values().take(BULK_MAX)];
      for (const { id } of bulk) waiting.delete(id);
      try {
        await producer.add(bulk);
        if (away) log.info({}, 'wakes reach the queue again');
        away = false;
      } catch (error) {
        if (!away) log.warn({ error: String(error) }, 'wakes do not reach the queue; the sweep makes good');
        away = true;
      }
    }
    running = null;
  };
  const settled = async (): Promise<void> => {
    while (running) await running;
  };
  return {
    wake(what) {
      const nudge = nudgeOf(what, clock.now(), deps.horizonSeconds);
      if (nudge === null || waiting.size >= WAITING_MAX) return;
      waiting.set(nudge.id, nudge);
      running ??= Promise.resolve().then(addAll);
    },
    settled,
    async close() {
      await within(CLOSE_MS, settled()).catch(() => waiting.clear());
      await within(CLOSE_MS, producer.close()).catch(() => undefined);
    },
  };
}

/**
 * null: too far away. An outbox nudge is for a window of time and comes at its end, so a message committed while an
 * earlier nudge is being handled gets one of its own.
 */
export function nudgeOf(wake: Wake, now: Date, horizonSeconds: number): Nudge | null {
  if (wake.what === 'outbox') {
    const window = Math.floor(now.getTime() / OUTBOX_WINDOW_MS);
    return {
      name: 'outbox',
      id: `outbox_${window}`,
      data: {},
      delayMs: (window + 1) * OUTBOX_WINDOW_MS - now.getTime(),
    };
  }
  const delayMs = Math.max(0, Math.ceil(wake.at.getTime() - now.getTime()));
  return delayMs > horizonSeconds * 1000
    ? null
    : { name: 'timer', id: `timer_${wake.id}`, data: { id: wake.id }, delayMs };
}
