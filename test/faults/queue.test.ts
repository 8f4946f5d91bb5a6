import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Clock, Context } from '../../src/context.js';
import type { TimerActions } from '../../src/commands/schedule/fire-timer.js';
import { sweep } from '../../src/commands/schedule/sweep.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { openProducer, requireQueue, type QueueSettings } from '../../src/jobs/queue.js';
import { createWaker, type Waker } from '../../src/jobs/wake.js';
import { startWorker, type RunningWorker } from '../../src/jobs/worker.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { BACKENDS, queueBackend, silentLog, until, type QueueBackend } from '../support/queue-backends.js';
import { contextFor, MONDAY } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let organisation: TestOrganisation;
beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
});
afterAll(() => database.close());

/** Runs on from Monday, so that the queue's delays, which are real, and our instants agree. */
const startedAt = performance.now();
const clock: Clock = { now: () => new Date(MONDAY.getTime() + Math.floor(performance.now() - startedAt)) };
const later = (milliseconds: number): Date => new Date(clock.now().getTime() + milliseconds);
const db = () => readDb(database.orm.em.fork());

/** Writes whom it acted for; a second act would be a second row. */
const ACTIONS: TimerActions = {
  act: {
    subjectTable: null,
    act: async (tx, timer) => {
      const payload = JSON.stringify({
        kind: 'REMINDED',
        people: [organisation.people.sam.id],
        textEn: timer.id,
        textZh: timer.id,
      });
      await readDb(tx.em)
        .insertInto('outbox_message')
        .values({
          id: newRowId(),
          key: `${timer.id}/${newRowId()}`,
          channel: 'in-app',
          payload,
          created_at: tx.now,
          next_try_at: tx.now,
        })
        .execute();
      tx.wakes.push({ what: 'outbox' });
    },
  },
};

async function insertTimer(dueAt: Date): Promise<string> {
  const id = newRowId();
  await db()
    .insertInto('timer')
    .values({ id, key: id, kind: 'act', subject_id: newRowId(), due_at: dueAt, payload: '{}' })
    .execute();
  return id;
}
/** Timers in the order in which their messages arrived, once for each arrival. */
const arrived = async (): Promise<string[]> =>
  (await db().selectFrom('notification').select('text_en').orderBy('created_at').orderBy('id').execute()).map(
    (row) => row.text_en,
  );
const acted = async (): Promise<number> =>
  (await db().selectFrom('outbox_message').select('id').execute()).length;

describe.each(BACKENDS)('with the queue in %s', (name) => {
  let queue: QueueBackend;
  let waker: Waker;
  let workers: RunningWorker[] = [];

  beforeEach(async () => {
    for (const table of ['timer', 'outbox_message', 'notification'] as const)
      await db().deleteFrom(table).execute();
    await queue.wipe();
  });
  beforeAll(() => {
    queue = queueBackend(name, database.url);
    waker = createWaker({
      producer: openProducer(queue.settings),
      clock,
      horizonSeconds: 60,
      log: silentLog,
    });
  });
  afterAll(async () => {
    await waker.close();
    await queue.close();
  });

  const makeContext = (wake = waker.wake): Context => {
    const ctx = contextFor(database.orm, { actor: null, now: clock.now() });
    return { ...ctx, services: { ...ctx.services, clock, wake } };
  };
  /** Its own sweep comes once, at the start, unless told otherwise. */
  const work = (sweepSeconds = 3600): void =>
    void workers.push(
      startWorker({
        queue: queue.settings,
        makeContext,
        actions: ACTIONS,
        wake: waker.wake,
        sweepSeconds,
        horizonSeconds: 60,
        log: silentLog,
      }),
    );
  const withWorkers = async (run: () => Promise<void>): Promise<void> => {
    try {
      await run();
    } finally {
      await Promise.all(workers.map((worker) => worker.close()));
      workers = [];
    }
  };

  test('a near timer acts at its time and its message arrives, without any sweep', () =>
    withWorkers(async () => {
      work();
      const dueAt = later(400);
      const id = await insertTimer(dueAt);
      waker.wake({ what: 'timer', id, at: dueAt });
      waker.wake({ what: 'timer', id, at: dueAt });
      await until(async () => (await arrived()).length > 0);
      const { fired_at } = await db()
        .selectFrom('timer')
        .select('fired_at')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      expect(new Date(fired_at!).getTime()).toBeGreaterThanOrEqual(dueAt.getTime());
      expect(await arrived()).toEqual([id]);
      await until(async () => (await queue.jobIds()).length === 0);
    }));

  test('a nudge that comes too early is added again for the right time', () =>
    withWorkers(async () => {
      work();
      const id = await insertTimer(later(600));
      waker.wake({ what: 'timer', id, at: clock.now() });
      await until(async () => (await arrived()).length > 0);
      expect(await arrived()).toEqual([id]);
    }));

  test('wakes of one timer collapse; those beyond the horizon are not added', async () => {
    const id = newRowId();
    for (let repeat = 0; repeat < 5; repeat += 1) {
      waker.wake({ what: 'timer', id, at: later(30_000) });
      await waker.settled();
    }
    waker.wake({ what: 'timer', id: newRowId(), at: later(61_000) });
    await waker.settled();
    expect(await queue.jobIds()).toEqual([`timer_${id}`]);
  });

  test('a wiped store is filled again by the sweep, and everything acts once', () =>
    withWorkers(async () => {
      const ids: string[] = [];
      const dueAt = later(1500);
      for (let index = 0; index < 20; index += 1) ids.push(await insertTimer(dueAt));
      for (const id of ids) waker.wake({ what: 'timer', id, at: dueAt });
      await waker.settled();
      expect((await queue.jobIds()).length).toBe(20);
      await queue.wipe();
      expect(await queue.jobIds()).toEqual([]);
      const report = await sweep(makeContext(), { actions: ACTIONS, horizonSeconds: 60, limit: 1000 });
      await waker.settled();
      expect(report).toMatchObject({ woken: 20, fired: 0 });
      expect((await queue.jobIds()).length).toBe(20);
      work();
      work();
      await until(async () => (await arrived()).length >= 20);
      expect((await arrived()).toSorted()).toEqual(ids.toSorted());
      expect(await acted()).toBe(20);
    }));

  test('a store that is wiped under running workers delays at most to the next sweep', () =>
    withWorkers(async () => {
      work(1);
      work(1);
      const ids: string[] = [];
      for (let index = 0; index < 40; index += 1) {
        const dueAt = later(100 + index * 30);
        const id = await insertTimer(dueAt);
        ids.push(id);
        waker.wake({ what: 'timer', id, at: dueAt });
        if (index % 8 === 7) await queue.wipe();
      }
      await until(async () => (await arrived()).length >= 40);
      expect((await arrived()).toSorted()).toEqual(ids.toSorted());
      expect(await acted()).toBe(40);
    }));

  test('a nudge that nobody understands, or names no timer, does nothing and blocks nothing', () =>
    withWorkers(async () => {
      const producer = openProducer(queue.settings);
      await producer.add([
        { name: 'timer', id: 'timer_bad', data: { id: 'drop table' }, delayMs: 0 },
        { name: 'timer', id: 'timer_gone', data: { id: newRowId() }, delayMs: 0 },
        { name: 'fire-everything' as never, id: 'forged_x', data: {}, delayMs: 0 },
      ]);
      await producer.close();
      work();
      const id = await insertTimer(clock.now());
      waker.wake({ what: 'timer', id, at: clock.now() });
      await until(async () => (await queue.jobIds()).length === 0 && (await arrived()).length > 0);
      expect(await arrived()).toEqual([id]);
    }));

  test('cut connections are made again, and the queue goes on without a sweep', () =>
    withWorkers(async () => {
      work();
      const before = await insertTimer(clock.now());
      waker.wake({ what: 'timer', id: before, at: clock.now() });
      await until(async () => (await arrived()).length === 1);
      await queue.cut();
      const after = await insertTimer(later(100));
      await until(async () => {
        waker.wake({ what: 'timer', id: after, at: clock.now() });
        return (await arrived()).length > 1;
      });
      expect(await arrived()).toEqual([before, after]);
      expect(await acted()).toBe(2);
    }));

  test('a store that is away costs a caller nothing, and the sweep does the work', () =>
    withWorkers(async () => {
      const away: QueueSettings = {
        ...queue.settings,
        ...(name === 'redis'
          ? { redisUrl: 'redis://127.0.0.1:1' }
          : { databaseUrl: 'postgres://nobody@127.0.0.1:1/none' }),
      };
      await expect(requireQueue(away)).rejects.toThrow(/ECONNREFUSED/);
      await expect(requireQueue(queue.settings)).resolves.toBeUndefined();
      const lost = createWaker({ producer: openProducer(away), clock, horizonSeconds: 60, log: silentLog });
      const id = await insertTimer(clock.now());
      for (let repeat = 0; repeat < 100; repeat += 1) lost.wake({ what: 'timer', id, at: clock.now() });
      workers.push(
        startWorker({
          queue: away,
          makeContext: () => makeContext(lost.wake),
          actions: ACTIONS,
          wake: lost.wake,
          sweepSeconds: 1,
          horizonSeconds: 60,
          log: silentLog,
        }),
      );
      await until(async () => (await arrived()).length > 0);
      expect(await arrived()).toEqual([id]);
      await lost.close();
    }));
});
