import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseCalendars } from '../../src/workflows/pack.js';
import {
  boundsOf,
  chase,
  dueTimesOf,
  milestoneTimers,
  parsePeriod,
  type MilestoneNow,
} from '../../src/workflows/plan-cycle.js';
import { parseScheduleRule } from '../../src/workflows/schedule-rule.js';
import type { PlanMilestoneTemplate, PlanTemplate } from '../../src/workflows/template-file.js';

const path = 'packs/calendars/china.yaml';
const [china] = parseCalendars([{ path, text: readFileSync(path, 'utf8') }]).calendars;
if (!china) throw new Error(`no calendar in ${path}`);

const milestone = (
  key: string,
  due: unknown,
  rest: Partial<PlanMilestoneTemplate> = {},
): PlanMilestoneTemplate => ({
  key,
  title: { en: key },
  form: null,
  due: due === null ? null : parseScheduleRule(due),
  responsible: 'owner',
  doneBy: 'person',
  waitsFor: null,
  reminders: [],
  ladder: [],
  ...rest,
});
const template = (...milestones: PlanMilestoneTemplate[]): PlanTemplate => ({
  key: 'generated',
  version: 1,
  title: { en: 'Generated' },
  planKind: 'MONTHLY',
  calendar: null,
  milestones,
});

const dayOf = (day: number): object => ({ kind: 'day-of-month', day });
const due = (plan: PlanTemplate, kind: string, period: string, happened = {}): (string | null)[] =>
  [...dueTimesOf(plan, parsePeriod(kind, period), china, happened).values()].map(
    (at) => at?.toISOString() ?? null,
  );

describe('periods', () => {
  test.each([
    ['MONTHLY', '2024-05'],
    ['QUARTERLY', '2024-Q2'],
    ['ANNUAL', '2024'],
    ['THEMATIC', '2024-Q4'],
    ['STAGE', '2024-12'],
  ])('a %s plan may cover %s', (kind, text) => {
    expect(parsePeriod(kind, text).year).toBe(2024);
  });

  test.each([
    ['MONTHLY', '2024'],
    ['MONTHLY', '2024-5'],
    ['MONTHLY', '2024-13'],
    ['MONTHLY', '2024-00'],
    ['QUARTERLY', '2024-Q5'],
    ['QUARTERLY', '2024-05'],
    ['ANNUAL', '2024-05'],
    ['ANNUAL', '1969'],
    ['ANNUAL', '2201'],
    ['THEMATIC', 'May 2024'],
    ['THEMATIC', ''],
  ])('a %s plan may not cover "%s"', (kind, text) => {
    expect(() => parsePeriod(kind, text)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  test('a quarter begins and ends at midnight of the calendar', () => {
    const { from, to } = boundsOf(parsePeriod('QUARTERLY', '2024-Q4'), china);
    expect([from.toISOString(), to.toISOString()]).toEqual([
      '2024-09-30T16:00:00.000Z',
      '2024-12-31T15:59:59.999Z',
    ]);
  });
});

describe('due times', () => {
  const parts = template(
    milestone('list', dayOf(6)),
    milestone('draft', dayOf(10)),
    milestone('guided', dayOf(15)),
  );

  test('X-01: the 6th, 10th and 15th of May and June 2024 count to their end; no holiday moves them', () => {
    expect(due(parts, 'MONTHLY', '2024-05')).toEqual([
      '2024-05-06T15:59:59.999Z',
      '2024-05-10T15:59:59.999Z',
      '2024-05-15T15:59:59.999Z',
    ]);
    expect(due(parts, 'MONTHLY', '2024-06')).toEqual([
      '2024-06-06T15:59:59.999Z',
      '2024-06-10T15:59:59.999Z',
      '2024-06-15T15:59:59.999Z',
    ]);
  });

  test('a date rolled out of its month is still that month’s', () => {
    const early = template(milestone('first', { ...dayOf(1), roll: 'previous-working-day' }));
    // 1 June 2024 is a Saturday.
    expect(due(early, 'MONTHLY', '2024-06')).toEqual(['2024-05-31T15:59:59.999Z']);
  });

  test('what hangs on another milestone reckons from its due time, or from when it happened', () => {
    const hanging = template(
      milestone('after', { kind: 'after-event', anchor: 'draft', offset: { count: 3, unit: 'day' } }),
      milestone('draft', dayOf(10)),
      milestone('approved', null),
      milestone('told', { kind: 'after-event', anchor: 'approved', offset: { count: 1, unit: 'day' } }),
      milestone('closing', { kind: 'before-event', anchor: 'period-end', offset: { count: 2, unit: 'day' } }),
    );
    const fixed = ['2024-05-13T15:59:59.999Z', '2024-05-10T15:59:59.999Z', null];
    const closing = '2024-05-29T15:59:59.999Z';
    expect(due(hanging, 'MONTHLY', '2024-05')).toEqual([...fixed, null, closing]);
    const approved = new Date('2024-05-11T02:00:00Z');
    expect(due(hanging, 'MONTHLY', '2024-05', { approved })).toEqual([
      ...fixed,
      '2024-05-12T15:59:59.999Z',
      closing,
    ]);
  });

  test('a date not filled in yet gives no due time', () => {
    expect(due(template(milestone('blank', { kind: 'unset' })), 'MONTHLY', '2024-05')).toEqual([null]);
  });
});

test('reminders and rungs are reckoned from the due time; only a reminder whose time has passed is left out', () => {
  const day = { after: 'P1D', in: 'calendar' } as const;
  const chased = milestone('list', dayOf(6), {
    reminders: [
      { when: 'before', offset: day },
      { when: 'after', offset: { after: 'PT9H', in: 'calendar' } },
    ],
    ladder: [
      { after: day, action: { do: 'remind' } },
      { after: day, action: { do: 'remind' } },
    ],
  });
  const at = new Date('2024-05-06T15:59:59.999Z');
  const times = (now: string): string[] =>
    milestoneTimers(chased, at, china, new Date(now)).map(
      (timer) => `${timer.kind} ${timer.index} ${timer.at.toISOString()}`,
    );
  const late = ['milestone-rung 0 2024-05-07T15:59:59.999Z', 'milestone-rung 1 2024-05-08T15:59:59.999Z'];
  expect(times('2024-05-01T00:00:00Z')).toEqual([
    'milestone-reminder 0 2024-05-05T15:59:59.999Z',
    'milestone-reminder 1 2024-05-07T00:59:59.999Z',
    ...late,
  ]);
  expect(times('2024-05-20T00:00:00Z')).toEqual(late);
  expect(milestoneTimers(chased, null, china, at)).toEqual([]);
});

describe('who is chased', () => {
  const now = (done: readonly string[]): MilestoneNow[] =>
    (
      [
        ['list', 'document', null],
        ['draft', 'submission', 'list'],
        ['approved', 'approval', 'draft'],
        ['guided', 'person', 'approved'],
      ] as const
    ).map(([key, doneBy, waitsFor]) => ({ key, doneBy, waitsFor, done: done.includes(key) }));

  test('X-01 (b): whoever holds up the milestone, not whoever waits', () => {
    expect(chase(now(['list', 'draft']), 'guided')).toEqual({ milestone: 'approved', by: 'approvers' });
    expect(chase(now(['list', 'draft', 'approved']), 'guided')).toEqual({
      milestone: 'guided',
      by: 'responsible',
    });
    expect(chase(now(['list']), 'guided')).toEqual({ milestone: 'draft', by: 'responsible' });
  });

  test('X-01 (c): a blocked planner’s milestone chases the missing stock list', () => {
    expect(chase(now([]), 'draft')).toEqual({ milestone: 'list', by: 'responsible' });
    expect(chase(now([]), 'list')).toEqual({ milestone: 'list', by: 'responsible' });
  });

  test('nobody for what is done or unknown', () => {
    expect(chase(now(['list']), 'list')).toBeNull();
    expect(chase(now([]), 'nothing')).toBeNull();
  });
});
