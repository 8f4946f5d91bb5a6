import type { Clock } from './context.js';

/** The machine's clock: the only place that reads it. */
export const systemClock: Clock = { now: () => new Date() };
