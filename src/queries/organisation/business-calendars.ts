import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { CalendarChangeKind, Weekday } from '../../entities/organisation/business-calendar.js';
import { readDb } from '../../entities/read-db.js';
import { Day, Instant } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { CALENDARS_MAX } from '../../limits.js';
import {
  dueAt,
  isWorkingInstant,
  nextWorkingInstant,
  parseCalendar,
  type BusinessCalendar,
} from '../../workflows/calendar.js';
import { parseDueRule } from '../../workflows/duration.js';
import type { ImportedDays, SpecialDay } from '../../workflows/holiday-import.js';
import { loadMany } from '../load.js';

@ObjectType({ description: 'A stretch of working time within a day.' })
export class WorkingSpan {
  @Field(() => String, { description: 'Wall time `HH:MM`.' })
  from!: string;

  @Field(() => String, { description: 'Wall time `HH:MM`; the end is not worked.' })
  to!: string;
}

@ObjectType({ description: 'Working hours by weekday; none: not worked.' })
export class WeekHours {
  @Field(() => [WorkingSpan], { description: 'Mondays.' })
  monday!: readonly WorkingSpan[];

  @Field(() => [WorkingSpan], { description: 'Tuesdays.' })
  tuesday!: readonly WorkingSpan[];

  @Field(() => [WorkingSpan], { description: 'Wednesdays.' })
  wednesday!: readonly WorkingSpan[];

  @Field(() => [WorkingSpan], { description: 'Thursdays.' })
  thursday!: readonly WorkingSpan[];

  @Field(() => [WorkingSpan], { description: 'Fridays.' })
  friday!: readonly WorkingSpan[];

  @Field(() => [WorkingSpan], { description: 'Saturdays.' })
  saturday!: readonly WorkingSpan[];

  @Field(() => [WorkingSpan], { description: 'Sundays.' })
  sunday!: readonly WorkingSpan[];
}

@ObjectType({ description: 'A date that differs from its weekday.' })
export class CalendarDay {
  @Field(() => Day, { description: 'The date.' })
  date!: string;

  @Field(() => String, { nullable: true, description: 'What the day off is called; null: a make-up day.' })
  name!: string | null;

  @Field(() => [WorkingSpan], {
    description: 'Hours worked all the same (a half day); empty on a whole day off and on a make-up day.',
  })
  spans!: readonly WorkingSpan[];

  @Field(() => Weekday, {
    nullable: true,
    description: 'A make-up day: worked like this weekday; null: a day off.',
  })
  workedLike!: Weekday | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where it was imported from, such as `CN`; null: entered by hand, or with a pack.',
  })
  importedFrom!: string | null;
}

@ObjectType({ description: 'Who changed a business calendar, and when.' })
export class CalendarChangeView {
  @Field(() => ID, { description: 'The change.' })
  id!: string;

  @Field(() => Int, { description: "The calendar's version by it." })
  version!: number;

  @Field(() => CalendarChangeKind, { description: 'What was done.' })
  kind!: CalendarChangeKind;

  @Field(() => Instant, { description: 'When.' })
  changedAt!: Date;

  changedById!: string;
  personId!: string | null;
  departmentId!: string | null;
  calendarKey!: string;
}

@ObjectType('BusinessCalendar', {
  description: 'When people work: hours, days off, make-up days, in one time zone.',
})
export class BusinessCalendarView {
  @Field(() => String, { description: 'Its key.' })
  key!: string;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => String, { description: 'IANA time zone of its wall times.' })
  timeZone!: string;

  @Field(() => WeekHours, { description: 'Working hours by weekday.' })
  week!: WeekHours;

  @Field(() => [CalendarDay], { description: 'Days off, half days and make-up days, in order.' })
  days!: CalendarDay[];

  @Field(() => Int, { description: 'Counts its changes, from 1; give it back as `expectedVersion`.' })
  version!: number;

  @Field(() => Boolean, {
    description: 'Whether it is that of everyone who has none by themselves or their department.',
  })
  ofCompany!: boolean;

  @Field(() => [Int], { description: 'Years in which it has days off or make-up days.' })
  coveredYears!: number[];

  @Field(() => Boolean, {
    description: 'Whether it has days off this year and none in the coming one: time to import them.',
  })
  lacksComingYear!: boolean;
}

/** What a calendar's row holds, as far as people see it. */
interface Shown {
  readonly key: string;
  readonly definition: BusinessCalendar;
  readonly version: number;
  readonly isDefault: boolean;
  readonly imported?: ImportedDays;
}

/** A day as people see it. */
export const dayView = (date: string, day: SpecialDay, importedFrom: string | null): CalendarDay => ({
  date,
  name: 'holiday' in day ? day.holiday.name : null,
  spans: 'holiday' in day ? day.holiday.spans : [],
  workedLike: 'makeUp' in day ? (day.makeUp as Weekday) : null,
  importedFrom,
});

export function calendarView(
  { key, definition, version, isDefault, imported }: Shown,
  now: Date,
): BusinessCalendarView {
  const { name, timeZone, week, holidays, makeUpDays } = definition;
  const days = [
    ...Object.entries(holidays).map(([date, holiday]) => [date, { holiday }] as const),
    ...Object.entries(makeUpDays).map(([date, makeUp]) => [date, { makeUp }] as const),
  ]
    .map(([date, day]) => dayView(date, day, imported?.[date]?.source ?? null))
    .toSorted((one, other) => (one.date < other.date ? -1 : 1));
  const coveredYears = [...new Set(days.map(({ date }) => Number(date.slice(0, 4))))];
  const year = now.getUTCFullYear();
  const lacksComingYear = coveredYears.includes(year) && !coveredYears.includes(year + 1);
  return {
    key,
    name,
    timeZone,
    week,
    days,
    version,
    ofCompany: isDefault,
    coveredYears,
    lacksComingYear,
  };
}

async function read(ctx: Context, key: string | null): Promise<BusinessCalendarView[]> {
  const all = readDb(ctx.em)
    .selectFrom('business_calendar')
    .select(['key', 'definition', 'version', 'is_default as isDefault', 'imported'])
    .orderBy('key')
    .limit(CALENDARS_MAX);
  const rows = await (key === null ? all : all.where('key', '=', key)).execute();
  return rows.map((row) =>
    calendarView(
      {
        ...row,
        definition: parseCalendar(row.definition, { key: row.key }),
        imported: row.imported as unknown as ImportedDays,
      },
      ctx.now,
    ),
  );
}

/** Every business calendar, by key. */
export const businessCalendars = (ctx: Context): Promise<BusinessCalendarView[]> => read(ctx, null);

/** @throws NOT_FOUND */
export async function businessCalendar(ctx: Context, key: string): Promise<BusinessCalendarView> {
  const [found] = await read(ctx, key);
  if (!found) throw refusal('NOT_FOUND', { what: 'business calendar' });
  return found;
}

/** Changes shown of one calendar. */
const CHANGES_SHOWN = 50;

/** The newest changes of a calendar, newest first, batched. */
export function changesOf(ctx: Context, key: string): Promise<CalendarChangeView[]> {
  const readChanges = (keys: readonly string[]): Promise<CalendarChangeView[]> =>
    readDb(ctx.em)
      .selectFrom((db) =>
        db
          .selectFrom('calendar_change')
          .select([
            'id',
            'version',
            'kind',
            'calendar_key as calendarKey',
            'changed_at as changedAt',
            'changed_by_id as changedById',
            'person_id as personId',
            'department_id as departmentId',
            (eb) =>
              eb.fn
                .agg<number>('row_number')
                .over((over) =>
                  over.partitionBy('calendar_key').orderBy('changed_at', 'desc').orderBy('id', 'desc'),
                )
                .as('place'),
          ])
          .where('calendar_key', 'in', keys)
          .as('change'),
      )
      .selectAll()
      .where('place', '<=', CHANGES_SHOWN)
      .orderBy('changedAt', 'desc')
      .orderBy('id', 'desc')
      .execute() as Promise<unknown> as Promise<CalendarChangeView[]>;
  return loadMany(ctx, 'calendar-changes', key, readChanges, (row) => row.calendarKey);
}

@InputType({ description: 'What to reckon by a business calendar.' })
export class WorkingTimeInput {
  @Field(() => String, { description: 'Key of the calendar.' })
  calendarKey!: string;

  @Field(() => Instant, { nullable: true, description: 'From when; now when not given.' })
  from?: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'Working time to add, such as `P2D` or `PT4H`: days, hours and minutes.',
  })
  duration?: string | null;
}

@ObjectType({ description: 'Where an instant stands in working time.' })
export class WorkingTime {
  @Field(() => Instant, { description: 'The instant asked about.' })
  from!: Date;

  @Field(() => Boolean, { description: 'Whether it is working time then.' })
  isWorking!: boolean;

  @Field(() => Instant, { description: 'The next moment of working time; the instant itself when it is.' })
  nextWorkingAt!: Date;

  @Field(() => Instant, {
    nullable: true,
    description: 'When something is due that takes so long; null without a duration.',
  })
  dueAt!: Date | null;
}

/** @throws NOT_FOUND, BAD_USER_INPUT */
export async function workingTime(ctx: Context, input: WorkingTimeInput): Promise<WorkingTime> {
  const row = await readDb(ctx.em)
    .selectFrom('business_calendar')
    .select(['key', 'definition'])
    .where('key', '=', input.calendarKey)
    .executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'business calendar' });
  const calendar = parseCalendar(row.definition, { key: row.key });
  const from = input.from ?? ctx.now;
  const rule = input.duration ? parseDueRule({ after: input.duration, in: 'business' }) : null;
  return {
    from,
    isWorking: isWorkingInstant(calendar, from),
    nextWorkingAt: nextWorkingInstant(calendar, from),
    dueAt: rule && dueAt(calendar, from, rule),
  };
}
