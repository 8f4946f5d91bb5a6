import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDb } from '../../src/entities/read-db.js';
import { contractFlow, type ContractFlow, type FlowRequest } from '../support/contract-flow.js';
import { publishProcess } from '../support/publish-process.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { checkDatabase } from '../support/whole-database.js';

let app: TestApp;
let flow: ContractFlow;
beforeAll(async () => {
  app = await testApp();
  flow = contractFlow(app);
});
afterAll(async () => {
  await app.sweep();
  // Whatever happened above: the record is whole, facts replay to rows, nothing open is left behind.
  const { problems } = await checkDatabase(app.app.orm.em.fork());
  // The clock stands in 2024, so timers of what is still open are overdue by the machine's.
  expect(problems.filter((problem) => !problem.endsWith('is overdue'))).toEqual([]);
  expect(app.errors).toEqual([]);
  await app.close();
});

interface Step {
  readonly key: string;
}
interface Seen {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly number: string;
  readonly owner: { readonly email: string };
  readonly copiedFrom: { readonly number: string } | null;
  readonly quote: { readonly id: string } | null;
  readonly attachments: readonly { readonly digest: string }[];
  readonly approvalStanding: {
    readonly stands: boolean;
    readonly touchedFields: readonly string[];
    readonly voidedSteps: readonly Step[];
    readonly askedSteps: readonly Step[];
    readonly changedBy: { readonly email: string } | null;
    readonly request: { readonly id: string };
  } | null;
}
const CONTRACT = `id status version number owner { email } copiedFrom { number } quote { id } attachments { digest }
  approvalStanding { stands touchedFields voidedSteps { key } askedSteps { key } changedBy { email } request { id } }`;

const contract = async (id: string, as = 'sales'): Promise<Seen> =>
  (await app.ask<{ contract: Seen }>(as, `query ($id: ID!) { contract(id: $id) { ${CONTRACT} } }`, { id }))
    .contract;
const UPDATE = `mutation ($input: UpdateContractInput!) { updateContract(input: $input) { contract { ${CONTRACT} } } }`;
const edit = async (id: string, fields: object, as = 'sales'): Promise<Seen> => {
  const { version: expectedVersion } = await contract(id, as);
  const input = { id, expectedVersion, ...fields };
  return (await app.ask<{ updateContract: { contract: Seen } }>(as, UPDATE, { input })).updateContract
    .contract;
};
const keys = (steps: readonly Step[] = []): string[] => steps.map(({ key }) => key).toSorted();
const yuan = (amount: string) => ({ amount, currency: 'CNY' });
const SMALL = ['manager', 'finance', 'legal'];

/** An approved contract of 120,000: manager, finance, legal. Answers its id. */
async function approved(fields: Record<string, unknown> = {}): Promise<string> {
  const id = await flow.create(fields);
  const request = await flow.submit(id);
  for (const person of SMALL) await flow.act(person, 'approve', request.id);
  expect(await contract(id)).toMatchObject({ status: 'APPROVED', approvalStanding: { stands: true } });
  return id;
}
const whoIsAsked = ({ steps }: FlowRequest): string[] =>
  steps
    .flatMap(({ assignments }) => assignments)
    .filter(({ status }) => status === 'OPEN')
    .map(({ person }) => person.email.split('@')[0]!);

describe('an edit after the approval', () => {
  test('of the terms voids legal and the manager, not finance; who approved is told; submitted again only they are asked', async () => {
    const id = await approved();
    const changed = await edit(id, { startsOn: '2024-06-01' });
    expect(changed.status).toBe('AMENDED');
    expect(keys(changed.approvalStanding!.voidedSteps)).toEqual(['legal-check', 'manager-review']);
    expect(changed.approvalStanding).toMatchObject({
      stands: false,
      touchedFields: ['startsOn'],
      changedBy: { email: 'sales@demo.local' },
    });
    await app.sweep();
    const told = async (person: string) =>
      JSON.stringify(
        await app.ask(person, '{ notifications(first: 5) { edges { node { kind } } } }'),
      ).includes('VOIDED');
    expect([await told('legal'), await told('manager'), await told('finance'), await told('sales')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const again = await flow.submit(id);
    expect(whoIsAsked(again)).toEqual(['manager']);
    await flow.act('manager', 'approve', again.id);
    expect(whoIsAsked(await flow.view(again.id))).toEqual(['legal']);
    await flow.act('legal', 'approve', again.id);
    expect(await contract(id)).toMatchObject({
      status: 'APPROVED',
      approvalStanding: { stands: true, request: { id: again.id } },
    });
    const { approvalRequest } = await app.ask<{
      approvalRequest: { events: { type: string; fact: Record<string, unknown> }[] };
    }>('sales', 'query ($id: ID!) { approvalRequest(id: $id) { events { type fact } } }', { id: again.id });
    expect(approvalRequest.events[1]).toMatchObject({
      type: 'CARRIED_OVER',
      fact: {
        because: 'RE_APPROVAL',
        changed: ['startsOn'],
        carried: [{ step: 'finance-check' }],
        asked: [
          { step: 'manager-review', reason: 'TOUCHED' },
          { step: 'legal-check', reason: 'TOUCHED' },
        ],
      },
    });
  });

  test('of what is not watched voids nothing and gives no interest', async () => {
    const id = await approved();
    const before = await contract(id);
    const changed = await edit(id, { note: 'Call them on Friday' }, 'manager');
    expect(changed).toMatchObject({
      status: 'APPROVED',
      version: before.version + 1,
      approvalStanding: { stands: true, touchedFields: [] },
    });
    // The manager has become no author: their approval carries when something else changes.
    await edit(id, { discountPercent: '1' });
    expect(keys((await contract(id)).approvalStanding!.voidedSteps)).toEqual([
      'finance-check',
      'manager-review',
    ]);
  });

  test('that brings in new steps asks those as well; put back, everything stands again', async () => {
    const id = await approved();
    const large = await edit(id, { amount: yuan('600000') });
    expect(keys(large.approvalStanding!.askedSteps)).toEqual([
      'finance-review',
      'general-manager',
      'legal-review',
      'manager-review',
      'technical-review',
    ]);
    expect(large.status).toBe('AMENDED');
    const back = await edit(id, { amount: yuan('120000') });
    expect(back).toMatchObject({ status: 'APPROVED', approvalStanding: { stands: true, voidedSteps: [] } });
  });

  test('is foreseen exactly by previewEdit, which writes nothing', async () => {
    const id = await approved();
    const before = await contract(id);
    const preview = (fields: object) =>
      app.ask<{ previewEdit: { voidedSteps: Step[]; touchedFields: string[]; request: { id: string } } }>(
        'sales',
        'query ($input: PreviewEditInput!) { previewEdit(input: $input) { voidedSteps { key } touchedFields request { id } } }',
        { input: { contract: { id, expectedVersion: before.version, ...fields } } },
      );
    const { previewEdit } = await preview({ discountPercent: '3' });
    expect(await contract(id)).toEqual(before);
    expect((await preview({ note: 'x' })).previewEdit.voidedSteps).toEqual([]);
    const after = await edit(id, { discountPercent: '3' });
    expect(keys(previewEdit.voidedSteps)).toEqual(keys(after.approvalStanding!.voidedSteps));
    expect(previewEdit.touchedFields).toEqual(['discountPercent']);
    expect(
      await app.refusal(
        'sales',
        'query ($input: PreviewEditInput!) { previewEdit(input: $input) { touchedFields } }',
        { input: {} },
      ),
    ).toBe('BAD_USER_INPUT');
  });

  test('by one who approved takes their approval with it, whatever the field', async () => {
    const id = await approved();
    const changed = await edit(id, { startsOn: '2024-06-02' }, 'manager');
    const again = await app.ask<{ submitForApproval: { request: FlowRequest } }>(
      'sales',
      'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id number status round steps { key status assignments { id status person { email } } } } } }',
      { input: { subjectType: 'CONTRACT', subjectId: id } },
    );
    expect(changed.status).toBe('AMENDED');
    expect(whoIsAsked(again.submitForApproval.request)).not.toContain('manager');
  });

  test('handed in and withdrawn leaves it amended; refused, no approval is left', async () => {
    const id = await approved();
    await edit(id, { startsOn: '2024-06-01' });
    const first = await flow.submit(id);
    await app.ask(
      'sales',
      'mutation ($input: WithdrawInput!) { withdraw(input: $input) { request { id } } }',
      {
        input: { requestId: first.id },
      },
    );
    expect((await contract(id)).status).toBe('AMENDED');
    const second = await flow.submit(id);
    await flow.act('manager', 'reject', second.id);
    expect(await contract(id)).toMatchObject({ status: 'REJECTED', approvalStanding: null });
    expect(whoIsAsked(await flow.submit(id))).toEqual(['manager']);
  });

  test('leaves the ended request as it was', async () => {
    const id = await approved();
    const { approvalStanding } = await contract(id);
    const row = () =>
      readDb(app.app.orm.em.fork())
        .selectFrom('approval_request')
        .selectAll()
        .where('id', '=', approvalStanding!.request.id)
        .execute();
    const before = await row();
    await edit(id, { startsOn: '2024-06-01' });
    await flow.submit(id);
    expect(await row()).toEqual(before);
  });
});

describe('a copy', () => {
  test('is a draft of whoever made it, with no approval, no quote and no files, and says what it is of', async () => {
    const id = await approved();
    const { duplicateContract } = await app.ask<{ duplicateContract: { contract: Seen } }>(
      'sales',
      `mutation ($input: DuplicateInput!) { duplicateContract(input: $input) { contract { ${CONTRACT} } } }`,
      { input: { id, idempotencyKey: 'copy-1' } },
    );
    const copy = duplicateContract.contract;
    expect(copy).toMatchObject({
      status: 'DRAFT',
      approvalStanding: null,
      quote: null,
      attachments: [],
      copiedFrom: { number: (await contract(id)).number },
      owner: { email: 'sales@demo.local' },
    });
    expect(whoIsAsked(await flow.submit(copy.id))).toEqual(['manager']);
    expect(
      await app.refusal(
        'tech',
        'mutation ($input: DuplicateInput!) { duplicateContract(input: $input) { contract { id } } }',
        {
          input: { id },
        },
      ),
    ).toBe('FORBIDDEN');
  });
});

describe('invoices of one contract', () => {
  const CREATE =
    'mutation ($input: CreateInvoiceInput!) { createInvoice(input: $input) { invoice { id number status } } }';
  test('written at the same instant never exceed it together; a void approval bills nothing', async () => {
    const id = await approved();
    const input = (n: number) => ({ contractId: id, title: `Part ${n}`, amount: yuan('50000') });
    const answers = await Promise.all(
      [1, 2, 3, 4].map((n) => app.send('sales', CREATE, { input: input(n) })),
    );
    const codes = answers.map(({ errors }) => errors?.[0]?.extensions.code ?? 'made').toSorted();
    expect(codes).toEqual(['INVOICES_EXCEED_CONTRACT', 'INVOICES_EXCEED_CONTRACT', 'made', 'made']);
    const { version: expectedVersion } = await contract(id);
    expect(
      await app.refusal('sales', UPDATE, { input: { id, expectedVersion, amount: yuan('99999.99') } }),
    ).toBe('INVOICES_EXCEED_CONTRACT');
    await edit(id, { amount: yuan('150000') });
    expect(await app.refusal('sales', CREATE, { input: input(5) })).toBe('APPROVAL_VOID');
  });
});

describe('what carries over', () => {
  test('is no approval by someone who has an interest by now', async () => {
    const customers = await app.ask<{ customers: { edges: { node: { id: string } }[] } }>(
      'sales',
      '{ customers { edges { node { id } } } }',
    );
    const customerId = customers.customers.edges[0]!.node.id;
    const { createQuote } = await app.ask<{ createQuote: { quote: { id: string } } }>(
      'sales',
      'mutation ($input: CreateQuoteInput!) { createQuote(input: $input) { quote { id } } }',
      { input: { title: 'Offer', customerId, amount: yuan('1000') } },
    );
    const quoteId = createQuote.quote.id;
    const { submitForApproval } = await app.ask<{ submitForApproval: { request: { id: string } } }>(
      'sales',
      'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id } } }',
      { input: { subjectType: 'QUOTE', subjectId: quoteId } },
    );
    for (const person of ['manager', 'finance'])
      await flow.act(person, 'approve', submitForApproval.request.id);
    const FROM =
      'mutation ($input: CreateContractFromQuoteInput!) { createContractFromQuote(input: $input) { contract { id } } }';
    // The manager, who approved the quote, makes the contract: what they approved does not count for their own.
    const { createContractFromQuote } = await app.ask<{
      createContractFromQuote: { contract: { id: string } };
    }>('manager', FROM, {
      input: { quoteId },
    });
    const own = await app.ask<{
      submitForApproval: {
        request: { events: { type: string; fact: Record<string, unknown> }[]; status: string };
      };
    }>(
      'manager',
      'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { status events { type fact } } } }',
      { input: { subjectType: 'CONTRACT', subjectId: createContractFromQuote.contract.id } },
    );
    expect(own.submitForApproval.request.status).toBe('PENDING');
    expect(own.submitForApproval.request.events[1]!.fact).toMatchObject({
      carried: [{ step: 'finance-review' }],
      asked: [{ step: 'manager-review', reason: 'INTEREST' }],
    });
  });
});

describe('files', () => {
  const upload = async (as: string | null, name: string, body: string, type = 'application/pdf') =>
    app.app.http!.inject({
      method: 'POST',
      url: `/files?name=${encodeURIComponent(name)}`,
      headers: {
        'content-type': type,
        ...(as === null ? {} : { authorization: `Bearer ${await app.token(as)}` }),
      },
      payload: body,
    });
  const download = async (as: string, id: string) =>
    app.app.http!.inject({
      method: 'GET',
      url: `/files/${id}`,
      headers: { authorization: `Bearer ${await app.token(as)}` },
    });
  const stored = async (as: string, name: string, body = name): Promise<string> => {
    const answer = await upload(as, name, body);
    expect(answer.statusCode).toBe(201);
    return answer.json<{ id: string }>().id;
  };
  const ATTACH =
    'mutation ($input: SubjectFilesInput!) { attachFiles(input: $input) { attachments { digest name } } }';

  test('come back byte for byte, to be saved and not shown, to those who may see what they belong to', async () => {
    const id = await stored('sales', '../报价 "1".html', '<script>alert(1)</script>');
    const got = await download('sales', id);
    expect(got.body).toBe('<script>alert(1)</script>');
    expect(got.headers).toMatchObject({
      'content-disposition': "attachment; filename*=UTF-8''%E6%8A%A5%E4%BB%B7%20%221%22.html",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect((await download('tech', id)).statusCode).toBe(404);
    const subjectId = await flow.create();
    await app.ask('sales', ATTACH, { input: { subjectType: 'CONTRACT', subjectId, fileIds: [id] } });
    expect((await download('finance', id)).statusCode).toBe(200);
    expect((await upload(null, 'x', 'x')).json()).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect((await upload('sales', '', 'x')).json()).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect((await upload('sales', 'big', 'x'.repeat(10_485_761))).json()).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(
      await app.refusal('manager', ATTACH, { input: { subjectType: 'CONTRACT', subjectId, fileIds: [id] } }),
    ).toBe('BAD_USER_INPUT');
  });

  test('are part of what is approved: locked while pending, and one more voids what rests on everything', async () => {
    const id = await flow.create();
    const first = await stored('sales', 'a.pdf');
    await app.ask('sales', ATTACH, { input: { subjectType: 'CONTRACT', subjectId: id, fileIds: [first] } });
    const request = await flow.submit(id);
    const second = await stored('sales', 'b.pdf');
    const more = { input: { subjectType: 'CONTRACT', subjectId: id, fileIds: [second] } };
    expect(await app.refusal('sales', ATTACH, more)).toBe('SUBJECT_LOCKED');
    for (const person of SMALL) await flow.act(person, 'approve', request.id);
    await app.ask('sales', ATTACH, more);
    expect(await contract(id)).toMatchObject({
      status: 'AMENDED',
      approvalStanding: { touchedFields: ['attachments'], voidedSteps: [{ key: 'manager-review' }] },
    });
    await app.ask(
      'sales',
      'mutation ($input: SubjectFilesInput!) { detachFiles(input: $input) { subjectId } }',
      more,
    );
    expect((await contract(id)).status).toBe('APPROVED');
  });

  test('are demanded with a decision where the step says so, and stand in the record', async () => {
    await publishProcess(app.app.orm.em.fork(), 'with-proof', [
      {
        key: 'proof',
        kind: 'approve',
        title: 'Proof',
        approvers: [{ rule: 'manager' }],
        formula: 'any',
        requireAttachment: ['APPROVE'],
      },
    ]);
    const { id } = await flow.submit(await flow.create({ signingMode: 'with-proof' }));
    interface View {
      approvalRequest: {
        status: string;
        steps: { assignments: { id: string; viewerCan: { action: string; needs: string[] }[] }[] }[];
        attachments: {
          file: { id: string };
          addedBy: { email: string };
          assignment: { id: string } | null;
        }[];
      };
    }
    const view = async () =>
      (
        await app.ask<View>(
          'manager',
          'query ($id: ID!) { approvalRequest(id: $id) { status steps { assignments { id viewerCan { action needs } } } attachments { file { id } addedBy { email } assignment { id } } } }',
          { id },
        )
      ).approvalRequest;
    const [task] = (await view()).steps[0]!.assignments;
    expect(task!.viewerCan.find(({ action }) => action === 'APPROVE')!.needs).toEqual(['ATTACHMENT']);
    const APPROVE = 'mutation ($input: DecisionInput!) { approve(input: $input) { request { status } } }';
    const assignmentId = task!.id;
    expect(await app.refusal('manager', APPROVE, { input: { assignmentId } })).toBe('ATTACHMENT_REQUIRED');
    const others = await stored('sales', 'not-yours.pdf');
    expect(await app.refusal('manager', APPROVE, { input: { assignmentId, fileIds: [others] } })).toBe(
      'BAD_USER_INPUT',
    );
    const beside = await app.ask<{ attachToRequest: { request: { id: string } } }>(
      'sales',
      'mutation ($input: AttachToRequestInput!) { attachToRequest(input: $input) { request { id } } }',
      { input: { requestId: id, fileIds: [others], comment: 'For your eyes' } },
    );
    expect(beside.attachToRequest.request.id).toBe(id);
    const fileId = await stored('manager', 'proof.pdf');
    await app.ask('manager', APPROVE, { input: { assignmentId, fileIds: [fileId] } });
    expect(await view()).toMatchObject({
      status: 'APPROVED',
      attachments: [
        { file: { id: others }, addedBy: { email: 'sales@demo.local' }, assignment: null },
        { file: { id: fileId }, addedBy: { email: 'manager@demo.local' }, assignment: { id: assignmentId } },
      ],
    });
    expect((await download('sales', fileId)).statusCode).toBe(200);
    expect((await download('tech', fileId)).statusCode).toBe(404);
  });
});

describe('other kinds', () => {
  interface Made {
    readonly id: string;
    readonly status: string;
    readonly version: number;
    readonly approvalStanding: { readonly stands: boolean; readonly voidedSteps: readonly Step[] } | null;
  }
  const FIELDS = 'id status version approvalStanding { stands voidedSteps { key } }';
  const make = async (mutation: string, kind: string, input: object, fields = FIELDS): Promise<Made> => {
    const type = mutation[0]!.toUpperCase() + mutation.slice(1);
    const text = `mutation ($input: ${type}Input!) { ${mutation}(input: $input) { ${kind} { ${fields} } } }`;
    return (await app.ask<Record<string, Record<string, Made>>>('sales', text, { input }))[mutation]![kind]!;
  };
  const submit = async (subjectType: string, subjectId: string): Promise<string> =>
    (
      await app.ask<{ submitForApproval: { request: { id: string } } }>(
        'sales',
        'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id } } }',
        { input: { subjectType, subjectId } },
      )
    ).submitForApproval.request.id;
  const managerStep = (more: object): object => ({
    key: 'review',
    kind: 'approve',
    title: 'Review',
    approvers: [{ rule: 'manager' }],
    formula: 'any',
    ...more,
  });
  const amend = async (requestId: string, changes: object): Promise<void> => {
    const { steps } = await flow.view(requestId);
    const assignmentId = steps
      .flatMap(({ assignments }) => assignments)
      .find(({ status }) => status === 'OPEN')!.id;
    const input = { assignmentId, changes, comment: 'Clearer' };
    await app.ask('manager', 'mutation ($input: AmendInput!) { amend(input: $input) { request { id } } }', {
      input,
    });
  };

  test('a stage plan is edited after its approval; an annual one is final', async () => {
    const em = app.app.orm.em.fork();
    await publishProcess(em, 'any-plan', [managerStep({ dependsOn: ['lines', 'total'] })], {
      subjectType: 'PLAN',
      guard: 'subject.title == "Under test"',
    });
    const planned = async (kind: string, period: string): Promise<Made> => {
      const made = await make('createPlan', 'plan', {
        title: 'Under test',
        kind,
        period,
        lines: [{ product: 'Pump', target: '3' }],
      });
      await flow.act('manager', 'approve', await submit('PLAN', made.id));
      return made;
    };
    const stage = await planned('STAGE', '2024-06');
    const { plan } = await app.ask<{ plan: Made }>(
      'sales',
      `query ($id: ID!) { plan(id: $id) { ${FIELDS} } }`,
      { id: stage.id },
    );
    expect(plan).toMatchObject({ status: 'APPROVED', approvalStanding: { stands: true } });
    const edited = await make('updatePlan', 'plan', {
      id: stage.id,
      expectedVersion: plan.version,
      lines: [{ product: 'Pump', target: '4' }],
    });
    expect(edited).toMatchObject({
      status: 'AMENDED',
      approvalStanding: { voidedSteps: [{ key: 'review' }] },
    });
    await flow.act('manager', 'approve', await submit('PLAN', stage.id));
    const annual = await planned('ANNUAL', '2024');
    const file = (
      await app.app.http!.inject({
        method: 'POST',
        url: '/files?name=x',
        headers: { 'content-type': 'text/plain', authorization: `Bearer ${await app.token('sales')}` },
        payload: 'x',
      })
    ).json<{ id: string }>();
    const input = { id: annual.id, expectedVersion: 3, title: 'Other' };
    expect(
      await app.refusal(
        'sales',
        'mutation ($input: UpdatePlanInput!) { updatePlan(input: $input) { plan { id } } }',
        { input },
      ),
    ).toBe('IMMUTABLE');
    expect(
      await app.refusal(
        'sales',
        'mutation ($input: SubjectFilesInput!) { attachFiles(input: $input) { subjectId } }',
        {
          input: { subjectType: 'PLAN', subjectId: annual.id, fileIds: [file.id] },
        },
      ),
    ).toBe('IMMUTABLE');
  });

  test('projects and documents are amended by their approvers, and a project is edited after its initiation', async () => {
    const em = app.app.orm.em.fork();
    const review = [managerStep({ editable: ['title'], dependsOn: ['amount'] })];
    await publishProcess(em, 'any-project', review, {
      subjectType: 'PROJECT',
      guard: 'subject.currency == "CNY"',
    });
    await publishProcess(em, 'any-document', [managerStep({ editable: ['title', 'data'] })], {
      subjectType: 'DOCUMENT',
      guard: 'subject.gate == "NONE"',
    });
    const { customers } = await app.ask<{ customers: { edges: { node: { id: string } }[] } }>(
      'sales',
      '{ customers { edges { node { id } } } }',
    );
    const customerId = customers.edges[0]!.node.id;
    const project = await make('createProject', 'project', {
      title: 'Deal',
      templateKey: 'software-project',
      customerId,
      amount: yuan('5'),
    });
    const initiation = await submit('PROJECT', project.id);
    await amend(initiation, { title: 'A better deal' });
    await flow.act('manager', 'approve', initiation);
    const read = async () =>
      (
        await app.ask<{ project: Made & { title: string } }>(
          'sales',
          `query ($id: ID!) { project(id: $id) { title ${FIELDS} } }`,
          { id: project.id },
        )
      ).project;
    expect(await read()).toMatchObject({ title: 'A better deal', approvalStanding: { stands: true } });
    const edited = await make('updateProject', 'project', {
      id: project.id,
      expectedVersion: (await read()).version,
      amount: yuan('6'),
    });
    expect(edited.approvalStanding).toMatchObject({ stands: false, voidedSteps: [{ key: 'review' }] });
    await flow.act('manager', 'approve', await submit('PROJECT', project.id));
    expect((await read()).approvalStanding).toMatchObject({ stands: true });

    const document = await make(
      'createDocument',
      'document',
      { title: 'Minutes', formKey: 'F-017', data: { place: 'here' } },
      'id status version',
    );
    const request = await submit('DOCUMENT', document.id);
    await amend(request, { data: { place: 'there' } });
    await flow.act('manager', 'approve', request);
    const { document: filed } = await app.ask<{ document: { status: string; data: unknown } }>(
      'sales',
      'query ($id: ID!) { document(id: $id) { status data } }',
      { id: document.id },
    );
    expect(filed).toEqual({ status: 'EFFECTIVE', data: { place: 'there' } });
  });
});
