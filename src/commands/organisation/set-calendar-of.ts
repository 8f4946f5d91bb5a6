import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { CalendarChangeKind } from '../../entities/organisation/business-calendar.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { calendarOfDepartment, calendarOfPerson } from '../../workflows/organisation.js';
import { once } from '../idempotency.js';
import { check, requireSound } from '../input.js';
import { requireId, type TransactionContext } from '../transaction.js';
import {
  carryOutOrTry,
  keptReach,
  movesBy,
  NO_REACH,
  reachKept,
  reachOf,
  type DueMove,
} from './calendar-trial.js';
import { recordChange, requireCalendar } from './change-calendar.js';
import { loadOrganisation } from './load-organisation.js';
import type { ChangedReach } from './save-calendar.js';

@InputType({ description: 'Whose calendar is which: of exactly one person, one department, or the company.' })
export class SetCalendarOfInput {
  @Field(() => ID, { nullable: true, description: 'A person.' })
  personId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'A department; it counts for those below that have none of their own.',
  })
  departmentId?: string | null;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'The company: everyone who has no calendar by themselves or their department.',
  })
  company!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Key of the calendar; not given: the person or department follows what is above again.',
  })
  calendarKey?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Changes nothing, and shows what would move.' })
  dryRun!: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

/**
 * Gives a person, a department or the company a calendar, and reckons everything again that is due by it. Nothing happens
 * when they have it already. @throws BAD_USER_INPUT, NOT_FOUND
 */
export async function setCalendarOf(ctx: Context, input: SetCalendarOfInput): Promise<ChangedReach> {
  const { idempotencyKey, dryRun, ...payload } = input;
  const named = [input.personId, input.departmentId, input.company || null].filter(Boolean);
  requireSound(
    check('personId', named.length === 1, 'exactly one of personId, departmentId and company'),
    check('calendarKey', Boolean(input.calendarKey) || !input.company, 'the company needs one'),
  );
  return carryOutOrTry(ctx, dryRun, async (tx) => {
    let moves: readonly DueMove[] = [];
    const answer = await once(
      tx,
      { name: 'set-calendar-of', key: dryRun ? null : idempotencyKey, payload },
      async () => {
        const given = await give(tx, input);
        const { key, version, change } = given;
        if (dryRun && change)
          moves = await movesBy(tx, change, { calendar: key, version, change: 'ASSIGNED' });
        return { key, ...keptReach(change ? await reachOf(tx, change) : NO_REACH) };
      },
    );
    return { key: answer.key, ...reachKept(answer), moves, tried: null };
  });
}

interface Given {
  /** The calendar that they work by now. */
  readonly key: string;
  readonly version: number;
  readonly change: {
    readonly calendarKey: string;
    readonly kind: CalendarChangeKind;
    readonly personId: string | null;
    readonly departmentId: string | null;
  } | null;
}

async function give(tx: TransactionContext, input: SetCalendarOfInput): Promise<Given> {
  const calendarKey = input.calendarKey || null;
  if (calendarKey !== null) await requireCalendar(tx, calendarKey);
  const personId = input.personId ? requireId(input.personId, 'person') : null;
  const departmentId = input.departmentId ? requireId(input.departmentId, 'department') : null;
  const changed =
    personId !== null
      ? await point(tx, 'app_user', personId, calendarKey)
      : departmentId !== null
        ? await point(tx, 'department', departmentId, calendarKey)
        : await makeDefault(tx, calendarKey as string);
  const { organisation, calendarOf } = await loadOrganisation(tx.em);
  const own =
    personId !== null
      ? calendarOfPerson(organisation, personId)
      : calendarOfDepartment(organisation, departmentId);
  const { key } = calendarOf(own);
  const { version } = await requireCalendar(tx, key);
  if (!changed) return { key, version, change: null };
  const change = { calendarKey: key, kind: CalendarChangeKind.ASSIGNED, personId, departmentId };
  await recordChange(tx, { ...change, version, definition: null });
  return { key, version, change };
}

/** Whether that is news. @throws NOT_FOUND */
async function point(
  tx: TransactionContext,
  table: 'app_user' | 'department',
  id: string,
  calendarKey: string | null,
): Promise<boolean> {
  const db = readDb(tx.em);
  const row = await db
    .selectFrom(table)
    .select('calendar_key')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: table === 'app_user' ? 'person' : 'department' });
  if (row.calendar_key === calendarKey) return false;
  await db.updateTable(table).set({ calendar_key: calendarKey }).where('id', '=', id).execute();
  return true;
}

/** Under all calendars' locks in the order of their keys, so that of two at the same instant one is the last. */
async function makeDefault(tx: TransactionContext, calendarKey: string): Promise<boolean> {
  const db = readDb(tx.em);
  const rows = await db
    .selectFrom('business_calendar')
    .select(['key', 'is_default'])
    .orderBy('key')
    .forUpdate()
    .execute();
  if (rows.some(({ key, is_default }) => is_default && key === calendarKey)) return false;
  await db
    .updateTable('business_calendar')
    .set({ is_default: false })
    .where('is_default', '=', true)
    .execute();
  await db
    .updateTable('business_calendar')
    .set({ is_default: true })
    .where('key', '=', calendarKey)
    .execute();
  return true;
}
