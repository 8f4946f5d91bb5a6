import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { replayRequests } from '../../src/queries/approvals/replay-requests.js';
import { TIMER_ACTIONS } from '../../src/commands/schedule/timer-actions.js';
import { sweep } from '../../src/commands/schedule/sweep.js';
import { readDb } from '../../src/entities/read-db.js';
import { contractFlow, type ContractFlow } from '../support/contract-flow.js';
import { publishProcess } from '../support/publish-process.js';
import { START, testApp, type TestApp } from '../support/test-app.js';
import { checkDatabase } from '../support/whole-database.js';

let app: TestApp;
let flow: ContractFlow;
const db = () => readDb(app.app.orm.em.fork());

const NINE_TO_FIVE = [{ from: '09:00', to: '17:00' }];
const WEEK = {
  monday: NINE_TO_FIVE,
  tuesday: NINE_TO_FIVE,
  wednesday: NINE_TO_FIVE,
  thursday: NINE_TO_FIVE,
  friday: NINE_TO_FIVE,
};
const office = (key: string, timeZone: string, more: object = {}): object => ({
  key,
  name: key,
  timeZone,
  week: WEEK,
  ...more,
});

interface Saved {
  readonly calendar: { readonly key: string; readonly version: number };
  readonly requests: number;
  readonly milestones: number;
  readonly moves: readonly { number: string; key: string; from: string | null; to: string | null }[];
}
const PAYLOAD =
  'calendar { key version days { date name workedLike importedFrom spans { from to } } } requests milestones moves { number key from to }';
const SAVE = `mutation ($input: SaveBusinessCalendarInput!) { saveBusinessCalendar(input: $input) { ${PAYLOAD} } }`;
const SET = `mutation ($input: SetCalendarOfInput!) { setCalendarOf(input: $input) { ${PAYLOAD} } }`;

const save = async (input: object): Promise<Saved> =>
  (await app.ask<{ saveBusinessCalendar: Saved }>('admin', SAVE, { input })).saveBusinessCalendar;
const setOf = async (input: object): Promise<Saved> =>
  (await app.ask<{ setCalendarOf: Saved }>('admin', SET, { input })).setCalendarOf;
const departmentId = async (key: string): Promise<string> =>
  (await db().selectFrom('department').select('id').where('key', '=', key).executeTakeFirstOrThrow()).id;
const versionOf = async (key: string): Promise<number> =>
  (
    await db()
      .selectFrom('business_calendar')
      .select('version')
      .where('key', '=', key)
      .executeTakeFirstOrThrow()
  ).version;

/** Saves the calendar anew over whatever version there is. */
const edit = async (key: string, timeZone: string, more: object = {}): Promise<Saved> =>
  save(office(key, timeZone, { expectedVersion: await versionOf(key), ...more }));

interface Clock {
  readonly dueAt: string | null;
  readonly calendarKey: string | null;
  readonly timers: readonly string[];
  readonly facts: readonly string[];
}

/** Due time of the open step, the live timers of the request, and the types of its facts. */
async function clockOf(requestId: string): Promise<Clock> {
  const step = await db()
    .selectFrom('approval_step')
    .select(['due_at', 'calendar_key'])
    .where('request_id', '=', requestId)
    .where('status', '=', 'OPEN')
    .executeTakeFirstOrThrow();
  const tasks = await db()
    .selectFrom('approval_assignment')
    .select('due_at')
    .where('request_id', '=', requestId)
    .where('status', '=', 'OPEN')
    .execute();
  const timers = await db()
    .selectFrom('timer')
    .select(['kind', 'due_at'])
    .where('subject_id', '=', requestId)
    .where('state', '=', 'SCHEDULED')
    .orderBy('due_at')
    .execute();
  const facts = await db()
    .selectFrom('approval_event')
    .select('type')
    .where('request_id', '=', requestId)
    .orderBy('sequence')
    .execute();
  const dueAt = step.due_at && new Date(step.due_at).toISOString();
  for (const task of tasks) expect(task.due_at && new Date(task.due_at).toISOString()).toBe(dueAt);
  return {
    dueAt,
    calendarKey: step.calendar_key,
    timers: timers.map(({ kind, due_at }) => `${kind} ${new Date(due_at).toISOString()}`),
    facts: facts.map(({ type }) => type),
  };
}

/** Everything that the requests say of themselves holds, and their facts give their rows. */
async function expectSound(): Promise<void> {
  for await (const { number, differences } of replayRequests(app.app.orm.em.fork(), null))
    expect([number, ...differences]).toEqual([number]);
  const { problems } = await checkDatabase(app.app.orm.em.fork());
  expect(problems.filter((problem) => problem.startsWith('A-'))).toEqual([]);
}

const TWO_DAYS = { after: 'P2D', in: 'business' };
const step = (approvers: object[], more: object = {}): object => ({
  key: 'review',
  kind: 'approve',
  title: 'Review',
  approvers,
  formula: 'all',
  due: TWO_DAYS,
  reminders: [{ when: 'before', offset: { after: 'P1D', in: 'business' } }],
  ladder: [{ after: { after: 'PT4H', in: 'business' }, action: { do: 'remind' } }],
  ...more,
});

beforeAll(async () => {
  app = await testApp();
  flow = contractFlow(app);
  const em = app.app.orm.em.fork();
  await publishProcess(em, 'by-manager', [step([{ rule: 'manager' }])], {
    expires: { after: 'P10D', in: 'business' },
  });
  await publishProcess(em, 'by-finance', [step([{ rule: 'role', role: 'finance' }])]);
  await publishProcess(em, 'by-both', [
    step([{ rule: 'manager' }, { rule: 'role', role: 'finance' }]),
  ]);
  await save(office('shanghai', 'Asia/Shanghai'));
  await save(office('berlin', 'Europe/Berlin'));
  await setOf({ departmentId: await departmentId('marketing'), calendarKey: 'shanghai' });
  await setOf({ departmentId: await departmentId('finance'), calendarKey: 'berlin' });
  await app.sweep();
});
afterAll(() => app.close());
beforeEach(() => app.moveTo(START));

const submitted = async (signingMode: string): Promise<string> =>
  (await flow.submit(await flow.create({ signingMode }))).id;

describe('which calendar counts', () => {
  test("a step is due by the calendar of its approver's department, nearest up the tree", async () => {
    // Monday 09:00 in Shanghai, 03:00 in Berlin: two working days.
    const sales = await clockOf(await submitted('by-manager'));
    expect(sales).toMatchObject({ dueAt: '2024-05-22T01:00:00.000Z', calendarKey: 'shanghai' });
    expect(sales.timers).toEqual([
      'approval-reminder 2024-05-21T01:00:00.000Z',
      'approval-rung 2024-05-22T05:00:00.000Z',
      'approval-expiry 2024-06-03T01:00:00.000Z',
    ]);
    const finance = await clockOf(await submitted('by-finance'));
    expect(finance).toMatchObject({ dueAt: '2024-05-22T07:00:00.000Z', calendarKey: 'berlin' });
  });

  test('of several people the calendar under which it is due first', async () => {
    expect(await clockOf(await submitted('by-both'))).toMatchObject({
      dueAt: '2024-05-22T01:00:00.000Z',
      calendarKey: 'shanghai',
    });
  });
});

describe('an edit', () => {
  test('moves what hangs on the calendar, and only that, with a trail', async () => {
    const [own, other] = [await submitted('by-manager'), await submitted('by-finance')];
    const before = await clockOf(other);
    const holiday = { holidays: [{ date: '2024-05-21', name: 'Founding day' }] };
    const tried = await edit('shanghai', 'Asia/Shanghai', { ...holiday, dryRun: true });
    const { number } = await flow.view(own);
    expect(tried.moves).toContainEqual({
      number,
      key: 'review',
      from: '2024-05-22T01:00:00.000Z',
      to: '2024-05-23T01:00:00.000Z',
    });
    await app.sweep();
    expect(await clockOf(own)).toMatchObject({ dueAt: '2024-05-22T01:00:00.000Z' });

    const saved = await edit('shanghai', 'Asia/Shanghai', holiday);
    expect(saved.requests).toBe(tried.requests);
    expect(saved.moves).toEqual([]);
    await app.sweep();
    await app.sweep();
    const moved = await clockOf(own);
    expect(moved).toMatchObject({ dueAt: '2024-05-23T01:00:00.000Z', calendarKey: 'shanghai' });
    expect(moved.timers).toEqual([
      'approval-reminder 2024-05-22T01:00:00.000Z',
      'approval-rung 2024-05-23T05:00:00.000Z',
      'approval-expiry 2024-06-04T01:00:00.000Z',
    ]);
    expect(moved.facts.slice(-2)).toEqual(['DUE_MOVED', 'EXPIRY_MOVED']);
    expect(await clockOf(other)).toEqual(before);
    const { approvalRequest } = await app.ask<{
      approvalRequest: { events: { type: string; fact: unknown; actor: unknown }[] };
    }>('sales', 'query ($id: ID!) { approvalRequest(id: $id) { events { type fact } } }', { id: own });
    expect(approvalRequest.events.find(({ type }) => type === 'DUE_MOVED')?.fact).toMatchObject({
      step: 'review',
      dueAt: '2024-05-23T01:00:00.000Z',
      was: { dueAt: '2024-05-22T01:00:00.000Z', calendar: 'shanghai' },
      because: { calendar: 'shanghai', version: saved.calendar.version, change: 'EDITED' },
    });
    await expectSound();
  });
});

void TIMER_ACTIONS;
void sweep;
