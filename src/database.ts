import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM } from '@mikro-orm/postgresql';
import { runMigrations } from 'bullmq';
import pg from 'pg';
import { ENTITIES } from './entities/index.js';
import { LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from './limits.js';

/** The schema in which BullMQ keeps its own tables; ours never touches it. */
export const QUEUE_SCHEMA = 'bullmq';

/** One key for the whole product: whoever migrates holds it, everyone else waits. */
const MIGRATION_LOCK = 7_270_011;

export interface DatabaseOptions {
  readonly url: string;
  /** Connections at most; reads and writes of one process share them. */
  readonly poolSize: number;
}

/** The ORM on one database. Connects lazily; call `migrate` first. */
export function openDatabase({ url, poolSize }: DatabaseOptions): Promise<MikroORM> {
  return MikroORM.init(
    defineConfig({
      clientUrl: url,
      entities: ENTITIES,
      metadataProvider: ReflectMetadataProvider,
      extensions: [Migrator],
      forceUtcTimezone: true,
      pool: { min: 0, max: poolSize },
      driverOptions: {
        connectionTimeoutMillis: LOCK_TIMEOUT_MS,
        statement_timeout: STATEMENT_TIMEOUT_MS,
        lock_timeout: LOCK_TIMEOUT_MS,
        idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS * 2,
        application_name: 'countersign',
      },
      schemaGenerator: { ignoreSchema: [QUEUE_SCHEMA] },
      migrations: {
        path: fileURLToPath(new URL('../migrations', import.meta.url)),
        glob: '!(*.d).js',
        transactional: true,
        allOrNothing: true,
        snapshot: false,
        silent: true,
      },
    }),
  );
}

/**
 * Brings the database to the newest schema, ours and the queue's. Safe when several processes start at once: one
 * migrates under an advisory lock, the others wait and find nothing to do. A migration killed half-way is rolled back.
 */
export async function migrate(orm: MikroORM, url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const applied = await orm.migrator.up();
    await runMigrations(client);
    return applied.length;
  } finally {
    await client.end();
  }
}
