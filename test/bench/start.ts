import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callOnce } from './load.js';
import type { Line } from './report.js';
import { startByNpm, startWhole, type Server } from './servers.js';

const REST_MS = 5000;

/** Seconds from the command to the first answer over GraphQL. */
async function timed(start: () => Promise<Server>): Promise<{ server: Server; seconds: number }> {
  const startedAt = performance.now();
  const server = await start();
  const body = await callOnce(server, {
    path: '/graphql',
    body: JSON.stringify({ query: '{ __typename }' }),
  });
  if (!body.includes('"Query"')) throw new Error(`not an answer: ${body}`);
  return { server, seconds: (performance.now() - startedAt) / 1000 };
}

/** The second start in a data folder: by `npm start`, build included, and of the program alone; then its memory at rest. */
export async function benchStart(): Promise<Line[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-bench-start-'));
  try {
    const first = await timed(() => startWhole(dataDir));
    await first.server.stop();
    const byNpm = await timed(() => startByNpm(dataDir));
    await byNpm.server.stop();
    const alone = await timed(() => startWhole(dataDir));
    await sleep(REST_MS);
    const memory = alone.server.memoryMb();
    await alone.server.stop();
    return [
      {
        name: 'npm start to first answer, second start',
        value: byNpm.seconds,
        unit: 's',
        goal: { atMost: 5 },
        detail: 'the compiler, PostgreSQL, migrations, packs, then one GraphQL answer',
      },
      {
        name: 'the program alone, second start',
        value: alone.seconds,
        unit: 's',
        goal: null,
        detail: `node build/src/main.js; the first start, which makes the database, took ${first.seconds.toFixed(1)} s`,
      },
      {
        name: 'memory at rest',
        value: memory,
        unit: 'MB',
        goal: { atMost: 200 },
        detail: `resident, API and worker in one process, ${REST_MS / 1000} s after its start; PostgreSQL not counted`,
      },
    ];
  } finally {
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}
