import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { CompiledQuery } from 'kysely';
import type { Context } from '../context.js';
import { refusal } from '../errors.js';
import { readDb } from '../entities/read-db.js';

const TABLE = 'sign_in_attempt';

/** Counts tries in PostgreSQL, so that all processes count together. */
export const throttleOf = (
  ctx: Context,
  { tries, seconds }: { readonly tries: number; readonly seconds: number },
): RateLimiterPostgres =>
  new RateLimiterPostgres({
    storeClient: {
      query: ({ text, values }: { text: string; values: unknown[] }) =>
        readDb(ctx.em).executeQuery(CompiledQuery.raw(text, values)),
    },
    storeType: 'client',
    tableName: TABLE,
    tableCreated: true,
    clearExpiredByTimeout: false,
    points: tries,
    duration: seconds,
  });

/** Counts one try. @throws RATE_LIMITED */
export async function consume(throttle: RateLimiterPostgres, key: string): Promise<void> {
  try {
    await throttle.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    throw refusal('RATE_LIMITED', { seconds: Math.ceil(error.msBeforeNext / 1000) });
  }
}
