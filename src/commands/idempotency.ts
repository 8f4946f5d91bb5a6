import { sql } from 'kysely';
import { refusal } from '../errors.js';
import { recordKey } from '../entities/approvals/idempotency-record.js';
import { readDb } from '../entities/read-db.js';
import { IDEMPOTENCY_DAYS } from '../limits.js';
import { digestOf } from '../workflows/canonical.js';
import { requireActor, type TransactionContext } from './transaction.js';

const KEY_MAX_LENGTH = 200;

/**
 * Carries out a command once per person and key. The same key and payload get the same answer without doing anything
 * again, also when both come at the same instant: the second waits for the first. `answer` holds ids, from which the
 * caller builds its payload. @throws IDEMPOTENCY_CONFLICT for another payload
 */
export async function once<A extends Record<string, string>>(
  tx: TransactionContext,
  command: { readonly name: string; readonly key: string | null | undefined; readonly payload: unknown },
  carryOut: () => Promise<A>,
): Promise<A> {
  if (!command.key) return carryOut();
  if (command.key.length > KEY_MAX_LENGTH) {
    throw refusal('BAD_USER_INPUT', {
      reason: `idempotencyKey is longer than ${KEY_MAX_LENGTH}`,
      fields: [{ path: 'idempotencyKey', rule: `at most ${KEY_MAX_LENGTH} characters` }],
    });
  }
  const key = recordKey(requireActor(tx).id, command.key);
  const payloadDigest = digestOf({ command: command.name, payload: command.payload ?? null });
  const db = readDb(tx.em);
  const inserted = await db
    .insertInto('idempotency_record')
    .values({
      key,
      payload_digest: payloadDigest,
      answer: '{}',
      expires_at: new Date(tx.now.getTime() + IDEMPOTENCY_DAYS * 86_400_000),
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('key')
    .executeTakeFirst();
  if (!inserted) {
    const known = await db
      .selectFrom('idempotency_record')
      .select(['payload_digest', 'answer'])
      .where('key', '=', key)
      .executeTakeFirstOrThrow();
    if (known.payload_digest !== payloadDigest) throw refusal('IDEMPOTENCY_CONFLICT');
    return known.answer as A;
  }
  const answer = await carryOut();
  await db
    .updateTable('idempotency_record')
    .set({ answer: sql`${JSON.stringify(answer)}::jsonb` })
    .where('key', '=', key)
    .execute();
  return answer;
}
