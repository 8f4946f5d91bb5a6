import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { graphql, printSchema, type GraphQLSchema } from 'graphql';
import { buildSchema } from 'type-graphql';
import { createContract } from '../../src/commands/contracts/create-contract.js';
import { createCustomer } from '../../src/commands/customers/create-customer.js';
import type { Context } from '../../src/context.js';
import { ContractResolver } from '../../src/resolvers/contracts/contract-resolver.js';
import { CustomerResolver } from '../../src/resolvers/customers/customer-resolver.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { actorOf, contextFor, MONDAY } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let organisation: TestOrganisation;
let schema: GraphQLSchema;

beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
  schema = await buildSchema({ resolvers: [ContractResolver, CustomerResolver], validate: false });
});
afterAll(() => database.close());

/** Sam, who sees contracts of the team and customers of his own. */
const bySam = (): Context => {
  const permissions = { 'contract:read': 'team', 'contract:update': 'team', 'customer:read': 'own' } as const;
  return contextFor(database.orm, { actor: actorOf(organisation.people.sam, permissions) });
};

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly extensions: Readonly<Record<string, unknown>> }[];
}

const ask = async (
  source: string,
  variableValues: Record<string, unknown> = {},
  contextValue = bySam(),
): Promise<Answer> =>
  JSON.parse(JSON.stringify(await graphql({ schema, source, variableValues, contextValue }))) as Answer;

/** How many statements the work sends to the database. */
async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  const pool = (await database.orm.em.getDriver().getConnection().getNativeClient()) as unknown as {
    Client: { prototype: { query(...args: unknown[]): unknown } };
  };
  const send = jest.spyOn(pool.Client.prototype, 'query');
  await work();
  const count = send.mock.calls.length;
  send.mockRestore();
  return count;
}

const CONTRACT = `fragment Whole on Contract {
  id number status version title kind amount { amount currency } discountPercent signingMode startsOn endsOn
  createdAt updatedAt archivedAt owner { name } department { key }
  customer { name number contacts { name part } owner { name } }
  lines { position description quantity unitPrice } paymentTerms { position title amount dueOn }
}`;

test('a contract travels through the schema: customer, contract, change, reading back', async () => {
  const customer = await ask(
    'mutation { createCustomer(input: { name: "Acme", contacts: [{ name: "Ida", part: COACH }] }) { customer { id status } } }',
  );
  expect(customer).toEqual({
    data: { createCustomer: { customer: { id: expect.any(String), status: 'POTENTIAL' } } },
  });
  const { id: customerId } = (customer.data as { createCustomer: { customer: { id: string } } })
    .createCustomer.customer;
  const input = {
    title: 'Pumps',
    customerId,
    amount: { amount: '1000', currency: 'CNY' },
    startsOn: '2026-04-01',
    lines: [{ description: 'Pump', quantity: '2', unitPrice: '500' }],
    paymentTerms: [{ title: 'All', amount: '1000', dueOn: '2026-05-01' }],
  };
  const source = `mutation ($input: CreateContractInput!) { createContract(input: $input) { contract { ...Whole } } } ${CONTRACT}`;
  const created = (await ask(source, { input })) as {
    data: { createContract: { contract: { id: string } } };
  };
  const { contract } = created.data.createContract;
  expect(contract).toEqual({
    id: expect.any(String),
    number: 'C-2026-00001',
    status: 'DRAFT',
    version: 1,
    title: 'Pumps',
    kind: 'SALES',
    amount: { amount: '1000.00', currency: 'CNY' },
    discountPercent: '0.00',
    signingMode: null,
    startsOn: '2026-04-01',
    endsOn: null,
    createdAt: MONDAY.toISOString(),
    updatedAt: MONDAY.toISOString(),
    archivedAt: null,
    owner: { name: 'sam' },
    department: { key: 'sales' },
    customer: {
      name: 'Acme',
      number: 'K-2026-00001',
      contacts: [{ name: 'Ida', part: 'COACH' }],
      owner: { name: 'sam' },
    },
    lines: [{ position: 1, description: 'Pump', quantity: '2.00', unitPrice: '500.00' }],
    paymentTerms: [{ position: 1, title: 'All', amount: '1000.00', dueOn: '2026-05-01' }],
  });
  const read = await ask(`query ($id: ID!) { contract(id: $id) { ...Whole } } ${CONTRACT}`, {
    id: contract.id,
  });
  expect(read).toEqual({ data: { contract } });

  const change =
    'mutation ($input: UpdateContractInput!) { updateContract(input: $input) { contract { version title lines { position } } } }';
  expect(
    await ask(change, { input: { id: contract.id, expectedVersion: 1, title: 'Motors', lines: [] } }),
  ).toEqual({
    data: { updateContract: { contract: { version: 2, title: 'Motors', lines: [] } } },
  });
  expect(await ask(change, { input: { id: contract.id, expectedVersion: 1, title: 'Fans' } })).toMatchObject({
    errors: [{ extensions: { code: 'CONFLICT', version: 2 } }],
  });
});

test('a customer out of scope is null within a contract, and NOT_FOUND by itself', async () => {
  const sue = contextFor(database.orm, {
    actor: actorOf(organisation.people.sue, { 'customer:read': 'own' }),
  });
  const { customer } = await createCustomer(sue, { name: "Sue's" });
  const { contract } = await createContract(sue, {
    title: 'Fans',
    customerId: customer.id,
    amount: { amount: '1', currency: 'CNY' },
  });
  const source =
    'query ($contract: ID!, $customer: ID!) { contract(id: $contract) { title customer { name } } customer(id: $customer) { name } }';
  expect(await ask(source, { contract: contract.id, customer: customer.id })).toMatchObject({
    data: { contract: { title: 'Fans', customer: null }, customer: null },
    errors: [{ path: ['customer'], extensions: { code: 'NOT_FOUND' } }],
  });
});

test('a list costs the same number of statements whatever its length, and counts only when asked', async () => {
  const list = async (first: number, count = ''): Promise<void> => {
    const answer = await ask(
      `query { contracts(first: ${first}) { edges { node { ...Whole } cursor } pageInfo { hasNextPage endCursor } ${count} } } ${CONTRACT}`,
    );
    expect(answer).toMatchObject({ data: { contracts: { edges: { length: first } } } });
  };
  for (let made = 0; made < 10; made += 1) {
    const { customer } = await createCustomer(bySam(), { name: `Customer ${made}` });
    await createContract(bySam(), {
      title: 'Fans',
      customerId: customer.id,
      amount: { amount: '1', currency: 'CNY' },
    });
  }
  const few = await statementsOf(() => list(2));
  const many = await statementsOf(() => list(10));
  const counted = await statementsOf(() => list(10, 'totalCount'));
  expect(many).toBe(few);
  // Contracts, owners, departments, customers, lines, payment terms, contacts.
  expect(many).toBe(7);
  expect(counted).toBe(8);
});

test('every type, field, argument and enum value of these areas is described', () => {
  const undescribed = printSchema(schema)
    .split('\n')
    .filter(
      (line, index, lines) =>
        /^\s*(\w+(\(.*)?: |[A-Z_]+$|(type|input|enum|scalar) )/.test(line) &&
        !lines[index - 1]?.trim().endsWith('"""'),
    )
    .filter((line) => !/^(type (Query|Mutation)|schema)/.test(line));
  expect(undescribed).toEqual([]);
});
