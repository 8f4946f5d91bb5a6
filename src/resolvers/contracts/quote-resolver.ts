import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { createQuote, CreateQuoteInput, CreateQuotePayload } from '../../commands/contracts/create-quote.js';
import { DuplicateInput, duplicateQuote } from '../../commands/contracts/duplicate.js';
import { updateQuote, UpdateQuoteInput, UpdateQuotePayload } from '../../commands/contracts/update-quote.js';
import type { Context } from '../../context.js';
import { Quote, QuoteLine } from '../../entities/contracts/quote.js';
import { Customer } from '../../entities/customers/customer.js';
import { Money } from '../../entities/money.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import { linesOfQuote } from '../../queries/contracts/contract-parts.js';
import { quote, quoteById } from '../../queries/contracts/quote-by-id.js';
import { QuoteConnection, QuoteFilter, quotes } from '../../queries/contracts/quotes.js';
import { customerById } from '../../queries/customers/customer-by-id.js';
import { businessRecordFields } from '../business-record.js';

@Resolver(() => Quote)
export class QuoteResolver extends businessRecordFields(Quote) {
  @Query(() => Quote, {
    nullable: true,
    description: 'A quote; NOT_FOUND when there is none, or it is out of your scope.',
  })
  quote(@Arg('id', () => ID, { description: 'The quote.' }) id: string, @Ctx() ctx: Context): Promise<Quote> {
    return quote(ctx, id);
  }

  @Query(() => QuoteConnection, { description: 'The quotes that you may see, newest first.' })
  quotes(
    @Arg('filter', () => QuoteFilter, { nullable: true, description: 'Which ones; all when not given.' })
    filter: QuoteFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<Quote>> {
    return quotes(ctx, filter, page);
  }

  @Mutation(() => CreateQuotePayload, { description: 'Makes a quote in DRAFT that you own.' })
  createQuote(
    @Arg('input', () => CreateQuoteInput, { description: 'The new quote.' }) input: CreateQuoteInput,
    @Ctx() ctx: Context,
  ): Promise<CreateQuotePayload> {
    return createQuote(ctx, input);
  }

  @Mutation(() => UpdateQuotePayload, {
    description:
      'Changes a quote; SUBJECT_LOCKED while it is being approved. Once approved, a change voids the approvals that rested on it.',
  })
  updateQuote(
    @Arg('input', () => UpdateQuoteInput, { description: 'The change.' }) input: UpdateQuoteInput,
    @Ctx() ctx: Context,
  ): Promise<UpdateQuotePayload> {
    return updateQuote(ctx, input);
  }

  @Mutation(() => CreateQuotePayload, {
    description: 'Copies a quote into a DRAFT of yours. A copy inherits no approval.',
  })
  duplicateQuote(
    @Arg('input', () => DuplicateInput, { description: 'What to copy.' }) input: DuplicateInput,
    @Ctx() ctx: Context,
  ): Promise<CreateQuotePayload> {
    return duplicateQuote(ctx, input);
  }

  @FieldResolver(() => Money, { description: 'Amount of the quote.' })
  amount(@Root() { amount, currency }: Quote): Money {
    return { amount, currency };
  }

  @FieldResolver(() => Customer, {
    nullable: true,
    description: 'The customer; null when out of your scope.',
  })
  customer(@Root() { customerId }: Quote, @Ctx() ctx: Context): Promise<Customer | null> {
    return customerById(ctx, customerId);
  }

  @FieldResolver(() => Quote, {
    nullable: true,
    description: 'What it was copied from; null when it was not, or out of your scope.',
  })
  copiedFrom(@Root() { copiedFromId }: Quote, @Ctx() ctx: Context): Promise<Quote | null> | null {
    return copiedFromId === null ? null : quoteById(ctx, copiedFromId);
  }

  @FieldResolver(() => [QuoteLine], { description: 'What is sold, in order.' })
  lines(@Root() { id }: Quote, @Ctx() ctx: Context): Promise<QuoteLine[]> {
    return linesOfQuote(ctx, id);
  }
}
