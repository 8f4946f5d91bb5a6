import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { DEMO_PASSWORD, demoClient } from '../support/demo-client.js';
import { eventually, killAll, launch } from '../support/processes.js';

const folder = mkdtempSync(join(tmpdir(), 'countersign-queue-'));
chmodSync(folder, 0o755);
afterAll(async () => {
  await killAll();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

interface Inbox {
  readonly notifications: { readonly edges: readonly { readonly node: { readonly kind: string } }[] };
}

test('on the embedded default the queue itself wakes the worker, long before a sweep', async () => {
  const product = launch({ DATA_DIR: join(folder, 'data'), SWEEP_SECONDS: '3600', DEMO_PASSWORD });
  await product.running;
  const client = demoClient(() => product.url());
  await client.submit(await client.createContract());
  const told = await eventually('the manager is told', async () => {
    const { notifications } = await client.ask<Inbox>(
      'manager',
      '{ notifications { edges { node { kind } } } }',
    );
    return notifications.edges.map(({ node }) => node.kind).includes('ASSIGNED');
  });
  expect(told).toBe(true);
  expect(product.complaints()).toEqual([]);

  // what the queue made for itself under the application's login does not stop the next start
  expect(await product.stop()).toEqual({ code: 0, signal: null });
  const again = launch({ DATA_DIR: join(folder, 'data'), DEMO_PASSWORD });
  await again.running;
  expect(await again.stop()).toEqual({ code: 0, signal: null });
}, 180_000);
