import { dueAt, timeBefore, type BusinessCalendar } from './calendar.js';
import { DAY, HOUR } from './duration.js';
import { occurrenceOf, occurrencesBetween } from './schedule-rule.js';
import type { ScheduleDefinition } from './schedule-file.js';

// When a recurring rule acts. Every occurrence is reckoned from the rule alone; which one came before only says where to
// go on.

/** One time at which a rule acts. */
export interface Firing {
  /** Names the occurrence for ever. */
  readonly key: string;
  /** The occurrence itself. */
  readonly at: Date;
  /** When it acts: at the occurrence, when its part of the day opens, or so long before as the rule says. */
  readonly fireAt: Date;
  /** When what it makes is due. */
  readonly dueAt: Date;
}

/** Where a rule stands: behind this occurrence. */
export interface Place {
  readonly at: Date;
  readonly key: string;
}

type Rule = Pick<ScheduleDefinition, 'rule' | 'makes' | 'catchUp'>;

/** What is made before its occurrence is made at most about three months before. */
const AHEAD_DAYS = 100;
/** Farther back than this nothing is caught up: stays below the ten years that one question may span. */
const BACK_DAYS = 3000;
/** An occurrence counts as missed when nothing acted within this time of it: far above the interval of the sweep. */
const MISSED_AFTER = HOUR;
/** Caught up at once: a quarter of working days. What is older is left out. */
const CATCH_UP_MAX = 66;

const isAfter = (a: Place, b: Place): boolean =>
  a.at.getTime() === b.at.getTime() ? a.key > b.key : a.at > b.at;

/**
 * The first firing behind a place that is not dealt with: one that was, and lies behind the place since the calendar has
 * changed, does not come again. null: the rule has ended, or does not act by the calendar.
 */
export function nextFiring(
  rule: Rule,
  place: Place,
  calendar: BusinessCalendar,
  dealtWith: ReadonlySet<string> = new Set(),
): Firing | null {
  for (const days of [9, 100, 800, 3650]) {
    const until = new Date(place.at.getTime() + days * DAY);
    const next = firingsBetween(rule, place, until, calendar).find(({ key }) => !dealtWith.has(key));
    if (next) return next;
  }
  return null;
}

/** The firings behind a place whose occurrence lies before `until`, in order. */
function firingsBetween(definition: Rule, place: Place, until: Date, calendar: BusinessCalendar): Firing[] {
  const { rule, makes } = definition;
  if (rule.kind === 'count-per-period') return periodEnds(definition, place, until, calendar);
  const made = makes?.do === 'follow-up' ? makes : null;
  return occurrencesBetween(rule, place.at, until, calendar)
    .filter((occurrence) => isAfter(occurrence, place))
    .map(({ key, at, opensAt }) => ({
      key,
      at,
      fireAt: made?.madeBefore ? timeBefore(calendar, at, made.madeBefore) : (opensAt ?? at),
      dueAt: made?.dueAfter ? dueAt(calendar, at, made.dueAfter) : at,
    }))
    .toSorted((a, b) => (isAfter(a, b) ? 1 : -1));
}

/** A target is reckoned up when its period is over. */
function periodEnds({ rule }: Rule, place: Place, until: Date, calendar: BusinessCalendar): Firing[] {
  const ends: Firing[] = [];
  for (let now = place.at; now < until;) {
    const period = occurrenceOf(rule, { now }, calendar);
    if (period.status !== 'period') return ends;
    const end = { key: period.key, at: period.until };
    if (isAfter(end, place) && end.at < until) ends.push({ ...end, fireAt: end.at, dueAt: end.at });
    now = period.until;
  }
  return ends;
}

export interface Acting {
  /** What is made now, in order. */
  readonly make: readonly Firing[];
  /** What was missed and is left out. */
  readonly skip: readonly Firing[];
  /** Where the rule stands afterwards. */
  readonly place: Place;
  /** When it acts next; null: never again. */
  readonly next: Firing | null;
}

/**
 * What a rule does when it is woken at `now` standing behind `place`: every occurrence whose time to act has come is made
 * or, where it was missed, dealt with as `catchUp` says: all, the latest alone when nothing is current, or none.
 */
export function actingAt(rule: Rule, place: Place, calendar: BusinessCalendar, now: Date): Acting {
  const oldest = now.getTime() - BACK_DAYS * DAY;
  const from: Place = place.at.getTime() < oldest ? { at: new Date(oldest), key: '' } : place;
  const until = new Date(now.getTime() + AHEAD_DAYS * DAY);
  const due = firingsBetween(rule, from, until, calendar).filter(({ fireAt }) => fireAt <= now);
  const isMissed = ({ dueAt: due, at }: Firing): boolean =>
    now.getTime() - Math.max(at.getTime(), due.getTime()) > MISSED_AFTER;
  const missed = due.filter(isMissed);
  const current = due.filter((firing) => !isMissed(firing));
  const caughtUp = caughtUpOf(rule.catchUp, missed, current.length > 0);
  const make = [...caughtUp, ...current];
  const last = due.at(-1) ?? from;
  return {
    make,
    skip: missed.filter((firing) => !caughtUp.includes(firing)),
    place: { at: last.at, key: last.key },
    next: nextFiring(rule, last, calendar),
  };
}

function caughtUpOf(how: Rule['catchUp'], missed: readonly Firing[], isCurrent: boolean): readonly Firing[] {
  if (how === 'all') return missed.slice(-CATCH_UP_MAX);
  return how === 'latest' && !isCurrent ? missed.slice(-1) : [];
}
