import { Field, ID, InputType } from 'type-graphql';
import { ContractKind, ContractLine, PaymentTerm, type Contract } from '../../entities/contracts/contract.js';
import { Money } from '../../entities/money.js';
import { Day, Decimal } from '../../entities/scalars.js';
import { COMMENT_MAX_LENGTH, LINES_MAX, TITLE_MAX_LENGTH } from '../../limits.js';
import {
  check,
  checkDecimal,
  checkList,
  checkMoney,
  checkNotNull,
  checkOptionalDay,
  checkOptionalText,
  checkText,
  checkVisible,
  decimalText,
  given,
  hundredths,
  trimmed,
  trimmedOrNull,
  type Finding,
} from '../input.js';
import type { TransactionContext } from '../transaction.js';

@InputType({ description: 'One line of a contract.' })
export class ContractLineInput {
  @Field(() => String, { description: 'What is sold, 1 to 200 characters.' })
  description!: string;

  @Field(() => Decimal, { description: 'How many, 0 or more.' })
  quantity!: string;

  @Field(() => Decimal, { description: "Price of one in the contract's currency, 0 or more." })
  unitPrice!: string;
}

@InputType({ description: 'One payment that the contract calls for.' })
export class PaymentTermInput {
  @Field(() => String, { description: 'What the payment is for, 1 to 200 characters.' })
  title!: string;

  @Field(() => Decimal, { description: "Amount in the contract's currency, 0 or more." })
  amount!: string;

  @Field(() => Day, { nullable: true, description: 'Day by which it is due.' })
  dueOn?: string | null;
}

/** What creating and updating have in common; a field left out keeps its value. */
@InputType()
export abstract class ContractFields {
  @Field(() => ContractKind, { nullable: true, description: 'Kind of contract; SALES when new.' })
  kind?: ContractKind | null;

  @Field(() => ID, { nullable: true, description: 'The project that it belongs to; null for none.' })
  projectId?: string | null;

  @Field(() => Decimal, {
    nullable: true,
    description: 'Discount on the list price in percent, 0 to 100; 0 when new.',
  })
  discountPercent?: string | null;

  @Field(() => String, { nullable: true, description: 'How it is signed, in the words of the process.' })
  signingMode?: string | null;

  @Field(() => Day, { nullable: true, description: 'First day of validity.' })
  startsOn?: string | null;

  @Field(() => Day, { nullable: true, description: 'Last day of validity; not before the first.' })
  endsOn?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A note for yourselves, at most 4000 characters; no part of what is approved.',
  })
  note?: string | null;

  @Field(() => [ContractLineInput], {
    nullable: true,
    description: 'All lines in order, at most 500; they replace those before.',
  })
  lines?: ContractLineInput[] | null;

  @Field(() => [PaymentTermInput], {
    nullable: true,
    description:
      'All payment terms in order, at most 500; they replace those before. Unless empty they sum to the amount.',
  })
  paymentTerms?: PaymentTermInput[] | null;
}

type GivenFields = ContractFields & {
  readonly title?: string | null;
  readonly customerId?: string | null;
  readonly amount?: Money | null;
};

/** What is wrong with the fields by themselves, before any row is read. */
export function checkContract(input: GivenFields): Finding[] {
  return [
    checkText('title', input.title, TITLE_MAX_LENGTH),
    checkNotNull('kind', input.kind),
    checkNotNull('customerId', input.customerId),
    ...checkMoney('amount', input.amount),
    checkDecimal('discountPercent', input.discountPercent, 100),
    checkOptionalText('signingMode', input.signingMode, TITLE_MAX_LENGTH),
    checkOptionalText('note', input.note, COMMENT_MAX_LENGTH),
    checkOptionalDay('startsOn', input.startsOn),
    checkOptionalDay('endsOn', input.endsOn),
    ...checkList('lines', input.lines, LINES_MAX, (at, line) => [
      checkText(`${at}.description`, line.description, TITLE_MAX_LENGTH),
      checkDecimal(`${at}.quantity`, line.quantity),
      checkDecimal(`${at}.unitPrice`, line.unitPrice),
    ]),
    ...checkList('paymentTerms', input.paymentTerms, LINES_MAX, (at, term) => [
      checkText(`${at}.title`, term.title, TITLE_MAX_LENGTH),
      checkDecimal(`${at}.amount`, term.amount),
      checkOptionalDay(`${at}.dueOn`, term.dueOn),
    ]),
  ];
}

/** What is wrong with the rows that the contract refers to. */
export async function checkContractLinks(tx: TransactionContext, input: GivenFields): Promise<Finding[]> {
  return [
    await checkVisible(tx, 'customerId', input.customerId, 'customer'),
    await checkVisible(tx, 'projectId', input.projectId, 'project'),
  ];
}

/** Puts the given fields into the contract; call it only with checked ones. */
export function setContractFields(contract: Contract, input: GivenFields): void {
  const fields: Partial<Contract> = given({
    title: trimmed(input.title),
    kind: input.kind ?? undefined,
    customerId: input.customerId?.toLowerCase(),
    projectId: input.projectId === null ? null : input.projectId?.toLowerCase(),
    amount: input.amount ? decimalText(input.amount.amount) : undefined,
    currency: input.amount?.currency,
    discountPercent: input.discountPercent ? decimalText(input.discountPercent) : undefined,
    signingMode: trimmedOrNull(input.signingMode),
    note: trimmedOrNull(input.note),
    startsOn: input.startsOn,
    endsOn: input.endsOn,
  });
  Object.assign(contract, fields);
  if (input.lines) setLines(contract, input.lines);
  if (input.paymentTerms) setPaymentTerms(contract, input.paymentTerms);
}

function setLines(contract: Contract, inputs: readonly ContractLineInput[]): void {
  const lines = inputs.map(({ description, quantity, unitPrice }, index) =>
    Object.assign(new ContractLine(), {
      position: index + 1,
      description: description.trim(),
      quantity: decimalText(quantity),
      unitPrice: decimalText(unitPrice),
    }),
  );
  contract.lines.removeAll();
  contract.lines.add(lines);
}

function setPaymentTerms(contract: Contract, inputs: readonly PaymentTermInput[]): void {
  // The first stays the first: what came in for it, and its ladder, are its own whatever is said of it now.
  const before = contract.paymentTerms.getItems();
  const terms = inputs.map(({ title, amount, dueOn }, index) =>
    Object.assign(before[index] ?? new PaymentTerm(), {
      position: index + 1,
      title: title.trim(),
      amount: decimalText(amount),
      dueOn: dueOn ?? null,
    }),
  );
  contract.paymentTerms.remove(before.slice(terms.length));
  contract.paymentTerms.add(terms.slice(before.length));
}

/** What is wrong with the contract as a whole once the fields are in it; blames the field that was given. */
export function checkWholeContract(
  { startsOn, endsOn, amount, paymentTerms }: Contract,
  input: GivenFields,
): Finding[] {
  const terms = paymentTerms.getItems();
  const sum = terms.reduce((total, term) => total + hundredths(term.amount), 0n);
  return [
    check(
      input.endsOn === undefined ? 'startsOn' : 'endsOn',
      startsOn === null || endsOn === null || endsOn >= startsOn,
      'the last day is not before the first',
    ),
    check(
      input.paymentTerms ? 'paymentTerms' : 'amount',
      terms.length === 0 || sum === hundredths(amount),
      'the payment terms sum to the amount',
    ),
  ];
}
