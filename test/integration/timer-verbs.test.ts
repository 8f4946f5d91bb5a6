import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readDb } from '../../src/entities/read-db.js';
import { publishProcess } from '../support/publish-process.js';
import { requestStory, type RequestStory } from '../support/request-story.js';
import { testApp, type TestApp } from '../support/test-app.js';
import { checkDatabase } from '../support/whole-database.js';

const KEY = 'chased';
const HOUR = 3_600_000;
const STEPS = [
  {
    key: 'legal',
    kind: 'approve',
    title: { en: 'Legal', zh: '法务' },
    approvers: [{ rule: 'role', role: 'legal' }],
    due: { after: 'P2D', in: 'calendar' },
    reminders: [{ when: 'before', offset: { after: 'P1D', in: 'calendar' } }],
    ladder: [
      { after: { after: 'P1D', in: 'calendar' }, action: { do: 'remind' } },
      {
        after: { after: 'P1D', in: 'calendar' },
        action: { do: 'notify', who: [{ rule: 'role', role: 'general-manager' }] },
      },
    ],
  },
];

let app: TestApp;
let story: RequestStory;
beforeAll(async () => {
  app = await testApp();
  story = requestStory(app);
  await publishProcess(app.app.orm.em.fork(), KEY, STEPS);
});
afterAll(async () => {
  const { problems } = await checkDatabase(app.app.orm.em.fork());
  expect(problems.filter((problem) => problem.startsWith('A-'))).toEqual([]);
  expect(app.errors).toEqual([]);
  await app.close();
});

interface Timer {
  readonly id: string;
  readonly kind: string;
  readonly dueAt: string;
  readonly state: string;
  readonly history: { type: string; reason: string | null; by: { email: string } | null }[];
}
const FIELDS = 'id kind dueAt state history { type reason by { email } dueBefore dueAfter }';
/** Still to act first, then what has; each soonest first. */
const timers = async (subjectId: string): Promise<Timer[]> =>
  (
    await app.ask<{ timers: Timer[] }>('admin', `query ($id: ID!) { timers(subjectId: $id) { ${FIELDS} } }`, {
      id: subjectId,
    })
  ).timers;
const operation = (name: string): string =>
  `mutation ($input: ${name[0]!.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { timers { ${FIELDS} } } }`;
const verb = async (name: string, input: object, as = 'admin'): Promise<Timer[]> =>
  (await app.ask<Record<string, { timers: Timer[] }>>(as, operation(name), { input }))[name]!.timers;
const refused = (name: string, input: object, as = 'admin'): Promise<string> =>
  app.refusal(as, operation(name), { input });
const times = (list: readonly Timer[], since: number): number[] =>
  list.map(({ dueAt }) => (Date.parse(dueAt) - since) / HOUR);
const later = async (hours: number): Promise<void> => {
  app.moveTo(new Date(app.now().getTime() + hours * HOUR));
  expect(await app.sweep()).toMatchObject({ failed: 0, refused: 0 });
};
const happened = async (id: string): Promise<string[]> =>
  (
    await readDb(app.app.orm.em.fork())
      .selectFrom('approval_event')
      .select('type')
      .where('request_id', '=', id)
      .where('type', 'in', ['REMINDED', 'ESCALATED'])
      .orderBy('sequence')
      .execute()
  ).map(({ type }) => type);
const reason = 'The customer is away';

describe('a timer that is put off', () => {
  test('acts at its new time, alone or with what comes after it, and its history says who did it and why', async () => {
    const id = await story.submit(KEY);
    const start = app.now().getTime();
    const [reminder, , second] = await timers(id);
    expect(times(await timers(id), start)).toEqual([24, 72, 96]);
    await verb('snoozeTimer', { timerId: reminder!.id, until: new Date(start + 30 * HOUR), reason });
    expect(times(await timers(id), start)).toEqual([30, 72, 96]);
    const moved = await verb('snoozeTimer', {
      timerId: (await timers(id))[1]!.id,
      for: { after: 'PT5H', in: 'calendar' },
      andLater: true,
      reason,
    });
    expect(moved).toHaveLength(2);
    expect(times(await timers(id), start)).toEqual([30, 77, 101]);
    expect((await timers(id))[2]).toMatchObject({
      id: second!.id,
      history: [{ type: 'SNOOZED', reason, by: { email: 'admin@demo.local' } }],
    });
    const db = readDb(app.app.orm.em.fork());
    await expect(db.deleteFrom('timer_event').execute()).rejects.toThrow('append-only');
    await later(25);
    expect(await happened(id)).toEqual([]);
    await later(6);
    expect(await happened(id)).toEqual(['REMINDED']);
    await later(60);
    expect(await happened(id)).toEqual(['REMINDED', 'ESCALATED']);
  });

  test('never goes into the past or out of bounds, and only with a reason and the permission', async () => {
    const id = await story.submit(KEY);
    const timerId = (await timers(id))[0]!.id;
    const until = new Date(app.now().getTime() + HOUR);
    expect(await refused('snoozeTimer', { timerId, until: app.now(), reason })).toBe('BAD_USER_INPUT');
    const far = new Date(app.now().getTime() + 367 * 24 * HOUR);
    expect(await refused('snoozeTimer', { timerId, until: far, reason })).toBe('BAD_USER_INPUT');
    expect(await refused('snoozeTimer', { timerId, until, reason: ' ' })).toBe('BAD_USER_INPUT');
    expect(await refused('snoozeTimer', { timerId, reason })).toBe('BAD_USER_INPUT');
    expect(await refused('snoozeTimer', { timerId, until, reason }, 'manager')).toBe('FORBIDDEN');
    expect(await refused('snoozeTimer', { timerId: id, until, reason })).toBe('NOT_FOUND');
    await story.act('legal', 'approve', id);
    expect(await refused('snoozeTimer', { timerId, until, reason })).toBe('INVALID_STATE');
  });

  test('stays put off when the clock of its step stops and goes on', async () => {
    const id = await story.submit(KEY);
    const start = app.now().getTime();
    await verb('snoozeTimer', {
      timerId: (await timers(id))[0]!.id,
      until: new Date(start + 60 * HOUR),
      reason,
    });
    await app.ask(
      'admin',
      'mutation ($input: PauseRequestInput!) { pauseRequest(input: $input) { request { id } } }',
      {
        input: { requestId: id, comment: 'wait' },
      },
    );
    await later(5);
    await app.ask(
      'admin',
      'mutation ($input: ResumeRequestInput!) { resumeRequest(input: $input) { request { id } } }',
      {
        input: { requestId: id, comment: 'go on' },
      },
    );
    const open = (await timers(id)).filter(({ state }) => state === 'SCHEDULED');
    expect(times(open, start)).toEqual([60, 77, 101]);
    expect(open[0]!.history).toMatchObject([{ type: 'KEPT', by: null }]);
  });
});

describe('a timer that is run now', () => {
  test('acts at once and once, rungs in their order', async () => {
    const id = await story.submit(KEY);
    const [reminder, first, second] = await timers(id);
    expect(await refused('runTimerNow', { timerId: second!.id, reason })).toBe('ACTION_NOT_ALLOWED');
    expect(await verb('runTimerNow', { timerId: reminder!.id, reason })).toMatchObject([{ state: 'FIRED' }]);
    expect(await happened(id)).toEqual(['REMINDED']);
    await verb('runTimerNow', { timerId: first!.id, reason });
    await verb('runTimerNow', { timerId: second!.id, reason });
    expect(await happened(id)).toEqual(['REMINDED', 'ESCALATED', 'ESCALATED']);
    expect(await refused('runTimerNow', { timerId: second!.id, reason })).toBe('INVALID_STATE');
    await later(200);
    expect(await happened(id)).toHaveLength(3);
  });
});

describe('timers that are paused', () => {
  test('do not act; decisions go on; resumed they have the time that was left', async () => {
    const id = await story.submit(KEY);
    const start = app.now().getTime();
    await later(10);
    expect(await verb('pauseTimers', { subjectId: id, reason })).toHaveLength(3);
    expect(await refused('pauseTimers', { subjectId: id, reason })).toBe('INVALID_STATE');
    const [paused] = await timers(id);
    expect(paused).toMatchObject({ state: 'PAUSED' });
    expect(await refused('runTimerNow', { timerId: paused!.id, reason })).toBe('INVALID_STATE');
    await later(500);
    expect(await happened(id)).toEqual([]);
    await verb('resumeTimers', { subjectId: id });
    expect(times(await timers(id), start)).toEqual([524, 572, 596]);
    await later(14);
    expect(await happened(id)).toEqual(['REMINDED']);
    await verb('pauseTimers', { subjectId: id, reason });
    await story.act('legal', 'approve', id);
    expect((await timers(id)).map(({ state }) => state).toSorted()).toEqual([
      'CANCELLED',
      'CANCELLED',
      'FIRED',
    ]);
  });

  test('nothing that carries out a rule or an absence is moved, and what is unknown is not found', async () => {
    const row = await readDb(app.app.orm.em.fork())
      .selectFrom('timer')
      .select('id')
      .where('kind', '=', 'recurring-rule')
      .executeTakeFirstOrThrow();
    expect(await refused('runTimerNow', { timerId: row.id, reason })).toBe('NOT_FOUND');
    expect(await refused('pauseTimers', { subjectId: row.id, reason })).toBe('NOT_FOUND');
  });
});

type Step = { readonly do: 'snooze' | 'run' | 'pause' | 'resume' | 'wait' | 'decide'; readonly n: number };
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('snooze', 'run', 'pause', 'resume', 'wait', 'wait', 'decide'),
  n: fc.integer({ min: 1, max: 40 }),
});

test('whatever people do to timers: none acts twice, none while paused, and what was left stays left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const id = await story.submit(KEY);
      let decided = false;
      for (const { do: what, n } of steps) {
        const before = await timers(id);
        const open = before.filter(({ state }) => ['SCHEDULED', 'PAUSED'].includes(state));
        const target = open[n % Math.max(open.length, 1)];
        const acted = (await happened(id)).length;
        const attempt = async (name: string, input: object): Promise<void> => {
          const answer = await app.send('admin', operation(name), { input });
          if (answer.errors)
            expect(['INVALID_STATE', 'ACTION_NOT_ALLOWED']).toContain(answer.errors[0]!.extensions.code);
        };
        if (what === 'wait') await later(n);
        if (what === 'snooze' && target)
          await attempt('snoozeTimer', {
            timerId: target.id,
            for: { after: `PT${n}H`, in: 'calendar' },
            andLater: n % 2 === 0,
            reason,
          });
        if (what === 'run' && target) await attempt('runTimerNow', { timerId: target.id, reason });
        if (what === 'pause') await attempt('pauseTimers', { subjectId: id, reason });
        if (what === 'resume') {
          const left = new Map<string, number>();
          const rows = await readDb(app.app.orm.em.fork())
            .selectFrom('timer')
            .select(['id', 'due_at', 'paused_at'])
            .where('subject_id', '=', id)
            .where('state', '=', 'PAUSED')
            .execute();
          for (const row of rows)
            left.set(row.id, Math.max(0, Date.parse(row.due_at) - Date.parse(row.paused_at!)));
          await attempt('resumeTimers', { subjectId: id });
          for (const { id: timerId, dueAt } of await timers(id))
            if (left.has(timerId)) expect(Date.parse(dueAt) - app.now().getTime()).toBe(left.get(timerId));
        }
        if (what === 'decide' && !decided && n < 5) {
          await story.act('legal', 'approve', id);
          decided = true;
        }
        const after = await timers(id);
        const fired = (list: readonly Timer[]): number =>
          list.filter(({ state }) => state === 'FIRED').length;
        // Each act is one timer's, and no timer acts while it is paused.
        expect((await happened(id)).length - acted).toBe(fired(after) - fired(before));
        for (const { id: pausedId } of before.filter(({ state }) => state === 'PAUSED'))
          if (what !== 'resume') expect(after.find((one) => one.id === pausedId)?.state).not.toBe('FIRED');
        if (decided) expect(after.some(({ state }) => ['SCHEDULED', 'PAUSED'].includes(state))).toBe(false);
      }
    }),
    { numRuns: Number(process.env['FC_RUNS'] ?? 12), seed: 20_240_520 },
  );
  const { problems } = await checkDatabase(app.app.orm.em.fork());
  expect(problems.filter((problem) => problem.startsWith('A-'))).toEqual([]);
});
