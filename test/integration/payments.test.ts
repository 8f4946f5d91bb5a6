import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDb } from '../../src/entities/read-db.js';
import { publishProcess } from '../support/publish-process.js';
import { requestStory, type RequestStory } from '../support/request-story.js';
import { testApp, type TestApp } from '../support/test-app.js';

const KEY = 'paid';
let app: TestApp;
let story: RequestStory;
let customerId: string;
beforeAll(async () => {
  app = await testApp();
  story = requestStory(app);
  const approvers = [{ rule: 'role', role: 'legal' }];
  await publishProcess(app.app.orm.em.fork(), KEY, [
    { key: 'legal', kind: 'approve', title: { en: 'Legal' }, approvers },
  ]);
  const { customers } = await app.ask<{ customers: { edges: { node: { id: string } }[] } }>(
    'sales',
    '{ customers { edges { node { id } } } }',
  );
  customerId = customers.edges[0]!.node.id;
});
afterAll(async () => {
  expect(app.errors).toEqual([]);
  await app.close();
});

interface Term {
  readonly id: string;
  readonly received: string;
  readonly paidInFull: boolean;
  readonly chased: string | null;
  readonly rung: number;
  readonly receipts: { amount: string; note: string | null; corrects: string | null }[];
}
const TERM = 'id received paidInFull chased rung receipts { id amount note corrects by { email } }';
interface Contract {
  readonly id: string;
  readonly number: string;
  readonly paymentTerms: Term[];
}
const read = async (id: string): Promise<Contract> =>
  (
    await app.ask<{ contract: Contract }>(
      'sales',
      `query ($id: ID!) { contract(id: $id) { id number paymentTerms { ${TERM} } } }`,
      { id },
    )
  ).contract;
const draft = async (dueOn: string | null): Promise<Contract> => {
  const input = {
    title: 'On account',
    customerId,
    amount: { amount: '1000.00', currency: 'CNY' },
    signingMode: KEY,
    paymentTerms: [{ title: 'All of it', amount: '1000.00', dueOn }],
  };
  const made = await app.ask<{ createContract: { contract: { id: string } } }>(
    'sales',
    'mutation ($input: CreateContractInput!) { createContract(input: $input) { contract { id } } }',
    { input },
  );
  return read(made.createContract.contract.id);
};
const approved = async (dueOn: string | null): Promise<Contract> => {
  const { id } = await draft(dueOn);
  const { submitForApproval } = await app.ask<{ submitForApproval: { request: { id: string } } }>(
    'sales',
    'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id } } }',
    { input: { subjectType: 'CONTRACT', subjectId: id } },
  );
  await story.act('legal', 'approve', submitForApproval.request.id);
  return read(id);
};
const RECORD = `mutation ($input: RecordReceiptInput!) { recordReceipt(input: $input) { receipt { id } paymentTerm { ${TERM} } mismatch } }`;
const CORRECT = `mutation ($input: CorrectReceiptInput!) { correctReceipt(input: $input) { receipt { id amount } paymentTerm { ${TERM} } mismatch } }`;
interface Entered {
  readonly receipt: { id: string };
  readonly paymentTerm: Term;
  readonly mismatch: string[];
}
const record = async (paymentTermId: string, amount: string, as = 'finance', more = {}): Promise<Entered> =>
  (
    await app.ask<{ recordReceipt: Entered }>(as, RECORD, {
      input: { paymentTermId, amount, receivedOn: app.now().toISOString().slice(0, 10), ...more },
    })
  ).recordReceipt;
const moveTo = async (at: string): Promise<Date> => {
  app.moveTo(new Date(at));
  expect(await app.sweep()).toMatchObject({ failed: 0, refused: 0, dead: 0 });
  return app.now();
};
const told = async (number: string, since: Date): Promise<string[]> => {
  const found: string[] = [];
  for (const person of ['sales', 'manager', 'director', 'finance']) {
    const { notifications } = await app.ask<{
      notifications: { edges: { node: { kind: string; text: string; createdAt: string } }[] };
    }>(person, '{ notifications(first: 50) { edges { node { kind text createdAt } } } }');
    for (const { node } of notifications.edges)
      if (node.text.startsWith(`${number}:`) && new Date(node.createdAt) >= since)
        found.push(`${person} ${node.kind}`);
  }
  return found;
};
const open = (contractId: string): Promise<object[]> =>
  readDb(app.app.orm.em.fork())
    .selectFrom('timer')
    .select('id')
    .where('subject_id', '=', contractId)
    .where('state', '=', 'SCHEDULED')
    .execute();

describe('a payment that is due', () => {
  test('is reminded of before and on its day, then climbs: its owner, a call, the manager, the director (T-05, T-46)', async () => {
    const { id, number, paymentTerms } = await approved('2024-06-10');
    expect(paymentTerms[0]).toMatchObject({ chased: 'OPEN', paidInFull: false, received: '0.00', rung: 0 });
    expect(await open(id)).toHaveLength(6);
    // The day ends at midnight of the default calendar, in UTC.
    expect(await told(number, await moveTo('2024-06-03T23:59:59.999Z'))).toEqual(['sales PAYMENT']);
    expect(await told(number, await moveTo('2024-06-10T23:59:59.999Z'))).toEqual(['sales PAYMENT']);
    expect(await told(number, await moveTo('2024-06-13T23:59:59.999Z'))).toEqual(['sales PAYMENT']);
    const called = await moveTo('2024-06-17T23:59:59.999Z');
    expect(await told(number, called)).toEqual(['sales PAYMENT']);
    const { followUps } = await app.ask<{ followUps: { edges: { node: object }[] } }>(
      'sales',
      'query ($id: ID!) { followUps(filter: { subjectId: $id, kind: [CALL] }) { edges { node { kind status priority person { email } } } } }',
      { id },
    );
    expect(followUps.edges.map(({ node }) => node)).toEqual([
      { kind: 'CALL', status: 'OPEN', priority: 'HIGH', person: { email: 'sales@demo.local' } },
    ]);
    expect(await told(number, await moveTo('2024-06-24T23:59:59.999Z'))).toEqual([
      'sales PAYMENT',
      'manager PAYMENT',
    ]);
    expect(await told(number, await moveTo('2024-07-01T23:59:59.999Z'))).toEqual([
      'sales PAYMENT',
      'director PAYMENT',
    ]);
    expect((await read(id)).paymentTerms[0]).toMatchObject({ rung: 4 });
  });

  test('is chased no more once it is paid in full, and again, from where it stood, when that is taken back', async () => {
    const { id, number, paymentTerms } = await approved('2024-07-10');
    const term = paymentTerms[0]!.id;
    await moveTo('2024-07-08T10:00:00Z');
    await moveTo('2024-07-08T11:00:00Z');
    const part = await record(term, '400.00');
    expect(part).toMatchObject({
      mismatch: ['PARTIAL'],
      paymentTerm: { received: '400.00', chased: 'OPEN' },
    });
    await app.sweep();
    expect(await told(number, app.now())).toEqual(['sales RECEIPT', 'finance RECEIPT']);
    await moveTo('2024-07-14T00:00:00Z');
    const rest = await record(term, '600', 'sales');
    expect(rest).toMatchObject({ mismatch: ['LATE'], paymentTerm: { paidInFull: true, chased: 'PAID' } });
    expect(await open(id)).toEqual([]);
    await app.sweep();
    expect(await told(number, await moveTo('2024-07-30T00:00:00Z'))).toEqual([]);
    const { correctReceipt } = await app.ask<{ correctReceipt: Entered }>('finance', CORRECT, {
      input: { receiptId: rest.receipt.id, reason: 'Of another contract' },
    });
    expect(correctReceipt).toMatchObject({
      receipt: { amount: '-600.00' },
      mismatch: [],
      paymentTerm: { received: '400.00', paidInFull: false, chased: 'OPEN', rung: 1 },
    });
    expect(await open(id)).toHaveLength(3);
    expect(await told(number, await moveTo('2024-08-06T00:00:00Z'))).toEqual(['sales PAYMENT']);
    expect(
      await app.refusal('finance', CORRECT, { input: { receiptId: rest.receipt.id, reason: 'x' } }),
    ).toBe('INVALID_STATE');
    const above = await record(term, '700.00');
    expect(above).toMatchObject({ mismatch: ['LATE', 'ABOVE'], paymentTerm: { chased: 'PAID' } });
    expect(above.paymentTerm.receipts.map(({ amount }) => amount)).toEqual([
      '400.00',
      '600.00',
      '-600.00',
      '700.00',
    ]);
  });

  test('moves with its day when the contract is changed, keeps what came in, and is not removed once money came in', async () => {
    const { id, paymentTerms } = await approved('2025-03-10');
    const term = paymentTerms[0]!.id;
    const change = async (terms: object[]): Promise<string | undefined> => {
      const { contract } = await app.ask<{ contract: { version: number } }>(
        'sales',
        'query ($id: ID!) { contract(id: $id) { version } }',
        { id },
      );
      const { errors } = await app.send(
        'sales',
        'mutation ($input: UpdateContractInput!) { updateContract(input: $input) { contract { id } } }',
        { input: { id, expectedVersion: contract.version, paymentTerms: terms } },
      );
      return errors?.[0]?.extensions.code;
    };
    const dueAt = async (): Promise<string[]> =>
      (
        await readDb(app.app.orm.em.fork())
          .selectFrom('timer')
          .select('due_at')
          .where('subject_id', '=', id)
          .where('kind', '=', 'payment-reminder')
          .where('state', '=', 'SCHEDULED')
          .orderBy('due_at')
          .execute()
      ).map(({ due_at }) => new Date(due_at).toISOString().slice(0, 10));
    expect(await dueAt()).toEqual(['2025-03-03', '2025-03-10']);
    await record(term, '100.00');
    expect(await change([{ title: 'All of it', amount: '1000.00', dueOn: '2025-04-10' }])).toBeUndefined();
    expect(await dueAt()).toEqual(['2025-04-03', '2025-04-10']);
    expect((await read(id)).paymentTerms[0]).toMatchObject({ id: term, received: '100.00', chased: 'OPEN' });
    expect(await change([])).toBe('BAD_USER_INPUT');
    expect(await change([{ title: 'All of it', amount: '1000.00', dueOn: null }])).toBeUndefined();
    expect(await open(id)).toEqual([]);
    expect((await read(id)).paymentTerms[0]).toMatchObject({ chased: 'STOPPED' });
  });

  test('that was late before its contract was in force climbs from then on, not all at once', async () => {
    const { number } = await approved('2024-01-10');
    const since = app.now();
    await app.sweep();
    expect(await told(number, since)).toEqual([]);
  });
});

interface Stalled {
  readonly totalCount: number;
  readonly pageInfo: { endCursor: string | null; hasNextPage: boolean };
  readonly edges: {
    node: {
      id: string;
      kind: string;
      title: string;
      person: { email: string } | null;
      overdueSeconds: number;
      rung: number;
    };
  }[];
}
const stalled = async (as: string, filter: object, more: object = {}): Promise<Stalled> =>
  (
    await app.ask<{ stalled: Stalled }>(
      as,
      `query ($filter: StalledFilter, $first: Int, $after: String) { stalled(filter: $filter, first: $first, after: $after) {
        totalCount pageInfo { endCursor hasNextPage } edges { node { id kind title subjectId request { id } stepKey person { email } roleKey dueAt overdueSeconds rung } } } }`,
      { filter, ...more },
    )
  ).stalled;

describe('what has stalled', () => {
  test('is one list of payments, stages, milestones, follow-ups and assignments, page by page, each under its own scope', async () => {
    const { id, number, paymentTerms } = await approved(
      new Date(app.now().getTime() + 86_400_000).toISOString().slice(0, 10),
    );
    await app.ask(
      'sales',
      'mutation ($input: CreateProjectInput!) { createProject(input: $input) { project { id } } }',
      { input: { title: 'Idle', templateKey: 'software-project', customerId } },
    );
    await app.ask(
      'sales',
      'mutation ($input: CreateFollowUpInput!) { createFollowUp(input: $input) { followUp { id } } }',
      { input: { title: 'Late call', dueAt: new Date(app.now().getTime() + 3_600_000) } },
    );
    const plan = {
      title: 'Parts',
      kind: 'MONTHLY',
      period: app.now().toISOString().slice(0, 7),
      templateKey: 'monthly-parts-plan',
    };
    await app.ask(
      'planner',
      'mutation ($input: CreatePlanInput!) { createPlan(input: $input) { plan { id } } }',
      {
        input: plan,
      },
    );
    await story.submit(KEY);
    const since = app.now().getTime();
    await moveTo(new Date(since + 40 * 86_400_000).toISOString());
    const seen = await stalled('manager', {}, { first: 100 });
    expect(new Set(seen.edges.map(({ node }) => node.kind))).toEqual(
      new Set(['PAYMENT', 'STAGE', 'MILESTONE', 'FOLLOW_UP']),
    );
    const own = seen.edges.find(({ node }) => node.id === paymentTerms[0]!.id);
    expect(own?.node).toMatchObject({
      kind: 'PAYMENT',
      title: `${number} · All of it`,
      subjectId: id,
      request: null,
      person: { email: 'sales@demo.local' },
      rung: 4,
    });
    expect(seen.edges.find(({ node }) => node.title === 'Idle · Customer development')?.node).toMatchObject({
      kind: 'STAGE',
      stepKey: 'customer-development',
      rung: 3,
    });
    // Longest overdue first, every row once over the pages.
    const overdue = seen.edges.map(({ node }) => node.overdueSeconds);
    expect(overdue).toEqual(overdue.toSorted((a, b) => b - a));
    const paged: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const page: Stalled = await stalled('manager', {}, { first: 2, after });
      expect(page.totalCount).toBe(seen.totalCount);
      paged.push(...page.edges.map(({ node }) => node.id));
      after = page.pageInfo.endCursor;
      more = page.pageInfo.hasNextPage;
    }
    expect(paged).toEqual(seen.edges.map(({ node }) => node.id));
    expect((await stalled('manager', { kind: ['STAGE'] })).edges.map(({ node }) => node.title)).toContain(
      'Idle · Customer development',
    );
    expect((await stalled('manager', { kind: ['PAYMENT'], rung: 5 })).edges).toEqual([]);
    // The warehouse sees none of the salesperson's.
    const others = await stalled('warehouse', { kind: ['PAYMENT', 'STAGE', 'FOLLOW_UP'] }, { first: 100 });
    expect(others.edges.filter(({ node }) => node.person?.email === 'sales@demo.local')).toEqual([]);
  });
});

describe('a receipt', () => {
  test('is entered by whoever may change the contract and by finance, for a contract in force, once per key', async () => {
    const { paymentTerms } = await approved('2025-01-10');
    const term = paymentTerms[0]!.id;
    const input = { paymentTermId: term, amount: '10.00', receivedOn: '2024-06-01' };
    expect(await app.refusal('warehouse', RECORD, { input })).toBe('FORBIDDEN');
    const hidden = await app.refusal('planner', RECORD, { input });
    expect(['FORBIDDEN', 'NOT_FOUND']).toContain(hidden);
    for (const wrong of [{ amount: '0' }, { amount: '-5' }, { receivedOn: '2199-01-01' }])
      expect(await app.refusal('finance', RECORD, { input: { ...input, ...wrong } })).toBe('BAD_USER_INPUT');
    const [unsigned] = (await draft('2025-01-10')).paymentTerms;
    expect(await app.refusal('finance', RECORD, { input: { ...input, paymentTermId: unsigned!.id } })).toBe(
      'INVALID_STATE',
    );
    const first = await record(term, '10.00', 'finance', { idempotencyKey: 'once' });
    expect(await record(term, '10.00', 'finance', { idempotencyKey: 'once' })).toEqual(first);
    expect(first.paymentTerm.received).toBe('10.00');
  });

  test('never changes: neither row nor table', async () => {
    const db = readDb(app.app.orm.em.fork());
    await expect(db.updateTable('receipt').set({ amount: '1.00' }).execute()).rejects.toThrow('append-only');
    await expect(db.deleteFrom('receipt').execute()).rejects.toThrow('append-only');
  });
});
