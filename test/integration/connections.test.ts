import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import { openDatabase } from '../../src/database.js';
import { readDb } from '../../src/entities/read-db.js';
import { testDatabase, type TestDatabase } from '../support/test-database.js';

const POOL_SIZE = 3;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

test('connections that are lost in the middle of a transaction make the pool no smaller', async () => {
  const orm = await openDatabase({ url: database.url, poolSize: POOL_SIZE });
  try {
    const now = (): Promise<unknown> => sql`select 1`.execute(readDb(orm.em.fork()));
    const pid = async (em: typeof orm.em): Promise<number> =>
      (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(readDb(em))).rows[0]!.pid;
    const terminate = (backend: number): Promise<unknown> =>
      sql`select pg_terminate_backend(${backend}, 5000)`.execute(readDb(database.orm.em.fork()));
    for (let lost = 0; lost < 3 * POOL_SIZE; lost += 1) {
      await expect(
        orm.em.fork().transactional(async (em) => {
          await terminate(await pid(em));
          await sql`select 1`.execute(readDb(em));
        }),
      ).rejects.toThrow(/terminat|connection/i);
    }
    await Promise.all(Array.from({ length: 2 * POOL_SIZE }, now));
  } finally {
    await orm.close();
  }
});
