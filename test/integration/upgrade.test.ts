import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { installPacks } from '../../src/commands/organisation/install-packs.js';
import { readDb } from '../../src/entities/read-db.js';
import { readPackFolders } from '../../src/commands/approvals/pack-files.js';
import { replayRequests } from '../../src/queries/approvals/replay-requests.js';
import { parseCalendars, parsePacks } from '../../src/workflows/pack.js';
import { PERMISSIONS } from '../../src/workflows/permission-names.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { testApp, type TestApp } from '../support/test-app.js';
import type { TestDatabase } from '../support/test-database.js';
import { checkDatabase } from '../support/whole-database.js';

/** Three days after the last thing that the version before did: Thursday, 04:00 UTC. */
const AFTERWARDS = new Date('2024-05-23T04:00:00Z');
const ROWS = new URL('../../../test/fixtures/rows-of-0004.sql', import.meta.url);

let app: TestApp;
let roles: ReadonlyMap<string, Permissions>;
const db = () => readDb(app.app.orm.em.fork());

type Permissions = Readonly<Record<string, string>>;
const readRoles = async (orm: TestDatabase['orm']): Promise<Map<string, Permissions>> => {
  const rows = await readDb(orm.em.fork()).selectFrom('role').select(['key', 'permissions']).execute();
  return new Map(rows.map(({ key, permissions }) => [key, permissions as unknown as Permissions]));
};

/** The database as the version at migration 0004 left it. */
async function asItWas({ orm }: TestDatabase): Promise<void> {
  await orm.migrator.down({ to: 0 });
  await orm.migrator.up({ to: '0004-kept-routes' });
  await orm.em.getConnection().execute(await readFile(ROWS, 'utf8'));
  roles = await readRoles(orm);
  // What an organisation has made of its roles meanwhile.
  await sql`update role set permissions = permissions - 'contract:create' where key = 'sales-assistant'`.execute(
    readDb(orm.em.fork()),
  );
  await sql`delete from role where key = 'customer-service'`.execute(readDb(orm.em.fork()));
}

beforeAll(async () => {
  app = await testApp({}, { prepare: asItWas, now: AFTERWARDS });
});
afterAll(async () => {
  expect(app.errors).toEqual([]);
  await app.close();
});
const reinstall = () => installPacks(app.app.makeContext(), 'packs');

describe('roles that were there', () => {
  test('are given what packs grant of permissions that are new, and nothing else', async () => {
    const { folders, calendars } = await readPackFolders('packs');
    const keys = parseCalendars(calendars).calendars.map(({ key }) => key);
    const { packs } = parsePacks(folders, SUBJECT_TYPES, {
      roles: [],
      calendars: keys,
      defaultCalendar: 'monday-friday',
    });
    const shipped = new Map(packs.flatMap((pack) => pack.roles).map((role) => [role.key, role.permissions]));
    const before = new Set([...roles.values()].flatMap((permissions) => Object.keys(permissions)));
    expect(before.size).toBe(27);
    expect(PERMISSIONS.filter((name) => !before.has(name)).length).toBeGreaterThan(10);
    const now = await readRoles(app.app.orm);
    for (const [key, held] of roles) {
      if (key === 'customer-service') continue;
      const gifts = Object.entries(shipped.get(key)!).filter(([name]) => !before.has(name));
      const expected: Record<string, string> = { ...held, ...Object.fromEntries(gifts) };
      if (key === 'sales-assistant') delete expected['contract:create'];
      expect([key, now.get(key)]).toEqual([key, expected]);
    }
    expect(now.get('administrator')).toMatchObject({ 'calendar:manage': 'all', 'schedule:manage': 'all' });
    expect(now.get('salesperson')).toMatchObject({ 'followup:create': 'own', 'quote:read': 'own' });
    // A role that the organisation has removed is not made again; one that no version before had is.
    expect(now.has('customer-service')).toBe(false);
    expect(now.has('field-manager')).toBe(true);
  });

  test('are given nothing twice; what is taken away stays away', async () => {
    await sql`update role set permissions = permissions - 'followup:create' || '{"followup:read": "own"}'
      where key = 'general-manager'`.execute(db());
    const before = await readRoles(app.app.orm);
    await reinstall();
    await Promise.all([reinstall(), reinstall()]);
    expect(await readRoles(app.app.orm)).toEqual(before);
    await sql`update role set permissions = permissions || '{"followup:create": "all", "followup:read": "all"}'
      where key = 'general-manager'`.execute(db());
  });
});

describe('data of the version before', () => {
  test('replays to its rows, and its chains hold', async () => {
    const found: string[][] = [];
    for await (const { number, facts, differences } of replayRequests(app.app.orm.em.fork(), null)) {
      expect(facts).toBeGreaterThan(0);
      found.push([number, ...differences]);
    }
    expect(found.filter((one) => one.length > 1)).toEqual([]);
    expect(found).toHaveLength(13);
  });

  test('is in no contradiction with itself, once what was due meanwhile has acted', async () => {
    const due = await db()
      .selectFrom('timer')
      .select('id')
      .where('state', '=', 'SCHEDULED')
      .where('due_at', '<=', AFTERWARDS as never)
      .execute();
    expect(due.length).toBeGreaterThan(0);
    for (let times = 0; times < 5; times += 1) {
      const { failed, dead, refused } = await app.sweep();
      expect([failed, dead, refused]).toEqual([0, 0, 0]);
    }
    const rows = await db().selectFrom('timer').select(['id', 'state']).execute();
    const states = new Map(rows.map(({ id, state }) => [id, state]));
    expect(due.map(({ id }) => states.get(id)).filter((state) => state === 'SCHEDULED')).toEqual([]);
    const { problems, requests } = await checkDatabase(app.app.orm.em.fork());
    // What lies ahead of this test's clock is late by the world's.
    expect(problems.filter((problem) => !problem.endsWith(' is overdue'))).toEqual([]);
    expect(requests).toBe(13);
  });

  test('is answered by lists, and can be decided', async () => {
    const inbox = async (as: string): Promise<{ id: string; request: { number: string } }[]> => {
      const answer = await app.ask<{
        inbox: { edges: { node: { id: string; request: { number: string } } }[] };
      }>(as, '{ inbox(first: 50) { edges { node { id request { number } } } } }');
      return answer.inbox.edges.map(({ node }) => node);
    };
    await app.ask('gm', '{ stalled(first: 50) { edges { node { __typename } } } }');
    const { approvalRequests } = await app.ask<{
      approvalRequests: { edges: { node: { number: string; status: string } }[] };
    }>(
      'admin',
      `{ approvalRequests(first: 50) { edges { node { number status steps { key status dueAt } events { type fact }
        subject { __typename ... on Contract { id title } ... on Plan { id title } } } } } }`,
    );
    const states = new Set(approvalRequests.edges.map(({ node }) => node.status));
    expect([...states].toSorted()).toEqual(
      'APPROVED CANCELLED EXPIRED PENDING REJECTED RETURNED WITHDRAWN'.split(' '),
    );
    const decided: string[] = [];
    for (const person of ['manager', 'director', 'clerk', 'tech', 'finance', 'legal', 'gm']) {
      for (const { id, request } of await inbox(person)) {
        const input = { assignmentId: id, comment: 'fine' };
        const approve =
          'mutation ($input: DecisionInput!) { approve(input: $input) { request { number status } } }';
        const { data, errors } = await app.send<object>(person, approve, { input });
        const code = errors?.[0]?.extensions.code ?? '';
        // A paused one waits, an open question has to be answered first; nothing breaks.
        expect(['', 'REQUEST_PAUSED', 'INVALID_STATE', 'QUESTION_OPEN']).toContain(code);
        if (data && code === '') decided.push(request.number);
      }
    }
    expect(new Set(decided).size).toBeGreaterThan(3);
    await app.sweep();
    const { problems } = await checkDatabase(app.app.orm.em.fork());
    expect(problems.filter((problem) => !problem.endsWith(' is overdue'))).toEqual([]);
  });
});
