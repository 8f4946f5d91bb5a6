import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { contractFlow, type ContractFlow } from '../support/contract-flow.js';
import { tableChecksums } from '../support/table-checksums.js';
import { testApp, type TestApp } from '../support/test-app.js';

const PACK = readFileSync(
  path.resolve(import.meta.dirname, '../../../packs/contract-review/contract-review.yaml'),
  'utf8',
);
const edited = (...edits: readonly (readonly [string | RegExp, string])[]): string =>
  edits.reduce((text, [from, to]) => text.replaceAll(from, to), PACK.replace('version: 1', 'version: 2'));

let app: TestApp;
let flow: ContractFlow;
/** By amount: 120 is approved, 300 rejected by the manager, 860 waits in the joint review. */
const ids: Record<'120' | '300' | '860', string> = { '120': '', '300': '', '860': '' };
beforeAll(async () => {
  app = await testApp();
  flow = contractFlow(app);
  const amount = (thousand: string): object => ({ amount: { amount: `${thousand}000.00`, currency: 'CNY' } });
  ids['120'] = await flow.approved(amount('120') as Record<string, unknown>, ['manager', 'finance', 'legal']);
  ids['300'] = (await flow.submit(await flow.create(amount('300') as Record<string, unknown>))).id;
  await flow.act('manager', 'reject', ids['300'], 'too dear');
  ids['860'] = (await flow.submit(await flow.create(amount('860') as Record<string, unknown>))).id;
  await flow.act('manager', 'approve', ids['860']);
});
afterAll(async () => {
  await app.close();
});

interface Approval {
  step: string;
  person: { email: string };
}
interface Simulation {
  candidate: string;
  compared: number;
  leftOut: number;
  changed: {
    request: { id: string };
    differences: { step: string; kind: string }[];
    added: Approval[];
    dropped: Approval[];
    stranded: string[];
  }[];
  excluded: { request: { id: string }; why: string }[];
  load: { person: { email: string }; before: number; after: number }[];
}
const SIMULATE = `query ($input: SimulateProcessInput!) { simulateProcess(input: $input) { candidate organisationAsOf compared leftOut
  changed { request { id } differences { step kind } added { step person { email } } dropped { step person { email } } stranded }
  excluded { request { id } why } load { person { email } before after } } }`;
const PERIOD = { from: '2024-01-01T00:00:00.000Z', until: '2025-01-01T00:00:00.000Z' };
const simulate = async (input: object): Promise<Simulation> =>
  (await app.ask<{ simulateProcess: Simulation }>('admin', SIMULATE, { input: { ...PERIOD, ...input } }))
    .simulateProcess;

/** `request step person` of all approvals on one side. */
const approvals = ({ changed }: Simulation, side: 'added' | 'dropped'): string[] =>
  changed.flatMap((one) =>
    one[side].map(
      ({ step, person }) =>
        `${Object.entries(ids).find(([, id]) => id === one.request.id)![0]} ${step} ${person.email.split('@')[0]}`,
    ),
  );

describe('a definition simulated over what was submitted', () => {
  test('the candidate that is the present definition gives no difference and changes nothing in the database', async () => {
    await app.ask('admin', '{ viewer { id } }');
    const before = await tableChecksums(app.app.orm.em.fork());
    const stored = await simulate({ processKey: 'contract-review' });
    expect(stored).toMatchObject({
      candidate: 'contract-review@1',
      organisationAsOf: app.now().toISOString(),
      compared: 3,
      changed: [],
      excluded: [],
      leftOut: 0,
    });
    expect(await simulate({ yaml: PACK })).toEqual(stored);
    expect(await simulate({ processKey: 'contract-review', processVersion: 1 })).toEqual(stored);
    await simulate({ yaml: edited(['500000.0', '250000.0']) });
    expect(await tableChecksums(app.app.orm.em.fork())).toEqual(before);
    expect(stored.load.find(({ person }) => person.email === 'manager@demo.local')).toMatchObject({
      before: 3,
      after: 3,
    });
  });

  test('a lower threshold sends the middle one to the joint review and the general manager', async () => {
    const result = await simulate({ yaml: edited(['500000.0', '250000.0']) });
    expect(approvals(result, 'added')).toEqual([
      '300 technical-review tech',
      '300 finance-review finance',
      '300 legal-review legal',
      '300 general-manager gm',
    ]);
    expect(approvals(result, 'dropped')).toEqual(['300 finance-check finance', '300 legal-check legal']);
    expect(result.load.find(({ person }) => person.email === 'gm@demo.local')).toMatchObject({
      before: 1,
      after: 2,
    });
    expect(result.changed[0]!.differences).toEqual(
      expect.arrayContaining([
        { step: 'general-manager', kind: 'NOT_SKIPPED' },
        { step: 'legal-check', kind: 'SKIPPED' },
      ]),
    );
  });

  test('a step left out is dropped for the small ones alone', async () => {
    const result = await simulate({ yaml: edited([/ {2}- key: legal-check[^]*$/g, '']) });
    expect(approvals(result, 'added')).toEqual([]);
    expect(approvals(result, 'dropped')).toEqual(['120 legal-check legal', '300 legal-check legal']);
    expect(result.changed.flatMap(({ differences }) => differences)).toEqual([
      { step: 'legal-check', kind: 'REMOVED' },
      { step: 'legal-check', kind: 'REMOVED' },
    ]);
  });

  test('another reviewer changes the people of the large one alone', async () => {
    const result = await simulate({
      yaml: edited([
        'approvers: [{ rule: role, role: technical-reviewer }]',
        'approvers: [{ rule: role, role: warehouse }]',
      ]),
    });
    expect(approvals(result, 'added')).toEqual(['860 technical-review warehouse']);
    expect(approvals(result, 'dropped')).toEqual(['860 technical-review tech']);
  });

  test('a leaver strands the steps that only they decide; a guard that fits none excludes', async () => {
    const legal = await app.person('legal');
    const result = await simulate({ processKey: 'contract-review', organisation: { personLeaves: legal } });
    expect(result.changed.map(({ request, stranded }) => [request.id, stranded])).toEqual([
      [ids['120'], ['legal-check']],
      [ids['300'], ['legal-check']],
      [ids['860'], ['legal-review']],
    ]);
    const none = await simulate({
      yaml: edited(['priority: 0', 'priority: 0'], ['steps:', 'guard: subject.kind == "FRAMEWORK"\nsteps:']),
    });
    expect(none.excluded.map(({ request, why }) => [request.id, why])).toEqual(
      Object.values(ids).map((id) => [id, 'NO_PROCESS']),
    );
  });

  test('refused: an unsound definition, nothing to simulate, and whoever may not publish', async () => {
    const input = { ...PERIOD, yaml: 'kind: process\n' };
    expect(await app.refusal('admin', SIMULATE, { input })).toBe('INVALID_DEFINITION');
    expect(await app.refusal('admin', SIMULATE, { input: PERIOD })).toBe('BAD_USER_INPUT');
    expect(await app.refusal('admin', SIMULATE, { input: { ...PERIOD, processKey: 'none' } })).toBe(
      'NOT_FOUND',
    );
    expect(await app.refusal('sales', SIMULATE, { input })).toBe('FORBIDDEN');
  });
});

describe('living definitions', () => {
  const IMPACT = `query ($yaml: String!) { publishImpact(yaml: $yaml) { check { key version findings { rule } concerns { rule path example } } openRequests
    affected { request { id } migration why carried asked removed dropped { email } status differences { step kind cause } } } }`;
  interface Impact {
    publishImpact: {
      openRequests: number;
      affected: {
        request: { id: string };
        migration: string;
        why: string | null;
        carried: string[];
        asked: string[];
        removed: string[];
        dropped: { email: string }[];
        differences: { step: string; kind: string }[];
      }[];
    };
  }
  const impactOf = async (yaml: string): Promise<Impact['publishImpact']> =>
    (await app.ask<Impact>('admin', IMPACT, { yaml })).publishImpact;

  test('publishing shows each open request with a dry run: the same route, another one, or impossible and why', async () => {
    expect(await impactOf(edited())).toMatchObject({
      openRequests: 1,
      affected: [{ request: { id: ids['860'] }, migration: 'SAME_ROUTE', differences: [] }],
    });
    const [changed] = (await impactOf(edited(['500000.0', '900000.0']))).affected;
    expect(changed).toMatchObject({ migration: 'CHANGED_ROUTE' });
    expect(changed!.differences.map(({ step, kind }) => `${step} ${kind}`)).toEqual(
      expect.arrayContaining(['general-manager SKIPPED', 'finance-check NOT_SKIPPED']),
    );
    expect(changed!.carried).toEqual(['manager-review']);
    expect(changed!.asked).toEqual(expect.arrayContaining(['large-contract', 'technical-review']));
    const [renamed] = (await impactOf(edited(['manager-review', 'first-review']))).affected;
    expect(renamed).toMatchObject({ migration: 'CHANGED_ROUTE', removed: ['manager-review'] });
    expect(renamed!.dropped.map(({ email }) => email)).toContain('tech@demo.local');
  });

  test('a change of the organisation is checked before it is saved', async () => {
    const QUERY = `query ($input: OrganisationChangeInput!) { organisationImpact(input: $input) { openRequests requests { request { id } steps } definitions { key problems } } }`;
    const ask = async (
      input: object,
    ): Promise<{
      requests: { request: { id: string }; steps: string[] }[];
      definitions: { key: string; problems: string[] }[];
    }> => (await app.ask<{ organisationImpact: never }>('admin', QUERY, { input })).organisationImpact;
    const finance = await app.person('finance');
    const leaves = await ask({ personLeaves: finance });
    expect(leaves.requests).toEqual([{ request: { id: ids['860'] }, steps: ['finance-review'] }]);
    expect(leaves.definitions.find(({ key }) => key === 'contract-review')!.problems.join()).toContain(
      'finance',
    );
    const ends = await ask({
      roleGrantEnds: { personId: await app.person('gm'), roleKey: 'general-manager' },
    });
    expect(ends.requests).toEqual([{ request: { id: ids['860'] }, steps: ['general-manager'] }]);
    expect(await ask({ personLeaves: await app.person('warehouse') })).toMatchObject({
      requests: [],
      definitions: [],
    });
    expect(await app.refusal('admin', QUERY, { input: {} })).toBe('BAD_USER_INPUT');
    expect(await app.refusal('manager', QUERY, { input: { personLeaves: finance } })).toBe('FORBIDDEN');
  });

  test('checked, published, chosen, retired; open requests keep their version', async () => {
    const CHECK =
      'query ($yaml: String!) { checkProcess(yaml: $yaml) { key version findings { line column path rule message example } concerns { rule path example } } }';
    const PUBLISH =
      'mutation ($input: PublishProcessInput!) { publishProcess(input: $input) { process { id name status } } }';
    const yaml = edited(['500000.0', '250000.0']);
    const { checkProcess } = await app.ask<{
      checkProcess: { findings: object[]; concerns: { rule: string; path: string; example: string }[] };
    }>('admin', CHECK, { yaml });
    expect(checkProcess.findings).toEqual([]);
    // The general manager has no manager, and nobody in the demo organisation is deputy general manager.
    expect(checkProcess.concerns).toMatchObject([
      { rule: 'no-approver', path: 'steps.0.approvers' },
      { rule: 'dead-end', path: 'steps.2.ladder.1' },
    ]);
    expect(checkProcess.concerns.map(({ example }) => example.split(',')[0])).toEqual([
      'department company',
      'department marketing',
    ]);
    expect(await app.refusal('admin', PUBLISH, { input: { yaml } })).toBe('INVALID_DEFINITION');
    const broken = await app.send('admin', PUBLISH, {
      input: { yaml: yaml.replace('role: legal }', 'role: leagl }') },
    });
    expect(broken.errors![0]!.extensions).toMatchObject({
      code: 'INVALID_DEFINITION',
      findings: [{ rule: 'unknown-role' }],
    });
    const { publishProcess } = await app.ask<{ publishProcess: { process: { id: string } } }>(
      'admin',
      PUBLISH,
      { input: { yaml, despiteConcerns: true } },
    );
    expect(publishProcess.process).toMatchObject({ name: 'contract-review@2', status: 'PUBLISHED' });
    const PROCESS = 'query ($id: ID!) { approvalRequest(id: $id) { process { version } } }';
    const fresh = await flow.submit(await flow.create());
    expect(await app.ask('sales', PROCESS, { id: fresh.id })).toEqual({
      approvalRequest: { process: { version: 2 } },
    });
    expect(await app.ask('sales', PROCESS, { id: ids['860'] })).toEqual({
      approvalRequest: { process: { version: 1 } },
    });
    expect(await app.refusal('admin', PUBLISH, { input: { yaml: PACK, despiteConcerns: true } })).toBe(
      'INVALID_DEFINITION',
    );
    const RETIRE =
      'mutation ($input: RetireProcessInput!) { retireProcess(input: $input) { process { status } } }';
    const input = { id: publishProcess.process.id };
    expect(await app.ask('admin', RETIRE, { input })).toEqual({
      retireProcess: { process: { status: 'RETIRED' } },
    });
    expect(await app.refusal('admin', RETIRE, { input })).toBe('INVALID_STATE');
    expect(await app.refusal('sales', PUBLISH, { input: { yaml } })).toBe('FORBIDDEN');
  });
});
