import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Quote } from '../../entities/contracts/quote.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { Money } from '../../entities/money.js';
import { beginRecord } from '../business-record.js';
import { once } from '../idempotency.js';
import { requireSound } from '../input.js';
import { nextNumber } from '../next-number.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor } from '../transaction.js';
import { checkQuote, checkQuoteLinks, QuoteFields, setQuoteFields } from './quote-fields.js';

@InputType({ description: 'A new quote.' })
export class CreateQuoteInput extends QuoteFields {
  @Field(() => String, { description: 'Title, 1 to 200 characters.' })
  title!: string;

  @Field(() => ID, { description: 'The customer; one that you may see.' })
  customerId!: string;

  @Field(() => Money, { description: 'Amount, 0 or more; it must be above 0 when the quote is submitted.' })
  amount!: Money;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@ObjectType({ description: 'What `createQuote` or `duplicateQuote` made.' })
export class CreateQuotePayload {
  @Field(() => Quote, { description: 'The new quote, a DRAFT; you own it.' })
  quote!: Quote;
}

/** Makes a quote in DRAFT that the actor owns, in the actor's department. @throws BAD_USER_INPUT, IDEMPOTENCY_CONFLICT */
export async function createQuote(ctx: Context, input: CreateQuoteInput): Promise<CreateQuotePayload> {
  const actor = requireActor(ctx);
  requireSound(...checkQuote(input));
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, async (tx) => {
    const { id } = await once(tx, { name: 'createQuote', key: idempotencyKey, payload }, async () => {
      requireSound(...(await checkQuoteLinks(tx, input)));
      const quote = new Quote();
      beginRecord(quote, actor, tx.now);
      setQuoteFields(quote, input);
      quote.number = await nextNumber(tx, 'quote');
      await tx.em.persist(quote).flush();
      await anchorsMoved(tx, { kind: RecordKind.QUOTE, id: quote.id });
      return { id: quote.id };
    });
    return { quote: await tx.em.findOneOrFail(Quote, { id }, { populate: ['lines'] }) };
  });
}
