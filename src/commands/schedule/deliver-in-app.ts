import { CompiledQuery } from 'kysely';
import { z } from 'zod';
import { publish } from '../../bus.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import type { TransactionContext } from '../transaction.js';
import { NotBefore } from './channels.js';
import { fanOut } from './fan-out.js';
import { tellChats } from './tell-chats.js';

/** A message to the administrators waits for the first one: a company may still be setting itself up. */
const NOBODY_WAIT_MS = 5_000;

/** Payload of an outbox message on the channel `in-app`. */
const inAppMessage = z.object({
  kind: z.string().min(1).max(40),
  /** Person ids, or whoever administers when it is delivered. */
  people: z.union([z.literal('administrators'), z.array(z.guid()).min(1).max(1000)]),
  textEn: z.string().min(1),
  textZh: z.string().min(1),
  requestId: z.guid().nullish(),
  /** Key of the step that it is about. */
  step: z.string().nullish(),
});
export type InAppMessage = z.infer<typeof inAppMessage>;

/**
 * Shows the message to each person once, however often it is delivered, and tells their open windows by a notice on
 * `notification:<person id>`, which leaves when the transaction commits; what they get outside is written with it.
 * @throws Error when the payload is not understood; NotBefore while nobody is there to be told.
 */
export async function deliverInApp(
  tx: TransactionContext,
  message: { readonly key: string; readonly payload: unknown },
): Promise<void> {
  const content = inAppMessage.parse(message.payload);
  const { kind, people, textEn, textZh, requestId } = content;
  const receivers = people === 'administrators' ? await administrators(tx) : [...new Set(people)];
  if (receivers.length === 0)
    throw new NotBefore(
      new Date(tx.now.getTime() + NOBODY_WAIT_MS),
      'no active person holds the role administrator',
    );
  const db = readDb(tx.em);
  const told = await db
    .insertInto('notification')
    .values(
      receivers.map((personId) => ({
        id: newRowId(),
        message_key: message.key,
        person_id: personId,
        kind,
        text_en: textEn,
        text_zh: textZh,
        request_id: requestId ?? null,
        created_at: tx.now,
      })),
    )
    .onConflict((conflict) => conflict.columns(['message_key', 'person_id']).doNothing())
    .returning(['id', 'person_id'])
    .execute();
  for (const { id, person_id } of told) {
    await publish(
      (text, values) => db.executeQuery(CompiledQuery.raw(text, [...values])),
      `notification:${person_id}`,
      { id },
    );
  }
  await fanOut(tx, { key: message.key, content }, told);
  await tellChats(
    tx,
    { key: message.key, content },
    told.map(({ person_id }) => person_id),
  );
}

async function administrators(tx: TransactionContext): Promise<string[]> {
  const rows = await readDb(tx.em)
    .selectFrom('role_grant')
    .innerJoin('app_user', 'app_user.id', 'role_grant.person_id')
    .select('app_user.id')
    .distinct()
    .where('role_grant.role_key', '=', 'administrator')
    .where('app_user.active', '=', true)
    .where((is) => is.or([is('role_grant.until', 'is', null), is('role_grant.until', '>', tx.now as never)]))
    .execute();
  return rows.map(({ id }) => id);
}
