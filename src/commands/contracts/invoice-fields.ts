import { Field, ID, InputType } from 'type-graphql';
import { InvoiceLine, type Invoice } from '../../entities/contracts/invoice.js';
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
export abstract class InvoiceFields {
  @Field(() => ID, {
    nullable: true,
    description: "Who is billed; the contract's customer when new and not given.",
  })
  customerId?: string | null;

  @Field(() => Decimal, {
    nullable: true,
    description: 'Discount on the list price in percent, 0 to 100; 0 when new.',
  })
  discountPercent?: string | null;

  @Field(() => Day, {
    nullable: true,
    description: 'Day by which it is to be paid.',
  })
  dueOn?: string | null;

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

type GivenFields = InvoiceFields & {
  readonly title?: string | null;
  readonly amount?: Money | null;
};

/** What is wrong with the fields by themselves, before any row is read. */
export const checkInvoice = (input: GivenFields): Finding[] => [
  checkText('title', input.title, TITLE_MAX_LENGTH),
  checkNotNull('customerId', input.customerId),
  ...checkMoney('amount', input.amount),
  checkDecimal('discountPercent', input.discountPercent, 100),
  checkOptionalDay('dueOn', input.dueOn),
  checkOptionalText('note', input.note, COMMENT_MAX_LENGTH),
  ...checkLines(input.lines),
];

/** What is wrong with the rows that the invoice refers to. */
export async function checkInvoiceLinks(tx: TransactionContext, input: GivenFields): Promise<Finding[]> {
  return [await checkVisible(tx, 'customerId', input.customerId, 'customer')];
}

/** Puts the given fields into the invoice; call it only with checked ones. */
export function setInvoiceFields(invoice: Invoice, input: GivenFields): void {
  const fields: Partial<Invoice> = given({
    title: trimmed(input.title),
    customerId: input.customerId?.toLowerCase(),
    amount: input.amount ? decimalText(input.amount.amount) : undefined,
    currency: input.amount?.currency,
    discountPercent: input.discountPercent ? decimalText(input.discountPercent) : undefined,
    dueOn: input.dueOn,
    note: trimmedOrNull(input.note),
  });
  Object.assign(invoice, fields);
  if (!input.lines) return;
  invoice.lines.removeAll();
  invoice.lines.add(linesFrom(input.lines, () => new InvoiceLine()));
}
