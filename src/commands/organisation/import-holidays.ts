import { Field, InputType, Int } from 'type-graphql';
import type { Context } from '../../context.js';
import { CalendarChangeKind } from '../../entities/organisation/business-calendar.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { parseCalendar } from '../../workflows/calendar.js';
import { importHolidays, type HolidayImport } from '../../workflows/holiday-import.js';
import { check, requireSound } from '../input.js';
import type { TransactionContext } from '../transaction.js';
import { carryOutOrTry, movesBy, NO_REACH, reachOf } from './calendar-trial.js';
import { recordChange, requireCalendar, requireWorkable, writeDefinition } from './change-calendar.js';
import type { ChangedReach } from './save-calendar.js';
import { publishedDays, type PublishedDays } from './holiday-sources.js';

@InputType({ description: 'Which holidays into which calendar.' })
export class ImportHolidaysInput {
  @Field(() => String, { description: 'Key of the calendar.' })
  calendarKey!: string;

  @Field(() => String, { description: 'Country, ISO 3166 alpha-2, such as `CN` or `DE`.' })
  country!: string;

  @Field(() => String, {
    nullable: true,
    description: 'State (`BE`) or region of one (`BY/A`), for holidays that only it has.',
  })
  region?: string | null;

  @Field(() => Int, { description: 'The year.' })
  year!: number;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Changes nothing, and shows what would.',
  })
  dryRun!: boolean;
}

export interface ImportedHolidays extends ChangedReach {
  readonly result: HolidayImport;
}

/**
 * Brings a country's published days off of a year into a calendar, and reckons everything again that is due by it. What
 * people entered, changed or took out by hand stays as it is and is told. Again: nothing happens.
 * @throws NOT_FOUND, BAD_USER_INPUT, NO_HOLIDAY_DATA
 */
export async function importIntoCalendar(
  ctx: Context,
  input: ImportHolidaysInput,
): Promise<ImportedHolidays> {
  const { calendarKey, country, year, dryRun } = input;
  requireSound(
    check('country', /^[A-Z]{2}$/.test(country), 'ISO 3166 alpha-2, two capitals'),
    check('year', year >= 1970 && year <= 2200, '1970 to 2200'),
  );
  // Asked before the transaction: reading a library's rules is no work to hold a lock for.
  const published = await readPublished(ctx, input);
  return carryOutOrTry(ctx, dryRun, async (tx) => bringIn(tx, calendarKey, year, published, dryRun));
}

/** @throws NOT_FOUND, BAD_USER_INPUT, NO_HOLIDAY_DATA */
async function readPublished(ctx: Context, input: ImportHolidaysInput): Promise<PublishedDays> {
  const row = await readDb(ctx.em)
    .selectFrom('business_calendar')
    .select(['key', 'definition'])
    .where('key', '=', input.calendarKey)
    .executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'business calendar' });
  const { country, region, year } = input;
  return publishedDays(parseCalendar(row.definition, { key: row.key }), {
    country,
    region: region || null,
    year,
  });
}

async function bringIn(
  tx: TransactionContext,
  key: string,
  year: number,
  published: PublishedDays,
  dryRun: boolean,
): Promise<ImportedHolidays> {
  const stored = await requireCalendar(tx, key);
  const result = importHolidays(stored.definition, stored.imported, { ...published, year });
  requireWorkable(result.calendar, tx.now);
  if (result.added.length + result.changed.length + result.removed.length === 0)
    return { key, result, ...NO_REACH, moves: [], tried: null };
  const definition = result.calendar;
  const version = await writeDefinition(tx, stored, definition, result.imported);
  const change = {
    calendarKey: key,
    kind: CalendarChangeKind.IMPORTED,
    personId: null,
    departmentId: null,
  };
  await recordChange(tx, { ...change, version, definition });
  const reach = await reachOf(tx, change);
  if (!dryRun) return { key, result, moves: [], tried: null, ...reach };
  const moves = await movesBy(tx, change, { calendar: key, version, change: 'EDITED' });
  const tried = { key, version, isDefault: stored.isDefault, definition, imported: result.imported };
  return { key, result, moves, tried, ...reach };
}
