import { Arg, Ctx, Field, FieldResolver, Mutation, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { CalendarReach } from '../../commands/organisation/calendar-trial.js';
import { importIntoCalendar, ImportHolidaysInput } from '../../commands/organisation/import-holidays.js';
import {
  saveCalendar,
  SaveBusinessCalendarInput,
  type ChangedReach,
} from '../../commands/organisation/save-calendar.js';
import { setCalendarOf, SetCalendarOfInput } from '../../commands/organisation/set-calendar-of.js';
import type { Context } from '../../context.js';
import { Department } from '../../entities/organisation/department.js';
import { User } from '../../entities/organisation/user.js';
import {
  businessCalendar,
  businessCalendars,
  BusinessCalendarView,
  CalendarChangeView,
  CalendarDay,
  calendarView,
  changesOf,
  workingTime,
  WorkingTime,
  WorkingTimeInput,
} from '../../queries/organisation/business-calendars.js';
import { importView, ImportConflictView } from '../../queries/organisation/holiday-import-view.js';
import { departmentById, personById } from '../../queries/organisation/people.js';

@ObjectType({ description: 'A business calendar after a change, or as a trial would have left it.' })
export class BusinessCalendarPayload extends CalendarReach {
  @Field(() => BusinessCalendarView, { description: 'The calendar.' })
  calendar!: BusinessCalendarView;
}

@ObjectType({ description: 'What an import of holidays brought, or would bring.' })
export class ImportHolidaysPayload extends BusinessCalendarPayload {
  @Field(() => [CalendarDay], { description: 'Days that are new in the calendar.' })
  added!: CalendarDay[];

  @Field(() => [CalendarDay], { description: 'Days of an earlier import that are published otherwise now.' })
  changed!: CalendarDay[];

  @Field(() => [CalendarDay], {
    description: 'Days of an earlier import, as they were, that are not published any more.',
  })
  removed!: CalendarDay[];

  @Field(() => [ImportConflictView], {
    description: 'Days that differ from the published ones by hand; they stay as they are.',
  })
  conflicts!: ImportConflictView[];
}

const payload = async (
  ctx: Context,
  { key, moves, tried, requests, milestones, followUps, rules, stages, payments }: ChangedReach,
): Promise<BusinessCalendarPayload> => ({
  requests,
  milestones,
  followUps,
  rules,
  stages,
  payments,
  moves: [...moves],
  calendar: tried ? calendarView(tried, ctx.now) : await businessCalendar(ctx, key),
});

@Resolver()
export class CalendarResolver {
  @Query(() => [BusinessCalendarView], { description: 'Every business calendar, by key.' })
  businessCalendars(@Ctx() ctx: Context): Promise<BusinessCalendarView[]> {
    return businessCalendars(ctx);
  }

  @Query(() => BusinessCalendarView, {
    nullable: true,
    description: 'A business calendar; NOT_FOUND when there is none.',
  })
  businessCalendar(
    @Arg('key', () => String, { description: 'Its key.' }) key: string,
    @Ctx() ctx: Context,
  ): Promise<BusinessCalendarView> {
    return businessCalendar(ctx, key);
  }

  @Query(() => WorkingTime, {
    description: 'When work goes on next by a calendar, and when something is due that takes so long.',
  })
  workingTime(
    @Arg('input', () => WorkingTimeInput, { description: 'What to reckon.' }) input: WorkingTimeInput,
    @Ctx() ctx: Context,
  ): Promise<WorkingTime> {
    return workingTime(ctx, input);
  }

  @Mutation(() => BusinessCalendarPayload, {
    description: 'Makes a business calendar, or replaces one; everything due by it is reckoned again.',
  })
  async saveBusinessCalendar(
    @Arg('input', () => SaveBusinessCalendarInput, { description: 'The calendar as a whole.' })
    input: SaveBusinessCalendarInput,
    @Ctx() ctx: Context,
  ): Promise<BusinessCalendarPayload> {
    return payload(ctx, await saveCalendar(ctx, input));
  }

  @Mutation(() => BusinessCalendarPayload, {
    description:
      'Says by which calendar a person, a department or the company works; what is due by it is reckoned again.',
  })
  async setCalendarOf(
    @Arg('input', () => SetCalendarOfInput, { description: 'Whose, and which.' }) input: SetCalendarOfInput,
    @Ctx() ctx: Context,
  ): Promise<BusinessCalendarPayload> {
    return payload(ctx, await setCalendarOf(ctx, input));
  }

  @Mutation(() => ImportHolidaysPayload, {
    description:
      "Brings a country's public holidays of a year into a calendar, for China with the make-up working days. What was changed by hand stays.",
  })
  async importHolidays(
    @Arg('input', () => ImportHolidaysInput, { description: 'Which, and into which calendar.' })
    input: ImportHolidaysInput,
    @Ctx() ctx: Context,
  ): Promise<ImportHolidaysPayload> {
    const { result, ...reach } = await importIntoCalendar(ctx, input);
    return Object.assign(await payload(ctx, reach), importView(result));
  }
}

@Resolver(() => BusinessCalendarView)
export class CalendarFields {
  @FieldResolver(() => [CalendarChangeView], { description: 'Its newest changes, newest first, at most 50.' })
  changes(@Root() { key }: BusinessCalendarView, @Ctx() ctx: Context): Promise<CalendarChangeView[]> {
    return changesOf(ctx, key);
  }
}

@Resolver(() => CalendarChangeView)
export class CalendarChangeFields {
  @FieldResolver(() => User, { description: 'By whom.' })
  changedBy(@Root() { changedById }: CalendarChangeView, @Ctx() ctx: Context): Promise<User> {
    return personById(ctx, changedById);
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who was given it.' })
  person(@Root() { personId }: CalendarChangeView, @Ctx() ctx: Context): Promise<User> | null {
    return personId === null ? null : personById(ctx, personId);
  }

  @FieldResolver(() => Department, { nullable: true, description: 'The department that was given it.' })
  department(
    @Root() { departmentId }: CalendarChangeView,
    @Ctx() ctx: Context,
  ): Promise<Department | null> | null {
    return departmentId === null ? null : departmentById(ctx, departmentId);
  }
}
