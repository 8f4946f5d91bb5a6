import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

interface FollowUp {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly dueAt: string | null;
  readonly waitingFor: string[];
  readonly rung: number;
  readonly violation: { milestone: string } | null;
  readonly person: { name: string } | null;
  readonly roleKey: string | null;
  readonly occurrence: number;
  readonly events: { type: string }[];
}
const FIELDS = `id version status dueAt waitingFor rung violation { milestone } person { name } roleKey occurrence
  subjectTitle overdue events { type by { name } details }`;
type Payload = { followUp: FollowUp; next: FollowUp | null };

const mutate = async (as: string, name: string, input: object): Promise<Payload> => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { followUp { ${FIELDS} } next { ${FIELDS} } } }`;
  return (await app.ask<Record<string, Payload>>(as, query, { input }))[name]!;
};
const refused = (as: string, name: string, input: object): Promise<string> => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  return app.refusal(as, `mutation ($input: ${type}!) { ${name}(input: $input) { followUp { id } } }`, {
    input,
  });
};
const read = async (as: string, id: string): Promise<FollowUp> =>
  (await app.ask<{ followUp: FollowUp }>(as, `query ($id: ID!) { followUp(id: $id) { ${FIELDS} } }`, { id }))
    .followUp;
const list = async (as: string, filter: object): Promise<string[]> => {
  const query =
    'query ($filter: FollowUpFilter) { followUps(filter: $filter, first: 100) { edges { node { id } } totalCount } }';
  const { followUps } = await app.ask<{
    followUps: { edges: { node: { id: string } }[]; totalCount: number };
  }>(as, query, {
    filter,
  });
  expect(followUps.totalCount).toBe(followUps.edges.length);
  return followUps.edges.map(({ node }) => node.id);
};
const told = async (as: string, since: Date): Promise<string[]> => {
  const query = '{ notifications(first: 100) { edges { node { kind text createdAt } } } }';
  const answer = await app.ask<{ notifications: { edges: { node: { text: string; createdAt: string } }[] } }>(
    as,
    query,
  );
  return answer.notifications.edges
    .map(({ node }) => node)
    .filter(({ createdAt }) => new Date(createdAt) >= since)
    .map(({ text }) => text);
};
const types = ({ events }: FollowUp): string[] => events.map(({ type }) => type);

const HOUR = 3_600_000;
const hours = (count: number): Date => new Date(app.now().getTime() + count * HOUR);
const later = async (count: number): Promise<Date> => {
  app.moveTo(hours(count));
  const report = await app.sweep();
  expect([report.failed, report.dead, report.refused]).toEqual([0, 0, 0]);
  return app.now();
};
const LADDER = {
  reminders: [{ when: 'before', offset: { after: 'PT1H', in: 'calendar' } }],
  ladder: [
    { after: { after: 'PT2H', in: 'calendar' }, action: { do: 'notify', who: [{ rule: 'manager' }] } },
    {
      after: { after: 'PT2H', in: 'calendar' },
      action: { do: 'hand-over', who: [{ rule: 'role', role: 'marketing-director' }] },
    },
  ],
};
const customer = async (as = 'sales', input: object = {}): Promise<string> => {
  const query =
    'mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }';
  const made = await app.ask<{ createCustomer: { customer: { id: string } } }>(as, query, {
    input: { name: 'Ladder Retail', level: 'C', ...input },
  });
  return made.createCustomer.customer.id;
};

describe('a follow-up', () => {
  test('is made, reminded of, climbs, is handed over, and done with the next one after it', async () => {
    const subjectId = await customer();
    const input = {
      subjectType: 'CUSTOMER',
      subjectId,
      title: 'Send the offer',
      kind: 'CALL',
      dueAt: hours(5),
      ladder: LADDER,
    };
    const { followUp } = await mutate('sales', 'createFollowUp', input);
    expect(followUp).toMatchObject({
      status: 'OPEN',
      person: { name: 'Sam Song' },
      subjectTitle: 'Ladder Retail',
      rung: 0,
    });

    const reminded = await later(4);
    expect(await told('sales', reminded)).toEqual(['“Send the offer” is due on 2024-05-20.']);
    const climbed = await later(3);
    expect(await told('sales', climbed)).toEqual(['“Send the offer” was due on 2024-05-20.']);
    expect(await told('manager', climbed)).toEqual(['“Send the offer” was due on 2024-05-20.']);
    expect(await read('sales', followUp.id)).toMatchObject({ rung: 1, overdue: true });
    const handed = await later(2);
    expect(await told('director', handed)).toHaveLength(1);
    const now = await read('director', followUp.id);
    expect(now).toMatchObject({ person: null, roleKey: 'marketing-director', rung: 2 });
    expect(await list('director', { mine: true, overdue: true })).toContain(followUp.id);

    const key = { id: now.id, expectedVersion: now.version, outcome: 'Sent.', idempotencyKey: 'done-once' };
    const next = { title: 'Ask for the answer', dueAt: hours(48), roleKey: 'salesperson' };
    const done = await mutate('director', 'completeFollowUp', { ...key, next });
    expect(done.followUp).toMatchObject({ status: 'DONE' });
    expect(done.next).toMatchObject({ status: 'OPEN', roleKey: 'salesperson', person: null });
    const again = await mutate('director', 'completeFollowUp', { ...key, next });
    expect(again.next?.id).toBe(done.next?.id);
    expect(types(done.followUp)).toEqual(['CREATED', 'REMINDED', 'ESCALATED', 'HANDED_OVER', 'COMPLETED']);
    expect(
      await refused('director', 'completeFollowUp', { id: now.id, expectedVersion: 99, outcome: 'x' }),
    ).toBe('INVALID_STATE');
    expect(await list('sales', { mine: true, subjectId, kind: ['TASK'], status: ['OPEN'] })).toEqual([
      done.next!.id,
    ]);
    const { timers } = await app.ask<{ timers: { state: string }[] }>(
      'director',
      'query ($id: ID!) { timers(subjectId: $id) { state } }',
      { id: followUp.id },
    );
    expect(timers.map(({ state }) => state)).toEqual(['FIRED', 'FIRED', 'FIRED']);
  });

  test('moved, its ladder begins anew; given up, nobody is reminded', async () => {
    const { followUp } = await mutate('sales', 'createFollowUp', {
      title: 'Call back',
      dueAt: hours(5),
      ladder: LADDER,
    });
    await later(4);
    const one = await read('sales', followUp.id);
    const moved = await mutate('sales', 'rescheduleFollowUp', {
      id: one.id,
      expectedVersion: one.version,
      dueAt: hours(24),
      reason: 'on holiday',
    });
    const quiet = await later(10);
    expect(await told('manager', quiet)).toEqual([]);
    const reminded = await later(13);
    expect(await told('sales', reminded)).toHaveLength(1);
    const two = await read('sales', followUp.id);
    expect(types(two)).toEqual(['CREATED', 'REMINDED', 'RESCHEDULED', 'REMINDED']);
    expect(
      await refused('sales', 'cancelFollowUp', {
        id: one.id,
        expectedVersion: moved.followUp.version,
        reason: 'no',
      }),
    ).toBe('CONFLICT');
    await mutate('sales', 'cancelFollowUp', {
      id: one.id,
      expectedVersion: two.version,
      reason: 'bought elsewhere',
    });
    const after = await later(200);
    expect(await told('sales', after)).toEqual([]);
    expect(await told('manager', after)).toEqual([]);
  });

  test('hangs on events of its record: waits for them, moves with them, and a broken limit is told at once', async () => {
    const subjectId = await customer();
    const event = (name: string, at: Date | null) =>
      app.ask(
        'sales',
        'mutation ($input: SetRecordEventInput!) { setRecordEvent(input: $input) { name at } }',
        {
          input: { subjectType: 'CUSTOMER', subjectId, event: name, at },
        },
      );
    const rule = {
      kind: 'not-later-than',
      rule: { kind: 'after-event', anchor: 'handover', offset: { count: 1, unit: 'week' }, at: 'same-time' },
      milestone: 'drawings',
    };
    const input = { subjectType: 'CUSTOMER', subjectId, title: 'Outline', rule, ladder: LADDER };
    const { followUp } = await mutate('sales', 'createFollowUp', input);
    expect(followUp).toMatchObject({ dueAt: null, waitingFor: ['handover', 'drawings'] });
    expect(await list('sales', { waiting: true, subjectId })).toEqual([followUp.id]);
    const handover = hours(0);
    await event('handover', handover);
    const due = new Date(handover.getTime() + 7 * 24 * HOUR);
    expect(await read('sales', followUp.id)).toMatchObject({
      dueAt: due.toISOString(),
      waitingFor: ['drawings'],
    });
    const drawings = hours(72);
    await event('drawings', drawings);
    const broken = await read('sales', followUp.id);
    expect(broken).toMatchObject({ dueAt: drawings.toISOString(), violation: { milestone: 'drawings' } });
    await app.sweep();
    expect(await told('sales', app.now())).toEqual([
      '“Outline” cannot be done as planned: it must not be later than drawings.',
    ]);
    await event('drawings', hours(24 * 30));
    expect(await read('sales', followUp.id)).toMatchObject({ dueAt: due.toISOString(), violation: null });
    expect(types(await read('sales', followUp.id))).toEqual([
      'CREATED',
      'MOVED',
      'VIOLATED',
      'MOVED',
      'MOVED',
    ]);
  });

  test('on a contract moves with the contract’s end, in the same transaction', async () => {
    const customerId = await customer();
    const made = await app.ask<{ createContract: { contract: { id: string; version: number } } }>(
      'sales',
      'mutation ($input: CreateContractInput!) { createContract(input: $input) { contract { id version } } }',
      {
        input: {
          title: 'Renewable',
          customerId,
          amount: { amount: '10.00', currency: 'CNY' },
          startsOn: '2024-06-01',
          endsOn: '2025-05-31',
        },
      },
    );
    const { id, version } = made.createContract.contract;
    const rule = { kind: 'before-event', anchor: 'ends', offset: { count: 2, unit: 'month' } };
    const { followUp } = await mutate('sales', 'createFollowUp', {
      subjectType: 'CONTRACT',
      subjectId: id,
      title: 'Renew',
      rule,
    });
    expect(followUp.dueAt).toBe('2025-03-31T23:59:59.999Z');
    const update =
      'mutation ($input: UpdateContractInput!) { updateContract(input: $input) { contract { version } } }';
    await app.ask('sales', update, { input: { id, expectedVersion: version, endsOn: '2025-08-31' } });
    expect((await read('sales', followUp.id)).dueAt).toBe('2025-06-30T23:59:59.999Z');
    await app.ask('sales', update, { input: { id, expectedVersion: version + 1, endsOn: '2025-05-31' } });
    expect((await read('sales', followUp.id)).dueAt).toBe('2025-03-31T23:59:59.999Z');
  });

  test('its own rule makes the next one, reckoned from the anchor and not from when this one was done', async () => {
    const subjectId = await customer();
    const created = app.now();
    const rule = {
      kind: 'after-event',
      anchor: 'created',
      offset: { count: 3, unit: 'month' },
      at: 'same-time',
    };
    const repeat = {
      rule: { kind: 'every-months', anchor: 'created', every: 3, firstAfter: 3, at: 'same-time' },
    };
    const made = await mutate('sales', 'createFollowUp', {
      subjectType: 'CUSTOMER',
      subjectId,
      title: 'Revisit',
      rule,
      repeat,
    });
    app.moveTo(new Date(created.getTime() + 130 * 24 * HOUR));
    const { next } = await mutate('sales', 'completeFollowUp', {
      id: made.followUp.id,
      expectedVersion: made.followUp.version,
      outcome: 'Seen, late.',
    });
    const month = (text: string | null): string => (text ?? '').slice(0, 7);
    const sixMonths = new Date(created);
    sixMonths.setUTCMonth(sixMonths.getUTCMonth() + 6);
    expect([month(next!.dueAt), next!.occurrence]).toEqual([sixMonths.toISOString().slice(0, 7), 1]);
  });
});

describe('who sees and changes it', () => {
  test('out of scope it does not exist; whose turn it is, whoever made it and the department’s manager see it', async () => {
    const person = await app.person('tech');
    const { followUp } = await mutate('sales', 'createFollowUp', {
      title: 'Check the drawing',
      personId: person,
      dueAt: hours(9),
    });
    expect((await read('tech', followUp.id)).id).toBe(followUp.id);
    expect((await read('gm', followUp.id)).id).toBe(followUp.id);
    const query = 'query ($id: ID!) { followUp(id: $id) { id } }';
    expect(await app.refusal('planner', query, { id: followUp.id })).toBe('NOT_FOUND');
    const change = { id: followUp.id, expectedVersion: followUp.version, reason: 'mine now' };
    expect(await refused('planner', 'cancelFollowUp', change)).toBe('NOT_FOUND');
    expect(await refused('auditor', 'cancelFollowUp', change)).toBe('FORBIDDEN');
    const given = await mutate('tech', 'reassignFollowUp', {
      ...change,
      personId: await app.person('legal'),
    });
    expect(given.followUp.person).toEqual({ name: 'Lena Li' });
    const before = app.now();
    await app.sweep();
    expect(await told('legal', before)).toEqual(['“Check the drawing” is yours now.']);
    expect(await refused('auditor', 'createFollowUp', { title: 'No' })).toBe('FORBIDDEN');
  });

  test('on a record that the person may not see none is made', async () => {
    const subjectId = await customer('gm');
    const input = { subjectType: 'CUSTOMER', subjectId, title: 'Hidden', dueAt: hours(1) };
    expect(await refused('sales', 'createFollowUp', input)).toBe('NOT_FOUND');
  });

  test.each([
    [{ title: '' }],
    [{ title: 'x', rule: { kind: 'nonsense' } }],
    [{ title: 'x', rule: { kind: 'on-event', anchor: 'created' } }],
    [{ title: 'x', ladder: { ladder: [{ after: 'P1D' }] } }],
    [{ title: 'x', roleKey: 'nobody-holds-this' }],
    [{ title: 'x', personId: '01890000-0000-7000-8000-000000000000' }],
    [
      {
        title: 'x',
        repeat: { rule: { kind: 'recurrence', rrule: 'FREQ=SECONDLY', start: '2024-01-01T09:00' } },
      },
    ],
    [{ title: 'x', dueAt: '2024-05-21T01:00:00Z', rule: { kind: 'on-event', anchor: 'created' } }],
  ])('refuses %j', async (input) => {
    expect(await refused('sales', 'createFollowUp', input)).toBe('BAD_USER_INPUT');
  });

  test('reminders also go to whoever stands in; a leaver’s open ones go to the successor', async () => {
    const [legal, tech] = [await app.person('legal'), await app.person('tech')];
    const { followUp } = await mutate('gm', 'createFollowUp', {
      title: 'Read the law',
      personId: legal,
      dueAt: hours(5),
      ladder: LADDER,
    });
    await app.ask(
      'legal',
      'mutation ($input: SetAbsenceInput!) { setAbsence(input: $input) { absence { id } } }',
      {
        input: { from: hours(1), until: hours(100), substituteId: tech },
      },
    );
    const reminded = await later(4);
    expect(await told('tech', reminded)).toHaveLength(1);
    expect(await told('legal', reminded)).toHaveLength(1);
    const left = await app.ask<{ deactivatePerson: { moved: { what: string; count: number }[] } }>(
      'admin',
      'mutation ($input: DeactivatePersonInput!) { deactivatePerson(input: $input) { moved { what count } } }',
      { input: { personId: legal, successorId: tech, reason: 'gone', force: true } },
    );
    expect(left.deactivatePerson.moved).toContainEqual({ what: 'follow_up', count: 2 });
    const now = await read('gm', followUp.id);
    expect(now.person).toEqual({ name: 'Tara Tian' });
    expect(types(now)).toContain('SUCCEEDED_TO');
  });
});
