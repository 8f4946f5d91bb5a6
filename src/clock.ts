import type { Clock, Log } from './context.js';

/** The machine's clock: the only place that reads it. */
export const systemClock: Clock = { now: () => new Date() };

/** How often the database is asked for the time; a steady clock drifts by far less than a millisecond in between. */
const ASK_MS = 10_000;

/** An answer that took longer says too little about when it was given. */
const ANSWER_MAX_MS = 1_000;

/** From here on the machine's own clock is worth a line in the log. */
const OFF_MS = 1_000;

export interface SharedClock extends Clock {
  close(): void;
}

/**
 * One time for all processes on a database: the database's own, carried on between two questions by this process's steady
 * counter. So a machine whose clock is wrong, or is set while we run, fires nothing early or late and writes no history in
 * another time. A question that fails changes nothing.
 * @param ask the database's time, and what it takes to be asked; @throws what the first question throws
 */
export async function shareClock(ask: () => Promise<Date>, log: Log): Promise<SharedClock> {
  let knownAt = 0;
  let known = 0;
  let wrong = false;

  const sync = async (): Promise<void> => {
    const askedAt = performance.now();
    const told = await ask();
    const answeredAt = performance.now();
    if (known !== 0 && answeredAt - askedAt > ANSWER_MAX_MS) return;
    knownAt = (askedAt + answeredAt) / 2;
    known = told.getTime();
    const offMs = Math.round(systemClock.now().getTime() - now().getTime());
    if (Math.abs(offMs) >= OFF_MS !== wrong) {
      wrong = !wrong;
      if (wrong) log.warn({ offMs }, "this machine's clock is not the database's; the database's counts");
    }
  };
  const now = (): Date => new Date(Math.round(known + performance.now() - knownAt));

  await sync();
  const interval = setInterval(() => {
    sync().catch(() => undefined);
  }, ASK_MS).unref();
  return { now, close: () => clearInterval(interval) };
}
