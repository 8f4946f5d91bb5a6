import { Field, ID, InputType } from 'type-graphql';
import { ContactPart } from '../../entities/customers/contact.js';
import { CustomerLevel, CustomerStatus, type Customer } from '../../entities/customers/customer.js';
import { COMMENT_MAX_LENGTH, LINES_MAX, TITLE_MAX_LENGTH } from '../../limits.js';
import {
  check,
  checkList,
  checkNotNull,
  checkOptionalText,
  checkText,
  given,
  trimmed,
  trimmedOrNull,
  type Finding,
} from '../input.js';

@InputType({ description: 'A person at a customer, as a whole.' })
export class ContactInput {
  @Field(() => ID, {
    nullable: true,
    description: 'The contact that this one replaces; without it, a new one is added.',
  })
  id?: string | null;

  @Field(() => String, { description: 'Name, 1 to 200 characters.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Post in their organisation.' })
  post?: string | null;

  @Field(() => String, { nullable: true, description: 'E-mail address.' })
  email?: string | null;

  @Field(() => String, { nullable: true, description: 'Telephone number.' })
  phone?: string | null;

  @Field(() => ContactPart, {
    nullable: true,
    description: "Part in the customer's decision; OTHER when not given.",
  })
  part?: ContactPart | null;
}

/** What creating and updating have in common; a field left out keeps its value. */
@InputType()
export abstract class CustomerFields {
  @Field(() => String, { nullable: true, description: 'Industry, in the words of the organisation.' })
  industry?: string | null;

  @Field(() => String, { nullable: true, description: 'Postal address.' })
  address?: string | null;

  @Field(() => CustomerLevel, {
    nullable: true,
    description: 'How soon the customer is expected to buy; C when new.',
  })
  level?: CustomerLevel | null;

  @Field(() => CustomerStatus, {
    nullable: true,
    description: 'Where the relation stands; POTENTIAL when new.',
  })
  status?: CustomerStatus | null;

  @Field(() => String, { nullable: true, description: 'Notes, at most 4000 characters.' })
  notes?: string | null;

  @Field(() => [ContactInput], {
    nullable: true,
    description:
      'All contacts: those with an `id` are kept and changed, those without are added, those left out are removed.',
  })
  contacts?: ContactInput[] | null;
}

type GivenFields = CustomerFields & { readonly name?: string | null };

const EMAIL = /^[^\s@]+@[^\s@]+$/;

/** What is wrong with the fields by themselves, before any row is read. */
export function checkCustomer(input: GivenFields): Finding[] {
  return [
    checkText('name', input.name, TITLE_MAX_LENGTH),
    checkOptionalText('industry', input.industry, TITLE_MAX_LENGTH),
    checkOptionalText('address', input.address, COMMENT_MAX_LENGTH),
    checkNotNull('level', input.level),
    checkNotNull('status', input.status),
    checkOptionalText('notes', input.notes, COMMENT_MAX_LENGTH),
    ...checkList('contacts', input.contacts, LINES_MAX, (at, contact) => [
      checkText(`${at}.name`, contact.name, TITLE_MAX_LENGTH),
      checkOptionalText(`${at}.post`, contact.post, TITLE_MAX_LENGTH),
      checkOptionalText(`${at}.email`, contact.email, TITLE_MAX_LENGTH),
      check(`${at}.email`, !contact.email || EMAIL.test(contact.email.trim()), 'an e-mail address'),
      checkOptionalText(`${at}.phone`, contact.phone, TITLE_MAX_LENGTH),
    ]),
  ];
}

/** Puts the given fields into the customer; call it only with checked ones. */
export function setCustomerFields(customer: Customer, input: GivenFields): void {
  const fields: Partial<Customer> = given({
    name: trimmed(input.name),
    industry: trimmedOrNull(input.industry),
    address: trimmedOrNull(input.address),
    level: input.level ?? undefined,
    status: input.status ?? undefined,
    notes: trimmedOrNull(input.notes),
  });
  Object.assign(customer, fields);
}
