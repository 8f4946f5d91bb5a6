// `npm run bench [-- --only inbox,decide] [-- --quick]`: what the product costs, each figure beside a baseline of the
// same run on the same rows. Read the ratios; times of one machine say nothing about another.
import { fileURLToPath } from 'node:url';
import { readArguments, type Arguments, type Section } from './arguments.js';
import { benchCore } from './core.js';
import { startBenchDatabase, type BenchDatabase } from './database.js';
import { fill, SEED, type Fill, type Filled } from './fill.js';
import { benchInbox, benchShield } from './inbox.js';
import { benchPending, nearNeeded } from './pending.js';
import { isMet, machine, table, writeResults, type Line } from './report.js';
import { WARM_UP_ROUNDS } from './rounds.js';
import { startApi, startBaseline, type Server } from './servers.js';
import { benchStart } from './start.js';
import { benchTimers } from './timers.js';
import { benchWrite, decisions, submissions } from './writes.js';

const RESULTS = fileURLToPath(new URL('../../../bench-results.json', import.meta.url));

const FULL = {
  requests: 200_000,
  few: 10_000,
  rounds: 7,
  shieldRounds: 15,
  inboxReads: 700,
  writes: 240,
  timers: 10_000,
  pending: { near: 200, rounds: 2, few: 1_000, many: 100_000 },
  clients: [1, 8, 32],
};
const QUICK = {
  ...FULL,
  requests: 20_000,
  few: 2_000,
  rounds: 3,
  shieldRounds: 3,
  inboxReads: 200,
  writes: 60,
  timers: 1_000,
  pending: { near: 100, rounds: 1, few: 1_000, many: 100_000 },
  clients: [1, 8],
};
type Sizes = typeof FULL;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Some go to looking at single writes. */
const writesOf = ({ rounds, writes, clients }: Sizes): number =>
  2 * writes * (rounds + WARM_UP_ROUNDS) * clients.length + 10;

async function run({ only, quick, profile }: Arguments): Promise<boolean> {
  const startedAt = performance.now();
  const sizes = quick ? QUICK : FULL;
  const lines: Line[] = [];
  const wants = (...sections: Section[]): boolean => sections.some((section) => only.includes(section));
  const filled: Record<string, Filled> = {};
  const stoppers: (() => Promise<void>)[] = [];
  const begin = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const running = await starting;
    stoppers.push(() => running.stop());
    return running;
  };
  const section = (name: string, found: readonly Line[]): void => {
    lines.push(...found);
    say(`${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${name} done`);
  };
  try {
    if (wants('core')) section('core', benchCore(sizes.rounds));
    if (wants('inbox', 'decide', 'submit', 'shield')) {
      const database = await begin(startBenchDatabase());
      const writes = writesOf(sizes);
      const fillMany = { requests: sizes.requests, fresh: writes, drafts: writes };
      const many = await prepare(database, 'many', fillMany, begin, profile);
      filled['many'] = many.filled;
      section('fill', []);
      const baseline = await begin(startBaseline(many.url));
      if (wants('inbox')) {
        const few = await prepare(database, 'few', { requests: sizes.few, fresh: 0, drafts: 0 }, begin);
        filled['few'] = few.filled;
        section(
          'inbox',
          await benchInbox(
            { product: many.api, productSmall: few.api, baseline },
            sizes.rounds,
            sizes.inboxReads,
          ),
        );
        await few.api.stop();
      }
      if (wants('shield')) {
        const unguarded = await begin(startApi({ databaseUrl: many.url, shield: false }));
        section(
          'shield',
          await benchShield({ product: many.api, unguarded }, sizes.shieldRounds, sizes.inboxReads),
        );
        await unguarded.stop();
      }
      const servers = { database, url: many.url, product: many.api, baseline };
      if (wants('decide'))
        section(
          'decide',
          await benchWrite(
            decisions(sizes.requests, writes),
            servers,
            sizes.clients,
            sizes.rounds,
            sizes.writes,
          ),
        );
      if (wants('submit'))
        section(
          'submit',
          await benchWrite(
            submissions(writes),
            servers,
            sizes.clients.slice(0, 2),
            sizes.rounds,
            sizes.writes / 2,
          ),
        );
    }
  } finally {
    for (const stop of stoppers.toReversed()) await stop();
  }
  if (wants('timers')) section('timers', await timersSection(sizes));
  if (wants('start')) section('start', await benchStart());
  const seconds = (performance.now() - startedAt) / 1000;
  const results = lines.map((line) => ({ ...line, met: isMet(line) }));
  writeResults(RESULTS, {
    at: new Date().toISOString(),
    quick,
    seconds,
    machine: machine(),
    seed: SEED,
    sizes,
    filled,
    results,
  });
  process.stdout.write(
    `${describe(filled, quick)}\n\n${table(lines)}\n\n${seconds.toFixed(0)} s; JSON in bench-results.json\n`,
  );
  return results.every(({ met }) => met !== false);
}

/** On a PostgreSQL of its own, so that what the other sections left to clean up is not counted in. */
async function timersSection({ timers: amount, pending }: Sizes): Promise<Line[]> {
  const database = await startBenchDatabase();
  try {
    const requests = 1_000;
    const begin: Begin = (starting) => starting;
    const { url, api } = await prepare(database, 'timers', { requests, fresh: 2 * amount, drafts: 0 }, begin);
    await api.stop();
    const lines = await benchTimers({ database, url, requests, amount });
    const waiting = { requests: 100, fresh: nearNeeded(pending), drafts: 0 };
    const far = await prepare(database, 'pending', waiting, begin);
    await far.api.stop();
    return [...lines, ...(await benchPending({ url: far.url, requests: waiting.requests, ...pending }))];
  } finally {
    await database.stop();
  }
}

type Begin = <T extends { stop(): Promise<void> }>(starting: Promise<T>) => Promise<T>;

/** A database of its own, migrated by the product as it starts, then filled. */
async function prepare(
  database: BenchDatabase,
  name: string,
  rows: Fill,
  begin: Begin,
  profile?: string,
): Promise<{ url: string; api: Server; filled: Filled }> {
  const url = await database.create(name);
  const api = await begin(startApi({ databaseUrl: url, profile }));
  return { url, api, filled: await fill(url, rows) };
}

function describe(filled: Readonly<Record<string, Filled>>, quick: boolean): string {
  const lines = [
    `Countersign bench${quick ? ' (quick: a trial of the bench, no figures to quote)' : ''}. ${JSON.stringify(machine())}`,
    'PostgreSQL on disk with fsync, synchronous_commit and full_page_writes on. The product is build/src/main.js with ROLE=api,',
    'the baseline node:http with the same driver, prepared statements and one pool of the same size; each is one process,',
    'and both, PostgreSQL and the client share the cores. Contenders take turns; figures are medians over the rounds, ratios',
    'medians of the ratios of each round. Requests are two-step contract reviews: 85 of 100 ended (two decisions), 15 wait',
    'for one of 200 managers with a due time, a reminder and a ladder; the reader of the inbox is one of the managers.',
  ];
  for (const [name, { rows, seconds, inboxSize }] of Object.entries(filled))
    lines.push(
      `${name}: ${JSON.stringify(rows)}, ${inboxSize} in the reader's inbox, filled in ${seconds.toFixed(1)} s`,
    );
  return lines.join('\n');
}

const met = await run(readArguments(process.argv.slice(2)));
if (!met) say('some goals were not met');
