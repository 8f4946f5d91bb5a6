import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { contractFlow, type ContractFlow } from '../support/contract-flow.js';
import { START, testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let flow: ContractFlow;
beforeAll(async () => {
  app = await testApp();
  flow = contractFlow(app);
});
afterAll(async () => {
  await app.close();
});

const HOUR = 3_600_000;
const INSIGHT = `query ($filter: FlowInsightFilter!) { flowInsight(filter: $filter) { requests leftOut reworked loops
  firstCauses { processKey step role requests } steps { step opened skipped workingSeconds waitingSeconds absentSeconds pausedSeconds idle }
  load { person { email } asked decided open } } }`;
interface Insight {
  flowInsight: {
    requests: number;
    steps: { step: string; workingSeconds: number; opened: number; skipped: number; idle: string | null }[];
    load: { person: { email: string }; asked: number; decided: number; open: number }[];
  };
}
const filter = { from: '2024-05-01T00:00:00.000Z', until: '2024-06-01T00:00:00.000Z' };

test('how contracts flowed: time per step, first cause of rework, idle steps, load; within what the viewer may see', async () => {
  const { id } = await flow.submit(await flow.create());
  app.moveTo(new Date(START.getTime() + 2 * HOUR));
  await flow.act('manager', 'returnForChanges', id, 'say more');
  await flow.resubmit(id);
  app.moveTo(new Date(START.getTime() + 3 * HOUR));
  await flow.act('manager', 'approve', id);
  const { flowInsight } = await app.ask<Insight>('manager', INSIGHT, { filter });
  expect(flowInsight).toMatchObject({
    requests: 1,
    leftOut: 0,
    reworked: 1,
    loops: 1,
    firstCauses: [
      { processKey: 'contract-review', step: 'manager-review', role: 'sales-manager', requests: 1 },
    ],
  });
  const step = (key: string): Insight['flowInsight']['steps'][number] =>
    flowInsight.steps.find((one) => one.step === key)!;
  expect(step('manager-review')).toMatchObject({ opened: 2, absentSeconds: 0, pausedSeconds: 0, idle: null });
  const { workingSeconds, waitingSeconds } = step('manager-review') as never as Record<string, number>;
  expect(workingSeconds! + waitingSeconds!).toBe(3 * 3600);
  expect(step('general-manager')).toMatchObject({ opened: 0, skipped: 1, idle: 'ALWAYS_SKIPPED' });
  expect(flowInsight.load).toEqual([
    { person: { email: 'manager@demo.local' }, asked: 2, decided: 2, open: 0 },
    { person: { email: 'finance@demo.local' }, asked: 1, decided: 0, open: 1 },
  ]);
  const narrowed = async (more: object): Promise<number> =>
    (await app.ask<Insight>('manager', INSIGHT, { filter: { ...filter, ...more } })).flowInsight.requests;
  expect(await narrowed({ processKey: 'contract-review' })).toBe(1);
  expect(await narrowed({ processKey: 'other' })).toBe(0);
  expect(await narrowed({ from: '2024-05-21T00:00:00.000Z' })).toBe(0);
  expect(
    (await app.ask<Insight>('planner', INSIGHT, { filter }).catch(() => null))?.flowInsight.requests ?? 0,
  ).toBe(0);
  expect(await app.refusal(null, INSIGHT, { filter })).toBe('UNAUTHENTICATED');
});
