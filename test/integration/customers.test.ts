import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCustomer } from '../../src/commands/customers/create-customer.js';
import { updateCustomer } from '../../src/commands/customers/update-customer.js';
import type { Context, Scope } from '../../src/context.js';
import { ContactPart } from '../../src/entities/customers/contact.js';
import { CustomerLevel, CustomerStatus, type Customer } from '../../src/entities/customers/customer.js';
import { newRowId } from '../../src/entities/row-id.js';
import { contactsOf } from '../../src/queries/customers/contacts.js';
import { customer } from '../../src/queries/customers/customer-by-id.js';
import { customers } from '../../src/queries/customers/customers.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { actorOf, contextFor, MONDAY } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let organisation: TestOrganisation;

beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
});
afterAll(() => database.close());

/** A new operation of the person, whose every permission on customers has this scope. */
function by(name: keyof TestOrganisation['people'], scope: Scope = 'own', now: Date = MONDAY): Context {
  const permissions = { 'customer:read': scope, 'customer:create': scope, 'customer:update': scope };
  return contextFor(database.orm, { actor: actorOf(organisation.people[name], permissions), now });
}

async function aCustomer(name = 'Acme'): Promise<Customer> {
  return (await createCustomer(by('sam'), { name })).customer;
}

const refusedFields = (...paths: string[]): unknown =>
  expect.objectContaining({
    code: 'BAD_USER_INPUT',
    details: expect.objectContaining({
      reason: expect.any(String),
      fields: paths.map((path) => expect.objectContaining({ path, rule: expect.any(String) })),
    }),
  });

describe('creating', () => {
  test('a new customer belongs to its maker and the department, gets a number, and reads back as given', async () => {
    const { customer: made } = await createCustomer(by('sam'), {
      name: '  Nordwind AG ',
      industry: 'Energy',
      address: ' ',
      level: CustomerLevel.A,
      contacts: [
        { name: 'Ida', email: 'ida@nordwind.test', part: ContactPart.DECISION_MAKER },
        { name: 'Jan' },
      ],
    });
    const { sam } = organisation.people;
    const row = await customer(by('sam'), made.id);
    expect(row).toMatchObject({
      name: 'Nordwind AG',
      industry: 'Energy',
      address: null,
      level: 'A',
      status: 'POTENTIAL',
      ownerId: sam.id,
      departmentId: sam.departmentId,
      version: 1,
    });
    expect(row.number).toMatch(/^K-2026-\d{5}$/);
    expect(new Date(row.createdAt)).toEqual(MONDAY);
    expect(await contactsOf(by('sam'), made.id)).toMatchObject([
      { name: 'Ida', email: 'ida@nordwind.test', part: 'DECISION_MAKER' },
      { name: 'Jan', email: null, part: 'OTHER' },
    ]);
  });

  test('every offending field is named at once, and nothing is kept', async () => {
    const tooLong = 'x'.repeat(201);
    const countAll = async (): Promise<number> => (await customers(by('sam', 'all'), null, {})).totalCount();
    const before = await countAll();
    const input = {
      name: ' ',
      industry: tooLong,
      notes: 'a\u0000b',
      contacts: [{ name: 'Ida', email: 'nobody' }, { name: '\ud800' }],
    };
    await expect(createCustomer(by('sam'), input)).rejects.toEqual(
      refusedFields('name', 'industry', 'notes', 'contacts.0.email', 'contacts.1.name'),
    );
    const many = Array.from({ length: 501 }, () => ({ name: 'Ida' }));
    await expect(createCustomer(by('sam'), { name: 'Acme', contacts: many })).rejects.toEqual(
      refusedFields('contacts'),
    );
    expect(await countAll()).toBe(before);
  });

  test('a contact cannot be taken from another customer', async () => {
    const input = { name: 'Acme', contacts: [{ id: newRowId(), name: 'Ida' }] };
    await expect(createCustomer(by('sam'), input)).rejects.toEqual(refusedFields('contacts.0.id'));
  });

  test('nobody signed in, nothing made', async () => {
    const stranger = contextFor(database.orm, { actor: null });
    await expect(createCustomer(stranger, { name: 'Acme' })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    await expect(customers(stranger, null, {})).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('updating', () => {
  test('given fields change, others stay; the version grows even when only contacts change in the same instant', async () => {
    const { customer: made } = await createCustomer(by('sam'), {
      name: 'Acme',
      industry: 'Toys',
      contacts: [{ name: 'Ida' }, { name: 'Jan' }],
    });
    const [ida] = await contactsOf(by('sam'), made.id);
    const contacts = [{ id: ida?.id, name: 'Ida B.' }, { name: 'Kim' }];
    const { customer: changed } = await updateCustomer(by('sam'), {
      id: made.id,
      expectedVersion: 1,
      contacts,
    });
    expect(changed).toMatchObject({ name: 'Acme', industry: 'Toys', version: 2 });
    expect(await contactsOf(by('sam'), made.id)).toMatchObject([
      { id: ida?.id, name: 'Ida B.' },
      { name: 'Kim' },
    ]);

    const input = { id: made.id, expectedVersion: 2, industry: null, status: CustomerStatus.DEALING };
    const { customer: again } = await updateCustomer(by('sam'), input);
    expect(again).toMatchObject({ industry: null, status: 'DEALING', version: 3 });
    expect(await customer(by('sam'), made.id)).toMatchObject({
      industry: null,
      status: 'DEALING',
      version: 3,
    });
  });

  test('a change made on an old version is refused', async () => {
    const { id } = await aCustomer();
    await updateCustomer(by('sam'), { id, expectedVersion: 1, name: 'Acme 2' });
    await expect(updateCustomer(by('sam'), { id, expectedVersion: 1, name: 'Acme 3' })).rejects.toMatchObject(
      {
        code: 'CONFLICT',
        details: { version: 2, expectedVersion: 1 },
      },
    );
  });

  test('of two changes of one version at the same instant exactly one is kept', async () => {
    const { id } = await aCustomer();
    const changes = ['Acme 2', 'Acme 3'].map((name) =>
      updateCustomer(by('sam'), { id, expectedVersion: 1, name }),
    );
    const outcomes = await Promise.allSettled(changes);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'CONFLICT' },
    });
  });

  test('what cannot be empty is not emptied, and no contact stands twice', async () => {
    const { customer: made } = await createCustomer(by('sam'), { name: 'Acme', contacts: [{ name: 'Ida' }] });
    const input = { id: made.id, expectedVersion: 1, name: null, level: null, status: null, contacts: null };
    await expect(updateCustomer(by('sam'), input)).rejects.toEqual(
      refusedFields('name', 'level', 'status', 'contacts'),
    );
    const [ida] = await contactsOf(by('sam'), made.id);
    const twice = {
      id: made.id,
      expectedVersion: 1,
      contacts: [
        { id: ida?.id, name: 'Ida' },
        { id: ida?.id, name: 'Ida' },
      ],
    };
    await expect(updateCustomer(by('sam'), twice)).rejects.toEqual(refusedFields('contacts.1.id'));
  });

  test('a row out of scope, an unknown id and a malformed one are the same: NOT_FOUND', async () => {
    const { id } = await aCustomer();
    const missing = { code: 'NOT_FOUND' };
    await expect(updateCustomer(by('sue'), { id, expectedVersion: 1, name: 'Mine' })).rejects.toMatchObject(
      missing,
    );
    await expect(updateCustomer(by('sam'), { id: newRowId(), expectedVersion: 1 })).rejects.toMatchObject(
      missing,
    );
    await expect(updateCustomer(by('sam'), { id: 'k-1', expectedVersion: 1 })).rejects.toMatchObject(missing);
    await expect(customer(by('sue'), id)).rejects.toMatchObject(missing);
    await expect(customer(by('sam'), newRowId())).rejects.toMatchObject(missing);
    await expect(customer(by('sam'), 'k-1')).rejects.toMatchObject(missing);
  });
});

describe('reading', () => {
  test('scopes reach own, team, subtree and all rows, and no others', async () => {
    const { id } = await aCustomer();
    const reads = async (ctx: Context): Promise<boolean> => {
      const { edges } = await customers(ctx, null, { first: 100 });
      const listed = edges.some(({ node }) => node.id === id);
      const found = await customer(ctx, id).then(
        () => true,
        () => false,
      );
      expect(found).toBe(listed);
      return listed;
    };
    expect(await reads(by('sam', 'own'))).toBe(true);
    expect(await reads(by('sue', 'own'))).toBe(false);
    expect(await reads(by('sue', 'team'))).toBe(true);
    expect(await reads(by('fay', 'team'))).toBe(false);
    expect(await reads(by('grace', 'team'))).toBe(false);
    expect(await reads(by('grace', 'subtree'))).toBe(true);
    expect(await reads(by('leo', 'subtree'))).toBe(false);
    expect(await reads(by('leo', 'all'))).toBe(true);
    const nobody = contextFor(database.orm, { actor: actorOf(organisation.people.sam, {}) });
    expect(await reads(nobody)).toBe(false);
  });

  test('pages run from the newest to the oldest without gaps or repeats, also within one instant', async () => {
    const fay = (minute: number): Context => by('fay', 'own', new Date(MONDAY.getTime() + minute * 60_000));
    for (const minute of [0, 0, 0, 1, 2]) await createCustomer(fay(minute), { name: `Page ${minute}` });
    const seen: Customer[] = [];
    let after: string | null = null;
    do {
      const page = await customers(by('fay'), null, { first: 2, after });
      seen.push(...page.edges.map(({ node }) => node));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      expect(await page.totalCount()).toBe(5);
    } while (after !== null);
    expect(seen.map(({ name }) => name)).toEqual(['Page 2', 'Page 1', 'Page 0', 'Page 0', 'Page 0']);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(5);
  });

  test('filters hold together; text is taken literally, in any case', async () => {
    const tom = by('tom');
    await createCustomer(tom, { name: '100% Süd_Holz', level: CustomerLevel.H });
    await createCustomer(tom, { name: '1000 Sud Holz' });
    const names = async (filter: Parameters<typeof customers>[1]): Promise<string[]> =>
      (await customers(by('tom'), filter, {})).edges.map(({ node }) => node.name);
    expect(await names({ text: '100% süd_' })).toEqual(['100% Süd_Holz']);
    expect(await names({ text: '\\' })).toEqual([]);
    expect(await names({ text: 'holz', level: [CustomerLevel.H] })).toEqual(['100% Süd_Holz']);
    expect(await names({ status: [CustomerStatus.LOST] })).toEqual([]);
    expect(await names({ ownerId: organisation.people.tom.id })).toHaveLength(2);
    expect(await names({ ownerId: organisation.people.sam.id })).toEqual([]);
  });

  test('a malformed filter or page is refused by name', async () => {
    const list = (filter: Parameters<typeof customers>[1], page = {}): Promise<unknown> =>
      customers(by('tom'), filter, page);
    await expect(list({ ownerId: 'tom' })).rejects.toEqual(refusedFields('filter.ownerId'));
    await expect(list({ text: 'x'.repeat(201) })).rejects.toEqual(refusedFields('filter.text'));
    await expect(list(null, { first: 101 })).rejects.toEqual(refusedFields('first'));
    await expect(list(null, { after: 'nonsense' })).rejects.toEqual(refusedFields('after'));
  });
});
