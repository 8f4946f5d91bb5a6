import { Field, InputType } from 'type-graphql';
import { PlanLine, type Plan } from '../../entities/plans/plan.js';
import { Decimal } from '../../entities/scalars.js';
import { LINES_MAX, TITLE_MAX_LENGTH } from '../../limits.js';
import {
  checkDecimal,
  checkList,
  checkOptionalText,
  checkText,
  decimalText,
  trimmed,
  trimmedOrNull,
  type Finding,
} from '../input.js';

@InputType({ description: 'One line of a plan, as a whole.' })
export class PlanLineInput {
  @Field(() => String, { description: 'Product or part, 1 to 200 characters.' })
  product!: string;

  @Field(() => String, { nullable: true, description: 'Outlet or store.' })
  outlet?: string | null;

  @Field(() => Decimal, { description: 'Planned quantity, 0 or more.' })
  target!: string;

  @Field(() => Decimal, { nullable: true, description: 'Demand forecast of the outlet.' })
  forecast?: string | null;

  @Field(() => Decimal, { nullable: true, description: 'Stock on hand.' })
  stock?: string | null;

  @Field(() => Decimal, { nullable: true, description: 'Ordered, not arrived, not reserved.' })
  inTransit?: string | null;
}

interface GivenFields {
  readonly title?: string | null;
  readonly lines?: readonly PlanLineInput[] | null;
}

/** What is wrong with the fields by themselves, before any row is read. */
export const checkPlan = (input: GivenFields): Finding[] => [
  checkText('title', input.title, TITLE_MAX_LENGTH),
  ...checkList('lines', input.lines, LINES_MAX, (at, line) => [
    checkText(`${at}.product`, line.product, TITLE_MAX_LENGTH),
    checkOptionalText(`${at}.outlet`, line.outlet, TITLE_MAX_LENGTH),
    checkDecimal(`${at}.target`, line.target),
    checkDecimal(`${at}.forecast`, line.forecast ?? undefined),
    checkDecimal(`${at}.stock`, line.stock ?? undefined),
    checkDecimal(`${at}.inTransit`, line.inTransit ?? undefined),
  ]),
];

const decimalOrNull = (value: string | null | undefined): string | null =>
  typeof value === 'string' ? decimalText(value) : null;

/** Puts the given fields into the plan, whose lines are loaded; call it only with checked ones. Lines are replaced. */
export function setPlanFields(plan: Plan, { title, lines }: GivenFields): void {
  plan.title = trimmed(title) ?? plan.title;
  if (!lines) return;
  plan.lines.removeAll();
  for (const [index, given] of lines.entries()) {
    const line = new PlanLine();
    line.position = index + 1;
    line.product = given.product.trim();
    line.outlet = trimmedOrNull(given.outlet) ?? null;
    line.target = decimalText(given.target);
    line.forecast = decimalOrNull(given.forecast);
    line.stock = decimalOrNull(given.stock);
    line.inTransit = decimalOrNull(given.inTransit);
    plan.lines.add(line);
  }
}
