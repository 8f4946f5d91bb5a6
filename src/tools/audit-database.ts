import { IsolationLevel, type EntityManager, type MikroORM } from '@mikro-orm/postgresql';
import { auditKey } from '../app.js';
import { systemClock } from '../clock.js';
import { makeCheckpoint, type Checkpoint } from '../commands/approvals/make-checkpoint.js';
import { readConfig, type Config } from '../config.js';
import type { Context } from '../context.js';
import { openDatabase } from '../database.js';
import { startEmbeddedPostgres } from '../embedded/postgres.js';
import { writeCheckpoint } from '../jobs/checkpoints.js';

interface AuditDatabase {
  readonly config: Config;
  readonly orm: MikroORM;
  /** One consistent, read-only view, however long the reading takes. */
  readonly snapshot: <T>(work: (em: EntityManager) => Promise<T>) => Promise<T>;
}

/** Opens the database that is named, that of the environment, or the embedded one, which must not be running. */
export async function withDatabase<T>(
  url: string | undefined,
  work: (database: AuditDatabase) => Promise<T>,
): Promise<T> {
  const config = readConfig(process.env);
  const known = url ?? config.databaseUrl;
  const embedded =
    known === undefined ? await startEmbeddedPostgres({ dataDir: config.dataDir, log: QUIET }) : null;
  try {
    const orm = await openDatabase({ url: known ?? embedded?.url ?? '', poolSize: 2 });
    try {
      return await work({
        config,
        orm,
        snapshot: (read) =>
          orm.em
            .fork()
            .transactional(read, { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true }),
      });
    } finally {
      await orm.close();
    }
  } finally {
    await embedded?.stop();
  }
}

const QUIET = { info: () => undefined, warn: () => undefined, error: console.error };

/** Makes a checkpoint with the configured key, and writes it to the folder. */
export async function makeCheckpointNow(
  { config, orm }: AuditDatabase,
  folder: string | undefined,
): Promise<{ made: Checkpoint; path: string | null }> {
  const ctx = {
    em: orm.em.fork(),
    now: systemClock.now(),
    log: QUIET,
    loaders: new Map(),
    services: { clock: systemClock, wake: () => undefined },
  } as unknown as Context;
  const made = await makeCheckpoint(ctx, auditKey(config));
  const to = folder ?? config.auditCheckpointDir;
  return { made, path: to === undefined ? null : writeCheckpoint(to, made) };
}
