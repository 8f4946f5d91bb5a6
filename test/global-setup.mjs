// Before a run: one throw-away PostgreSQL with a migrated template database, and a Redis where one is to be had.
//
// Read from outside:  COUNTERSIGN_TEST_DB=none   no PostgreSQL and no Redis (unit and property tests)
//                     TEST_REDIS_URL             use this Redis instead of starting one
//                     COUNTERSIGN_TEST_REDIS=required   a run without Redis is a failure (CI)
// Given to the tests: TEST_DATABASE_SERVER       postgres://…, without a database name
//                     TEST_REDIS_URL             unset when there is no Redis
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startRedis } from './redis-server.mjs';

const TEMPLATE = 'countersign_template';
const BUILT_SUPPORT = path.resolve(import.meta.dirname, '../build/test/support');

/** The same server, another database. */
const databaseUrl = (server, name) => Object.assign(new URL(server), { pathname: `/${name}` }).href;

async function query(url, statement) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/**
 * Makes the template by the migrations as compiled, in a child: no entity is loaded into jest's own process.
 * Afterwards nobody can connect to it, so that no stray connection blocks copying it.
 */
async function makeTemplate(server) {
  const maintenance = databaseUrl(server, 'postgres');
  await query(maintenance, `create database ${TEMPLATE}`);
  await promisify(execFile)(process.execPath, [
    path.join(BUILT_SUPPORT, 'make-template.js'),
    databaseUrl(server, TEMPLATE),
  ]);
  await query(maintenance, `alter database ${TEMPLATE} with is_template true allow_connections false`);
}

export default async function globalSetup() {
  if (process.env.COUNTERSIGN_TEST_DB === 'none') return;
  const stops = [];
  globalThis.stopTestServers = async () => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  try {
    const { startThrowawayPostgres } = await import(path.join(BUILT_SUPPORT, 'throwaway-postgres.js'));
    const postgres = await startThrowawayPostgres();
    stops.push(postgres.stop);
    await makeTemplate(postgres.url);
    process.env.TEST_DATABASE_SERVER = databaseUrl(postgres.url, '').replace(/\/$/, '');

    if (process.env.TEST_REDIS_URL) return;
    const redis = await startRedis();
    if (redis) {
      stops.push(redis.stop);
      process.env.TEST_REDIS_URL = redis.url;
    } else if (process.env.COUNTERSIGN_TEST_REDIS === 'required') {
      throw new Error(
        'COUNTERSIGN_TEST_REDIS=required, but no redis-server was found: install redis-server or set TEST_REDIS_URL',
      );
    } else {
      console.log(
        'The Redis half of the tests is not run: no redis-server was found and TEST_REDIS_URL is not set.',
      );
    }
  } catch (error) {
    await globalThis.stopTestServers();
    throw error;
  }
}
