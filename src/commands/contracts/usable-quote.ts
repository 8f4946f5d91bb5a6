import { Quote } from '../../entities/contracts/quote.js';
import { refusal } from '../../errors.js';
import { isOver } from '../approvals/subjects/subject.js';
import { lockRecord } from '../business-record.js';
import type { TransactionContext } from '../transaction.js';
import { requireInUse } from './invoiced.js';

/** The quote under its row lock: approved, and its last day not over. @throws NOT_FOUND, APPROVAL_VOID, INVALID_STATE */
export async function usableQuote(tx: TransactionContext, quoteId: string): Promise<Quote> {
  const id = await lockRecord(tx, 'quote', quoteId, 'quote:read');
  const quote = await tx.em.findOneOrFail(Quote, { id }, { populate: ['lines'] });
  requireInUse('quote', quote);
  if (isOver(quote, tx.now))
    throw refusal('INVALID_STATE', {
      what: 'quote',
      id,
      status: quote.status,
      reason: 'its last day is over',
    });
  return quote;
}
