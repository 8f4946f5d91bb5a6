import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(async () => {
  await app.close();
});

const SUBMIT = `mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id status round number
  process { key version title } steps { key status assignments { id status person { email } } } } } }`;
const CREATE = `mutation ($input: CreateContractInput!) { createContract(input: $input) { contract { id number status version } } }`;
const INBOX = `query { inbox(first: 50) { edges { node { id status dueAt step { key title } request { id title number amount { amount currency } owner { name } } viewerCan { action allowed code } } } totalCount } }`;
const REQUEST = `query ($id: ID!) { approvalRequest(id: $id) { id status round endedAt subject { ... on Contract { id status version } }
  steps { key status reason assignments { id status person { email } comment onBehalfOf { email } } } events { sequence type actor { email } digest } viewerCan { action allowed reason } } }`;

interface Step {
  key: string;
  status: string;
  assignments: { id: string; status: string; person: { email: string } }[];
}
interface RequestView {
  id: string;
  status: string;
  round: number;
  number: string;
  steps: Step[];
  subject: { status: string };
  events: { sequence: number; type: string }[];
  viewerCan: { action: string; allowed: boolean }[];
}

let customerId: string;
async function contract(amount: string): Promise<string> {
  customerId ??= (
    await app.ask<{ customers: { edges: { node: { id: string } }[] } }>(
      'sales',
      '{ customers { edges { node { id } } } }',
    )
  ).customers.edges[0]!.node.id;
  const input = { title: `Contract over ${amount}`, customerId, amount: { amount, currency: 'CNY' } };
  return (await app.ask<{ createContract: { contract: { id: string } } }>('sales', CREATE, { input }))
    .createContract.contract.id;
}

async function submit(subjectId: string, more: object = {}): Promise<RequestView> {
  const input = { subjectType: 'CONTRACT', subjectId, ...more };
  return (await app.ask<{ submitForApproval: { request: RequestView } }>('sales', SUBMIT, { input }))
    .submitForApproval.request;
}

const view = async (as: string, id: string): Promise<RequestView> =>
  (await app.ask<{ approvalRequest: RequestView }>(as, REQUEST, { id })).approvalRequest;

/** The open assignment of a person in a request, found through their inbox. */
async function taskOf(person: string, requestId: string): Promise<string> {
  const { inbox } = await app.ask<{ inbox: { edges: { node: { id: string; request: { id: string } } }[] } }>(
    person,
    INBOX,
  );
  const task = inbox.edges.find(({ node }) => node.request.id === requestId);
  if (!task) throw new Error(`${person} is not being asked`);
  return task.node.id;
}

const act = async (person: string, mutation: string, requestId: string, more: object = {}): Promise<void> => {
  const type = {
    approve: 'DecisionInput',
    reject: 'DecisionInput',
    returnForChanges: 'ReturnInput',
    delegateAssignment: 'DelegateInput',
    transferAssignment: 'TransferInput',
  }[mutation];
  await app.ask(
    person,
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { assignment { status } request { status } } }`,
    {
      input: { assignmentId: await taskOf(person, requestId), ...more },
    },
  );
};

describe('a contract is countersigned by the right people in the right order', () => {
  test('a small one by manager, finance and legal', async () => {
    const request = await submit(await contract('120000.00'));
    expect(request).toMatchObject({ status: 'PENDING', round: 1 });
    await act('manager', 'approve', request.id);
    await act('finance', 'approve', request.id);
    await act('legal', 'approve', request.id, { comment: 'fine' });
    const done = await view('sales', request.id);
    expect(done).toMatchObject({ status: 'APPROVED', subject: { status: 'APPROVED' } });
    expect(done.steps.map(({ key, status }) => [key, status])).toEqual([
      ['manager-review', 'APPROVED'],
      ['large-contract', 'SKIPPED'],
      ['technical-review', 'SKIPPED'],
      ['finance-review', 'SKIPPED'],
      ['legal-review', 'SKIPPED'],
      ['general-manager', 'SKIPPED'],
      ['finance-check', 'APPROVED'],
      ['legal-check', 'APPROVED'],
    ]);
    expect(done.events.map((event) => event.sequence)).toEqual(done.events.map((_, index) => index + 1));
  });

  test('a large one by three in parallel, then the general manager', async () => {
    const request = await submit(await contract('860000.00'));
    await act('manager', 'approve', request.id);
    for (const person of ['legal', 'tech', 'finance']) await act(person, 'approve', request.id);
    expect(await view('sales', request.id)).toMatchObject({ status: 'PENDING' });
    await act('gm', 'approve', request.id);
    expect(await view('sales', request.id)).toMatchObject({ status: 'APPROVED' });
  });

  test('the preview of a small one skips the large review with all its branches', async () => {
    const { previewApproval } = await app.ask<{
      previewApproval: { steps: { key: string; outcome: string }[] };
    }>(
      'sales',
      'query ($input: PreviewApprovalInput!) { previewApproval(input: $input) { steps { key outcome } } }',
      { input: { subjectType: 'CONTRACT', subjectId: await contract('120000.00') } },
    );
    const skipped = previewApproval.steps
      .filter((step) => step.outcome === 'SKIPPED')
      .map((step) => step.key);
    expect(skipped).toEqual([
      'large-contract',
      'technical-review',
      'finance-review',
      'legal-review',
      'general-manager',
    ]);
  });

  test('the preview names the route before anything is written', async () => {
    const id = await contract('860000.00');
    const { previewApproval } = await app.ask<{
      previewApproval: {
        steps: { key: string; outcome: string; approvers: { person: { email: string } }[] }[];
      };
    }>(
      'sales',
      `query ($input: PreviewApprovalInput!) { previewApproval(input: $input) { process { key } steps { key outcome reason dueAt approvers { person { email } rule } excluded { reason } } } }`,
      { input: { subjectType: 'CONTRACT', subjectId: id } },
    );
    const asked = previewApproval.steps
      .filter((step) => step.outcome === 'ASKED' && step.approvers.length > 0)
      .map((step) => step.approvers[0]!.person.email.split('@')[0]);
    expect(asked).toEqual(['manager', 'tech', 'finance', 'legal', 'gm']);
    expect(previewApproval.steps.filter((step) => step.outcome === 'NOT_REACHED')).toEqual([]);
  });
});

describe('refusals', () => {
  test('nobody signed in, not your assignment, twice submitted, locked, ended', async () => {
    expect(await app.refusal(null, '{ viewer { id } }')).toBe('UNAUTHENTICATED');
    const contractId = await contract('100000.00');
    const request = await submit(contractId);
    const task = await taskOf('manager', request.id);
    const approve = 'mutation ($input: DecisionInput!) { approve(input: $input) { request { id } } }';
    expect(await app.refusal('tech', approve, { input: { assignmentId: task } })).toBe('NOT_FOUND');
    expect(await app.refusal('sales', approve, { input: { assignmentId: task } })).toBe(
      'NOT_YOUR_ASSIGNMENT',
    );
    expect(await app.refusal('gm', approve, { input: { assignmentId: task } })).toBe('NOT_YOUR_ASSIGNMENT');
    expect(
      await app.refusal('sales', SUBMIT, { input: { subjectType: 'CONTRACT', subjectId: contractId } }),
    ).toBe('ALREADY_SUBMITTED');
    expect(
      await app.refusal(
        'sales',
        'mutation ($input: UpdateContractInput!) { updateContract(input: $input) { contract { id } } }',
        { input: { id: contractId, expectedVersion: 2, title: 'x' } },
      ),
    ).toBe('SUBJECT_LOCKED');
    await act('manager', 'reject', request.id, { comment: 'no' });
    expect(await view('sales', request.id)).toMatchObject({
      status: 'REJECTED',
      subject: { status: 'REJECTED' },
    });
    expect(await app.refusal('manager', approve, { input: { assignmentId: task } })).toBe('REQUEST_ENDED');
  });

  test('an interested person decides neither by transfer nor by delegation', async () => {
    const request = await submit(await contract('100000.00'));
    const input = { assignmentId: await taskOf('manager', request.id), toUserId: await app.person('sales') };
    expect(
      await app.refusal(
        'manager',
        'mutation ($input: TransferInput!) { transferAssignment(input: $input) { request { id } } }',
        { input },
      ),
    ).toBe('INTERESTED_PERSON');
    expect(
      await app.refusal(
        'manager',
        'mutation ($input: DelegateInput!) { delegateAssignment(input: $input) { request { id } } }',
        { input },
      ),
    ).toBe('INTERESTED_PERSON');
  });
});

describe('around the decision', () => {
  test('returned, changed, resubmitted: the next round', async () => {
    const contractId = await contract('100000.00');
    const request = await submit(contractId);
    await act('manager', 'returnForChanges', request.id, { comment: 'say more' });
    expect(await view('sales', request.id)).toMatchObject({
      status: 'RETURNED',
      subject: { status: 'RETURNED' },
    });
    const { contract: before } = await app.ask<{ contract: { version: number } }>(
      'sales',
      'query ($id: ID!) { contract(id: $id) { version } }',
      { id: contractId },
    );
    await app.ask(
      'sales',
      'mutation ($input: UpdateContractInput!) { updateContract(input: $input) { contract { id } } }',
      { input: { id: contractId, expectedVersion: before.version, title: 'More words' } },
    );
    await app.ask(
      'sales',
      'mutation ($input: ResubmitInput!) { resubmit(input: $input) { request { round } } }',
      { input: { requestId: request.id, comment: 'done' } },
    );
    expect(await view('sales', request.id)).toMatchObject({
      status: 'PENDING',
      round: 2,
      subject: { status: 'IN_REVIEW' },
    });
  });

  test('withdrawn before anyone has decided; the contract is a draft again', async () => {
    const request = await submit(await contract('100000.00'));
    await app.ask(
      'sales',
      'mutation ($input: WithdrawInput!) { withdraw(input: $input) { request { status } } }',
      { input: { requestId: request.id } },
    );
    expect(await view('sales', request.id)).toMatchObject({
      status: 'WITHDRAWN',
      subject: { status: 'DRAFT' },
    });
  });

  test('delegated: the delegate decides, on behalf of', async () => {
    const request = await submit(await contract('100000.00'));
    await act('manager', 'delegateAssignment', request.id, { toUserId: await app.person('director') });
    await act('director', 'approve', request.id);
    const step = (await view('sales', request.id)).steps.find((entry) => entry.key === 'manager-review');
    expect(step).toMatchObject({
      status: 'APPROVED',
      assignments: [
        { status: 'DELEGATED' },
        { status: 'APPROVED', onBehalfOf: { email: 'manager@demo.local' } },
      ],
    });
  });

  test('the same idempotency key gives the same request; another payload is a conflict', async () => {
    const contractId = await contract('100000.00');
    const [first, second] = await Promise.all([
      submit(contractId, { idempotencyKey: 'k1' }),
      submit(contractId, { idempotencyKey: 'k1' }),
    ]);
    expect(first.id).toBe(second.id);
    expect(
      await app.refusal('sales', SUBMIT, {
        input: { subjectType: 'CONTRACT', subjectId: contractId, comment: 'other', idempotencyKey: 'k1' },
      }),
    ).toBe('IDEMPOTENCY_CONFLICT');
  });

  test('an approval repeated under its idempotency key gives the same answer; another payload is a conflict', async () => {
    const request = await submit(await contract('100000.00'));
    const input = { assignmentId: await taskOf('manager', request.id), idempotencyKey: 'once' };
    const approve =
      'mutation ($input: DecisionInput!) { approve(input: $input) { assignment { id status } request { id } } }';
    const answers = await Promise.all([1, 2, 3].map(() => app.ask('manager', approve, { input })));
    answers.push(await app.ask('manager', approve, { input }));
    for (const answer of answers) {
      expect(answer).toEqual({
        approve: { assignment: { id: input.assignmentId, status: 'APPROVED' }, request: { id: request.id } },
      });
    }
    const decided = (await view('sales', request.id)).events.filter((event) => event.type === 'DECIDED');
    expect(decided).toHaveLength(1);
    expect(await app.refusal('manager', approve, { input: { ...input, comment: 'other' } })).toBe(
      'IDEMPOTENCY_CONFLICT',
    );
    expect(await app.refusal('manager', approve, { input: { ...input, idempotencyKey: 'never used' } })).toBe(
      'ASSIGNMENT_NOT_OPEN',
    );
  });

  test('a stalled step reminds, then escalates, with no one touching the system', async () => {
    const request = await submit(await contract('100000.00'));
    const dues = await app.ask<{ timers: { kind: string; dueAt: string; state: string }[] }>(
      'sales',
      'query ($id: ID!) { timers(subjectId: $id) { kind dueAt state } }',
      { id: request.id },
    );
    expect(dues.timers.length).toBeGreaterThan(1);
    const last = dues.timers
      .map((timer) => timer.dueAt)
      .toSorted()
      .at(-1)!;
    app.moveTo(new Date(last));
    const report = await app.sweep();
    expect(report).toMatchObject({ failed: 0, refused: 0 });
    const after = await view('sales', request.id);
    expect(after.events.map((event) => event.type)).toEqual(
      expect.arrayContaining(['REMINDED', 'ESCALATED']),
    );
    const { stalled } = await app.ask<{ stalled: { edges: unknown[] } }>(
      'manager',
      '{ stalled { edges { node { overdueSeconds } } } }',
    );
    expect(stalled.edges.length).toBeGreaterThan(0);
  });
});
