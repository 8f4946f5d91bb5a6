import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import ICAL from 'ical.js';
import { readDb } from '../../src/entities/read-db.js';
import { contractFlow } from '../support/contract-flow.js';
import { testApp, type TestApp } from '../support/test-app.js';

const CREATE = 'mutation { createCalendarFeed { path } }';
const REVOKE = 'mutation { revokeCalendarFeed }';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  app.app.http!.inject({ method: 'GET', url, headers });
const feedOf = async (person: string): Promise<string> =>
  (await app.ask<{ createCalendarFeed: { path: string } }>(person, CREATE)).createCalendarFeed.path;
/** As a calendar program reads it. */
const read = async (path: string): Promise<{ id: string; title: string; start: string }[]> => {
  const { body } = await get(path);
  const calendar = new ICAL.Component(ICAL.parse(body) as never);
  return calendar.getAllSubcomponents('vevent').map((component) => {
    const event = new ICAL.Event(component);
    const start = event.startDate.isDate
      ? event.startDate.toString()
      : event.startDate.toJSDate().toISOString();
    return { id: event.uid, title: event.summary, start };
  });
};

describe('a calendar feed', () => {
  test('shows what is due for its person: turns, milestones, payments; and no longer once it is done', async () => {
    const flow = contractFlow(app);
    const title = 'Shelves, "large"; 50% off\\n:\r\n END:VCALENDAR';
    const { id } = await flow.submit(
      await flow.create({
        title,
        paymentTerms: [{ title: 'On delivery', amount: '120000.00', dueOn: '2024-07-31' }],
      }),
    );
    const path = await feedOf('manager');
    const inbox = await app.ask<{ inbox: { edges: { node: { id: string; dueAt: string } }[] } }>(
      'manager',
      '{ inbox { edges { node { id dueAt } } } }',
    );
    const [turn] = inbox.inbox.edges.map(({ node }) => node);
    const before = await read(path);
    const mine = before.find((event) => event.id === `assignment-${turn!.id}@countersign`);
    expect(mine).toMatchObject({ start: new Date(turn!.dueAt).toISOString() });
    expect(mine!.title).toContain('Shelves, "large"; 50% off');

    await app.ask(
      'planner',
      'mutation ($input: CreatePlanInput!) { createPlan(input: $input) { plan { id } } }',
      {
        input: { title: 'June', kind: 'MONTHLY', period: '2024-06', templateKey: 'monthly-parts-plan' },
      },
    );
    expect((await read(await feedOf('planner'))).map((event) => event.id)).toContainEqual(
      expect.stringMatching(/^milestone-/),
    );

    await flow.act('manager', 'approve', id);
    expect((await read(path)).map((event) => event.id)).not.toContain(mine!.id);
    await flow.act('finance', 'approve', id);
    await flow.act('legal', 'approve', id);
    const payments = (await read(await feedOf('sales'))).filter((one) => one.id.startsWith('payment-'));
    expect(payments).toEqual([
      {
        id: expect.any(String),
        title: expect.stringContaining('On delivery 120000.00 CNY'),
        start: '2024-07-31',
      },
    ]);
  });

  test('is named in the language of its person, and known again by its tag', async () => {
    const path = await feedOf('finance');
    const first = await get(path);
    expect(first.headers['content-type']).toBe('text/calendar; charset=utf-8');
    expect(first.body).toContain('X-WR-CALNAME:Countersign\r\n');
    const tag = String(first.headers['etag']);
    expect(await get(path, { 'if-none-match': tag })).toMatchObject({ statusCode: 304, body: '' });
    await readDb(app.app.orm.em.fork())
      .updateTable('app_user')
      .set({ language: 'zh' })
      .where('email', '=', 'finance@demo.local')
      .execute();
    expect((await get(path, { 'if-none-match': tag })).body).toContain('X-WR-CALNAME:Countersign 待办\r\n');
  });

  test('has one address at a time, and none for who has left, revoked it, or guesses', async () => {
    const old = await feedOf('legal');
    const path = await feedOf('legal');
    expect((await get(old)).statusCode).toBe(404);
    expect((await get(path)).statusCode).toBe(200);
    const db = readDb(app.app.orm.em.fork());
    const legal = { id: await app.person('legal') };
    await db.updateTable('app_user').set({ active: false }).where('id', '=', legal.id).execute();
    expect((await get(path)).statusCode).toBe(404);
    await db.updateTable('app_user').set({ active: true }).where('id', '=', legal.id).execute();
    expect(await app.ask('legal', REVOKE)).toEqual({ revokeCalendarFeed: true });
    expect(await app.ask('legal', REVOKE)).toEqual({ revokeCalendarFeed: false });
    expect((await get(path)).statusCode).toBe(404);
    for (const bad of ['x', 'x.ics', `${'x'.repeat(90)}.ics`, '%00.ics', '..%2f.ics', '.ics'])
      expect((await get(`/calendar/${bad}`)).statusCode).toBe(404);
    expect(await app.refusal(null, CREATE)).toBe('UNAUTHENTICATED');
  });
});
