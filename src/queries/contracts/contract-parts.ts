import type { Context } from '../../context.js';
import type { ContractLine, PaymentTerm } from '../../entities/contracts/contract.js';
import type { InvoiceLine } from '../../entities/contracts/invoice.js';
import type { QuoteLine } from '../../entities/contracts/quote.js';
import { readDb } from '../../entities/read-db.js';
import { loadMany } from '../load.js';

type PartOf<Part> = Part & { readonly contractId: string };

/** The lines of a contract that the viewer has before them, in order, batched. */
export function linesOf(ctx: Context, contractId: string): Promise<ContractLine[]> {
  const read = (ids: readonly string[]): Promise<PartOf<ContractLine>[]> =>
    readDb(ctx.em)
      .selectFrom('contract_line')
      .select([
        'id',
        'contract_id as contractId',
        'position',
        'description',
        'quantity',
        'unit_price as unitPrice',
      ])
      .where('contract_id', 'in', ids)
      .orderBy('position')
      .execute() as Promise<unknown> as Promise<PartOf<ContractLine>[]>;
  return loadMany(ctx, 'contract-lines', contractId, read, (row) => row.contractId);
}

/** The payment terms of a contract that the viewer has before them, in order, batched. */
export function paymentTermsOf(ctx: Context, contractId: string): Promise<PaymentTerm[]> {
  const read = (ids: readonly string[]): Promise<PartOf<PaymentTerm>[]> =>
    readDb(ctx.em)
      .selectFrom('payment_term')
      .select(['id', 'contract_id as contractId', 'position', 'title', 'amount', 'due_on as dueOn'])
      .where('contract_id', 'in', ids)
      .orderBy('position')
      .execute() as Promise<unknown> as Promise<PartOf<PaymentTerm>[]>;
  return loadMany(ctx, 'contract-payment-terms', contractId, read, (row) => row.contractId);
}

/** The lines of a quote that the viewer has before them, in order, batched. */
export function linesOfQuote(ctx: Context, quoteId: string): Promise<QuoteLine[]> {
  type Row = QuoteLine & { readonly quoteId: string };
  const read = (ids: readonly string[]): Promise<Row[]> =>
    readDb(ctx.em)
      .selectFrom('quote_line')
      .select(['id', 'quote_id as quoteId', 'position', 'description', 'quantity', 'unit_price as unitPrice'])
      .where('quote_id', 'in', ids)
      .orderBy('position')
      .execute() as Promise<unknown> as Promise<Row[]>;
  return loadMany(ctx, 'quote-lines', quoteId, read, (row) => row.quoteId);
}

/** The lines of an invoice that the viewer has before them, in order, batched. */
export function linesOfInvoice(ctx: Context, invoiceId: string): Promise<InvoiceLine[]> {
  type Row = InvoiceLine & { readonly invoiceId: string };
  const read = (ids: readonly string[]): Promise<Row[]> =>
    readDb(ctx.em)
      .selectFrom('invoice_line')
      .select([
        'id',
        'invoice_id as invoiceId',
        'position',
        'description',
        'quantity',
        'unit_price as unitPrice',
      ])
      .where('invoice_id', 'in', ids)
      .orderBy('position')
      .execute() as Promise<unknown> as Promise<Row[]>;
  return loadMany(ctx, 'invoice-lines', invoiceId, read, (row) => row.invoiceId);
}
