import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { openDatabase } from '../../src/database.js';

export interface TestDatabase {
  readonly orm: MikroORM;
  readonly url: string;
  /** Closes the connections and drops the database. */
  close(): Promise<void>;
}

/** A database of its own for one test file, copied from the migrated template in a few hundredths of a second. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env['TEST_DATABASE_SERVER'];
  if (!server)
    throw new Error('TEST_DATABASE_SERVER is not set: run by jest, and without COUNTERSIGN_TEST_DB=none');
  const name = `test_${process.env['JEST_WORKER_ID'] ?? '0'}_${randomUUID().slice(0, 8)}`;
  await maintain(server, `create database ${name} template countersign_template`);
  const url = `${server}/${name}`;
  const orm = await openDatabase({ url, poolSize: 8 });
  const close = async (): Promise<void> => {
    await orm.close();
    await maintain(server, `drop database ${name} with (force)`);
  };
  return { orm, url, close };
}

async function maintain(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${server}/postgres` });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
