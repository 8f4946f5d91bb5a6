import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  createCustomer,
  CreateCustomerInput,
  CreateCustomerPayload,
} from '../../commands/customers/create-customer.js';
import {
  updateCustomer,
  UpdateCustomerInput,
  UpdateCustomerPayload,
} from '../../commands/customers/update-customer.js';
import type { Context } from '../../context.js';
import { Contact } from '../../entities/customers/contact.js';
import { Customer } from '../../entities/customers/customer.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import { contactsOf } from '../../queries/customers/contacts.js';
import { customer } from '../../queries/customers/customer-by-id.js';
import { CustomerConnection, CustomerFilter, customers } from '../../queries/customers/customers.js';
import { businessRecordFields } from '../business-record.js';

@Resolver(() => Customer)
export class CustomerResolver extends businessRecordFields(Customer) {
  @Query(() => Customer, {
    nullable: true,
    description: 'A customer; NOT_FOUND when there is none, or it is out of your scope.',
  })
  customer(
    @Arg('id', () => ID, { description: 'The customer.' }) id: string,
    @Ctx() ctx: Context,
  ): Promise<Customer> {
    return customer(ctx, id);
  }

  @Query(() => CustomerConnection, { description: 'The customers that you may see, newest first.' })
  customers(
    @Arg('filter', () => CustomerFilter, { nullable: true, description: 'Which ones; all when not given.' })
    filter: CustomerFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<Customer>> {
    return customers(ctx, filter, page);
  }

  @Mutation(() => CreateCustomerPayload, { description: 'Makes a customer that you own.' })
  createCustomer(
    @Arg('input', () => CreateCustomerInput, { description: 'The new customer.' }) input: CreateCustomerInput,
    @Ctx() ctx: Context,
  ): Promise<CreateCustomerPayload> {
    return createCustomer(ctx, input);
  }

  @Mutation(() => UpdateCustomerPayload, {
    description: 'Changes a customer; CONFLICT when someone else did so in the meantime.',
  })
  updateCustomer(
    @Arg('input', () => UpdateCustomerInput, { description: 'The change.' }) input: UpdateCustomerInput,
    @Ctx() ctx: Context,
  ): Promise<UpdateCustomerPayload> {
    return updateCustomer(ctx, input);
  }

  @FieldResolver(() => [Contact], {
    description: 'People at the customer, by name.',
  })
  contacts(@Root() { id }: Customer, @Ctx() ctx: Context): Promise<Contact[]> {
    return contactsOf(ctx, id);
  }
}
