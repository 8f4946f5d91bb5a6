import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  getNamedType,
  graphql,
  isEnumType,
  isInputObjectType,
  isObjectType,
  type GraphQLSchema,
} from 'graphql';
import { buildSchema } from 'type-graphql';
import { createCustomer } from '../../src/commands/customers/create-customer.js';
import { installPacks } from '../../src/commands/organisation/install-packs.js';
import { createPlan } from '../../src/commands/plans/create-plan.js';
import { createProject } from '../../src/commands/projects/create-project.js';
import type { Context } from '../../src/context.js';
import { PlanKind } from '../../src/entities/plans/plan.js';
import { CustomerResolver } from '../../src/resolvers/customers/customer-resolver.js';
import { DocumentResolver } from '../../src/resolvers/documents/document-resolver.js';
import { PlanMilestoneResolver, PlanResolver } from '../../src/resolvers/plans/plan-resolver.js';
import { ProjectResolver, ProjectStageResolver } from '../../src/resolvers/projects/project-resolver.js';
import { insertOrganisation, type TestOrganisation } from '../support/organisation-fixture.js';
import { actorOf, contextFor } from '../support/test-context.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let organisation: TestOrganisation;
let schema: GraphQLSchema;
let customerId: string;

beforeAll(async () => {
  database = await testDatabase();
  organisation = await insertOrganisation(database.orm);
  await installPacks(contextFor(database.orm, { actor: null }), 'packs');
  schema = await buildSchema({
    resolvers: [
      CustomerResolver,
      DocumentResolver,
      PlanMilestoneResolver,
      PlanResolver,
      ProjectResolver,
      ProjectStageResolver,
    ],
    validate: false,
  });
  customerId = (await createCustomer(bySam(), { name: 'Power Grid' })).customer.id;
});
afterAll(() => database.close());

const bySam = (language: Context['language'] = 'en'): Context => {
  const names = ['customer', 'project', 'plan', 'document'].flatMap((what) =>
    ['read', 'create', 'update'].map((verb) => `${what}:${verb}`),
  );
  const actor = actorOf(
    organisation.people.sam,
    Object.fromEntries(names.map((name) => [name, 'own'] as const)),
  );
  return { ...contextFor(database.orm, { actor, now: new Date('2024-05-01T01:00:00Z') }), language };
};

type Data = Readonly<Record<string, unknown>>;
interface Answer {
  readonly data?: Data;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

async function ask(
  source: string,
  variableValues: Record<string, unknown> = {},
  contextValue = bySam(),
): Promise<Answer> {
  return JSON.parse(
    JSON.stringify(await graphql({ schema, source, variableValues, contextValue })),
  ) as Answer;
}

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

const PROJECT = `id number status version title amount { amount currency } customer { name } owner { name } department { key }
  stages { id key position title status startedAt closedAt documents { id formKey stage { key } plan { id } } missingDocuments { formKey gate title } }`;
const PLAN = `id number status version title kind period templateKey owner { name }
  lines { position product outlet target forecast stock inTransit }
  milestones { id key position title status dueAt doneAt waitsFor formKey completedBy { name } } documents { formKey }`;

test('a project travels through the schema: made, its first gate written for, read back in Chinese', async () => {
  const input = {
    title: 'Software',
    templateKey: 'software-project',
    customerId,
    amount: { amount: '9', currency: 'CNY' },
  };
  const made = await ask(
    `mutation ($input: CreateProjectInput!) { createProject(input: $input) { project { ${PROJECT} } } }`,
    { input },
  );
  expect(made.errors).toBeUndefined();
  const { project } = (made.data as Data)['createProject'] as {
    project: { id: string; stages: { id: string }[] };
  };
  expect(project).toMatchObject({
    status: 'DRAFT',
    amount: { amount: '9.00', currency: 'CNY' },
    customer: { name: 'Power Grid' },
    department: { key: 'sales' },
  });
  expect(project.stages[0]).toMatchObject({
    title: 'Customer development',
    status: 'STARTING',
    missingDocuments: [{ formKey: 'F-001', gate: 'START', title: 'Customer development special plan' }],
  });
  const document = {
    title: 'Plan',
    formKey: 'F-001',
    stageId: project.stages[0]?.id,
    gate: 'START',
    data: { goal: 'x' },
  };
  const written = await ask(
    'mutation ($input: CreateDocumentInput!) { createDocument(input: $input) { document { id gate data stage { key } plan { id } } } }',
    { input: document },
  );
  expect(written.data).toMatchObject({
    createDocument: {
      document: { gate: 'START', data: { goal: 'x' }, stage: { key: 'customer-development' }, plan: null },
    },
  });
  const read = await ask(
    `query ($id: ID!) { project(id: $id) { ${PROJECT} } }`,
    { id: project.id },
    bySam('zh'),
  );
  expect(read.data).toMatchObject({
    project: {
      stages: [{ title: '客户开发', documents: [{ formKey: 'F-001' }] }, {}, {}, {}, {}, {}, {}, {}],
    },
  });
  const hidden = await ask('query ($id: ID!) { project(id: $id) { id } }', {
    id: organisation.people.sam.id,
  });
  expect(hidden.errors?.[0]?.extensions['code']).toBe('NOT_FOUND');
});

test('a plan travels through the schema: made, handed in for, changed, a milestone refused', async () => {
  const input = {
    title: 'Parts',
    kind: 'MONTHLY',
    period: '2024-05',
    templateKey: 'monthly-parts-plan',
    lines: [{ product: 'Pad', target: '2' }],
  };
  const made = await ask(
    `mutation ($input: CreatePlanInput!) { createPlan(input: $input) { plan { ${PLAN} } } }`,
    { input },
  );
  expect(made.errors).toBeUndefined();
  const { plan } = (made.data as Data)['createPlan'] as { plan: { id: string } };
  expect(plan).toMatchObject({
    lines: [{ product: 'Pad', target: '2.00' }],
    milestones: [{ dueAt: '2024-05-06T15:59:59.999Z' }, {}, {}, {}, {}],
  });
  const early = await ask(
    'mutation ($input: CompletePlanMilestoneInput!) { completePlanMilestone(input: $input) { milestone { status } } }',
    {
      input: { planId: plan.id, key: 'stores-guided' },
    },
  );
  expect(early.errors?.[0]?.extensions['code']).toBe('GATE_CLOSED');
  await ask('mutation ($input: CreateDocumentInput!) { createDocument(input: $input) { document { id } } }', {
    input: { title: 'List', formKey: 'F-079', planId: plan.id },
  });
  const changed = await ask(
    `mutation ($input: UpdatePlanInput!) { updatePlan(input: $input) { plan { ${PLAN} } } }`,
    {
      input: { id: plan.id, expectedVersion: 1, lines: [] },
    },
  );
  expect(changed.data).toMatchObject({
    updatePlan: {
      plan: {
        version: 2,
        lines: [],
        documents: [{ formKey: 'F-079' }],
        milestones: [
          { status: 'OPEN' },
          { status: 'DONE', completedBy: { name: 'sam' } },
          { status: 'OPEN' },
          { status: 'WAITING' },
          { status: 'WAITING' },
        ],
      },
    },
  });
});

test('a page of projects or plans costs the same number of statements, however many rows it has', async () => {
  const projects = `query ($first: Int) { projects(first: $first) { edges { node { ${PROJECT} } } totalCount } }`;
  const plans = `query ($first: Int) { plans(first: $first) { edges { node { ${PLAN} } } totalCount } }`;
  for (let month = 10; month <= 12; month += 1) {
    await createProject(bySam(), { title: 'More', templateKey: 'software-project', customerId });
    await createPlan(bySam(), {
      title: 'More',
      kind: PlanKind.MONTHLY,
      period: `2024-${month}`,
      templateKey: 'monthly-parts-plan',
    });
  }
  for (const source of [projects, plans]) {
    // The newest three are alike: made just now, with no documents yet.
    const one = await statementsOf(() => ask(source, { first: 1 }));
    const many = await statementsOf(() => ask(source, { first: 3 }));
    expect(many).toBe(one);
  }
});

test('templates are offered in the reader’s language', async () => {
  const source =
    '{ projectTemplates { key title stages { key title start { formKey } } } planTemplates { key kind title milestones { key title formKey waitsFor } } }';
  const { data } = await ask(source, {}, bySam('zh'));
  expect(data).toMatchObject({
    projectTemplates: [{ title: '软件项目营销' }],
    planTemplates: [{ kind: 'MONTHLY', title: '月度销售打算' }],
  });
});

test('every type, field, argument and enum value of these areas is described', () => {
  const bare: string[] = [];
  const look = (place: string, { description }: { description?: string | null }): void =>
    void (description || bare.push(place));
  for (const type of Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))) {
    if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}.${value.name}`, value);
    if (!isObjectType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      look(`${type.name}.${field.name}`, field);
      expect(getNamedType(field.type)).toBeDefined();
      if ('args' in field) for (const arg of field.args) look(`${type.name}.${field.name}(${arg.name})`, arg);
    }
    if (type !== schema.getQueryType() && type !== schema.getMutationType()) look(type.name, type);
  }
  expect(bare).toEqual([]);
});
