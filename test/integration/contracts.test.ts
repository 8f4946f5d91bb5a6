import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contractSubject } from '../../src/commands/approvals/subjects/contract.js';
import type { SubjectEvent } from '../../src/commands/approvals/subjects/subject.js';
import { createContract, type CreateContractInput } from '../../src/commands/contracts/create-contract.js';
import { updateContract } from '../../src/commands/contracts/update-contract.js';
import { createCustomer } from '../../src/commands/customers/create-customer.js';
import { updateCustomer } from '../../src/commands/customers/update-customer.js';
import { inTransaction } from '../../src/commands/transaction.js';
import type { Context, Scope } from '../../src/context.js';
import { ContractKind, ContractStatus, type Contract } from '../../src/entities/contracts/contract.js';
import { CustomerLevel } from '../../src/entities/customers/customer.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { contract } from '../../src/queries/contracts/contract-by-id.js';
import { linesOf, paymentTermsOf } from '../../src/queries/contracts/contract-parts.js';
import { contracts } from '../../src/queries/contracts/contracts.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { actorOf, contextFor, MONDAY } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let organisation: TestOrganisation;
let customerId: string;
/** Out of everyone's scope but Fay's. */
let othersCustomerId: string;

beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
  customerId = (await createCustomer(by('sam'), { name: 'Acme', level: CustomerLevel.A })).customer.id;
  othersCustomerId = (await createCustomer(by('fay'), { name: 'Hidden' })).customer.id;
});
afterAll(() => database.close());

/** A new operation of the person, whose every permission has this scope. */
function by(name: keyof TestOrganisation['people'], scope: Scope = 'own', now: Date = MONDAY): Context {
  const names = ['customer', 'contract', 'project'].flatMap((what) =>
    ['read', 'create', 'update'].map((verb) => `${what}:${verb}`),
  );
  const permissions = Object.fromEntries(names.map((permission) => [permission, scope]));
  return contextFor(database.orm, { actor: actorOf(organisation.people[name], permissions), now });
}

const yuan = (amount: string): { amount: string; currency: string } => ({ amount, currency: 'CNY' });
const minimal = (fields: object = {}): CreateContractInput => ({
  title: 'Pumps',
  customerId,
  amount: yuan('1000'),
  ...fields,
});

async function aContract(fields: object = {}): Promise<Contract> {
  return (await createContract(by('sam'), minimal(fields))).contract;
}

const setStatus = (id: string, status: ContractStatus): Promise<unknown> =>
  readDb(database.orm.em.fork()).updateTable('contract').set({ status }).where('id', '=', id).execute();

const refusedFields = (...paths: string[]): unknown =>
  expect.objectContaining({
    code: 'BAD_USER_INPUT',
    details: expect.objectContaining({
      reason: expect.any(String),
      fields: paths.map((path) => expect.objectContaining({ path, rule: expect.any(String) })),
    }),
  });

describe('creating', () => {
  test('a new contract is a numbered draft of its maker, and reads back to the last digit', async () => {
    const { contract: made } = await createContract(by('sam'), {
      title: ' Pumps ',
      kind: ContractKind.FRAMEWORK,
      customerId,
      amount: yuan('9999999999999999.99'),
      discountPercent: '12.5',
      signingMode: 'online',
      startsOn: '2026-04-01',
      endsOn: '2026-04-01',
      lines: [
        { description: 'Pump', quantity: '2', unitPrice: '007.10' },
        { description: 'Hose', quantity: '0', unitPrice: '0.05' },
      ],
      paymentTerms: [
        { title: 'Down', amount: '0.01', dueOn: '2026-04-15' },
        { title: 'Rest', amount: '9999999999999999.98' },
      ],
    });
    const { sam } = organisation.people;
    expect(made).toMatchObject({ amount: '9999999999999999.99', discountPercent: '12.50', version: 1 });
    const row = await contract(by('sam'), made.id);
    expect(row).toMatchObject({
      title: 'Pumps',
      kind: 'FRAMEWORK',
      status: 'DRAFT',
      customerId,
      projectId: null,
      amount: '9999999999999999.99',
      currency: 'CNY',
      discountPercent: '12.50',
      signingMode: 'online',
      startsOn: '2026-04-01',
      endsOn: '2026-04-01',
      ownerId: sam.id,
      departmentId: sam.departmentId,
      version: 1,
    });
    expect(row.number).toMatch(/^C-2026-\d{5}$/);
    expect(await linesOf(by('sam'), made.id)).toMatchObject([
      { position: 1, description: 'Pump', quantity: '2.00', unitPrice: '7.10' },
      { position: 2, description: 'Hose', quantity: '0.00', unitPrice: '0.05' },
    ]);
    expect(await paymentTermsOf(by('sam'), made.id)).toMatchObject([
      { position: 1, title: 'Down', amount: '0.01', dueOn: '2026-04-15' },
      { position: 2, title: 'Rest', amount: '9999999999999999.98', dueOn: null },
    ]);
  });

  test('a refused contract takes no number', async () => {
    const first = await aContract();
    await expect(aContract({ customerId: newRowId() })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(aContract({ startsOn: '2026-02-01', endsOn: '2026-01-31' })).rejects.toEqual(
      refusedFields('endsOn'),
    );
    const second = await aContract();
    expect(Number(second.number.slice(-5))).toBe(Number(first.number.slice(-5)) + 1);
  });

  test('every offending field is named at once', async () => {
    const input = {
      title: 'x'.repeat(201),
      customerId,
      amount: { amount: '-1', currency: 'cny' },
      discountPercent: '100.01',
      signingMode: 'a\u0000b',
      startsOn: '2026-02-30',
      endsOn: 'tomorrow',
      lines: [{ description: '', quantity: '1e3', unitPrice: '1.005' }],
      paymentTerms: [{ title: '\ud800', amount: 'NaN', dueOn: '1969-01-01' }],
    };
    await expect(createContract(by('sam'), input)).rejects.toEqual(
      refusedFields(
        'title',
        'amount.amount',
        'amount.currency',
        'discountPercent',
        'signingMode',
        'startsOn',
        'endsOn',
        'lines.0.description',
        'lines.0.quantity',
        'lines.0.unitPrice',
        'paymentTerms.0.title',
        'paymentTerms.0.amount',
        'paymentTerms.0.dueOn',
      ),
    );
    const lines = Array.from({ length: 501 }, () => ({ description: 'Pump', quantity: '1', unitPrice: '1' }));
    await expect(aContract({ lines })).rejects.toEqual(refusedFields('lines'));
  });

  test('payment terms sum to the amount, exactly, or there are none', async () => {
    const terms = (...amounts: string[]): object => ({
      paymentTerms: amounts.map((amount) => ({ title: 'Part', amount })),
    });
    await expect(aContract(terms('999.99'))).rejects.toEqual(refusedFields('paymentTerms'));
    await expect(aContract(terms('999.99', '0.02'))).rejects.toEqual(refusedFields('paymentTerms'));
    await expect(aContract(terms('999.99', '0.01'))).resolves.toMatchObject({ status: 'DRAFT' });
    await expect(aContract(terms())).resolves.toMatchObject({ status: 'DRAFT' });
  });

  test('a customer or project that is unknown, malformed or out of scope is refused on its field', async () => {
    await expect(aContract({ customerId: othersCustomerId })).rejects.toEqual(refusedFields('customerId'));
    await expect(aContract({ customerId: newRowId() })).rejects.toEqual(refusedFields('customerId'));
    await expect(aContract({ customerId: 'acme', projectId: newRowId() })).rejects.toEqual(
      refusedFields('customerId', 'projectId'),
    );
    await expect(createContract(by('fay', 'all'), minimal())).resolves.toMatchObject({
      contract: { customerId },
    });
  });

  test('nobody signed in, nothing made', async () => {
    const stranger = contextFor(database.orm, { actor: null });
    await expect(createContract(stranger, minimal())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(contracts(stranger, null, {})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('updating', () => {
  test('given fields change, others stay; lists are replaced; the author and the version move on', async () => {
    const line = { description: 'Pump', quantity: '1', unitPrice: '1' };
    const { id } = await aContract({
      signingMode: 'online',
      lines: [line, line],
      paymentTerms: [{ title: 'All', amount: '1000' }],
    });
    const { contract: changed } = await updateContract(by('sue', 'team'), {
      id,
      expectedVersion: 1,
      signingMode: null,
      amount: { amount: '1200', currency: 'EUR' },
      lines: [{ description: 'Motor', quantity: '3', unitPrice: '400' }],
      paymentTerms: [],
    });
    expect(changed).toMatchObject({
      title: 'Pumps',
      signingMode: null,
      amount: '1200.00',
      currency: 'EUR',
      version: 2,
    });
    expect(await linesOf(by('sam'), id)).toMatchObject([{ position: 1, description: 'Motor' }]);
    expect(await paymentTermsOf(by('sam'), id)).toEqual([]);
    const { lastAuthorId, ownerId } = await contractSubject.read(by('sam'), id, 'contract:read');
    expect(lastAuthorId).toBe(organisation.people.sue.id);
    expect(ownerId).toBe(organisation.people.sam.id);
  });

  test('a change of lines alone, in the same instant by the same person, is a new version', async () => {
    const { id } = await aContract();
    const { contract: changed } = await updateContract(by('sam'), { id, expectedVersion: 1, lines: [] });
    expect(changed.version).toBe(2);
    expect(await contract(by('sam'), id)).toMatchObject({ version: 2 });
  });

  test('the whole must fit: a change is blamed on what was given', async () => {
    const { id } = await aContract({
      startsOn: '2026-02-01',
      endsOn: '2026-03-01',
      paymentTerms: [{ title: 'All', amount: '1000' }],
    });
    const change = { id, expectedVersion: 1 };
    await expect(updateContract(by('sam'), { ...change, amount: yuan('1001') })).rejects.toEqual(
      refusedFields('amount'),
    );
    await expect(updateContract(by('sam'), { ...change, startsOn: '2026-03-02' })).rejects.toEqual(
      refusedFields('startsOn'),
    );
    await expect(updateContract(by('sam'), { ...change, endsOn: '2026-01-31' })).rejects.toEqual(
      refusedFields('endsOn'),
    );
    expect(await contract(by('sam'), id)).toMatchObject({ version: 1, amount: '1000.00' });
  });

  test('what cannot be empty is not emptied', async () => {
    const { id } = await aContract();
    const nothing = {
      title: null,
      kind: null,
      customerId: null,
      amount: null,
      discountPercent: null,
      lines: null,
      paymentTerms: null,
    };
    await expect(updateContract(by('sam'), { id, expectedVersion: 1, ...nothing })).rejects.toEqual(
      refusedFields('title', 'kind', 'customerId', 'amount', 'discountPercent', 'lines', 'paymentTerms'),
    );
  });

  test('a contract under approval is locked, whatever version the client has seen', async () => {
    const { id } = await aContract();
    await setStatus(id, ContractStatus.IN_REVIEW);
    for (const expectedVersion of [1, 7]) {
      await expect(updateContract(by('sam'), { id, expectedVersion, title: 'Other' })).rejects.toMatchObject({
        code: 'SUBJECT_LOCKED',
        details: { subjectType: 'contract', id },
      });
    }
  });

  test('a contract approved by no known request does not change', async () => {
    const { id } = await aContract();
    await setStatus(id, ContractStatus.APPROVED);
    await expect(updateContract(by('sam'), { id, expectedVersion: 1, title: 'Other' })).rejects.toMatchObject(
      {
        code: 'IMMUTABLE',
        details: { reason: expect.stringContaining('amendment') },
      },
    );
  });

  test.each([ContractStatus.RETURNED, ContractStatus.REJECTED])(
    'a %s contract can be changed',
    async (status) => {
      const { id } = await aContract();
      await setStatus(id, status);
      const { contract: changed } = await updateContract(by('sam'), {
        id,
        expectedVersion: 1,
        title: 'Better',
      });
      expect(changed).toMatchObject({ status, title: 'Better', version: 2 });
    },
  );

  test('a change made on an old version is refused; of two at the same instant exactly one is kept', async () => {
    const { id } = await aContract();
    const changes = ['A', 'B'].map((title) => updateContract(by('sam'), { id, expectedVersion: 1, title }));
    const outcomes = await Promise.allSettled(changes);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'CONFLICT' },
    });
    expect(await contract(by('sam'), id)).toMatchObject({ version: 2 });
  });

  test('a foreign id is refused on its field, and a row out of scope does not exist', async () => {
    const { id } = await aContract();
    const change = { id, expectedVersion: 1 };
    await expect(updateContract(by('sam'), { ...change, customerId: othersCustomerId })).rejects.toEqual(
      refusedFields('customerId'),
    );
    await expect(updateContract(by('sue'), { ...change, title: 'Mine' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(updateContract(by('sam'), { ...change, id: newRowId() })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(updateContract(by('sam'), { ...change, id: 'c-1' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('reading rights are no rights to change', async () => {
    const { id } = await aContract();
    const actor = actorOf(organisation.people.grace, { 'contract:read': 'all', 'contract:update': 'own' });
    await expect(contract(contextFor(database.orm, { actor }), id)).resolves.toMatchObject({ id });
    await expect(
      updateContract(contextFor(database.orm, { actor }), { id, expectedVersion: 1, title: 'Mine' }),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('reading', () => {
  test('scopes reach own, team, subtree and all rows, and no others', async () => {
    const { id } = await aContract();
    const reads = async (ctx: Context): Promise<boolean> => {
      const { edges } = await contracts(ctx, null, { first: 100 });
      const listed = edges.some(({ node }) => node.id === id);
      const found = await contract(ctx, id).then(
        () => true,
        () => false,
      );
      expect(found).toBe(listed);
      return listed;
    };
    expect(await reads(by('sue', 'own'))).toBe(false);
    expect(await reads(by('sue', 'team'))).toBe(true);
    expect(await reads(by('fay', 'team'))).toBe(false);
    expect(await reads(by('grace', 'subtree'))).toBe(true);
    expect(await reads(by('leo', 'all'))).toBe(true);
    await expect(contract(by('leo', 'all'), 'c-1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('the list is filtered, ordered newest first and paged', async () => {
    const at = (minute: number): Context => by('leo', 'all', new Date(MONDAY.getTime() + minute * 60_000));
    const mine = { ownerId: organisation.people.leo.id };
    for (const minute of [0, 1, 1, 2])
      await createContract(at(minute), minimal({ title: `Minute ${minute}`, kind: ContractKind.TECHNICAL }));
    await createContract(at(3), minimal({ title: 'Other', customerId: othersCustomerId }));
    const titles = async (filter: object): Promise<string[]> =>
      (await contracts(by('leo', 'all'), { ...mine, ...filter }, {})).edges.map(({ node }) => node.title);
    expect(await titles({})).toEqual(['Other', 'Minute 2', 'Minute 1', 'Minute 1', 'Minute 0']);
    expect(await titles({ kind: [ContractKind.SALES] })).toEqual(['Other']);
    expect(await titles({ customerId: othersCustomerId })).toEqual(['Other']);
    expect(await titles({ text: 'minute 2' })).toEqual(['Minute 2']);
    expect(await titles({ status: [ContractStatus.APPROVED] })).toEqual([]);

    const first = await contracts(by('leo', 'all'), mine, { first: 3 });
    const rest = await contracts(by('leo', 'all'), mine, { first: 3, after: first.pageInfo.endCursor });
    expect([first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([true, false]);
    expect(new Set([...first.edges, ...rest.edges].map(({ node }) => node.id)).size).toBe(5);
    expect(await first.totalCount()).toBe(5);
  });

  test('a malformed filter or page is refused by name', async () => {
    await expect(contracts(by('sam'), { customerId: 'acme' }, {})).rejects.toEqual(
      refusedFields('filter.customerId'),
    );
    await expect(contracts(by('sam'), { ownerId: 'sam' }, {})).rejects.toEqual(
      refusedFields('filter.ownerId'),
    );
    await expect(contracts(by('sam'), { text: '\u0000' }, {})).rejects.toEqual(refusedFields('filter.text'));
    await expect(contracts(by('sam'), null, { first: 0 })).rejects.toEqual(refusedFields('first'));
    await expect(contracts(by('sam'), null, { after: 'bm9uc2Vuc2U' })).rejects.toEqual(
      refusedFields('after'),
    );
  });
});

describe('as a subject of approval', () => {
  const event = (subjectId: string, what: SubjectEvent['event']): SubjectEvent => ({
    event: what,
    subjectId,
    requestId: newRowId(),
    by: 'system',
    filingNumber: null,
  });
  const load = (ctx: Context, id: string, permission: string | null) =>
    inTransaction(ctx, (tx) => contractSubject.load(tx, id, permission));

  test('its content is the watched fields as conditions read them', async () => {
    const { id, number } = await aContract({
      discountPercent: '5',
      lines: [{ description: 'Pump', quantity: '2', unitPrice: '500' }],
      paymentTerms: [{ title: 'All', amount: '1000' }],
    });
    const subject = await load(by('sam'), id, contractSubject.submitPermission);
    const { sam } = organisation.people;
    expect(subject).toEqual({
      id,
      number,
      title: 'Pumps',
      amount: '1000.00',
      currency: 'CNY',
      ownerId: sam.id,
      departmentId: sam.departmentId,
      lastAuthorId: sam.id,
      beneficiaryIds: [],
      madeFrom: null,
      validUntil: null,
      status: 'DRAFT',
      content: {
        number,
        title: 'Pumps',
        kind: 'SALES',
        signingMode: '',
        currency: 'CNY',
        amount: 1000,
        exactAmount: '1000.00',
        customerId,
        customerLevel: 'A',
        projectId: '',
        discountPercent: 5,
        startsOn: '',
        endsOn: '',
        quoteId: '',
        attachments: [],
        lines: [{ description: 'Pump', quantity: '2.00', unitPrice: '500.00' }],
        paymentTerms: [{ title: 'All', amount: '1000.00', dueOn: '' }],
        ownerId: sam.id,
        department: 'sales',
      },
    });
    expect(Object.keys(subject.content).toSorted()).toEqual(
      Object.keys(SUBJECT_TYPES.CONTRACT.fields).toSorted(),
    );
    expect(await contractSubject.read(by('sam'), id, 'contract:read')).toEqual(subject);
  });

  test('with a permission, rows out of its scope do not exist; the engine itself sees every row', async () => {
    const { id } = await aContract();
    await expect(load(by('sue'), id, 'contract:update')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(contractSubject.read(by('sue'), id, 'contract:read')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(contractSubject.read(by('sue'), 'c-1', null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const engine = contextFor(database.orm, { actor: null });
    await expect(load(engine, id, null)).resolves.toMatchObject({ id });
    await expect(contractSubject.read(engine, id, null)).resolves.toMatchObject({ id });
    await expect(load(engine, newRowId(), null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a loaded contract stays as it is until the transaction ends', async () => {
    const { id } = await aContract();
    const order: string[] = [];
    let changing: Promise<unknown> = Promise.resolve();
    await inTransaction(by('sam'), async (tx) => {
      await contractSubject.load(tx, id, null);
      changing = updateContract(by('sam'), { id, expectedVersion: 1, title: 'Later' }).then(() =>
        order.push('changed'),
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      order.push('read');
    });
    await changing;
    expect(order).toEqual(['read', 'changed']);
  });

  test('it can be submitted as a draft, returned or rejected, and with an amount above 0', async () => {
    const { id } = await aContract();
    const submit = async (): Promise<void> =>
      contractSubject.requireSubmittable(by('sam'), await contractSubject.read(by('sam'), id, null));
    for (const status of [ContractStatus.DRAFT, ContractStatus.RETURNED, ContractStatus.REJECTED]) {
      await setStatus(id, status);
      await expect(submit()).resolves.toBeUndefined();
    }
    for (const status of [ContractStatus.IN_REVIEW, ContractStatus.APPROVED]) {
      await setStatus(id, status);
      await expect(submit()).rejects.toMatchObject({
        code: 'INVALID_STATE',
        details: { what: 'contract', status },
      });
    }
    const free = await aContract({ amount: yuan('0') });
    const subject = await contractSubject.read(by('sam'), free.id, null);
    expect(() => contractSubject.requireSubmittable(by('sam'), subject)).toThrow(
      expect.objectContaining({ code: 'INVALID_STATE' }),
    );
  });

  test.each<[SubjectEvent['event'], string]>([
    ['SUBMITTED', 'IN_REVIEW'],
    ['RESUBMITTED', 'IN_REVIEW'],
    ['RETURNED', 'RETURNED'],
    ['APPROVED', 'APPROVED'],
    ['REJECTED', 'REJECTED'],
    ['WITHDRAWN', 'DRAFT'],
    ['CANCELLED', 'DRAFT'],
    ['EXPIRED', 'DRAFT'],
  ])('%s makes it %s; its version grows and its last author stays', async (what, status) => {
    const { id } = await aContract();
    const engine = contextFor(database.orm, { actor: null });
    await inTransaction(engine, async (tx) => {
      await contractSubject.load(tx, id, null);
      await contractSubject.apply(tx, event(id, what));
    });
    expect(await contract(by('sam'), id)).toMatchObject({ status, version: 2 });
    expect(await contractSubject.read(engine, id, null)).toMatchObject({
      lastAuthorId: organisation.people.sam.id,
    });
  });

  test('an effect is undone with its transaction', async () => {
    const { id } = await aContract();
    const failing = inTransaction(contextFor(database.orm, { actor: null }), async (tx) => {
      await contractSubject.apply(tx, event(id, 'APPROVED'));
      throw new Error('later failure');
    });
    await expect(failing).rejects.toThrow('later failure');
    expect(await contract(by('sam'), id)).toMatchObject({ status: 'DRAFT', version: 1 });
  });

  test("the customer's level at the time is what conditions read", async () => {
    const { customer } = await createCustomer(by('sam'), { name: 'Rising', level: CustomerLevel.C });
    const { id } = await aContract({ customerId: customer.id });
    await updateCustomer(by('sam'), { id: customer.id, expectedVersion: 1, level: CustomerLevel.H });
    const { content } = await contractSubject.read(by('sam'), id, null);
    expect(content['customerLevel']).toBe('H');
  });
});
