import { Entity, Enum, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { BelongsTo } from '../belongs-to.js';
import { newRowId } from '../row-id.js';
import { Customer } from './customer.js';

export enum ContactPart {
  DECISION_MAKER = 'DECISION_MAKER',
  TECHNICAL_LEAD = 'TECHNICAL_LEAD',
  USER_LEAD = 'USER_LEAD',
  COACH = 'COACH',
  OTHER = 'OTHER',
}
registerEnumType(ContactPart, {
  name: 'ContactPart',
  description: "The contact's part in the customer's decision.",
  valuesConfig: {
    DECISION_MAKER: { description: 'Decides.' },
    TECHNICAL_LEAD: { description: 'Judges the technology.' },
    USER_LEAD: { description: 'Leads those who will use it.' },
    COACH: { description: 'Supports us from inside.' },
    OTHER: { description: 'No known part.' },
  },
});

/** A person at a customer. */
@ObjectType({ description: 'A person at a customer.' })
@Entity({ tableName: 'contact' })
export class Contact {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @BelongsTo(() => Customer, 'customer_id')
  customerId!: string;

  @Field(() => String, { description: 'Name.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Post in their organisation.' })
  @Property({ type: 'text', nullable: true })
  post: string | null = null;

  @Field(() => String, { nullable: true, description: 'E-mail address.' })
  @Property({ type: 'text', nullable: true })
  email: string | null = null;

  @Field(() => String, { nullable: true, description: 'Telephone number.' })
  @Property({ type: 'text', nullable: true })
  phone: string | null = null;

  @Field(() => ContactPart, { description: "Part in the customer's decision." })
  @Enum({ items: () => ContactPart })
  part: ContactPart = ContactPart.OTHER;
}
