import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';
import { RuleStatus } from '../../entities/schedule/recurring-rule.js';
import { TimerState } from '../../entities/schedule/timer.js';
import { DAY } from '../../workflows/duration.js';
import { nextFiring, type Firing, type Place } from '../../workflows/recurring-rule.js';
import type { ScheduleDefinition } from '../../workflows/schedule-file.js';
import type { CalendarScope } from '../organisation/calendar-scope.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import type { TransactionContext } from '../transaction.js';
import { cancelRuleTimers, RECURRING_RULE, setTimer } from './rule-timers.js';

/** What was dealt with farther back cannot come to lie behind the place where a rule stands: nothing rolls that far. */
const DEALT_WITH_DAYS = 100;

/** Rules with a timer that go by the calendar that was edited, or by the company's where that has changed. */
const hanging = (tx: TransactionContext, { calendar, departments }: CalendarScope) =>
  readDb(tx.em)
    .selectFrom('recurring_rule as r')
    .innerJoin('timer as t', 't.subject_id', 'r.id')
    .where('r.status', '=', RuleStatus.ACTIVE)
    .where('t.kind', '=', RECURRING_RULE)
    .where('t.state', '=', TimerState.SCHEDULED)
    .where(
      sql<boolean>`(r.definition ->> 'calendar' = ${calendar}
        or (r.definition ->> 'calendar' is null and ${departments.includes('')}))`,
    );

export async function countRules(tx: TransactionContext, scope: CalendarScope): Promise<number> {
  const { count } = await hanging(tx, scope)
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function rulesAfter(
  tx: TransactionContext,
  scope: CalendarScope,
  after: string | null,
  limit: number,
): Promise<string[]> {
  let next = hanging(tx, scope).select('r.id').orderBy('r.id').limit(limit);
  if (after !== null) next = next.where('r.id', '>', after);
  return (await next.execute()).map(({ id }) => id);
}

/** When a rule was to act, and when it acts by its calendar as it is. */
export interface MovedRule {
  readonly key: string;
  readonly version: number;
  readonly from: Date;
  /** null: never again. */
  readonly next: Firing | null;
  readonly place: Place;
}

/** null: nothing moves. */
export async function moveOfRule(tx: TransactionContext, id: string): Promise<MovedRule | null> {
  const db = readDb(tx.em);
  const row = await db
    .selectFrom('recurring_rule as r')
    .innerJoin('timer as t', 't.subject_id', 'r.id')
    .select(['r.key', 'r.version', 'r.definition', 't.due_at', 't.payload'])
    .where('r.id', '=', id)
    .where('r.status', '=', RuleStatus.ACTIVE)
    .where('t.kind', '=', RECURRING_RULE)
    .where('t.state', '=', TimerState.SCHEDULED)
    .executeTakeFirst();
  if (!row) return null;
  const { place: stored } = row.payload as { place: { at: string; key: string } };
  const place = { at: new Date(stored.at), key: stored.key };
  const dealtWith = await db
    .selectFrom('rule_occurrence')
    .select('key')
    .where('rule_id', '=', id)
    .where('at', '>', new Date(place.at.getTime() - DEALT_WITH_DAYS * DAY) as never)
    .execute();
  const definition = row.definition as unknown as ScheduleDefinition;
  const calendar = (await loadOrganisation(tx.em)).calendarOf(definition.calendar);
  const next = nextFiring(definition, place, calendar, new Set(dealtWith.map(({ key }) => key)));
  const from = new Date(row.due_at);
  if (next?.fireAt.getTime() === from.getTime()) return null;
  return { key: row.key, version: row.version, from, next, place };
}

/**
 * Moves the one timer of a rule to where its next occurrence lies by the calendar as it is, under the rule's lock; what
 * comes to lie in the past acts at once, as after an outage.
 */
export async function reckonRule(tx: TransactionContext, id: string, changeId: string): Promise<void> {
  await readDb(tx.em).selectFrom('recurring_rule').select('id').where('id', '=', id).forUpdate().execute();
  const move = await moveOfRule(tx, id);
  if (move === null) return;
  const { version, next, place } = move;
  await cancelRuleTimers(tx, id);
  if (next) await setTimer(tx, { id, version }, next, place, `/${changeId}/${tx.now.getTime()}`);
}
