import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  createInvoice,
  CreateInvoiceInput,
  CreateInvoicePayload,
} from '../../commands/contracts/create-invoice.js';
import {
  updateInvoice,
  UpdateInvoiceInput,
  UpdateInvoicePayload,
} from '../../commands/contracts/update-invoice.js';
import type { Context } from '../../context.js';
import { Contract } from '../../entities/contracts/contract.js';
import { Invoice, InvoiceLine } from '../../entities/contracts/invoice.js';
import { Customer } from '../../entities/customers/customer.js';
import { Money } from '../../entities/money.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import { contractById } from '../../queries/contracts/contract-by-id.js';
import { linesOfInvoice } from '../../queries/contracts/contract-parts.js';
import { invoice } from '../../queries/contracts/invoice-by-id.js';
import { InvoiceConnection, InvoiceFilter, invoices } from '../../queries/contracts/invoices.js';
import { customerById } from '../../queries/customers/customer-by-id.js';
import { businessRecordFields } from '../business-record.js';

@Resolver(() => Invoice)
export class InvoiceResolver extends businessRecordFields(Invoice) {
  @Query(() => Invoice, {
    nullable: true,
    description: 'An invoice; NOT_FOUND when there is none, or it is out of your scope.',
  })
  invoice(
    @Arg('id', () => ID, { description: 'The invoice.' }) id: string,
    @Ctx() ctx: Context,
  ): Promise<Invoice> {
    return invoice(ctx, id);
  }

  @Query(() => InvoiceConnection, { description: 'The invoices that you may see, newest first.' })
  invoices(
    @Arg('filter', () => InvoiceFilter, { nullable: true, description: 'Which ones; all when not given.' })
    filter: InvoiceFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<Invoice>> {
    return invoices(ctx, filter, page);
  }

  @Mutation(() => CreateInvoicePayload, {
    description:
      'Makes an invoice in DRAFT on an approved contract; you own it. All its invoices stay inside the contract.',
  })
  createInvoice(
    @Arg('input', () => CreateInvoiceInput, { description: 'The new invoice.' }) input: CreateInvoiceInput,
    @Ctx() ctx: Context,
  ): Promise<CreateInvoicePayload> {
    return createInvoice(ctx, input);
  }

  @Mutation(() => UpdateInvoicePayload, {
    description:
      'Changes an invoice; SUBJECT_LOCKED while it is being approved. Once approved, a change voids the approvals that rested on it.',
  })
  updateInvoice(
    @Arg('input', () => UpdateInvoiceInput, { description: 'The change.' }) input: UpdateInvoiceInput,
    @Ctx() ctx: Context,
  ): Promise<UpdateInvoicePayload> {
    return updateInvoice(ctx, input);
  }

  @FieldResolver(() => Money, { description: 'Amount of the invoice.' })
  amount(@Root() { amount, currency }: Invoice): Money {
    return { amount, currency };
  }

  @FieldResolver(() => Customer, {
    nullable: true,
    description: 'The customer; null when out of your scope.',
  })
  customer(@Root() { customerId }: Invoice, @Ctx() ctx: Context): Promise<Customer | null> {
    return customerById(ctx, customerId);
  }

  @FieldResolver(() => Contract, {
    nullable: true,
    description: 'The contract that it bills; null when out of your scope.',
  })
  contract(@Root() { contractId }: Invoice, @Ctx() ctx: Context): Promise<Contract | null> {
    return contractById(ctx, contractId);
  }

  @FieldResolver(() => [InvoiceLine], { description: 'What is sold, in order.' })
  lines(@Root() { id }: Invoice, @Ctx() ctx: Context): Promise<InvoiceLine[]> {
    return linesOfInvoice(ctx, id);
  }
}
