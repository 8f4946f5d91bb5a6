import { readDb } from '../../entities/read-db.js';
import { FollowUpKind, FollowUpPriority } from '../../entities/schedule/follow-up.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import type { Timer } from '../../entities/schedule/timer.js';
import { dueAt } from '../../workflows/calendar.js';
import { localDateOf } from '../../workflows/duration.js';
import { withStandIns } from '../../workflows/follow-up-people.js';
import { NO_LADDER } from '../../workflows/ladder.js';
import type { PaymentAction, PaymentLadder } from '../../workflows/payment-ladder.js';
import { peopleOfPlan } from '../../workflows/plan-people.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import type { LadderTimerPayload } from '../schedule/ladder-timers.js';
import { calendarFor, makeFollowUp, tell } from '../schedule/make-follow-up.js';
import type { TransactionContext } from '../transaction.js';

/**
 * Carries out a reminder or rung of a payment, in the transaction that fires its timer: tells the contract's owner and
 * that rung's people, or makes a follow-up on the contract. A timer of a payment that is paid, moved or no longer called
 * for does nothing.
 */
export async function chasePayment(
  tx: TransactionContext,
  timer: Pick<Timer, 'key' | 'kind' | 'payload' | 'subjectId'>,
): Promise<void> {
  const { part, cycle, index } = timer.payload as unknown as LadderTimerPayload;
  const row = await readPayment(tx, String(part), cycle);
  if (!row) return;
  const ladder = row.ladder as unknown as PaymentLadder;
  const snapshot = await loadOrganisation(tx.em);
  const isRung = timer.kind === 'payment-rung';
  const action: PaymentAction = (isRung && ladder.ladder[index]?.action) || { do: 'remind' };
  const party = { ownerId: row.owner_id, departmentId: row.department_id };
  const named = action.do === 'notify' ? peopleOfPlan(party, action.who, { now: tx.now, ...snapshot }) : [];
  const place = { calendarKey: ladder.calendar, departmentId: row.department_id };
  const calendar = calendarFor(snapshot, place);
  if (isRung)
    await readDb(tx.em)
      .updateTable('receivable')
      .set({ rung: Math.max(row.rung, index + 1) })
      .where('id', '=', row.id)
      .execute();
  if (action.do === 'follow-up') {
    const forOwner = action.for === 'owner';
    await makeFollowUp(
      tx,
      {
        ...place,
        subjectType: RecordKind.CONTRACT,
        subjectId: row.contract_id,
        kind: FollowUpKind[action.kind],
        title: action.title,
        note: `${row.title}: ${row.amount} ${row.currency}`,
        priority: FollowUpPriority.HIGH,
        personId: forOwner ? row.owner_id : null,
        roleKey: action.for === 'owner' ? null : action.for.role,
        roleDepartmentId: null,
        dueAt: dueAt(calendar, tx.now, action.due),
        rule: null,
        ladder: NO_LADDER,
        repeat: null,
        occurrence: 0,
        previousId: null,
        ruleId: null,
        createdById: null,
      },
      {},
    );
  }
  const date = localDateOf(calendar.timeZone, new Date(row.due_at));
  const overdue = tx.now >= new Date(row.due_at);
  const what = `“${row.title}” (${row.amount} ${row.currency})`;
  await tell(tx, timer.key, withStandIns(snapshot.organisation, [row.owner_id, ...named], tx.now), {
    kind: 'PAYMENT',
    textEn: `${row.number}: the payment ${what} ${overdue ? 'was' : 'is'} due on ${date}.`,
    textZh: `${row.number}：款项${what}${overdue ? `已于 ${date} 到期，仍未收齐` : `应于 ${date} 到账`}`,
  });
}

const readPayment = (tx: TransactionContext, termId: string, cycle: number) =>
  readDb(tx.em)
    .selectFrom('receivable')
    .innerJoin('payment_term as term', 'term.id', 'receivable.term_id')
    .innerJoin('contract', 'contract.id', 'receivable.contract_id')
    .select([
      'receivable.id',
      'receivable.contract_id',
      'receivable.ladder',
      'receivable.rung',
      'receivable.due_at',
      'term.title',
      'term.amount',
      'contract.number',
      'contract.currency',
      'contract.owner_id',
      'contract.department_id',
    ])
    .where('receivable.term_id', '=', termId)
    .where('receivable.cycle', '=', cycle)
    .where('receivable.status', '=', 'OPEN')
    .where('contract.archived_at', 'is', null)
    .executeTakeFirst();
