import { Field, ID, InputType } from 'type-graphql';
import { QuoteLine, type Quote } from '../../entities/contracts/quote.js';
import type { Money } from '../../entities/money.js';
import { Day, Decimal } from '../../entities/scalars.js';
import { COMMENT_MAX_LENGTH, TITLE_MAX_LENGTH } from '../../limits.js';
import {
  checkDecimal,
  checkMoney,
  checkNotNull,
  checkOptionalDay,
  checkOptionalText,
  checkText,
  checkVisible,
  decimalText,
  given,
  trimmed,
  trimmedOrNull,
  type Finding,
} from '../input.js';
import type { TransactionContext } from '../transaction.js';
import { checkLines, linesFrom, SalesLineInput } from './sales-lines.js';

/** What creating and updating have in common; a field left out keeps its value. */
@InputType()
export abstract class QuoteFields {
  @Field(() => ID, { nullable: true, description: 'The project that it belongs to; null for none.' })
  projectId?: string | null;

  @Field(() => Decimal, {
    nullable: true,
    description: 'Discount on the list price in percent, 0 to 100; 0 when new.',
  })
  discountPercent?: string | null;

  @Field(() => Day, {
    nullable: true,
    description: 'Last day on which a contract may be made from it; null: no end.',
  })
  validUntil?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A note for yourselves, at most 4000 characters; no part of what is approved.',
  })
  note?: string | null;

  @Field(() => [SalesLineInput], {
    nullable: true,
    description: 'All lines in order, at most 500; they replace those before.',
  })
  lines?: SalesLineInput[] | null;
}

type GivenFields = QuoteFields & {
  readonly title?: string | null;
  readonly customerId?: string | null;
  readonly amount?: Money | null;
};

/** What is wrong with the fields by themselves, before any row is read. */
export const checkQuote = (input: GivenFields): Finding[] => [
  checkText('title', input.title, TITLE_MAX_LENGTH),
  checkNotNull('customerId', input.customerId),
  ...checkMoney('amount', input.amount),
  checkDecimal('discountPercent', input.discountPercent, 100),
  checkOptionalDay('validUntil', input.validUntil),
  checkOptionalText('note', input.note, COMMENT_MAX_LENGTH),
  ...checkLines(input.lines),
];

/** What is wrong with the rows that the quote refers to. */
export async function checkQuoteLinks(tx: TransactionContext, input: GivenFields): Promise<Finding[]> {
  return [
    await checkVisible(tx, 'customerId', input.customerId, 'customer'),
    await checkVisible(tx, 'projectId', input.projectId, 'project'),
  ];
}

/** Puts the given fields into the quote; call it only with checked ones. */
export function setQuoteFields(quote: Quote, input: GivenFields): void {
  const fields: Partial<Quote> = given({
    title: trimmed(input.title),
    customerId: input.customerId?.toLowerCase(),
    projectId: input.projectId === null ? null : input.projectId?.toLowerCase(),
    amount: input.amount ? decimalText(input.amount.amount) : undefined,
    currency: input.amount?.currency,
    discountPercent: input.discountPercent ? decimalText(input.discountPercent) : undefined,
    validUntil: input.validUntil,
    note: trimmedOrNull(input.note),
  });
  Object.assign(quote, fields);
  if (!input.lines) return;
  quote.lines.removeAll();
  quote.lines.add(linesFrom(input.lines, () => new QuoteLine()));
}
