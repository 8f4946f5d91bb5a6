import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDb } from '../../src/entities/read-db.js';
import { testApp, START, type TestApp } from '../support/test-app.js';

const OPEN = 'mutation { openQueueScreen { path expiresAt } }';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const get = (url: string, cookie?: string) =>
  app.app.http!.inject({ method: 'GET', url, headers: cookie === undefined ? {} : { cookie } });
const ticket = async (): Promise<string> =>
  (await app.ask<{ openQueueScreen: { path: string } }>('admin', OPEN)).openQueueScreen.path;
const enter = async (): Promise<string> => {
  const answer = await get(await ticket());
  return String(answer.headers['set-cookie']).split(';')[0]!;
};

describe('the queue screen', () => {
  test('shows the queue to whoever came in by the link, and asks nothing of other machines', async () => {
    const entered = await get(await ticket());
    expect(entered.statusCode).toBe(200);
    expect(entered.headers['set-cookie']).toMatch(
      /^countersign_queues=csa_[\w-]+; Path=\/admin\/queues; Max-Age=3600; HttpOnly; SameSite=Strict$/,
    );
    const cookie = String(entered.headers['set-cookie']).split(';')[0]!;

    const page = await get('/admin/queues/', cookie);
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("connect-src 'self'");
    expect(page.body).toContain('Countersign');
    expect(page.body).not.toMatch(/(?:href|src)="https?:/);
    const script = /src="(static\/js\/main[^"]+)"/.exec(page.body)![1]!;
    expect((await get(`/admin/queues/${script}`, cookie)).statusCode).toBe(200);

    const queues = await get('/admin/queues/api/queues?activeQueue=wakes&page=1&jobsPerPage=10', cookie);
    expect(queues.json()).toMatchObject({ queues: [{ name: 'wakes', readOnlyMode: true }] });
  });

  test('is closed to everybody else', async () => {
    expect(await app.refusal('manager', OPEN)).toBe('FORBIDDEN');
    expect(await app.refusal(null, OPEN)).toBe('UNAUTHENTICATED');
    for (const url of ['/admin/queues/', '/admin/queues/api/queues', '/admin/queues/static/favicon.ico']) {
      expect((await get(url)).statusCode).toBe(401);
      expect((await get(url, 'countersign_queues=csa_forged')).statusCode).toBe(401);
      expect((await get(url, `countersign_queues=${await app.token('manager')}`)).statusCode).toBe(403);
    }
  });

  test('a link is good once, for a minute, and for nothing else', async () => {
    const path = await ticket();
    expect(
      (
        await app.app.http!.inject({
          method: 'POST',
          url: '/graphql',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${path.split('=')[1]}`,
          },
          payload: JSON.stringify({ query: '{ viewer { id } }' }),
        })
      ).json(),
    ).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect((await get(path)).statusCode).toBe(200);
    expect((await get(path)).statusCode).toBe(401);

    const late = await ticket();
    app.moveTo(new Date(START.getTime() + 61_000));
    expect((await get(late)).statusCode).toBe(401);
    for (const bad of ['', '?ticket=', '?ticket=a&ticket=b', `?ticket=${'x'.repeat(5000)}`, '?ticket=%00'])
      expect((await get(`/admin/queues/enter${bad}`)).statusCode).toBe(401);
  });

  test('ends with its time, and with the permission', async () => {
    const cookie = await enter();
    expect((await get('/admin/queues/', cookie)).statusCode).toBe(200);
    const db = readDb(app.app.orm.em.fork());
    const admin = await app.person('admin');
    await db.updateTable('role_grant').set({ until: app.now() }).where('person_id', '=', admin).execute();
    expect((await get('/admin/queues/', cookie)).statusCode).toBe(403);
    await db.updateTable('role_grant').set({ until: null }).where('person_id', '=', admin).execute();
    app.moveTo(new Date(app.now().getTime() + 3_600_000));
    expect((await get('/admin/queues/', cookie)).statusCode).toBe(401);
  });
});
