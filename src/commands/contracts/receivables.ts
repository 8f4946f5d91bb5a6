import { sql } from 'kysely';
import type { Contract } from '../../entities/contracts/contract.js';
import { ReceivableStatus } from '../../entities/contracts/receivable.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import type { BusinessCalendar } from '../../workflows/calendar.js';
import { DAY, dayOfDate, instantOf } from '../../workflows/duration.js';
import { ladderTimers } from '../../workflows/ladder.js';
import type { PaymentLadder } from '../../workflows/payment-ladder.js';
import { check, requireSound } from '../input.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { cancelLadderTimers, moveLadderTimers } from '../schedule/ladder-timers.js';
import { calendarFor } from '../schedule/make-follow-up.js';
import type { TransactionContext } from '../transaction.js';

/** The kind of its timers: `payment-reminder`, `payment-rung`. Their subject is the contract, their part the payment term. */
export const PAYMENT = 'payment';

/** A contract is in force while an approval of it stands, also while a change of it is being written or approved. */
export const IN_FORCE = sql<boolean>`(contract.status in ('APPROVED', 'AMENDED') or contract.status in ('IN_REVIEW', 'RETURNED')
  and exists (select 1 from approval_standing standing where standing.subject_id = contract.id))`;

interface TermRow {
  readonly term_id: string;
  readonly due_on: string | null;
  readonly in_force: boolean;
  readonly paid: boolean;
  readonly kind: string;
  readonly department_id: string | null;
  readonly id: string | null;
  readonly due_at: Date | null;
  readonly status: ReceivableStatus | null;
  readonly ladder: PaymentLadder | null;
  readonly rung: number | null;
  readonly cycle: number | null;
}

/**
 * Brings what is chased of a contract to where its status, its payment terms and its receipts are: a payment of a contract
 * in force that has a day and is not paid in full is chased; one whose day has moved begins its ladder anew; all others are
 * not. The contract's row is locked by the caller. Called without a change it does nothing.
 */
export async function bringReceivables(tx: TransactionContext, contractId: string): Promise<void> {
  await tx.em.flush();
  const { rows } = await sql<TermRow>`
    select term.id as term_id, term.due_on, ${IN_FORCE} and contract.archived_at is null as in_force,
      contract.kind, contract.department_id, receivable.id, receivable.due_at, receivable.status, receivable.ladder,
      receivable.rung, receivable.cycle,
      coalesce((select sum(amount) from receipt where term_id = term.id), 0) >= term.amount as paid
    from payment_term term join contract on contract.id = term.contract_id
      left join receivable on receivable.term_id = term.id
    where contract.id = ${contractId} and (receivable.id is not null or ${IN_FORCE})
    order by term.position`.execute(readDb(tx.em));
  for (const row of rows) await bringOne(tx, contractId, row);
}

/**
 * Lets go of the payments that a change of the contract has removed, before they are deleted.
 * @throws BAD_USER_INPUT for one for which money came in: what was entered is kept
 */
export async function releaseTerms(tx: TransactionContext, { id, paymentTerms }: Contract): Promise<void> {
  const kept = paymentTerms.getItems().map((term) => term.id);
  const db = readDb(tx.em);
  const known = await db
    .selectFrom('payment_term as term')
    .select((is) => [
      'term.id',
      is
        .exists(is.selectFrom('receipt').select('receipt.id').whereRef('receipt.term_id', '=', 'term.id'))
        .as('received'),
    ])
    .where('term.contract_id', '=', id)
    .execute();
  for (const term of known.filter((one) => !kept.includes(one.id))) {
    requireSound(check('paymentTerms', !term.received, 'a payment for which money came in stays'));
    await cancelLadderTimers(tx, { kind: PAYMENT, id, part: term.id });
    await db.deleteFrom('receivable').where('term_id', '=', term.id).execute();
  }
}

/** The last millisecond of a day where the calendar is. */
export const endOfDay = ({ timeZone }: BusinessCalendar, day: string): Date =>
  new Date(instantOf(timeZone, dayOfDate(day) * DAY + DAY) - 1);

async function bringOne(tx: TransactionContext, contractId: string, row: TermRow): Promise<void> {
  const wanted = !row.in_force || row.due_on === null ? 'STOPPED' : row.paid ? 'PAID' : 'OPEN';
  const db = readDb(tx.em);
  const subject = { kind: PAYMENT, id: contractId, part: row.term_id };
  if (wanted !== ReceivableStatus.OPEN || row.due_on === null) {
    if (row.id === null || row.status === wanted) return;
    await db.updateTable('receivable').set({ status: wanted }).where('id', '=', row.id).execute();
    return cancelLadderTimers(tx, subject);
  }
  const ladder = row.ladder ?? (await ladderFor(tx, row.kind));
  if (ladder === null) return;
  const calendar = calendarFor(await loadOrganisation(tx.em), {
    calendarKey: ladder.calendar,
    departmentId: row.department_id,
  });
  const dueAt = endOfDay(calendar, row.due_on);
  const moved = row.due_at === null || new Date(row.due_at).getTime() !== dueAt.getTime();
  if (row.status === ReceivableStatus.OPEN && !moved) return;
  const rung = moved ? 0 : (row.rung ?? 0);
  const cycle = (row.cycle ?? 0) + 1;
  const changed = { due_at: dueAt, status: ReceivableStatus.OPEN, rung, cycle, since: tx.now };
  if (row.id === null) {
    const made = { id: newRowId(), term_id: row.term_id, contract_id: contractId };
    await db
      .insertInto('receivable')
      .values({ ...made, ...changed, ladder: JSON.stringify(ladder) })
      .execute();
  } else await db.updateTable('receivable').set(changed).where('id', '=', row.id).execute();
  // What is late already when it begins climbs from now on, rung by rung, not all at once.
  const from = dueAt > tx.now ? dueAt : tx.now;
  const timers = ladderTimers(ladder, from, calendar, tx.now).filter(
    ({ kind, index }) => kind === 'reminder' || index >= rung,
  );
  await moveLadderTimers(tx, { ...subject, cycle }, timers);
}

/** The ladder that holds for contracts of a kind; null: nobody chases them. */
async function ladderFor(tx: TransactionContext, contractKind: string): Promise<PaymentLadder | null> {
  const rows = await readDb(tx.em).selectFrom('payment_ladder').select('definition').orderBy('key').execute();
  const ladders = rows.map(({ definition }) => definition as unknown as PaymentLadder);
  return (
    ladders.find(({ contractKinds }) => contractKinds.length === 0 || contractKinds.includes(contractKind)) ??
    null
  );
}
