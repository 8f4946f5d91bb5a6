import { Entity, Enum, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { User } from './user.js';

/** Working hours, holidays and time zone as data; see workflows/calendar.ts for the shape. */
@Entity({ tableName: 'business_calendar' })
@Index({
  name: 'business_calendar_default',
  expression:
    'create unique index business_calendar_default on business_calendar (is_default) where is_default',
})
export class BusinessCalendarRow {
  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'jsonb' })
  definition!: unknown;

  /** Counts the changes of the definition, from 1. */
  @Property({ type: 'integer', default: 1 })
  version: number = 1;

  /** The company's own: that of whoever has no other. At most one is. */
  @Property({ type: 'boolean', default: false })
  isDefault: boolean = false;

  /** What imports have set, by date, as it was imported; what differs now was changed by hand. */
  @Property({ type: 'jsonb', default: '{}' })
  imported: object = {};
}

export enum Weekday {
  MONDAY = 'monday',
  TUESDAY = 'tuesday',
  WEDNESDAY = 'wednesday',
  THURSDAY = 'thursday',
  FRIDAY = 'friday',
  SATURDAY = 'saturday',
  SUNDAY = 'sunday',
}
registerEnumType(Weekday, {
  name: 'Weekday',
  description: 'A day of the week.',
  valuesConfig: {
    MONDAY: { description: 'Monday.' },
    TUESDAY: { description: 'Tuesday.' },
    WEDNESDAY: { description: 'Wednesday.' },
    THURSDAY: { description: 'Thursday.' },
    FRIDAY: { description: 'Friday.' },
    SATURDAY: { description: 'Saturday.' },
    SUNDAY: { description: 'Sunday.' },
  },
});

export enum CalendarChangeKind {
  CREATED = 'CREATED',
  EDITED = 'EDITED',
  IMPORTED = 'IMPORTED',
  ASSIGNED = 'ASSIGNED',
}
registerEnumType(CalendarChangeKind, {
  name: 'CalendarChangeKind',
  description: 'What was done with a business calendar.',
  valuesConfig: {
    CREATED: { description: 'It was made.' },
    EDITED: { description: 'Its definition was changed.' },
    IMPORTED: { description: 'Holidays of a country and year were brought in.' },
    ASSIGNED: { description: 'A person, a department or the company was given it, or left it.' },
  },
});

/** Who changed which calendar, when, and what it said then; append-only. Its timers reckon open due times again. */
@Entity({ tableName: 'calendar_change' })
@Index({ properties: ['calendarKey', 'changedAt'] })
export class CalendarChange {
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Property({ type: 'text' })
  calendarKey!: string;

  @Property({ type: 'integer' })
  version!: number;

  @Enum({ items: () => CalendarChangeKind })
  kind!: CalendarChangeKind;

  /** The calendar after the change; null where it was only given to someone. */
  @Property({ type: 'jsonb', nullable: true })
  definition: unknown = null;

  /** To whom it was given; both null: the company, or an edit. */
  @Property({ type: 'uuid', nullable: true })
  personId: string | null = null;

  @Property({ type: 'uuid', nullable: true })
  departmentId: string | null = null;

  @BelongsTo(() => User, 'changed_by_id', { index: false })
  changedById!: string;

  @Property({ type: 'timestamptz', length: 3 })
  changedAt!: Date;
}
