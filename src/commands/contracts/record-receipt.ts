import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import type { Context } from '../../context.js';
import { PaymentTerm } from '../../entities/contracts/contract.js';
import { Receipt } from '../../entities/contracts/receivable.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb } from '../../entities/read-db.js';
import { Day, Decimal } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { COMMENT_MAX_LENGTH } from '../../limits.js';
import { localDateOf } from '../../workflows/duration.js';
import { peopleOfPlan } from '../../workflows/plan-people.js';
import { lockRecord } from '../business-record.js';
import { once } from '../idempotency.js';
import {
  check,
  checkDecimal,
  checkNotNull,
  checkOptionalDay,
  checkOptionalText,
  checkText,
  decimalText,
  hundredths,
  requireSound,
  trimmedOrNull,
} from '../input.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { calendarFor, tell } from '../schedule/make-follow-up.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { bringReceivables, IN_FORCE } from './receivables.js';

export enum ReceiptMismatch {
  LATE = 'LATE',
  PARTIAL = 'PARTIAL',
  ABOVE = 'ABOVE',
}
registerEnumType(ReceiptMismatch, {
  name: 'ReceiptMismatch',
  description: 'How what came in differs from what the contract calls for.',
  valuesConfig: {
    LATE: { description: 'It came after the day by which it was due.' },
    PARTIAL: { description: 'All that came in for the payment is less than its amount.' },
    ABOVE: { description: 'All that came in for the payment is more than its amount.' },
  },
});

@InputType({ description: 'Money that came in for a payment of an approved contract.' })
export class RecordReceiptInput {
  @Field(() => ID, { description: 'The payment term.' })
  paymentTermId!: string;

  @Field(() => Decimal, { description: "Amount in the contract's currency, above 0." })
  amount!: string;

  @Field(() => Day, { description: 'Day on which it came in; not after today.' })
  receivedOn!: string;

  @Field(() => String, { nullable: true, description: 'More about it, at most 4000 characters.' })
  note?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Sent again with the same payload it enters nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'An entry that is taken back.' })
export class CorrectReceiptInput {
  @Field(() => ID, { description: 'The entry; it stays, and one below 0 is set against it.' })
  receiptId!: string;

  @Field(() => String, { description: 'Why; 1 to 4000 characters.' })
  reason!: string;
}

@ObjectType({ description: 'What was entered.' })
export class ReceiptPayload {
  @Field(() => Receipt, { description: 'The new entry.' })
  receipt!: Receipt;

  @Field(() => PaymentTerm, { description: 'The payment it is for.' })
  paymentTerm!: PaymentTerm;

  @Field(() => [ReceiptMismatch], {
    description: 'How it differs from what the contract calls for; its owner and finance are told.',
  })
  mismatch!: ReceiptMismatch[];
}

/**
 * Enters money that came in; several entries add up. Paid in full, the payment is chased no more. Whoever may change the
 * contract may, and finance for every contract that it sees.
 * @throws FORBIDDEN, NOT_FOUND, INVALID_STATE unless the contract is in force, BAD_USER_INPUT
 */
export function recordReceipt(ctx: Context, input: RecordReceiptInput): Promise<ReceiptPayload> {
  requireSound(
    checkDecimal('amount', input.amount) ?? check('amount', hundredths(input.amount) > 0n, 'above 0'),
    checkNotNull('receivedOn', input.receivedOn),
    checkOptionalDay('receivedOn', input.receivedOn),
    checkOptionalText('note', input.note, COMMENT_MAX_LENGTH),
  );
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, async (tx) => {
    const command = { name: 'recordReceipt', key: idempotencyKey, payload };
    const { id } = await once(tx, command, async () => {
      const term = await lockTerm(tx, input.paymentTermId);
      const { timeZone } = calendarFor(await loadOrganisation(tx.em), {
        calendarKey: null,
        departmentId: term.department_id,
      });
      requireSound(
        check('receivedOn', input.receivedOn <= localDateOf(timeZone, tx.now), 'a day not after today'),
      );
      const entered = {
        amount: decimalText(input.amount),
        receivedOn: input.receivedOn,
        note: trimmedOrNull(input.note) ?? null,
      };
      return { id: await enter(tx, term, { ...entered, correctsId: null }) };
    });
    return payloadOf(tx, id);
  });
}

/**
 * Takes an entry back by one of the same amount below 0: nothing that was entered ever changes. What is owed again is
 * chased again. @throws FORBIDDEN, NOT_FOUND, INVALID_STATE when it was taken back already, ACTION_NOT_ALLOWED
 */
export function correctReceipt(ctx: Context, input: CorrectReceiptInput): Promise<ReceiptPayload> {
  requireSound(checkText('reason', input.reason, COMMENT_MAX_LENGTH));
  return inTransaction(ctx, async (tx) => {
    const id = input.receiptId;
    const found = isRowId(id) ? await tx.em.findOne(Receipt, { id: id.toLowerCase() }) : null;
    if (!found) throw refusal('NOT_FOUND', { what: 'receipt' });
    const term = await lockTerm(tx, found.termId, 'receipt');
    if (found.correctsId !== null)
      throw refusal('ACTION_NOT_ALLOWED', {
        action: 'correctReceipt',
        reason: 'it is a correction; enter the receipt again',
      });
    if (await tx.em.findOne(Receipt, { correctsId: found.id }))
      throw refusal('INVALID_STATE', { what: 'receipt', id: found.id, status: 'taken back already' });
    const { receivedOn } = found;
    const note = input.reason.trim();
    const entry = { amount: `-${found.amount}`, receivedOn, note, correctsId: found.id };
    return payloadOf(tx, await enter(tx, term, entry));
  });
}

interface TermRow {
  readonly id: string;
  readonly contract_id: string;
  readonly title: string;
  readonly number: string;
  readonly owner_id: string;
  readonly department_id: string | null;
}

/** @throws FORBIDDEN, NOT_FOUND, INVALID_STATE */
async function lockTerm(tx: TransactionContext, termId: string, what = 'payment term'): Promise<TermRow> {
  const { roles, permissions } = requireActor(tx);
  const isFinance = roles.has('finance') && permissions.has('contract:read');
  if (!isFinance && !permissions.has('contract:update'))
    throw refusal('FORBIDDEN', { permission: 'contract:update' });
  const row = isRowId(termId)
    ? await readDb(tx.em)
        .selectFrom('payment_term as term')
        .innerJoin('contract', 'contract.id', 'term.contract_id')
        .select([
          'term.id',
          'term.contract_id',
          'term.title',
          'contract.number',
          'contract.owner_id',
          'contract.department_id',
        ])
        .where('term.id', '=', termId)
        .executeTakeFirst()
    : undefined;
  if (!row) throw refusal('NOT_FOUND', { what });
  await lockRecord(tx, 'contract', row.contract_id, isFinance ? 'contract:read' : 'contract:update').catch(
    () => {
      throw refusal('NOT_FOUND', { what });
    },
  );
  const { status, inForce } = await readDb(tx.em)
    .selectFrom('contract')
    .select(['status', IN_FORCE.as('inForce')])
    .where('id', '=', row.contract_id)
    .executeTakeFirstOrThrow();
  if (!inForce) throw refusal('INVALID_STATE', { what: 'contract', id: row.contract_id, status });
  return row;
}

async function enter(
  tx: TransactionContext,
  term: TermRow,
  entry: Pick<Receipt, 'amount' | 'receivedOn' | 'note' | 'correctsId'>,
): Promise<string> {
  const byId = requireActor(tx).id;
  const receipt = tx.em.create(Receipt, { ...entry, termId: term.id, byId, at: tx.now });
  await tx.em.flush();
  await bringReceivables(tx, term.contract_id);
  const mismatch = entry.correctsId === null ? await mismatchOf(tx, receipt.id) : [];
  if (mismatch.length > 0) await tellMismatch(tx, term, receipt, mismatch);
  return receipt.id;
}

/** Against the schedule as it was when the entry was made: entries after it do not count. */
async function mismatchOf(tx: TransactionContext, receiptId: string): Promise<ReceiptMismatch[]> {
  const row = await readDb(tx.em)
    .selectFrom('receipt')
    .innerJoin('payment_term as term', 'term.id', 'receipt.term_id')
    .select((is) => [
      'receipt.amount as entered',
      'receipt.received_on',
      'term.due_on',
      'term.amount',
      is
        .selectFrom('receipt as every')
        .select((of) => of.fn.sum<string>('every.amount').as('sum'))
        .whereRef('every.term_id', '=', 'term.id')
        .whereRef('every.id', '<=', 'receipt.id')
        .as('total'),
    ])
    .where('receipt.id', '=', receiptId)
    .executeTakeFirstOrThrow();
  if (row.entered.startsWith('-')) return [];
  const total = BigInt(String(row.total).replace('.', ''));
  const owed = hundredths(row.amount);
  return [
    ...(row.due_on !== null && row.received_on > row.due_on ? [ReceiptMismatch.LATE] : []),
    ...(total < owed ? [ReceiptMismatch.PARTIAL] : []),
    ...(total > owed ? [ReceiptMismatch.ABOVE] : []),
  ];
}

const WORDS: Readonly<Record<ReceiptMismatch, { readonly en: string; readonly zh: string }>> = {
  LATE: { en: 'late', zh: '逾期' },
  PARTIAL: { en: 'less than due', zh: '不足额' },
  ABOVE: { en: 'more than due', zh: '超额' },
};

async function tellMismatch(
  tx: TransactionContext,
  term: TermRow,
  { id, amount }: Receipt,
  mismatch: readonly ReceiptMismatch[],
): Promise<void> {
  const party = { ownerId: term.owner_id, departmentId: term.department_id };
  const world = { now: tx.now, ...(await loadOrganisation(tx.em)) };
  const finance = peopleOfPlan(party, [{ rule: 'role', role: 'finance', in: 'anywhere' }], world);
  const words = (language: 'en' | 'zh'): string =>
    mismatch.map((one) => WORDS[one][language]).join(language === 'en' ? ', ' : '、');
  await tell(tx, `receipt/${id}`, [term.owner_id, ...finance], {
    kind: 'RECEIPT',
    textEn: `${term.number}: ${amount} came in for “${term.title}”: ${words('en')}.`,
    textZh: `${term.number}：“${term.title}”收款 ${amount}：${words('zh')}`,
  });
}

async function payloadOf(tx: TransactionContext, id: string): Promise<ReceiptPayload> {
  const receipt = await tx.em.findOneOrFail(Receipt, { id });
  const paymentTerm = await tx.em.findOneOrFail(PaymentTerm, { id: receipt.termId });
  return { receipt, paymentTerm, mismatch: await mismatchOf(tx, id) };
}
