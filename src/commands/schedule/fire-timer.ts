import { LockMode } from '@mikro-orm/postgresql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { OutboxMessage, OutboxState } from '../../entities/schedule/outbox-message.js';
import { Timer, TimerState } from '../../entities/schedule/timer.js';
import { ERRORS, isRefusal, messageOf, type Refusal } from '../../errors.js';
import type { Command } from '../../workflows/request.js';
import { inTransaction, type TransactionContext } from '../transaction.js';
import type { InAppMessage } from './deliver-in-app.js';

/** What a kind of timer does when it is due. */
export interface TimerAction {
  /** Where `subjectId` points to. Every command locks that row before its timers, and so do we: nobody waits in a circle. */
  readonly subjectTable:
    | 'approval_request'
    | 'plan'
    | 'project'
    | 'contract'
    | 'absence'
    | 'follow_up'
    | 'recurring_rule'
    | 'request_move'
    | null;
  /** Re-decides on the locked rows; doing nothing is right when the timer is stale. */
  readonly act: (tx: TransactionContext, timer: Timer) => Promise<void>;
  /** What `act` asks of the approval request, where that is all it does: then many act in one transaction. */
  readonly command?: (timer: DueTimer) => Command;
}

/** What a timer was set for. */
export type DueTimer = Pick<Timer, 'kind' | 'payload'>;

/** By `Timer.kind`. */
export type TimerActions = Readonly<Record<string, TimerAction>>;

export type FireOutcome =
  | { readonly outcome: 'fired' }
  /** Acting was refused for good; the administrators are told and the timer says so. */
  | { readonly outcome: 'refused' }
  /** Cancelled, fired before, or unknown. */
  | { readonly outcome: 'nothing' }
  /** Another process holds the timer or, with `skipLocked`, its subject; the next sweep looks again. */
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'not-due'; readonly dueAt: Date };

/**
 * Lets the timer act once, if it is due by `ctx.now` and still scheduled; deliver it as often as you like. Its act and
 * its end as FIRED are one transaction, so a process that dies half-way leaves it scheduled.
 * `skipLocked` does not wait for a subject that someone is changing.
 *
 * A refusal (a condition of the process failed, say) would come again at every try. So the timer ends as FIRED, keeps
 * the refusal in its payload, and the administrators get a message. Outages and conflicts are no such refusals.
 * @throws Error for a kind without an action, and what the act throws; the timer stays scheduled.
 */
export async function fireTimer(
  ctx: Context,
  id: string,
  actions: TimerActions,
  options: { readonly skipLocked?: boolean } = {},
): Promise<FireOutcome> {
  const skipLocked = options.skipLocked ?? false;
  try {
    return await inTransaction(ctx, (tx) =>
      onDueTimer(tx, id, actions, skipLocked, async (locked, timer, action) => {
        await locked.em.flush(); // FIRED before the act, so that an act that cancels its subject's timers passes this one by
        await action.act(locked, timer);
        return { outcome: 'fired' };
      }),
    );
  } catch (error) {
    if (!isRefusal(error) || passes(error)) throw error;
    ctx.log.error({ timer: id, code: error.code, details: error.details }, 'a timer was refused');
    return inTransaction(ctx, (tx) =>
      onDueTimer(tx, id, actions, skipLocked, async (locked, timer, action) => {
        recordRefusal(locked, timer, action, error);
        return { outcome: 'refused' };
      }),
    );
  }
}

/** Whether trying again later may succeed without anyone doing anything. */
const passes = ({ code }: Refusal): boolean => ['outage', 'conflict'].includes(ERRORS[code].kind);

async function onDueTimer(
  tx: TransactionContext,
  id: string,
  actions: TimerActions,
  skipLocked: boolean,
  work: (locked: TransactionContext, timer: Timer, action: TimerAction) => Promise<FireOutcome>,
): Promise<FireOutcome> {
  const found = await readDb(tx.em)
    .selectFrom('timer')
    .select(['kind', 'subject_id', 'state', 'due_at'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (found?.state !== TimerState.SCHEDULED) return { outcome: 'nothing' };
  const dueAt = new Date(found.due_at);
  if (dueAt > tx.now) return { outcome: 'not-due', dueAt };
  const action = actions[found.kind];
  if (action === undefined)
    throw new Error(`timer ${id} is of kind ${found.kind}, which this version does not know`);
  if (!(await lockSubject(tx, action.subjectTable, found.subject_id, skipLocked))) return { outcome: 'busy' };

  const timer = await tx.em.findOne(
    Timer,
    { id, state: TimerState.SCHEDULED },
    { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
  );
  if (timer === null) return { outcome: 'busy' };
  if (timer.dueAt > tx.now) return { outcome: 'not-due', dueAt: timer.dueAt };
  const locked = { ...tx, now: nowUnderLock(tx) };
  timer.state = TimerState.FIRED;
  timer.firedAt = locked.now;
  return work(locked, timer, action);
}

/**
 * Not before what the holder of the lock before us did: `now` may be old by the wait for the lock, or by a whole sweep,
 * and a history must not run backwards.
 */
export const nowUnderLock = ({ now, services }: TransactionContext): Date =>
  new Date(Math.max(now.getTime(), services.clock.now().getTime()));

/** False: someone else is at it. A subject that does not exist needs no lock. */
async function lockSubject(
  tx: TransactionContext,
  table: TimerAction['subjectTable'],
  id: string,
  skipLocked: boolean,
): Promise<boolean> {
  if (table === null) return true;
  const row = readDb(tx.em).selectFrom(table).select('id').where('id', '=', id);
  const locked = await (skipLocked ? row.forUpdate().skipLocked() : row.forUpdate()).executeTakeFirst();
  return locked !== undefined || !skipLocked || (await row.executeTakeFirst()) === undefined;
}

function recordRefusal(
  tx: TransactionContext,
  timer: Timer,
  action: TimerAction,
  { code, details }: Refusal,
): void {
  timer.payload = { ...timer.payload, refusal: code };
  const message: InAppMessage = {
    kind: 'TIMER_REFUSED',
    people: 'administrators',
    textEn: `A timer (${timer.kind}) could not act: ${messageOf(code, details, 'en')}`,
    textZh: `定时任务（${timer.kind}）未能执行：${messageOf(code, details, 'zh')}`,
    requestId: action.subjectTable === 'approval_request' ? timer.subjectId : null,
  };
  tx.em.create(OutboxMessage, {
    key: `timer/${timer.id}/refused`,
    channel: 'in-app',
    payload: { ...message },
    state: OutboxState.PENDING,
    tries: 0,
    nextTryAt: tx.now,
    createdAt: tx.now,
  });
  tx.wakes.push({ what: 'outbox' });
}
