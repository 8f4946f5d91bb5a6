import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';

/** What waits on one channel of the outbox. */
export interface ChannelMetrics {
  readonly channel: string;
  readonly pending: number;
  /** Parked after the last try; people must look. */
  readonly dead: number;
  /** How long the oldest one that is due has been due; 0 when none is. */
  readonly oldestDueSeconds: number;
}

/** One statement over the partial indexes of what is still to be delivered; channels on which nothing waits are left out. */
export async function outboxMetrics(em: EntityManager, now: Date): Promise<ChannelMetrics[]> {
  const { rows } = await sql<Record<'channel' | 'pending' | 'dead' | 'age', string>>`
    select channel, sum(pending) as pending, sum(dead) as dead, max(age) as age
    from (
      select channel, count(*) as pending, 0 as dead,
        coalesce(extract(epoch from ${now}::timestamptz - min(next_try_at) filter (where next_try_at <= ${now})), 0) as age
      from outbox_message where state = 'PENDING' group by channel
      union all
      select channel, 0, count(*), 0 from outbox_message where state = 'DEAD' group by channel
    ) parts group by channel order by channel`.execute(readDb(em));
  return rows.map(({ channel, pending, dead, age }) => ({
    channel,
    pending: Number(pending),
    dead: Number(dead),
    oldestDueSeconds: Number(age),
  }));
}
