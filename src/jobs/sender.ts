import type { ExternalChannels } from '../commands/schedule/channels.js';
import { sendOutbox } from '../commands/schedule/send-outbox.js';
import type { Context, Log } from '../context.js';

export interface Sender {
  /** Something may be due on the outside channels. Never throws, never waits. */
  kick(): void;
  /** Claims no more, and waits for what is being sent. */
  close(): Promise<void>;
}

interface SenderDeps {
  readonly makeContext: () => Context;
  readonly channels: ExternalChannels;
  readonly log: Log;
}

/**
 * Sends in the background of this process, one run per channel at a time, so that neither a nudge nor the sweep ever
 * waits for a receiver. A kick during a run makes another run follow it.
 */
export function startSender({ makeContext, channels, log }: SenderDeps): Sender {
  const stop = new AbortController();
  const lanes = Object.entries(channels).map(([name, send]) => {
    const run = async (): Promise<void> => {
      const report = await sendOutbox(makeContext(), { [name]: send }, { signal: stop.signal });
      if (report.delivered + report.failed + report.dead > 0) log.info({ channel: name, ...report }, 'sent');
    };
    return backToBack(run, (error) =>
      log.error({ channel: name, error: String(error) }, 'sending stopped; the sweep starts it again'),
    );
  });
  return {
    kick() {
      if (!stop.signal.aborted) for (const lane of lanes) lane.start();
    },
    async close() {
      stop.abort();
      await Promise.all(lanes.map((lane) => lane.settled()));
    },
  };
}

/** Runs never overlap; a start during a run is one more run after it. */
function backToBack(
  run: () => Promise<void>,
  failed: (error: unknown) => void,
): { start(): void; settled(): Promise<void> } {
  let running: Promise<void> | null = null;
  let again = false;
  const loop = async (): Promise<void> => {
    do {
      again = false;
      await run().catch(failed);
    } while (again);
    running = null;
  };
  return {
    start() {
      if (running) again = true;
      else running = loop();
    },
    settled: async () => {
      while (running) await running;
    },
  };
}
