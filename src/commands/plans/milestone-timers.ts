import { sql } from 'kysely';
import type { Plan } from '../../entities/plans/plan.js';
import { readDb } from '../../entities/read-db.js';
import { PENDING_TIMERS, TimerState } from '../../entities/schedule/timer.js';
import type { MilestoneTimer } from '../../workflows/plan-cycle.js';
import { scheduleTimers } from '../schedule/ladder-timers.js';
import type { TransactionContext } from '../transaction.js';

/** What a milestone's timer row carries; the row says when, the plan is asked again what is to be done. */
export interface MilestoneTimerPayload {
  readonly planId: string;
  readonly milestone: string;
  readonly index: number;
}

/** Writes timers of a plan, each once: the key names the plan, the milestone, the kind and the place in its list; and the
 *  change of a calendar that moved them, if one did. */
export async function setTimers(
  tx: TransactionContext,
  plan: Plan,
  timers: readonly MilestoneTimer[],
  movedBy: string | null = null,
): Promise<void> {
  await scheduleTimers(
    tx,
    timers.map(({ kind, milestone, index, at }) => ({
      key: `${plan.id}/${milestone}/${kind === 'milestone-rung' ? 'rung' : 'reminder'}/${index}${movedBy === null ? '' : `/${movedBy}`}`,
      kind,
      subjectId: plan.id,
      dueAt: at,
      payload: { planId: plan.id, milestone, index } satisfies MilestoneTimerPayload,
    })),
  );
}

/** Milestones that are done are chased no more. */
export async function cancelTimers(
  tx: TransactionContext,
  planId: string,
  milestones: readonly string[],
): Promise<void> {
  if (milestones.length === 0) return;
  await readDb(tx.em)
    .updateTable('timer')
    .set({ state: TimerState.CANCELLED })
    .where('subject_id', '=', planId)
    .where('state', 'in', PENDING_TIMERS)
    .where(sql<string>`payload ->> 'milestone'`, 'in', milestones)
    .execute();
}
