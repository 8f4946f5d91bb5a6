import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate, openDatabase } from '../database.js';
import { startEmbeddedPostgres } from '../embedded/postgres.js';

/**
 * Writes, or with `--check` compares, what the migrations make: migrations/schema.sql (a readable dump, since the
 * embedded PostgreSQL has no pg_dump) and src/entities/tables.ts (row types for Kysely, by kysely-codegen).
 */
const root = fileURLToPath(new URL('../../../', import.meta.url));
const DUMP = join(root, 'migrations/schema.sql');
const TABLES = join(root, 'src/entities/tables.ts');

const OBJECTS = `
  select kind, name, definition from (
    select 1 as kind, c.relname as name, 'create table ' || c.relname || E' (\\n' || string_agg(
        '  ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || case when a.attnotnull then ' not null' else '' end
        || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''), E',\\n' order by a.attnum) || E'\\n)' as definition
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by c.relname
    union all
    select 2, c.conrelid::regclass || '.' || c.conname, 'alter table ' || c.conrelid::regclass || ' add constraint ' || c.conname || ' ' || pg_get_constraintdef(c.oid)
    from pg_constraint c where c.connamespace = 'public'::regnamespace and c.conrelid <> 0 and c.contype <> 'n'
    union all
    select 3, i.indexname, i.indexdef from pg_indexes i
    where i.schemaname = 'public' and not exists (select 1 from pg_constraint k where k.conname = i.indexname)
    union all
    select 4, p.proname, pg_get_functiondef(p.oid) from pg_proc p where p.pronamespace = 'public'::regnamespace
    union all
    select 5, t.tgrelid::regclass || '.' || t.tgname, pg_get_triggerdef(t.oid) from pg_trigger t
    join pg_class c on c.oid = t.tgrelid where not t.tgisinternal and c.relnamespace = 'public'::regnamespace
  ) objects where name not like '%mikro_orm_migrations%' order by kind, name`;

async function dumpOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ definition: string }>(OBJECTS);
    return `-- Generated from migrations/ by npm run db:write; compared in CI.\n\n${rows.map((row) => `${row.definition.trimEnd()};`).join('\n\n')}\n`;
  } finally {
    await client.end();
  }
}

function tablesOf(url: string, folder: string): string {
  const file = join(folder, 'tables.ts');
  const cli = join(root, 'node_modules/kysely-codegen/dist/cli/bin.js');
  const options = {
    url,
    dialect: 'postgres',
    'out-file': file,
    'default-schema': 'public',
    'exclude-pattern': '{bullmq.*,*mikro_orm_migrations*}',
    'date-parser': 'string',
    'type-mapping': '{"timestamptz":"ColumnType<string, Date | string, Date | string>"}',
    'log-level': 'error',
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  execFileSync(process.execPath, [cli, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return readFileSync(file, 'utf8');
}

function settle(file: string, made: string): boolean {
  if (!process.argv.includes('--check')) {
    writeFileSync(file, made);
    return true;
  }
  const same = readFileSync(file, 'utf8') === made;
  if (!same) console.error(`${file} differs from what the migrations make: run npm run db:write`);
  return same;
}

const folder = mkdtempSync(join(tmpdir(), 'countersign-dump-'));
const log = { info: () => undefined, warn: () => undefined, error: console.error };
const server = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), log, durable: false });
try {
  const orm = await openDatabase({ url: server.url, poolSize: 2 });
  await migrate(orm, server.url);
  await orm.close();
  const same = [settle(DUMP, await dumpOf(server.url)), settle(TABLES, tablesOf(server.url, folder))];
  if (same.includes(false)) process.exitCode = 1;
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
