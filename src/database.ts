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
        Client: PreparingClient,
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

/** Statements that one connection keeps prepared; far above the number of texts that the product sends often. */
const PREPARED_MAX = 300;

/** A text is prepared when it comes this often on one connection: what is asked once is not worth keeping. */
const PREPARED_FROM = 3;

/** Texts that are counted; a client that makes up texts without end makes the connection prepare no more. */
const SEEN_MAX = 3000;

const EVERY_COLUMN = /(select|returning) \*|\.\*/;

/**
 * Gives a connection that is over back to its pool, whoever holds it: a transaction whose BEGIN, COMMIT or ROLLBACK fails
 * with its connection never does so itself, and each would make the pool smaller until nothing goes any more.
 */
function giveBack(client: pg.Client): void {
  const held: { release?: (destroy: boolean) => void } = client as object;
  const { release } = held;
  // whoever held it may give it back once more
  held.release = () => undefined;
  try {
    release?.(true);
  } catch {
    // it was idle: the pool knows already
  }
}

/**
 * A connection that has PostgreSQL plan a statement once instead of every time; planning the inbox costs more than
 * reading it. Only texts with parameters are kept. Those with a `*` are not: their columns change when a newer process
 * migrates, and a prepared statement whose columns change fails from then on.
 */
class PreparingClient extends pg.Client {
  readonly #seen = new Map<string, number>();
  readonly #names = new Map<string, string>();

  constructor(config?: pg.ClientConfig) {
    super(config);
    this.once('end', () => giveBack(this));
  }

  /** undefined: it is sent to be planned for this once. */
  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const times = (this.#seen.get(text) ?? 0) + 1;
    if (this.#names.size >= PREPARED_MAX || this.#seen.size >= SEEN_MAX || EVERY_COLUMN.test(text))
      return undefined;
    this.#seen.set(text, times);
    if (times < PREPARED_FROM) return undefined;
    this.#seen.delete(text);
    const name = `c${this.#names.size + 1}`;
    this.#names.set(text, name);
    return name;
  }

  // The driver's overloads cannot be named one by one; every form but (text, values) passes through untouched.
  override query(...args: unknown[]): never {
    const send = super.query.bind(this) as (...given: unknown[]) => never;
    const [text, values, ...rest] = args;
    if (typeof text !== 'string' || !Array.isArray(values) || values.length === 0) return send(...args);
    return send({ name: this.#nameOf(text), text, values }, ...rest);
  }
}

/**
 * Brings the database to the newest schema, ours and the queue's. Safe when several processes start at once: one
 * migrates under an advisory lock, the others wait and find nothing to do. A migration killed half-way is rolled back.
 * @param application a login other than the owner's, which is granted what the product needs at run time
 */
export async function migrate(orm: MikroORM, url: string, application?: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: LOCK_TIMEOUT_MS });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const applied = await orm.migrator.up();
    await runMigrations(client);
    if (application !== undefined) await client.query(grantsFor(client.escapeIdentifier(application)));
    return applied.length;
  } finally {
    await client.end();
  }
}

/** Migrates as the owner of the tables, on connections that are closed again; the application's login owns nothing. */
export async function migrateAsOwner(ownerUrl: string, applicationUrl: string): Promise<number> {
  const orm = await openDatabase({ url: ownerUrl, poolSize: 1 });
  try {
    return await migrate(orm, ownerUrl, decodeURIComponent(new URL(applicationUrl).username));
  } finally {
    await orm.close();
  }
}

/** What nobody who speaks SQL as the application can change: beside the triggers, which only an owner could disable. */
const APPEND_ONLY = 'approval_event, audit_leaf, audit_checkpoint, follow_up_event, timer_event, receipt';

/** Rows of requests are never deleted, and words are erased, not deleted. */
const NEVER_DELETED =
  'approval_request, approval_step, approval_assignment, approval_interest, approval_text, process_version, request_move';

const grantsFor = (login: string): string => `
  grant usage on schema public to ${login};
  -- The first job of a queue makes a sequence of its own.
  grant usage, create on schema ${QUEUE_SCHEMA} to ${login};
  grant select, insert, update, delete on all tables in schema public to ${login};
  revoke insert, update, delete, truncate on mikro_orm_migrations from ${login};
  revoke update, delete, truncate on ${APPEND_ONLY} from ${login};
  revoke delete, truncate on ${NEVER_DELETED} from ${login};
  grant select, insert, update, delete, truncate on all tables in schema ${QUEUE_SCHEMA} to ${login};
  -- Those that the application's login made itself are its own, and nobody else's to grant.
  do $$ declare mine regclass; begin
    for mine in select oid from pg_class
      where relnamespace = '${QUEUE_SCHEMA}'::regnamespace and relkind = 'S' and pg_has_role(relowner, 'usage')
    loop execute format('grant usage, select, update on sequence %s to ${login.replaceAll("'", "''")}', mine); end loop;
  end $$;
  grant execute on all functions in schema ${QUEUE_SCHEMA} to ${login}`;
