import { z } from 'zod';
import type { Context, Log, Services, Wake } from '../context.js';
import type { FireOutcome, TimerActions } from '../commands/schedule/fire-timer.js';
import { fireTimers } from '../commands/schedule/fire-timers.js';
import { relayOutbox } from '../commands/schedule/relay-outbox.js';
import { sweep } from '../commands/schedule/sweep.js';
import type { ExternalChannels } from '../commands/schedule/channels.js';
import { startSender, type Sender } from './sender.js';
import { openConsumer, within, type QueueSettings } from './queue.js';
import { together } from './together.js';

/** Timers read by one statement of the sweep, and near ones handed to the queue by one sweep. */
const SWEEP_LIMIT = 1000;

/** Calls that let timers act at once: each holds up to three of the ten connections of the process's pool. */
const FIRING_AT_ONCE = 2;

/** From so many nudges that waited for one another, a sweep does not wait for its time. */
const CROWD = 20;

/** Timers of one such call. */
const FIRING_TOGETHER_MAX = 200;

/** Time that `close` gives to jobs and the sweep; what is cut off is rolled back and done by the next worker. */
const CLOSE_MS = 10_000;

export interface WorkerDeps {
  readonly queue: QueueSettings;
  /** A context of its own for each job: a fresh identity map and `now`. */
  readonly makeContext: () => Context;
  readonly actions: TimerActions;
  /** What this process can send on. */
  readonly channels?: ExternalChannels;
  readonly wake: Services['wake'];
  readonly sweepSeconds: number;
  readonly horizonSeconds: number;
  readonly log: Log;
}

export interface RunningWorker {
  /** Waits for running jobs and the running sweep, at most some seconds. */
  close(): Promise<void>;
}

/**
 * Lets time pass: handles nudges of the queue, and sweeps at once and then by an interval of this process, which no
 * loss of the queue can stop. Sweeps of this process never overlap.
 */
export function startWorker(deps: WorkerDeps): RunningWorker {
  const stop = new AbortController();
  const sender = startSender({
    makeContext: deps.makeContext,
    channels: deps.channels ?? {},
    log: deps.log,
  });
  const sweepOnce = async (): Promise<void> => {
    const report = await sweep(deps.makeContext(), { ...deps, limit: SWEEP_LIMIT, signal: stop.signal });
    if (report.fired + report.refused + report.failed + report.dead > 0)
      deps.log.info({ ...report }, 'swept');
  };
  let running: Promise<void> | null = null;
  const start = (): void => {
    running ??= sweepOnce()
      .catch((error: unknown) => deps.log.error({ error: String(error) }, 'the sweep failed'))
      .finally(() => {
        running = null;
        sender.kick();
      });
  };

  const fire = together(
    async (ids: readonly string[]) => {
      // Nudges come one by one; what else is due the tables tell at once.
      if (ids.length >= CROWD) start();
      const outcomes = await fireTimers(deps.makeContext(), ids, deps.actions);
      return ids.map((id) => outcomes.get(id));
    },
    { atOnce: FIRING_AT_ONCE, most: FIRING_TOGETHER_MAX },
  );
  const consumer = openConsumer(
    deps.queue,
    (name, data) => handle(deps, { sender, fire }, name, data),
    deps.wake,
  );
  const interval = setInterval(start, deps.sweepSeconds * 1000);
  start();
  return {
    async close() {
      clearInterval(interval);
      stop.abort();
      const ended = Promise.all([consumer.close(), running, sender.close()]);
      await within(CLOSE_MS, ended).catch(() =>
        deps.log.warn({}, 'the worker stopped before its jobs had ended'),
      );
    },
  };
}

const nudge = z.discriminatedUnion('name', [
  z.object({ name: z.literal('timer'), data: z.object({ id: z.guid() }) }),
  z.object({ name: z.literal('outbox') }),
]);

/** A nudge that is not understood (from another version, or forged) does nothing. */
async function handle(
  deps: WorkerDeps,
  { sender, fire }: { sender: Sender; fire: (id: string) => Promise<FireOutcome | Error | undefined> },
  name: string,
  data: unknown,
): Promise<Wake | null> {
  const parsed = nudge.safeParse({ name, data });
  if (!parsed.success) {
    deps.log.warn({ name }, 'a nudge was not understood');
    return null;
  }
  if (parsed.data.name === 'outbox') {
    await relayOutbox(deps.makeContext());
    sender.kick();
    return null;
  }
  const { id } = parsed.data.data;
  const result = await fire(id);
  if (result instanceof Error) throw result;
  // It was moved, or the store's clock runs ahead of ours.
  return result?.outcome === 'not-due' ? { what: 'timer', id, at: result.dueAt } : null;
}
