import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { RECKON } from '../../src/commands/schedule/reckon-due-times.js';
import { readDb } from '../../src/entities/read-db.js';
import { START, testApp, type TestApp } from '../support/test-app.js';

// Monday 20 May 2024, 09:00 in Shanghai, is where every test begins.

let app: TestApp;
const db = () => readDb(app.app.orm.em.fork());

const NINE_TO_FIVE = [{ from: '09:00', to: '17:00' }];
const WEEK = {
  monday: NINE_TO_FIVE,
  tuesday: NINE_TO_FIVE,
  wednesday: NINE_TO_FIVE,
  thursday: NINE_TO_FIVE,
  friday: NINE_TO_FIVE,
};
interface Move {
  readonly subjectId: string;
  readonly number: string;
  readonly key: string;
  readonly from: string | null;
  readonly to: string | null;
}
interface Reach {
  readonly followUps: number;
  readonly rules: number;
  readonly moves: readonly Move[];
}
const PAYLOAD = 'calendar { key version } followUps rules moves { subjectId number key from to }';
const ask = async <T>(as: string, name: string, type: string, input: object, fields: string): Promise<T> =>
  (
    await app.ask<Record<string, T>>(
      as,
      `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} } }`,
      { input },
    )
  )[name]!;
const save = (input: object): Promise<Reach> =>
  ask('admin', 'saveBusinessCalendar', 'SaveBusinessCalendarInput', input, PAYLOAD);
const setOf = (input: object): Promise<Reach> =>
  ask('admin', 'setCalendarOf', 'SetCalendarOfInput', input, PAYLOAD);

const office = (key: string, timeZone: string, off: readonly string[] = []): object => ({
  key,
  name: key,
  timeZone,
  week: WEEK,
  holidays: off.map((date) => ({ date, name: 'Founding day' })),
});
const ZONES: Readonly<Record<string, string>> = { shanghai: 'Asia/Shanghai', berlin: 'Europe/Berlin' };

/** Saves the calendar with these days off, over whatever version there is. */
async function off(key: string, days: readonly string[], more: object = {}): Promise<Reach> {
  const { version } = await db()
    .selectFrom('business_calendar')
    .select('version')
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  return save({ ...office(key, ZONES[key]!, days), expectedVersion: version, ...more });
}

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
const moveTo = async (text: string): Promise<void> => {
  app.moveTo(new Date(text));
  const { failed, dead, refused } = await app.sweep();
  expect([failed, dead, refused]).toEqual([0, 0, 0]);
};

interface FollowUp {
  readonly id: string;
  readonly dueAt: string | null;
  readonly rung: number;
  readonly events: readonly { type: string; details: { because?: object; from?: string; to?: string } }[];
}
const FIELDS = 'id dueAt rung events { type details }';
const create = async (as: string, input: object): Promise<string> =>
  (
    await ask<{ followUp: { id: string } }>(
      as,
      'createFollowUp',
      'CreateFollowUpInput',
      input,
      `followUp { ${FIELDS} }`,
    )
  ).followUp.id;
const read = async (as: string, id: string): Promise<FollowUp> =>
  (await app.ask<{ followUp: FollowUp }>(as, `query ($id: ID!) { followUp(id: $id) { ${FIELDS} } }`, { id }))
    .followUp;
const typesOf = ({ events }: FollowUp): string[] => events.map(({ type }) => type);
const timersOf = async (subjectId: string): Promise<string[]> =>
  (
    await db()
      .selectFrom('timer')
      .select(['kind', 'due_at'])
      .where('subject_id', '=', subjectId)
      .where('state', '=', 'SCHEDULED')
      .orderBy('due_at')
      .execute()
  ).map(({ kind, due_at }) => `${kind.replace('follow-up-', '')} ${new Date(due_at).toISOString()}`);

const newCustomer = async (): Promise<string> =>
  (
    await ask<{ customer: { id: string } }>(
      'sales',
      'createCustomer',
      'CreateCustomerInput',
      { name: 'Reach Retail', level: 'C' },
      'customer { id }',
    )
  ).customer.id;
const LADDER = {
  reminders: [{ when: 'before', offset: { after: 'P1D', in: 'business' } }],
  ladder: [
    { after: { after: 'PT4H', in: 'business' }, action: { do: 'remind' } },
    { after: { after: 'P1D', in: 'business' }, action: { do: 'notify', who: [{ rule: 'manager' }] } },
  ],
};
const WITHIN_TWO_DAYS = { kind: 'response-time', anchor: 'created', within: 'P2D', in: 'business' };

const departmentIdOf = async (key: string): Promise<string> =>
  (await db().selectFrom('department').select('id').where('key', '=', key).executeTakeFirstOrThrow()).id;

beforeAll(async () => {
  app = await testApp();
  await save(office('shanghai', 'Asia/Shanghai'));
  await save(office('berlin', 'Europe/Berlin'));
  await setOf({ departmentId: await departmentIdOf('marketing'), calendarKey: 'shanghai' });
  await setOf({ departmentId: await departmentIdOf('finance'), calendarKey: 'berlin' });
});
afterAll(async () => {
  expect(app.errors).toEqual([]);
  await app.close();
});
beforeEach(async () => {
  app.moveTo(START);
  await off('shanghai', []);
  await off('berlin', []);
  await settle();
});

describe('an edit of a calendar', () => {
  test("moves what is due by a rule and its person's calendar; what has acted does not act again", async () => {
    const id = await create('sales', {
      subjectType: 'CUSTOMER',
      subjectId: await newCustomer(),
      title: 'Answer',
      rule: WITHIN_TWO_DAYS,
      ladder: LADDER,
    });
    // The sales department has no calendar of its own; marketing above it works in Shanghai.
    expect((await read('sales', id)).dueAt).toBe('2024-05-22T01:00:00.000Z');
    expect(await timersOf(id)).toEqual([
      'reminder 2024-05-21T01:00:00.000Z',
      'rung 2024-05-22T05:00:00.000Z',
      'rung 2024-05-23T05:00:00.000Z',
    ]);
    const tried = await off('shanghai', ['2024-05-21'], { dryRun: true });
    expect(tried.moves.filter(({ subjectId }) => subjectId === id).map(({ key, to }) => [key, to])).toEqual([
      ['due', '2024-05-23T01:00:00.000Z'],
      ['reminder-0', '2024-05-22T01:00:00.000Z'],
      ['rung-0', '2024-05-23T05:00:00.000Z'],
      ['rung-1', '2024-05-24T05:00:00.000Z'],
    ]);
    const saved = await off('shanghai', ['2024-05-21']);
    expect(saved.followUps).toBe(tried.followUps);
    expect(saved.followUps).toBeGreaterThan(0);
    await settle();
    const moved = await read('sales', id);
    expect(moved.dueAt).toBe('2024-05-23T01:00:00.000Z');
    expect(moved.events.at(-1)).toMatchObject({
      type: 'MOVED',
      details: {
        from: '2024-05-22T01:00:00.000Z',
        to: '2024-05-23T01:00:00.000Z',
        because: { calendar: 'shanghai', change: 'EDITED' },
      },
    });
    expect(await timersOf(id)).toEqual([
      'reminder 2024-05-22T01:00:00.000Z',
      'rung 2024-05-23T05:00:00.000Z',
      'rung 2024-05-24T05:00:00.000Z',
    ]);
    // Taken back on Tuesday afternoon: the reminder was due that morning, and acts once.
    await moveTo('2024-05-21T08:00:00Z');
    expect(typesOf(await read('sales', id))).toEqual(['CREATED', 'MOVED']);
    await off('shanghai', []);
    await settle();
    await app.sweep();
    expect(typesOf(await read('sales', id))).toEqual(['CREATED', 'MOVED', 'MOVED', 'REMINDED']);
    await off('shanghai', ['2024-05-22']);
    await settle();
    expect(await timersOf(id)).toEqual(['rung 2024-05-23T05:00:00.000Z', 'rung 2024-05-24T05:00:00.000Z']);
    // The first rung has acted when the due time moves once more: it stays climbed, and only the second is still to come.
    await moveTo('2024-05-23T06:00:00Z');
    expect((await read('sales', id)).rung).toBe(1);
    await off('shanghai', ['2024-05-22', '2024-05-23']);
    await settle();
    expect((await read('sales', id)).rung).toBe(1);
    expect(await timersOf(id)).toEqual(['rung 2024-05-27T05:00:00.000Z']);
    await moveTo('2024-05-28T00:00:00Z');
    expect(typesOf(await read('sales', id))).toEqual(
      'CREATED MOVED MOVED REMINDED MOVED REMINDED MOVED ESCALATED'.split(' '),
    );
    await settle();
    expect(await timersOf(id)).toEqual([]);
  });

  test('leaves a given due time, and moves its ladder; a trial shows it, but not to whom it is hidden', async () => {
    const id = await create('gm', {
      title: 'Given',
      dueAt: '2024-05-24T09:00:00.000Z',
      ladder: LADDER,
      personId: await app.person('finance'),
    });
    expect(await timersOf(id)).toEqual([
      'reminder 2024-05-23T09:00:00.000Z',
      'rung 2024-05-24T13:00:00.000Z',
      'rung 2024-05-27T13:00:00.000Z',
    ]);
    const tried = await off('berlin', ['2024-05-23'], { dryRun: true });
    const reminder = { from: '2024-05-23T09:00:00.000Z', to: '2024-05-22T09:00:00.000Z' };
    expect(tried.moves).toEqual([{ subjectId: id, number: 'Given', key: 'reminder-0', ...reminder }]);
    expect(await timersOf(id)).toContain('reminder 2024-05-23T09:00:00.000Z');
    const grant = (permission: string, scope: string) =>
      sql`update role set permissions = permissions || jsonb_build_object(${permission}::text, ${scope}::text)
        where key = 'administrator'`.execute(db());
    await grant('followup:read', 'own');
    expect((await off('berlin', ['2024-05-23'], { dryRun: true })).moves).toEqual([]);
    await grant('followup:read', 'all');
    await off('berlin', ['2024-05-23']);
    await settle();
    const moved = await read('finance', id);
    expect(moved.dueAt).toBe('2024-05-24T09:00:00.000Z');
    expect(typesOf(moved)).toEqual(['CREATED', 'MOVED']);
    expect(await timersOf(id)).toContain('reminder 2024-05-22T09:00:00.000Z');
    // An edit that touches nothing of it leaves no trace.
    await off('berlin', ['2024-05-23', '2024-12-24']);
    await settle();
    expect(typesOf(await read('finance', id))).toEqual(['CREATED', 'MOVED']);
  });

  test('does not move what is done', async () => {
    const input = { subjectType: 'CUSTOMER', subjectId: await newCustomer(), title: 'Done' };
    const id = await create('sales', { ...input, rule: WITHIN_TWO_DAYS });
    const done = { id, expectedVersion: 1, outcome: 'Answered.' };
    await ask('sales', 'completeFollowUp', 'CompleteFollowUpInput', done, 'followUp { id }');
    await off('shanghai', ['2024-05-21']);
    await settle();
    expect(typesOf(await read('sales', id))).toEqual(['CREATED', 'COMPLETED']);
  });

  test('moves what hangs on a milestone that it moves, whatever calendar that is by', async () => {
    const { plan } = await ask<{ plan: { id: string; milestones: { key: string; dueAt: string }[] } }>(
      'planner',
      'createPlan',
      'CreatePlanInput',
      { title: 'June', kind: 'MONTHLY', period: '2024-06', templateKey: 'monthly-parts-plan' },
      'plan { id milestones { key dueAt } }',
    );
    const { key, dueAt } = plan.milestones.find((milestone) => milestone.dueAt !== null)!;
    const id = await create('planner', {
      subjectType: 'PLAN',
      subjectId: plan.id,
      title: 'Before the milestone',
      rule: { kind: 'before-event', anchor: key, offset: { count: 1, unit: 'day' }, at: 'same-time' },
    });
    const { dueAt: before } = await read('planner', id);
    expect(Date.parse(dueAt) - Date.parse(before!)).toBe(86_400_000);
    const { definition, version } = await db()
      .selectFrom('business_calendar')
      .select(['definition', 'version'])
      .where('key', '=', 'china')
      .executeTakeFirstOrThrow();
    const { week } = definition as unknown as { week: object };
    // The same calendar an hour further east: what is due at the end of a day is due an hour earlier.
    await save({ key: 'china', name: 'China', timeZone: 'Asia/Tokyo', week, expectedVersion: version });
    await settle();
    const moved = await read('planner', id);
    expect(Date.parse(before!) - Date.parse(moved.dueAt!)).toBe(3_600_000);
    expect(moved.events.at(-1)?.details.because).toMatchObject({ calendar: 'china' });
  });
});

describe('whose calendar a follow-up has', () => {
  test("its person's own, else their department's nearest up the tree, else the company's", async () => {
    const input = { subjectType: 'CUSTOMER', subjectId: await newCustomer(), title: 'Whose' };
    const id = await create('sales', { ...input, rule: WITHIN_TWO_DAYS });
    const dueAt = async (): Promise<string | null> => (await read('sales', id)).dueAt;
    const personId = await app.person('sales');
    await setOf({ personId, calendarKey: 'berlin' });
    await settle();
    expect(await dueAt()).toBe('2024-05-22T07:00:00.000Z');
    expect((await read('sales', id)).events.at(-1)?.details.because).toMatchObject({
      calendar: 'berlin',
      change: 'ASSIGNED',
    });
    // What happens to Shanghai is nothing to them now.
    await off('shanghai', ['2024-05-21']);
    await settle();
    expect(await dueAt()).toBe('2024-05-22T07:00:00.000Z');
    await setOf({ personId });
    await off('shanghai', []);
    await settle();
    expect(await dueAt()).toBe('2024-05-22T01:00:00.000Z');
  });

  test("a role's: that of the department in which it is held", async () => {
    const departmentId = await departmentIdOf('sales');
    const input = { subjectType: 'CUSTOMER', subjectId: await newCustomer(), title: 'Role' };
    const role = { roleKey: 'salesperson', roleDepartmentId: departmentId };
    const id = await create('sales', { ...input, ...role, rule: WITHIN_TWO_DAYS });
    expect((await read('sales', id)).dueAt).toBe('2024-05-22T01:00:00.000Z');
    await setOf({ departmentId, calendarKey: 'berlin' });
    await settle();
    expect((await read('sales', id)).dueAt).toBe('2024-05-22T07:00:00.000Z');
    await setOf({ departmentId });
    await settle();
    expect((await read('sales', id)).dueAt).toBe('2024-05-22T01:00:00.000Z');
  });
});

describe('a recurring rule', () => {
  interface Rule {
    readonly id: string;
    readonly version: number;
    readonly nextAt: string | null;
  }
  const ruleOf = async (key: string, calendar: string | null): Promise<Rule> => {
    const definition = {
      key,
      title: { en: key },
      calendar,
      rule: { kind: 'daily', days: 'working', at: 'close-of-business' },
      makes: { do: 'follow-up', title: { en: key }, for: { role: 'salesperson' } },
    };
    const made = await ask<{ rule: Rule }>(
      'admin',
      'createRecurringRule',
      'CreateRecurringRuleInput',
      { definition },
      'rule { id version nextAt }',
    );
    return made.rule;
  };
  const nextAt = async (id: string): Promise<string | null> => {
    const { recurringRules } = await app.ask<{ recurringRules: Rule[] }>(
      'admin',
      '{ recurringRules { id nextAt } }',
    );
    return recurringRules.find((rule) => rule.id === id)!.nextAt;
  };
  const made = async (id: string): Promise<number> =>
    (await db().selectFrom('follow_up').select('id').where('rule_id', '=', id).execute()).length;

  test('acts when its calendar says now, and never makes an occurrence again', async () => {
    const { id } = await ruleOf('close', 'shanghai');
    expect(await nextAt(id)).toBe('2024-05-20T09:00:00.000Z');
    const tried = await off('shanghai', ['2024-05-20'], { dryRun: true });
    expect(tried.moves).toContainEqual({
      subjectId: id,
      number: 'close',
      key: '2024-05-21',
      from: '2024-05-20T09:00:00.000Z',
      to: '2024-05-21T09:00:00.000Z',
    });
    expect(await nextAt(id)).toBe('2024-05-20T09:00:00.000Z');
    expect((await off('shanghai', ['2024-05-20'])).rules).toBe(tried.rules);
    await settle();
    expect(await nextAt(id)).toBe('2024-05-21T09:00:00.000Z');
    await moveTo('2024-05-20T10:00:00Z');
    expect(await made(id)).toBe(0);
    // Taken back when its time has passed: it acts at once, once.
    await off('shanghai', []);
    await settle();
    await app.sweep();
    expect(await made(id)).toBe(1);
    // To Berlin: Monday's occurrence would come at 15:00 UTC once more.
    await off('shanghai', [], { timeZone: 'Europe/Berlin' });
    await settle();
    expect(await nextAt(id)).toBe('2024-05-21T15:00:00.000Z');
    await moveTo('2024-05-20T16:00:00Z');
    expect(await made(id)).toBe(1);
    await moveTo('2024-05-21T15:00:00Z');
    expect(await made(id)).toBe(2);
    expect(await nextAt(id)).toBe('2024-05-22T15:00:00.000Z');
  });

  test("without a calendar of its own goes by the company's, whichever that is", async () => {
    const { id } = await ruleOf('company-close', null);
    expect(await nextAt(id)).toBe('2024-05-20T18:00:00.000Z');
    await setOf({ company: true, calendarKey: 'berlin' });
    await settle();
    expect(await nextAt(id)).toBe('2024-05-20T15:00:00.000Z');
    await off('berlin', ['2024-05-20']);
    await settle();
    expect(await nextAt(id)).toBe('2024-05-21T15:00:00.000Z');
    // What happens to a department is nothing to it.
    await setOf({ departmentId: await departmentIdOf('sales'), calendarKey: 'shanghai' });
    await settle();
    expect(await nextAt(id)).toBe('2024-05-21T15:00:00.000Z');
    await setOf({ departmentId: await departmentIdOf('sales') });
    await setOf({ company: true, calendarKey: 'monday-friday' });
    await settle();
    expect(await nextAt(id)).toBe('2024-05-20T18:00:00.000Z');
  });
});
