import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCalendar, type BusinessCalendar } from '../../src/workflows/calendar.js';
import { isRefusal } from '../../src/errors.js';
import { isEnded, type Command, type World } from '../../src/workflows/request.js';
import {
  aDefinition,
  anOrganisation,
  aStep,
  HOUR,
  MONDAY,
  submitted,
  type Story,
} from '../support/engine-builders.js';
import { timerKey, type LiveTimer } from '../support/invariants.js';

const RUNS = Number(process.env['FC_RUNS'] ?? 300);

type Key = 'home' | 'east' | 'west';
type Calendars = Readonly<Record<Key, BusinessCalendar>>;

const ZONES = { home: 'Asia/Shanghai', east: 'Asia/Tokyo', west: 'Europe/Berlin' } as const;

/** Bob works by the company's calendar, dee by her department's, eve by her own. */
const OFFICE = anOrganisation({
  people: {
    ann: { department: 'sales' },
    bob: { department: 'sales' },
    dee: { department: 'finance' },
    eve: { department: 'finance', calendar: 'west' },
  },
  departments: {
    company: {},
    sales: { parent: 'company' },
    finance: { parent: 'company', calendar: 'east' },
  },
});

const days = (count: number) => ({ after: `P${count}D`, in: 'business' }) as const;
const hours = (count: number) => ({ after: `PT${count}H`, in: 'business' }) as const;

/** Everything is counted in working time, but for one rung; a rung here only reminds. */
const definition = (named: Key | null) =>
  aDefinition({
    calendar: named,
    expires: days(40),
    steps: ['first', 'second'].map((key, index) =>
      aStep(key, {
        by: index === 0 ? 'bob eve' : 'dee bob',
        due: index === 0 ? days(3) : hours(13),
        reminders: [
          { when: 'before', offset: days(1) },
          { when: 'after', offset: hours(3) },
        ],
        ladder: [
          { after: hours(5), action: { do: 'remind' } },
          { after: { after: 'P2D', in: 'calendar' }, action: { do: 'remind' } },
        ],
      }),
    ),
  });

const anyCalendar = (key: Key): fc.Arbitrary<BusinessCalendar> =>
  fc
    .record({
      zone: fc.constantFrom(ZONES[key], 'America/New_York'),
      spans: fc.constantFrom(['09:00-17:00'], ['09:00-12:00', '13:00-18:00'], ['08:30-11:00']),
      friday: fc.constantFrom(['09:00-12:00'], ['09:00-17:00']),
      off: fc.array(fc.nat(60), { maxLength: 12 }),
      makeUp: fc.option(fc.nat(60)),
    })
    .map(({ zone, spans, friday, off, makeUp }) => {
      const date = (day: number): string =>
        new Date(MONDAY.getTime() + (day - 3) * 24 * HOUR).toISOString().slice(0, 10);
      return parseCalendar({
        key,
        name: key,
        timeZone: zone,
        week: { monday: spans, tuesday: spans, wednesday: spans, thursday: spans, friday },
        holidays: Object.fromEntries(off.map((day) => [date(day), 'off'])),
        makeUpDays: makeUp === null || off.includes(makeUp) ? {} : { [date(makeUp)]: 'monday' },
      });
    });

type Move =
  | { readonly do: 'wait'; readonly hours: number }
  | { readonly do: 'edit'; readonly calendar: BusinessCalendar }
  | { readonly do: 'pause' | 'resume' | 'ask' | 'answer' | 'approve' | 'fire' };

const anyMove: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<Key>('home', 'east', 'west')
      .chain((key) => anyCalendar(key))
      .map((calendar) => ({ do: 'edit' as const, calendar })),
  },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(
        'pause' as const,
        'resume' as const,
        'ask' as const,
        'answer' as const,
        'approve' as const,
        'fire' as const,
      )
      .map((what) => ({ do: what })),
  },
);

const calendarsOf =
  (calendars: Calendars): World['calendarOf'] =>
  (key) =>
    calendars[(key ?? 'home') as Key];

const EVERYBODY = fc.record({
  home: anyCalendar('home'),
  east: anyCalendar('east'),
  west: anyCalendar('west'),
});

/** The command that a move comes to; null: nothing could be done. */
function commandOf(story: Story, what: Move['do']): Command | null {
  const { request } = story;
  const open = request.assignments.find((one) => one.status === 'OPEN');
  const asked = request.questions.find((one) => one.status === 'OPEN');
  switch (what) {
    case 'pause':
    case 'resume':
      return { type: what, by: 'gus', comment: 'because' };
    case 'ask':
      return open
        ? { type: 'ask', by: open.personId, ordinal: open.ordinal, of: null, question: 'why?' }
        : null;
    case 'answer':
      return asked ? { type: 'answer', by: asked.askedOfId, number: asked.number, answer: 'so' } : null;
    case 'approve':
      return open
        ? {
            type: 'decide',
            by: open.personId,
            ordinal: open.ordinal,
            action: 'APPROVE',
            comment: null,
            evidence: null,
          }
        : null;
    default:
      return null;
  }
}

/** Gives the command where it is allowed; whether it was is the same in every world of calendars. */
function attempt(story: Story, command: Command | null): void {
  if (!command) return;
  try {
    story.command(command);
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

interface Times {
  readonly steps: readonly object[];
  readonly expiresAt: Date | null;
}

const timesOf = ({ request }: Story): Times => ({
  steps: request.steps
    .filter(({ status }) => status === 'OPEN')
    .map(({ key, dueAt, calendarKey, clockStoppedAt }) => ({ key, dueAt, calendarKey, clockStoppedAt })),
  // What has ended expires no more, whatever the calendars.
  expiresAt: isEnded(request) ? null : request.expiresAt,
});

const rungsOf = (timers: readonly LiveTimer[], fired: ReadonlySet<string>): object[] =>
  timers
    .filter((timer) => timer.kind === 'rung' && !fired.has(timerKey(timer)))
    .map((timer) => ({ key: timerKey(timer), at: timer.at }))
    .toSorted((one, other) => (one.key < other.key ? -1 : 1));

/** Lets everything act that is due; tells what did. */
function fireDue(story: Story, fired: Set<string>): void {
  for (;;) {
    const next = story.timers.toSorted((a, b) => a.at.getTime() - b.at.getTime())[0];
    if (!next || next.at > story.now) return;
    const key = timerKey(next);
    expect(fired.has(key)).toBe(false);
    fired.add(key);
    story.fireNext();
  }
}

describe('due times and edited calendars', () => {
  test('are what they would be had the calendars always been as they are now', () => {
    let moved = 0;
    fc.assert(
      fc.property(
        fc.constantFrom<Key | null>(null, null, 'west'),
        EVERYBODY,
        fc.array(anyMove, { minLength: 3, maxLength: 25 }),
        (named, first, moves) => {
          let calendars: Calendars = first;
          const fired = new Set<string>();
          const begin = (all: Calendars): Story =>
            submitted({ definition: definition(named), organisation: OFFICE, calendarOf: calendarsOf(all) });
          const story = begin(calendars);
          for (const move of moves) {
            if (move.do === 'wait') story.later(move.hours * HOUR);
            else if (move.do === 'fire') fireDue(story, fired);
            else if (move.do === 'edit') {
              calendars = { ...calendars, [move.calendar.key]: move.calendar };
              story.calendarOf = calendarsOf(calendars);
              moved += story.reckon().length;
              expect(story.reckon()).toEqual([]);
            } else attempt(story, commandOf(story, move.do));
          }
          // The same story in which the calendars never changed, and no timer acted.
          const other = begin(calendars);
          for (const move of moves) {
            if (move.do === 'wait') other.later(move.hours * HOUR);
            else if (move.do !== 'edit' && move.do !== 'fire') attempt(other, commandOf(other, move.do));
          }
          expect(timesOf(story)).toEqual(timesOf(other));
          expect(rungsOf(story.timers, fired)).toEqual(rungsOf(other.timers, fired));
        },
      ),
      { numRuns: RUNS },
    );
    expect(moved).toBeGreaterThan(RUNS / 4);
  });

  test('a step with several people runs by the calendar under which it is due first', () => {
    const plain = (key: Key): BusinessCalendar =>
      parseCalendar({
        key,
        name: key,
        timeZone: ZONES[key],
        week: Object.fromEntries(
          ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => [day, ['09:00-17:00']]),
        ),
      });
    const all: Calendars = { home: plain('home'), east: plain('east'), west: plain('west') };
    const late = { ...all, home: parseCalendar({ ...all.home, holidays: { '2026-03-03': 'off' } }) };
    for (const by of ['bob eve', 'eve bob']) {
      const story = submitted({
        steps: [aStep('review', { by, due: days(1) })],
        organisation: OFFICE,
        calendarOf: calendarsOf(all),
      });
      // Monday 10:00 in Shanghai is before work in Berlin.
      expect(story.step('review')).toMatchObject({
        calendarKey: 'home',
        dueAt: new Date('2026-03-03T02:00:00Z'),
      });
      story.calendarOf = calendarsOf(late);
      story.reckon();
      expect(story.step('review')).toMatchObject({
        calendarKey: 'west',
        dueAt: new Date('2026-03-03T08:00:00Z'),
      });
    }
  });

  test('what has acted never acts again, and what an edit puts into the past acts once', () => {
    const spread = ['00:00-24:00'];
    const week = { monday: spread, tuesday: spread, wednesday: spread, thursday: spread, friday: spread };
    const calendar = (holidays: Record<string, string>): BusinessCalendar =>
      parseCalendar({ key: 'home', name: 'home', timeZone: 'UTC', week, holidays });
    const tuesday = new Date(MONDAY.getTime() + 24 * HOUR).toISOString().slice(0, 10);
    const story = submitted({
      steps: [
        aStep('review', {
          due: days(1),
          reminders: [{ when: 'before', offset: hours(2) }],
          ladder: [{ after: hours(4), action: { do: 'remind' } }],
        }),
      ],
      calendarOf: () => calendar({ [tuesday]: 'off' }),
    });
    story.later(26 * HOUR);
    expect(story.timers.every(({ at }) => at > story.now)).toBe(true);
    // The day off is taken back: the reminder should have come two hours before now and a day, the rung in two hours.
    story.calendarOf = () => calendar({});
    expect(story.reckon().map(({ type }) => type)).toEqual(['DUE_MOVED']);
    const fired = new Set<string>();
    fireDue(story, fired);
    expect([...fired]).toEqual([
      timerKey({ step: 'review', round: 1, attempt: 1, kind: 'reminder', index: 0 }),
    ]);
    // Off again: the reminder lies ahead once more, and has acted.
    story.calendarOf = () => calendar({ [tuesday]: 'off' });
    story.reckon();
    expect(story.timers.map(({ kind }) => kind)).toEqual(['rung']);
    expect(story.facts.filter(({ type }) => type === 'REMINDED')).toHaveLength(1);
  });
});
