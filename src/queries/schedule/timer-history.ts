import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import type { TimerEvent } from '../../entities/schedule/timer-event.js';
import { loadMany } from '../load.js';

/** What people did to a timer that the viewer has before them, oldest first, batched. */
export function historyOf(ctx: Context, timerId: string): Promise<TimerEvent[]> {
  const read = (ids: readonly string[]): Promise<TimerEvent[]> =>
    readDb(ctx.em)
      .selectFrom('timer_event')
      .select([
        'id',
        'timer_id as timerId',
        'type',
        'by_id as byId',
        'at',
        'reason',
        'due_before as dueBefore',
        'due_after as dueAfter',
      ])
      .where('timer_id', 'in', ids)
      .orderBy('at')
      .orderBy('id')
      .execute() as Promise<unknown> as Promise<TimerEvent[]>;
  return loadMany(ctx, 'timer-history', timerId, read, (row) => row.timerId);
}
