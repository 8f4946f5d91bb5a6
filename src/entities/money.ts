import { Field, InputType, ObjectType } from 'type-graphql';
import { Decimal } from './scalars.js';

/** An amount with its currency; never a float. */
@ObjectType({ description: 'An amount with its currency.' })
@InputType('MoneyInput', { description: 'An amount with its currency.' })
export class Money {
  @Field(() => Decimal, { description: 'In the major unit, two decimals.' })
  amount!: string;

  @Field(() => String, { description: 'ISO 4217 code, three capitals.' })
  currency!: string;
}
