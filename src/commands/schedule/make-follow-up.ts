import {
  FollowUp,
  FollowUpEvent,
  FollowUpKind,
  FollowUpPriority,
} from '../../entities/schedule/follow-up.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { insertRows } from '../../entities/write-rows.js';
import { newRowId } from '../../entities/row-id.js';
import { OutboxMessage, OutboxState } from '../../entities/schedule/outbox-message.js';
import type { BusinessCalendar } from '../../workflows/calendar.js';
import { reckon, type Reckoned, type Repeat } from '../../workflows/follow-up.js';
import { peopleFor, withStandIns } from '../../workflows/follow-up-people.js';
import { ladderTimers, type Ladder } from '../../workflows/ladder.js';
import { calendarOfDepartment, calendarOfPerson } from '../../workflows/organisation.js';
import type { Localised } from '../../workflows/process.js';
import type { Anchors, SingleRule } from '../../workflows/schedule-rule.js';
import { loadOrganisation, type OrganisationSnapshot } from '../organisation/load-organisation.js';
import type { EventType } from '../../workflows/events.js';
import type { TransactionContext } from '../transaction.js';
import { tellOutside } from './tell-outside.js';
import type { InAppMessage } from './deliver-in-app.js';
import { moveLadderTimers } from './ladder-timers.js';

/** A follow-up before it is one. */
export interface NewFollowUp {
  readonly subjectType: RecordKind | null;
  readonly subjectId: string | null;
  readonly kind: FollowUpKind;
  readonly title: Localised;
  readonly note: string | null;
  readonly priority: FollowUpPriority;
  readonly personId: string | null;
  readonly roleKey: string | null;
  readonly roleDepartmentId: string | null;
  readonly departmentId: string | null;
  readonly calendarKey: string | null;
  /** Given, or reckoned by the rule. */
  readonly dueAt: Date | null;
  readonly rule: SingleRule | null;
  readonly ladder: Ladder;
  readonly repeat: Repeat | null;
  readonly occurrence: number;
  readonly previousId: string | null;
  readonly ruleId: string | null;
  /** null: a rule makes it. */
  readonly createdById: string | null;
}

/** The kind of its timers: `follow-up-reminder`, `follow-up-rung`. */
export const FOLLOW_UP = 'follow-up';

/** What says by which calendar something is reckoned; whose it is, where it is a person's. */
export type Reckoning = Pick<NewFollowUp, 'calendarKey' | 'departmentId'> &
  Partial<Pick<NewFollowUp, 'personId'>>;

/** Its own calendar, else that of the person whose it is, else, for a role or nobody, that of its department. */
export function calendarFor(
  { organisation, calendarOf }: OrganisationSnapshot,
  { calendarKey, personId = null, departmentId }: Reckoning,
): BusinessCalendar {
  const theirs =
    personId === null
      ? calendarOfDepartment(organisation, departmentId)
      : calendarOfPerson(organisation, personId);
  return calendarOf(calendarKey ?? theirs);
}

/** Makes a follow-up with its ladder and the first event of its trail; a broken “not later than” is told at once. */
export async function makeFollowUp(
  tx: TransactionContext,
  made: NewFollowUp,
  anchors: Anchors,
): Promise<FollowUp> {
  const snapshot = await loadOrganisation(tx.em);
  const calendar = calendarFor(snapshot, made);
  const { title, dueAt, rule, ...fields } = made;
  const reckoned =
    rule === null ? { dueAt, waitingFor: [], violation: null } : reckon(rule, anchors, calendar);
  const followUp = new FollowUp();
  Object.assign(followUp, fields, reckoned, {
    rule,
    waitingFor: [...reckoned.waitingFor],
    titleEn: title.en,
    titleZh: title.zh ?? title.en,
    createdAt: tx.now,
    updatedAt: tx.now,
  });
  tx.em.persist(followUp);
  await tx.em.flush();
  await record(tx, followUp.id, 'CREATED', { dueAt: reckoned.dueAt, by: made.createdById ?? 'rule' });
  await setLadder(tx, followUp, calendar);
  if (reckoned.violation) await tellViolation(tx, followUp, snapshot);
  return followUp;
}

/** Puts a new due time into a follow-up: what hung on the old one is given up and its ladder begins anew. */
export async function moveDue(tx: TransactionContext, followUp: FollowUp, reckoned: Reckoned): Promise<void> {
  const moved = followUp.dueAt?.getTime() !== reckoned.dueAt?.getTime();
  await putDue(tx, followUp, reckoned);
  followUp.updatedAt = tx.now;
  if (!moved) return;
  followUp.rung = 0;
  followUp.cycle += 1;
  await setLadder(tx, followUp, calendarFor(await loadOrganisation(tx.em), followUp));
}

/** Writes what its rule says now into a follow-up, its ladder apart; a limit that has come to be broken is told. */
export async function putDue(
  tx: TransactionContext,
  followUp: FollowUp,
  { dueAt, waitingFor, violation }: Reckoned,
): Promise<void> {
  const moved = followUp.dueAt?.getTime() !== dueAt?.getTime();
  const newlyBroken = violation !== null && (followUp.violation === null || moved);
  Object.assign(followUp, { dueAt, violation, waitingFor: [...waitingFor] });
  if (newlyBroken) await tellViolation(tx, followUp, await loadOrganisation(tx.em));
}

const setLadder = (tx: TransactionContext, followUp: FollowUp, calendar: BusinessCalendar): Promise<void> =>
  moveLadderTimers(
    tx,
    { kind: FOLLOW_UP, id: followUp.id, part: null, cycle: followUp.cycle },
    ladderTimers(followUp.ladder, followUp.dueAt, calendar, tx.now),
  );

/** Adds to the trail of a follow-up. */
export async function record(
  tx: TransactionContext,
  followUpId: string,
  type: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  const row = { id: newRowId(), followUpId, type, byId: tx.actor?.id ?? null, at: tx.now, details };
  await insertRows(tx.em, FollowUpEvent, [row]);
  const told = TOLD_OUTSIDE[type];
  if (told === undefined) return;
  await tellOutside(tx, () => [
    {
      key: `${followUpId}/${row.id}`,
      type: told,
      at: tx.now,
      data: { followUpId, by: row.byId ?? 'system' },
    },
  ]);
}

/** What endpoints are told of the trail; not why, because people say that in their own words. */
const TOLD_OUTSIDE: Readonly<Record<string, EventType>> = {
  CREATED: 'follow-up.created',
  MOVED: 'follow-up.moved',
  RESCHEDULED: 'follow-up.moved',
  REASSIGNED: 'follow-up.assigned',
  HANDED_OVER: 'follow-up.assigned',
  SUCCEEDED_TO: 'follow-up.assigned',
  ESCALATED: 'follow-up.escalated',
  VIOLATED: 'follow-up.violated',
  COMPLETED: 'follow-up.completed',
  CANCELLED: 'follow-up.cancelled',
};

/** Tells people in the application; where there is nobody, the administrators. The key makes it once. */
export async function tell(
  tx: TransactionContext,
  key: string,
  people: readonly string[],
  message: Omit<InAppMessage, 'people'>,
): Promise<void> {
  const payload = { ...message, people: people.length > 0 ? [...new Set(people)] : 'administrators' };
  const times = { nextTryAt: tx.now, createdAt: tx.now };
  const row = {
    id: newRowId(),
    key,
    channel: 'in-app',
    payload,
    state: OutboxState.PENDING,
    tries: 0,
    ...times,
  };
  await insertRows(tx.em, OutboxMessage, [row]);
  tx.wakes.push({ what: 'outbox' });
}

/** Whoever is to be told about a follow-up now: whose turn it is, and those who stand in for them. */
export const toldAbout = (
  followUp: FollowUp,
  { organisation }: Pick<OrganisationSnapshot, 'organisation'>,
  now: Date,
): string[] => withStandIns(organisation, peopleFor(followUp, organisation, now), now);

async function tellViolation(
  tx: TransactionContext,
  followUp: FollowUp,
  snapshot: OrganisationSnapshot,
): Promise<void> {
  const { id, cycle, titleEn, titleZh, violation } = followUp;
  await record(tx, id, 'VIOLATED', { violation });
  await tell(
    tx,
    `${FOLLOW_UP}/${id}/${cycle}/violation/${newRowId()}`,
    toldAbout(followUp, snapshot, tx.now),
    {
      kind: 'FOLLOW_UP',
      textEn: `“${titleEn}” cannot be done as planned: it must not be later than ${violation?.milestone}.`,
      textZh: `“${titleZh}”无法按计划完成：不得晚于 ${violation?.milestone}`,
    },
  );
}
