import { readDb } from '../../entities/read-db.js';
import { PENDING_TIMERS, TimerState } from '../../entities/schedule/timer.js';
import type { BusinessCalendar } from '../../workflows/calendar.js';
import { actingAt, nextFiring, type Firing, type Place } from '../../workflows/recurring-rule.js';
import { natureOf, type ScheduleDefinition } from '../../workflows/schedule-file.js';
import { holdersByDepartment, withStandIns } from '../../workflows/follow-up-people.js';
import { RuleStatus } from '../../entities/schedule/recurring-rule.js';
import type { Timer } from '../../entities/schedule/timer.js';
import { loadOrganisation, type OrganisationSnapshot } from '../organisation/load-organisation.js';
import type { TransactionContext } from '../transaction.js';
import { claimOccurrence, madeBy } from './anchors-moved.js';
import { scheduleTimers } from './ladder-timers.js';
import { makeFollowUp, tell } from './make-follow-up.js';
import { countsIn } from './count-targets.js';

/** The one kind of timer that drives all rules by the calendar. */
export const RECURRING_RULE = 'recurring-rule';

/** A rule as its timers need it. */
export interface TimedRule {
  readonly id: string;
  readonly version: number;
  readonly definition: ScheduleDefinition;
}

const isTimed = ({ rule }: ScheduleDefinition): boolean => ['calendar', 'target'].includes(natureOf(rule));

/**
 * Sets the rule's one timer: for its first occurrence behind `place`. The key names the rule, its version, the occurrence
 * and its time, so none is set twice; a rule that hangs on records, or has ended, has none.
 */
export async function setRuleTimer(
  tx: TransactionContext,
  { id, version, definition }: TimedRule,
  place: Place,
): Promise<void> {
  if (!isTimed(definition)) return;
  const { calendarOf } = await loadOrganisation(tx.em);
  const next = nextFiring(definition, place, calendarOf(definition.calendar));
  if (next) await setTimer(tx, { id, version }, next, place);
}

/** `because`: what moved it; the occurrence may have stood at the same time before. */
export const setTimer = (
  tx: TransactionContext,
  { id, version }: Pick<TimedRule, 'id' | 'version'>,
  next: Firing,
  place: Place,
  because = '',
): Promise<void> =>
  scheduleTimers(tx, [
    {
      key: `${RECURRING_RULE}/${id}/${version}/${next.key}/${next.fireAt.getTime()}${because}`,
      kind: RECURRING_RULE,
      subjectId: id,
      dueAt: next.fireAt,
      payload: { version, place: { at: place.at.toISOString(), key: place.key } },
    },
  ]);

/** The rule acts no more as it stood. */
export async function cancelRuleTimers(tx: TransactionContext, ruleId: string): Promise<void> {
  await readDb(tx.em)
    .updateTable('timer')
    .set({ state: TimerState.CANCELLED })
    .where('subject_id', '=', ruleId)
    .where('kind', '=', RECURRING_RULE)
    .where('state', 'in', PENDING_TIMERS)
    .execute();
}

/**
 * Makes what the rule asks for at its occurrence, once, in the transaction that fires its timer, and sets the timer of
 * the next one, reckoned from the rule. What was missed while nothing ran is dealt with as the rule says.
 */
export async function fireRule(
  tx: TransactionContext,
  timer: Pick<Timer, 'subjectId' | 'payload'>,
): Promise<void> {
  const { version, place } = timer.payload as { version: number; place: { at: string; key: string } };
  const row = await readDb(tx.em)
    .selectFrom('recurring_rule')
    .select(['id', 'version', 'definition'])
    .where('id', '=', timer.subjectId)
    .where('status', '=', RuleStatus.ACTIVE)
    .executeTakeFirst();
  if (row?.version !== version) return;
  const definition = row.definition as unknown as ScheduleDefinition;
  const snapshot = await loadOrganisation(tx.em);
  const calendar = snapshot.calendarOf(definition.calendar);
  const stood = { at: new Date(place.at), key: place.key };
  const acting = actingAt(definition, stood, calendar, tx.now);
  for (const { key, at } of acting.skip) await claimOccurrence(tx, row.id, key, at, false);
  for (const firing of acting.make)
    if (await claimOccurrence(tx, row.id, firing.key, firing.at))
      await makeOccurrence(tx, { ...row, definition }, firing, snapshot, calendar);
  if (acting.next) await setTimer(tx, row, acting.next, acting.place);
}

async function makeOccurrence(
  tx: TransactionContext,
  rule: TimedRule,
  firing: Firing,
  snapshot: OrganisationSnapshot,
  calendar: BusinessCalendar,
): Promise<void> {
  const { makes, counts } = rule.definition;
  const key = `${RECURRING_RULE}/${rule.id}/${firing.key}`;
  if (counts) return tellShortfall(tx, rule, firing, snapshot, calendar, key);
  if (makes?.do === 'notice') {
    const holders = holdersByDepartment(snapshot.organisation, makes.role, tx.now).map(
      ({ personId }) => personId,
    );
    return tell(tx, key, withStandIns(snapshot.organisation, holders, tx.now), {
      kind: 'SCHEDULE',
      textEn: makes.text.en,
      textZh: makes.text.zh ?? makes.text.en,
    });
  }
  if (makes?.do !== 'follow-up' || makes.for === 'owner') return;
  for (const whom of receivers(makes.for, snapshot, tx.now))
    await makeFollowUp(
      tx,
      {
        ...madeBy(makes),
        ...whom,
        subjectType: null,
        subjectId: null,
        calendarKey: rule.definition.calendar,
        dueAt: firing.dueAt,
        rule: null,
        repeat: makes.repeat,
        occurrence: 0,
        ruleId: rule.id,
      },
      {},
    );
}

interface Receiver {
  readonly personId: string | null;
  readonly roleKey: string | null;
  readonly roleDepartmentId: string | null;
  readonly departmentId: string | null;
}

/** One for each holder, for each department that has holders, or for the role as a whole. */
function receivers(
  { role, each }: { readonly role: string; readonly each: 'holder' | 'department' | 'all' },
  { organisation }: OrganisationSnapshot,
  now: Date,
): Receiver[] {
  const holders = holdersByDepartment(organisation, role, now);
  if (each === 'all') return [{ personId: null, roleKey: role, roleDepartmentId: null, departmentId: null }];
  if (each === 'holder')
    return [...new Map(holders.map((holder) => [holder.personId, holder])).values()].map(
      ({ personId, departmentId }) => ({ personId, roleKey: null, roleDepartmentId: null, departmentId }),
    );
  return [...new Set(holders.map(({ departmentId }) => departmentId))].map((departmentId) => ({
    personId: null,
    roleKey: role,
    roleDepartmentId: departmentId,
    departmentId,
  }));
}

/** At the end of a period those who stayed under their target are told, and their managers with them. */
async function tellShortfall(
  tx: TransactionContext,
  { definition }: TimedRule,
  { at }: Firing,
  { organisation }: OrganisationSnapshot,
  calendar: BusinessCalendar,
  key: string,
): Promise<void> {
  const { counts, rule, title } = definition;
  if (!counts || rule.kind !== 'count-per-period') return;
  const holders = holdersByDepartment(organisation, counts.role, tx.now).map(({ personId }) => personId);
  const within = new Date(at.getTime() - 1);
  for (const personId of new Set(holders)) {
    const { done } = await countsIn(tx.em, definition, personId, within, calendar);
    if (done >= rule.target) continue;
    const person = organisation.people.get(personId);
    const people = [personId, ...(person?.managerId ? [person.managerId] : [])];
    await tell(tx, `${key}/${personId}`, people, {
      kind: 'SCHEDULE',
      textEn: `${person?.name}: ${title.en}: ${done} of ${rule.target}.`,
      textZh: `${person?.name}：${title.zh ?? title.en}：${rule.target} 中完成 ${done}`,
    });
  }
}
