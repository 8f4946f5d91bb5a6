import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** Working hours, holidays and time zone as data; see workflows/calendar.ts for the shape. */
@Entity({ tableName: 'business_calendar' })
export class BusinessCalendarRow {
  @PrimaryKey({ type: 'text' })
  key!: string;

  @Property({ type: 'jsonb' })
  definition!: unknown;
}
