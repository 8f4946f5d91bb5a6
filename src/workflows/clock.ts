import { afterWorking, businessMillisBetween, dueAt, type BusinessCalendar } from './calendar.js';
import { emit, type Draft } from './draft.js';
import type { DueRule } from './duration.js';
import { calendarOfPerson } from './organisation.js';
import { isDecisionStep, nodesOf, type DecisionStep, type ProcessDefinition } from './process.js';
import { currentStep, type NewAssignment, type RequestState, type StepState, type World } from './request.js';

/** How far away something was when the clock stopped, from now on: in the time, calendar or business, that is counted. */
export function movedBy(
  at: Date,
  stoppedAt: Date,
  now: Date,
  counted: DueRule['in'],
  calendar: BusinessCalendar,
): Date {
  const left =
    counted === 'business'
      ? businessMillisBetween(calendar, stoppedAt, at)
      : at.getTime() - stoppedAt.getTime();
  if (left <= 0) return now;
  return counted === 'business' ? afterWorking(calendar, now, left) : new Date(now.getTime() + left);
}

/** When the request expires once it goes on; what had come before the pause comes at once. */
export function movedExpiry(request: RequestState, world: World): Date | null {
  const { expiresAt, pausedAt, definition } = request;
  if (expiresAt === null || pausedAt === null) return expiresAt;
  const calendar = calendarOfRequest(request, world);
  return movedBy(expiresAt, pausedAt, world.now, definition.expires?.in ?? 'calendar', calendar);
}

/** The calendar that a step's times are reckoned by, and when it is due. */
export interface StepClock {
  readonly calendar: BusinessCalendar;
  readonly dueAt: Date | null;
}

/**
 * A step has one clock, however many are asked: by the calendar that the definition names, else by that of those asked
 * under which it is due first (of two that agree, the first asked's), so that nobody asked in time is reminded late.
 */
export function clockOf(
  definition: Pick<ProcessDefinition, 'calendar'>,
  step: DecisionStep,
  asked: readonly Pick<NewAssignment, 'personId' | 'status'>[],
  openedAt: Date,
  world: World,
): StepClock {
  const open = asked.filter(({ status }) => status !== 'APPROVED');
  const keys =
    definition.calendar !== null || asked.length === 0
      ? [definition.calendar]
      : new Set(
          (open.length > 0 ? open : asked).map(({ personId }) =>
            calendarOfPerson(world.organisation, personId),
          ),
        );
  const clocks = [...keys].map((key): StepClock => {
    const calendar = world.calendarOf(key);
    return { calendar, dueAt: step.due === null ? null : dueAt(calendar, openedAt, step.due) };
  });
  return clocks.reduce((first, next) => (Number(next.dueAt) < Number(first.dueAt) ? next : first));
}

/** The calendar that an open step runs by. */
export const calendarOfStep = (
  { definition }: RequestState,
  step: Pick<StepState, 'calendarKey'>,
  world: World,
): BusinessCalendar => world.calendarOf(step.calendarKey ?? definition.calendar);

/** The calendar of the request's own expiry: the definition's, else the requester's. */
export const calendarOfRequest = (
  { definition, requesterId }: Pick<RequestState, 'definition' | 'requesterId'>,
  world: World,
): BusinessCalendar =>
  world.calendarOf(definition.calendar ?? calendarOfPerson(world.organisation, requesterId));

const isHeld = (request: RequestState, step: StepState): boolean =>
  request.questions.some(
    (one) =>
      one.status === 'OPEN' &&
      one.stopsClock &&
      one.stepKey === step.key &&
      one.round === step.round &&
      one.attempt === step.attempt,
  );

/**
 * Lets the clocks go on that nothing holds any more: no pause, no open question. Every time of the step that is still
 * to come moves by as much of the step's own time as the clock stood still; a due time missed before stays missed, and
 * a reminder or rung that was due acts at once.
 */
export function restartClocks(draft: Draft): void {
  for (const node of nodesOf(draft.request.definition.steps)) {
    const { request, world } = draft;
    if (request.status !== 'PENDING' || request.pausedAt !== null) return;
    const step = currentStep(request, node.key);
    if (!isDecisionStep(node) || step?.status !== 'OPEN' || step.clockStoppedAt === null) continue;
    if (isHeld(request, step)) continue;
    const stoppedAt = step.clockStoppedAt;
    const calendar = calendarOfStep(request, step, world);
    const move = (at: Date): Date => movedBy(at, stoppedAt, world.now, node.due?.in ?? 'calendar', calendar);
    emit(draft, {
      type: 'CLOCK_RESTARTED',
      step: step.key,
      attempt: step.attempt,
      dueAt: step.dueAt !== null && step.dueAt > stoppedAt ? move(step.dueAt) : step.dueAt,
      timers: step.timers.map((timer) => ({ ...timer, at: move(timer.at) })),
    });
  }
}
