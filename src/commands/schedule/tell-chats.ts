import { z } from 'zod';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import type { Organisation } from '../../workflows/organisation.js';
import { organisationSeen, type ChatListener } from '../organisation/load-organisation.js';
import type { TransactionContext } from '../transaction.js';
import type { InAppMessage } from './deliver-in-app.js';

/** Kind of a test message; no message of the product has it. */
export const CHAT_TEST = 'TEST';

/** Payload of an outbox message on the channel `chat`. */
export const chatPayload = z.object({
  kind: z.string().min(1).max(40),
  textEn: z.string().min(1),
  textZh: z.string().min(1),
  requestId: z.guid().nullable(),
  step: z.string().nullable(),
  /** Whom it is for. */
  people: z.array(z.guid()),
});
export type ChatPayload = z.infer<typeof chatPayload>;

/** Writes what chat groups are told of a message: those that want its kind, about those of their people who are told it. */
export async function tellChats(
  tx: TransactionContext,
  message: { readonly key: string; readonly content: InAppMessage },
  told: readonly string[],
): Promise<void> {
  if (told.length === 0) return;
  const { organisation, listeners } = await organisationSeen(tx.em);
  const { kind, textEn, textZh, requestId = null, step = null } = message.content;
  const rows = listeners.chats
    .filter(({ messageKinds }) => messageKinds.includes(kind))
    .map((chat) => ({ chat, people: told.filter((id) => isMeant(organisation, chat, id, tx.now)) }))
    .filter(({ people }) => people.length > 0)
    .map(({ chat, people }) => {
      const payload: ChatPayload = { kind, textEn, textZh, requestId, step, people };
      return {
        id: newRowId(),
        key: `${message.key}/chat/${chat.id}`,
        channel: 'chat',
        receiver: chat.id,
        payload: JSON.stringify(payload),
        next_try_at: tx.now,
        created_at: tx.now,
      };
    });
  if (rows.length === 0) return;
  await readDb(tx.em)
    .insertInto('outbox_message')
    .values(rows)
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  tx.wakes.push({ what: 'outbox' });
}

/** In the department or below it, and holding the role now, as far as the group asks for either. */
function isMeant(
  { people, departments, grants }: Organisation,
  { departmentId, roleKey }: ChatListener,
  personId: string,
  now: Date,
): boolean {
  const holds =
    roleKey === null ||
    (grants.get(roleKey) ?? []).some(
      (one) => one.personId === personId && (one.until === null || one.until > now),
    );
  if (!holds || departmentId === null) return holds;
  let at = people.get(personId)?.departmentId ?? null;
  for (let depth = 0; at !== null && depth <= departments.size; depth += 1) {
    if (at === departmentId) return true;
    at = departments.get(at)?.parentId ?? null;
  }
  return false;
}
