import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import type { Pack } from '../../workflows/pack.js';
import type { TransactionContext } from '../transaction.js';
import { tell } from './make-follow-up.js';
import { cancelRuleTimers, setRuleTimer } from './rule-timers.js';

/**
 * Brings the schedules of packs into the database. One that is new begins now; a newer pack brings its own words unless
 * an administrator has changed them. The administrators are told once which are not yet filled in.
 */
export async function installSchedules(tx: TransactionContext, packs: readonly Pack[]): Promise<void> {
  const db = readDb(tx.em);
  const known = new Map(
    (
      await db
        .selectFrom('recurring_rule')
        .select(['key', 'id', 'version', 'pack_version', 'changed'])
        .execute()
    ).map((row) => [row.key, row]),
  );
  for (const pack of packs) {
    const unset: string[] = [];
    for (const definition of pack.schedules) {
      const { key, title } = definition;
      const row = known.get(key);
      const isNewer = row && !row.changed && (row.pack_version ?? 0) < pack.version;
      if (row && !isNewer) continue;
      const written = {
        pack: pack.key,
        pack_version: pack.version,
        title_en: title.en,
        title_zh: title.zh ?? title.en,
        definition: JSON.stringify(definition),
        updated_at: tx.now,
      };
      const id = row?.id ?? newRowId();
      const version = (row?.version ?? 0) + 1;
      if (row) {
        await cancelRuleTimers(tx, id);
        await db
          .updateTable('recurring_rule')
          .set({ ...written, version })
          .where('id', '=', id)
          .execute();
      } else {
        const made = { id, key, version, starts_at: tx.now, created_at: tx.now };
        await db
          .insertInto('recurring_rule')
          .values({ ...made, ...written })
          .execute();
        if (definition.rule.kind === 'unset') unset.push(key);
      }
      await setRuleTimer(tx, { id, version, definition }, { at: tx.now, key: '' });
    }
    if (unset.length === 0) continue;
    const told = `schedule/unset/${pack.key}/${pack.version}`;
    const seen = await sql`select 1 from outbox_message where key = ${told}`.execute(db);
    if (seen.rows.length > 0) continue;
    await tell(tx, told, [], {
      kind: 'SCHEDULE_UNSET',
      textEn: `${pack.title.en}: these times are not filled in yet: ${unset.join(', ')}.`,
      textZh: `${pack.title.zh ?? pack.title.en}：以下时间尚未设定：${unset.join('、')}`,
    });
  }
}
