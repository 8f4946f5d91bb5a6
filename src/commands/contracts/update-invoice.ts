import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Invoice } from '../../entities/contracts/invoice.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { Money } from '../../entities/money.js';
import { beforeEdit, settleEdit } from '../approvals/settle-edit.js';
import { invoiceSubject } from '../approvals/subjects/invoice.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { requireSound, requireUnlocked, requireVersion } from '../input.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { requireInvoicesInside } from './invoiced.js';
import { checkInvoice, checkInvoiceLinks, InvoiceFields, setInvoiceFields } from './invoice-fields.js';

@InputType({ description: 'A change of an invoice; fields left out keep their values. Its contract stays.' })
export class UpdateInvoiceInput extends InvoiceFields {
  @Field(() => ID, { description: 'The invoice.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that the change was made on.' })
  expectedVersion!: number;

  @Field(() => String, { nullable: true, description: 'Title, 1 to 200 characters.' })
  title?: string | null;

  @Field(() => Money, { nullable: true, description: 'Amount, 0 or more.' })
  amount?: Money | null;
}

@ObjectType({ description: 'What `updateInvoice` changed.' })
export class UpdateInvoicePayload {
  @Field(() => Invoice, { description: 'The invoice as it is now.' })
  invoice!: Invoice;
}

/** @throws NOT_FOUND, SUBJECT_LOCKED, CONFLICT, BAD_USER_INPUT, INVOICES_EXCEED_CONTRACT */
export const updateInvoice = (ctx: Context, input: UpdateInvoiceInput): Promise<UpdateInvoicePayload> =>
  inTransaction(ctx, async (tx) => ({ invoice: await changeInvoice(tx, input) }));

/**
 * Changes an invoice and lets its version grow by 1. Once it was approved, a change of what is watched voids the approvals
 * that rested on it.
 */
export async function changeInvoice(tx: TransactionContext, input: UpdateInvoiceInput): Promise<Invoice> {
  const actor = requireActor(tx);
  requireSound(...checkInvoice(input));
  const id = await lockRecord(tx, 'invoice', input.id, 'invoice:update');
  const invoice = await tx.em.findOneOrFail(Invoice, { id }, { populate: ['lines'] });
  requireUnlocked(invoice, 'INVOICE');
  requireVersion(invoice, input.expectedVersion);
  requireSound(...(await checkInvoiceLinks(tx, input)));
  const contractId = await lockRecord(tx, 'contract', invoice.contractId, null);
  const before = await beforeEdit(tx, invoiceSubject, invoice);
  setInvoiceFields(invoice, input);
  touchRecord(invoice, actor.id, tx.now);
  await tx.em.flush();
  await requireInvoicesInside(tx, { id: contractId });
  if (before) await settleEdit(tx, invoiceSubject, 'invoice', invoice, before);
  await anchorsMoved(tx, { kind: RecordKind.INVOICE, id: id });
  return invoice;
}
