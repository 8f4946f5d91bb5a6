import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Context } from '../../src/context.js';
import {
  NotBefore,
  PermanentFailure,
  type ExternalChannel,
  type OutgoingMessage,
} from '../../src/commands/schedule/channels.js';
import { relayOutbox } from '../../src/commands/schedule/relay-outbox.js';
import { replayOutboxMessage } from '../../src/commands/schedule/replay-outbox-message.js';
import { sendOutbox } from '../../src/commands/schedule/send-outbox.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { SEND_BACKOFF_MAX_SECONDS, SEND_LEASE_SECONDS, SEND_TRIES, SENDS_AT_ONCE } from '../../src/limits.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { actorOf, contextFor, MONDAY } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let organisation: TestOrganisation;
let now = MONDAY;
const db = () => readDb(database.orm.em.fork());
const system = (): Context => contextFor(database.orm, { actor: null, now });
const wait = (seconds: number): void => void (now = new Date(now.getTime() + seconds * 1000));
const send = (mail: ExternalChannel, timeoutMs = 10_000) => sendOutbox(system(), { mail }, { timeoutMs });

beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
});
afterAll(() => database.close());
beforeEach(async () => {
  now = MONDAY;
  await db().deleteFrom('outbox_message').execute();
});

async function insert(key: string, receiver: string | null = null, nextTryAt = now): Promise<string> {
  const id = newRowId();
  await db()
    .insertInto('outbox_message')
    .values({ id, key, channel: 'mail', receiver, payload: '{}', created_at: now, next_try_at: nextTryAt })
    .execute();
  return id;
}
const row = (id: string) =>
  db().selectFrom('outbox_message').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

describe('sending outside', () => {
  test('happens outside every transaction, once for each message, by any number of processes', async () => {
    for (let index = 0; index < 60; index += 1) await insert(`m-${index}`, `r-${index % 7}`);
    const sent: string[] = [];
    const channel: ExternalChannel = async (ctx, message) => {
      sent.push(message.key);
      // Held by a transaction, the row could not be locked.
      await readDb(ctx.em)
        .selectFrom('outbox_message')
        .select('id')
        .where('id', '=', message.id)
        .forUpdate()
        .noWait()
        .executeTakeFirstOrThrow();
    };
    const reports = await Promise.all([send(channel), send(channel), send(channel)]);
    expect(reports.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(60);
    expect(sent.toSorted()).toEqual(Array.from({ length: 60 }, (_, index) => `m-${index}`).toSorted());
    expect(await send(channel)).toEqual({ delivered: 0, failed: 0, dead: 0 });
  });

  test('a message that waits is not sent, and the relay of the building leaves it alone', async () => {
    const id = await insert('later', null, new Date(now.getTime() + 1000));
    await insert('now');
    expect(await relayOutbox(system())).toEqual({ delivered: 0, failed: 0, dead: 0 });
    expect(await send(async () => undefined)).toEqual({ delivered: 1, failed: 0, dead: 0 });
    expect(await row(id)).toMatchObject({ state: 'PENDING', tries: 0, last_error: null });
  });

  test('waits longer after each failure, is parked after the last, and can be sent again under its key', async () => {
    const id = await insert('bad');
    const waits: number[] = [];
    for (let tries = 1; tries < SEND_TRIES; tries += 1) {
      expect(await send(() => Promise.reject(new Error('451 try later')))).toEqual({
        delivered: 0,
        failed: 1,
        dead: 0,
      });
      const next = new Date((await row(id)).next_try_at);
      waits.push((next.getTime() - now.getTime()) / 1000);
      now = next;
    }
    expect(waits.slice(0, 4)).toEqual([2, 4, 8, 16]);
    expect(waits.at(-1)).toBe(SEND_BACKOFF_MAX_SECONDS);
    expect(waits.reduce((sum, seconds) => sum + seconds, 0) / 3600).toBeGreaterThan(36);
    expect(await send(() => Promise.reject(new Error('451 try later')))).toMatchObject({ dead: 1 });
    expect(await row(id)).toMatchObject({ state: 'DEAD', tries: SEND_TRIES, last_error: '451 try later' });
    const admin = actorOf(organisation.people.tom, { 'timer:manage': 'all' });
    await replayOutboxMessage(contextFor(database.orm, { actor: admin, now }), { id });
    const keys: string[] = [];
    await send(async (_ctx, { key }) => void keys.push(key));
    expect(keys).toEqual(['bad']);
    expect(await row(id)).toMatchObject({ state: 'DELIVERED', last_error: null });
  });

  test('a permanent failure is parked at once; a postponed message waits and loses no try', async () => {
    const bad = await insert('bad');
    const early = await insert('early');
    const at = new Date(now.getTime() + 7_200_000);
    const channel: ExternalChannel = async (_ctx, { key }) => {
      throw key === 'bad' ? new PermanentFailure('550 no such user') : new NotBefore(at, 'quiet hours');
    };
    expect(await send(channel)).toEqual({ delivered: 0, failed: 1, dead: 1 });
    expect(await row(bad)).toMatchObject({ state: 'DEAD', tries: 1, last_error: '550 no such user' });
    expect(await row(early)).toMatchObject({ state: 'PENDING', tries: 0, last_error: 'quiet hours' });
    expect(new Date((await row(early)).next_try_at)).toEqual(at);
  });

  test('a receiver that never answers is given up, and holds up nobody else', async () => {
    for (let index = 0; index < 30; index += 1) await insert(`slow-${index}`, 'slow');
    const good = await Promise.all(
      Array.from({ length: 20 }, (_, index) => insert(`g-${index}`, `r-${index}`)),
    );
    let slow = 0;
    let most = 0;
    const seen: string[] = [];
    let allGood = (): void => undefined;
    const done = new Promise<void>((resolve) => (allGood = resolve));
    const channel: ExternalChannel = async (_ctx, { receiver, key }, signal) => {
      if (receiver !== 'slow') {
        seen.push(key);
        if (seen.length === good.length) allGood();
        return;
      }
      slow += 1;
      most = Math.max(most, slow);
      // Does not come back until all the others have been sent.
      await done;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      slow -= 1;
    };
    await send(channel, 300);
    expect(seen).toHaveLength(20);
    expect(most).toBeLessThan(SENDS_AT_ONCE / 2);
    const states = await db().selectFrom('outbox_message').select(['key', 'state', 'last_error']).execute();
    expect(states.filter(({ state }) => state === 'DELIVERED')).toHaveLength(20);
    expect(states.find(({ key }) => key === 'slow-0')).toMatchObject({
      state: 'PENDING',
      last_error: 'no answer within 300 ms',
    });
  });

  test('one channel that hangs does not stop another', async () => {
    await insert('hangs');
    const id = await insert('goes');
    await db().updateTable('outbox_message').set({ channel: 'webhook' }).where('id', '=', id).execute();
    const { promise, resolve } = Promise.withResolvers<void>();
    const report = await sendOutbox(
      system(),
      { mail: () => promise, webhook: async () => resolve() },
      { timeoutMs: 10_000 },
    );
    expect(report.delivered).toBe(2);
  });

  test('a sender that was killed leaves a lease; then the message goes out again under its key', async () => {
    const id = await insert('m');
    const sent: OutgoingMessage[] = [];
    // Sent, and the process ends before anything is recorded: its promise does not come back.
    const { promise: killed, resolve: kill } = Promise.withResolvers<void>();
    const { promise: hanging, resolve: letGo } = Promise.withResolvers<void>();
    const dying = send((_ctx, message) => {
      sent.push(message);
      kill();
      return hanging;
    });
    await killed;
    const again: ExternalChannel = async (_ctx, message) => void sent.push(message);
    wait(SEND_LEASE_SECONDS - 1);
    expect(await send(again)).toMatchObject({ delivered: 0 });
    wait(1);
    expect(await send(again)).toMatchObject({ delivered: 1 });
    expect(sent.map(({ key, tries }) => [key, tries])).toEqual([
      ['m', 1],
      ['m', 2],
    ]);
    expect(await row(id)).toMatchObject({ state: 'DELIVERED' });
    letGo();
    await dying;
  });

  test('a failure that comes after its lease says nothing about the try that followed', async () => {
    const id = await insert('m');
    const { promise, reject } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const first = send(() => {
      begin();
      return promise;
    });
    await begun;
    wait(SEND_LEASE_SECONDS);
    expect(await send(() => Promise.reject(new Error('second')))).toMatchObject({ failed: 1 });
    reject(new PermanentFailure('first'));
    await first;
    expect(await row(id)).toMatchObject({ state: 'PENDING', tries: 2, last_error: 'second' });
  });

  test('a message that kills its senders is parked', async () => {
    const id = await insert('poison');
    await db().updateTable('outbox_message').set({ tries: SEND_TRIES }).where('id', '=', id).execute();
    expect(await send(() => Promise.reject(new Error('must not be called')))).toMatchObject({ dead: 1 });
    expect(await row(id)).toMatchObject({
      state: 'DEAD',
      last_error: `its sending was cut off ${SEND_TRIES} times`,
    });
  });

  test('stops claiming when told, and finishes what it began', async () => {
    for (let index = 0; index < 20; index += 1) await insert(`m-${index}`);
    const stop = new AbortController();
    const report = await sendOutbox(system(), { mail: async () => stop.abort() }, { signal: stop.signal });
    expect(report.delivered).toBe(SENDS_AT_ONCE);
  });
});
