import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { requestStory, type RequestStory } from '../support/request-story.js';
import { publishProcess } from '../support/publish-process.js';
import { testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let story: RequestStory;
beforeAll(async () => {
  app = await testApp();
  story = requestStory(app);
  const em = app.app.orm.em.fork();
  const user = (key: string): object => ({ rule: 'user', email: `${key}@demo.local` });
  await readDb(em)
    .insertInto('approval_group')
    .values({ key: 'board', title_en: 'Board', title_zh: '评审组' })
    .execute();
  for (const key of ['tech', 'legal'])
    await readDb(em)
      .insertInto('approval_group_member')
      .values({ id: newRowId(), group_key: 'board', person_id: await app.person(key) })
      .execute();
  const step = (key: string, approvers: object[], more: object = {}): object => ({
    key,
    kind: 'approve',
    title: key,
    approvers,
    ...more,
  });
  const among = [user('finance'), user('legal'), user('tech')];
  await publishProcess(em, 'chosen', [
    step('first', [{ rule: 'requester-choice', among, min: 1, max: 2 }]),
    step('second', [{ rule: 'previous-choice', from: 'first', min: 1, max: 1 }]),
  ]);
  await publishProcess(em, 'pooled', [step('desk', [{ rule: 'pool', of: among }])]);
  await publishProcess(em, 'grouped', [
    step('board', [{ rule: 'group', key: 'board' }]),
    step('above', [{ rule: 'expression', people: 'managers(requester.id, 2)' }]),
  ]);
  await publishProcess(em, 'balanced', [
    step('desk', [{ rule: 'least-loaded', of: [user('warehouse'), user('clerk')] }]),
  ]);
});
afterAll(() => app.close());

const SUBMIT =
  'mutation ($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id } } }';
const fault = async (
  operation: Promise<{ errors?: readonly { extensions: object }[] }>,
): Promise<object | undefined> => (await operation).errors?.[0]?.extensions;

describe('choices', () => {
  test('the requester names the first approvers, and they name the next', async () => {
    const [legal, finance, gm] = [
      await app.person('legal'),
      await app.person('finance'),
      await app.person('gm'),
    ];
    const id = await story.submit('chosen', { choices: [{ step: 'first', userIds: [legal, finance] }] });
    expect(await story.asked(id)).toEqual(['finance', 'legal']);
    await story.act('finance', 'approve', id);
    const task = await story.taskOf('legal', id);
    const approve = 'mutation ($input: DecisionInput!) { approve(input: $input) { request { status } } }';
    expect(await fault(app.send('legal', approve, { input: { assignmentId: task } }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'choices' }],
    });
    await story.act('legal', 'approve', id, { choices: [{ step: 'second', userIds: [gm] }] });
    expect(await story.asked(id)).toEqual(['gm']);
    await story.act('gm', 'approve', id);
    expect(await story.statusOf(id)).toBe('APPROVED');
  });

  test('are refused where they stand', async () => {
    const subjectId = await story.contract('chosen');
    const submit = (choices: object[]) =>
      fault(app.send('sales', SUBMIT, { input: { subjectType: 'CONTRACT', subjectId, choices } }));
    expect(await submit([])).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path: 'choices' }] });
    expect(await submit([{ step: 'first', userIds: [await app.person('warehouse')] }])).toMatchObject({
      code: 'PERSON_NOT_ELIGIBLE',
      path: 'choices.0.userIds.0',
    });
    expect(await submit([{ step: 'second', userIds: [await app.person('gm')] }])).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'choices.0.step' }],
    });
  });

  test('the preview lists whom one could choose', async () => {
    const { previewApproval } = await app.ask<{ previewApproval: { steps: object[] } }>(
      'sales',
      `query ($input: PreviewApprovalInput!) { previewApproval(input: $input) { steps { key outcome reason approvers { person { name } } } } }`,
      { input: { subjectType: 'CONTRACT', subjectId: await story.contract('chosen') } },
    );
    expect(previewApproval.steps[0]).toMatchObject({
      outcome: 'ASKED',
      reason: 'CHOICE',
      approvers: [{}, {}, {}],
    });
  });
});

describe('a pool', () => {
  const CAN = `query { inbox(first: 50) { edges { node { id pool claimedAt request { id } viewerCan { action allowed } } } } }`;
  test('claimed it is mine, released it is everyone’s, decided it is gone', async () => {
    const id = await story.submit('pooled');
    expect(await story.asked(id)).toEqual(['finance', 'legal', 'tech']);
    const taken = await story.taskOf('legal', id);
    await story.act('finance', 'claimAssignment', id);
    expect(await story.asked(id)).toEqual(['finance']);
    const claim = 'mutation ($input: ClaimInput!) { claimAssignment(input: $input) { request { id } } }';
    expect(await app.refusal('legal', claim, { input: { assignmentId: taken } })).toBe('ASSIGNMENT_NOT_OPEN');
    const { inbox } = await app.ask<{ inbox: { edges: { node: { request: { id: string } } }[] } }>(
      'finance',
      CAN,
    );
    const mine = inbox.edges.find(({ node }) => node.request.id === id)?.node;
    expect(mine).toMatchObject({ pool: 'pool 1', claimedAt: expect.any(String) });
    expect(mine).toMatchObject({
      viewerCan: expect.arrayContaining([
        { action: 'CLAIM', allowed: false },
        { action: 'RELEASE', allowed: true },
      ]),
    });
    await story.act('finance', 'releaseAssignment', id);
    expect(await story.asked(id)).toEqual(['finance', 'legal', 'tech']);
    await story.act('tech', 'approve', id);
    expect(await story.statusOf(id)).toBe('APPROVED');
  });
});

test('a group, then people by an expression', async () => {
  const id = await story.submit('grouped');
  expect(await story.asked(id)).toEqual(['legal', 'tech']);
  await story.act('legal', 'approve', id);
  await story.act('tech', 'approve', id);
  expect(await story.asked(id)).toEqual(['director', 'manager']);
});

test('the least loaded are asked in turn', async () => {
  const asked = [];
  for (let count = 0; count < 4; count += 1)
    asked.push(...(await story.asked(await story.submit('balanced'))));
  expect(asked.toSorted()).toEqual(['clerk', 'clerk', 'warehouse', 'warehouse']);
  expect(asked[0]).not.toBe(asked[1]);
});
