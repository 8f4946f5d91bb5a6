import { sql } from 'kysely';
import { readDb } from '../entities/read-db.js';
import type { TransactionContext } from './transaction.js';

/** Kinds of numbered records and their prefixes. */
const PREFIX = {
  quote: 'Q',
  contract: 'C',
  invoice: 'I',
  plan: 'P',
  project: 'J',
  customer: 'K',
  document: 'D',
  request: 'A',
} as const;
export type NumberedKind = keyof typeof PREFIX;

/**
 * The next human number of the kind in this year, such as `C-2026-00042`. Gap-free: it is taken in the transaction
 * that uses it, and a rollback gives it back. Writers of one kind wait for each other, so take it last.
 */
export async function nextNumber(tx: TransactionContext, kind: NumberedKind): Promise<string> {
  const prefix = `${PREFIX[kind]}-${tx.now.getUTCFullYear()}`;
  const { last } = await readDb(tx.em)
    .insertInto('number_sequence')
    .values({ prefix, last: 1 })
    .onConflict((conflict) => conflict.column('prefix').doUpdateSet({ last: sql`number_sequence.last + 1` }))
    .returning('last')
    .executeTakeFirstOrThrow();
  return `${prefix}-${String(last).padStart(5, '0')}`;
}
