import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { RECKON } from '../../src/commands/schedule/reckon-due-times.js';
import { readDb } from '../../src/entities/read-db.js';
import { publishProcess } from '../support/publish-process.js';
import { requestStory, type RequestStory } from '../support/request-story.js';
import { START, testApp, type TestApp } from '../support/test-app.js';

// Edits of the calendar of a department reach its stages and payments. Every test begins on Monday 20 May 2024, 09:00 in
// Shanghai.

const KEY = 'reached';
let app: TestApp;
let story: RequestStory;
let customerId: string;
const db = () => readDb(app.app.orm.em.fork());
const mutate = async <T>(as: string, name: string, input: object, fields: string): Promise<T> => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} } }`;
  return (await app.ask<Record<string, T>>(as, query, { input }))[name]!;
};

interface Reach {
  readonly stages: number;
  readonly payments: number;
  readonly moves: readonly { subjectId: string; key: string; from: string | null; to: string | null }[];
}
const week = Object.fromEntries(
  ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => [
    day,
    [{ from: '09:00', to: '17:00' }],
  ]),
);
/** Saves the department's calendar with these days off, over whatever version there is. */
async function office(days: readonly string[], more: object = {}): Promise<Reach> {
  const known = await db()
    .selectFrom('business_calendar')
    .select('version')
    .where('key', '=', 'office')
    .executeTakeFirst();
  const holidays = days.map((date) => ({ date, name: 'Founding day' }));
  const input = { key: 'office', name: 'Office', timeZone: 'Asia/Shanghai', week, holidays, ...more };
  return mutate(
    'admin',
    'saveBusinessCalendar',
    { ...input, expectedVersion: known?.version },
    'stages payments moves { subjectId key from to }',
  );
}
const grant = (permission: string) =>
  sql`update role set permissions = permissions || jsonb_build_object(${permission}::text, 'all')
    where key = 'administrator'`.execute(db());

/** Sweeps until nothing is due. */
async function settle(): Promise<void> {
  for (let tries = 0; tries < 30; tries += 1) {
    expect(await app.sweep()).toMatchObject({ failed: 0, refused: 0, dead: 0 });
    const left = await db()
      .selectFrom('timer')
      .select('id')
      .where('kind', '=', RECKON)
      .where('state', '=', 'SCHEDULED')
      .where('due_at', '<=', app.now() as never)
      .execute();
    if (left.length === 0) return void (await app.sweep());
  }
  throw new Error('the reckoning does not end');
}
const moveTo = async (text: string): Promise<void> => {
  app.moveTo(new Date(text));
  await settle();
};
const edit = async (days: readonly string[], more: object = {}): Promise<void> => {
  await office(days, more);
  await settle();
};

const timersOf = async (subjectId: string): Promise<string[]> =>
  (
    await db()
      .selectFrom('timer')
      .select(['kind', 'due_at', 'payload'])
      .where('subject_id', '=', subjectId)
      .where('state', '=', 'SCHEDULED')
      .orderBy('due_at')
      .execute()
  ).map(
    ({ kind, due_at, payload }) =>
      `${kind}-${String((payload as { index: number }).index)} ${new Date(due_at).toISOString()}`,
  );
/** How often each place of a ladder has told somebody. */
const toldOf = async (subjectId: string): Promise<string[]> =>
  (
    await db()
      .selectFrom('notification as n')
      .innerJoin('app_user as person', 'person.id', 'n.person_id')
      .select(['n.message_key', 'person.email'])
      .where('n.message_key', 'like', `%/${subjectId}/%`)
      .orderBy('n.created_at')
      .orderBy('n.message_key')
      .orderBy('person.email', 'desc')
      .execute()
  ).map(
    ({ message_key, email }) => `${message_key.split('/').slice(4, 6).join('-')} ${email.split('@')[0]!}`,
  );

beforeAll(async () => {
  app = await testApp();
  story = requestStory(app);
  await publishProcess(app.app.orm.em.fork(), KEY, [
    { key: 'legal', kind: 'approve', title: { en: 'Legal' }, approvers: [{ rule: 'role', role: 'legal' }] },
  ]);
  await office([]);
  const department = await db()
    .selectFrom('department')
    .select('id')
    .where('key', '=', 'marketing')
    .executeTakeFirstOrThrow();
  await mutate(
    'admin',
    'setCalendarOf',
    { departmentId: department.id, calendarKey: 'office' },
    'stages payments',
  );
  const customer = await mutate<{ customer: { id: string } }>(
    'sales',
    'createCustomer',
    { name: 'Reached Grid', level: 'B' },
    'customer { id }',
  );
  customerId = customer.customer.id;
});
afterAll(async () => {
  expect(app.errors).toEqual([]);
  await app.close();
});
beforeEach(async () => {
  app.moveTo(START);
  await edit([]);
});

test('a stage stalls when its calendar says now; a rung that was climbed stays climbed, what is put off stays so', async () => {
  const made = await mutate<{ project: { id: string } }>(
    'sales',
    'createProject',
    { title: 'Reached', templateKey: 'software-project', customerId },
    'project { id }',
  );
  const { id } = made.project;
  const stage = async (): Promise<object> =>
    (
      await app.ask<{ project: { stages: object[] } }>(
        'sales',
        'query ($id: ID!) { project(id: $id) { stages { key stallsAt rung } } }',
        { id },
      )
    ).project.stages[0]!;
  const stands = (stallsAt: string, rung: number): object => ({
    key: 'customer-development',
    stallsAt: `${stallsAt}T01:00:00.000Z`,
    rung,
  });
  expect(await stage()).toEqual(stands('2024-05-27', 0));
  // Whoever may not see the project is not shown what moves in it.
  expect((await office(['2024-05-24'], { dryRun: true })).moves).toEqual([]);
  await grant('project:read');
  const tried = await office(['2024-05-24'], { dryRun: true });
  expect(tried.stages).toBeGreaterThan(0);
  expect(tried.moves.filter(({ subjectId }) => subjectId === id).map(({ key, to }) => [key, to])).toEqual([
    ['customer-development', '2024-05-28T01:00:00.000Z'],
    ['customer-development/rung-0', '2024-05-28T01:00:00.000Z'],
    ['customer-development/rung-1', '2024-05-30T01:00:00.000Z'],
    ['customer-development/rung-2', '2024-06-03T01:00:00.000Z'],
  ]);
  expect(await stage()).toEqual(stands('2024-05-27', 0));
  await edit(['2024-05-24']);
  expect(await stage()).toEqual(stands('2024-05-28', 0));
  expect(await timersOf(id)).toEqual([
    'stage-rung-0 2024-05-28T01:00:00.000Z',
    'stage-rung-1 2024-05-30T01:00:00.000Z',
    'stage-rung-2 2024-06-03T01:00:00.000Z',
  ]);
  // Taken back when its time has passed: it acts at once, once.
  await moveTo('2024-05-27T04:00:00Z');
  expect(await toldOf(id)).toEqual([]);
  await edit([]);
  expect(await toldOf(id)).toEqual(['rung-0 sales']);
  expect(await stage()).toEqual(stands('2024-05-27', 1));
  // Off once more: the first rung has acted, the others move.
  await edit(['2024-05-24', '2024-05-29']);
  expect(await stage()).toEqual(stands('2024-05-28', 1));
  expect(await timersOf(id)).toEqual([
    'stage-rung-1 2024-05-31T01:00:00.000Z',
    'stage-rung-2 2024-06-04T01:00:00.000Z',
  ]);
  const { id: timerId } = await db()
    .selectFrom('timer')
    .select('id')
    .where('subject_id', '=', id)
    .where('state', '=', 'SCHEDULED')
    .orderBy('due_at')
    .executeTakeFirstOrThrow();
  await mutate(
    'admin',
    'snoozeTimer',
    { timerId, until: '2024-06-02T00:00:00Z', reason: 'Fair' },
    'timers { id }',
  );
  await edit(['2024-05-24', '2024-05-29', '2024-06-03']);
  expect(await timersOf(id)).toEqual([
    'stage-rung-1 2024-06-02T00:00:00.000Z',
    'stage-rung-2 2024-06-05T01:00:00.000Z',
  ]);
  await moveTo('2024-06-10T00:00:00Z');
  expect(await toldOf(id)).toEqual([
    'rung-0 sales',
    'rung-1 sales',
    'rung-1 manager',
    'rung-2 sales',
    'rung-2 director',
  ]);
});

test('a payment is due at the end of its day where its calendar is; nothing is chased twice', async () => {
  const input = {
    title: 'On account',
    customerId,
    amount: { amount: '1000.00', currency: 'CNY' },
    signingMode: KEY,
    paymentTerms: [{ title: 'All of it', amount: '1000.00', dueOn: '2024-06-10' }],
  };
  const made = await mutate<{ contract: { id: string } }>(
    'sales',
    'createContract',
    input,
    'contract { id }',
  );
  const { id } = made.contract;
  const submitted = await mutate<{ request: { id: string } }>(
    'sales',
    'submitForApproval',
    { subjectType: 'CONTRACT', subjectId: id },
    'request { id }',
  );
  await story.act('legal', 'approve', submitted.request.id);
  const payment = async (): Promise<[string, number]> => {
    const row = await db()
      .selectFrom('receivable')
      .select(['due_at', 'rung'])
      .where('contract_id', '=', id)
      .executeTakeFirstOrThrow();
    return [new Date(row.due_at).toISOString(), row.rung];
  };
  const berlin = { timeZone: 'Europe/Berlin' };
  expect(await payment()).toEqual(['2024-06-10T15:59:59.999Z', 0]);
  await moveTo('2024-06-03T18:00:00Z');
  expect(await toldOf(id)).toEqual(['reminder-0 sales']);
  await grant('contract:read');
  const tried = await office([], { ...berlin, dryRun: true });
  expect(tried.payments).toBe(1);
  expect(tried.moves.filter(({ subjectId }) => subjectId === id).map(({ key, to }) => [key, to])).toEqual([
    ['payment-1', '2024-06-10T21:59:59.999Z'],
    ['payment-1/reminder-1', '2024-06-10T21:59:59.999Z'],
    ['payment-1/rung-0', '2024-06-13T21:59:59.999Z'],
    ['payment-1/rung-1', '2024-06-17T21:59:59.999Z'],
    ['payment-1/rung-2', '2024-06-24T21:59:59.999Z'],
    ['payment-1/rung-3', '2024-07-01T21:59:59.999Z'],
  ]);
  // The reminder a week before would lie ahead again; it has acted.
  await edit([], berlin);
  expect(await payment()).toEqual(['2024-06-10T21:59:59.999Z', 0]);
  expect((await timersOf(id))[0]).toBe('payment-reminder-1 2024-06-10T21:59:59.999Z');
  await moveTo('2024-06-13T21:00:00Z');
  expect(await toldOf(id)).toEqual(['reminder-0 sales', 'reminder-1 sales']);
  // Back in Shanghai the first rung is late already: it acts at once.
  await edit([]);
  expect(await payment()).toEqual(['2024-06-10T15:59:59.999Z', 1]);
  await edit([], berlin);
  expect(await payment()).toEqual(['2024-06-10T21:59:59.999Z', 1]);
  expect(await timersOf(id)).toEqual([
    'payment-rung-1 2024-06-17T21:59:59.999Z',
    'payment-rung-2 2024-06-24T21:59:59.999Z',
    'payment-rung-3 2024-07-01T21:59:59.999Z',
  ]);
  await moveTo('2024-06-14T00:00:00Z');
  expect(await toldOf(id)).toEqual(['reminder-0 sales', 'reminder-1 sales', 'rung-0 sales']);
});
