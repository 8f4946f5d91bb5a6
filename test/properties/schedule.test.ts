import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parseCalendar } from '../../src/workflows/calendar.js';
import { nextOf, reckon } from '../../src/workflows/follow-up.js';
import {
  everyLadderTimer,
  ladderTimers,
  rungReached,
  stillToAct,
  type Ladder,
} from '../../src/workflows/ladder.js';
import { actingAt, nextFiring, type Place } from '../../src/workflows/recurring-rule.js';
import { parseSchedule, type ScheduleDefinition } from '../../src/workflows/schedule-file.js';
import {
  occurrenceOf,
  occurrenceRule,
  onceRuleSchema,
  parseScheduleRule,
} from '../../src/workflows/schedule-rule.js';

const RUNS = Number(process.env['FC_RUNS'] ?? 300);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const shipped = ['china', 'monday-friday'].map((name) =>
  parseCalendar(
    parse(readFileSync(new URL(`../../../packs/calendars/${name}.yaml`, import.meta.url), 'utf8')),
  ),
);
const calendars = fc.constantFrom(
  ...shipped,
  parseCalendar({ ...shipped[1], key: 'berlin', timeZone: 'Europe/Berlin' }),
  parseCalendar({ ...shipped[1], key: 'new-york', timeZone: 'America/New_York' }),
);
const instants = fc
  .integer({ min: Date.parse('2023-01-01'), max: Date.parse('2027-01-01') })
  .map((millis) => new Date(millis));
const names = fc.constantFrom('handover', 'concept', 'completed');
const offsets = fc.record({
  count: fc.integer({ min: 0, max: 40 }),
  unit: fc.constantFrom('hour', 'day', 'working-day', 'week', 'half-month', 'month'),
});
const rolls = fc.constantFrom('none', 'previous-working-day', 'next-working-day');
const plain = fc.oneof(
  fc.record({
    kind: fc.constantFrom('after-event', 'before-event'),
    anchor: names,
    offset: offsets,
    roll: rolls,
    at: fc.constantFrom('end-of-day', 'close-of-business', 'same-time', '09:30'),
  }),
  fc.record({
    kind: fc.constant('response-time'),
    anchor: names,
    within: fc.constant('PT24H'),
    in: fc.constant('calendar'),
  }),
  fc.record({ kind: fc.constant('on-event'), anchor: names }),
);
const earliest = fc.record({
  kind: fc.constant('earliest-of'),
  limits: fc.array(plain, { minLength: 2, maxLength: 4 }),
});
const onceRules = fc
  .oneof(
    plain,
    earliest,
    fc.record({ kind: fc.constant('not-later-than'), rule: fc.oneof(plain, earliest), milestone: names }),
  )
  .map((written) => onceRuleSchema.parse(written));
const anchors = fc.record({
  handover: fc.option(instants),
  concept: fc.option(instants),
  completed: fc.option(instants),
});
const spans = fc.record({
  after: fc.constantFrom('P1D', 'PT4H', 'P3D', 'PT0S'),
  in: fc.constantFrom('calendar', 'business'),
});
const ladders = fc.record({
  reminders: fc.array(fc.record({ when: fc.constantFrom('before', 'after'), offset: spans }), {
    maxLength: 3,
  }),
  ladder: fc.array(fc.record({ after: spans, action: fc.constant({ do: 'remind' }) }), { maxLength: 4 }),
}) as fc.Arbitrary<Ladder>;

test('moving an event and back again restores every due time and every rung', () => {
  fc.assert(
    fc.property(
      onceRules,
      anchors,
      names,
      instants,
      calendars,
      ladders,
      instants,
      (rule, known, which, to, calendar, ladder, now) => {
        const timers = (at: typeof known): unknown => {
          const { dueAt } = reckon(rule, at, calendar);
          return [reckon(rule, at, calendar), ladderTimers(ladder, dueAt, calendar, now)];
        };
        const before = timers(known);
        const away = { ...known, [which]: to };
        timers(away);
        expect(timers({ ...away, [which]: known[which] })).toEqual(before);
      },
    ),
    { numRuns: RUNS },
  );
});

test('an unknown event is waited for and named; the earliest of limits is none later than any known one', () => {
  fc.assert(
    fc.property(onceRules, anchors, calendars, (rule, known, calendar) => {
      const { dueAt, waitingFor } = reckon(rule, known, calendar);
      for (const name of waitingFor) expect(known[name as keyof typeof known] ?? null).toBeNull();
      if (dueAt === null) expect(waitingFor.length).toBeGreaterThan(0);
      if (rule.kind !== 'earliest-of' || dueAt === null) return;
      const each = rule.limits
        .map((limit) => reckon(limit, known, calendar).dueAt)
        .filter((at) => at !== null);
      expect(dueAt.getTime()).toBe(Math.min(...each.map((at) => at.getTime())));
    }),
    { numRuns: RUNS },
  );
});

test('rungs climb in order, none before the due time; how many have come by now is what rungReached says', () => {
  fc.assert(
    fc.property(ladders, instants, calendars, instants, (ladder, due, calendar, now) => {
      const rungs = ladderTimers(ladder, due, calendar, now).filter(({ kind }) => kind === 'rung');
      expect(rungs).toHaveLength(ladder.ladder.length);
      expect(rungs.every(({ at }, index) => at >= (rungs[index - 1]?.at ?? due))).toBe(true);
      const reminders = ladderTimers(ladder, due, calendar, now).filter(({ kind }) => kind === 'reminder');
      expect(reminders.every(({ at }) => at > now)).toBe(true);
      expect(rungReached(ladder, due, calendar, now)).toBe(rungs.filter(({ at }) => at <= now).length);
    }),
    { numRuns: RUNS },
  );
});

const calendarRules = fc.oneof(
  fc.record({
    kind: fc.constant('daily'),
    days: fc.constantFrom('all', 'working'),
    at: fc.constantFrom('09:00', '02:30', 'end-of-day'),
  }),
  fc.record({
    kind: fc.constant('weekday'),
    weekday: fc.constantFrom('monday', 'friday', 'sunday'),
    part: fc.constantFrom('day', 'afternoon'),
    roll: rolls,
  }),
  fc.record({ kind: fc.constant('day-of-month'), day: fc.integer({ min: 1, max: 31 }), roll: rolls }),
  fc.record({ kind: fc.constant('last-day-of-month'), roll: rolls }),
  fc.record({
    kind: fc.constant('yearly-months'),
    months: fc.constantFrom([1, 7], [2], [3, 6, 9, 12]),
    roll: rolls,
  }),
  fc.record({
    kind: fc.constant('recurrence'),
    rrule: fc.constantFrom(
      'FREQ=DAILY',
      'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR',
      'FREQ=MONTHLY;BYMONTHDAY=-1',
      'FREQ=MONTHLY;BYDAY=2TU;COUNT=30',
    ),
    start: fc.constantFrom('2023-01-02T09:00', '2023-03-26T02:30'),
    roll: rolls,
  }),
);
const definitions = fc
  .record({
    rule: calendarRules,
    catchUp: fc.constantFrom('all', 'latest', 'none'),
    madeBefore: fc.option(
      fc.constantFrom({ after: 'P5D', in: 'calendar' }, { after: 'P2D', in: 'business' }),
    ),
  })
  .map(({ rule, catchUp, madeBefore }): ScheduleDefinition =>
    parseSchedule({
      key: 'x',
      title: { en: 'x' },
      rule,
      catchUp,
      makes: { do: 'follow-up', title: { en: 'x' }, for: { role: 'anyone' }, madeBefore },
    }),
  );
const sleeps = fc.array(fc.integer({ min: 1, max: 40 * 24 }), { minLength: 1, maxLength: 12 });

test('whenever a rule is woken, each occurrence is dealt with once, in order, and none is lost', () => {
  fc.assert(
    fc.property(definitions, calendars, instants, sleeps, (definition, calendar, start, hours) => {
      const dealt: string[] = [];
      let place: Place = { at: start, key: '' };
      let now = start;
      for (const slept of hours) {
        now = new Date(now.getTime() + slept * HOUR);
        const acting = actingAt(definition, place, calendar, now);
        const both = [...acting.make, ...acting.skip].toSorted(
          (a, b) => a.at.getTime() - b.at.getTime() || (a.key < b.key ? -1 : 1),
        );
        dealt.push(...both.map(({ key }) => key));
        place = acting.place;
        expect(both.every(({ fireAt }) => fireAt <= now)).toBe(true);
      }
      // Asked at once instead, from the start: one firing after the other.
      const asked: string[] = [];
      let at: Place = { at: start, key: '' };
      for (
        let next = nextFiring(definition, at, calendar);
        next && next.fireAt <= now;
        next = nextFiring(definition, at, calendar)
      ) {
        asked.push(next.key);
        at = next;
      }
      expect(dealt).toEqual(asked);
      expect(new Set(dealt).size).toBe(dealt.length);
    }),
    { numRuns: Math.ceil(RUNS / 3) },
  );
});

test('what follows a follow-up is reckoned from its anchor, whenever it is asked', () => {
  fc.assert(
    fc.property(
      instants,
      calendars,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 500 }),
      (completed, calendar, every, days) => {
        const rule = parseScheduleRule({
          kind: 'every-months',
          anchor: 'completed',
          every,
          firstAfter: every,
          at: 'same-time',
        });
        const now = new Date(completed.getTime() + days * DAY);
        const next = nextOf(
          { rule, until: null },
          { dueAt: null, occurrence: 0 },
          { completed },
          calendar,
          now,
        );
        if (next?.dueAt == null) throw new Error('there is always a next one');
        expect(next.dueAt >= now && next.occurrence >= 1).toBe(true);
        const before = reckon(
          occurrenceRule(rule as never, next.occurrence - 1),
          { completed },
          calendar,
        ).dueAt;
        expect(next.occurrence === 1 || before! < now).toBe(true);
        const from = occurrenceOf(rule, { completed, now: next.dueAt }, calendar);
        expect(from).toMatchObject({ status: 'due', at: next.dueAt, key: `#${next.occurrence}` });
        expect(reckon(next.rule!, { completed }, calendar).dueAt).toEqual(next.dueAt);
      },
    ),
    { numRuns: RUNS },
  );
});

test('a ladder whose times move loses none of what is to act, and repeats nothing that has', () => {
  fc.assert(
    fc.property(
      ladders,
      instants,
      calendars,
      calendars,
      fc.integer({ min: 0, max: 20 * 24 }),
      fc.integer({ min: 0, max: 20 * 24 }),
      (ladder, due, before, after, made, later) => {
        const since = new Date(due.getTime() - made * HOUR);
        const now = new Date(since.getTime() + later * HOUR);
        const set = ladderTimers(ladder, due, before, since).map((timer) => ({
          ...timer,
          acted: timer.at <= now,
        }));
        const all = everyLadderTimer(ladder, due, after);
        const left = stillToAct(all, set, now);
        const name = ({ kind, index }: { kind: string; index: number }): string => `${kind}/${index}`;
        const names = left.map(name);
        expect(new Set(names).size).toBe(names.length);
        for (const timer of set) expect(names.includes(name(timer))).toBe(!timer.acted);
        // What was left out as passed comes only when it lies ahead.
        const known = new Set(set.map(name));
        for (const timer of all.filter((one) => !known.has(name(one))))
          expect(names.includes(name(timer))).toBe(timer.at > now);
      },
    ),
    { numRuns: RUNS },
  );
});

test('under another calendar a rule goes on with the first occurrence that is not dealt with', () => {
  fc.assert(
    fc.property(calendars, calendars, instants, (before, after, start) => {
      const definition = parseSchedule({
        key: 'daily',
        title: { en: 'Daily' },
        calendar: null,
        rule: { kind: 'daily', days: 'working', at: 'close-of-business' },
        makes: { do: 'follow-up', title: { en: 'Daily' }, for: { role: 'salesperson' } },
      });
      const first = nextFiring(definition, { at: start, key: '' }, before)!;
      const place = { at: first.at, key: first.key };
      const next = nextFiring(definition, place, after, new Set([first.key]))!;
      expect(next.key > first.key).toBe(true);
      // Nothing that lies between is left out.
      const any = nextFiring(definition, place, after)!;
      expect([first.key, next.key]).toContain(any.key);
    }),
    { numRuns: RUNS },
  );
});
