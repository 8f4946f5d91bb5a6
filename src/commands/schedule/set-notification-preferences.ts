import { Field, InputType, Int } from 'type-graphql';
import type { Context } from '../../context.js';
import { newRowId } from '../../entities/row-id.js';
import { readDb } from '../../entities/read-db.js';
import { MAIL_MODE, MESSAGE_GROUP } from '../../entities/schedule/notification-preference.js';
import { readReceivers } from '../../entities/schedule/receiver-rows.js';
import {
  DEFAULT_PREFERENCE,
  MESSAGE_GROUPS,
  type MailMode,
  type MessageGroup,
} from '../../workflows/notification-preference.js';
import { isTimeZone } from '../../workflows/duration.js';
import { check, checkNotNull, requireSound } from '../input.js';
import { inTransaction, requireActor } from '../transaction.js';

@InputType({ description: 'How messages of one group reach you by e-mail.' })
export class MailPreferenceInput {
  @Field(() => MESSAGE_GROUP, { description: 'Which messages.' })
  group!: MessageGroup;

  @Field(() => MAIL_MODE, { description: 'How.' })
  mode!: MailMode;
}

@InputType({ description: 'Hours in which messages wait.' })
export class QuietHoursInput {
  @Field(() => String, { description: 'Local time `HH:MM` at which they begin.' })
  from!: string;

  @Field(() => String, {
    description: 'Local time `HH:MM` at which they end; earlier than `from`: on the next day.',
  })
  until!: string;
}

@InputType({
  description: 'How you want to be told outside the application; what is not given stays as it is.',
})
export class NotificationPreferencesInput {
  @Field(() => [MailPreferenceInput], {
    nullable: true,
    description: 'E-mail by group; groups not named stay.',
  })
  mail?: MailPreferenceInput[] | null;

  @Field(() => Int, { nullable: true, description: 'Local hour of the digest, 0 to 23.' })
  digestHour?: number | null;

  @Field(() => QuietHoursInput, { nullable: true, description: 'Quiet hours; null: none.' })
  quietHours?: QuietHoursInput | null;

  @Field(() => [MESSAGE_GROUP], {
    nullable: true,
    description: 'Groups that do not wait for the end of quiet hours; none: all wait.',
  })
  urgent?: MessageGroup[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Your time zone, such as Asia/Shanghai; null: that of your department’s calendar.',
  })
  timeZone?: string | null;

  @Field(() => String, { nullable: true, description: 'Language of messages: `en` or `zh`.' })
  language?: string | null;
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Changes the viewer's own preferences, for what is told from now on. @throws BAD_USER_INPUT */
export async function setNotificationPreferences(
  ctx: Context,
  input: NotificationPreferencesInput,
): Promise<void> {
  const { id: personId } = requireActor(ctx);
  requireSoundPreferences(input);
  const { mail, digestHour, quietHours, urgent, timeZone, language } = input;
  await inTransaction(ctx, async (tx) => {
    const db = readDb(tx.em);
    // Two changes at once come one after the other.
    await db.selectFrom('app_user').select('id').where('id', '=', personId).forUpdate().execute();
    const [receiver] = await readReceivers(tx.em, [personId]);
    const now = receiver?.preference ?? DEFAULT_PREFERENCE;
    const quiet = quietHours === undefined ? now.quiet : quietHours;
    const columns = {
      mail: JSON.stringify({
        ...now.mail,
        ...Object.fromEntries((mail ?? []).map(({ group, mode }) => [group, mode])),
      }),
      digest_hour: digestHour ?? now.digestHour,
      quiet_from: quiet?.from ?? null,
      quiet_until: quiet?.until ?? null,
      urgent: [...new Set(urgent ?? now.urgent)],
      time_zone: timeZone === undefined ? now.timeZone : timeZone,
      updated_at: tx.now,
    };
    await db
      .insertInto('notification_preference')
      .values({ id: newRowId(), person_id: personId, ...columns })
      .onConflict((conflict) => conflict.column('person_id').doUpdateSet(columns))
      .execute();
    if (language && language !== receiver?.language)
      await db.updateTable('app_user').set({ language }).where('id', '=', personId).execute();
  });
}

function requireSoundPreferences(input: NotificationPreferencesInput): void {
  const { mail, digestHour, quietHours, urgent, timeZone, language } = input;
  const time = (path: string, text: string | undefined) =>
    check(path, text === undefined || TIME.test(text), 'a time HH:MM from 00:00 to 23:59');
  requireSound(
    checkNotNull('mail', mail),
    check('mail', (mail?.length ?? 0) <= MESSAGE_GROUPS.length, 'each group once'),
    check('mail', new Set(mail?.map(({ group }) => group)).size === (mail?.length ?? 0), 'each group once'),
    checkNotNull('digestHour', digestHour),
    check('digestHour', digestHour == null || (digestHour >= 0 && digestHour <= 23), '0 to 23'),
    time('quietHours.from', quietHours?.from),
    time('quietHours.until', quietHours?.until),
    check('quietHours', !quietHours || quietHours.from !== quietHours.until, 'from and until differ'),
    checkNotNull('urgent', urgent),
    check('urgent', (urgent?.length ?? 0) <= MESSAGE_GROUPS.length, 'each group once'),
    check(
      'timeZone',
      timeZone == null || (timeZone.length <= 60 && isTimeZone(timeZone)),
      'an IANA time zone',
    ),
    checkNotNull('language', language),
    check('language', language == null || ['en', 'zh'].includes(language), 'en or zh'),
  );
}
