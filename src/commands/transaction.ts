import type { Actor, Context, Wake } from '../context.js';
import { refusal } from '../errors.js';
import { isRowId } from '../entities/is-row-id.js';
import { TRANSACTION_TRIES } from '../limits.js';

/** A context inside a transaction. What is put into `wakes` is sent after the commit, and never after a rollback. */
export interface TransactionContext extends Context {
  readonly wakes: Wake[];
}

const RETRYABLE = new Set(['40001', '40P01', '55P03']);

/** The SQLSTATE of a database error, wherever the driver put it. */
export function sqlState(error: unknown): string | undefined {
  for (
    let current = error;
    typeof current === 'object' && current !== null;
    current = (current as { cause?: unknown }).cause
  ) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
  }
  return undefined;
}

/**
 * Runs the work in one transaction, all or nothing, on an identity map of its own. A deadlock, serialisation failure
 * or lock time-out is tried again a few times; anything else passes through. Only commands call this.
 */
export async function inTransaction<T>(
  ctx: Context,
  work: (tx: TransactionContext) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const wakes: Wake[] = [];
    try {
      const result = await ctx.em.fork().transactional((em) => work({ ...ctx, em, wakes }));
      // What was read before the change is not shown after it.
      ctx.loaders.clear();
      for (const wake of wakes) ctx.services.wake(wake);
      return result;
    } catch (error) {
      if (attempt >= TRANSACTION_TRIES || !RETRYABLE.has(sqlState(error) ?? '')) throw error;
      ctx.log.warn({ attempt, sqlState: sqlState(error) }, 'transaction tried again');
    }
  }
}

/** Runs the work and undoes it: what it answers would have been so. Nothing is written, nobody is woken. */
export async function rehearse<T>(ctx: Context, work: (tx: TransactionContext) => Promise<T>): Promise<T> {
  const undo = new Error('a rehearsal is undone');
  let answer: { readonly value: T } | null = null;
  try {
    return await inTransaction(ctx, async (tx) => {
      answer = { value: await work(tx) };
      throw undo;
    });
  } catch (error) {
    if (error !== undo || answer === null) throw error;
    return (answer as { readonly value: T }).value;
  } finally {
    ctx.loaders.clear();
  }
}

/** The signed-in person. @throws UNAUTHENTICATED */
export function requireActor(ctx: Context): Actor {
  if (!ctx.actor) throw refusal('UNAUTHENTICATED');
  return ctx.actor;
}

/** An id as the client gave it; a malformed one names nothing. @throws NOT_FOUND */
export function requireId(id: string, what: string): string {
  if (!isRowId(id)) throw refusal('NOT_FOUND', { what });
  return id.toLowerCase();
}
