import { Field, ObjectType } from 'type-graphql';
import { Day } from '../../entities/scalars.js';
import { specialDayOf, type HolidayImport, type SpecialDay } from '../../workflows/holiday-import.js';
import { CalendarDay, dayView } from './business-calendars.js';

@ObjectType('ImportConflict', {
  description: 'A date on which the calendar was changed by hand and the published days say something else.',
})
export class ImportConflictView {
  @Field(() => Day, { description: 'The date.' })
  date!: string;

  @Field(() => CalendarDay, {
    nullable: true,
    description: 'What the calendar says, and keeps; null: like its weekday.',
  })
  kept!: CalendarDay | null;

  @Field(() => CalendarDay, {
    nullable: true,
    description: 'What is published; null: nothing, it is like its weekday.',
  })
  published!: CalendarDay | null;
}

interface ImportView {
  readonly added: CalendarDay[];
  readonly changed: CalendarDay[];
  readonly removed: CalendarDay[];
  readonly conflicts: ImportConflictView[];
}

/** An import as people see it. */
export function importView({
  calendar,
  before,
  imported,
  added,
  changed,
  removed,
  conflicts,
}: HolidayImport): ImportView {
  const view = (date: string, day: SpecialDay | null): CalendarDay | null =>
    day && dayView(date, day, imported[date]?.source ?? null);
  return {
    added: added.flatMap((date) => view(date, specialDayOf(calendar, date)) ?? []),
    changed: changed.flatMap((date) => view(date, specialDayOf(calendar, date)) ?? []),
    removed: removed.flatMap((date) => view(date, specialDayOf(before, date)) ?? []),
    conflicts: conflicts.map(({ date, kept, published }) => ({
      date,
      kept: view(date, kept),
      published: view(date, published),
    })),
  };
}
