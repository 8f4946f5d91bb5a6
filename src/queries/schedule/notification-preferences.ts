import { Field, Int, ObjectType } from 'type-graphql';
import type { Actor, Context } from '../../context.js';
import { MAIL_MODE, MESSAGE_GROUP } from '../../entities/schedule/notification-preference.js';
import { readReceivers } from '../../entities/schedule/receiver-rows.js';
import {
  DEFAULT_PREFERENCE,
  MESSAGE_GROUPS,
  type MailMode,
  type MessageGroup,
} from '../../workflows/notification-preference.js';

@ObjectType({ description: 'How messages of one group reach you by e-mail.' })
export class MailPreference {
  @Field(() => MESSAGE_GROUP, { description: 'Which messages.' })
  group!: MessageGroup;

  @Field(() => MAIL_MODE, { description: 'How.' })
  mode!: MailMode;
}

@ObjectType({ description: 'Hours in which messages wait.' })
export class QuietHours {
  @Field(() => String, { description: 'Local time `HH:MM` at which they begin.' })
  from!: string;

  @Field(() => String, {
    description: 'Local time `HH:MM` at which they end; earlier than `from`: on the next day.',
  })
  until!: string;
}

@ObjectType('NotificationPreferences', { description: 'How you want to be told outside the application.' })
export class NotificationPreferencesView {
  @Field(() => Boolean, {
    description: 'Whether this server can send e-mail at all; without it nothing leaves the application.',
  })
  mailAvailable!: boolean;

  @Field(() => [MailPreference], { description: 'E-mail by group of messages.' })
  mail!: MailPreference[];

  @Field(() => Int, { description: 'Local hour of working days at which the digest is made.' })
  digestHour!: number;

  @Field(() => QuietHours, { nullable: true, description: 'Hours in which messages wait.' })
  quietHours!: QuietHours | null;

  @Field(() => [MESSAGE_GROUP], { description: 'Groups that do not wait for the end of quiet hours.' })
  urgent!: readonly MessageGroup[];

  @Field(() => String, { nullable: true, description: 'Your time zone; null: that of your calendar.' })
  timeZone!: string | null;

  @Field(() => String, { description: 'Language of messages: `en` or `zh`.' })
  language!: string;
}

@ObjectType({ description: 'Your preferences as they are now.' })
export class SetNotificationPreferencesPayload {
  @Field(() => NotificationPreferencesView, { description: 'All of them.' })
  preferences!: NotificationPreferencesView;
}

/** The viewer's own; the defaults where nothing was chosen. */
export async function notificationPreferences(ctx: Context): Promise<NotificationPreferencesView> {
  const actor = ctx.actor as Actor;
  const [receiver] = await readReceivers(ctx.em, [actor.id]);
  const { mail, digestHour, quiet, urgent, timeZone } = receiver?.preference ?? DEFAULT_PREFERENCE;
  return {
    mailAvailable: ctx.services.outside?.has('mail') ?? false,
    mail: MESSAGE_GROUPS.map((group) => ({ group, mode: mail[group] })),
    digestHour,
    quietHours: quiet,
    urgent,
    timeZone,
    language: receiver?.language ?? actor.language,
  };
}
