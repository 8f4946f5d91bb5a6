import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  createContract,
  CreateContractInput,
  CreateContractPayload,
} from '../../commands/contracts/create-contract.js';
import {
  createContractFromQuote,
  CreateContractFromQuoteInput,
} from '../../commands/contracts/create-contract-from-quote.js';
import { duplicateContract, DuplicateInput } from '../../commands/contracts/duplicate.js';
import {
  updateContract,
  UpdateContractInput,
  UpdateContractPayload,
} from '../../commands/contracts/update-contract.js';
import type { Context } from '../../context.js';
import { Contract, ContractLine, PaymentTerm } from '../../entities/contracts/contract.js';
import { Quote } from '../../entities/contracts/quote.js';
import { Customer } from '../../entities/customers/customer.js';
import { Money } from '../../entities/money.js';
import { PageArgs, type ConnectionOf } from '../../queries/connection.js';
import { contract, contractById } from '../../queries/contracts/contract-by-id.js';
import { quoteById } from '../../queries/contracts/quote-by-id.js';
import { linesOf, paymentTermsOf } from '../../queries/contracts/contract-parts.js';
import { ContractConnection, ContractFilter, contracts } from '../../queries/contracts/contracts.js';
import { customerById } from '../../queries/customers/customer-by-id.js';
import { businessRecordFields } from '../business-record.js';

@Resolver(() => Contract)
export class ContractResolver extends businessRecordFields(Contract) {
  @Query(() => Contract, {
    nullable: true,
    description: 'A contract; NOT_FOUND when there is none, or it is out of your scope.',
  })
  contract(
    @Arg('id', () => ID, { description: 'The contract.' }) id: string,
    @Ctx() ctx: Context,
  ): Promise<Contract> {
    return contract(ctx, id);
  }

  @Query(() => ContractConnection, { description: 'The contracts that you may see, newest first.' })
  contracts(
    @Arg('filter', () => ContractFilter, { nullable: true, description: 'Which ones; all when not given.' })
    filter: ContractFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: Context,
  ): Promise<ConnectionOf<Contract>> {
    return contracts(ctx, filter, page);
  }

  @Mutation(() => CreateContractPayload, { description: 'Makes a contract in DRAFT that you own.' })
  createContract(
    @Arg('input', () => CreateContractInput, { description: 'The new contract.' }) input: CreateContractInput,
    @Ctx() ctx: Context,
  ): Promise<CreateContractPayload> {
    return createContract(ctx, input);
  }

  @Mutation(() => CreateContractPayload, {
    description:
      'Makes a contract in DRAFT from an approved quote, with its values where no others are given.',
  })
  createContractFromQuote(
    @Arg('input', () => CreateContractFromQuoteInput, { description: 'The quote, and what differs from it.' })
    input: CreateContractFromQuoteInput,
    @Ctx() ctx: Context,
  ): Promise<CreateContractPayload> {
    return createContractFromQuote(ctx, input);
  }

  @Mutation(() => CreateContractPayload, {
    description: 'Copies a contract into a DRAFT of yours. A copy inherits no approval.',
  })
  duplicateContract(
    @Arg('input', () => DuplicateInput, { description: 'What to copy.' }) input: DuplicateInput,
    @Ctx() ctx: Context,
  ): Promise<CreateContractPayload> {
    return duplicateContract(ctx, input);
  }

  @Mutation(() => UpdateContractPayload, {
    description:
      'Changes a contract; SUBJECT_LOCKED while it is being approved, CONFLICT when someone else changed it in the meantime. Once approved, a change voids the approvals that rested on it.',
  })
  updateContract(
    @Arg('input', () => UpdateContractInput, { description: 'The change.' }) input: UpdateContractInput,
    @Ctx() ctx: Context,
  ): Promise<UpdateContractPayload> {
    return updateContract(ctx, input);
  }

  @FieldResolver(() => Money, { description: 'Amount of the contract.' })
  amount(@Root() { amount, currency }: Contract): Money {
    return { amount, currency };
  }

  @FieldResolver(() => Customer, {
    nullable: true,
    description: 'The customer; null when out of your scope.',
  })
  customer(@Root() { customerId }: Contract, @Ctx() ctx: Context): Promise<Customer | null> {
    return customerById(ctx, customerId);
  }

  @FieldResolver(() => Quote, {
    nullable: true,
    description: 'The quote that it was made from; null when it was not, or out of your scope.',
  })
  quote(@Root() { quoteId }: Contract, @Ctx() ctx: Context): Promise<Quote | null> | null {
    return quoteId === null ? null : quoteById(ctx, quoteId);
  }

  @FieldResolver(() => Contract, {
    nullable: true,
    description: 'What it was copied from; null when it was not, or out of your scope.',
  })
  copiedFrom(@Root() { copiedFromId }: Contract, @Ctx() ctx: Context): Promise<Contract | null> | null {
    return copiedFromId === null ? null : contractById(ctx, copiedFromId);
  }

  @FieldResolver(() => [ContractLine], { description: 'What is sold, in order.' })
  lines(@Root() { id }: Contract, @Ctx() ctx: Context): Promise<ContractLine[]> {
    return linesOf(ctx, id);
  }

  @FieldResolver(() => [PaymentTerm], { description: 'What is to be paid when, in order.' })
  paymentTerms(@Root() { id }: Contract, @Ctx() ctx: Context): Promise<PaymentTerm[]> {
    return paymentTermsOf(ctx, id);
  }
}
