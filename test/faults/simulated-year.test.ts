import { afterAll, expect, test } from '@jest/globals';
import { numberFrom } from '../support/random.js';
import { START } from '../support/test-app.js';
import { checkDatabase } from '../support/whole-database.js';
import { expectYear } from '../support/year-company.js';
import { logOfYear } from '../support/year-log.js';
import { playYear, type PlayedYear } from '../support/year-story.js';

// A year of one company by the moved clock, or as many months of it as SIMULATED_MONTHS says, from Monday 20 May 2024.

const MONTHS = numberFrom('SIMULATED_MONTHS', 2);
const SEED = numberFrom('SIMULATED_SEED', 20_240_520);
const until = Date.UTC(START.getUTCFullYear(), START.getUTCMonth() + MONTHS, START.getUTCDate(), 1, 30);

let year: PlayedYear | undefined;
afterAll(() => year?.close());

/** How often each line comes that is in one and not, or not as often, in the other. */
function missingFrom(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

const kindsOf = (lines: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const line of lines) {
    const [, what, kind] = line.split(' | ') as [string, string, string];
    const name = what === 'notice' || what === 'fact' ? `${what} ${kind}` : what;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

test(
  `in ${MONTHS} months of a company each thing is made, told, climbed and done when the packs say, once`,
  async () => {
    const expected = expectYear({ seed: SEED, from: START.getTime(), until });
    const startedAt = performance.now();
    year = await playYear(expected.acts, until);
    const log = await logOfYear(year.app);
    const seconds = (performance.now() - startedAt) / 1000;
    if (process.env['SIMULATED_MONTHS'])
      process.stderr.write(
        `${JSON.stringify({ months: MONTHS, seed: SEED, seconds: Math.round(seconds), acts: expected.acts.length, stops: year.stops, mails: year.mails, lines: log.length, kinds: kindsOf(log) }, null, 1)}\n`,
      );
    expect({
      missing: missingFrom(expected.log, log).slice(0, 20),
      tooMany: missingFrom(log, expected.log).slice(0, 20),
    }).toEqual({ missing: [], tooMany: [] });
    const checked = await checkDatabase(year.app.app.orm.em.fork(), new Date(until - 1));
    expect(checked.problems).toEqual([]);
    expect(checked.requests).toBeGreaterThan(3 * MONTHS);
    expect(year.app.errors).toEqual([]);
  },
  120_000 + MONTHS * 60_000,
);
