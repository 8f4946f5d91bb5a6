import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { hundredths } from '../input.js';

/** What has been approved may be used while its approval stands. @throws APPROVAL_VOID, INVALID_STATE */
export function requireInUse(
  what: 'quote' | 'contract',
  { id, number, status }: { readonly id: string; readonly number: string; readonly status: string },
): void {
  if (status === 'APPROVED') return;
  if (status === 'AMENDED') throw refusal('APPROVAL_VOID', { what, id, number });
  throw refusal('INVALID_STATE', { what, id, status, reason: 'it is not approved' });
}

/** @throws APPROVAL_VOID, INVALID_STATE */
export async function requireContractInUse(ctx: Pick<Context, 'em'>, contractId: string): Promise<void> {
  const contract = await readDb(ctx.em)
    .selectFrom('contract')
    .select(['id', 'number', 'status'])
    .where('id', '=', contractId)
    .executeTakeFirstOrThrow();
  requireInUse('contract', contract);
}

interface Limit {
  readonly id: string;
  /** As they are to be; those stored when not given. */
  readonly amount?: string;
  readonly currency?: string;
}

/**
 * All invoices of a contract, those refused or archived apart, stay inside it. Call it with the contract's row locked,
 * so that two invoices can't share what is left. @throws INVOICES_EXCEED_CONTRACT
 */
export async function requireInvoicesInside(ctx: Pick<Context, 'em'>, limit: Limit): Promise<void> {
  const db = readDb(ctx.em);
  const contract = await db
    .selectFrom('contract')
    .select(['number', 'amount', 'currency'])
    .where('id', '=', limit.id)
    .executeTakeFirst();
  if (!contract) return;
  const rows = await db
    .selectFrom('invoice')
    .select(['amount', 'currency'])
    .where('contract_id', '=', limit.id)
    .where('status', '<>', 'REJECTED')
    .where('archived_at', 'is', null)
    .execute();
  const amount = limit.amount ?? contract.amount;
  const currency = limit.currency ?? contract.currency;
  const invoiced = rows.reduce((sum, row) => sum + hundredths(row.amount), 0n);
  if (rows.every((row) => row.currency === currency) && invoiced <= hundredths(amount)) return;
  const text = String(invoiced).padStart(3, '0');
  throw refusal('INVOICES_EXCEED_CONTRACT', {
    contract: contract.number,
    amount: `${amount} ${currency}`,
    invoiced: `${text.slice(0, -2)}.${text.slice(-2)}`,
  });
}
