import { isDeepStrictEqual } from 'node:util';
import { CompiledQuery, sql } from 'kysely';
import { publishAll } from '../../bus.js';
import type { BusMessage } from '../../context.js';
import { newRowId } from '../../entities/row-id.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { addRows, type RowWrites } from '../../entities/write-rows.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { PENDING_TIMERS, Timer, TimerState } from '../../entities/schedule/timer.js';
import { TimerEvent, TimerEventType } from '../../entities/schedule/timer-event.js';
import type { Effect } from '../../workflows/effects.js';
import { eventsOf } from '../../workflows/events.js';
import type { AssignmentState, Fact, RequestState } from '../../workflows/request.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { planEvents } from '../schedule/tell-outside.js';
import type { TransactionContext } from '../transaction.js';
import { saveRequest } from './save-request.js';
import { addMessages } from './send-messages.js';
import { keepStanding } from './standing.js';
import { SUBJECTS } from './subjects/index.js';
import type { SubjectHandler } from './subjects/subject.js';

type Of<T extends Effect['type']> = Extract<Effect, { type: T }>;
const isA =
  <T extends Effect['type']>(type: T) =>
  (effect: Effect): effect is Of<T> =>
    effect.type === type;

/** What a decision has come to, before any of it is stored. */
interface Decision {
  readonly stored: StoredRequest;
  readonly after: RequestState;
  readonly facts: readonly Fact[];
  readonly effects: readonly Effect[];
}

/**
 * Puts all that a decision leaves beside the subject's change into `writes`: the request's rows and facts, timers, messages,
 * events for the outside. Answers the row ids of the assignments, by ordinal − 1.
 */
export async function planDecision(
  tx: TransactionContext,
  writes: RowWrites,
  { stored, after, facts, effects }: Decision,
): Promise<readonly string[]> {
  const assignmentIds = await saveRequest(tx, writes, stored, after, facts);
  await planEffects(tx, writes, after, effects);
  await planEvents(tx, writes, () => eventsOf(after, facts));
  return assignmentIds;
}

/** Cancels timers at once; puts those to come and the messages into `writes`. */
async function planEffects(
  tx: TransactionContext,
  writes: RowWrites,
  after: RequestState,
  effects: readonly Effect[],
): Promise<void> {
  await setTimers(tx, writes, after, effects);
  addMessages(tx, writes, after, effects.filter(isA('SEND')));
}

/** The subject's change, once the request's rows are written, in the transaction of the decision. */
export async function changeSubject(
  tx: TransactionContext,
  after: RequestState,
  effects: readonly Effect[],
  by: string,
): Promise<void> {
  const handler = SUBJECTS[after.subject.type as SubjectHandler['type']];
  for (const effect of effects.filter(isA('SUBJECT'))) {
    const filed = after.assignments.findLast(
      (assignment) => assignment.status === 'FILED' && assignment.round === after.round,
    );
    const { event } = effect;
    await keepStanding(tx, after, event);
    await handler.apply(tx, {
      event,
      subjectId: after.subject.id,
      requestId: after.id,
      by,
      filingNumber: filed?.evidence ?? null,
    });
    await anchorsMoved(
      tx,
      { kind: RecordKind[handler.type], id: after.subject.id },
      { kind: RecordKind.REQUEST, id: after.id },
    );
  }
}

/** Cancels first, then schedules what is left: a step that opened and closed in one decision sets no timer. */
async function setTimers(
  tx: TransactionContext,
  writes: RowWrites,
  after: RequestState,
  effects: readonly Effect[],
): Promise<void> {
  let scheduled: Of<'SCHEDULE_TIMER'>[] = [];
  let expiry: Of<'SCHEDULE_EXPIRY'> | null = null;
  const cancelled = new Set<string | null>();
  for (const effect of effects) {
    if (effect.type === 'SCHEDULE_TIMER') scheduled.push(effect);
    if (effect.type === 'SCHEDULE_EXPIRY') expiry = effect;
    if (effect.type === 'CANCEL_EXPIRY') await cancelExpiry(tx, after.id);
    if (effect.type !== 'CANCEL_TIMERS') continue;
    cancelled.add(effect.step);
    if (effect.step === null) expiry = null;
    scheduled = scheduled.filter((timer) => effect.step !== null && timer.step !== effect.step);
  }
  if (cancelled.size > 0) {
    let update = readDb(tx.em)
      .updateTable('timer')
      .set({ state: TimerState.CANCELLED })
      .where('subject_id', '=', after.id)
      .where('state', 'in', PENDING_TIMERS);
    if (!cancelled.has(null))
      update = update.where(sql<boolean>`payload ->> 'step' in (${sql.join([...cancelled])})`);
    await update.execute();
  }
  const rows: NewTimer[] = scheduled.map(({ key, kind, step, round, attempt, index, at }) => ({
    id: newRowId(),
    key,
    kind: `approval-${kind}`,
    subjectId: after.id,
    dueAt: at,
    state: TimerState.SCHEDULED,
    pausedAt: null,
    payload: { step, round, attempt, index },
  }));
  const kept = scheduled.some(({ restarted }) => restarted)
    ? await keepWhatPeopleDid(tx, after.id, rows)
    : [];
  if (expiry !== null) {
    const { key, at: dueAt } = expiry;
    const kind = 'approval-expiry';
    rows.push({
      id: newRowId(),
      key,
      kind,
      subjectId: after.id,
      dueAt,
      state: TimerState.SCHEDULED,
      pausedAt: null,
      payload: {},
    });
  }
  addRows(writes, Timer, rows);
  addRows(writes, TimerEvent, kept);
  for (const row of rows) tx.wakes.push({ what: 'timer', id: row.id, at: row.dueAt });
}

type NewTimer = Pick<Timer, 'id' | 'key' | 'kind' | 'subjectId' | 'dueAt' | 'state' | 'pausedAt' | 'payload'>;

/** A timer that takes another's place when a clock goes on stays paused, or put off, as people left that one. */
async function keepWhatPeopleDid(
  tx: TransactionContext,
  requestId: string,
  rows: readonly NewTimer[],
): Promise<object[]> {
  const { rows: before } = await sql<{
    kind: string;
    payload: object;
    paused_at: Date | null;
    snoozed: Date | null;
  }>`
    select distinct on (timer.kind, timer.payload) timer.kind, timer.payload, timer.paused_at, moved.due_after as snoozed
    from timer left join lateral (select due_after from timer_event where timer_id = timer.id and type in ('SNOOZED', 'KEPT')
      order by at desc, id desc limit 1) moved on true
    where timer.subject_id = ${requestId} and timer.state = 'CANCELLED'
    order by timer.kind, timer.payload, timer.id desc`.execute(readDb(tx.em));
  return rows.flatMap((row) => {
    const old = before.find(
      ({ kind, payload }) => kind === row.kind && isDeepStrictEqual(payload, row.payload),
    );
    const snoozed = old?.snoozed ? new Date(old.snoozed) : row.dueAt;
    if (!old?.paused_at && snoozed <= row.dueAt) return [];
    const dueBefore = row.dueAt;
    if (snoozed > row.dueAt) row.dueAt = snoozed;
    if (old?.paused_at) Object.assign(row, { state: TimerState.PAUSED, pausedAt: tx.now });
    const event = { timerId: row.id, type: TimerEventType.KEPT, byId: null, at: tx.now, reason: null };
    return { ...event, id: newRowId(), dueBefore, dueAfter: row.dueAt };
  });
}

async function cancelExpiry(tx: TransactionContext, requestId: string): Promise<void> {
  await readDb(tx.em)
    .updateTable('timer')
    .set({ state: TimerState.CANCELLED })
    .where('subject_id', '=', requestId)
    .where('kind', '=', 'approval-expiry')
    .where('state', '=', TimerState.SCHEDULED)
    .execute();
}

/** What other processes are told: whose inbox and which request changed. */
export function noticesOf(
  before: RequestState,
  after: RequestState,
  assignmentIds: readonly string[],
): BusMessage[] {
  const inboxes = after.assignments.flatMap((assignment, index) => {
    const old = before.assignments[index];
    if (old === assignment || (old?.status !== 'OPEN' && assignment.status !== 'OPEN')) return [];
    const payload = inboxChange(old, assignment, assignmentIds[index] as string);
    return [{ topic: `inbox:${assignment.personId}`, payload }];
  });
  return [...inboxes, { topic: `request:${after.id}`, payload: { requestId: after.id } }];
}

/** Sent at commit, dropped on rollback. */
export const announce = (tx: TransactionContext, notices: readonly BusMessage[]): Promise<void> =>
  publishAll(
    (statement, parameters) => readDb(tx.em).executeQuery(CompiledQuery.raw(statement, [...parameters])),
    notices,
  );

const inboxChange = (
  old: AssignmentState | undefined,
  now: AssignmentState,
  assignmentId: string,
): Record<string, unknown> => ({
  assignmentId,
  change: now.status === 'OPEN' ? (old?.status === 'OPEN' ? 'CHANGED' : 'ADDED') : 'REMOVED',
});
