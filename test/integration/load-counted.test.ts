import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { publishProcess } from '../support/publish-process.js';
import { requestStory, type RequestStory } from '../support/request-story.js';
import { testApp, type TestApp } from '../support/test-app.js';

// Where a route hangs on who has the fewest open turns, those of other requests are counted, and never the request's own.

let app: TestApp;
let story: RequestStory;
/** Of two who are equally free the first is asked, as the lower id. */
let first: string;
let second: string;
const user = (key: string): object => ({ rule: 'user', email: `${key}@demo.local` });
const step = (key: string, ...approvers: object[]): object => ({
  key,
  kind: 'approve',
  title: key,
  approvers,
});
const freest = (): object => ({ rule: 'least-loaded', of: [user(first), user(second)] });

beforeEach(async () => {
  app = await testApp();
  story = requestStory(app);
  const ids = await Promise.all(['clerk', 'warehouse'].map((key) => app.person(key)));
  [first, second] = ids[0]! < ids[1]! ? ['clerk', 'warehouse'] : ['warehouse', 'clerk'];
  const em = app.app.orm.em.fork();
  await publishProcess(em, 'busy', [step('work', user(first))]);
  await publishProcess(em, 'balanced', [step('before', user(first)), step('desk', freest())]);
  await publishProcess(em, 'fixed', [step('before', user(first)), step('desk', user(first))]);
});
afterEach(() => app.close());

/** Version 2, in which the freest of the two is asked at the desk. */
const freestInstead = (): string =>
  [
    'kind: process',
    'key: fixed',
    'version: 2',
    'title: Fixed',
    'subjectType: CONTRACT',
    'priority: 500',
    'guard: subject.signingMode == "fixed"',
    'steps:',
    `  - ${JSON.stringify(step('before', user(first)))}`,
    `  - ${JSON.stringify(step('desk', freest()))}`,
  ].join('\n');

test('in what will go another way than was foreseen', async () => {
  const QUERY = `query ($id: ID!) { approvalRequest(id: $id) { routeDifferences { step kind expected { email } actual { email } happened } } }`;
  const differences = async (id: string): Promise<object[]> =>
    (await app.ask<{ approvalRequest: { routeDifferences: object[] } }>('sales', QUERY, { id }))
      .approvalRequest.routeDifferences;
  const id = await story.submit('balanced');
  expect(await story.asked(id)).toEqual([first]);
  // The first has one turn, but it is this request's.
  expect(await differences(id)).toEqual([]);
  const other = await story.submit('busy');
  expect(await differences(id)).toEqual([
    {
      step: 'desk',
      kind: 'CHANGED_PEOPLE',
      expected: [{ email: `${first}@demo.local` }],
      actual: [{ email: `${second}@demo.local` }],
      happened: false,
    },
  ]);
  await story.act(first, 'approve', other);
  expect(await differences(id)).toEqual([]);
  await story.submit('busy');
  await story.act(first, 'approve', id);
  expect(await story.asked(id)).toEqual([second]);
});

test('in the impact of a version to be published, and in the dry run of a move to it, which is what the move does', async () => {
  const IMPACT = `query ($yaml: String!) { publishImpact(yaml: $yaml) { affected { request { id } migration differences { step kind } } } }`;
  interface Affected {
    request: { id: string };
    migration: string;
    differences: { step: string; kind: string }[];
  }
  const impact = async (): Promise<Affected> =>
    (await app.ask<{ publishImpact: { affected: Affected[] } }>('admin', IMPACT, { yaml: freestInstead() }))
      .publishImpact.affected[0]!;
  const id = await story.submit('fixed');
  expect(await impact()).toEqual({ request: { id }, migration: 'SAME_ROUTE', differences: [] });
  const other = await story.submit('busy');
  const elsewhere = {
    request: { id },
    migration: 'CHANGED_ROUTE',
    differences: [{ step: 'desk', kind: 'CHANGED_PEOPLE' }],
  };
  expect(await impact()).toEqual(elsewhere);

  const PUBLISH = `mutation ($input: PublishProcessInput!) { publishProcess(input: $input) { process { version } } }`;
  await app.ask('admin', PUBLISH, { input: { yaml: freestInstead(), despiteConcerns: true } });
  const MIGRATE = `mutation ($input: MigrateRequestsInput!) { migrateRequests(input: $input) { move { moved } dryRuns { request { id } migration differences { step kind } } } }`;
  const migrate = async (dryRun: boolean) =>
    (
      await app.ask<{ migrateRequests: { move: { moved: number } | null; dryRuns: Affected[] } }>(
        'admin',
        MIGRATE,
        {
          input: { processKey: 'fixed', toVersion: 2, comment: 'whoever is free', dryRun },
        },
      )
    ).migrateRequests;
  expect((await migrate(true)).dryRuns).toEqual([elsewhere]);
  await story.act(first, 'approve', other);
  expect((await migrate(true)).dryRuns).toEqual([
    { request: { id }, migration: 'SAME_ROUTE', differences: [] },
  ]);
  await story.submit('busy');
  expect((await migrate(false)).move).toEqual({ moved: 1 });
  await story.act(first, 'approve', id);
  expect(await story.asked(id)).toEqual([second]);
});
