import { randomBytes } from 'node:crypto';
import { createApp, type App } from '../../src/app.js';
import { hashToken } from '../../src/commands/organisation/sign-in.js';
import { seedDemo } from '../../src/commands/organisation/seed-demo.js';
import { sweep, type SweepReport } from '../../src/commands/schedule/sweep.js';
import { TIMER_ACTIONS } from '../../src/commands/schedule/timer-actions.js';
import type { Lookup } from '../../src/commands/schedule/outbound.js';
import type { Config } from '../../src/config.js';
import type { Log } from '../../src/context.js';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { testDatabase, type TestDatabase } from './test-database.js';

/** Monday 20 May 2024, 09:00 in Shanghai. */
export const START = new Date('2024-05-20T01:00:00Z');

export interface Answer<T> {
  readonly data: T | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Record<string, unknown> & { code: string };
  }[];
}

/** The whole product on a fresh database with the demo data; time stands still until the test moves it. */
export interface TestApp {
  readonly app: App;
  readonly url: string;
  /** Sends an operation as a demo person (`sales`), or as nobody. */
  send<T>(as: string | null, query: string, variables?: Record<string, unknown>): Promise<Answer<T>>;
  /** As `send`, for operations that must succeed. */
  ask<T>(as: string | null, query: string, variables?: Record<string, unknown>): Promise<T>;
  /** The code with which an operation is refused; fails when it goes through. */
  refusal(as: string | null, query: string, variables?: Record<string, unknown>): Promise<string>;
  /** An access token of a demo person. */
  token(as: string): Promise<string>;
  /** Id of a demo person. */
  person(key: string): Promise<string>;
  now(): Date;
  moveTo(instant: Date): void;
  /** Acts out everything due, as the worker's sweep does. */
  sweep(): Promise<SweepReport>;
  readonly errors: unknown[];
  close(): Promise<void>;
}

/** What is done to the database before the product starts, when it starts, and parts of it that are another's. */
interface Parts {
  readonly prepare?: (database: TestDatabase) => Promise<void>;
  readonly now?: Date;
  readonly lookup?: Lookup;
}

export async function testApp(
  overrides: Partial<Config> = {},
  { prepare, now: startsAt, ...parts }: Parts = {},
): Promise<TestApp> {
  const database = await testDatabase();
  await prepare?.(database);
  const errors: unknown[] = [];
  const log: Log = {
    info: () => undefined,
    warn: () => undefined,
    error: (fields, message) => void errors.push({ ...fields, message }),
  };
  let now = startsAt ?? START;
  const config: Config = {
    nodeEnv: 'test',
    host: '127.0.0.1',
    port: 0,
    dataDir: '/nonexistent',
    databaseUrl: database.url,
    redisUrl: undefined,
    role: 'api',
    seed: 'demo',
    demoPassword: undefined,
    logLevel: 'silent',
    sweepSeconds: 3600,
    timerHorizonSeconds: 1,
    ...overrides,
  };
  const app = await createApp({
    config,
    databaseUrl: database.url,
    clock: { now: () => now },
    log,
    ...parts,
  });
  await seedDemo((actor) => app.makeContext(actor), { value: 'a password for tests', from: 'test' });
  await restDemoProject(readDb(app.orm.em.fork()));
  const tokens = new Map<string, string>();
  const people = new Map<string, string>();

  const person = async (key: string): Promise<string> => {
    const known = people.get(key);
    if (known) return known;
    const { id } = await readDb(app.orm.em.fork())
      .selectFrom('app_user')
      .select('id')
      .where('email', '=', `${key}@demo.local`)
      .executeTakeFirstOrThrow();
    people.set(key, id);
    return id;
  };

  const tokenOf = async (key: string): Promise<string> => {
    const known = tokens.get(key);
    if (known) return known;
    const token = randomBytes(16).toString('hex');
    const far = new Date('2100-01-01T00:00:00Z');
    await readDb(app.orm.em.fork())
      .insertInto('session')
      .values({
        id: newRowId(),
        person_id: await person(key),
        access_hash: hashToken(token),
        access_expires_at: far,
        refresh_hash: hashToken(`r${token}`),
        signed_in_at: now,
        expires_at: far,
      })
      .execute();
    tokens.set(key, token);
    return token;
  };

  const send = async <T>(
    as: string | null,
    query: string,
    variables: Record<string, unknown> = {},
  ): Promise<Answer<T>> => {
    const authorization = as === null ? {} : { authorization: `Bearer ${await tokenOf(as)}` };
    const response = await app.http!.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json', ...authorization },
      payload: JSON.stringify({ query, variables }),
    });
    return response.json<Answer<T>>();
  };

  return {
    app,
    url: database.url,
    send,
    async ask<T>(as: string | null, query: string, variables?: Record<string, unknown>) {
      const { data, errors: refused } = await send<T>(as, query, variables);
      if (refused || data === null)
        throw new Error(`${as ?? 'nobody'} was refused: ${JSON.stringify(refused)}`);
      return data;
    },
    async refusal(as, query, variables) {
      const { errors: refused, data } = await send(as, query, variables);
      if (!refused?.[0]) throw new Error(`went through: ${JSON.stringify(data)}`);
      return refused[0].extensions.code;
    },
    token: tokenOf,
    person,
    now: () => now,
    moveTo: (instant) => {
      now = instant;
    },
    sweep: () => sweep(app.makeContext(), { actions: TIMER_ACTIONS, horizonSeconds: 1, limit: 1000 }),
    errors,
    async close() {
      await app.close();
      await database.close();
    },
  };
}

/** Nothing ever happens to the demo's own project: what is told of it when it stalls belongs to no test. */
async function restDemoProject(db: ReturnType<typeof readDb>): Promise<void> {
  await db.updateTable('project_stage').set({ active_at: null, stalls_at: null }).execute();
  await db
    .updateTable('timer')
    .set({ state: 'CANCELLED' })
    .where('kind', 'in', ['stage-reminder', 'stage-rung'])
    .execute();
}
