import { Field, InputType } from 'type-graphql';
import type { SalesLine } from '../../entities/contracts/sales-line.js';
import { Decimal } from '../../entities/scalars.js';
import { LINES_MAX, TITLE_MAX_LENGTH } from '../../limits.js';
import { checkDecimal, checkList, checkText, decimalText, type Finding } from '../input.js';

@InputType({ description: 'One line of a quote or an invoice.' })
export class SalesLineInput {
  @Field(() => String, { description: 'What is sold, 1 to 200 characters.' })
  description!: string;

  @Field(() => Decimal, { description: 'How many, 0 or more.' })
  quantity!: string;

  @Field(() => Decimal, { description: 'Price of one in the currency of the whole, 0 or more.' })
  unitPrice!: string;
}

export const checkLines = (lines: readonly SalesLineInput[] | null | undefined): Finding[] =>
  checkList('lines', lines, LINES_MAX, (at, line) => [
    checkText(`${at}.description`, line.description, TITLE_MAX_LENGTH),
    checkDecimal(`${at}.quantity`, line.quantity),
    checkDecimal(`${at}.unitPrice`, line.unitPrice),
  ]);

/** The lines as they are stored, in order. */
export const linesFrom = <L extends SalesLine>(inputs: readonly SalesLineInput[], make: () => L): L[] =>
  inputs.map(({ description, quantity, unitPrice }, index) =>
    Object.assign(make(), {
      position: index + 1,
      description: description.trim(),
      quantity: decimalText(quantity),
      unitPrice: decimalText(unitPrice),
    }),
  );
