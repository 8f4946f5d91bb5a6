import { readDb } from '../../entities/read-db.js';
import { CalendarChange, CalendarChangeKind } from '../../entities/organisation/business-calendar.js';
import { newRowId } from '../../entities/row-id.js';
import { refusal, isRefusal } from '../../errors.js';
import { CALENDAR_DAYS_MAX } from '../../limits.js';
import { nextWorkingInstant, parseCalendar, type BusinessCalendar } from '../../workflows/calendar.js';
import type { ImportedDays } from '../../workflows/holiday-import.js';
import { check, requireSound } from '../input.js';
import { scheduleReckoning } from '../schedule/reckon-due-times.js';
import { requireActor, type TransactionContext } from '../transaction.js';
import type { ChangedCalendar } from './calendar-scope.js';

/** A calendar as stored. */
export interface StoredCalendar {
  readonly key: string;
  readonly version: number;
  readonly isDefault: boolean;
  readonly definition: BusinessCalendar;
  readonly imported: ImportedDays;
}

/** The calendar under its row lock; null: there is none of this key. */
export async function lockCalendar(tx: TransactionContext, key: string): Promise<StoredCalendar | null> {
  const row = await readDb(tx.em)
    .selectFrom('business_calendar')
    .select(['key', 'version', 'is_default', 'definition', 'imported'])
    .where('key', '=', key)
    .forUpdate()
    .executeTakeFirst();
  if (!row) return null;
  return {
    key: row.key,
    version: row.version,
    isDefault: row.is_default,
    definition: parseCalendar(row.definition, { key: row.key }),
    imported: row.imported as unknown as ImportedDays,
  };
}

/** @throws NOT_FOUND */
export async function requireCalendar(tx: TransactionContext, key: string): Promise<StoredCalendar> {
  const found = await lockCalendar(tx, key);
  if (!found) throw refusal('NOT_FOUND', { what: 'business calendar' });
  return found;
}

/** A calendar that nothing could ever be due by is a slip. @throws BAD_USER_INPUT */
export function requireWorkable(calendar: BusinessCalendar, now: Date): void {
  const days = Object.keys(calendar.holidays).length + Object.keys(calendar.makeUpDays).length;
  requireSound(
    check('holidays', days <= CALENDAR_DAYS_MAX, `at most ${CALENDAR_DAYS_MAX} with the make-up days`),
  );
  try {
    nextWorkingInstant(calendar, now);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    requireSound(check('week', false, 'working time within the next two years'));
  }
}

/** Writes who changed what, and sets out to reckon every due time that hangs on it. Answers the change's id. */
export async function recordChange(
  tx: TransactionContext,
  change: Omit<ChangedCalendar, 'kind'> & {
    readonly kind: CalendarChangeKind;
    readonly version: number;
    readonly definition: BusinessCalendar | null;
  },
): Promise<string> {
  const id = newRowId();
  const { id: changedById } = requireActor(tx);
  await tx.em.insertMany(CalendarChange, [{ id, ...change, changedById, changedAt: tx.now }]);
  await scheduleReckoning(tx, id);
  return id;
}

/** What differs from the stored calendar is a new version of it. */
export async function writeDefinition(
  tx: TransactionContext,
  stored: StoredCalendar,
  definition: BusinessCalendar,
  imported: ImportedDays = stored.imported,
): Promise<number> {
  const version = stored.version + 1;
  await readDb(tx.em)
    .updateTable('business_calendar')
    .set({ definition: JSON.stringify(definition), imported: JSON.stringify(imported), version })
    .where('key', '=', stored.key)
    .execute();
  return version;
}
