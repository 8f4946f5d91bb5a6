import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.js';

export interface BenchDatabase {
  /** Makes an empty database and answers its address, as the superuser. */
  create(name: string): Promise<string>;
  /** The statements that the product's connections, or those of another application name, send while `work` runs. */
  statementsOf(work: () => Promise<unknown>, application?: string): Promise<string[]>;
  stop(): Promise<void>;
}

/** A PostgreSQL on disk that keeps its promises: fsync, synchronous_commit and full_page_writes on, as in production. */
export async function startBenchDatabase(): Promise<BenchDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const remove = (): void => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  const quiet = {
    info: () => undefined,
    warn: () => undefined,
    error: (line: string) => void process.stderr.write(`${line}\n`),
  };
  const settings = ['max_wal_size=4GB', 'log_line_prefix=%a|'];
  const server = await startEmbeddedPostgres({ dataDir, log: quiet, durable: true, settings }).catch(
    (error: unknown) => {
      remove();
      throw error;
    },
  );
  const ask = (statements: readonly string[]): Promise<void> =>
    withClient(server.superuserUrl, async (client) => {
      for (const statement of statements) await client.query(statement);
    });
  const logFile = join(dataDir, 'postgres.log');
  return {
    async create(name) {
      await ask([`create database ${name}`]);
      const url = new URL(server.superuserUrl);
      url.pathname = `/${name}`;
      return url.href;
    },
    async statementsOf(work, application = 'countersign') {
      await ask([`alter system set log_statement = 'all'`, 'select pg_reload_conf()']);
      await sleep(300);
      const before = readFileSync(logFile).length;
      await work();
      await sleep(300);
      const text = readFileSync(logFile).subarray(before).toString('utf8');
      await ask([`alter system reset log_statement`, 'select pg_reload_conf()']);
      const own = new RegExp(`^${application}\\|LOG:  (?:statement|execute [^:]*): (.*)$`);
      return text.split('\n').flatMap((line) => own.exec(line)?.[1] ?? []);
    },
    stop: () => server.stop().finally(remove),
  };
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
