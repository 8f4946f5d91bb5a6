import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';

/** What waits for its time. `oldestOverdueSeconds` is the alarm: above two sweeps, nobody lets time pass. */
export interface TimerMetrics {
  readonly scheduled: number;
  /** Due, and not acted on yet. */
  readonly overdue: number;
  /** 0 when nothing is overdue. */
  readonly oldestOverdueSeconds: number;
  readonly outboxPending: number;
  /** Parked after the last try; people must look. */
  readonly outboxDead: number;
}

/** One statement over the partial indexes of what is still to do. */
export async function timerMetrics(em: EntityManager, now: Date): Promise<TimerMetrics> {
  const { rows } = await sql<Record<'scheduled' | 'overdue' | 'age' | 'pending' | 'dead', string>>`
    select timers.*, pending, dead
    from (select count(*) as scheduled, count(*) filter (where due_at <= ${now}) as overdue,
        coalesce(extract(epoch from ${now}::timestamptz - min(due_at) filter (where due_at <= ${now})), 0) as age
      from timer where state = 'SCHEDULED') timers,
      (select count(*) as pending from outbox_message where state = 'PENDING') waiting,
      (select count(*) as dead from outbox_message where state = 'DEAD') parked`.execute(readDb(em));
  const row = rows[0]!;
  return {
    scheduled: Number(row.scheduled),
    overdue: Number(row.overdue),
    oldestOverdueSeconds: Number(row.age),
    outboxPending: Number(row.pending),
    outboxDead: Number(row.dead),
  };
}
