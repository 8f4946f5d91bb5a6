import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MOVE_BATCH } from '../../src/limits.js';
import { readDb } from '../../src/entities/read-db.js';
import { readRequests } from '../../src/entities/approvals/request-rows.js';
import { replayRequests } from '../../src/queries/approvals/replay-requests.js';
import { fireTimer } from '../../src/commands/schedule/fire-timer.js';
import { TIMER_ACTIONS } from '../../src/commands/schedule/timer-actions.js';
import { requestStory, type RequestStory } from '../support/request-story.js';
import { testApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let story: RequestStory;
beforeEach(async () => {
  app = await testApp();
  story = requestStory(app);
});
afterEach(async () => {
  const { errors } = app;
  await app.close();
  expect(errors).toEqual([]);
});

const role = (key: string): string => `{ rule: role, role: ${key} }`;
const step = (key: string, ...roles: readonly string[]): string =>
  `  - { key: ${key}, kind: approve, title: ${key}, approvers: [${roles.map(role).join(', ')}] }`;
const yaml = (version: number, ...steps: readonly string[]): string => guarded(version, 'true', steps);
const guarded = (version: number, guard: string, steps: readonly string[]): string =>
  [
    'kind: process',
    'key: living',
    `version: ${version}`,
    'title: Living',
    'subjectType: CONTRACT',
    'priority: 900',
    `guard: subject.signingMode == "living" && ${guard}`,
    'steps:',
    ...steps,
  ].join('\n');

const PUBLISH = `mutation ($input: PublishProcessInput!) { publishProcess(input: $input) { process { version } move { id kind toVersion moved keptCount finishedAt } } }`;
const MOVE = `move { id kind toVersion moved keptCount finishedAt startedBy { email } kept { request { id } code reason } }`;
const MIGRATE = `mutation ($input: MigrateRequestsInput!) { migrateRequests(input: $input) { ${MOVE} dryRuns { request { id } migration why carried asked removed dropped { email } status } } }`;
const RELEASE = `mutation ($input: ReleaseRequestsInput!) { releaseRequests(input: $input) { ${MOVE} } }`;
const MOVES = `query ($key: String!) { requestMoves(processKey: $key) { kind moved keptCount finishedAt kept { request { id } code reason } } }`;
const REQUEST = `query ($id: ID!) { approvalRequest(id: $id) { status pauseCause process { version } steps { key kind status reason }
  events { type } viewerCan { action allowed code } } }`;

interface Shown {
  status: string;
  pauseCause: string | null;
  process: { version: number };
  steps: { key: string; kind: string; status: string; reason: string | null }[];
  events: { type: string }[];
  viewerCan: { action: string; allowed: boolean; code: string | null }[];
}
const show = async (id: string, as = 'admin'): Promise<Shown> =>
  (await app.ask<{ approvalRequest: Shown }>(as, REQUEST, { id })).approvalRequest;
const publish = (text: string, more: object = {}) =>
  app.ask<{ publishProcess: { move: { id: string } | null } }>('admin', PUBLISH, {
    input: { yaml: text, despiteConcerns: true, ...more },
  });
interface Moved {
  move: {
    moved: number;
    keptCount: number;
    finishedAt: string | null;
    kept: { code: string; reason: string }[];
  };
  dryRuns: {
    request: { id: string };
    migration: string;
    why: string | null;
    carried: string[];
    asked: string[];
  }[];
}
const migrate = async (more: object = {}, as = 'admin'): Promise<Moved> =>
  (
    await app.ask<{ migrateRequests: Moved }>(as, MIGRATE, {
      input: { processKey: 'living', toVersion: 2, comment: 'a second reviewer', ...more },
    })
  ).migrateRequests;
/** Facts give the rows, field by field, for every request. */
const replays = async (): Promise<string[]> => {
  const found: string[] = [];
  for await (const { differences } of replayRequests(app.app.orm.em.fork(), null)) found.push(...differences);
  return found;
};

describe('publishing a version', () => {
  test('keeps open requests on theirs unless it is asked to move them', async () => {
    await publish(yaml(1, step('review', 'legal')));
    const id = await story.submit('living');
    expect((await publish(yaml(2, step('review', 'finance')))).publishProcess.move).toBeNull();
    expect((await show(id)).process.version).toBe(1);
    expect(await story.asked(id)).toEqual(['legal']);
  });

  test('moves each open request when it is asked to, by a timer, and tells why one stayed', async () => {
    await publish(yaml(1, step('first', 'legal'), step('second', 'finance')));
    const moves = await story.submit('living');
    await story.act('legal', 'approve', moves);
    const paused = await story.submit('living');
    await app.ask(
      'admin',
      'mutation ($i: PauseRequestInput!) { pauseRequest(input: $i) { request { id } } }',
      {
        i: { requestId: paused, comment: 'wait' },
      },
    );
    const { move } = (
      await publish(yaml(2, step('first', 'legal'), step('third', 'technical-reviewer')), {
        openRequests: 'MIGRATE',
        comment: 'a second reviewer',
      })
    ).publishProcess;
    expect(move).toMatchObject({ kind: 'MIGRATE', toVersion: 2, moved: 0, finishedAt: null });
    await app.sweep();
    const { requestMoves } = await app.ask<{ requestMoves: object[] }>('admin', MOVES, { key: 'living' });
    expect(requestMoves).toMatchObject([
      { moved: 1, keptCount: 1, kept: [{ request: { id: paused }, code: 'REQUEST_PAUSED' }] },
    ]);
    const after = await show(moves);
    expect(after).toMatchObject({ status: 'PENDING', process: { version: 2 } });
    expect(after.steps).toMatchObject([
      { key: 'first', status: 'APPROVED' },
      { key: 'third', status: 'OPEN' },
      { key: 'second', kind: 'removed', status: 'CANCELLED', reason: 'MIGRATED' },
    ]);
    expect(await story.asked(moves)).toEqual(['tech']);
    await story.act('tech', 'approve', moves);
    expect(await story.statusOf(moves)).toBe('APPROVED');
    expect((await show(paused)).process.version).toBe(1);
    expect(await replays()).toEqual([]);
  });

  test('holds each open request when it is asked to, until it is moved or released', async () => {
    await publish(yaml(1, step('review', 'legal')));
    const [first, second] = [await story.submit('living'), await story.submit('living')];
    await publish(yaml(2, step('review', 'legal', 'finance')), {
      openRequests: 'HOLD',
      comment: 'rules change',
    });
    await app.sweep();
    expect(await show(first)).toMatchObject({ pauseCause: 'NEW_VERSION', process: { version: 1 } });
    const can = (await show(first)).viewerCan.filter(({ action }) => ['MIGRATE', 'RELEASE'].includes(action));
    expect(can.map(({ allowed }) => allowed)).toEqual([true, true]);
    const task = await story.taskOf('legal', first);
    const APPROVE = 'mutation ($i: DecisionInput!) { approve(input: $i) { request { id } } }';
    expect(await app.refusal('legal', APPROVE, { i: { assignmentId: task } })).toBe('REQUEST_PAUSED');
    expect((await migrate({ ids: [first] })).move).toMatchObject({ moved: 1, keptCount: 0 });
    expect(await story.asked(first)).toEqual(['finance', 'legal']);
    const input = { processKey: 'living', comment: 'finish as begun' };
    const { releaseRequests } = await app.ask<{ releaseRequests: Moved }>('admin', RELEASE, { input });
    expect(releaseRequests.move).toMatchObject({ moved: 1, keptCount: 0 });
    expect(await show(second)).toMatchObject({ pauseCause: null, process: { version: 1 } });
    await story.act('legal', 'approve', second);
    expect(await story.statusOf(second)).toBe('APPROVED');
    expect(await replays()).toEqual([]);
  });

  test('asks for the reason and for the right to override every request', async () => {
    const text = yaml(1, step('review', 'legal'));
    const input = { yaml: text, despiteConcerns: true, openRequests: 'MIGRATE' };
    expect(await app.refusal('admin', PUBLISH, { input })).toBe('BAD_USER_INPUT');
    await readDb(app.app.orm.em.fork())
      .updateTable('role')
      .set({ permissions: JSON.stringify({ 'process:publish': 'all', 'request:read': 'all' }) })
      .where('key', '=', 'administrator')
      .execute();
    const words = { ...input, comment: 'why' };
    expect(await app.refusal('admin', PUBLISH, { input: words })).toBe('FORBIDDEN');
  });
});

describe('migrateRequests', () => {
  test('says in a dry run what would become of each, and writes nothing', async () => {
    await publish(yaml(1, step('first', 'legal'), step('second', 'finance')));
    const id = await story.submit('living');
    await story.act('legal', 'approve', id);
    await publish(yaml(2, step('first', 'legal', 'technical-reviewer'), step('second', 'finance')));
    const before = await show(id);
    const { move, dryRuns } = await migrate({ dryRun: true, comment: null });
    expect(move).toBeNull();
    expect(dryRuns).toMatchObject([
      {
        request: { id },
        migration: 'CHANGED_ROUTE',
        carried: [],
        asked: ['first', 'second'],
        removed: [],
        dropped: [{ email: 'finance@demo.local' }],
        status: 'PENDING',
      },
    ]);
    expect(await show(id)).toEqual(before);
    await migrate();
    // The vote of legal stands; only the new reviewer is asked.
    expect(await story.asked(id)).toEqual(['tech']);
    expect((await show(id)).events.map(({ type }) => type)).toContain('MIGRATED');
    expect(await replays()).toEqual([]);
  });

  test('tells of each that cannot be moved why, in the language of who asks', async () => {
    await publish(yaml(1, step('review', 'legal')));
    const id = await story.submit('living');
    await publish(guarded(2, 'subject.amount > 5000.0', [step('review', 'legal')]));
    const { dryRuns } = await migrate({ dryRun: true });
    expect(dryRuns).toMatchObject([{ request: { id }, migration: 'IMPOSSIBLE', carried: [], asked: [] }]);
    expect(dryRuns[0]!.why).toBe(
      'The request cannot move to version 2 of living: its guard does not hold for the subject.',
    );
    expect((await migrate()).move).toMatchObject({
      moved: 0,
      keptCount: 1,
      kept: [{ code: 'MIGRATION_IMPOSSIBLE' }],
    });
    expect(await story.asked(id)).toEqual(['legal']);
  });

  test('goes on batch by batch: what a crash interrupts is done by the next sweep, and nothing twice', async () => {
    await publish(yaml(1, step('review', 'legal')));
    const ids: string[] = [];
    for (let count = 0; count < MOVE_BATCH + 3; count += 1) ids.push(await story.submit('living'));
    const { move } = (
      await publish(yaml(2, step('review', 'finance')), {
        openRequests: 'MIGRATE',
        comment: 'finance decides now',
      })
    ).publishProcess;
    const timers = async () =>
      readDb(app.app.orm.em.fork())
        .selectFrom('timer')
        .select(['id', 'state'])
        .where('subject_id', '=', move!.id)
        .orderBy('id')
        .execute();
    const [first] = await timers();
    // The process dies in the middle of the batch: nothing of it stays.
    const dying = {
      ...TIMER_ACTIONS,
      'requests-move': {
        ...TIMER_ACTIONS['requests-move']!,
        act: async (...given: Parameters<(typeof TIMER_ACTIONS)[string]['act']>) => {
          await TIMER_ACTIONS['requests-move']!.act(...given);
          throw new Error('killed');
        },
      },
    };
    await expect(fireTimer(app.app.makeContext(), first!.id, dying)).rejects.toThrow('killed');
    const versions = async (): Promise<number[]> =>
      (await readRequests(app.app.orm.em.fork(), ids)).map(({ definition }) => definition.version);
    expect(new Set(await versions())).toEqual(new Set([1]));
    await fireTimer(app.app.makeContext(), first!.id, TIMER_ACTIONS);
    expect((await versions()).filter((version) => version === 2)).toHaveLength(MOVE_BATCH);
    expect(await fireTimer(app.app.makeContext(), first!.id, TIMER_ACTIONS)).toEqual({ outcome: 'nothing' });
    await app.sweep();
    expect(new Set(await versions())).toEqual(new Set([2]));
    const { requestMoves } = await app.ask<{ requestMoves: object[] }>('admin', MOVES, { key: 'living' });
    expect(requestMoves).toMatchObject([
      { moved: MOVE_BATCH + 3, keptCount: 0, finishedAt: expect.any(String) },
    ]);
    const facts = await readDb(app.app.orm.em.fork())
      .selectFrom('approval_event')
      .select('id')
      .where('type', '=', 'MIGRATED')
      .execute();
    expect(facts).toHaveLength(ids.length);
    expect(await replays()).toEqual([]);
  }, 60_000);

  test('is refused without the permission, for unknown versions and requests, and answers a repeated key once', async () => {
    await publish(yaml(1, step('review', 'legal')));
    const id = await story.submit('living');
    await publish(yaml(2, step('review', 'finance')));
    const input = { processKey: 'living', toVersion: 2, comment: 'why' };
    expect(await app.refusal('manager', MIGRATE, { input })).toBe('FORBIDDEN');
    expect(await app.refusal(null, MIGRATE, { input })).toBe('UNAUTHENTICATED');
    expect(await app.refusal('admin', MIGRATE, { input: { ...input, toVersion: 1 } })).toBe('NOT_FOUND');
    expect(await app.refusal('admin', MIGRATE, { input: { ...input, ids: ['x'] } })).toBe('NOT_FOUND');
    expect(await app.refusal('admin', MIGRATE, { input: { ...input, ids: [] } })).toBe('BAD_USER_INPUT');
    expect(await app.refusal('admin', MIGRATE, { input: { ...input, comment: ' ' } })).toBe('BAD_USER_INPUT');
    const once = await migrate({ ids: [id], idempotencyKey: 'k' });
    expect(await migrate({ ids: [id], idempotencyKey: 'k' })).toEqual(once);
    expect(once.move).toMatchObject({ moved: 1 });
  });
});
