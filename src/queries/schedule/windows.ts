import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { parseCalendar } from '../../workflows/calendar.js';
import { occurrenceOf, type ScheduleRule } from '../../workflows/schedule-rule.js';
import type { ScheduleDefinition } from '../../workflows/schedule-file.js';

export interface Window {
  readonly from: Date;
  readonly until: Date;
}

/** The calendar that lists are reckoned in where a rule names none. */
const DEFAULT_CALENDAR = 'monday-friday';

/** The stretch of time around now that a rule of kind `rolling-window` names. @throws BAD_USER_INPUT for another rule */
export async function windowOf(ctx: Context, key: string, path: string): Promise<Window> {
  const db = readDb(ctx.em);
  const row = await db
    .selectFrom('recurring_rule')
    .select('definition')
    .where('key', '=', key)
    .where('status', '<>', 'DELETED')
    .executeTakeFirst();
  const { rule, calendar } = (row?.definition ?? {}) as unknown as Partial<ScheduleDefinition>;
  if (rule?.kind !== 'rolling-window') {
    const problem = 'the key of a rule of kind rolling-window';
    throw refusal('BAD_USER_INPUT', { reason: `${path}: ${problem}`, fields: [{ path, rule: problem }] });
  }
  return windowNow(rule, await calendarOf(ctx, calendar ?? DEFAULT_CALENDAR), ctx.now);
}

async function calendarOf(ctx: Context, key: string) {
  const row = await readDb(ctx.em)
    .selectFrom('business_calendar')
    .select('definition')
    .where('key', 'in', [key, DEFAULT_CALENDAR])
    .orderBy((eb) => eb('key', '=', key), 'desc')
    .executeTakeFirstOrThrow();
  return parseCalendar(row.definition);
}

function windowNow(rule: ScheduleRule, calendar: ReturnType<typeof parseCalendar>, now: Date): Window {
  const found = occurrenceOf(rule, { now }, calendar);
  if (found.status !== 'window') throw new Error('a rolling window gives a window');
  return found;
}
