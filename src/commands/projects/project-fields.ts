import { Field, InputType } from 'type-graphql';
import { Money } from '../../entities/money.js';
import type { Project } from '../../entities/projects/project.js';
import { TITLE_MAX_LENGTH } from '../../limits.js';
import { checkMoney, checkNotNull, checkText, decimalText, given, trimmed, type Finding } from '../input.js';

/** What creating and updating have in common; a field left out keeps its value. */
@InputType()
export abstract class ProjectFields {
  @Field(() => Money, {
    nullable: true,
    description: 'What the business is expected to bring; 0.00 CNY when new.',
  })
  amount?: Money | null;
}

type GivenFields = ProjectFields & { readonly title?: string | null; readonly customerId?: string | null };

/** What is wrong with the fields by themselves, before any row is read. */
export const checkProject = (input: GivenFields): Finding[] => [
  checkText('title', input.title, TITLE_MAX_LENGTH),
  checkNotNull('customerId', input.customerId),
  ...checkMoney('amount', input.amount),
];

/** Puts the given fields into the project; call it only with checked ones. */
export function setProjectFields(project: Project, input: GivenFields): void {
  const fields = given({
    title: trimmed(input.title),
    customerId: input.customerId?.toLowerCase(),
    amount: input.amount ? decimalText(input.amount.amount) : undefined,
    currency: input.amount?.currency,
  });
  Object.assign(project, fields);
}
