import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createBus, publish, RESYNC_TOPIC, type ListeningBus } from '../../src/bus.js';
import type { BusMessage } from '../../src/context.js';
import { startThrowawayPostgres } from '../support/throwaway-postgres.js';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the bus', () => {
  let connectionString = '';
  let stop = async (): Promise<void> => undefined;
  let client: pg.Client;
  const buses: ListeningBus[] = [];
  const open = async (): Promise<ListeningBus> => {
    const bus = await createBus({ connectionString, log });
    buses.push(bus);
    return bus;
  };
  const say = (topic: string, payload: BusMessage['payload'], by = client): Promise<void> =>
    publish((sql, parameters) => by.query(sql, [...parameters]), topic, payload);
  const take = async (messages: AsyncIterator<BusMessage>, count: number): Promise<BusMessage[]> => {
    const taken: BusMessage[] = [];
    while (taken.length < count) {
      const { value, done } = await messages.next();
      if (done === true) break;
      taken.push(value);
    }
    return taken;
  };

  beforeAll(async () => {
    const server = process.env['TEST_DATABASE_SERVER'];
    if (server === undefined) ({ url: connectionString, stop } = await startThrowawayPostgres());
    else connectionString = `${server}/postgres`;
    client = new pg.Client({ connectionString });
    client.on('error', () => undefined);
    await client.connect();
  });
  afterAll(async () => {
    for (const bus of buses) await bus.close();
    await client.end();
    await stop();
  });

  test('delivers to every process, to the topic only, in order', async () => {
    const [one, two] = [await open(), await open()];
    const subscriptions = [
      one.subscribe('inbox:ann'),
      one.subscribe('inbox:ann'),
      two.subscribe('inbox:ann'),
    ];
    const other = one.subscribe('inbox:bob');
    for (const id of [1, 2, 3]) await say('inbox:ann', { id });
    await say('inbox:bob', { id: 9 });
    for (const messages of subscriptions)
      expect((await take(messages, 3)).map(({ payload }) => payload['id'])).toEqual([1, 2, 3]);
    expect(await take(other, 1)).toEqual([{ topic: 'inbox:bob', payload: { id: 9 } }]);
  });

  test('speaks at the commit and is silent after a rollback', async () => {
    const messages = (await open()).subscribe('request:1');
    await client.query('begin');
    await say('request:1', { id: 'rolled back' });
    await client.query('rollback');
    await client.query('begin');
    await say('request:1', { id: 'committed' });
    const first = messages.next();
    expect(await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 100, 'silent'))])).toBe(
      'silent',
    );
    await client.query('commit');
    expect((await first).value).toEqual({ topic: 'request:1', payload: { id: 'committed' } });
  });

  test('refuses a notice that PostgreSQL would refuse, before the transaction is lost', async () => {
    await expect(say('a', { text: '字'.repeat(3000) })).rejects.toThrow(RangeError);
    await say('a', { text: 'x'.repeat(7_950) });
  });

  test('passes by what others say on its channel', async () => {
    const messages = (await open()).subscribe('t');
    for (const text of ['', 'no json', '[]', '{"topic":1}', '{"topic":"t"}', 'null'])
      await client.query(`select pg_notify('countersign', $1)`, [text]);
    await say('t', { id: 1 });
    expect(await take(messages, 1)).toEqual([{ topic: 't', payload: { id: 1 } }]);
  });

  test('replaces what a slow reader has not read by one resync', async () => {
    const messages = (await open()).subscribe('burst');
    for (let id = 0; id < 300; id += 1) await say('burst', { id });
    await say('burst', { id: 'last' });
    const taken = await take(messages, 44);
    expect(taken[0]?.topic).toBe(RESYNC_TOPIC);
    expect(taken.at(-1)).toEqual({ topic: 'burst', payload: { id: 299 } });
    expect((await messages.next()).value).toMatchObject({ payload: { id: 'last' } });
  });

  test('comes back after its connection is cut and announces the gap', async () => {
    const bus = await open();
    const messages = bus.subscribe('cut');
    for (let round = 0; round < 5; round += 1) {
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'countersign bus'`,
      );
      expect((await take(messages, 1))[0]?.topic).toBe(RESYNC_TOPIC);
      expect(bus.connected()).toBe(true);
      await say('cut', { round });
      expect((await take(messages, 1))[0]?.payload).toEqual({ round });
    }
  });

  test('ends the wait of a reader who leaves, and of all when it closes', async () => {
    const bus = await open();
    const [leaving, staying] = [bus.subscribe('t'), bus.subscribe('t')];
    const [left, stayed] = [leaving.next(), staying.next()];
    await leaving.return?.();
    expect((await left).done).toBe(true);
    await bus.close();
    expect((await stayed).done).toBe(true);
    expect((await bus.subscribe('t').next()).done).toBe(true);
    expect(bus.connected()).toBe(false);
    await bus.close();
  });

  test('cannot be made without a database', async () => {
    await expect(createBus({ connectionString: 'postgres://x:x@127.0.0.1:1/x', log })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});
