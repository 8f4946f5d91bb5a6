import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { readDb } from '../../src/entities/read-db.js';

/** A digest of every row of every table, by table: equal digests, equal content. */
export async function tableChecksums(em: EntityManager): Promise<Readonly<Record<string, string>>> {
  const db = readDb(em);
  const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(db);
  const sums: Record<string, string> = {};
  for (const { name } of rows) {
    const { rows: found } = await sql<{
      sum: string;
    }>`select count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' order by t::text)), '') as sum
      from ${sql.table(name)} t`.execute(db);
    sums[name] = found[0]!.sum;
  }
  return sums;
}
