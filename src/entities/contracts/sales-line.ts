import { PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { newRowId } from '../row-id.js';
import { Decimal } from '../scalars.js';

/** What a line of a quote and of an invoice have in common. */
@ObjectType()
export abstract class SalesLine {
  @Field(() => ID, { description: 'UUIDv7.' })
  @PrimaryKey({ type: 'uuid' })
  id: string = newRowId();

  @Field(() => Int, { description: 'Place in the list, from 1.' })
  @Property({ type: 'integer' })
  position!: number;

  @Field(() => String, { description: 'What is sold.' })
  @Property({ type: 'text' })
  description!: string;

  @Field(() => Decimal, { description: 'How many.' })
  @Property({ type: 'decimal', precision: 18, scale: 2 })
  quantity!: string;

  @Field(() => Decimal, { description: 'Price of one, in the currency of the whole.' })
  @Property({ type: 'decimal', precision: 18, scale: 2 })
  unitPrice!: string;
}
