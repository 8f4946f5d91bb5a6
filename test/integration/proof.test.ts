import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contractFlow, type ContractFlow } from '../support/contract-flow.js';
import { publishProcess } from '../support/publish-process.js';
import { testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let flow: ContractFlow;
beforeAll(async () => {
  app = await testApp();
  flow = contractFlow(app);
});
afterAll(async () => {
  await app.close();
});

interface Difference {
  step: string;
  kind: string;
  expected: { email: string }[];
  actual: { email: string }[];
  cause: string;
  happened: boolean;
}
const DIFFERENCES = `query ($id: ID!) { approvalRequest(id: $id) { routeDifferences { step kind expected { email } actual { email } cause happened } } }`;
const differencesOf = async (id: string): Promise<Difference[]> =>
  (await app.ask<{ approvalRequest: { routeDifferences: Difference[] } }>('sales', DIFFERENCES, { id }))
    .approvalRequest.routeDifferences;

describe('the preview kept with the submission', () => {
  test('a route that goes as foreseen shows no difference', async () => {
    const { id } = await flow.submit(await flow.create());
    expect(await differencesOf(id)).toEqual([]);
    for (const person of ['manager', 'finance', 'legal']) await flow.act(person, 'approve', id);
    expect(await differencesOf(id)).toEqual([]);
  });

  test('with a changed holder of a role the difference names that change, before and after the step has opened', async () => {
    const { id } = await flow.submit(await flow.create());
    const [finance, gm] = [await app.person('finance'), await app.person('gm')];
    await flow.change('role_grant', { person_id: gm }, { person_id: finance, role_key: 'finance' });
    const ahead = {
      step: 'finance-check',
      kind: 'CHANGED_PEOPLE',
      expected: [{ email: 'finance@demo.local' }],
      actual: [{ email: 'gm@demo.local' }],
      cause: 'role grant of finance ended for Felix Feng; role finance granted to Grace Gao',
      happened: false,
    };
    expect(await differencesOf(id)).toEqual([ahead]);
    await flow.act('manager', 'approve', id);
    await flow.change('role_grant', { person_id: finance }, { person_id: gm, role_key: 'finance' });
    expect(await differencesOf(id)).toEqual([{ ...ahead, happened: true }]);
  });

  test('with a changed manager the stored difference names that change', async () => {
    const { id } = await flow.submit(await flow.create());
    await flow.act('manager', 'returnForChanges', id, 'say more');
    await flow.resubmit(id);
    expect(await differencesOf(id)).toEqual([]);
    const [sales, manager, director] = [
      await app.person('sales'),
      await app.person('manager'),
      await app.person('director'),
    ];
    const steps = [
      {
        key: 'clerk',
        kind: 'approve',
        title: 'Clerk',
        approvers: [{ rule: 'role', role: 'finance' }],
        formula: 'any',
      },
      { key: 'boss', kind: 'approve', title: 'Boss', approvers: [{ rule: 'manager' }], formula: 'any' },
    ];
    await publishProcess(app.app.orm.em.fork(), 'two-steps', steps);
    const second = await flow.submit(await flow.create({ signingMode: 'two-steps' }));
    await flow.change('app_user', { manager_id: director }, { id: sales });
    await flow.act('finance', 'approve', second.id);
    await flow.change('app_user', { manager_id: manager }, { id: sales });
    expect(await differencesOf(second.id)).toEqual([
      {
        step: 'boss',
        kind: 'CHANGED_PEOPLE',
        expected: [{ email: 'manager@demo.local' }],
        actual: [{ email: 'director@demo.local' }],
        cause: 'manager of Sam Song changed from Mei Ma to Daniel Deng',
        happened: true,
      },
    ]);
  });

  test('someone who left is named as the cause', async () => {
    const { id } = await flow.submit(await flow.create());
    const legal = await app.person('legal');
    await flow.change('app_user', { active: false }, { id: legal });
    const [difference] = await differencesOf(id);
    await flow.change('app_user', { active: true }, { id: legal });
    expect(difference).toMatchObject({
      step: 'legal-check',
      cause: 'Lena Li is no longer active',
      actual: [],
    });
  });

  test('the preview names the fields whose change could alter the route', async () => {
    const { previewApproval } = await app.ask<{ previewApproval: { sensitiveFields: string[] } }>(
      'sales',
      'query ($input: PreviewApprovalInput!) { previewApproval(input: $input) { sensitiveFields } }',
      { input: { subjectType: 'CONTRACT', subjectId: await flow.create() } },
    );
    expect(previewApproval.sensitiveFields).toEqual(['amount']);
  });
});

describe('explain', () => {
  const EXPLAIN = `query ($id: ID!) { explain(requestId: $id) { status round steps { key status why waitsFor dueAt condition
    asked { person { email } rule status } leftOut { person { email } rule reason } votes { approvals rejections open needed }
    nextRung { at action people { email } rules } } } }`;
  interface Explained {
    explain: {
      steps: {
        key: string;
        status: string;
        why: string;
        waitsFor: string[];
        votes: object | null;
        nextRung: object | null;
        asked: object[];
      }[];
    };
  }

  test('says per step who is asked by which rule, what the vote needs, what is skipped and what comes next', async () => {
    const { id } = await flow.submit(await flow.create());
    const { explain } = await app.ask<Explained>('sales', EXPLAIN, { id });
    const step = (key: string): Explained['explain']['steps'][number] =>
      explain.steps.find((one) => one.key === key)!;
    expect(step('manager-review')).toMatchObject({
      status: 'OPEN',
      why: 'Needs 1 more approval(s) of 1 open.',
      asked: [{ person: { email: 'manager@demo.local' }, rule: 'manager of the requester', status: 'OPEN' }],
      votes: { approvals: 0, rejections: 0, open: 1, needed: 1 },
      nextRung: { action: 'remind', people: [] },
    });
    expect(step('legal-check')).toMatchObject({ status: 'WAITING', votes: null, nextRung: null });
    expect(step('legal-check').waitsFor).toContain('finance-check');
    await flow.act('manager', 'approve', id);
    const after = await app.ask<Explained>('sales', EXPLAIN, { id });
    expect(after.explain.steps.find((one) => one.key === 'large-contract')).toMatchObject({
      status: 'SKIPPED',
      why: 'Skipped: its condition does not hold (subject.amount >= 500000.0)',
    });
  });

  test('a request that you may not see cannot be explained', async () => {
    const { id } = await flow.submit(await flow.create());
    expect(await app.refusal('warehouse', EXPLAIN, { id })).toBe('NOT_FOUND');
    expect(await app.refusal(null, EXPLAIN, { id })).toBe('UNAUTHENTICATED');
  });
});
