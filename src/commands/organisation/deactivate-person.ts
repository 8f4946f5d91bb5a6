import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { TimerState } from '../../entities/schedule/timer.js';
import { refusal } from '../../errors.js';
import { COMMENT_MAX_LENGTH } from '../../limits.js';
import type { Organisation } from '../../workflows/organisation.js';
import { once } from '../idempotency.js';
import { checkText, requireSound } from '../input.js';
import { MAIL_DIGEST } from '../schedule/mail-payload.js';
import { moveFollowUps } from '../schedule/move-follow-ups.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import { cancelAbsenceTimers } from './absence-timers.js';
import { requireNotLast } from './last-holder.js';
import { loadOrganisation } from './load-organisation.js';
import { moveTurns, requestsOfLeaver } from './move-turns.js';
import { moveOwned, notMovable } from './move-owned.js';

@InputType({ description: 'Someone who leaves, and who takes over.' })
export class DeactivatePersonInput {
  @Field(() => ID, { description: 'Who leaves.' })
  personId!: string;

  @Field(() => ID, { description: 'Who takes over what they had.' })
  successorId!: string;

  @Field(() => String, { description: 'Why; 1 to 4000 characters, kept with the person.' })
  reason!: string;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Also when nobody else holds a role that approvals need: their steps will be blocked.',
  })
  force?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

/** So many of one kind went to the successor, or could not. */
export interface Counted {
  readonly what: string;
  readonly count: number;
}

/** One thing that stayed where it was, and why. */
export interface LeftBehind {
  readonly what: string;
  readonly id: string | null;
  readonly count: number;
  readonly reason: string;
}

export interface Deactivated {
  readonly personId: string;
  readonly moved: readonly Counted[];
  readonly notMoved: readonly LeftBehind[];
}

/**
 * Ends someone's time here in one transaction: no sign-in, no turns, no records, no reports left with them. What the
 * successor may not take (a turn they have an interest in, content under approval) is answered by name.
 * @throws NOT_FOUND, INVALID_STATE, PERSON_NOT_ELIGIBLE, BAD_USER_INPUT, LAST_HOLDER
 */
export async function deactivatePerson(ctx: Context, input: DeactivatePersonInput): Promise<Deactivated> {
  const { idempotencyKey, ...payload } = input;
  const { done } = await inTransaction(ctx, (tx) =>
    once(tx, { name: 'deactivate-person', key: idempotencyKey, payload }, async () => ({
      done: JSON.stringify(await endTime(tx, input)),
    })),
  );
  return JSON.parse(done) as Deactivated;
}

async function endTime(tx: TransactionContext, input: DeactivatePersonInput): Promise<Deactivated> {
  requireSound(checkText('reason', input.reason, COMMENT_MAX_LENGTH));
  const personId = requireId(input.personId, 'person');
  const successorId = requireId(input.successorId, 'successor');
  await readDb(tx.em).selectFrom('organisation_revision').select('revision').forUpdate().execute();
  const { organisation } = await loadOrganisation(tx.em);
  requireSuccession(tx, organisation, personId, successorId);
  if (!input.force) await requireNotLast(tx, organisation, personId);
  const sessions = await endTheirTime(tx, personId, successorId, input.reason.trim());
  const lines = await rewireLines(tx, organisation, personId, successorId);
  const turns = await handTurns(tx, personId, successorId);
  const owned = await moveOwned(tx, personId, successorId);
  const followUps = { what: 'follow_up', count: await moveFollowUps(tx, personId, successorId) };
  return {
    personId,
    moved: [sessions, ...turns.moved, ...lines.moved, ...owned, followUps].filter(({ count }) => count > 0),
    notMoved: [...turns.notMoved, ...lines.notMoved, ...(await notMovable(tx, personId))],
  };
}

function requireSuccession(
  tx: TransactionContext,
  organisation: Organisation,
  personId: string,
  successorId: string,
): void {
  const person = organisation.people.get(personId);
  const successor = organisation.people.get(successorId);
  if (!person) throw refusal('NOT_FOUND', { what: 'person' });
  if (!successor) throw refusal('NOT_FOUND', { what: 'successor' });
  if (!person.active) throw refusal('INVALID_STATE', { what: 'person', status: 'INACTIVE' });
  if (personId === requireActor(tx).id)
    throw refusal('PERSON_NOT_ELIGIBLE', { person: person.name, reason: 'nobody deactivates themselves' });
  if (!successor.active || successorId === personId)
    throw refusal('PERSON_NOT_ELIGIBLE', {
      person: successor.name,
      reason: 'a successor is another active member of the organisation',
    });
}

async function endTheirTime(
  tx: TransactionContext,
  personId: string,
  successorId: string,
  reason: string,
): Promise<Counted> {
  const db = readDb(tx.em);
  await db
    .updateTable('app_user')
    .set({ active: false, left_at: tx.now, leaving_reason: reason, successor_id: successorId })
    .where('id', '=', personId)
    .execute();
  const { numUpdatedRows } = await db
    .updateTable('session')
    .set({ ended_at: tx.now })
    .where('person_id', '=', personId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  await endMessages(tx, personId);
  return { what: 'session', count: Number(numUpdatedRows) };
}

/** Nothing leaves the building for them any more: no digest, no calendar feed, and no wish about either. */
async function endMessages(tx: TransactionContext, personId: string): Promise<void> {
  const db = readDb(tx.em);
  await db
    .updateTable('timer')
    .set({ state: TimerState.CANCELLED })
    .where('subject_id', '=', personId)
    .where('kind', '=', MAIL_DIGEST)
    .where('state', '=', TimerState.SCHEDULED)
    .execute();
  await db.deleteFrom('calendar_feed').where('person_id', '=', personId).execute();
  await db.deleteFrom('notification_preference').where('person_id', '=', personId).execute();
}

interface Moved {
  readonly moved: readonly Counted[];
  readonly notMoved: readonly LeftBehind[];
}

/** Reports, departments and stand-ins look to the successor; where that would be a circle, to the leaver's manager. */
async function rewireLines(
  tx: TransactionContext,
  organisation: Organisation,
  personId: string,
  successorId: string,
): Promise<Moved> {
  const db = readDb(tx.em);
  const leaver = organisation.people.get(personId);
  const above = new Set<string>();
  for (
    let id: string | null | undefined = successorId;
    id && id !== personId && !above.has(id);
    id = organisation.people.get(id)?.managerId
  )
    above.add(id);
  const notMoved: LeftBehind[] = [];
  let reports = 0;
  for (const report of [...organisation.people.values()].filter((person) => person.managerId === personId)) {
    const managerId = above.has(report.id) ? (leaver?.managerId ?? null) : successorId;
    await db.updateTable('app_user').set({ manager_id: managerId }).where('id', '=', report.id).execute();
    reports += 1;
    if (managerId === null && report.active)
      notMoved.push({ what: 'manager', id: report.id, count: 1, reason: 'NOBODY_ABOVE' });
  }
  const heads = await db
    .updateTable('department')
    .set({ head_id: successorId })
    .where('head_id', '=', personId)
    .executeTakeFirst();
  const standIns = await rewireAbsences(tx, personId, successorId);
  return {
    moved: [
      { what: 'report', count: reports },
      { what: 'department', count: Number(heads.numUpdatedRows) },
      { what: 'absence', count: standIns.moved },
    ],
    notMoved: [...notMoved, ...standIns.notMoved],
  };
}

/** Their own absences are over; where they stood in, the successor does, unless it is the successor who is away. */
async function rewireAbsences(
  tx: TransactionContext,
  personId: string,
  successorId: string,
): Promise<{ moved: number; notMoved: LeftBehind[] }> {
  const db = readDb(tx.em);
  const rows = await db
    .selectFrom('absence')
    .select(['id', 'person_id', 'starts_at'])
    .where('ends_at', '>', tx.now as never)
    .where((is) => is.or([is('person_id', '=', personId), is('substitute_id', '=', personId)]))
    .orderBy('id')
    .forUpdate()
    .execute();
  let moved = 0;
  const notMoved: LeftBehind[] = [];
  for (const row of rows) {
    if (row.person_id === personId) {
      await cancelAbsenceTimers(tx, row.id);
      const endsAt = new Date(row.starts_at) < tx.now ? tx.now : new Date(row.starts_at);
      await db.updateTable('absence').set({ ends_at: endsAt }).where('id', '=', row.id).execute();
      continue;
    }
    const own = row.person_id === successorId;
    await db
      .updateTable('absence')
      .set({ substitute_id: own ? null : successorId })
      .where('id', '=', row.id)
      .execute();
    if (own) notMoved.push({ what: 'absence', id: row.id, count: 1, reason: 'SUCCESSOR_IS_AWAY' });
    else moved += 1;
  }
  return { moved, notMoved };
}

async function handTurns(tx: TransactionContext, personId: string, successorId: string): Promise<Moved> {
  const by = requireActor(tx).id;
  const requests = await requestsOfLeaver(tx, personId);
  const { moved, contacts, stuck } = await moveTurns(tx, requests, {
    type: 'replace-leaver',
    by,
    personId,
    successorId,
  });
  const blocked = await blockedBy(tx, requests);
  return {
    moved: [
      { what: 'assignment', count: moved },
      { what: 'request', count: contacts },
    ],
    notMoved: [
      ...stuck.map(({ requestId, reason }) => ({ what: 'request', id: requestId, count: 1, reason })),
      ...blocked.map((id) => ({ what: 'request', id, count: 1, reason: 'BLOCKED' })),
    ],
  };
}

/** Requests in which the leaver left a step that nobody may decide. */
async function blockedBy(tx: TransactionContext, requestIds: readonly string[]): Promise<string[]> {
  if (requestIds.length === 0) return [];
  const rows = await readDb(tx.em)
    .selectFrom('approval_step')
    .select('request_id')
    .distinct()
    .where('request_id', 'in', requestIds)
    .where('status', '=', 'BLOCKED')
    .where('reason', '=', 'LEFT')
    .execute();
  return rows.map((row) => row.request_id);
}
