import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { openOutside } from '../../src/app.js';
import { systemClock } from '../../src/clock.js';
import type { ExternalChannel } from '../../src/commands/schedule/channels.js';
import { relayOutbox } from '../../src/commands/schedule/relay-outbox.js';
import { sendOutbox } from '../../src/commands/schedule/send-outbox.js';
import type { Config } from '../../src/config.js';
import { readDb } from '../../src/entities/read-db.js';
import {
  SEND_LEASE_SECONDS,
  WEBHOOK_GIVEN_UP_MAX,
  WEBHOOK_FAILING_DAYS,
  WEBHOOK_KEPT_DAYS,
  WEBHOOK_TRIES,
} from '../../src/limits.js';
import { contractFlow, type ContractFlow } from '../support/contract-flow.js';
import { httpReceiver, type HttpReceiver, type ReceivedPost } from '../support/http-receiver.js';
import { START, testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let receiver: HttpReceiver;
let flow: ContractFlow;
let outside: ReturnType<typeof openOutside>;
const config = { webhookAllowedHosts: ['127.0.0.1'] };
/** Waits as long as one answer takes that never comes. */
const IMPATIENT = { ...config, webhookTimeoutMs: 300 } as unknown as Config;
const db = () => readDb(app.app.orm.em.fork());
const send = () => sendOutbox(app.app.makeContext(), outside.channels);
const wait = (seconds: number): void => app.moveTo(new Date(app.now().getTime() + seconds * 1000));

beforeAll(async () => {
  receiver = await httpReceiver();
  app = await testApp(config);
  outside = openOutside(config as unknown as Config);
  flow = contractFlow(app);
});
afterAll(async () => {
  outside.close();
  await app.close();
  await receiver.close();
});
beforeEach(async () => {
  app.moveTo(START);
  receiver.posts.length = 0;
  receiver.answer = () => ({ code: 200 });
  for (const table of ['webhook_endpoint', 'outbox_message', 'notification', 'timer'] as const)
    await db().deleteFrom(table).execute();
});

const url = (path = '/hook') => `http://127.0.0.1:${receiver.port}${path}`;
const ENDPOINT =
  'endpoint { id url state disabledBecause deliveredCount failedCount failingSince previousSecretUntil owner { email } }';
interface Endpoint {
  readonly id: string;
  readonly state: string;
  readonly disabledBecause: string | null;
  readonly deliveredCount: number;
  readonly failedCount: number;
  readonly failingSince: string | null;
}
async function create(input: object = {}): Promise<{ endpoint: Endpoint; secret: string }> {
  const made = await app.ask<{ createWebhookEndpoint: { endpoint: Endpoint; secret: string } }>(
    'admin',
    `mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { ${ENDPOINT} secret } }`,
    { input: { url: url(), description: 'ERP', eventTypes: ['*'], ...input } },
  );
  return made.createWebhookEndpoint;
}
const on = (verb: string, id: string, fields = ENDPOINT) =>
  app
    .ask<Record<string, { endpoint: Endpoint; secret: string }>>(
      'admin',
      `mutation ($input: WebhookEndpointInput!) { ${verb}(input: $input) { ${fields} } }`,
      { input: { id } },
    )
    .then((data) => data[verb]!);
const replay = (endpointId: string, since = START, more: object = {}) =>
  app
    .ask<{ replayWebhook: { replayed: number } }>(
      'admin',
      'mutation ($input: ReplayWebhookInput!) { replayWebhook(input: $input) { replayed more } }',
      { input: { endpointId, since: since.toISOString(), ...more } },
    )
    .then(({ replayWebhook }) => replayWebhook.replayed);
const endpoints = () =>
  app
    .ask<{ webhookEndpoints: Endpoint[] }>(
      'admin',
      '{ webhookEndpoints { id state disabledBecause deliveredCount failedCount failingSince } }',
    )
    .then(({ webhookEndpoints }) => webhookEndpoints);
interface Delivery {
  readonly webhookId: string;
  readonly eventType: string;
  readonly state: string;
  readonly tries: number;
  readonly lastError: string | null;
  readonly responseCode: number | null;
  readonly answer: string | null;
  readonly nextTryAt: string | null;
}
const deliveries = (endpointId: string, state: string | null = null) =>
  app
    .ask<{ webhookDeliveries: { edges: { node: Delivery }[]; totalCount: number } }>(
      'admin',
      `query ($endpointId: ID!, $state: OutboxState) { webhookDeliveries(endpointId: $endpointId, state: $state, first: 100) {
        totalCount edges { node { webhookId eventType state tries lastError responseCode answer nextTryAt } } } }`,
      { endpointId, state },
    )
    .then(({ webhookDeliveries }) => webhookDeliveries.edges.map(({ node }) => node));
const bodyOf = ({ body }: ReceivedPost) =>
  JSON.parse(body) as { type: string; timestamp: string; data: Record<string, unknown> };
/** One message for the endpoint, written as a decision would write it. */
async function oneMessage(endpointId: string): Promise<Delivery> {
  await flow.submit(await flow.create());
  await db()
    .deleteFrom('outbox_message')
    .where((eb) => eb(eb.ref('payload', '->>').key('type' as never), '<>', 'approval.submitted' as never))
    .where('channel', '=', 'webhook')
    .execute();
  return (await deliveries(endpointId))[0]!;
}

describe('an event', () => {
  test('is sent to who wants it, signed over the exact bytes, with ids and no words of people', async () => {
    const { endpoint, secret } = await create({ eventTypes: ['approval.*', 'contract.approved'] });
    await create({ url: url('/other'), eventTypes: ['project.stage.moved'] });
    const id = await flow.create({ title: 'A title that stays inside' });
    const request = await flow.submit(id);
    await flow.act('manager', 'approve', request.id, 'Words that stay inside');
    await flow.act('finance', 'approve', request.id);
    await flow.act('legal', 'approve', request.id);
    await send();
    const types = receiver.posts.map((post) => bodyOf(post).type);
    expect(types.toSorted()).toEqual(
      [
        'approval.decided',
        'approval.decided',
        'approval.decided',
        'approval.ended',
        'approval.step.closed',
        'approval.step.closed',
        'approval.step.closed',
        'approval.step.opened',
        'approval.step.opened',
        'approval.step.opened',
        'approval.step.skipped',
        'approval.step.skipped',
        'approval.submitted',
        'contract.approved',
      ].toSorted(),
    );
    const approved = receiver.posts.find((post) => bodyOf(post).type === 'contract.approved')!;
    expect(bodyOf(approved)).toEqual({
      type: 'contract.approved',
      timestamp: START.toISOString(),
      data: {
        requestId: request.id,
        status: 'APPROVED',
        round: 1,
        process: { key: 'contract-review', version: 1, purpose: 'review' },
        subject: { type: 'CONTRACT', id, number: expect.stringMatching(/^C-/) },
        requesterId: await app.person('sales'),
        by: 'system',
      },
    });
    for (const { body, headers, path } of receiver.posts) {
      expect(path).toBe('/hook');
      expect(body).not.toContain('stays inside');
      expect(body).not.toContain('stay inside');
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
      const signed = createHmac('sha256', key)
        .update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`)
        .digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${signed}`);
      expect(headers['content-type']).toBe('application/json');
    }
    expect(new Set(receiver.posts.map(({ headers }) => headers['webhook-id'])).size).toBe(types.length);
    expect(await endpoints()).toContainEqual(
      expect.objectContaining({ id: endpoint.id, deliveredCount: types.length, failedCount: 0 }),
    );
  });

  test('verifies with the library of the specification', async () => {
    const { endpoint, secret } = await create();
    app.moveTo(systemClock.now());
    await on('sendTestWebhook', endpoint.id, 'deliveryId');
    await send();
    const [{ body, headers }] = receiver.posts as [ReceivedPost];
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
      type: 'webhook.ping',
      data: { endpointId: endpoint.id },
    });
    expect(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)).toThrow(
      'No matching signature found',
    );
  });

  test('costs no statement and no row where nobody listens', async () => {
    await flow.submit(await flow.create());
    const id = await flow.create();
    const client = (await app.app.orm.em.getDriver().getConnection().getNativeClient()) as unknown as {
      Client: { prototype: { query(...args: unknown[]): unknown } };
    };
    const sent = jest.spyOn(client.Client.prototype, 'query');
    await flow.submit(id);
    const texts = JSON.stringify(sent.mock.calls);
    sent.mockRestore();
    expect(texts).toContain('approval_request');
    expect(texts).not.toContain('webhook');
    expect(
      await db().selectFrom('outbox_message').select('id').where('channel', '=', 'webhook').execute(),
    ).toEqual([]);
  });

  test('that is rolled back is not sent', async () => {
    const { endpoint } = await create();
    const id = await flow.create();
    await flow.submit(id);
    const before = (await deliveries(endpoint.id)).length;
    expect(
      await app.refusal(
        'sales',
        'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id } } }',
        { input: { subjectType: 'CONTRACT', subjectId: id } },
      ),
    ).toBe('ALREADY_SUBMITTED');
    expect(await deliveries(endpoint.id)).toHaveLength(before);
  });
});

describe('a delivery', () => {
  test('that fails is tried again, later each time, under the same id with a new timestamp, for a good three days', async () => {
    const { endpoint, secret } = await create();
    await oneMessage(endpoint.id);
    const first = app.now();
    receiver.answer = () => ({ code: 500, body: 'out of order' });
    for (let tries = 1; tries <= WEBHOOK_TRIES; tries += 1) {
      await send();
      const [one] = await deliveries(endpoint.id);
      expect(one).toMatchObject({
        tries,
        responseCode: 500,
        answer: 'out of order',
        lastError: 'it answered 500',
      });
      if (one!.nextTryAt === null) break;
      app.moveTo(new Date(one!.nextTryAt));
    }
    const hours = (app.now().getTime() - first.getTime()) / 3_600_000;
    expect(hours).toBeGreaterThan(72);
    expect(hours).toBeLessThan(96);
    expect(await deliveries(endpoint.id)).toMatchObject([{ state: 'DEAD', tries: WEBHOOK_TRIES }]);
    expect(receiver.posts).toHaveLength(WEBHOOK_TRIES);
    expect(new Set(receiver.posts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(receiver.posts.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(
      WEBHOOK_TRIES,
    );
    expect(new Set(receiver.posts.map(({ body }) => body)).size).toBe(1);

    const dead = await app.ask<{ deadOutboxMessages: { edges: { node: object }[] } }>(
      'admin',
      '{ deadOutboxMessages { edges { node { id channel receiver receiverName lastError } } } }',
    );
    expect(dead.deadOutboxMessages.edges.map(({ node }) => node)).toEqual([
      expect.objectContaining({
        channel: 'webhook',
        receiver: endpoint.id,
        receiverName: 'ERP',
        lastError: 'it answered 500',
      }),
    ]);
    expect(JSON.stringify(dead)).not.toContain(secret);
    receiver.answer = () => ({ code: 204 });
    await app.ask(
      'admin',
      'mutation ($id: ID!) { replayOutboxMessage(input: { id: $id }) { message { state } } }',
      { id: (dead.deadOutboxMessages.edges[0]!.node as { id: string }).id },
    );
    await send();
    expect(await deliveries(endpoint.id)).toMatchObject([{ state: 'DELIVERED', responseCode: 204 }]);
    expect(new Set(receiver.posts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('whose sender was killed before it was recorded comes again under the same id', async () => {
    const { endpoint } = await create();
    await oneMessage(endpoint.id);
    const sent = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const stop = new AbortController();
    const killed = sendOutbox(
      app.app.makeContext(),
      {
        webhook: async (...given) => {
          await outside.channels['webhook']!(...given);
          sent.resolve();
          await end.promise;
          throw new Error('nobody heard how it ended');
        },
      },
      { signal: stop.signal },
    );
    await sent.promise;
    expect(await deliveries(endpoint.id, 'PENDING')).toHaveLength(1);
    wait(SEND_LEASE_SECONDS);
    await send();
    expect(await deliveries(endpoint.id, 'DELIVERED')).toHaveLength(1);
    expect(receiver.posts).toHaveLength(2);
    expect(receiver.posts[0]!.headers['webhook-id']).toBe(receiver.posts[1]!.headers['webhook-id']);
    stop.abort();
    end.resolve();
    await killed;
    expect(await deliveries(endpoint.id, 'DELIVERED')).toHaveLength(1);
  });

  test('waits as long as the receiver asks, by seconds or date, within bounds, and loses no try', async () => {
    const { endpoint } = await create();
    await oneMessage(endpoint.id);
    const asks: [number, string, number][] = [
      [429, '90', 90],
      [503, new Date(START.getTime() + 90_000 + 3_600_000).toUTCString(), 3600],
      [429, '999999999', 21_600],
    ];
    for (const [code, header, seconds] of asks) {
      receiver.answer = () => ({ code, headers: { 'retry-after': header } });
      const before = app.now().getTime();
      await send();
      const [one] = await deliveries(endpoint.id);
      expect(one).toMatchObject({ state: 'PENDING', tries: 0, responseCode: code });
      expect((Date.parse(one!.nextTryAt!) - before) / 1000).toBe(seconds);
      app.moveTo(new Date(one!.nextTryAt!));
    }
    expect(await endpoints()).toMatchObject([{ failedCount: 0, failingSince: null }]);
    // Asked for ever, it is a failure like any other.
    wait(72 * 3600);
    await send();
    expect(await deliveries(endpoint.id)).toMatchObject([{ state: 'PENDING', tries: 1 }]);
  });

  test('does not follow a redirect', async () => {
    const { endpoint } = await create();
    await oneMessage(endpoint.id);
    receiver.answer = ({ path }) =>
      path === '/hook' ? { code: 307, headers: { location: url('/elsewhere') } } : { code: 200 };
    await send();
    expect(receiver.posts.map(({ path }) => path)).toEqual(['/hook']);
    expect(await deliveries(endpoint.id)).toMatchObject([{ state: 'PENDING', lastError: 'it answered 307' }]);
  });

  test('is given up where no answer comes, and reads no more than the beginning of a huge one', async () => {
    const { endpoint } = await create();
    await oneMessage(endpoint.id);
    receiver.answer = () => 'silence';
    await sendOutbox(app.app.makeContext(), openOutside(IMPATIENT).channels);
    expect(await deliveries(endpoint.id)).toMatchObject([
      { state: 'PENDING', lastError: 'no answer within 300 ms', responseCode: null },
    ]);
    wait(10);
    receiver.answer = () => ({ code: 200, body: `\0${'ä'.repeat(5_000_000)}` });
    await send();
    const [one] = await deliveries(endpoint.id);
    expect(one).toMatchObject({ state: 'DELIVERED', responseCode: 200 });
    expect(Buffer.byteLength(one!.answer!)).toBeLessThan(1100);
    expect(one!.answer!.startsWith('ää')).toBe(true);
  });

  test('to a slow endpoint does not hold up another', async () => {
    const slow = await create({ url: url('/slow') });
    const quick = await create({ url: url('/quick') });
    await flow.submit(await flow.create());
    const waiting = (await deliveries(quick.endpoint.id)).length;
    const done: string[] = [];
    const [calm, hasty] = [outside.channels['webhook']!, openOutside(IMPATIENT).channels['webhook']!];
    const patience: ExternalChannel = (ctx, message, signal) =>
      (message.receiver === slow.endpoint.id ? hasty : calm)(ctx, message, signal);
    receiver.answer = ({ path }) => {
      done.push(path);
      return path === '/slow' ? 'silence' : { code: 200 };
    };
    await sendOutbox(app.app.makeContext(), { webhook: patience });
    expect(waiting).toBeGreaterThan(2);
    expect(await deliveries(quick.endpoint.id, 'DELIVERED')).toHaveLength(waiting);
    expect(await deliveries(slow.endpoint.id, 'PENDING')).toHaveLength(waiting);
    // All of the quick one's were sent while the first of the slow one's were waited for.
    expect(done.filter((path) => path === '/slow').length).toBeLessThanOrEqual(waiting);
    expect(done.lastIndexOf('/quick')).toBeLessThan(done.length - 1);
  });
});

describe('an endpoint', () => {
  test('that answers 410 is disabled at once; its owner is told, and what happens is held for a replay', async () => {
    const { endpoint } = await create();
    const gone = await oneMessage(endpoint.id);
    receiver.answer = () => ({ code: 410 });
    await send();
    expect(await endpoints()).toMatchObject([{ state: 'DISABLED', disabledBecause: 'GONE' }]);
    expect(await deliveries(endpoint.id)).toMatchObject([{ webhookId: gone.webhookId, state: 'HELD' }]);
    await relayOutbox(app.app.makeContext());
    const told = await app.ask<{ notifications: { edges: { node: { kind: string; text: string } }[] } }>(
      'admin',
      '{ notifications { edges { node { kind text } } } }',
    );
    expect(told.notifications.edges[0]!.node).toEqual({
      kind: 'WEBHOOK_DISABLED',
      text: expect.stringContaining('“ERP” was disabled: it answered 410 Gone'),
    });

    receiver.posts.length = 0;
    await flow.submit(await flow.create());
    await send();
    expect(receiver.posts).toEqual([]);
    const held = await deliveries(endpoint.id, 'HELD');
    expect(held.length).toBeGreaterThan(2);
    expect(
      await app.refusal(
        'admin',
        'mutation ($input: ReplayWebhookInput!) { replayWebhook(input: $input) { replayed } }',
        { input: { endpointId: endpoint.id, since: START.toISOString() } },
      ),
    ).toBe('INVALID_STATE');

    receiver.answer = () => ({ code: 200 });
    expect((await on('enableWebhookEndpoint', endpoint.id)).endpoint).toMatchObject({
      state: 'ENABLED',
      disabledBecause: null,
    });
    await send();
    expect(receiver.posts).toEqual([]);
    expect(await replay(endpoint.id, new Date(START.getTime() + 1))).toBe(0);
    expect(await replay(endpoint.id)).toBe(held.length);
    await send();
    expect(receiver.posts.map(({ headers }) => String(headers['webhook-id'])).toSorted()).toEqual(
      held.map(({ webhookId }) => webhookId).toSorted(),
    );
    expect(await replay(endpoint.id)).toBe(0);
    expect(await replay(endpoint.id, START, { alsoDelivered: true })).toBe(held.length);
  });

  test('that takes nothing for days is disabled, and one that takes something in between is not', async () => {
    const { endpoint } = await create();
    receiver.answer = () => ({ code: 500 });
    await oneMessage(endpoint.id);
    await send();
    const wholeTime = WEBHOOK_FAILING_DAYS * 86_400;
    wait(wholeTime - 1);
    await send();
    expect(await endpoints()).toMatchObject([{ state: 'ENABLED' }]);
    receiver.answer = () => ({ code: 200 });
    wait(86_400);
    await send();
    expect(await endpoints()).toMatchObject([{ state: 'ENABLED', failingSince: null, deliveredCount: 1 }]);
    receiver.answer = () => ({ code: 500 });
    await oneMessage(endpoint.id);
    await send();
    wait(wholeTime);
    await send();
    expect(await endpoints()).toMatchObject([{ state: 'DISABLED', disabledBecause: 'FAILING' }]);
    expect(await deliveries(endpoint.id, 'HELD')).toHaveLength(1);
  });

  test('that has many messages given up in a row is disabled', async () => {
    const { endpoint } = await create();
    await db()
      .updateTable('webhook_endpoint')
      .set({ given_up: WEBHOOK_GIVEN_UP_MAX - 1 })
      .execute();
    await oneMessage(endpoint.id);
    await db()
      .updateTable('outbox_message')
      .set({ tries: WEBHOOK_TRIES - 1 })
      .where('channel', '=', 'webhook')
      .execute();
    receiver.answer = () => ({ code: 404 });
    await send();
    expect(await endpoints()).toMatchObject([{ state: 'DISABLED', disabledBecause: 'FAILING' }]);
  });

  test('whose owner has left or lost the permission gets nothing more; the administrators are told', async () => {
    const { endpoint } = await create();
    await oneMessage(endpoint.id);
    const admin = await app.person('admin');
    await db().updateTable('role_grant').set({ until: START }).where('person_id', '=', admin).execute();
    await send();
    await db().updateTable('role_grant').set({ until: null }).where('person_id', '=', admin).execute();
    expect(receiver.posts).toEqual([]);
    expect(await endpoints()).toMatchObject([{ state: 'DISABLED', disabledBecause: 'OWNER' }]);
    expect(await deliveries(endpoint.id)).toMatchObject([{ state: 'HELD' }]);
    const { payload } = await db()
      .selectFrom('outbox_message')
      .select('payload')
      .where('key', 'like', 'webhook/%')
      .executeTakeFirstOrThrow();
    expect(payload).toMatchObject({ kind: 'WEBHOOK_DISABLED', people: 'administrators' });
  });

  test('signs with both secrets for a day after a rotation, then with the new one', async () => {
    const { endpoint, secret: old } = await create();
    const { secret } = await on('rotateWebhookSecret', endpoint.id, `${ENDPOINT} secret`);
    expect(secret).not.toBe(old);
    await oneMessage(endpoint.id);
    await send();
    wait(24 * 3600);
    await replay(endpoint.id, START, { alsoDelivered: true });
    await send();
    const signedBy = ({ headers, body }: ReceivedPost): string[] =>
      [secret, old].map((one) =>
        new Webhook(one).sign(
          String(headers['webhook-id']),
          new Date(Number(headers['webhook-timestamp']) * 1000),
          body,
        ),
      );
    const [during, after] = receiver.posts as [ReceivedPost, ReceivedPost];
    expect(during.headers['webhook-signature']).toBe(signedBy(during).join(' '));
    expect(after.headers['webhook-signature']).toBe(signedBy(after)[0]);
  });

  test('is tested by a ping, enabled or not, once', async () => {
    const { endpoint } = await create({ eventTypes: ['plan.approved'] });
    await on('disableWebhookEndpoint', endpoint.id);
    await on('sendTestWebhook', endpoint.id, 'deliveryId');
    await send();
    expect(receiver.posts.map((post) => bodyOf(post).type)).toEqual(['webhook.ping']);
    receiver.answer = () => ({ code: 500 });
    await on('sendTestWebhook', endpoint.id, 'deliveryId');
    await send();
    expect(await deliveries(endpoint.id, 'DEAD')).toMatchObject([{ eventType: 'webhook.ping', tries: 1 }]);
    expect(await endpoints()).toMatchObject([{ disabledBecause: 'BY_HAND', failedCount: 0 }]);
  });

  test('that is deleted takes what waits for it along', async () => {
    const { endpoint } = await create();
    await oneMessage(endpoint.id);
    await on('deleteWebhookEndpoint', endpoint.id, 'id');
    await send();
    expect(receiver.posts).toEqual([]);
    expect(await endpoints()).toEqual([]);
  });

  test('its messages are forgotten after a while', async () => {
    const { endpoint } = await create();
    await oneMessage(endpoint.id);
    await db().deleteFrom('timer').execute();
    await send();
    wait(WEBHOOK_KEPT_DAYS * 86_400 - 1);
    await app.sweep();
    expect(await deliveries(endpoint.id)).toHaveLength(1);
    wait(1);
    await app.sweep();
    expect(await deliveries(endpoint.id)).toEqual([]);
    expect(await db().selectFrom('webhook_answer').select('message_id').execute()).toEqual([]);
  });
});

test('metrics tell what waits, what was given up and which endpoints are put aside', async () => {
  const { endpoint } = await create();
  await create();
  await oneMessage(endpoint.id);
  await on('disableWebhookEndpoint', endpoint.id);
  const { body } = await app.app.http!.inject({ method: 'GET', url: '/metrics' });
  expect(body).toContain('countersign_webhook_endpoints{state="ENABLED"} 1\n');
  expect(body).toContain('countersign_webhook_endpoints{state="DISABLED"} 1\n');
  expect(body).toContain('countersign_outbox_pending{channel="webhook"} 1\n');
});

describe('the API', () => {
  test('is for those who may manage webhooks over every record', async () => {
    const { endpoint } = await create();
    const operations = [
      '{ webhookEndpoints { id } }',
      '{ webhookEventTypes { name } }',
      `{ webhookDeliveries(endpointId: "${endpoint.id}") { edges { node { id } } } }`,
      `mutation { createWebhookEndpoint(input: { url: "https://example.com", description: "x", eventTypes: ["*"] }) { secret } }`,
      `mutation { updateWebhookEndpoint(input: { id: "${endpoint.id}", description: "x" }) { endpoint { id } } }`,
      `mutation { replayWebhook(input: { endpointId: "${endpoint.id}", since: "2024-01-01T00:00:00Z" }) { replayed } }`,
      ...['enableWebhookEndpoint', 'disableWebhookEndpoint', 'rotateWebhookSecret'].map(
        (verb) => `mutation { ${verb}(input: { id: "${endpoint.id}" }) { endpoint { id } } }`,
      ),
      `mutation { deleteWebhookEndpoint(input: { id: "${endpoint.id}" }) { id } }`,
      `mutation { sendTestWebhook(input: { id: "${endpoint.id}" }) { deliveryId } }`,
    ];
    for (const operation of operations) {
      expect([operation, await app.refusal('auditor', operation)]).toEqual([operation, 'FORBIDDEN']);
      expect([operation, await app.refusal(null, operation)]).toEqual([operation, 'UNAUTHENTICATED']);
    }
  });

  test('a narrower scope is not enough, because what is sent is about every record', async () => {
    const { permissions } = await db()
      .selectFrom('role')
      .select('permissions')
      .where('key', '=', 'administrator')
      .executeTakeFirstOrThrow();
    const narrowed = JSON.stringify({ ...(permissions as object), 'webhook:manage': 'subtree' });
    await db()
      .updateTable('role')
      .set({ permissions: narrowed })
      .where('key', '=', 'administrator')
      .execute();
    expect(await app.refusal('admin', '{ webhookEndpoints { id } }')).toBe('FORBIDDEN');
    await db()
      .updateTable('role')
      .set({ permissions: JSON.stringify(permissions) })
      .where('key', '=', 'administrator')
      .execute();
  });

  test('shows a secret once: not in the list, not to a repeated key, not in the log', async () => {
    const made = await create({ idempotencyKey: 'k1' });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const again = await create({ idempotencyKey: 'k1' });
    expect(again).toMatchObject({ secret: null, endpoint: { id: made.endpoint.id } });
    const fields = await app.ask<{ type: { fields: { name: string }[] } }>(
      'admin',
      '{ type: __type(name: "WebhookEndpoint") { fields { name } } }',
    );
    expect(fields.type.fields.map(({ name }) => name)).not.toContain('secret');
    expect(await endpoints()).toHaveLength(1);
  });

  test('refuses addresses and types that are not sound', async () => {
    const refused = async (input: object): Promise<string[]> => {
      const answer = await app.send(
        'admin',
        'mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { secret } }',
        { input: { url: url(), description: 'ERP', eventTypes: ['*'], ...input } },
      );
      expect(answer.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
      return (answer.errors![0]!.extensions['fields'] as { path: string; rule: string }[]).map(
        ({ path, rule }) => `${path}: ${rule}`,
      );
    };
    expect(await refused({ url: 'ftp://127.0.0.1/' })).toEqual([
      'url: an http or https address of at most 2000 characters',
    ]);
    expect(await refused({ url: 'https://me:pw@127.0.0.1/' })).toEqual([
      'url: an address without a user or password',
    ]);
    expect(await refused({ url: 'http://10.0.0.7/' })).toEqual([
      'url: its host leads to an address that is not public',
    ]);
    expect(await refused({ eventTypes: [] })).toEqual([expect.stringContaining('eventTypes: 1 to')]);
    expect(await refused({ eventTypes: ['*', 'nothing.*'] })).toEqual([
      expect.stringContaining('eventTypes.1: a type of webhookEventTypes'),
    ]);
    expect(await refused({ description: ' ' })).toEqual([expect.stringContaining('description')]);
  });
});
