import type { Context } from '../../context.js';
import type { ContractLine, PaymentTerm } from '../../entities/contracts/contract.js';
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
