import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { readReceivers, type Receiver } from '../../entities/schedule/receiver-rows.js';
import { TimerState } from '../../entities/schedule/timer.js';
import type { BusinessCalendar } from '../../workflows/calendar.js';
import {
  DEFAULT_PREFERENCE,
  endOfQuiet,
  groupOf,
  nextDigest,
  type NotificationPreference,
} from '../../workflows/notification-preference.js';
import { calendarOfPerson } from '../../workflows/organisation.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import type { TransactionContext } from '../transaction.js';
import type { InAppMessage } from './deliver-in-app.js';
import { MAIL_DIGEST, type MailPayload } from './mail-payload.js';

/** Someone's notification of a message. */
interface Told {
  readonly id: string;
  readonly person_id: string;
}

/** The calendar by which a person's days go: their own, else that of their department or the nearest above. */
export async function calendarOfReceiver(
  tx: Pick<TransactionContext, 'em'>,
  { id }: Pick<Receiver, 'id'>,
): Promise<BusinessCalendar> {
  const { organisation, calendarOf } = await loadOrganisation(tx.em);
  return calendarOf(calendarOfPerson(organisation, id));
}

/**
 * Writes what each person told also gets outside the application, by their preferences, in the transaction that tells
 * them: a mail of its own, or a place in their next digest. Nothing where no mail server is set up.
 */
export async function fanOut(
  tx: TransactionContext,
  message: { readonly key: string; readonly content: InAppMessage },
  told: readonly Told[],
): Promise<void> {
  if (told.length === 0 || !tx.services.outside?.has('mail')) return;
  const receivers = await readReceivers(
    tx.em,
    told.map(({ person_id }) => person_id),
  );
  const mails: object[] = [];
  for (const receiver of receivers.filter(({ active }) => active)) {
    const preference = receiver.preference ?? DEFAULT_PREFERENCE;
    const group = groupOf(message.content.kind);
    const mode = preference.mail[group];
    if (mode === 'OFF') continue;
    const calendar = await calendarOfReceiver(tx, receiver);
    if (mode === 'DIGEST') {
      const notification = told.find(({ person_id }) => person_id === receiver.id) as Told;
      await intoDigest(tx, notification, preference, calendar);
      continue;
    }
    const { kind, textEn, textZh, requestId = null, step = null } = message.content;
    const payload: MailPayload = { kind, textEn, textZh, requestId, step };
    const zone = preference.timeZone ?? calendar.timeZone;
    const quietEnd = preference.urgent.includes(group) ? null : endOfQuiet(preference, zone, tx.now);
    mails.push({
      id: newRowId(),
      key: `${message.key}/mail/${receiver.id}`,
      channel: 'mail',
      receiver: receiver.id,
      payload: JSON.stringify(payload),
      next_try_at: quietEnd ?? tx.now,
      created_at: tx.now,
    });
  }
  if (mails.length === 0) return;
  await readDb(tx.em)
    .insertInto('outbox_message')
    .values(mails as never)
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  tx.wakes.push({ what: 'outbox' });
}

/**
 * Puts the notification into the person's next digest, and into that one only. The digest's timer is locked while it
 * is scheduled, so nothing gets into a digest that has been made.
 */
async function intoDigest(
  tx: TransactionContext,
  { id, person_id }: Told,
  preference: NotificationPreference,
  calendar: BusinessCalendar,
): Promise<void> {
  const db = readDb(tx.em);
  let after = tx.now;
  for (;;) {
    const { day, at } = nextDigest(preference, calendar, after);
    const key = `${MAIL_DIGEST}/${person_id}/${day}`;
    await db
      .insertInto('timer')
      .values({ id: newRowId(), key, kind: MAIL_DIGEST, subject_id: person_id, due_at: at, payload: '{}' })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
    const timer = await db
      .selectFrom('timer')
      .select(['id', 'state', 'due_at'])
      .where('key', '=', key)
      .forShare()
      .executeTakeFirstOrThrow();
    if (timer.state === TimerState.SCHEDULED) {
      await db.updateTable('notification').set({ digest_key: key }).where('id', '=', id).execute();
      tx.wakes.push({ what: 'timer', id: timer.id, at: new Date(timer.due_at) });
      return;
    }
    after = at;
  }
}
