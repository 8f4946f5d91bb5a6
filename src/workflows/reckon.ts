import { dueAt, type BusinessCalendar } from './calendar.js';
import { calendarOfRequest, calendarOfStep, clockOf, movedBy } from './clock.js';
import { emit, type Draft } from './draft.js';
import { evolve } from './evolve.js';
import { timersOf } from './planned-timers.js';
import { isDecisionStep, stepOf, type DecisionStep } from './process.js';
import {
  isEnded,
  newRequest,
  type Fact,
  type PlannedTimer,
  type RequestState,
  type StepState,
  type World,
} from './request.js';
import type { VerbCommand } from './verb-facts.js';

type Reckon = Extract<VerbCommand, { type: 'reckon' }>;
type Opened = Extract<Fact, { type: 'STEP_OPENED' }>;

/** A time during which a clock stood still. */
interface Stop {
  readonly from: Date;
  readonly to: Date;
}

/** What the facts tell of the clocks: by the step's place in `steps`, and of the request as a whole. */
interface Clocks {
  readonly opened: ReadonlyMap<number, Opened>;
  readonly stops: ReadonlyMap<number, readonly Stop[]>;
  readonly pauses: readonly Stop[];
}

function clocksIn(history: readonly Fact[], { id, definition, submittedAt }: RequestState): Clocks {
  const opened = new Map<number, Opened>();
  const stops = new Map<number, Stop[]>();
  const pauses: Stop[] = [];
  let before = newRequest(id, definition, submittedAt);
  for (const fact of history) {
    const after = evolve(before, fact);
    if (fact.type === 'STEP_OPENED') opened.set(after.steps.length - 1, fact);
    for (const [index, { clockStoppedAt: from }] of before.steps.entries()) {
      if (from === null || after.steps[index]?.clockStoppedAt !== null) continue;
      stops.set(index, [...(stops.get(index) ?? []), { from, to: fact.at }]);
    }
    if (before.pausedAt !== null && fact.type === 'RESUMED')
      pauses.push({ from: before.pausedAt, to: fact.at });
    before = after;
  }
  return { opened, stops, pauses };
}

/**
 * Reckons every open due time again by the calendars as they are now, from its anchor: from the opening of its step
 * (for the expiry: from the submission), and over each time its clock stood still. So it does not matter how many
 * changes of calendars lie between. What has acted is gone and stays so; what is still to act and comes to lie in the
 * past acts once, at once. The times of a clock that stands still move too, so that what is left when it goes on is
 * reckoned by the same calendar; nothing of it is set. Nothing to move gives no facts.
 * @throws BAD_USER_INPUT for a calendar without working time
 */
export function reckon(draft: Draft, { because, history }: Reckon): void {
  if (isEnded(draft.request)) return;
  const clocks = clocksIn(history, draft.request);
  for (const [index, step] of draft.request.steps.entries()) {
    const opening = clocks.opened.get(index);
    const node = stepOf(draft.request.definition, step.key);
    if (step.status !== 'OPEN' || step.dueAt === null || !opening || !isDecisionStep(node)) continue;
    reckonStep(draft, step, node, { opening, stops: clocks.stops.get(index) ?? [] }, because);
  }
  const { expiresAt } = draft.request;
  const expires = expiresAt && expiryOf(draft.request, clocks.pauses, draft.world);
  if (!expiresAt || !expires || expires.getTime() === expiresAt.getTime()) return;
  emit(draft, { type: 'EXPIRY_MOVED', expiresAt: expires, was: { expiresAt }, because });
}

interface StepLife {
  readonly opening: Opened;
  readonly stops: readonly Stop[];
}

function reckonStep(
  draft: Draft,
  step: StepState,
  node: DecisionStep,
  { opening, stops }: StepLife,
  because: Reckon['because'],
): void {
  const { request, world } = draft;
  const { calendar, dueAt: first } = clockOf(
    request.definition,
    node,
    opening.assignments,
    step.openedAt,
    world,
  );
  if (first === null) return;
  const move = (at: Date): Date => overStops(at, stops, node.due?.in ?? 'calendar', calendar);
  const due = stops.reduce(
    (at, stop) => (at > stop.from ? overStops(at, [stop], node.due?.in, calendar) : at),
    first,
  );
  const all = timersOf(node, first, calendar).map((timer) => ({ ...timer, at: move(timer.at) }));
  const timers = all.filter(
    (timer) => isIn(step.timers, timer) || (!isIn(opening.timers, timer) && timer.at > world.now),
  );
  const was = { dueAt: step.dueAt, calendar: calendarOfStep(request, step, world).key };
  const same = was.dueAt?.getTime() === due.getTime() && was.calendar === calendar.key;
  if (same && sameTimers(timers, step.timers)) return;
  const { key, attempt } = step;
  emit(draft, {
    type: 'DUE_MOVED',
    step: key,
    attempt,
    calendar: calendar.key,
    dueAt: due,
    timers,
    was,
    because,
  });
}

const overStops = (
  at: Date,
  stops: readonly Stop[],
  counted: 'calendar' | 'business' = 'calendar',
  calendar: BusinessCalendar,
): Date => stops.reduce((moved, { from, to }) => movedBy(moved, from, to, counted, calendar), at);

const isIn = (timers: readonly PlannedTimer[], { kind, index }: PlannedTimer): boolean =>
  timers.some((timer) => timer.kind === kind && timer.index === index);

const sameTimers = (one: readonly PlannedTimer[], other: readonly PlannedTimer[]): boolean =>
  one.length === other.length &&
  one.every((timer) =>
    other.some(
      ({ kind, index, at }) =>
        kind === timer.kind && index === timer.index && at.getTime() === timer.at.getTime(),
    ),
  );

function expiryOf(request: RequestState, pauses: readonly Stop[], world: World): Date | null {
  const { expires } = request.definition;
  if (expires === null) return null;
  const calendar = calendarOfRequest(request, world);
  return overStops(dueAt(calendar, request.submittedAt, expires), pauses, expires.in, calendar);
}
