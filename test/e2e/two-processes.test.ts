import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { readDb } from '../../src/entities/read-db.js';
import { decide, DEMO_PASSWORD, demoClient, openTask, type DemoClient } from '../support/demo-client.js';
import { eventually, killAll, start, type Product } from '../support/processes.js';
import { LADDER_STEP, publishProcess } from '../support/publish-process.js';
import { BACKENDS, queueBackend, type QueueBackend } from '../support/queue-backends.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';
import { checkDatabase } from '../support/whole-database.js';

interface InboxChange {
  readonly change: string;
  readonly assignmentId: string | null;
  readonly assignment: { readonly request: { readonly id: string } } | null;
}

/** What a person's open window hears. */
function listen(url: string, token: string): { readonly heard: InboxChange[]; readonly client: Client } {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
  });
  const heard: InboxChange[] = [];
  client.subscribe<{ inboxChanged: InboxChange }>(
    { query: 'subscription { inboxChanged { change assignmentId assignment { request { id } } } }' },
    {
      next: ({ data }) => void (data && heard.push(data.inboxChanged)),
      error: () => undefined,
      complete: () => undefined,
    },
  );
  return { heard, client };
}

const notRun = BACKENDS.includes('redis') ? null : test.skip;
notRun?.(
  'the same with the queue in Redis: not run, because there is no Redis (TEST_REDIS_URL is not set)',
  () => undefined,
);

describe.each(BACKENDS)('API and worker as two processes, the queue in %s', (name) => {
  let database: TestDatabase;
  let queue: QueueBackend;
  let api: Product;
  let worker: Product;
  let client: DemoClient;

  beforeAll(async () => {
    database = await testDatabase();
    queue = queueBackend(name, database.url);
    await queue.wipe();
    const { redisUrl } = queue.settings;
    const env = {
      DATABASE_URL: database.url,
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
      SEED: 'demo',
      DEMO_PASSWORD,
      SWEEP_SECONDS: '1',
    };
    // Both at once on one database: one migrates and installs, the other waits.
    [api, worker] = await Promise.all([start({ ...env, ROLE: 'api' }), start({ ...env, ROLE: 'worker' })]);
    client = demoClient(() => api.url());
    await publishProcess(database.orm.em.fork(), 'against-the-clock', [LADDER_STEP]);
  }, 90_000);
  afterAll(async () => {
    await killAll();
    await queue.close();
    await database.close();
  });

  const notificationsOf = (requestId: string): Promise<{ kind: string; email: string }[]> =>
    readDb(database.orm.em.fork())
      .selectFrom('notification')
      .innerJoin('app_user', 'app_user.id', 'notification.person_id')
      .select(['notification.kind', 'app_user.email'])
      .where('request_id', '=', requestId)
      .orderBy('notification.kind')
      .orderBy('app_user.email')
      .execute();

  test('a contract is previewed, submitted, and approved by three people, whose windows are told', async () => {
    const window = listen(api.url(), await client.tokenOf('finance'));
    const contractId = await client.createContract({ title: 'Brake pads' });
    const { previewApproval } = await client.ask<{
      previewApproval: { steps: { outcome: string; approvers: { person: { email: string } }[] }[] };
    }>(
      'sales',
      'query ($input: PreviewApprovalInput!) { previewApproval(input: $input) { steps { outcome approvers { person { email } } } } }',
      { input: { subjectType: 'CONTRACT', subjectId: contractId } },
    );
    const asked = previewApproval.steps.flatMap(({ outcome, approvers }) =>
      outcome === 'ASKED' ? approvers.map(({ person }) => person.email.split('@')[0]) : [],
    );
    expect(asked).toEqual(['manager', 'finance', 'legal']);
    await eventually('the window is open', async () =>
      /countersign_sockets_open [1-9]/.test(await (await fetch(`${api.url()}/metrics`)).text()),
    );

    const request = await client.submit(contractId);
    for (const person of ['manager', 'finance', 'legal']) {
      await client.ask(person, decide('approve'), {
        input: { assignmentId: openTask(await client.view(request.id), person) },
      });
    }
    expect(await client.view(request.id)).toMatchObject({ status: 'APPROVED', digest: request.digest });
    const { contract } = await client.ask<{ contract: { status: string } }>(
      'sales',
      'query ($id: ID!) { contract(id: $id) { status } }',
      { id: contractId },
    );
    expect(contract.status).toBe('APPROVED');

    const changes = await eventually(
      'finance has heard of both changes',
      () => window.heard.length >= 2 && window.heard,
    );
    expect(changes).toMatchObject([
      { change: 'ADDED', assignment: { request: { id: request.id } } },
      { change: 'REMOVED' },
    ]);
    await window.client.dispose();
    // The worker delivered what the API wrote.
    await eventually('the requester is told of the end', async () =>
      (await notificationsOf(request.id)).some(
        ({ kind, email }) => kind === 'ENDED' && email === 'sales@demo.local',
      ),
    );
  }, 60_000);

  test('a stalled step escalates by itself, rung by rung, and the people see it', async () => {
    const window = listen(api.url(), await client.tokenOf('gm'));
    const request = await client.submit(
      await client.createContract({ title: 'Stalled', signingMode: 'against-the-clock' }),
    );
    // Nobody touches the system; this only looks.
    const types = await eventually('the last rung has acted', async () => {
      const { events } = await client.view(request.id);
      return events.filter(({ type }) => type === 'ESCALATED').length >= 4 && events;
    });
    expect(types.filter(({ type }) => type === 'REMINDED')).toHaveLength(2);
    expect(types.map(({ type }) => type).filter((type) => type !== 'REMINDED')).toEqual([
      'SUBMITTED',
      'STEP_OPENED',
      ...Array.from({ length: 4 }, () => 'ESCALATED'),
      // The manager and the director make way for the general manager.
      'ASSIGNMENT_CLOSED',
      'ASSIGNMENT_CLOSED',
    ]);
    expect(types.slice(1).every(({ actor }) => actor === null)).toBe(true);

    const notified = await eventually('everybody is told', async () => {
      const rows = await notificationsOf(request.id);
      return rows.length >= 7 && rows;
    });
    expect(notified.map(({ kind, email }) => `${kind} ${email.split('@')[0]}`)).toEqual([
      'ASSIGNED director',
      'ASSIGNED gm',
      'ASSIGNED manager',
      'ESCALATED director',
      'REMINDED manager',
      'REMINDED manager',
      'REMINDED manager',
    ]);
    expect(
      await eventually('the general manager’s window is told', () => window.heard.length > 0 && window.heard),
    ).toMatchObject([{ change: 'ADDED' }]);
    await window.client.dispose();

    await client.ask('gm', decide('approve'), {
      input: { assignmentId: openTask(await client.view(request.id), 'gm') },
    });
    expect(await client.view(request.id)).toMatchObject({ status: 'APPROVED' });
  }, 60_000);

  test('both processes end cleanly, and what they leave holds together', async () => {
    await eventually('the outbox is empty', async () => {
      const left = await readDb(database.orm.em.fork())
        .selectFrom('outbox_message')
        .select('id')
        .where('state', '=', 'PENDING')
        .execute();
      return left.length === 0;
    });
    expect(await Promise.all([api.stop(), worker.stop()])).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    for (const product of [api, worker]) {
      expect(product.stderr()).toBe('');
      expect(product.complaints()).toEqual([]);
    }
    expect(await checkDatabase(database.orm.em.fork())).toMatchObject({ requests: 2, problems: [] });
  }, 60_000);
});
