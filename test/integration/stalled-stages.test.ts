import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { requestStory, type RequestStory } from '../support/request-story.js';
import { testApp, type TestApp } from '../support/test-app.js';

const HOUR = 3_600_000;
let app: TestApp;
let story: RequestStory;
let customerId: string;
beforeAll(async () => {
  app = await testApp();
  story = requestStory(app);
  const query =
    'mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }';
  const made = await app.ask<{ createCustomer: { customer: { id: string } } }>('sales', query, {
    input: { name: 'Stalling Grid', level: 'B' },
  });
  customerId = made.createCustomer.customer.id;
});
afterAll(async () => {
  expect(app.errors).toEqual([]);
  await app.close();
});

interface Stage {
  readonly id: string;
  readonly key: string;
  readonly status: string;
  readonly stallsAt: string | null;
  readonly rung: number;
}
let projects = 0;
/** A project of its own title, so that what is told about others does not count. */
const project = async (): Promise<{ id: string; stage: Stage }> => {
  projects += 1;
  const query =
    'mutation ($input: CreateProjectInput!) { createProject(input: $input) { project { id stages { id key status stallsAt rung } } } }';
  const input = { title: `Quiet ${projects}`, templateKey: 'software-project', customerId };
  const made = await app.ask<{ createProject: { project: { id: string; stages: Stage[] } } }>(
    'sales',
    query,
    { input },
  );
  const { id, stages } = made.createProject.project;
  return { id, stage: stages[0]! };
};
const stagesOf = async (id: string): Promise<Stage[]> =>
  (
    await app.ask<{ project: { stages: Stage[] } }>(
      'sales',
      'query ($id: ID!) { project(id: $id) { stages { id key status stallsAt rung } } }',
      { id },
    )
  ).project.stages;
const timersOf = async (id: string): Promise<{ kind: string; dueAt: string; state: string }[]> =>
  (
    await app.ask<{ timers: { kind: string; dueAt: string; state: string }[] }>(
      'sales',
      'query ($id: ID!) { timers(subjectId: $id) { kind dueAt state } }',
      { id },
    )
  ).timers.filter(({ state }) => state === 'SCHEDULED');
const document = async (
  stageId: string,
  formKey = 'F-001',
  gate = 'START',
): Promise<{ id: string; version: number }> =>
  (
    await app.ask<{ createDocument: { document: { id: string; version: number } } }>(
      'sales',
      'mutation ($input: CreateDocumentInput!) { createDocument(input: $input) { document { id version } } }',
      { input: { stageId, gate, formKey, title: formKey, data: {} } },
    )
  ).createDocument.document;
const submit = async (subjectId: string): Promise<string> =>
  (
    await app.ask<{ submitForApproval: { request: { id: string } } }>(
      'sales',
      'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id } } }',
      { input: { subjectType: 'DOCUMENT', subjectId } },
    )
  ).submitForApproval.request.id;
/** Who was told since then that a stage of the newest project stalls. */
const told = async (since: Date): Promise<string[]> => {
  const found: string[] = [];
  for (const person of ['sales', 'manager', 'director', 'gm', 'clerk', 'tech']) {
    const { notifications } = await app.ask<{
      notifications: { edges: { node: { kind: string; text: string; createdAt: string } }[] };
    }>(person, '{ notifications(first: 50) { edges { node { kind text createdAt } } } }');
    if (
      notifications.edges.some(
        ({ node: { kind, text, createdAt } }) =>
          kind === 'STAGE' && text.startsWith(`Quiet ${projects}:`) && new Date(createdAt) >= since,
      )
    )
      found.push(person);
  }
  return found;
};
const moveTo = async (at: string | Date): Promise<Date> => {
  app.moveTo(new Date(at));
  expect(await app.sweep()).toMatchObject({ failed: 0, refused: 0, dead: 0 });
  return app.now();
};
const later = (hours: number): Promise<Date> => moveTo(new Date(app.now().getTime() + hours * HOUR));

describe('a stage to which nothing happens', () => {
  test('is told to its owner after five working days, then to the manager, then to the director', async () => {
    const { id, stage } = await project();
    // Five working days from the opening on Monday, as the default calendar has it: that of the next Monday.
    expect(stage).toMatchObject({ status: 'STARTING', stallsAt: '2024-05-27T09:00:00.000Z', rung: 0 });
    expect((await timersOf(id)).map(({ kind, dueAt }) => `${kind} ${dueAt.slice(0, 10)}`)).toEqual([
      'stage-rung 2024-05-27',
      'stage-rung 2024-05-29',
      'stage-rung 2024-05-31',
    ]);
    await moveTo('2024-05-27T08:59:59Z');
    expect(await told(new Date('2024-05-20'))).toEqual([]);
    expect(await told(await moveTo('2024-05-27T09:00:00Z'))).toEqual(['sales']);
    expect(await told(await moveTo('2024-05-29T09:00:00Z'))).toEqual(['sales', 'manager']);
    expect(await told(await moveTo('2024-05-31T09:00:00Z'))).toEqual(['sales', 'director']);
    expect((await stagesOf(id))[0]).toMatchObject({ rung: 3 });
    expect(await timersOf(id)).toEqual([]);
  });

  test('has its time begin anew with whatever happens to it, and only once it happens', async () => {
    const { id, stage } = await project();
    const stalls = async (): Promise<string> => (await stagesOf(id))[0]!.stallsAt!;
    let last = stage.stallsAt!;
    const moves = async (what: () => Promise<unknown>): Promise<void> => {
      await later(72);
      expect(await stalls()).toBe(last);
      await what();
      expect(Date.parse(await stalls())).toBeGreaterThan(Date.parse(last));
      last = await stalls();
      expect(await timersOf(id)).toHaveLength(3);
    };
    let paper = { id: '', version: 0 };
    let request = '';
    const input = { subjectType: 'PROJECT', subjectId: id, title: 'Call', dueAt: '2024-12-01T00:00:00Z' };
    await moves(async () => void (paper = await document(stage.id)));
    await moves(() =>
      app.ask(
        'sales',
        'mutation ($input: UpdateDocumentInput!) { updateDocument(input: $input) { document { id } } }',
        {
          input: { id: paper.id, expectedVersion: paper.version, title: 'Better' },
        },
      ),
    );
    await moves(async () => void (request = await submit(paper.id)));
    await moves(() =>
      app.ask(
        'sales',
        'mutation ($input: CommentOnRequestInput!) { commentOnRequest(input: $input) { request { id } } }',
        {
          input: { requestId: request, comment: 'Please look' },
        },
      ),
    );
    await moves(() => story.act('manager', 'approve', request));
    await moves(() =>
      app.ask('sales', 'mutation ($input: SetRecordEventInput!) { setRecordEvent(input: $input) { name } }', {
        input: { subjectType: 'PROJECT', subjectId: id, event: 'handover', at: app.now().toISOString() },
      }),
    );
    await moves(async () => {
      const made = await app.ask<{ createFollowUp: { followUp: { id: string; version: number } } }>(
        'sales',
        'mutation ($input: CreateFollowUpInput!) { createFollowUp(input: $input) { followUp { id version } } }',
        { input },
      );
      const { id: followUpId, version } = made.createFollowUp.followUp;
      expect(await stalls()).toBe(last);
      await app.ask(
        'sales',
        'mutation ($input: CompleteFollowUpInput!) { completeFollowUp(input: $input) { followUp { id } } }',
        { input: { id: followUpId, expectedVersion: version, outcome: 'Reached' } },
      );
    });
  });
});

describe('a stage that waits for others', () => {
  test('chases whoever must decide on its document, not its owner; filed, the chase is over', async () => {
    const { id, stage } = await project();
    const request = await submit((await document(stage.id)).id);
    await story.act('manager', 'approve', request);
    const stallsAt = (await stagesOf(id))[0]!.stallsAt!;
    expect(await told(await moveTo(stallsAt))).toEqual(['gm']);
    await story.act('gm', 'approve', request);
    const again = (await stagesOf(id))[0]!.stallsAt!;
    expect(Date.parse(again)).toBeGreaterThan(Date.parse(stallsAt));
    expect(await told(await moveTo(again))).toEqual(['clerk']);
    const assignmentId = await story.taskOf('clerk', request);
    await app.ask('clerk', 'mutation ($input: FileInput!) { file(input: $input) { request { status } } }', {
      input: { assignmentId, filingNumber: 'FN-1' },
    });
    const [now] = await stagesOf(id);
    expect(now).toMatchObject({ status: 'RUNNING', rung: 0 });
    expect(await told(await moveTo(now!.stallsAt!))).toEqual(['sales']);
  });

  test('stands still while the request is paused or its clock has stopped for an answer', async () => {
    const { id, stage } = await project();
    const request = await submit((await document(stage.id)).id);
    const stalls = async (): Promise<string | null> => (await stagesOf(id))[0]!.stallsAt;
    const input = { requestId: request, comment: 'The law changes' };
    await app.ask(
      'admin',
      'mutation ($input: PauseRequestInput!) { pauseRequest(input: $input) { request { id } } }',
      {
        input,
      },
    );
    expect(await stalls()).toBeNull();
    expect(await timersOf(id)).toEqual([]);
    const since = app.now();
    await later(24 * 30);
    expect(await told(since)).toEqual([]);
    await app.ask(
      'admin',
      'mutation ($input: ResumeRequestInput!) { resumeRequest(input: $input) { request { id } } }',
      { input },
    );
    expect(await stalls()).not.toBeNull();
    const asked = await app.ask<{ askForInformation: { request: { questions: { id: string }[] } } }>(
      'manager',
      'mutation ($input: AskForInformationInput!) { askForInformation(input: $input) { request { questions { id } } } }',
      { input: { assignmentId: await story.taskOf('manager', request), question: 'Who pays?' } },
    );
    expect(await stalls()).toBeNull();
    await app.ask(
      'sales',
      'mutation ($input: GiveInformationInput!) { giveInformation(input: $input) { request { id } } }',
      { input: { questionId: asked.askForInformation.request.questions[0]!.id, answer: 'They do' } },
    );
    expect(await stalls()).not.toBeNull();
    expect(await timersOf(id)).toHaveLength(3);
  });
});
