import { Field, InputType, Int } from 'type-graphql';
import type { Context } from '../../context.js';
import { CalendarChangeKind, Weekday } from '../../entities/organisation/business-calendar.js';
import { readDb } from '../../entities/read-db.js';
import { Day } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { CALENDAR_DAYS_MAX, CALENDARS_MAX, TITLE_MAX_LENGTH } from '../../limits.js';
import { parseCalendar, WEEKDAYS, type BusinessCalendar } from '../../workflows/calendar.js';
import { digestOf } from '../../workflows/canonical.js';
import { once } from '../idempotency.js';
import { check, checkList, checkText, requireSound, requireVersion, type Finding } from '../input.js';
import type { TransactionContext } from '../transaction.js';
import {
  carryOutOrTry,
  keptReach,
  movesBy,
  NO_REACH,
  reachKept,
  reachOf,
  type DueMove,
  type Reach,
} from './calendar-trial.js';
import {
  lockCalendar,
  recordChange,
  requireWorkable,
  writeDefinition,
  type StoredCalendar,
} from './change-calendar.js';

@InputType({ description: 'A stretch of working time within a day.' })
export class WorkingSpanInput {
  @Field(() => String, { description: 'Wall time `HH:MM`.' })
  from!: string;

  @Field(() => String, { description: 'Later wall time `HH:MM` of the same day, at most `24:00`.' })
  to!: string;
}

@InputType({ description: 'The working hours of each weekday; one that is left out is not worked.' })
export class WeekHoursInput {
  @Field(() => [WorkingSpanInput], { nullable: true, description: 'Hours of Mondays, in order.' })
  monday?: WorkingSpanInput[] | null;

  @Field(() => [WorkingSpanInput], { nullable: true, description: 'Hours of Tuesdays.' })
  tuesday?: WorkingSpanInput[] | null;

  @Field(() => [WorkingSpanInput], { nullable: true, description: 'Hours of Wednesdays.' })
  wednesday?: WorkingSpanInput[] | null;

  @Field(() => [WorkingSpanInput], { nullable: true, description: 'Hours of Thursdays.' })
  thursday?: WorkingSpanInput[] | null;

  @Field(() => [WorkingSpanInput], { nullable: true, description: 'Hours of Fridays.' })
  friday?: WorkingSpanInput[] | null;

  @Field(() => [WorkingSpanInput], { nullable: true, description: 'Hours of Saturdays.' })
  saturday?: WorkingSpanInput[] | null;

  @Field(() => [WorkingSpanInput], { nullable: true, description: 'Hours of Sundays.' })
  sunday?: WorkingSpanInput[] | null;
}

@InputType({ description: 'A date that is not worked, or only for some hours.' })
export class CalendarHolidayInput {
  @Field(() => Day, { description: 'The date.' })
  date!: string;

  @Field(() => String, { description: 'What it is called, 1 to 200 characters.' })
  name!: string;

  @Field(() => [WorkingSpanInput], {
    nullable: true,
    description: 'Hours that are worked all the same (a half day); none when not given.',
  })
  spans?: WorkingSpanInput[] | null;
}

@InputType({ description: 'A date that is worked like a weekday, in exchange for a holiday.' })
export class MakeUpDayInput {
  @Field(() => Day, { description: 'The date.' })
  date!: string;

  @Field(() => Weekday, { description: 'The weekday whose hours it has.' })
  weekday!: Weekday;
}

@InputType({ description: 'A business calendar as a whole; what is left out is gone.' })
export class SaveBusinessCalendarInput {
  @Field(() => String, { description: 'Its key, kebab-case, at most 60 characters.' })
  key!: string;

  @Field(() => String, { description: 'Its name, 1 to 200 characters.' })
  name!: string;

  @Field(() => String, { description: 'IANA time zone of its wall times, such as `Asia/Shanghai`.' })
  timeZone!: string;

  @Field(() => WeekHoursInput, { description: 'Working hours by weekday.' })
  week!: WeekHoursInput;

  @Field(() => [CalendarHolidayInput], { nullable: true, description: 'Days off and half days.' })
  holidays?: CalendarHolidayInput[] | null;

  @Field(() => [MakeUpDayInput], { nullable: true, description: 'Days worked in exchange.' })
  makeUpDays?: MakeUpDayInput[] | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The version that the change is based on; not given: the calendar is new.',
  })
  expectedVersion?: number | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Changes nothing, and shows what would move.',
  })
  dryRun!: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

/** The calendar as it is after a change, or would be, and what hangs on it. */
export interface ChangedReach extends Reach {
  readonly key: string;
  readonly moves: readonly DueMove[];
  /** What a trial would have stored; null: read the calendar. */
  readonly tried: StoredCalendar | null;
}

/**
 * Makes a business calendar or replaces one, and reckons everything again that is due by it. Nothing happens when it
 * says what it said before. @throws BAD_USER_INPUT, NOT_FOUND, ALREADY_EXISTS, CONFLICT
 */
export async function saveCalendar(ctx: Context, input: SaveBusinessCalendarInput): Promise<ChangedReach> {
  const definition = calendarIn(input);
  requireWorkable(definition, ctx.now);
  const { idempotencyKey, dryRun, ...payload } = input;
  return carryOutOrTry(ctx, dryRun, async (tx) => {
    let moves: readonly DueMove[] = [];
    let tried: ChangedReach['tried'] = null;
    const answer = await once(
      tx,
      { name: 'save-business-calendar', key: dryRun ? null : idempotencyKey, payload },
      async () => {
        const saved = await save(tx, definition, input.expectedVersion ?? null);
        if (dryRun) {
          tried = { ...saved.stored, version: saved.version, definition };
          moves = saved.change
            ? await movesBy(tx, saved.change, becauseOf(definition.key, saved.version))
            : [];
        }
        return keptReach(saved.change ? await reachOf(tx, saved.change) : NO_REACH);
      },
    );
    return { key: definition.key, ...reachKept(answer), moves, tried };
  });
}

const becauseOf = (calendar: string, version: number) => ({ calendar, version, change: 'EDITED' as const });

interface Saved {
  readonly version: number;
  readonly stored: StoredCalendar;
  /** null: it says what it said before. */
  readonly change: {
    readonly calendarKey: string;
    readonly kind: string;
    readonly personId: null;
    readonly departmentId: null;
  } | null;
}

async function save(
  tx: TransactionContext,
  definition: BusinessCalendar,
  expectedVersion: number | null,
): Promise<Saved> {
  const { key } = definition;
  const stored = expectedVersion === null ? await create(tx, definition) : await lockCalendar(tx, key);
  if (!stored) throw refusal('NOT_FOUND', { what: 'business calendar' });
  if (expectedVersion !== null) requireVersion({ id: key, version: stored.version }, expectedVersion);
  if (expectedVersion !== null && digestOf(stored.definition) === digestOf(definition))
    return { version: stored.version, stored, change: null };
  const version = expectedVersion === null ? 1 : await writeDefinition(tx, stored, definition);
  const kind = expectedVersion === null ? CalendarChangeKind.CREATED : CalendarChangeKind.EDITED;
  const change = { calendarKey: key, kind, personId: null, departmentId: null };
  await recordChange(tx, { ...change, version, definition });
  return { version, stored, change };
}

/** @throws ALREADY_EXISTS, BAD_USER_INPUT when there are too many */
async function create(tx: TransactionContext, definition: BusinessCalendar): Promise<StoredCalendar> {
  const db = readDb(tx.em);
  const { key } = definition;
  const { count } = await db
    .selectFrom('business_calendar')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  requireSound(check('key', Number(count) < CALENDARS_MAX, `one of at most ${CALENDARS_MAX} calendars`));
  const made = await db
    .insertInto('business_calendar')
    .values({ key, definition: JSON.stringify(definition) })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('key')
    .executeTakeFirst();
  if (!made) throw refusal('ALREADY_EXISTS', { what: 'business calendar', field: 'key', key });
  return { key, version: 1, isDefault: false, definition, imported: {} };
}

const KEY_MAX_LENGTH = 60;

/** The calendar that the input describes. @throws BAD_USER_INPUT */
function calendarIn(input: SaveBusinessCalendarInput): BusinessCalendar {
  const { key, name, timeZone, week } = input;
  const [holidays, makeUpDays] = [input.holidays ?? [], input.makeUpDays ?? []];
  requireSound(
    checkText('key', key, KEY_MAX_LENGTH),
    checkText('name', name, TITLE_MAX_LENGTH),
    ...checkList('holidays', holidays, CALENDAR_DAYS_MAX, (at, day) => [
      checkText(`${at}.name`, day.name, TITLE_MAX_LENGTH),
    ]),
    ...checkList('makeUpDays', makeUpDays, CALENDAR_DAYS_MAX, () => []),
    ...repeated('holidays', holidays),
    ...repeated('makeUpDays', makeUpDays),
  );
  return parseCalendar({
    key,
    name: name.trim(),
    timeZone,
    week: Object.fromEntries(WEEKDAYS.map((weekday) => [weekday, spansIn(week[weekday])])),
    holidays: Object.fromEntries(
      holidays.map((day) => [day.date, { name: day.name.trim(), spans: spansIn(day.spans) }]),
    ),
    makeUpDays: Object.fromEntries(makeUpDays.map((day) => [day.date, day.weekday])),
  });
}

/** Plain values: what comes in are instances of the input's class. */
const spansIn = (spans: readonly WorkingSpanInput[] | null | undefined): { from: string; to: string }[] =>
  (spans ?? []).map(({ from, to }) => ({ from, to }));

function repeated(path: string, days: readonly { readonly date: string }[]): Finding[] {
  const seen = new Set<string>();
  return days.map(({ date }, index) => {
    const fresh = !seen.has(date);
    seen.add(date);
    return check(`${path}.${index}.date`, fresh, 'each date once');
  });
}
