import { join, resolve } from 'node:path';
import pg from 'pg';
import { databaseFailure, errorCodes, StartFailure } from '../process-life.js';
import { chooseAccount, choosePort, endOrphan, openCluster } from './cluster.js';
import { dataDirFailure, lockDataDir, type Log } from './data-dir.js';
import { prepareRuntime } from './runtime.js';
import { readOrCreateSecret } from './secrets.js';
import { type RunningServer, runServer } from './server.js';

export interface EmbeddedPostgres {
  /** For migrations: a login that owns the product's database and nothing else. */
  readonly url: string;
  /** For the product: a login that owns nothing and is granted what it needs once the tables are there. */
  readonly applicationUrl: string;
  /** For tools and tests that make databases: PostgreSQL's superuser, in the database postgres. */
  readonly superuserUrl: string;
  readonly dataDir: string;
  /** true when this start made the database. A start may end before it has filled it, so filling must ask the tables. */
  readonly firstStart: boolean;
  /** Shuts PostgreSQL down cleanly and frees the data folder; resolves when no process is left. Again = the same. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly log: Log;
  /** Told once when PostgreSQL died for good or the data folder was taken from us. Default: the failure is logged. */
  readonly onLost?: (failure: StartFailure) => void;
  /** false gives up safety for speed (no fsync): for data that is thrown away. */
  readonly durable?: boolean;
  /** `name=value` settings of PostgreSQL, in addition. */
  readonly settings?: readonly string[];
}

/** The owner's role and the database have one name. */
const NAME = 'countersign';
const APPLICATION = 'countersign_app';
/** For two cores and a machine that has other work: a small cache, and no compilation of queries that take a few ms. */
const SETTINGS = [
  'shared_buffers=128MB',
  'max_connections=100',
  'max_wal_size=512MB',
  'random_page_cost=1.1',
  'jit=off',
  `cluster_name=${NAME}`,
];
const UNSAFE_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/** A real PostgreSQL in the data folder, made at the first start, found again at the next, reachable from this machine
 *  only, by a password kept in the folder, and restarted when it dies. One process owns the folder at a time; what a
 *  crash left behind (lock, PostgreSQL, half-made database) is cleared away first.
 *  @throws StartFailure, one line that says what to do; nothing was harmed then. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, durable = true } = options;
  const dataDir = resolve(options.dataDir);
  const onLost = options.onLost ?? ((failure: StartFailure): void => log.error(failure.message));
  let server: RunningServer | null = null;
  const lock = await lockDataDir(dataDir, log, (failure) => {
    void server?.stop();
    onLost(failure);
  });
  try {
    const account = chooseAccount(dataDir);
    const runtime = await prepareRuntime(account, log);
    const superuser = readOrCreateSecret(dataDir, 'postgres-superuser', 24);
    const cluster = await openCluster(dataDir, {
      runtime,
      account,
      superuserPassword: superuser.value,
      durable,
    });
    await endOrphan(cluster, log);
    server = await runServer(
      {
        runtime,
        cluster,
        dataDir,
        settings: [...SETTINGS, ...(durable ? [] : UNSAFE_SETTINGS), ...(options.settings ?? [])],
        logFile: join(dataDir, 'postgres.log'),
        log,
        onLost,
      },
      () => choosePort(dataDir),
    );
    const superuserUrl = `postgres://postgres:${superuser.value}@127.0.0.1:${server.port}/postgres`;
    const password = readOrCreateSecret(dataDir, 'postgres-login', 24).value;
    const application = readOrCreateSecret(dataDir, 'postgres-application', 24).value;
    await ensureDatabase(superuserUrl, { [NAME]: password, [APPLICATION]: application }, superuser.path);
    return {
      url: `postgres://${NAME}:${password}@127.0.0.1:${server.port}/${NAME}`,
      applicationUrl: `postgres://${APPLICATION}:${application}@127.0.0.1:${server.port}/${NAME}`,
      superuserUrl,
      dataDir,
      firstStart: cluster.created,
      stop: stopOnce(server, () => lock.release()),
    };
  } catch (error) {
    await server?.stop();
    lock.release();
    throw dataDirFailure(error, dataDir) ?? error;
  }
}

function stopOnce(server: RunningServer, release: () => void): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  return () => (stopped ??= server.stop().finally(release));
}

/** The product's logins and database, made when missing; passwords are set at every start, which heals a lost file. */
async function ensureDatabase(
  superuserUrl: string,
  logins: Readonly<Record<string, string>>,
  superuserFile: string,
): Promise<void> {
  const client = new pg.Client({
    connectionString: superuserUrl,
    connectionTimeoutMillis: 10_000,
    query_timeout: 20_000,
  });
  // a lost connection also rejects the query that waits for it
  client.on('error', () => undefined);
  try {
    await client.connect();
    const has = async (query: string, name: string): Promise<boolean> =>
      (await client.query(query, [name])).rows.length > 0;
    for (const [name, password] of Object.entries(logins)) {
      if (!(await has('select 1 from pg_roles where rolname = $1', name)))
        await client.query(`create role ${name} login`);
      await client.query(`alter role ${name} login password ${client.escapeLiteral(password)}`);
    }
    if (!(await has('select 1 from pg_database where datname = $1', NAME)))
      await client.query(`create database ${NAME} owner ${NAME}`);
  } catch (error) {
    if (errorCodes(error).includes('28P01'))
      throw new StartFailure(
        'SECRET_LOST',
        `The embedded database does not accept the password in ${superuserFile}. Restore that file from the backup that goes with the data.`,
      );
    throw databaseFailure(error, superuserUrl) ?? error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
