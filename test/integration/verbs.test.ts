import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDb } from '../../src/entities/read-db.js';
import { publishProcess } from '../support/publish-process.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { checkDatabase } from '../support/whole-database.js';

const KEY = 'verbs';
const approver = (role: string): object[] => [{ rule: 'role', role }];
const STEPS = [
  {
    key: 'legal',
    kind: 'approve',
    title: { en: 'Legal', zh: '法务' },
    approvers: approver('legal'),
    dependsOn: ['title'],
    due: { after: 'P2D', in: 'calendar' },
    ladder: [{ after: { after: 'P1D', in: 'calendar' }, action: { do: 'remind' } }],
  },
  {
    key: 'finance',
    kind: 'approve',
    title: { en: 'Finance', zh: '财务' },
    approvers: approver('finance'),
    editable: ['amount', 'title', 'lines', 'paymentTerms'],
  },
  {
    key: 'sign',
    kind: 'approve',
    title: { en: 'Signature', zh: '签署' },
    approvers: approver('general-manager'),
    requireFreshSignIn: 30,
  },
];

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
  await publishProcess(app.app.orm.em.fork(), KEY, STEPS, { expires: { after: 'P30D', in: 'calendar' } });
});
afterAll(async () => {
  const { problems } = await checkDatabase(app.app.orm.em.fork());
  // Of the requests; whether timers and messages are late is asked of a clock that does not stand still.
  expect(problems.filter((problem) => problem.startsWith('A-'))).toEqual([]);
  expect(app.errors).toEqual([]);
  await app.close();
});

const REQUEST = `query ($id: ID!) { approvalRequest(id: $id) { id number status digest pausedAt expiresAt amount { amount }
  readers { email } questions { id number status question answer askedBy { email } askedOf { email } }
  subject { ... on Contract { id title status amount { amount } } } process { key version }
  steps { key status dueAt reason assignments { id status person { email } viewerCan { action allowed code } } }
  events { type fact } viewerCan { action allowed code } } }`;

interface View {
  id: string;
  status: string;
  digest: string;
  pausedAt: string | null;
  expiresAt: string | null;
  amount: { amount: string };
  readers: { email: string }[];
  questions: { id: string; status: string; answer: string | null; askedOf: { email: string } }[];
  subject: { id: string; title: string; amount: { amount: string } } | null;
  process: { version: number };
  steps: {
    key: string;
    status: string;
    dueAt: string | null;
    assignments: {
      id: string;
      status: string;
      person: { email: string };
      viewerCan: { action: string; allowed: boolean; code: string | null }[];
    }[];
  }[];
  events: { type: string; fact: Record<string, unknown> }[];
  viewerCan: { action: string; allowed: boolean; code: string | null }[];
}

const view = async (as: string, id: string): Promise<View> =>
  (await app.ask<{ approvalRequest: View }>(as, REQUEST, { id })).approvalRequest;

let customerId: string;
async function submitted(): Promise<string> {
  customerId ??= (
    await app.ask<{ customers: { edges: { node: { id: string } }[] } }>(
      'sales',
      '{ customers { edges { node { id } } } }',
    )
  ).customers.edges[0]!.node.id;
  const input = {
    title: 'A deal',
    customerId,
    signingMode: KEY,
    amount: { amount: '1000.00', currency: 'CNY' },
  };
  const { createContract } = await app.ask<{ createContract: { contract: { id: string } } }>(
    'sales',
    'mutation ($input: CreateContractInput!) { createContract(input: $input) { contract { id } } }',
    { input },
  );
  const { submitForApproval } = await app.ask<{ submitForApproval: { request: { id: string } } }>(
    'sales',
    'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id } } }',
    { input: { subjectType: 'CONTRACT', subjectId: createContract.contract.id } },
  );
  return submitForApproval.request.id;
}

/** Input type of each mutation; all answer a request. */
const INPUTS: Readonly<Record<string, string>> = {
  approve: 'DecisionInput',
  takeBack: 'DecisionInput',
  removeApprover: 'DecisionInput',
  addApprover: 'AddApproverInput',
  askForInformation: 'AskForInformationInput',
  giveInformation: 'GiveInformationInput',
  commentOnRequest: 'CommentOnRequestInput',
  copyIn: 'CopyInInput',
  amend: 'AmendInput',
  reassignAssignment: 'ReassignInput',
  skipStep: 'SkipStepInput',
  pauseRequest: 'PauseRequestInput',
  resumeRequest: 'ResumeRequestInput',
  restartOnNewestVersion: 'RestartOnNewestVersionInput',
};
const document = (name: string): string =>
  `mutation ($input: ${INPUTS[name]}!) { ${name}(input: $input) { request { id status } } }`;
const act = async (as: string, name: string, input: object): Promise<{ id: string; status: string }> =>
  (await app.ask<Record<string, { request: { id: string; status: string } }>>(as, document(name), { input }))[
    name
  ]!.request;
const refusal = (as: string, name: string, input: object): Promise<string> =>
  app.refusal(as, document(name), { input });

/** The last assignment of a person in a request, as an administrator sees it. */
async function assignment(id: string, person: string): Promise<string> {
  const { steps } = await view('admin', id);
  const found = steps
    .flatMap((step) => step.assignments)
    .findLast((one) => one.person.email === `${person}@demo.local`);
  if (!found) throw new Error(`${person} was never asked`);
  return found.id;
}
const step = (request: View, key: string): View['steps'][number] =>
  request.steps.find((one) => one.key === key)!;
const hours = (count: number): void => app.moveTo(new Date(app.now().getTime() + count * 3_600_000));
const kinds = async (as: string, requestId: string): Promise<string[]> => {
  await app.sweep();
  const rows = await readDb(app.app.orm.em.fork())
    .selectFrom('outbox_message')
    .select('payload')
    .where('key', 'like', `${requestId}/%`)
    .execute();
  const me = await app.person(as);
  return rows
    .map(({ payload }) => payload as unknown as { kind: string; people: string[] | string })
    .filter(({ people }) => people.includes(me))
    .map(({ kind }) => kind);
};

describe('a question', () => {
  test('stops the clock, is answered by the one asked, and moves what was due', async () => {
    const id = await submitted();
    const due = new Date(step(await view('sales', id), 'legal').dueAt!);
    const assignmentId = await assignment(id, 'legal');
    await act('legal', 'askForInformation', {
      assignmentId,
      question: 'Which warranty?',
      idempotencyKey: id,
    });
    await act('legal', 'askForInformation', {
      assignmentId,
      question: 'Which warranty?',
      idempotencyKey: id,
    });
    const asked = await view('sales', id);
    expect(asked.questions).toHaveLength(1);
    expect(asked.questions[0]).toMatchObject({ status: 'OPEN', askedOf: { email: 'sales@demo.local' } });
    expect(asked.viewerCan).toContainEqual(expect.objectContaining({ action: 'ANSWER', allowed: true }));
    const questionId = asked.questions[0]!.id;
    hours(80);
    await app.sweep();
    expect(asked.status).toBe('PENDING');
    expect(await refusal('gm', 'giveInformation', { questionId, answer: 'x' })).toBe('NOT_YOUR_QUESTION');
    expect(await refusal('sales', 'giveInformation', { questionId: id, answer: 'x' })).toBe('NOT_FOUND');
    await act('sales', 'giveInformation', { questionId, answer: 'Two years.' });
    const answered = await view('sales', id);
    expect(answered.questions[0]).toMatchObject({ status: 'ANSWERED', answer: 'Two years.' });
    expect(new Date(step(answered, 'legal').dueAt!)).toEqual(new Date(due.getTime() + 80 * 3_600_000));
    expect(answered.events.map((event) => event.type)).not.toContain('ESCALATED');
    expect(await kinds('sales', id)).toContain('INFORMATION_REQUESTED');
    expect(await refusal('sales', 'giveInformation', { questionId, answer: 'x' })).toBe('QUESTION_NOT_OPEN');
    hours(80);
    await app.sweep();
    expect((await view('sales', id)).events.map((event) => event.type)).toContain('ESCALATED');
  });
});

describe('people around a request', () => {
  test('who is copied in may read it and its subject, comment, and hears of the end', async () => {
    const id = await submitted();
    const contractId = (await view('sales', id)).subject!.id;
    const read = 'query ($id: ID!) { approvalRequest(id: $id) { id } }';
    const contract = 'query ($id: ID!) { contract(id: $id) { id } }';
    expect(
      (await app.send<{ approvalRequest: unknown }>('tech', read, { id })).data?.approvalRequest,
    ).toBeNull();
    expect(await refusal('tech', 'commentOnRequest', { requestId: id, comment: 'hi' })).toBe('NOT_FOUND');
    expect(await refusal('gm', 'commentOnRequest', { requestId: id, comment: 'hi' })).toBe('NOT_ON_REQUEST');
    await act('sales', 'copyIn', { requestId: id, userIds: [await app.person('tech')] });
    expect((await view('tech', id)).readers).toEqual([{ email: 'tech@demo.local' }]);
    expect(
      (await app.ask<{ contract: unknown }>('tech', contract, { id: contractId })).contract,
    ).not.toBeNull();
    const mentionIds = [await app.person('legal')];
    await act('tech', 'commentOnRequest', { requestId: id, comment: 'Mind the annex.', mentionIds });
    expect(await kinds('legal', id)).toContain('MENTIONED');
    expect(await kinds('sales', id)).toContain('COMMENTED');
    expect(await kinds('tech', id)).toContain('COPIED_IN');
    const userIds = Array.from({ length: 51 }, () => mentionIds[0]);
    expect(await refusal('sales', 'copyIn', { requestId: id, userIds })).toBe('BAD_USER_INPUT');
  });
});

describe('taking back', () => {
  test('one decision, while the next has not acted; and an approver whom one added', async () => {
    const id = await submitted();
    const mine = { assignmentId: await assignment(id, 'legal') };
    await act('legal', 'approve', mine);
    expect(step(await view('sales', id), 'finance').status).toBe('OPEN');
    await act('legal', 'takeBack', mine);
    expect(step(await view('sales', id), 'finance').status).toBe('RETURNED');
    await act('legal', 'addApprover', { ...mine, userId: await app.person('tech'), position: 'BESIDE' });
    const added = { assignmentId: await assignment(id, 'tech') };
    expect(await refusal('tech', 'removeApprover', added)).toBe('ACTION_NOT_ALLOWED');
    await act('legal', 'removeApprover', added);
    await act('legal', 'approve', mine);
    await act('finance', 'approve', { assignmentId: await assignment(id, 'finance') });
    expect(await refusal('legal', 'takeBack', mine)).toBe('REVOCATION_CLOSED');
  });
});

describe('amending', () => {
  test('changes the subject and what is being approved, and keeps the difference', async () => {
    const id = await submitted();
    await act('legal', 'approve', { assignmentId: await assignment(id, 'legal') });
    const before = await view('sales', id);
    const assignmentId = await assignment(id, 'finance');
    const changes = {
      title: 'A better deal',
      amount: '900.00',
      lines: [{ description: 'Pump', quantity: '3', unitPrice: '300' }],
    };
    expect(await refusal('finance', 'amend', { assignmentId, changes: { signingMode: 'x' } })).toBe(
      'FIELD_NOT_EDITABLE',
    );
    expect(await refusal('finance', 'amend', { assignmentId, changes: { amount: -1 } })).toBe(
      'BAD_USER_INPUT',
    );
    expect(await refusal('finance', 'amend', { assignmentId, changes: { title: '' } })).toBe(
      'BAD_USER_INPUT',
    );
    expect(await refusal('finance', 'amend', { assignmentId, changes: [] })).toBe('BAD_USER_INPUT');
    expect(await refusal('finance', 'amend', { assignmentId, changes: { title: 'A deal' } })).toBe(
      'BAD_USER_INPUT',
    );
    expect((await view('sales', id)).subject).toMatchObject({ title: 'A deal' });
    await act('finance', 'amend', { assignmentId, changes, comment: 'as agreed' });
    const after = await view('sales', id);
    expect(after.subject).toMatchObject({ title: 'A better deal', amount: { amount: '900.00' } });
    expect(after.amount.amount).toBe('900.00');
    expect(after.digest).not.toBe(before.digest);
    const { fact } = after.events.find((event) => event.type === 'AMENDED')!;
    expect(fact).toMatchObject({
      changed: ['amount', 'exactAmount', 'lines', 'title'],
      before: { title: 'A deal', amount: 1000 },
      after: { title: 'A better deal', amount: 900 },
      touches: ['legal'],
    });
    expect(await kinds('legal', id)).toContain('AMENDED');
    await act('finance', 'approve', { assignmentId });
    expect(step(await view('sales', id), 'finance').status).toBe('APPROVED');
  });
});

describe("an administrator's override", () => {
  test('needs the permission, gives a reason, and is marked', async () => {
    const id = await submitted();
    const input = { assignmentId: await assignment(id, 'legal'), toUserId: await app.person('director') };
    expect(await refusal('manager', 'reassignAssignment', { ...input, comment: 'x' })).toBe('FORBIDDEN');
    expect(await refusal('admin', 'reassignAssignment', input)).toBe('COMMENT_REQUIRED');
    const toRequester = { ...input, toUserId: await app.person('sales'), comment: 'x' };
    expect(await refusal('admin', 'reassignAssignment', toRequester)).toBe('INTERESTED_PERSON');
    await act('admin', 'reassignAssignment', { ...input, comment: 'on leave' });
    const request = await view('admin', id);
    expect(request.events.find((event) => event.type === 'REASSIGNED')?.fact).toMatchObject({
      override: true,
    });
    expect(request.viewerCan).toContainEqual(expect.objectContaining({ action: 'PAUSE', allowed: true }));
    expect((await view('sales', id)).viewerCan).toContainEqual(
      expect.objectContaining({ action: 'PAUSE', allowed: false, code: 'FORBIDDEN' }),
    );
    await act('director', 'approve', { assignmentId: await assignment(id, 'director') });
    await act('admin', 'skipStep', { requestId: id, stepKey: 'finance', comment: 'seen on paper' });
    expect(step(await view('sales', id), 'finance')).toMatchObject({ status: 'SKIPPED', reason: 'OVERRIDE' });
  });

  test('lets a request stand still and go on', async () => {
    const id = await submitted();
    await act('admin', 'pauseRequest', { requestId: id, comment: 'an audit' });
    const assignmentId = await assignment(id, 'legal');
    expect(await refusal('legal', 'approve', { assignmentId })).toBe('REQUEST_PAUSED');
    hours(100);
    await app.sweep();
    const paused = await view('sales', id);
    expect(paused.events.map((event) => event.type)).not.toContain('ESCALATED');
    await act('admin', 'resumeRequest', { requestId: id });
    const resumed = await view('sales', id);
    expect(resumed.pausedAt).toBeNull();
    expect(new Date(resumed.expiresAt!).getTime() - new Date(paused.expiresAt!).getTime()).toBe(
      100 * 3_600_000,
    );
    expect(await refusal('admin', 'resumeRequest', { requestId: id })).toBe('REQUEST_NOT_PAUSED');
    await act('legal', 'approve', { assignmentId });
  });

  test('starts again on the newest version, by the same requester', async () => {
    const id = await submitted();
    const input = { requestId: id, comment: 'new rules' };
    expect(await refusal('admin', 'restartOnNewestVersion', input)).toBe('NO_NEWER_VERSION');
    expect((await view('sales', id)).status).toBe('PENDING');
    await publishProcess(app.app.orm.em.fork(), KEY, STEPS.slice(1), {
      version: 2,
      expires: { after: 'P2D', in: 'calendar' },
    });
    const fresh = await act('admin', 'restartOnNewestVersion', input);
    expect((await view('sales', id)).status).toBe('CANCELLED');
    const request = await view('sales', fresh.id);
    expect(request).toMatchObject({ status: 'PENDING', process: { version: 2 } });
    expect(request.events[0]?.fact).toMatchObject({
      by: await app.person('sales'),
      restartOf: { requestId: id, by: await app.person('admin'), comment: 'new rules' },
    });
    hours(49);
    await app.sweep();
    expect(await view('sales', fresh.id)).toMatchObject({ status: 'EXPIRED', subject: { status: 'DRAFT' } });
  });
});

describe('many at once', () => {
  const MANY = `mutation ($input: DecideManyInput!) { decideMany(input: $input) { results { assignmentId ok code message request { status } } } }`;
  interface Many {
    decideMany: { results: { ok: boolean; code: string | null; message: string | null }[] };
  }

  test('decides each on its own and says which', async () => {
    const [one, two] = [await submitted(), await submitted()];
    const ids = [await assignment(one, 'finance'), await assignment(two, 'finance')];
    const items = [
      { assignmentId: ids[0], action: 'APPROVE' },
      { assignmentId: one, action: 'APPROVE' },
      { assignmentId: ids[1], action: 'REJECT' },
    ];
    const input = { items, idempotencyKey: `many-${one}` };
    const { decideMany } = await app.ask<Many>('finance', MANY, { input });
    expect(decideMany.results.map(({ ok, code }) => [ok, code])).toEqual([
      [true, null],
      [false, 'NOT_FOUND'],
      [false, 'COMMENT_REQUIRED'],
    ]);
    const again = await app.ask<Many>('finance', MANY, { input });
    expect(again.decideMany.results[0]).toMatchObject({ ok: true });
    const other = { ...input, items: items.slice(1) };
    expect(await app.refusal('finance', MANY, { input: other })).toBe('IDEMPOTENCY_CONFLICT');
    expect(await app.refusal('finance', MANY, { input: { items: [] } })).toBe('BAD_USER_INPUT');
    const twice = { items: [items[0], items[0]] };
    expect(await app.refusal('finance', MANY, { input: twice })).toBe('BAD_USER_INPUT');
    // Finance has approved; the signature demands a sign-in of the last half hour.
    hours(1);
    const sign = { assignmentId: await assignment(one, 'gm') };
    expect(await refusal('gm', 'approve', sign)).toBe('STEP_UP_REQUIRED');
    await readDb(app.app.orm.em.fork()).updateTable('session').set({ signed_in_at: app.now() }).execute();
    expect((await act('gm', 'approve', sign)).status).toBe('APPROVED');
  });
});
