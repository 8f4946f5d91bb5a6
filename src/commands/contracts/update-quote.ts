import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Quote } from '../../entities/contracts/quote.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { Money } from '../../entities/money.js';
import { beforeEdit, settleEdit } from '../approvals/settle-edit.js';
import { quoteSubject } from '../approvals/subjects/quote.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { requireSound, requireUnlocked, requireVersion } from '../input.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { checkQuote, checkQuoteLinks, QuoteFields, setQuoteFields } from './quote-fields.js';

@InputType({ description: 'A change of a quote; fields left out keep their values.' })
export class UpdateQuoteInput extends QuoteFields {
  @Field(() => ID, { description: 'The quote.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that the change was made on.' })
  expectedVersion!: number;

  @Field(() => String, { nullable: true, description: 'Title, 1 to 200 characters.' })
  title?: string | null;

  @Field(() => ID, { nullable: true, description: 'The customer; one that you may see.' })
  customerId?: string | null;

  @Field(() => Money, { nullable: true, description: 'Amount, 0 or more.' })
  amount?: Money | null;
}

@ObjectType({ description: 'What `updateQuote` changed.' })
export class UpdateQuotePayload {
  @Field(() => Quote, { description: 'The quote as it is now.' })
  quote!: Quote;
}

/** @throws NOT_FOUND, SUBJECT_LOCKED, CONFLICT, BAD_USER_INPUT */
export const updateQuote = (ctx: Context, input: UpdateQuoteInput): Promise<UpdateQuotePayload> =>
  inTransaction(ctx, async (tx) => ({ quote: await changeQuote(tx, input) }));

/**
 * Changes a quote and lets its version grow by 1. Once it was approved, a change of what is watched voids the approvals
 * that rested on it.
 */
export async function changeQuote(tx: TransactionContext, input: UpdateQuoteInput): Promise<Quote> {
  const actor = requireActor(tx);
  requireSound(...checkQuote(input));
  const id = await lockRecord(tx, 'quote', input.id, 'quote:update');
  const quote = await tx.em.findOneOrFail(Quote, { id }, { populate: ['lines'] });
  requireUnlocked(quote, 'QUOTE');
  requireVersion(quote, input.expectedVersion);
  requireSound(...(await checkQuoteLinks(tx, input)));
  const before = await beforeEdit(tx, quoteSubject, quote);
  setQuoteFields(quote, input);
  touchRecord(quote, actor.id, tx.now);
  if (before) await settleEdit(tx, quoteSubject, 'quote', quote, before);
  await anchorsMoved(tx, { kind: RecordKind.QUOTE, id: id });
  return quote;
}
