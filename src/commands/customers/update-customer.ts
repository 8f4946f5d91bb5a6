import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Customer } from '../../entities/customers/customer.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { requireSound, requireVersion } from '../input.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor } from '../transaction.js';
import { checkCustomer, CustomerFields, setCustomerFields } from './customer-fields.js';
import { setContacts } from './set-contacts.js';

@InputType({ description: 'A change of a customer; fields left out keep their values.' })
export class UpdateCustomerInput extends CustomerFields {
  @Field(() => ID, { description: 'The customer.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that the change was made on.' })
  expectedVersion!: number;

  @Field(() => String, { nullable: true, description: 'Official name, 1 to 200 characters.' })
  name?: string | null;
}

@ObjectType({ description: 'What `updateCustomer` changed.' })
export class UpdateCustomerPayload {
  @Field(() => Customer, { description: 'The customer as it is now.' })
  customer!: Customer;
}

/** Changes a customer, contacts included, and lets its version grow by 1. @throws NOT_FOUND, CONFLICT, BAD_USER_INPUT */
export async function updateCustomer(
  ctx: Context,
  input: UpdateCustomerInput,
): Promise<UpdateCustomerPayload> {
  const actor = requireActor(ctx);
  requireSound(...checkCustomer(input));
  return inTransaction(ctx, async (tx) => {
    const id = await lockRecord(tx, 'customer', input.id, 'customer:update');
    const customer = await tx.em.findOneOrFail(Customer, { id });
    requireVersion(customer, input.expectedVersion);
    if (input.contacts) await setContacts(tx, id, input.contacts);
    setCustomerFields(customer, input);
    touchRecord(customer, actor.id, tx.now);
    await anchorsMoved(tx, { kind: RecordKind.CUSTOMER, id });
    return { customer };
  });
}
