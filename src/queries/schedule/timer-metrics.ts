import type { EntityManager } from '@mikro-orm/postgresql';
import { sql, type RawBuilder } from 'kysely';
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
  /** What is overdue by kind of timer, the longest overdue first; kinds on time are left out. */
  readonly overdueByKind: readonly OverdueKind[];
}

interface OverdueKind {
  readonly kind: string;
  readonly overdue: number;
  readonly oldestSeconds: number;
}

interface MetricsRow {
  readonly scheduled: string;
  readonly overdue: string;
  readonly age: string;
  readonly pending: string;
  readonly dead: string;
  readonly kinds: readonly OverdueKind[];
}

/**
 * One statement over the partial indexes of what is still to do. What is overdue is one range at the front of its index,
 * so its cost goes with what is overdue, not with what waits; of the rows themselves only the overdue ones are read, for
 * their kind.
 */
export const metricsStatement = (now: Date): RawBuilder<MetricsRow> => sql<MetricsRow>`
  select (select count(*) from timer where state = 'SCHEDULED') as scheduled, late.*, pending, dead, kinds
  from (select count(*) as overdue, coalesce(extract(epoch from ${now}::timestamptz - min(due_at)), 0) as age
      from timer where state = 'SCHEDULED' and due_at <= ${now}) late,
    (select coalesce(json_agg(one order by one."oldestSeconds" desc, one.kind), '[]') as kinds
      from (select kind, count(*) as overdue, extract(epoch from ${now}::timestamptz - min(due_at)) as "oldestSeconds"
        from timer where state = 'SCHEDULED' and due_at <= ${now} group by kind) one) by_kind,
    (select count(*) as pending from outbox_message where state = 'PENDING') waiting,
    (select count(*) as dead from outbox_message where state = 'DEAD') parked`;

export async function timerMetrics(em: EntityManager, now: Date): Promise<TimerMetrics> {
  const { rows } = await metricsStatement(now).execute(readDb(em));
  const row = rows[0]!;
  return {
    scheduled: Number(row.scheduled),
    overdue: Number(row.overdue),
    oldestOverdueSeconds: Number(row.age),
    outboxPending: Number(row.pending),
    outboxDead: Number(row.dead),
    overdueByKind: row.kinds,
  };
}
