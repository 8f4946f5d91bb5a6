import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { newRowId } from '../../entities/row-id.js';
import { Instant, Json } from '../../entities/scalars.js';
import { PENDING_TIMERS, Timer, TimerState } from '../../entities/schedule/timer.js';
import { TimerEvent, TimerEventType } from '../../entities/schedule/timer-event.js';
import { refusal } from '../../errors.js';
import { COMMENT_MAX_LENGTH } from '../../limits.js';
import { parseDueRule } from '../../workflows/duration.js';
import { isChase, keepingDistance, resumedTo, snoozedTo } from '../../workflows/timer-verbs.js';
import { check, checkText, requireSound } from '../input.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import { fireTimer } from './fire-timer.js';
import { TIMER_ACTIONS } from './timer-actions.js';
import { clocksOf, lockTimed } from './timer-clocks.js';

// What people do to the timers of one thing: put one off, let one act at once, stop them all and let them go on. Each
// under the lock that firing takes, and each with a row in `timer_event`.

@InputType({ description: 'A timer that is put off; either `until` or `for`.' })
export class SnoozeTimerInput {
  @Field(() => ID, { description: 'The timer: a reminder or a rung.' })
  timerId!: string;

  @Field(() => Instant, { nullable: true, description: 'Until when; after now, at most 366 days away.' })
  until?: Date | null;

  @Field(() => Json, {
    nullable: true,
    description:
      'For how long after its own time, or after now when that has passed: `{ after: "P2D", in: "business" }`.',
  })
  for?: unknown;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether what comes later on the same ladder keeps its distance; else it keeps its place.',
  })
  andLater?: boolean | null;

  @Field(() => String, { description: 'Why; 1 to 4000 characters, kept in its history.' })
  reason!: string;
}

@InputType({ description: 'A timer that is to act at once.' })
export class RunTimerNowInput {
  @Field(() => ID, { description: 'The timer: a reminder or a rung.' })
  timerId!: string;

  @Field(() => String, { description: 'Why; 1 to 4000 characters, kept in its history.' })
  reason!: string;
}

@InputType({ description: 'A thing whose reminders and rungs stop.' })
export class PauseTimersInput {
  @Field(() => ID, { description: 'A request, plan, project, contract or follow-up.' })
  subjectId!: string;

  @Field(() => String, { description: 'Why; 1 to 4000 characters, kept in their history.' })
  reason!: string;
}

@InputType({ description: 'A thing whose paused reminders and rungs go on.' })
export class ResumeTimersInput {
  @Field(() => ID, { description: 'A request, plan, project, contract or follow-up.' })
  subjectId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Why; at most 4000 characters, kept in their history.',
  })
  reason?: string | null;
}

@ObjectType({ description: 'Timers after a change.' })
export class TimersPayload {
  @Field(() => [Timer], { description: 'Those that were changed, as they are now.' })
  timers!: Timer[];
}

/**
 * Puts one timer off; its later fellows stay where they are, or keep their distance. A new due time of the thing begins
 * a ladder of its own, without it. @throws BAD_USER_INPUT, NOT_FOUND, ACTION_NOT_ALLOWED, INVALID_STATE
 */
export function snoozeTimer(ctx: Context, input: SnoozeTimerInput): Promise<TimersPayload> {
  const rule = 'either until or for';
  requireSound(
    check('until', Boolean(input.until) !== (input.for !== null && input.for !== undefined), rule),
    checkText('reason', input.reason, COMMENT_MAX_LENGTH),
  );
  const wish = input.until ? { until: input.until } : { for: parseDueRule(input.for) };
  return inTransaction(ctx, async (tx) => {
    const { timer, timed, others } = await lockTimer(tx, input.timerId);
    requireRunning(timer);
    const clockOf = await clocksOf(tx, timed);
    const from = timer.dueAt;
    const to = snoozedTo(from, wish, tx.now, clockOf(timer).calendar);
    const later = input.andLater
      ? others.filter((one) => one.state === TimerState.SCHEDULED && one.dueAt > from)
      : [];
    for (const one of later)
      move(tx, one, TimerEventType.SNOOZED, keepingDistance(one.dueAt, from, to, clockOf(one)), input.reason);
    move(tx, timer, TimerEventType.SNOOZED, to, input.reason);
    return { timers: [timer, ...later] };
  });
}

/**
 * Lets a timer act now: it is moved here and then fires as it would by itself, so a process that dies between leaves it
 * due, and the sweep fires it. Rungs act in their order: one below that has not acted refuses it.
 * @throws NOT_FOUND, ACTION_NOT_ALLOWED, INVALID_STATE
 */
export async function runTimerNow(ctx: Context, input: RunTimerNowInput): Promise<TimersPayload> {
  requireSound(checkText('reason', input.reason, COMMENT_MAX_LENGTH));
  const id = await inTransaction(ctx, async (tx) => {
    const { timer, others } = await lockTimer(tx, input.timerId);
    requireRunning(timer);
    const below = others.find((one) => one.kind === timer.kind && indexOf(one) < indexOf(timer));
    if (below && timer.kind.endsWith('-rung'))
      throw refusal('ACTION_NOT_ALLOWED', {
        action: 'runTimerNow',
        reason: 'a lower rung has not acted yet; run that one first',
        timerId: below.id,
      });
    move(tx, timer, TimerEventType.RUN, timer.dueAt < tx.now ? timer.dueAt : tx.now, input.reason);
    return timer.id;
  });
  await fireTimer({ ...ctx, actor: null }, id, TIMER_ACTIONS);
  return { timers: [await ctx.em.fork().findOneOrFail(Timer, { id })] };
}

/**
 * Stops the reminders and rungs of a thing as they stand; decisions, expiry and people's own work go on. What begins
 * anew afterwards (another step, another due time) runs. @throws NOT_FOUND, INVALID_STATE: there is nothing to pause
 */
export function pauseTimers(ctx: Context, input: PauseTimersInput): Promise<TimersPayload> {
  requireSound(checkText('reason', input.reason, COMMENT_MAX_LENGTH));
  return inTransaction(ctx, async (tx) => {
    const { id } = await lockTimed(tx, input.subjectId);
    const timers = (await lockPending(tx, id)).filter(({ state }) => state === TimerState.SCHEDULED);
    if (timers.length === 0)
      throw refusal('INVALID_STATE', { what: 'subject', id, status: 'no reminder or rung runs' });
    for (const timer of timers) {
      timer.state = TimerState.PAUSED;
      timer.pausedAt = tx.now;
      note(tx, timer, TimerEventType.PAUSED, timer.dueAt, timer.dueAt, input.reason);
    }
    return { timers };
  });
}

/** Gives every paused timer of a thing what was left of its time. @throws NOT_FOUND, INVALID_STATE: none is paused */
export function resumeTimers(ctx: Context, input: ResumeTimersInput): Promise<TimersPayload> {
  const reason = input.reason?.trim() || null;
  if (reason !== null) requireSound(checkText('reason', reason, COMMENT_MAX_LENGTH));
  return inTransaction(ctx, async (tx) => {
    const timed = await lockTimed(tx, input.subjectId);
    const timers = (await lockPending(tx, timed.id)).filter(({ state }) => state === TimerState.PAUSED);
    if (timers.length === 0)
      throw refusal('INVALID_STATE', { what: 'subject', id: timed.id, status: 'no timer is paused' });
    const clockOf = await clocksOf(tx, timed);
    for (const timer of timers) {
      const to = resumedTo(timer.dueAt, timer.pausedAt!, tx.now, clockOf(timer));
      timer.state = TimerState.SCHEDULED;
      timer.pausedAt = null;
      move(tx, timer, TimerEventType.RESUMED, to, reason);
    }
    return { timers };
  });
}

interface LockedTimer {
  readonly timer: Timer;
  readonly timed: Awaited<ReturnType<typeof lockTimed>>;
  /** What else of the same ladder is still to act. */
  readonly others: readonly Timer[];
}

/** @throws NOT_FOUND, ACTION_NOT_ALLOWED for what is no reminder and no rung, INVALID_STATE when it acts no more */
async function lockTimer(tx: TransactionContext, timerId: string): Promise<LockedTimer> {
  const id = requireId(timerId, 'timer');
  const found = await tx.em.findOne(Timer, { id });
  if (!found) throw refusal('NOT_FOUND', { what: 'timer' });
  const timed = await lockTimed(tx, found.subjectId).catch((error: unknown) => {
    throw isChase(found.kind) ? error : refusal('NOT_FOUND', { what: 'timer' });
  });
  if (!isChase(found.kind))
    throw refusal('ACTION_NOT_ALLOWED', {
      action: 'timer',
      reason: `a timer of kind ${found.kind} carries out a rule or a decision; change that instead`,
    });
  const pending = await lockPending(tx, timed.id);
  const timer = pending.find((one) => one.id === id);
  if (!timer) throw refusal('INVALID_STATE', { what: 'timer', id, status: await stateOf(tx, id) });
  return {
    timer,
    timed,
    others: pending.filter((one) => one !== timer && ladderOf(one) === ladderOf(timer)),
  };
}

const stateOf = async (tx: TransactionContext, id: string): Promise<TimerState> =>
  (await tx.em.findOneOrFail(Timer, { id }, { refresh: true })).state;

/** The reminders and rungs of a locked thing that are still to act, in the order in which they do. */
const lockPending = async (tx: TransactionContext, subjectId: string): Promise<Timer[]> =>
  (
    await tx.em.find(
      Timer,
      { subjectId, state: { $in: [...PENDING_TIMERS] } },
      { orderBy: { dueAt: 'asc', id: 'asc' }, refresh: true },
    )
  ).filter(({ kind }) => isChase(kind));

function requireRunning({ id, state }: Timer): void {
  if (state === TimerState.PAUSED)
    throw refusal('INVALID_STATE', { what: 'timer', id, status: state, reason: 'resume it first' });
}

const indexOf = ({ payload }: Timer): number => Number(payload['index']);

/** The step, milestone, stage or payment that a timer is of. */
const ladderOf = ({ kind, payload }: Timer): string =>
  [
    kind.replace(/-(reminder|rung)$/, ''),
    payload['step'] ?? payload['milestone'] ?? payload['part'] ?? '',
  ].join('/');

function move(
  tx: TransactionContext,
  timer: Timer,
  type: TimerEventType,
  to: Date,
  reason: string | null,
): void {
  note(tx, timer, type, timer.dueAt, to, reason);
  timer.dueAt = to;
  tx.wakes.push({ what: 'timer', id: timer.id, at: to });
}

function note(
  tx: TransactionContext,
  { id: timerId }: Timer,
  type: TimerEventType,
  dueBefore: Date,
  dueAfter: Date,
  reason: string | null,
): void {
  const byId = requireActor(tx).id;
  tx.em.create(TimerEvent, {
    id: newRowId(),
    timerId,
    type,
    byId,
    at: tx.now,
    reason: reason?.trim() ?? null,
    dueBefore,
    dueAfter,
  });
}
