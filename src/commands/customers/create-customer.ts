import { Field, InputType, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Customer } from '../../entities/customers/customer.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { beginRecord } from '../business-record.js';
import { requireSound } from '../input.js';
import { nextNumber } from '../next-number.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor } from '../transaction.js';
import { checkCustomer, CustomerFields, setCustomerFields } from './customer-fields.js';
import { setContacts } from './set-contacts.js';

@InputType({ description: 'A new customer.' })
export class CreateCustomerInput extends CustomerFields {
  @Field(() => String, { description: 'Official name, 1 to 200 characters.' })
  name!: string;
}

@ObjectType({ description: 'What `createCustomer` made.' })
export class CreateCustomerPayload {
  @Field(() => Customer, { description: 'The new customer; you own it.' })
  customer!: Customer;
}

/** Makes a customer that the actor owns. @throws BAD_USER_INPUT */
export async function createCustomer(
  ctx: Context,
  input: CreateCustomerInput,
): Promise<CreateCustomerPayload> {
  const actor = requireActor(ctx);
  requireSound(...checkCustomer(input));
  return inTransaction(ctx, async (tx) => {
    const customer = new Customer();
    beginRecord(customer, actor, tx.now);
    setCustomerFields(customer, input);
    await setContacts(tx, customer.id, input.contacts ?? []);
    customer.number = await nextNumber(tx, 'customer');
    tx.em.persist(customer);
    await anchorsMoved(tx, { kind: RecordKind.CUSTOMER, id: customer.id });
    return { customer };
  });
}
