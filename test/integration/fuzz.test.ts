import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sql } from 'kysely';
import { makeSchema } from '../../src/app.js';
import { readDb } from '../../src/entities/read-db.js';
import { ERRORS } from '../../src/errors.js';
import { operations } from '../support/generated-operations.js';
import { testApp, type TestApp } from '../support/test-app.js';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1500);
const PEOPLE = [
  'sales',
  'manager',
  'tech',
  'finance',
  'legal',
  'gm',
  'director',
  'planner',
  'clerk',
  'admin',
  'auditor',
  null,
];

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ webhookAllowedHosts: ['127.0.0.1'] });
});
afterAll(() => app.close());

/** Ids of rows of every kind, so that operations meet real things of the right and the wrong type. */
async function realIds(): Promise<string[]> {
  const tables = [
    'app_user',
    'customer',
    'contract',
    'project',
    'project_stage',
    'department',
    'process_version',
    'approval_request',
    'approval_assignment',
    'follow_up',
    'recurring_rule',
    'webhook_endpoint',
    'chat_channel',
  ];
  const rows = await Promise.all(
    tables.map((table) =>
      sql<{ id: string }>`select id from ${sql.table(table)} limit 4`.execute(readDb(app.app.orm.em.fork())),
    ),
  );
  return rows.flatMap((found) => found.rows.map((row) => row.id));
}

async function submitSomething(): Promise<void> {
  const { contracts } = await app.ask<{ contracts: { edges: { node: { id: string } }[] } }>(
    'sales',
    '{ contracts { edges { node { id } } } }',
  );
  for (const { node } of contracts.edges) {
    await app.ask(
      'sales',
      'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id } } }',
      { input: { subjectType: 'CONTRACT', subjectId: node.id } },
    );
  }
}

/** Nothing leaves: an API process sends nothing. */
async function listenSomewhere(): Promise<void> {
  await app.ask(
    'admin',
    `mutation {
      createWebhookEndpoint(input: { url: "http://127.0.0.1:9/", description: "Nobody", eventTypes: ["*"] }) { secret }
      createChatChannel(input: { kind: SLACK, name: "Nobody", url: "http://127.0.0.1:9/", language: "en", messageKinds: ["ASSIGNED"] }) { channel { id } }
    }`,
  );
}

test('nothing that a client sends gives INTERNAL or a code outside the catalogue', async () => {
  await listenSomewhere();
  await submitSomething();
  const ids = await realIds();
  const seen = new Map<string, number>();
  const signOutEndsTheSession = ['signOut'];
  await fc.assert(
    fc.asyncProperty(
      operations(await makeSchema(), ids, signOutEndsTheSession),
      fc.constantFrom(...PEOPLE),
      async (operation, as) => {
        const answer = await app.send(as, operation.query, operation.variables);
        const codes = answer.errors?.map((error) => error.extensions.code) ?? ['OK'];
        for (const code of codes) seen.set(code, (seen.get(code) ?? 0) + 1);
        const strange = codes.filter((code) => code !== 'OK' && (code === 'INTERNAL' || !(code in ERRORS)));
        expect({ strange, operation, log: strange.length > 0 ? app.errors : [] }).toEqual({
          strange: [],
          operation,
          log: [],
        });
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  if (process.env['FUZZ_RUNS']) console.log(Object.fromEntries(seen));
  // The generator reaches behind the outer checks.
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining(['OK', 'BAD_USER_INPUT', 'FORBIDDEN', 'NOT_FOUND', 'UNAUTHENTICATED']),
  );
});
