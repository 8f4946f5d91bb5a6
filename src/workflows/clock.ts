import { afterWorking, businessMillisBetween, type BusinessCalendar } from './calendar.js';
import { emit, type Draft } from './draft.js';
import type { DueRule } from './duration.js';
import { isDecisionStep, nodesOf } from './process.js';
import { currentStep, type RequestState, type StepState, type World } from './request.js';

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
export function movedExpiry({ expiresAt, pausedAt, definition }: RequestState, world: World): Date | null {
  if (expiresAt === null || pausedAt === null) return expiresAt;
  const calendar = world.calendarOf(definition.calendar);
  return movedBy(expiresAt, pausedAt, world.now, definition.expires?.in ?? 'calendar', calendar);
}

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
    const calendar = world.calendarOf(request.definition.calendar);
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
