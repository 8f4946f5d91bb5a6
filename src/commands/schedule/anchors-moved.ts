import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { FollowUp, FollowUpStatus } from '../../entities/schedule/follow-up.js';
import { partsOf, readRecords, RecordKind, type RecordRow } from '../../entities/schedule/record-kinds.js';
import { RuleStatus } from '../../entities/schedule/recurring-rule.js';
import { nextOf, reckon } from '../../workflows/follow-up.js';
import type { ScheduleDefinition, MadeFollowUp } from '../../workflows/schedule-file.js';
import { anchorsOf, type Anchors, type SingleRule } from '../../workflows/schedule-rule.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import type { TransactionContext } from '../transaction.js';
import { cancelLadderTimers } from './ladder-timers.js';
import { calendarFor, FOLLOW_UP, makeFollowUp, moveDue, record, type Reckoning } from './make-follow-up.js';
import { readFacts, type RecordFacts } from './record-anchors.js';

/** A record whose events may have moved. */
export interface Moved {
  readonly kind: RecordKind;
  readonly id: string;
}

/**
 * Brings everything that hangs on the records' events to where they are now, in the transaction that changed them: open
 * follow-ups get their new due times and ladders, and what rules ask for when an event comes is made, once. Commands
 * call it after changing a record; called without a change it does nothing.
 */
export async function anchorsMoved(tx: TransactionContext, ...subjects: readonly Moved[]): Promise<void> {
  await tx.em.flush();
  const touched: Moved[] = [];
  for (const { kind, id } of subjects) {
    const partKind = kind === RecordKind.PROJECT ? RecordKind.STAGE : RecordKind.CONTACT;
    const parts = await partsOf(tx.em, kind, id);
    touched.push({ kind, id }, ...parts.map((part) => ({ kind: partKind, id: part })));
  }
  const hanging = await tx.em.find(
    FollowUp,
    {
      subjectId: touched.map(({ id }) => id),
      status: FollowUpStatus.OPEN,
      $or: [{ rule: { $ne: null } }, { ruleId: { $ne: null } }],
    },
    { orderBy: { id: 'asc' }, refresh: true },
  );
  const rules = await rulesOn(tx, [...new Set(touched.map(({ kind }) => kind))]);
  if (hanging.length === 0 && rules.length === 0) return;
  for (const { kind, id } of touched) {
    const own = hanging.filter(({ subjectId }) => subjectId === id);
    const asked = rules.filter(({ definition }) => definition.on?.subject === kind);
    if (own.length + asked.length === 0) continue;
    const [row] = await readRecords(tx.em, kind, [id], null);
    if (row) await bringUpToDate(tx, { ...row, kind }, own, asked);
  }
  await tx.em.flush();
}

interface AnchoredRule {
  readonly id: string;
  readonly startsAt: Date;
  readonly definition: ScheduleDefinition;
}

async function rulesOn(tx: TransactionContext, kinds: readonly string[]): Promise<AnchoredRule[]> {
  const rows = await readDb(tx.em)
    .selectFrom('recurring_rule')
    .select(['id', 'definition', 'starts_at'])
    .where('status', '=', RuleStatus.ACTIVE)
    .where(sql<string>`definition -> 'on' ->> 'subject'`, 'in', kinds)
    .where(sql<boolean>`definition -> 'rule' ->> 'kind' <> 'unset'`)
    .orderBy('key')
    .execute();
  return rows.map(({ id, definition, starts_at }) => ({
    id,
    startsAt: new Date(starts_at),
    definition: definition as unknown as ScheduleDefinition,
  }));
}

interface Subject extends RecordRow {
  readonly kind: RecordKind;
}

async function bringUpToDate(
  tx: TransactionContext,
  subject: Subject,
  hanging: readonly FollowUp[],
  rules: readonly AnchoredRule[],
): Promise<void> {
  const snapshot = await loadOrganisation(tx.em);
  const factsIn = (reckoning: Reckoning): Promise<RecordFacts> =>
    readFacts(tx.em, subject, calendarFor(snapshot, reckoning));
  for (const followUp of hanging) {
    const facts = await factsIn(followUp);
    const by = rules.find(({ id }) => id === followUp.ruleId);
    if (by && !applies(by.definition, facts)) await giveUp(tx, followUp);
    else if (followUp.rule !== null) {
      const before = followUp.dueAt;
      const reckoned = reckon(followUp.rule, facts.anchors, calendarFor(snapshot, followUp));
      await moveDue(tx, followUp, reckoned);
      if (before?.getTime() !== reckoned.dueAt?.getTime())
        await record(tx, followUp.id, 'MOVED', { from: before, to: reckoned.dueAt });
    }
  }
  await tx.em.flush();
  for (const rule of rules) {
    if (hanging.some(({ ruleId, status }) => ruleId === rule.id && status === FollowUpStatus.OPEN)) continue;
    const { makes, calendar: calendarKey } = rule.definition;
    if (makes?.do !== 'follow-up') continue;
    const place = { calendarKey, departmentId: subject.departmentId, ...forWhom(makes, subject) };
    const facts = await factsIn(place);
    if (applies(rule.definition, facts)) await makeByRule(tx, rule, subject, place, facts.anchors);
  }
}

/** Whether the record has the values that the rule asks of its fields. */
const applies = ({ on }: ScheduleDefinition, { fields }: RecordFacts): boolean =>
  Object.entries(on?.where ?? {}).every(([field, values]) => values.includes(fields[field] ?? ''));

/** The record is no longer one that the rule is about. */
async function giveUp(tx: TransactionContext, followUp: FollowUp): Promise<void> {
  const reason = 'its rule is no longer about this record';
  Object.assign(followUp, {
    status: FollowUpStatus.CANCELLED,
    outcome: reason,
    doneAt: tx.now,
    updatedAt: tx.now,
  });
  await cancelLadderTimers(tx, { kind: FOLLOW_UP, id: followUp.id, part: null });
  await record(tx, followUp.id, 'CANCELLED', { reason });
}

/** Makes what a rule asks for once its event is known; what was due before the rule began is not asked for. */
async function makeByRule(
  tx: TransactionContext,
  { id: ruleId, startsAt, definition }: AnchoredRule,
  subject: Subject,
  place: Reckoning & ReturnType<typeof forWhom>,
  anchors: Anchors,
): Promise<void> {
  const { makes, rule, on } = definition;
  if (makes?.do !== 'follow-up') return;
  const calendar = calendarFor(await loadOrganisation(tx.em), place);
  const first =
    rule.kind === 'every-months'
      ? nextOf({ rule, until: null }, { dueAt: null, occurrence: -1 }, anchors, calendar, startsAt)
      : { ...reckon(rule as SingleRule, anchors, calendar), rule: rule as SingleRule, occurrence: 0 };
  if (!first?.dueAt || first.dueAt < startsAt) return;
  const events = anchorsOf(rule).map((name) => anchors[name]?.toISOString() ?? '');
  const key = on?.again ? `${subject.id}/${events.join('/')}` : subject.id;
  if (!(await claimOccurrence(tx, ruleId, key, first.dueAt))) return;
  await makeFollowUp(
    tx,
    {
      ...madeBy(makes),
      ...place,
      subjectType: subject.kind,
      subjectId: subject.id,
      dueAt: first.dueAt,
      rule: first.rule,
      repeat: rule.kind === 'every-months' ? { rule, until: null } : makes.repeat,
      occurrence: first.occurrence,
      ruleId,
    },
    anchors,
  );
}

/** What a rule writes into each follow-up that it makes. */
export const madeBy = ({ kind, title, note, priority, ladder }: MadeFollowUp) => ({
  kind: kind as FollowUp['kind'],
  title,
  note,
  priority: priority as FollowUp['priority'],
  ladder,
  previousId: null,
  createdById: null,
});

function forWhom(
  { for: whom }: MadeFollowUp,
  subject: RecordRow,
): { personId: string | null; roleKey: string | null; roleDepartmentId: string | null } {
  if (whom === 'owner') return { personId: subject.ownerId, roleKey: null, roleDepartmentId: null };
  const roleDepartmentId = whom.each === 'department' ? subject.departmentId : null;
  return { personId: null, roleKey: whom.role, roleDepartmentId };
}

/** True for the one transaction that deals with this occurrence of the rule; all others find it dealt with. */
export async function claimOccurrence(
  tx: TransactionContext,
  ruleId: string,
  key: string,
  at: Date,
  made = true,
): Promise<boolean> {
  const row = await readDb(tx.em)
    .insertInto('rule_occurrence')
    .values({ id: newRowId(), rule_id: ruleId, key, at, made, created_at: tx.now })
    .onConflict((conflict) => conflict.columns(['rule_id', 'key']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}
