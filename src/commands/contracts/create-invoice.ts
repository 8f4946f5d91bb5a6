import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Contract } from '../../entities/contracts/contract.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { Invoice } from '../../entities/contracts/invoice.js';
import { Money } from '../../entities/money.js';
import { beginRecord, lockRecord } from '../business-record.js';
import { once } from '../idempotency.js';
import { check, requireSound } from '../input.js';
import { nextNumber } from '../next-number.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { checkInvoice, checkInvoiceLinks, InvoiceFields, setInvoiceFields } from './invoice-fields.js';
import { requireInUse, requireInvoicesInside } from './invoiced.js';

@InputType({ description: 'A new invoice.' })
export class CreateInvoiceInput extends InvoiceFields {
  @Field(() => ID, { description: 'The contract; an approved one that you may see.' })
  contractId!: string;

  @Field(() => String, { description: 'Title, 1 to 200 characters.' })
  title!: string;

  @Field(() => Money, { description: "Amount, 0 or more, in the contract's currency." })
  amount!: Money;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@ObjectType({ description: 'What `createInvoice` made.' })
export class CreateInvoicePayload {
  @Field(() => Invoice, { description: 'The new invoice, a DRAFT; you own it.' })
  invoice!: Invoice;
}

/**
 * Makes an invoice in DRAFT on a contract whose approval stands; all its invoices stay inside it.
 * @throws NOT_FOUND, BAD_USER_INPUT, APPROVAL_VOID, INVALID_STATE, INVOICES_EXCEED_CONTRACT, IDEMPOTENCY_CONFLICT
 */
export async function createInvoice(ctx: Context, input: CreateInvoiceInput): Promise<CreateInvoicePayload> {
  requireSound(...checkInvoice(input));
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, async (tx) => {
    const { id } = await once(tx, { name: 'createInvoice', key: idempotencyKey, payload }, () =>
      makeInvoice(tx, input),
    );
    return { invoice: await tx.em.findOneOrFail(Invoice, { id }, { populate: ['lines'] }) };
  });
}

async function makeInvoice(tx: TransactionContext, input: CreateInvoiceInput): Promise<{ id: string }> {
  const contractId = await lockRecord(tx, 'contract', input.contractId, 'contract:read');
  const contract = await tx.em.findOneOrFail(Contract, { id: contractId });
  requireInUse('contract', contract);
  requireSound(
    ...(await checkInvoiceLinks(tx, input)),
    check(
      'amount.currency',
      input.amount.currency === contract.currency,
      `${contract.currency}, as the contract's`,
    ),
  );
  const invoice = new Invoice();
  beginRecord(invoice, requireActor(tx), tx.now);
  invoice.contractId = contract.id;
  invoice.customerId = contract.customerId;
  setInvoiceFields(invoice, input);
  invoice.number = await nextNumber(tx, 'invoice');
  await tx.em.persist(invoice).flush();
  await anchorsMoved(tx, { kind: RecordKind.INVOICE, id: invoice.id });
  await requireInvoicesInside(tx, { id: contract.id });
  return { id: invoice.id };
}
