import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { contractFlow, type ContractFlow } from '../support/contract-flow.js';
import { tableChecksums } from '../support/table-checksums.js';
import { START, testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let flow: ContractFlow;
let first: string;
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
  first = id;
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

test('each finding opens as a simulation, for whoever may simulate; nothing is written', async () => {
  const FINDINGS = `query ($filter: FlowInsightFilter!) { flowInsight(filter: $filter) {
    steps { step idle asked bottleneck candidate noCandidate } firstCauses { step candidate noCandidate } } }`;
  interface Finding {
    step: string;
    idle?: string | null;
    bottleneck?: boolean;
    candidate: string | null;
    noCandidate: string | null;
  }
  interface Findings {
    flowInsight: { steps: Finding[]; firstCauses: Finding[] };
  }
  for (const person of ['finance', 'legal']) await flow.act(person, 'approve', first);
  // Legal sends back what the manager and finance have approved.
  const { id } = await flow.submit(await flow.create());
  app.moveTo(new Date(app.now().getTime() + 96 * HOUR));
  await flow.act('manager', 'approve', id);
  await flow.act('finance', 'approve', id);
  await flow.act('legal', 'returnForChanges', id, 'say more');
  const { steps, firstCauses } = (await app.ask<Findings>('admin', FINDINGS, { filter })).flowInsight;
  const found = (list: readonly Finding[], key: string): Finding => list.find(({ step }) => step === key)!;
  expect(steps.filter(({ idle }) => idle !== null).map(({ step }) => step)).toContain('general-manager');
  expect(steps.filter(({ bottleneck }) => bottleneck).map(({ step }) => step)).toEqual(['manager-review']);
  expect(found(steps, 'legal-check')).toMatchObject({ idle: null, candidate: null, noCandidate: null });
  expect(found(firstCauses, 'manager-review')).toMatchObject({ candidate: null, noCandidate: 'FIRST_STEP' });
  const SIMULATE = `query ($input: SimulateProcessInput!) { simulateProcess(input: $input) { candidate compared excluded { why }
    changed { differences { step kind } added { step person { email } } dropped { step } } } }`;
  interface Simulated {
    simulateProcess: {
      candidate: string;
      compared: number;
      excluded: object[];
      changed: { differences: { step: string; kind: string }[]; added: object[]; dropped: object[] }[];
    };
  }
  const simulate = async (yaml: string | null): Promise<Simulated['simulateProcess']> =>
    (
      await app.ask<Simulated>('admin', SIMULATE, {
        input: { yaml, from: '2024-01-01T00:00:00.000Z', until: '2025-01-01T00:00:00.000Z' },
      })
    ).simulateProcess;
  const before = await tableChecksums(app.app.orm.em.fork());
  for (const { candidate, noCandidate, ...finding } of [...steps, ...firstCauses]) {
    const isFinding = !('idle' in finding) || finding.idle !== null || finding.bottleneck;
    expect([finding.step, (candidate !== null) !== (noCandidate !== null)]).toEqual([
      finding.step,
      isFinding,
    ]);
    if (candidate === null) continue;
    expect(await simulate(candidate)).toMatchObject({
      candidate: 'contract-review@2',
      compared: 2,
      excluded: [],
    });
  }
  // Skipped in every one of them, it is missed in none.
  expect(await simulate(found(steps, 'general-manager').candidate)).toMatchObject({ changed: [] });
  // The manager's manager is asked beside them.
  const eased = await simulate(found(steps, 'manager-review').candidate);
  expect(eased.changed.flatMap(({ added }) => added)).toMatchObject([
    { step: 'manager-review' },
    { step: 'manager-review' },
  ]);
  expect(await simulate(found(firstCauses, 'legal-check').candidate)).toMatchObject({ compared: 2 });
  expect(found(firstCauses, 'legal-check').candidate).toMatch(/^ {2}- key: legal-check[^]*manager-review/m);
  expect(await tableChecksums(app.app.orm.em.fork())).toEqual(before);
  const { flowInsight } = await app.ask<Findings>('manager', FINDINGS, { filter });
  expect([...flowInsight.steps, ...flowInsight.firstCauses].filter(({ candidate }) => candidate)).toEqual([]);
});
