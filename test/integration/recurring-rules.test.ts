import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fireTimer } from '../../src/commands/schedule/fire-timer.js';
import { TIMER_ACTIONS } from '../../src/commands/schedule/timer-actions.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
  const grants = [
    ['sales', 'field-representative'],
    ['planner', 'field-representative'],
    ['manager', 'field-manager'],
    ['clerk', 'front-desk'],
  ] as const;
  for (const [person, role_key] of grants)
    await db()
      .insertInto('role_grant')
      .values({ id: newRowId(), person_id: await app.person(person), role_key })
      .execute();
});
afterAll(() => app.close());
const db = () => readDb(app.app.orm.em.fork());

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const moveTo = async (text: string): Promise<void> => {
  app.moveTo(new Date(text));
  const report = await app.sweep();
  expect([report.failed, report.dead, report.refused]).toEqual([0, 0, 0]);
};
interface Made {
  readonly title: string;
  readonly dueAt: string;
  readonly kind: string;
}
const made = async (as: string, ruleKey: string, filter: object = {}): Promise<Made[]> => {
  const query =
    'query ($filter: FollowUpFilter) { followUps(filter: $filter, first: 100) { edges { node { id version title kind dueAt occurrence } } } }';
  const { followUps } = await app.ask<{ followUps: { edges: { node: Made }[] } }>(as, query, {
    filter: { ruleKey, ...filter },
  });
  return followUps.edges.map(({ node }) => node);
};
const dues = async (as: string, key: string, filter: object = {}): Promise<string[]> =>
  (await made(as, key, filter)).map(({ dueAt }) => dueAt);
const rules = async (
  query: string,
): Promise<Record<string, { id: string; version: number; nextAt: string | null }>> => {
  const answer = await app.ask<
    Record<string, { key: string; id: string; version: number; nextAt: string | null }[]>
  >('admin', `{ ${query} { key id version nextAt status } }`);
  return Object.fromEntries(answer[query]!.map((rule) => [rule.key, rule]));
};
const mutate = async <T>(as: string, name: string, type: string, input: object, fields: string): Promise<T> =>
  (
    await app.ask<Record<string, T>>(
      as,
      `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} } }`,
      { input },
    )
  )[name]!;
const rule = (name: string, type: string, input: object) =>
  mutate<{ rule: { id: string; version: number; status: string; nextAt: string | null } }>(
    'admin',
    name,
    type,
    input,
    'rule { id version status nextAt }',
  );
const DAILY = {
  key: 'stand-up',
  title: { en: 'Stand-up', zh: '晨会' },
  calendar: 'china',
  rule: { kind: 'recurrence', rrule: 'FREQ=DAILY', start: '2024-05-01T08:00' },
  makes: { do: 'follow-up', title: { en: 'Stand up', zh: '晨会' }, for: { role: 'field-representative' } },
};

describe('rules by the calendar', () => {
  test('make one for each holder at each occurrence, and the next from the rule (T-12, T-30)', async () => {
    await moveTo('2024-05-21T01:00:00Z');
    expect(await dues('sales', 'daily-sales-report', { mine: true })).toEqual(['2024-05-21T10:00:00.000Z']);
    expect(await dues('planner', 'daily-sales-report', { mine: true })).toEqual(['2024-05-21T10:00:00.000Z']);
    expect((await rules('recurringRules'))['daily-sales-report']?.nextAt).toBe('2024-05-22T01:00:00.000Z');
    await moveTo('2024-05-24T08:00:00Z');
    expect(await dues('sales', 'friday-summary', { mine: true })).toEqual(['2024-05-24T10:00:00.000Z']);
  });

  test('are made ahead of their day where they say so, for a department (T-14, T-13)', async () => {
    expect(await dues('manager', 'monthly-meeting', { mine: true })).toEqual(['2024-05-24T10:00:00.000Z']);
    await moveTo('2024-05-27T04:00:00Z');
    expect(await dues('manager', 'weekly-sales-meeting', { mine: true, kind: ['MEETING'] })).toEqual([
      '2024-05-20T10:00:00.000Z',
      '2024-05-27T10:00:00.000Z',
    ]);
  });

  test('after an outage the latest is made, none, or all, as the rule says', async () => {
    await moveTo('2024-06-05T04:00:00Z');
    const daily = await dues('sales', 'daily-sales-report', { mine: true });
    // 27 May to 4 June: missed but for what was made on the way; the newest is current.
    expect(daily.at(-1)).toBe('2024-06-05T10:00:00.000Z');
    expect(daily.filter((due) => due > '2024-05-28' && due < '2024-06-05')).toEqual([]);
    const skipped = await db()
      .selectFrom('rule_occurrence')
      .innerJoin('recurring_rule as rule', 'rule.id', 'rule_occurrence.rule_id')
      .select(['rule_occurrence.key', 'made'])
      .where('rule.key', '=', 'daily-sales-report')
      .where('rule_occurrence.key', 'in', ['2024-05-29', '2024-06-05'])
      .orderBy('rule_occurrence.key')
      .execute();
    expect(skipped).toEqual([
      { key: '2024-05-29', made: false },
      { key: '2024-06-05', made: true },
    ]);
    await moveTo('2024-09-02T04:00:00Z');
    // All of June, July and August on the last working day, though nothing ran.
    expect(
      (await dues('manager', 'receipts-summary', { mine: true })).map((due) => due.slice(0, 10)),
    ).toEqual(['2024-05-31', '2024-06-28', '2024-07-31', '2024-08-30']);
  });

  test('each firing once, however many workers and duplicated jobs there are', async () => {
    const { rule: stand } = await rule('createRecurringRule', 'CreateRecurringRuleInput', {
      definition: DAILY,
    });
    expect(stand.nextAt).toBe('2024-09-03T00:00:00.000Z');
    app.moveTo(new Date('2024-09-03T00:00:05Z'));
    const timer = await db()
      .selectFrom('timer')
      .select('id')
      .where('subject_id', '=', stand.id)
      .where('state', '=', 'SCHEDULED')
      .executeTakeFirstOrThrow();
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => fireTimer(app.app.makeContext(), timer.id, TIMER_ACTIONS)),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'fired')).toHaveLength(1);
    await Promise.all([app.sweep(), app.sweep(), app.sweep()]);
    expect(await dues('sales', 'stand-up', { mine: true })).toEqual(['2024-09-03T00:00:00.000Z']);
    // The same occurrence under a new version of the rule is not made again.
    await db().updateTable('timer').set({ state: 'SCHEDULED' }).where('id', '=', timer.id).execute();
    await db().deleteFrom('timer').where('subject_id', '=', stand.id).where('id', '<>', timer.id).execute();
    await app.sweep();
    expect(await dues('sales', 'stand-up', { mine: true })).toHaveLength(1);
  });

  test('are paused, resumed, changed, previewed and deleted by an administrator alone', async () => {
    const { 'stand-up': stand } = await rules('recurringRules');
    const at = (version: number) => ({ id: stand!.id, expectedVersion: version });
    const paused = await rule('pauseRecurringRule', 'RecurringRuleInput', at(1));
    expect(paused.rule).toMatchObject({ status: 'PAUSED', nextAt: null, version: 2 });
    await moveTo('2024-09-05T01:00:00Z');
    expect(await dues('sales', 'stand-up', { mine: true })).toHaveLength(1);
    const resumed = await rule('resumeRecurringRule', 'RecurringRuleInput', at(2));
    expect(resumed.rule.nextAt).toBe('2024-09-06T00:00:00.000Z');
    const weekly = { ...DAILY, rule: { kind: 'weekday', weekday: 'monday' } };
    const changed = await rule('updateRecurringRule', 'UpdateRecurringRuleInput', {
      ...at(3),
      definition: weekly,
    });
    expect(changed.rule.nextAt).toBe('2024-09-08T16:00:00.000Z');
    await rule('deleteRecurringRule', 'RecurringRuleInput', at(4));
    await moveTo('2024-09-10T00:00:00Z');
    expect(await dues('sales', 'stand-up', { mine: true })).toHaveLength(1);
    const preview =
      'query ($definition: JSON!) { previewRecurringRule(definition: $definition, count: 3) { key dueAt } }';
    expect(await app.ask('admin', preview, { definition: DAILY })).toEqual({
      previewRecurringRule: ['10', '11', '12'].map((day) => ({
        key: `2024-09-${day}T08:00`,
        dueAt: `2024-09-${day}T00:00:00.000Z`,
      })),
    });
    expect(await app.refusal('sales', preview, { definition: DAILY })).toBe('FORBIDDEN');
    const create =
      'mutation ($input: CreateRecurringRuleInput!) { createRecurringRule(input: $input) { rule { id } } }';
    const refused = (definition: object): Promise<string> =>
      app.refusal('admin', create, { input: { definition } });
    expect(await refused(DAILY)).toBe('ALREADY_EXISTS');
    const other = { ...DAILY, key: 'other' };
    expect(await refused({ ...other, rule: { kind: 'daily', days: 'some' } })).toBe('BAD_USER_INPUT');
    expect(await refused({ ...other, calendar: 'mars' })).toBe('BAD_USER_INPUT');
    expect(await refused({ ...other, makes: null })).toBe('BAD_USER_INPUT');
    expect(await refused({ ...other, makes: { ...DAILY.makes, for: { role: 'nobody' } } })).toBe(
      'BAD_USER_INPUT',
    );
    expect(await refused({ ...other, makes: { ...DAILY.makes, for: 'owner' } })).toBe('BAD_USER_INPUT');
  });
});

describe('what is not filled in', () => {
  test('makes nothing, is told once and listed, and an administrator fills it in (T-16, T-17)', async () => {
    expect(Object.keys(await rules('unsetSchedules'))).toEqual(['plan-proposal', 'published-information']);
    const { notifications } = await app.ask<{
      notifications: { edges: { node: { kind: string; text: string } }[] };
    }>('admin', '{ notifications(first: 100) { edges { node { kind text } } } }');
    expect(notifications.edges.filter(({ node }) => node.kind === 'SCHEDULE_UNSET')).toHaveLength(1);
    const { 'published-information': open } = await rules('unsetSchedules');
    const fill = {
      id: open!.id,
      expectedVersion: open!.version,
      rule: { kind: 'yearly-months', months: [10], day: 1 },
    };
    const { rule: filled } = await rule('fillSchedule', 'FillScheduleInput', fill);
    expect(filled.nextAt).toBe('2024-10-01T23:59:59.999Z');
    expect(Object.keys(await rules('unsetSchedules'))).toEqual(['plan-proposal']);
  });
});

const customer = async (name: string, level: string): Promise<{ id: string; version: number }> =>
  (
    await mutate<{ customer: { id: string; version: number } }>(
      'sales',
      'createCustomer',
      'CreateCustomerInput',
      { name, level },
      'customer { id version }',
    )
  ).customer;

describe('what hangs on records', () => {
  test('the next contact with a customer follows its level and each contact that comes about (T-23, T-51)', async () => {
    await moveTo('2024-10-08T02:00:00Z');
    const { id, version } = await customer('Level Retail', 'H');
    const open = { subjectId: id, status: ['OPEN'] };
    const day = async (key: string): Promise<string[]> =>
      (await dues('sales', key, open)).map((due) => due.slice(0, 10));
    expect(await day('contact-level-h')).toEqual(['2024-10-13']);
    await mutate(
      'sales',
      'updateCustomer',
      'UpdateCustomerInput',
      { id, expectedVersion: version, level: 'B' },
      'customer { id }',
    );
    expect(await day('contact-level-h')).toEqual([]);
    expect(await day('contact-level-b')).toEqual(['2024-11-07']);
    await moveTo('2024-10-10T02:00:00Z');
    const done = async (outcomeKind: string): Promise<void> => {
      const [call] = (await made('sales', 'contact-level-b', open)) as unknown as {
        id: string;
        version: number;
      }[];
      const input = { id: call!.id, expectedVersion: call!.version, outcome: 'Spoke', outcomeKind };
      await mutate('sales', 'completeFollowUp', 'CompleteFollowUpInput', input, 'followUp { id }');
    };
    await done('SUCCEEDED');
    expect(await day('contact-level-b')).toEqual(['2024-11-09']);
  });

  test('a complaint is answered within 24 hours, or climbs (T-35)', async () => {
    const { id } = await customer('Complaining Retail', 'C');
    const complaint = (at: string) =>
      app.ask('sales', 'mutation ($input: SetRecordEventInput!) { setRecordEvent(input: $input) { name } }', {
        input: { subjectType: 'CUSTOMER', subjectId: id, event: 'complaint', at },
      });
    await complaint('2024-10-10T02:00:00Z');
    expect(await dues('sales', 'response', { subjectId: id })).toEqual(['2024-10-11T02:00:00.000Z']);
    await moveTo('2024-10-11T03:00:00Z');
    await moveTo('2024-10-11T07:00:00Z');
    expect(await made('manager', 'response', { subjectId: id, mine: true })).toHaveLength(1);
  });

  test('the earlier of two limits, not later than a milestone, after an event: all move (T-08, T-10, T-11)', async () => {
    const { customers } = await app.ask<{ customers: { edges: { node: { id: string } }[] } }>(
      'sales',
      '{ customers { edges { node { id } } } }',
    );
    const { project } = await mutate<{ project: { id: string } }>(
      'sales',
      'createProject',
      'CreateProjectInput',
      {
        title: 'Tower',
        templateKey: 'software-project',
        customerId: customers.edges[0]!.node.id,
        amount: { amount: '10.00', currency: 'CNY' },
      },
      'project { id }',
    );
    const event = (name: string, at: string | null) =>
      app.ask('sales', 'mutation ($input: SetRecordEventInput!) { setRecordEvent(input: $input) { name } }', {
        input: { subjectType: 'PROJECT', subjectId: project.id, event: name, at },
      });
    const day = async (key: string): Promise<string[]> =>
      (await dues('sales', key, { subjectId: project.id })).map((due) => due.slice(0, 10));
    expect(await day('deepening-meeting')).toEqual([]);
    await event('positioning-meeting', '2024-11-01T02:00:00Z');
    expect(await day('deepening-meeting')).toEqual(['2024-11-22']);
    await event('concept-presentation', '2024-11-30T02:00:00Z');
    expect(await day('deepening-meeting')).toEqual(['2024-11-15']);
    await event('concept-presentation', null);
    expect(await day('deepening-meeting')).toEqual(['2024-11-22']);
    await event('handover', '2024-11-01T02:00:00Z');
    expect(await day('strategy-outline')).toEqual(['2025-01-01']);
    await event('construction-drawings', '2024-12-10T02:00:00Z');
    expect(await day('strategy-outline')).toEqual(['2024-12-10']);
    await event('pile-foundation', '2024-11-01T02:00:00Z');
    expect(await day('opening-strategy')).toEqual(['2024-11-15']);
    await event('coordination-meeting', '2024-11-04T02:00:00Z');
    expect(await day('handover-meeting')).toEqual(['2024-11-04']);
    expect(await day('after-completion-report')).toEqual([]);
    await event('completed', '2024-11-30T02:00:00Z');
    expect(await day('after-completion-report')).toEqual(['2024-12-30']);
    expect(await day('service-report')).toEqual(['2025-01-30']);
    expect(await day('situation-report')).toEqual(['2025-02-28']);
    expect(await day('customer-revisit')).toEqual(['2025-02-28']);
    await event('completed', '2024-12-05T02:00:00Z');
    expect(await day('customer-revisit')).toEqual(['2025-03-05']);
  });
});

describe('targets and windows', () => {
  test('what is done is counted in its period, and whoever stays under the target is told at its end (T-26, T-27)', async () => {
    await moveTo('2024-10-14T02:00:00Z');
    const { followUp } = await mutate<{ followUp: { id: string; version: number } }>(
      'sales',
      'createFollowUp',
      'CreateFollowUpInput',
      { title: 'Door', kind: 'VISIT', dueAt: '2024-10-15T02:00:00Z' },
      'followUp { id version }',
    );
    await mutate(
      'sales',
      'completeFollowUp',
      'CompleteFollowUpInput',
      { id: followUp.id, expectedVersion: followUp.version, outcome: 'In' },
      'followUp { id }',
    );
    const query = 'query ($personId: ID) { targets(personId: $personId) { key target done from until } }';
    interface Progress {
      readonly targets: { key: string; target: number; done: number; from: string; until: string }[];
    }
    const { targets } = await app.ask<Progress>('manager', query, { personId: await app.person('sales') });
    expect(targets).toEqual([
      {
        key: 'door-visits',
        target: 15,
        done: 1,
        from: '2024-10-13T16:00:00.000Z',
        until: '2024-10-20T16:00:00.000Z',
      },
      {
        key: 'new-customers',
        target: 8,
        done: 2,
        from: '2024-09-30T16:00:00.000Z',
        until: '2024-10-31T16:00:00.000Z',
      },
      expect.objectContaining({ key: 'phone-visits', target: 20, done: 0 }),
    ]);
    expect(await app.refusal('warehouse', query, { personId: await app.person('sales') })).toBe('NOT_FOUND');
    const end = new Date('2024-10-20T16:00:00Z');
    await moveTo(end.toISOString());
    const { notifications } = await app.ask<{
      notifications: { edges: { node: { text: string; createdAt: string } }[] };
    }>('manager', '{ notifications(first: 100) { edges { node { text createdAt } } } }');
    const texts = notifications.edges
      .filter(({ node }) => new Date(node.createdAt) >= end)
      .map(({ node }) => node.text);
    expect(texts).toContain('Sam Song: Door visits a week: 1 of 15.');
  });

  test('lists by a rolling window: to contact next week, contacted last week, not contacted last week (T-40)', async () => {
    await moveTo('2024-10-21T02:00:00Z');
    const titles = async (filter: object): Promise<string[]> => {
      const query =
        'query ($filter: FollowUpFilter) { followUps(filter: $filter, first: 100) { edges { node { title } } } }';
      const { followUps } = await app.ask<{ followUps: { edges: { node: { title: string } }[] } }>(
        'sales',
        query,
        { filter },
      );
      return followUps.edges.map(({ node }) => node.title);
    };
    await mutate(
      'sales',
      'createFollowUp',
      'CreateFollowUpInput',
      { title: 'Soon', kind: 'CALL', dueAt: '2024-10-29T02:00:00Z' },
      'followUp { id }',
    );
    expect(await titles({ mine: true, kind: ['CALL'], status: ['OPEN'], dueIn: 'next-week' })).toEqual([
      'Soon',
    ]);
    expect(await titles({ doneIn: 'last-week', kind: ['VISIT'] })).toEqual(['Door']);
    const names = async (filter: object): Promise<string[]> => {
      const query =
        'query ($filter: CustomerFilter) { customers(filter: $filter, first: 100) { edges { node { name } } } }';
      const { customers } = await app.ask<{ customers: { edges: { node: { name: string } }[] } }>(
        'sales',
        query,
        { filter },
      );
      return customers.edges.map(({ node }) => node.name);
    };
    const { id } = await customer('Fresh Retail', 'C');
    const call = { title: 'Call', kind: 'CALL', subjectType: 'CUSTOMER', subjectId: id };
    const { followUp } = await mutate<{ followUp: { id: string; version: number } }>(
      'sales',
      'createFollowUp',
      'CreateFollowUpInput',
      call,
      'followUp { id version }',
    );
    await mutate(
      'sales',
      'completeFollowUp',
      'CompleteFollowUpInput',
      { id: followUp.id, expectedVersion: followUp.version, outcome: 'Yes' },
      'followUp { id }',
    );
    await moveTo(new Date(app.now().getTime() + 7 * DAY).toISOString());
    expect(await names({ contactedIn: 'last-week' })).toEqual(['Fresh Retail']);
    expect(await names({ notContactedIn: 'last-week' })).not.toContain('Fresh Retail');
    expect(await names({ notContactedIn: 'last-week' })).toContain('Level Retail');
    const query = 'query ($filter: CustomerFilter) { customers(filter: $filter) { totalCount } }';
    expect(await app.refusal('sales', query, { filter: { contactedIn: 'door-visits' } })).toBe(
      'BAD_USER_INPUT',
    );
  });
});
