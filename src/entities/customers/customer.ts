import { Entity, Enum, Index, Property } from '@mikro-orm/decorators/legacy';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { BusinessRecord } from '../record.js';

export enum CustomerLevel {
  H = 'H',
  A = 'A',
  B = 'B',
  C = 'C',
}
registerEnumType(CustomerLevel, {
  name: 'CustomerLevel',
  description: 'How soon the customer is expected to buy; sets the contact window.',
  valuesConfig: {
    H: { description: 'Hot: contact within 5 days.' },
    A: { description: 'Contact within 15 days.' },
    B: { description: 'Contact within 30 days.' },
    C: { description: 'Contact within 60 days.' },
  },
});

export enum CustomerStatus {
  POTENTIAL = 'POTENTIAL',
  INTENDED = 'INTENDED',
  DEALING = 'DEALING',
  DEALT = 'DEALT',
  MAINTAINED = 'MAINTAINED',
  DORMANT = 'DORMANT',
  LOST = 'LOST',
}
registerEnumType(CustomerStatus, {
  name: 'CustomerStatus',
  description: 'Where the relation with the customer stands.',
  valuesConfig: {
    POTENTIAL: { description: 'Known, not yet interested.' },
    INTENDED: { description: 'Has shown interest.' },
    DEALING: { description: 'In negotiation.' },
    DEALT: { description: 'Has bought.' },
    MAINTAINED: { description: 'Buys and is looked after.' },
    DORMANT: { description: 'Silent for long.' },
    LOST: { description: 'Gone to someone else.' },
  },
});

/** A customer: a company or body that buys, or may. */
@ObjectType({ description: 'A customer: a company or body that buys, or may.' })
@Entity({ tableName: 'customer' })
@Index({ properties: ['createdAt', 'id'] })
export class Customer extends BusinessRecord {
  @Field(() => String, { description: 'Official name.' })
  @Property({ type: 'text', index: true })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Industry, in the words of the organisation.' })
  @Property({ type: 'text', nullable: true })
  industry: string | null = null;

  @Field(() => String, { nullable: true, description: 'Postal address.' })
  @Property({ type: 'text', nullable: true })
  address: string | null = null;

  @Field(() => CustomerLevel, { description: 'How soon the customer is expected to buy.' })
  @Enum({ items: () => CustomerLevel })
  level: CustomerLevel = CustomerLevel.C;

  @Field(() => CustomerStatus, { description: 'Where the relation stands.' })
  @Enum({ items: () => CustomerStatus })
  status: CustomerStatus = CustomerStatus.POTENTIAL;

  @Field(() => String, { nullable: true, description: 'Notes.' })
  @Property({ type: 'text', nullable: true })
  notes: string | null = null;
}
