import { sql } from 'kysely';
import type { Context } from '../../context.js';
import type { Receipt, ReceivableStatus } from '../../entities/contracts/receivable.js';
import { readDb } from '../../entities/read-db.js';
import { loadMany, loadOne } from '../load.js';

/** What came in for a payment term that the viewer has before them, oldest first, batched. */
export function receiptsOf(ctx: Context, termId: string): Promise<Receipt[]> {
  const read = (ids: readonly string[]): Promise<Receipt[]> =>
    readDb(ctx.em)
      .selectFrom('receipt')
      .select([
        'id',
        'term_id as termId',
        'amount',
        'received_on as receivedOn',
        'note',
        'corrects_id as correctsId',
        'by_id as byId',
        'at',
      ])
      .where('term_id', 'in', ids)
      .orderBy('at')
      .orderBy('id')
      .execute() as Promise<unknown> as Promise<Receipt[]>;
  return loadMany(ctx, 'receipts', termId, read, (row) => row.termId);
}

interface Paid {
  readonly termId: string;
  /** All that came in, corrections taken off. */
  readonly received: string;
  readonly inFull: boolean;
  readonly status: ReceivableStatus | null;
  readonly rung: number;
}

/** How a payment term stands: derived from what came in, batched. */
export function paidOf(ctx: Context, termId: string): Promise<Paid | null> {
  const read = async (ids: readonly string[]): Promise<Paid[]> => {
    const { rows } = await sql<Paid>`
      select term.id as "termId", coalesce(sum(receipt.amount), 0)::numeric(18, 2) as received,
        coalesce(sum(receipt.amount), 0) >= term.amount and count(receipt.id) > 0 as "inFull",
        receivable.status, coalesce(receivable.rung, 0) as rung
      from payment_term term left join receipt on receipt.term_id = term.id
        left join receivable on receivable.term_id = term.id
      where term.id in (${sql.join(ids)}) group by term.id, receivable.id`.execute(readDb(ctx.em));
    return rows;
  };
  return loadOne(ctx, 'paid', termId, read, (row) => row.termId);
}
