import { sql } from 'kysely';
import { ReceivableStatus } from '../../entities/contracts/receivable.js';
import { readDb } from '../../entities/read-db.js';
import { everyLadderTimer } from '../../workflows/ladder.js';
import type { PaymentLadder } from '../../workflows/payment-ladder.js';
import type { CalendarScope } from '../organisation/calendar-scope.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import type { LadderSubject } from '../schedule/ladder-timers.js';
import { calendarFor } from '../schedule/make-follow-up.js';
import { movedPlaces, movePlaces, type MovedPlace } from '../schedule/reckon-ladder.js';
import type { TransactionContext } from '../transaction.js';
import { endOfDay, PAYMENT } from './receivables.js';

/** Payments that are chased, by their ladder's calendar, else by that of their contract's department. */
const hanging = (tx: TransactionContext, { calendar, departments }: CalendarScope) =>
  readDb(tx.em)
    .selectFrom('receivable as r')
    .innerJoin('contract as c', 'c.id', 'r.contract_id')
    .where('r.status', '=', ReceivableStatus.OPEN)
    .where('c.archived_at', 'is', null)
    .where(
      sql<boolean>`(r.ladder ->> 'calendar' = ${calendar} or (r.ladder ->> 'calendar' is null
        and coalesce(c.department_id::text, '') = any(${departments}::text[])))`,
    );

export async function countPayments(tx: TransactionContext, scope: CalendarScope): Promise<number> {
  const { count } = await hanging(tx, scope)
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function contractsAfter(
  tx: TransactionContext,
  scope: CalendarScope,
  after: string | null,
  limit: number,
): Promise<string[]> {
  let next = hanging(tx, scope).select('c.id').distinct().orderBy('c.id').limit(limit);
  if (after !== null) next = next.where('c.id', '>', after);
  return (await next.execute()).map(({ id }) => id);
}

/** A payment that is chased, by its calendar as it is. */
export interface MovedPayment {
  readonly number: string;
  /** Its place among the contract's payments, from 1. */
  readonly position: number;
  readonly receivableId: string;
  readonly subject: LadderSubject;
  readonly from: Date;
  readonly to: Date;
  readonly moved: readonly MovedPlace[];
}

export async function movesOfPayments(tx: TransactionContext, contractId: string): Promise<MovedPayment[]> {
  const rows = await readDb(tx.em)
    .selectFrom('receivable as r')
    .innerJoin('payment_term as term', 'term.id', 'r.term_id')
    .innerJoin('contract as c', 'c.id', 'r.contract_id')
    .select(['r.id', 'r.term_id', 'r.ladder', 'r.rung', 'r.cycle', 'r.since', 'r.due_at'])
    .select(['term.due_on', 'term.position', 'c.number', 'c.department_id'])
    .where('c.id', '=', contractId)
    .where('c.archived_at', 'is', null)
    .where('r.status', '=', ReceivableStatus.OPEN)
    .where('term.due_on', 'is not', null)
    .orderBy('term.position')
    .execute();
  const snapshot = await loadOrganisation(tx.em);
  const payments: MovedPayment[] = [];
  for (const row of rows) {
    const ladder = row.ladder as unknown as PaymentLadder;
    const place = { calendarKey: ladder.calendar, departmentId: row.department_id };
    const calendar = calendarFor(snapshot, place);
    const to = endOfDay(calendar, String(row.due_on));
    const since = new Date(row.since);
    // Rungs below the one it stands on have acted, in this cycle or before it began.
    const timers = everyLadderTimer(ladder, to > since ? to : since, calendar).filter(
      ({ kind, index }) => kind === 'reminder' || index >= row.rung,
    );
    const subject = { kind: PAYMENT, id: contractId, part: row.term_id, cycle: row.cycle };
    payments.push({
      number: row.number,
      position: row.position,
      receivableId: row.id,
      subject,
      from: new Date(row.due_at),
      to,
      moved: await movedPlaces(tx, subject, timers),
    });
  }
  return payments;
}

/**
 * Reckons again until when the payments of a contract are due and when they are chased, under the contract's lock. The
 * chase goes on: a rung that was climbed stays climbed.
 */
export async function reckonPayments(
  tx: TransactionContext,
  contractId: string,
  changeId: string,
): Promise<void> {
  const db = readDb(tx.em);
  await db.selectFrom('contract').select('id').where('id', '=', contractId).forUpdate().execute();
  for (const { receivableId, subject, from, to, moved } of await movesOfPayments(tx, contractId)) {
    if (from.getTime() !== to.getTime())
      await db.updateTable('receivable').set({ due_at: to }).where('id', '=', receivableId).execute();
    await movePlaces(tx, subject, moved, changeId);
  }
}
