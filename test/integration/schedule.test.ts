import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import type { Context } from '../../src/context.js';
import { fireTimer, type TimerActions } from '../../src/commands/schedule/fire-timer.js';
import { markNotificationsRead } from '../../src/commands/schedule/mark-notifications-read.js';
import { relayOutbox } from '../../src/commands/schedule/relay-outbox.js';
import { replayOutboxMessage } from '../../src/commands/schedule/replay-outbox-message.js';
import { sweep, type SweepReport } from '../../src/commands/schedule/sweep.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { refusal } from '../../src/errors.js';
import { DELIVERY_TRIES } from '../../src/limits.js';
import { deadOutboxMessages } from '../../src/queries/schedule/dead-outbox-messages.js';
import { notifications } from '../../src/queries/schedule/notifications.js';
import { metricsStatement, timerMetrics } from '../../src/queries/schedule/timer-metrics.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { actorOf, contextFor, MONDAY } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let organisation: TestOrganisation;
const secondsAfter = (seconds: number): Date => new Date(MONDAY.getTime() + seconds * 1000);
const system = (now = MONDAY): Context => contextFor(database.orm, { actor: null, now });
const db = () => readDb(database.orm.em.fork());

beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
  await db()
    .insertInto('role')
    .values({ key: 'administrator', title_en: 'Administrator', title_zh: '管理员', permissions: '{}' })
    .execute();
  await db()
    .insertInto('role_grant')
    .values({ id: newRowId(), person_id: organisation.people.tom.id, role_key: 'administrator' })
    .execute();
});
afterAll(() => database.close());
beforeEach(async () => {
  for (const table of ['timer', 'outbox_message', 'notification', 'idempotency_record', 'session'] as const)
    await db().deleteFrom(table).execute();
});

/** Acts by writing a row that tells the timer and can't hide a second act. */
const ACTIONS: TimerActions = {
  act: {
    subjectTable: null,
    act: async (tx, timer) =>
      void (await insertMessage({ key: `${timer.id}/${newRowId()}`, next: secondsAfter(86_400) }, tx)),
  },
  'act-on-plan': { subjectTable: 'plan', act: async (tx, timer) => ACTIONS['act']!.act(tx, timer) },
  refuse: {
    subjectTable: null,
    act: async (tx, timer) => {
      await ACTIONS['act']!.act(tx, timer);
      throw refusal('CONDITION_FAILED', { reason: 'no such key: amount' });
    },
  },
  conflict: { subjectTable: null, act: () => Promise.reject(refusal('CONFLICT')) },
  fail: {
    subjectTable: null,
    act: async (tx, timer) => {
      await ACTIONS['act']!.act(tx, timer);
      throw new Error('a fault');
    },
  },
  'cancel-all': {
    subjectTable: null,
    act: async (tx, timer) =>
      void (await readDb(tx.em)
        .updateTable('timer')
        .set({ state: 'CANCELLED' })
        .where('subject_id', '=', timer.subjectId)
        .where('state', '=', 'SCHEDULED')
        .execute()),
  },
};

async function insertTimer(
  kind: string,
  dueAt = MONDAY,
  more: { state?: string; subject_id?: string } = {},
): Promise<string> {
  const id = newRowId();
  await db()
    .insertInto('timer')
    .values({ id, key: id, kind, subject_id: newRowId(), due_at: dueAt, payload: '{}', ...more })
    .execute();
  return id;
}
async function insertMessage(
  message: { key: string; payload?: object; next?: Date },
  ctx = system(),
): Promise<string> {
  const id = newRowId();
  const payload = JSON.stringify(message.payload ?? {});
  await readDb(ctx.em)
    .insertInto('outbox_message')
    .values({
      id,
      key: message.key,
      channel: 'in-app',
      payload,
      created_at: ctx.now,
      next_try_at: message.next ?? ctx.now,
    })
    .execute();
  return id;
}
const hello = (people: unknown): object => ({
  kind: 'REMINDED',
  people,
  textEn: 'Hello',
  textZh: '您好',
  requestId: null,
});
const timer = (id: string) =>
  db().selectFrom('timer').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const message = (id: string) =>
  db().selectFrom('outbox_message').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const acts = async (id?: string): Promise<number> => {
  const rows = await db().selectFrom('outbox_message').select('key').execute();
  return rows.filter(({ key }) => (id === undefined ? key.includes('/') : key.startsWith(`${id}/`))).length;
};
const sweepAt = (now: Date, limit = 1000): Promise<SweepReport> =>
  sweep(system(now), { actions: ACTIONS, horizonSeconds: 60, limit });

describe('a timer', () => {
  test('acts once, however often and by however many it is fired', async () => {
    const id = await insertTimer('act');
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => fireTimer(system(), id, ACTIONS)));
    expect(outcomes.filter(({ outcome }) => outcome === 'fired')).toHaveLength(1);
    expect(await acts(id)).toBe(1);
    expect(await timer(id)).toMatchObject({ state: 'FIRED' });
    expect(new Date((await timer(id)).fired_at!)).toEqual(MONDAY);
  });

  test('never acts before it is due, and says when that is', async () => {
    const id = await insertTimer('act', secondsAfter(1));
    expect(await fireTimer(system(), id, ACTIONS)).toEqual({ outcome: 'not-due', dueAt: secondsAfter(1) });
    expect(await fireTimer(system(secondsAfter(0.999)), id, ACTIONS)).toMatchObject({ outcome: 'not-due' });
    expect(await acts()).toBe(0);
    expect(await fireTimer(system(secondsAfter(1)), id, ACTIONS)).toEqual({ outcome: 'fired' });
  });

  test('never acts when it is cancelled, and an unknown id does nothing', async () => {
    const id = await insertTimer('act', MONDAY, { state: 'CANCELLED' });
    expect(await fireTimer(system(), id, ACTIONS)).toEqual({ outcome: 'nothing' });
    expect(await fireTimer(system(), newRowId(), ACTIONS)).toEqual({ outcome: 'nothing' });
    expect(await acts()).toBe(0);
  });

  test('whose act fails stays scheduled and leaves nothing behind', async () => {
    const id = await insertTimer('fail');
    await expect(fireTimer(system(), id, ACTIONS)).rejects.toThrow('a fault');
    expect(await timer(id)).toMatchObject({ state: 'SCHEDULED', fired_at: null });
    expect(await acts()).toBe(0);
  });

  test('of a kind that this version does not know stays for one that does', async () => {
    const id = await insertTimer('from-the-future');
    await expect(fireTimer(system(), id, ACTIONS)).rejects.toThrow('from-the-future');
    expect(await timer(id)).toMatchObject({ state: 'SCHEDULED' });
  });

  test('whose act is refused ends, says why, and the administrators are told once', async () => {
    const id = await insertTimer('refuse');
    expect(await fireTimer(system(), id, ACTIONS)).toEqual({ outcome: 'refused' });
    expect(await fireTimer(system(), id, ACTIONS)).toEqual({ outcome: 'nothing' });
    expect(await timer(id)).toMatchObject({ state: 'FIRED', payload: { refusal: 'CONDITION_FAILED' } });
    expect(await acts(id)).toBe(0);
    await relayOutbox(system());
    const told = await db().selectFrom('notification').select(['person_id', 'kind', 'text_en']).execute();
    expect(told).toEqual([
      {
        person_id: organisation.people.tom.id,
        kind: 'TIMER_REFUSED',
        text_en: expect.stringContaining('no such key: amount'),
      },
    ]);
  });

  test('that meets a conflict is tried again later', async () => {
    const id = await insertTimer('conflict');
    await expect(fireTimer(system(), id, ACTIONS)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await timer(id)).toMatchObject({ state: 'SCHEDULED' });
  });

  test('may cancel all timers of its subject and still counts as fired', async () => {
    const subject_id = newRowId();
    const id = await insertTimer('cancel-all', MONDAY, { subject_id });
    const other = await insertTimer('act', MONDAY, { subject_id });
    await fireTimer(system(), id, ACTIONS);
    expect(await timer(id)).toMatchObject({ state: 'FIRED' });
    expect(await timer(other)).toMatchObject({ state: 'CANCELLED' });
  });
});

describe('the sweep', () => {
  test('lets 1,000 timers that are due at once act exactly once, with three sweeps at work', async () => {
    const ids = Array.from({ length: 1000 }, () => newRowId());
    await db()
      .insertInto('timer')
      .values(
        ids.map((id, index) => ({
          id,
          key: id,
          kind: 'act',
          subject_id: ids[index % 100]!,
          due_at: MONDAY,
          payload: '{}',
        })),
      )
      .execute();
    const reports = await Promise.all([sweepAt(MONDAY), sweepAt(MONDAY, 70), sweepAt(MONDAY)]);
    expect(reports.reduce((sum, { fired }) => sum + fired, 0)).toBe(1000);
    expect(reports.map(({ failed }) => failed)).toEqual([0, 0, 0]);
    const keys = await db().selectFrom('outbox_message').select('key').execute();
    expect(new Set(keys.map(({ key }) => key.split('/')[0])).size).toBe(1000);
    expect(keys).toHaveLength(1000);
    expect((await db().selectFrom('timer').select('id').where('state', '<>', 'FIRED').execute()).length).toBe(
      0,
    );
  }, 60_000);

  test('fires what is due in order, and the failing ones stop no other', async () => {
    const subject_id = newRowId();
    const first = [
      await insertTimer('fail', secondsAfter(-90)),
      await insertTimer('fail', secondsAfter(-80)),
      await insertTimer('refuse', secondsAfter(-70)),
    ];
    const good = [
      await insertTimer('act', secondsAfter(-5), { subject_id }),
      await insertTimer('act', secondsAfter(-4), { subject_id }),
    ];
    expect(await sweepAt(MONDAY, 2)).toMatchObject({ fired: 2, refused: 1, failed: 2 });
    const keys = await db()
      .selectFrom('outbox_message')
      .select('key')
      .where('key', 'like', '%-%/%-%')
      .orderBy('id')
      .execute();
    expect(keys.map(({ key }) => key.split('/')[0])).toEqual(good);
    expect((await timer(first[0]!)).state).toBe('SCHEDULED');
  });

  test('passes by a subject that someone is changing, and comes back', async () => {
    const plan = newRowId();
    const { sam } = organisation.people;
    await db()
      .insertInto('plan')
      .values({
        id: plan,
        number: 'P-1',
        title: 'Plan',
        kind: 'MONTHLY',
        period: '2026-03',
        owner_id: sam.id,
        created_by_id: sam.id,
        updated_by_id: sam.id,
        created_at: MONDAY,
        updated_at: MONDAY,
      })
      .execute();
    const id = await insertTimer('act-on-plan', MONDAY, { subject_id: plan });
    const gone = await insertTimer('act-on-plan', MONDAY);
    await db()
      .transaction()
      .execute(async (change) => {
        await change.selectFrom('plan').select('id').where('id', '=', plan).forUpdate().execute();
        expect(await sweepAt(MONDAY)).toMatchObject({ fired: 1, failed: 0 });
      });
    expect(await timer(gone)).toMatchObject({ state: 'FIRED' });
    expect(await timer(id)).toMatchObject({ state: 'SCHEDULED' });
    expect(await sweepAt(MONDAY)).toMatchObject({ fired: 1 });
  });

  test('hands the near timers to the queue and no others', async () => {
    const near = await insertTimer('act', secondsAfter(60));
    await insertTimer('act', secondsAfter(61));
    await insertTimer('act', secondsAfter(30), { state: 'CANCELLED' });
    const woken: unknown[] = [];
    const ctx = system();
    await sweep(
      { ...ctx, services: { ...ctx.services, wake: (what) => void woken.push(what) } },
      { actions: ACTIONS, horizonSeconds: 60, limit: 10 },
    );
    expect(woken).toEqual([{ what: 'timer', id: near, at: secondsAfter(60) }]);
  });

  test('deletes expired answers and sessions, and keeps the others', async () => {
    const person_id = organisation.people.sam.id;
    for (const [key, at] of [
      ['old', MONDAY],
      ['new', secondsAfter(1)],
    ] as const) {
      await db()
        .insertInto('idempotency_record')
        .values({ key, payload_digest: 'd', answer: '{}', expires_at: at })
        .execute();
      await db()
        .insertInto('session')
        .values({
          id: newRowId(),
          person_id,
          access_hash: key,
          refresh_hash: key,
          access_expires_at: at,
          expires_at: at,
          signed_in_at: MONDAY,
        })
        .execute();
    }
    expect(await sweepAt(MONDAY)).toMatchObject({ deleted: 2, failed: 0 });
    expect(await db().selectFrom('idempotency_record').select('key').execute()).toEqual([{ key: 'new' }]);
    expect(await db().selectFrom('session').select('access_hash').execute()).toEqual([
      { access_hash: 'new' },
    ]);
  });

  test('goes on with its other parts when one is broken', async () => {
    await insertMessage({ key: 'm', payload: hello([organisation.people.sam.id]) });
    await insertTimer('act', secondsAfter(10));
    const ctx = system();
    const services = {
      ...ctx.services,
      wake: () => {
        throw new Error('broken');
      },
    };
    expect(
      await sweep({ ...ctx, services }, { actions: ACTIONS, horizonSeconds: 60, limit: 10 }),
    ).toMatchObject({ failed: 1, delivered: 1 });
  });
});

describe('the outbox', () => {
  test('shows a message to each person once, under one key, by any number of relays', async () => {
    const { sam, sue } = organisation.people;
    for (let index = 0; index < 250; index += 1)
      await insertMessage({ key: `m-${index}`, payload: hello([sam.id, sue.id, sam.id]) });
    const reports = await Promise.all([relayOutbox(system()), relayOutbox(system()), relayOutbox(system())]);
    expect(reports.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(250);
    expect((await db().selectFrom('notification').select('id').execute()).length).toBe(500);
    await db().updateTable('outbox_message').set({ state: 'PENDING' }).execute();
    await relayOutbox(system());
    expect((await db().selectFrom('notification').select('id').execute()).length).toBe(500);
  });

  test('waits longer after each failure, parks the message after the last, and sends it again when told to', async () => {
    const admin = actorOf(organisation.people.tom, { 'timer:manage': 'all' });
    const id = await insertMessage({ key: 'bad', payload: hello([newRowId()]) });
    const waits: number[] = [];
    let now = MONDAY;
    for (let tries = 1; tries < DELIVERY_TRIES; tries += 1) {
      expect(await relayOutbox(system(now))).toEqual({ delivered: 0, failed: 1, dead: 0 });
      const next = new Date((await message(id)).next_try_at);
      waits.push((next.getTime() - now.getTime()) / 1000);
      expect(await relayOutbox(system(new Date(next.getTime() - 1)))).toEqual({
        delivered: 0,
        failed: 0,
        dead: 0,
      });
      now = next;
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]);
    expect(await relayOutbox(system(now))).toEqual({ delivered: 0, failed: 0, dead: 1 });
    expect(await message(id)).toMatchObject({
      state: 'DEAD',
      tries: DELIVERY_TRIES,
      last_error: expect.stringContaining('foreign key'),
    });

    const page = await deadOutboxMessages(contextFor(database.orm, { actor: admin }), {});
    expect(page.edges.map(({ node }) => node)).toMatchObject([
      { id, key: 'bad', state: 'DEAD', tries: DELIVERY_TRIES },
    ]);
    expect(await page.totalCount()).toBe(1);
    await db()
      .updateTable('outbox_message')
      .set({ payload: JSON.stringify(hello('administrators')) })
      .where('id', '=', id)
      .execute();
    const again = () => replayOutboxMessage(contextFor(database.orm, { actor: admin, now }), { id });
    expect(await again()).toMatchObject({ message: { id, state: 'PENDING', tries: 0 } });
    await expect(again()).rejects.toMatchObject({ code: 'INVALID_STATE' });
    expect(await relayOutbox(system(now))).toMatchObject({ delivered: 1 });
    await expect(
      replayOutboxMessage(contextFor(database.orm, { actor: admin }), { id: 'x' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('has no message that blocks another: bad shape, unknown channel, nobody to tell', async () => {
    await insertMessage({ key: 'shape', payload: { people: 7 } });
    await insertMessage({ key: 'nobody', payload: hello([]) });
    const stray = await insertMessage({ key: 'channel' });
    await db().updateTable('outbox_message').set({ channel: 'pigeon' }).where('id', '=', stray).execute();
    await insertMessage({ key: 'good', payload: hello([organisation.people.sam.id]) });
    expect(await relayOutbox(system())).toEqual({ delivered: 1, failed: 3, dead: 0 });
    expect(await message(stray)).toMatchObject({
      state: 'PENDING',
      tries: 1,
      last_error: 'there is no channel pigeon',
    });
  });
});

test('notifications are the viewer’s own, newest first, by pages, and can be marked read once', async () => {
  const { sam, sue } = organisation.people;
  for (let index = 0; index < 5; index += 1) {
    await insertMessage({ key: `n-${index}`, payload: hello([sam.id]) });
    await relayOutbox(system(secondsAfter(index)));
  }
  const as = (person: typeof sam, now = MONDAY): Context =>
    contextFor(database.orm, { actor: actorOf(person, {}), now });
  const first = await notifications(as(sam), { first: 2 });
  const second = await notifications(as(sam), { first: 3, after: first.pageInfo.endCursor });
  const ids = [...first.edges, ...second.edges].map(({ node }) => node.id);
  expect(new Set(ids).size).toBe(5);
  expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage, await first.totalCount()]).toEqual([
    true,
    false,
    5,
  ]);
  expect((await notifications(as(sue), {})).edges).toEqual([]);

  await expect(markNotificationsRead(as(sue), { ids: [ids[0]!] })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await markNotificationsRead(as(sam, secondsAfter(10)), { ids: [ids[0]!] });
  const { notifications: marked } = await markNotificationsRead(as(sam, secondsAfter(20)), {
    ids: [ids[0]!, ids[1]!],
  });
  expect(marked.map(({ readAt }) => readAt)).toEqual([secondsAfter(10), secondsAfter(20)]);
  expect((await notifications(as(sam), { unreadOnly: true })).edges.map(({ node }) => node.id)).toEqual(
    ids.slice(2),
  );
  await expect(notifications(as(sam), { first: 101 })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

test('the metrics count what waits and tell the age of what should have happened', async () => {
  const nothing = { scheduled: 0, overdue: 0, oldestOverdueSeconds: 0, outboxPending: 0, outboxDead: 0 };
  expect(await timerMetrics(database.orm.em.fork(), MONDAY)).toEqual({ ...nothing, overdueByKind: [] });
  await insertTimer('act', secondsAfter(-90));
  await insertTimer('act', secondsAfter(-30));
  await insertTimer('other', secondsAfter(-95.5));
  await insertTimer('act', secondsAfter(30));
  await insertTimer('act', secondsAfter(-500), { state: 'FIRED' });
  await insertMessage({ key: 'pending' });
  const dead = await insertMessage({ key: 'dead' });
  await db().updateTable('outbox_message').set({ state: 'DEAD' }).where('id', '=', dead).execute();
  expect(await timerMetrics(database.orm.em.fork(), MONDAY)).toEqual({
    scheduled: 4,
    overdue: 3,
    oldestOverdueSeconds: 95.5,
    outboxPending: 1,
    outboxDead: 1,
    overdueByKind: [
      { kind: 'other', overdue: 1, oldestSeconds: 95.5 },
      { kind: 'act', overdue: 2, oldestSeconds: 90 },
    ],
  });
});

test('the metrics read of 100,000 timers the range that is overdue, and the rows of no other', async () => {
  await sql`insert into timer (id, key, kind, subject_id, due_at, state, payload)
    select gen_random_uuid(), 'pending/' || n, 'act', gen_random_uuid(),
      ${MONDAY}::timestamptz + (n - 20) * interval '1 minute', 'SCHEDULED', '{}'
    from generate_series(1, 100000) n`.execute(db());
  await sql`vacuum analyze timer`.execute(db());
  const { rows } = await sql<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>`
    explain (analyze, format json) ${metricsStatement(MONDAY)}`.execute(db());
  const scans = scansOf(rows[0]!['QUERY PLAN'][0].Plan).filter((node) => node['Relation Name'] === 'timer');
  const range = scans.filter((node) => node['Actual Rows'] <= 20);
  expect(range.map((node) => [node['Index Name'], node['Actual Rows']])).toEqual([
    ['timer_due', 20],
    ['timer_due', 20],
  ]);
  expect(range.map((node) => node['Node Type']).toSorted()).toEqual(['Index Only Scan', 'Index Scan']);
  for (const node of range) expect(node['Index Cond']).toContain('due_at <=');
  expect(await timerMetrics(database.orm.em.fork(), MONDAY)).toMatchObject({
    scheduled: 100_000,
    overdue: 20,
  });
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Actual Rows': number;
  readonly Plans?: readonly PlanNode[];
}
const scansOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(scansOf)];
