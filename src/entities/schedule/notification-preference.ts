import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import type { MailMode, MessageGroup } from '../../workflows/notification-preference.js';
import { registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { User } from '../organisation/user.js';
import { newRowId } from '../row-id.js';

export const MESSAGE_GROUP: { readonly [K in MessageGroup]: K } = {
  TURNS: 'TURNS',
  REQUESTS: 'REQUESTS',
  TALK: 'TALK',
  ALARMS: 'ALARMS',
  OTHER: 'OTHER',
};
registerEnumType(MESSAGE_GROUP, {
  name: 'MessageGroup',
  description: 'What messages are about.',
  valuesConfig: {
    TURNS: {
      description: 'Your turns: asked, reminded, nudged, questions put to you, answers you wait for.',
    },
    REQUESTS: { description: 'Requests of yours: returned, ended, amended, paused.' },
    TALK: { description: 'Comments, mentions, copies for your information.' },
    ALARMS: { description: 'Escalations, blocked steps, overrides, timers that could not act.' },
    OTHER: { description: 'Everything else, such as milestones of plans.' },
  },
});

export const MAIL_MODE: { readonly [K in MailMode]: K } = {
  IMMEDIATE: 'IMMEDIATE',
  DIGEST: 'DIGEST',
  OFF: 'OFF',
};
registerEnumType(MAIL_MODE, {
  name: 'MailMode',
  description: 'How messages reach a person by e-mail.',
  valuesConfig: {
    IMMEDIATE: { description: 'A mail for each, at once.' },
    DIGEST: { description: 'One mail with all of them on the next working day, at the hour chosen.' },
    OFF: { description: 'No mail; they are shown in the application only.' },
  },
});

/** How a person wants to be told outside the application; whoever has no row has the defaults. */
@Entity({ tableName: 'notification_preference' })
@Unique({ properties: ['personId'] })
export class NotificationPreferenceRow {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => User, 'person_id', { index: false })
  personId!: string;

  /** By group of messages. */
  @Property({ type: 'jsonb' })
  mail!: Readonly<Record<MessageGroup, MailMode>>;

  @Property({ type: 'integer' })
  digestHour!: number;

  /** `HH:MM`, both or none. */
  @Property({ type: 'text', nullable: true })
  quietFrom: string | null = null;

  @Property({ type: 'text', nullable: true })
  quietUntil: string | null = null;

  @Property({ type: 'text[]' })
  urgent!: MessageGroup[];

  /** IANA name; null: that of the person's calendar. */
  @Property({ type: 'text', nullable: true })
  timeZone: string | null = null;

  @Property({ type: 'timestamptz', length: 3 })
  updatedAt!: Date;
}
