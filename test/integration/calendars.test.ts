import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import YAML from 'yaml';
import { replayRequests } from '../../src/queries/approvals/replay-requests.js';
import type { TimerActions } from '../../src/commands/schedule/fire-timer.js';
import { RECKON, reckonDueTimes } from '../../src/commands/schedule/reckon-due-times.js';
import { sweep } from '../../src/commands/schedule/sweep.js';
import { TIMER_ACTIONS } from '../../src/commands/schedule/timer-actions.js';
import { RECKONED_AGAIN_SECONDS, RECKONED_AT_ONCE } from '../../src/limits.js';
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
const departmentIdOf = async (key: string): Promise<string> =>
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
  await publishProcess(em, 'by-both', [step([{ rule: 'manager' }, { rule: 'role', role: 'finance' }])]);
  await save(office('shanghai', 'Asia/Shanghai'));
  await save(office('berlin', 'Europe/Berlin'));
  await setOf({ departmentId: await departmentIdOf('marketing'), calendarKey: 'shanghai' });
  await setOf({ departmentId: await departmentIdOf('finance'), calendarKey: 'berlin' });
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

const HOLIDAY = (date: string): object => ({ holidays: [{ date, name: 'Founding day' }] });

/** Sweeps until nothing that reckons is left. */
async function settle(): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    await app.sweep();
    const left = await db()
      .selectFrom('timer')
      .select('id')
      .where('kind', '=', RECKON)
      .where('state', '=', 'SCHEDULED')
      .where('due_at', '<=', app.now() as never)
      .execute();
    if (left.length === 0) return;
  }
  throw new Error('the reckoning does not end');
}

/** The demo's processes begin anew with calendars without holidays. */
const plain = async (): Promise<void> => {
  await edit('shanghai', 'Asia/Shanghai');
  await edit('berlin', 'Europe/Berlin');
  await settle();
};

describe('a reckoning', () => {
  beforeEach(plain);

  test('that dies half-way goes on where it was, for any number of requests', async () => {
    const ids: string[] = [];
    for (let index = 0; index < RECKONED_AT_ONCE + 3; index += 1) ids.push(await submitted('by-manager'));
    const { requests } = await edit('shanghai', 'Asia/Shanghai', HOLIDAY('2024-05-21'));
    expect(requests).toBeGreaterThanOrEqual(ids.length);
    // The second batch dies after its work and before its commit, twice.
    let batches = 0;
    const dying: TimerActions = {
      ...TIMER_ACTIONS,
      [RECKON]: {
        subjectTable: null,
        act: async (tx, timer) => {
          await reckonDueTimes(tx, timer);
          batches += 1;
          if (batches === 2 || batches === 3) throw new Error('killed');
        },
      },
    };
    const movedBy = async (): Promise<number> => {
      const clocks = await Promise.all(ids.map(clockOf));
      return clocks.filter(({ dueAt }) => dueAt === '2024-05-23T01:00:00.000Z').length;
    };
    for (let round = 0; round < 3; round += 1) {
      await sweep(app.app.makeContext(), { actions: dying, horizonSeconds: 1, limit: 1000 });
    }
    expect(batches).toBe(3);
    expect(await movedBy()).toBeGreaterThan(0);
    expect(await movedBy()).toBeLessThan(ids.length);
    await settle();
    expect(await movedBy()).toBe(ids.length);
    for (const id of ids) {
      const { facts, timers } = await clockOf(id);
      expect(facts.filter((type) => type === 'DUE_MOVED')).toHaveLength(1);
      expect(timers).toHaveLength(3);
    }
    await expectSound();
  });

  test('reaches a request that was being submitted while the calendar changed', async () => {
    const holder = new pg.Client({ connectionString: app.url });
    await holder.connect();
    try {
      // Holds the submission after it has decided, and before it commits.
      await holder.query('begin; lock table approval_interest in exclusive mode');
      const contract = await flow.create({ signingMode: 'by-manager' });
      const going = flow.submit(contract);
      for (let waits = 0; waits === 0;) {
        const { rows } = await holder.query<{ count: string }>(
          "select count(*) from pg_locks where not granted and relation = 'approval_interest'::regclass",
        );
        waits = Number(rows[0]?.count);
      }
      await edit('shanghai', 'Asia/Shanghai', HOLIDAY('2024-05-21'));
      await settle();
      await holder.query('commit');
      const { id } = await going;
      expect(await clockOf(id)).toMatchObject({ dueAt: '2024-05-22T01:00:00.000Z' });
      app.moveTo(new Date(START.getTime() + RECKONED_AGAIN_SECONDS * 1000));
      await settle();
      expect(await clockOf(id)).toMatchObject({ dueAt: '2024-05-23T01:00:00.000Z' });
    } finally {
      await holder.end();
    }
  });

  test('leaves a paused clock standing; it goes on by the calendar as it is then', async () => {
    const id = await submitted('by-manager');
    const pause = 'mutation ($input: PauseRequestInput!) { pauseRequest(input: $input) { request { id } } }';
    const resume =
      'mutation ($input: ResumeRequestInput!) { resumeRequest(input: $input) { request { id } } }';
    await app.ask('admin', pause, { input: { requestId: id, comment: 'waiting' } });
    await edit('shanghai', 'Asia/Shanghai', HOLIDAY('2024-05-21'));
    await settle();
    expect((await clockOf(id)).timers).toEqual([]);
    // Half of Monday is lost.
    app.moveTo(new Date('2024-05-20T05:00:00Z'));
    await app.ask('admin', resume, { input: { requestId: id, comment: 'go on' } });
    const { dueAt, timers } = await clockOf(id);
    expect(dueAt).toBe('2024-05-23T05:00:00.000Z');
    expect(timers).toHaveLength(3);
    await expectSound();
  });

  test('what has fired stays so; what comes to lie in the past acts once', async () => {
    const id = await submitted('by-manager');
    const reminded = async (): Promise<number> =>
      (await clockOf(id)).facts.filter((type) => type === 'REMINDED').length;
    await edit('shanghai', 'Asia/Shanghai', HOLIDAY('2024-05-21'));
    await settle();
    app.moveTo(new Date('2024-05-21T08:00:00Z'));
    expect(await reminded()).toBe(0);
    // Taken back: the reminder was due this morning.
    await edit('shanghai', 'Asia/Shanghai');
    await settle();
    await app.sweep();
    expect(await reminded()).toBe(1);
    await edit('shanghai', 'Asia/Shanghai', HOLIDAY('2024-05-22'));
    await settle();
    expect((await clockOf(id)).timers.map((timer) => timer.split(' ')[0])).toEqual([
      'approval-rung',
      'approval-expiry',
    ]);
    app.moveTo(new Date('2024-05-22T08:00:00Z'));
    await app.sweep();
    expect(await reminded()).toBe(1);
    await expectSound();
  });

  test('follows a person, a department and the company to another calendar, and back', async () => {
    const id = await submitted('by-manager');
    const personId = await app.person('manager');
    const tried = await setOf({ personId, calendarKey: 'berlin', dryRun: true });
    const { number } = await flow.view(id);
    expect(tried.moves).toContainEqual({
      number,
      key: 'review',
      from: '2024-05-22T01:00:00.000Z',
      to: '2024-05-22T07:00:00.000Z',
    });
    const given = await setOf({ personId, calendarKey: 'berlin', idempotencyKey: 'k1' });
    expect(given).toMatchObject({ requests: tried.requests, calendar: { key: 'berlin' }, moves: [] });
    expect(await setOf({ personId, calendarKey: 'berlin', idempotencyKey: 'k1' })).toEqual(given);
    await settle();
    expect(await clockOf(id)).toMatchObject({ dueAt: '2024-05-22T07:00:00.000Z', calendarKey: 'berlin' });
    // Their own comes first: what the department does changes nothing for them.
    const departmentId = await departmentIdOf('sales');
    await setOf({ departmentId, calendarKey: 'shanghai' });
    await settle();
    expect(await clockOf(id)).toMatchObject({ calendarKey: 'berlin' });
    await setOf({ personId });
    await settle();
    expect(await clockOf(id)).toMatchObject({ dueAt: '2024-05-22T01:00:00.000Z', calendarKey: 'shanghai' });
    await setOf({ departmentId });
    await setOf({ departmentId: await departmentIdOf('marketing') });
    await settle();
    // The company's: Monday to Friday, nine to six, UTC.
    expect(await clockOf(id)).toMatchObject({
      dueAt: '2024-05-22T09:00:00.000Z',
      calendarKey: 'monday-friday',
    });
    await setOf({ company: true, calendarKey: 'berlin' });
    await settle();
    expect(await clockOf(id)).toMatchObject({ dueAt: '2024-05-22T07:00:00.000Z', calendarKey: 'berlin' });
    const { approvalRequest } = await app.ask<{
      approvalRequest: { events: { type: string; fact: { because: object } }[] };
    }>('sales', 'query ($id: ID!) { approvalRequest(id: $id) { events { type fact } } }', { id });
    expect(approvalRequest.events.at(-1)?.fact.because).toMatchObject({
      calendar: 'berlin',
      change: 'ASSIGNED',
    });
    await setOf({ company: true, calendarKey: 'monday-friday' });
    await setOf({ departmentId: await departmentIdOf('marketing'), calendarKey: 'shanghai' });
    await settle();
    await expectSound();
  });

  test("moves a plan's milestones with a trail, and not those that are done", async () => {
    const { createPlan } = await app.ask<{ createPlan: { plan: { id: string } } }>(
      'planner',
      'mutation ($input: CreatePlanInput!) { createPlan(input: $input) { plan { id } } }',
      { input: { title: 'June', kind: 'MONTHLY', period: '2024-06', templateKey: 'monthly-parts-plan' } },
    );
    const { id } = createPlan.plan;
    interface Milestone {
      readonly key: string;
      readonly status: string;
      readonly dueAt: string;
      readonly moves: readonly { wasDueAt: string; dueAt: string; calendarKey: string }[];
    }
    const milestones = async (): Promise<readonly Milestone[]> =>
      (
        await app.ask<{ plan: { milestones: Milestone[] } }>(
          'planner',
          'query ($id: ID!) { plan(id: $id) { milestones { key status dueAt moves { wasDueAt dueAt calendarKey } } } }',
          { id },
        )
      ).plan.milestones;
    const rungs = async () =>
      (
        await db()
          .selectFrom('timer')
          .select(['kind', 'due_at'])
          .where('subject_id', '=', id)
          .where('state', '=', 'SCHEDULED')
          .orderBy('due_at')
          .execute()
      ).map(({ kind, due_at }) => `${kind} ${new Date(due_at).toISOString()}`);
    // One is done before.
    await app.ask(
      'sales',
      'mutation ($input: CreateDocumentInput!) { createDocument(input: $input) { document { id } } }',
      {
        input: { title: 'Forecast', formKey: 'F-078', planId: id },
      },
    );
    const [before, timers] = [await milestones(), await rungs()];
    const moving = before.filter(({ dueAt, status }) => dueAt !== null && status !== 'DONE');
    expect(moving.length).toBeGreaterThan(1);
    expect(moving.length).toBeLessThan(before.length);
    expect(before[0]?.moves).toEqual([]);
    const { businessCalendar: china } = await app.ask<{ businessCalendar: ChinaCalendar }>(
      'admin',
      '{ businessCalendar(key: "china") { version days { date name workedLike spans { from to } } } }',
    );
    // The same calendar an hour further east: what is due at the end of a day is due an hour earlier.
    const saved = await save({ ...inputOf(china), key: 'china', name: 'China', timeZone: 'Asia/Tokyo' });
    expect(saved.milestones).toBe(moving.length);
    await settle();
    const after = await milestones();
    for (const [index, { dueAt, moves }] of after.entries()) {
      const was = before[index]!.dueAt;
      if (!moving.includes(before[index]!)) {
        expect([dueAt, moves]).toEqual([was, []]);
        continue;
      }
      expect(Date.parse(was) - Date.parse(dueAt)).toBe(3_600_000);
      expect(moves).toEqual([{ wasDueAt: was, dueAt, calendarKey: 'china' }]);
    }
    const moved = await rungs();
    expect(moved).toHaveLength(timers.length);
    expect(moved).not.toEqual(timers);
  });
});

interface ChinaCalendar {
  readonly version: number;
  readonly days: readonly { date: string; name: string | null; workedLike: string | null; spans: object[] }[];
}
const HOURS = [
  { from: '09:00', to: '12:00' },
  { from: '13:00', to: '18:00' },
];
const inputOf = ({ version, days }: ChinaCalendar): object => ({
  expectedVersion: version,
  week: { monday: HOURS, tuesday: HOURS, wednesday: HOURS, thursday: HOURS, friday: HOURS },
  holidays: days.filter(({ name }) => name).map(({ date, name, spans }) => ({ date, name, spans })),
  makeUpDays: days
    .filter(({ workedLike }) => workedLike)
    .map(({ date, workedLike }) => ({ date, weekday: workedLike })),
});

describe('refusals', () => {
  const refusal = (input: object, as = 'admin') => app.refusal(as, SAVE, { input });

  test('only who manages calendars changes them; everyone who may see the organisation sees them', async () => {
    expect(await refusal(office('mine', 'UTC'), 'sales')).toBe('FORBIDDEN');
    expect(await app.refusal('gm', SET, { input: { company: true, calendarKey: 'berlin' } })).toBe(
      'FORBIDDEN',
    );
    expect(await app.refusal(null, '{ businessCalendars { key } }')).toBe('UNAUTHENTICATED');
    const { businessCalendars } = await app.ask<{ businessCalendars: { key: string }[] }>(
      'sales',
      '{ businessCalendars { key ofCompany changes { kind version changedBy { name } person { name } department { key } } } }',
    );
    expect(businessCalendars.map(({ key }) => key)).toEqual(['berlin', 'china', 'monday-friday', 'shanghai']);
  });

  test('nobody overwrites what they have not seen, and nothing is made twice', async () => {
    expect(await refusal(office('berlin', 'Europe/Berlin'))).toBe('ALREADY_EXISTS');
    expect(await refusal(office('berlin', 'Europe/Berlin', { expectedVersion: 9999 }))).toBe('CONFLICT');
    expect(await refusal(office('nowhere', 'UTC', { expectedVersion: 1 }))).toBe('NOT_FOUND');
    const version = await versionOf('berlin');
    expect((await edit('berlin', 'Europe/Berlin')).calendar.version).toBe(version);
    const input = office('twice', 'UTC', { idempotencyKey: 'twice' });
    expect(await save(input)).toEqual(await save(input));
    await db().deleteFrom('business_calendar').where('key', '=', 'twice').execute();
  });

  test('a calendar that cannot be worked by is refused, and says where', async () => {
    const bad: object[] = [
      { key: 'Not A Key' },
      { timeZone: '+08:00' },
      { timeZone: 'Mars/Olympus' },
      { name: ' ' },
      { week: {} },
      { week: { monday: [{ from: '17:00', to: '09:00' }] } },
      { week: { monday: [...NINE_TO_FIVE, { from: '16:00', to: '18:00' }] } },
      {
        holidays: [
          { date: '2024-05-21', name: 'a' },
          { date: '2024-05-21', name: 'b' },
        ],
      },
      { holidays: [{ date: '2024-02-30', name: 'a' }] },
      {
        holidays: [{ date: '2024-05-21', name: 'a' }],
        makeUpDays: [{ date: '2024-05-21', weekday: 'MONDAY' }],
      },
    ];
    for (const more of bad) {
      const input = { ...office('bad', 'UTC'), ...more };
      expect([more, await refusal(input)]).toEqual([more, 'BAD_USER_INPUT']);
    }
    const whose: [object, string][] = [
      [{ calendarKey: 'berlin' }, 'BAD_USER_INPUT'],
      [{ company: true }, 'BAD_USER_INPUT'],
      [{ company: true, personId: await app.person('gm'), calendarKey: 'berlin' }, 'BAD_USER_INPUT'],
      [{ personId: await app.person('gm'), calendarKey: 'nowhere' }, 'NOT_FOUND'],
      [{ personId: 'x', calendarKey: 'berlin' }, 'NOT_FOUND'],
      [{ departmentId: await app.person('gm'), calendarKey: 'berlin' }, 'NOT_FOUND'],
    ];
    for (const [input, code] of whose) expect(await app.refusal('admin', SET, { input })).toBe(code);
  });

  test('working time is reckoned for anyone who asks', async () => {
    const ask =
      'query ($input: WorkingTimeInput!) { workingTime(input: $input) { isWorking nextWorkingAt dueAt } }';
    const { workingTime } = await app.ask<{ workingTime: object }>('sales', ask, {
      input: { calendarKey: 'shanghai', from: '2024-05-24T10:00:00Z', duration: 'P1DT2H' },
    });
    // Friday 18:00: from Monday 09:00, a day and two hours.
    expect(workingTime).toEqual({
      isWorking: false,
      nextWorkingAt: '2024-05-27T01:00:00.000Z',
      dueAt: '2024-05-28T03:00:00.000Z',
    });
    const refused = (input: object) => app.refusal('sales', ask, { input });
    expect(await refused({ calendarKey: 'nowhere' })).toBe('NOT_FOUND');
    expect(await refused({ calendarKey: 'shanghai', duration: 'P1M' })).toBe('BAD_USER_INPUT');
    expect(await refused({ calendarKey: 'shanghai', duration: 'soon' })).toBe('BAD_USER_INPUT');
  });
});

describe('importing holidays', () => {
  interface Imported extends Saved {
    readonly added: readonly { date: string; name: string | null; workedLike: string | null }[];
    readonly changed: readonly { date: string }[];
    readonly removed: readonly { date: string }[];
    readonly conflicts: readonly { date: string; kept: object | null; published: object | null }[];
  }
  const IMPORT = `mutation ($input: ImportHolidaysInput!) { importHolidays(input: $input) { ${PAYLOAD}
    added { date name workedLike } changed { date } removed { date } conflicts { date kept { name } published { name workedLike } } } }`;
  const bringIn = async (input: object): Promise<Imported> =>
    (await app.ask<{ importHolidays: Imported }>('admin', IMPORT, { input })).importHolidays;

  test('China 2026 is the published arrangement, day by day', async () => {
    await save(office('imported', 'Asia/Shanghai'));
    const tried = await bringIn({ calendarKey: 'imported', country: 'CN', year: 2026, dryRun: true });
    expect(await versionOf('imported')).toBe(1);
    const { added, calendar } = await bringIn({ calendarKey: 'imported', country: 'CN', year: 2026 });
    expect(tried.added).toEqual(added);
    expect(calendar.version).toBe(2);
    // The notice of 4 November 2025, as the shipped calendar has it.
    const shipped = YAML.parse(await readFile('packs/calendars/china.yaml', 'utf8')) as {
      holidays: Record<string, string>;
      makeUpDays: Record<string, string>;
    };
    const of2026 = (days: Record<string, string>): string[] =>
      Object.keys(days).filter((date) => date.startsWith('2026-'));
    const dates = (worked: boolean): string[] =>
      added.filter(({ workedLike }) => (workedLike !== null) === worked).map(({ date }) => date);
    expect(dates(false)).toEqual(of2026(shipped.holidays));
    expect(dates(true)).toEqual(of2026(shipped.makeUpDays));
    expect(dates(false).filter((date) => date.startsWith('2026-10'))).toEqual(
      ['01', '02', '03', '04', '05', '06', '07'].map((day) => `2026-10-${day}`),
    );
    // Again, and into the shipped calendar: nothing is new.
    for (const calendarKey of ['imported', 'china']) {
      const again = await bringIn({ calendarKey, country: 'CN', year: 2026 });
      expect(again).toMatchObject({ added: [], changed: [], removed: [], conflicts: [] });
    }
  });

  test('what was changed by hand stays, and is told', async () => {
    const { calendar } = await bringIn({ calendarKey: 'imported', country: 'CN', year: 2025 });
    const days = (calendar as unknown as ChinaCalendar).days;
    const kept = days.filter(({ date }) => date !== '2025-10-08');
    const edited = kept.map((day) =>
      day.date === '2025-01-01' ? { ...day, name: 'Half', spans: [{ from: '09:00', to: '12:00' }] } : day,
    );
    await save({
      ...inputOf({ version: calendar.version, days: edited }),
      ...office('imported', 'Asia/Shanghai'),
    });
    const again = await bringIn({ calendarKey: 'imported', country: 'CN', year: 2025 });
    expect(again).toMatchObject({ added: [], changed: [], removed: [] });
    expect(again.conflicts).toEqual([
      { date: '2025-01-01', kept: { name: 'Half' }, published: { name: '元旦', workedLike: null } },
      { date: '2025-10-08', kept: null, published: { name: '国庆节', workedLike: null } },
    ]);
  });

  test('Germany has public holidays only, Berlin one more', async () => {
    await save(office('german', 'Europe/Berlin'));
    const { added } = await bringIn({ calendarKey: 'german', country: 'DE', year: 2026 });
    expect(added.map(({ date }) => date)).toEqual([
      '2026-01-01',
      '2026-04-03',
      '2026-04-06',
      '2026-05-01',
      '2026-05-14',
      '2026-05-25',
      '2026-10-03',
      '2026-12-25',
      '2026-12-26',
    ]);
    const berlin = await bringIn({ calendarKey: 'german', country: 'DE', region: 'BE', year: 2026 });
    expect(berlin.added.map(({ date }) => date)).toEqual(['2026-03-08']);
    await save(office('icelandic', 'Atlantic/Reykjavik'));
    const { calendar } = await bringIn({ calendarKey: 'icelandic', country: 'IS', year: 2026 });
    const days = (calendar as unknown as ChinaCalendar).days;
    expect(days.find(({ date }) => date === '2026-12-24')?.spans).toEqual([{ from: '09:00', to: '13:00' }]);
  });

  test('a year or place without data is refused, never silently empty', async () => {
    const refused = (input: object) =>
      app.refusal('admin', IMPORT, {
        input: { calendarKey: 'imported', country: 'CN', year: 2026, ...input },
      });
    expect(await refused({ year: 2030 })).toBe('NO_HOLIDAY_DATA');
    expect(await refused({ country: 'DE', year: 2150 })).toBe('NO_HOLIDAY_DATA');
    expect(await refused({ country: 'XX' })).toBe('BAD_USER_INPUT');
    expect(await refused({ country: 'de' })).toBe('BAD_USER_INPUT');
    expect(await refused({ region: 'BJ' })).toBe('BAD_USER_INPUT');
    expect(await refused({ country: 'DE', region: 'ZZ' })).toBe('BAD_USER_INPUT');
    expect(await refused({ country: 'DE', region: 'constructor' })).toBe('BAD_USER_INPUT');
    expect(await refused({ year: -1 })).toBe('BAD_USER_INPUT');
    expect(await refused({ calendarKey: 'nowhere' })).toBe('NOT_FOUND');
    expect(
      await app.refusal('sales', IMPORT, { input: { calendarKey: 'china', country: 'CN', year: 2026 } }),
    ).toBe('FORBIDDEN');
  });
});
