import { isWorkingDay, type BusinessCalendar } from './calendar.js';
import { DAY, dateOfDay, dayOf, instantOf, localOf, MINUTE, type LocalDate } from './duration.js';

// How a person wants to be told outside the application: which messages at once, which once a day, and when not at all.

/** What messages are about, as far as people choose between them. */
export const MESSAGE_GROUPS = ['TURNS', 'REQUESTS', 'TALK', 'ALARMS', 'OTHER'] as const;
export type MessageGroup = (typeof MESSAGE_GROUPS)[number];

/** Every kind of message there is. */
const GROUP_OF: Readonly<Record<string, MessageGroup>> = {
  ASSIGNED: 'TURNS',
  NUDGED: 'TURNS',
  REMINDED: 'TURNS',
  DELEGATE_ANSWERED: 'TURNS',
  INFORMATION_REQUESTED: 'TURNS',
  INFORMATION_GIVEN: 'TURNS',
  REMOVED: 'TURNS',
  REVOKED: 'TURNS',
  RETURNED: 'REQUESTS',
  ENDED: 'REQUESTS',
  AMENDED: 'REQUESTS',
  PAUSED: 'REQUESTS',
  RESUMED: 'REQUESTS',
  COMMENTED: 'TALK',
  MENTIONED: 'TALK',
  COPIED_IN: 'TALK',
  INFORMED: 'TALK',
  ESCALATED: 'ALARMS',
  BLOCKED: 'ALARMS',
  OVERRIDDEN: 'ALARMS',
  TIMER_REFUSED: 'ALARMS',
  WEBHOOK_DISABLED: 'ALARMS',
  MILESTONE: 'OTHER',
  FOLLOW_UP: 'TURNS',
  SCHEDULE: 'OTHER',
  SCHEDULE_UNSET: 'OTHER',
};
export const MESSAGE_KINDS: readonly string[] = Object.keys(GROUP_OF);

/** The group of a kind; one that is not listed belongs to OTHER. */
export const groupOf = (kind: string): MessageGroup => GROUP_OF[kind] ?? 'OTHER';

export const MAIL_MODES = ['IMMEDIATE', 'DIGEST', 'OFF'] as const;
export type MailMode = (typeof MAIL_MODES)[number];

export interface NotificationPreference {
  readonly mail: Readonly<Record<MessageGroup, MailMode>>;
  /** The local hour, 0 to 23, of working days at which the digest is made. */
  readonly digestHour: number;
  /** Local times `HH:MM` between which messages wait; until ≤ from reaches over midnight. null: none. */
  readonly quiet: { readonly from: string; readonly until: string } | null;
  /** Groups that do not wait for the end of the quiet hours. */
  readonly urgent: readonly MessageGroup[];
  /** null: the calendar's. */
  readonly timeZone: string | null;
}

export const DEFAULT_PREFERENCE: NotificationPreference = {
  mail: {
    TURNS: 'IMMEDIATE',
    REQUESTS: 'IMMEDIATE',
    TALK: 'DIGEST',
    ALARMS: 'IMMEDIATE',
    OTHER: 'IMMEDIATE',
  },
  digestHour: 8,
  quiet: null,
  urgent: ['ALARMS'],
  timeZone: null,
};

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/** The end of the quiet hours that a moment lies in, always after it; null when it lies in none. */
export function endOfQuiet({ quiet }: NotificationPreference, timeZone: string, at: Date): Date | null {
  if (quiet === null) return null;
  const [from, until] = [minutesOf(quiet.from), minutesOf(quiet.until)];
  const local = localOf(timeZone, at.getTime());
  const minute = (local - dayOf(local) * DAY) / MINUTE;
  const overnight = until <= from;
  const inside = overnight ? minute >= from || minute < until : minute >= from && minute < until;
  if (!inside) return null;
  const endDay = overnight && minute >= from ? dayOf(local) + 1 : dayOf(local);
  const endLocal = endDay * DAY + until * MINUTE;
  const end = instantOf(timeZone, endLocal);
  // Clocks set back showed the end before: it comes a second time, as far away as the wall clock says.
  return new Date(end > at.getTime() ? end : at.getTime() + (endLocal - local));
}

/** Days looked ahead for a working one; a calendar without any gives a digest a day. */
const DAYS_AHEAD = 60;

/** The next digest after a moment, and the local day that it is the digest of. */
export function nextDigest(
  { digestHour, timeZone }: NotificationPreference,
  calendar: BusinessCalendar,
  after: Date,
): { readonly day: LocalDate; readonly at: Date } {
  const zone = timeZone ?? calendar.timeZone;
  const today = dayOf(localOf(zone, after.getTime()));
  const digestOn = (day: number): { day: LocalDate; at: Date } => ({
    day: dateOfDay(day),
    at: new Date(instantOf(zone, day * DAY + digestHour * 60 * MINUTE)),
  });
  const days = Array.from({ length: DAYS_AHEAD }, (_, index) => digestOn(today + index)).filter(
    ({ at }) => at > after,
  );
  return days.find(({ day }) => isWorkingDay(calendar, day)) ?? days[0]!;
}
