import type { EntityManager } from '@mikro-orm/postgresql';
import type { NotificationPreference } from '../../workflows/notification-preference.js';
import { readDb } from '../read-db.js';

/** A person as someone who is told. */
export interface Receiver {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly active: boolean;
  readonly language: 'en' | 'zh';
  /** null: the defaults. */
  readonly preference: NotificationPreference | null;
}

/** The people with these ids, by id, in one statement. */
export async function readReceivers(em: EntityManager, ids: readonly string[]): Promise<Receiver[]> {
  if (ids.length === 0) return [];
  const rows = await readDb(em)
    .selectFrom('app_user as person')
    .leftJoin('notification_preference as chosen', 'chosen.person_id', 'person.id')
    .select(['person.id', 'name', 'email', 'active', 'language'])
    .select(['chosen.mail', 'digest_hour', 'quiet_from', 'quiet_until', 'urgent', 'time_zone'])
    .where('person.id', 'in', ids)
    .orderBy('person.id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    email: row.email,
    active: row.active,
    language: row.language === 'zh' ? 'zh' : 'en',
    preference:
      row.mail === null
        ? null
        : ({
            mail: row.mail,
            digestHour: row.digest_hour,
            quiet:
              row.quiet_from === null || row.quiet_until === null
                ? null
                : { from: row.quiet_from, until: row.quiet_until },
            urgent: row.urgent,
            timeZone: row.time_zone,
          } as unknown as NotificationPreference),
  }));
}
