import type { Measured } from './load.js';

/** What one contender did over all rounds. */
export interface Result {
  /** Median over the rounds. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU of the server's process per answer; median over the rounds. */
  readonly cpuMs: number;
  readonly rounds: readonly number[];
}

export const WARM_UP_ROUNDS = 2;

/** On a busy machine a comparison ends after this time, in milliseconds, once it has had this many rounds. */
const ENOUGH_MS = 25_000;
const ROUNDS_MIN = 5;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/**
 * Runs the contenders in turn, A B C A B C …, so that whatever else the machine does meets them alike. Some turns of
 * each, not counted, go first: until then the compiler of V8 is at work.
 */
export async function interleaved<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, () => Promise<Measured>>>,
): Promise<Record<Name, Result>> {
  const names = Object.keys(contenders) as Name[];
  const turns = new Map<Name, Measured[]>(names.map((name) => [name, []]));
  const startedAt = performance.now();
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    if (round >= ROUNDS_MIN && performance.now() - startedAt > ENOUGH_MS) break;
    for (const name of names) {
      const measured = await contenders[name]();
      if (round >= 0) turns.get(name)?.push(measured);
    }
  }
  return Object.fromEntries(names.map((name) => [name, resultOf(turns.get(name) ?? [])])) as Record<
    Name,
    Result
  >;
}

function resultOf(turns: readonly Measured[]): Result {
  const latencies = turns.flatMap((turn) => turn.latencies);
  const rounds = turns.map((turn) => turn.perSecond);
  return {
    perSecond: median(rounds),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    cpuMs: median(turns.map((turn) => turn.cpuMs)),
    rounds,
  };
}

/** How much faster `a` is than `b`: the median of the ratios of each round, so that a slow moment counts for both. */
export const ratioOf = (a: Result, b: Result): number =>
  median(a.rounds.map((value, round) => value / (b.rounds[round] ?? NaN)));
