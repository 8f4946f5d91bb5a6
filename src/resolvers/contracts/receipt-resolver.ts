import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import {
  correctReceipt,
  CorrectReceiptInput,
  ReceiptPayload,
  recordReceipt,
  RecordReceiptInput,
} from '../../commands/contracts/record-receipt.js';
import type { Context } from '../../context.js';
import { PaymentTerm } from '../../entities/contracts/contract.js';
import { Receipt, ReceivableStatus } from '../../entities/contracts/receivable.js';
import { User } from '../../entities/organisation/user.js';
import { Decimal } from '../../entities/scalars.js';
import { paidOf, receiptsOf } from '../../queries/contracts/receipts.js';
import { personById } from '../../queries/organisation/people.js';

@Resolver(() => PaymentTerm)
export class PaymentTermResolver {
  @Mutation(() => ReceiptPayload, {
    description: 'Enters money that came in for a payment; paid in full, it is chased no more.',
  })
  recordReceipt(
    @Arg('input', () => RecordReceiptInput, { description: 'What came in, and for what.' })
    input: RecordReceiptInput,
    @Ctx() ctx: Context,
  ): Promise<ReceiptPayload> {
    return recordReceipt(ctx, input);
  }

  @Mutation(() => ReceiptPayload, { description: 'Takes an entry back by one below 0; both stay.' })
  correctReceipt(
    @Arg('input', () => CorrectReceiptInput, { description: 'Which, and why.' }) input: CorrectReceiptInput,
    @Ctx() ctx: Context,
  ): Promise<ReceiptPayload> {
    return correctReceipt(ctx, input);
  }

  @FieldResolver(() => [Receipt], { description: 'What came in for it, oldest first.' })
  receipts(@Root() { id }: PaymentTerm, @Ctx() ctx: Context): Promise<Receipt[]> {
    return receiptsOf(ctx, id);
  }

  @FieldResolver(() => Decimal, { description: 'All that came in for it, corrections taken off.' })
  async received(@Root() { id }: PaymentTerm, @Ctx() ctx: Context): Promise<string> {
    return (await paidOf(ctx, id))?.received ?? '0.00';
  }

  @FieldResolver(() => Boolean, { description: 'Whether as much came in as it calls for.' })
  async paidInFull(@Root() { id }: PaymentTerm, @Ctx() ctx: Context): Promise<boolean> {
    return (await paidOf(ctx, id))?.inFull ?? false;
  }

  @FieldResolver(() => ReceivableStatus, {
    nullable: true,
    description: 'Whether it is asked for; null: it has no day, or its contract was never in force.',
  })
  async chased(@Root() { id }: PaymentTerm, @Ctx() ctx: Context): Promise<ReceivableStatus | null> {
    return (await paidOf(ctx, id))?.status ?? null;
  }

  @FieldResolver(() => Int, { description: 'The rung of its ladder that it has reached; 0: none yet.' })
  async rung(@Root() { id }: PaymentTerm, @Ctx() ctx: Context): Promise<number> {
    return (await paidOf(ctx, id))?.rung ?? 0;
  }
}

@Resolver(() => Receipt)
export class ReceiptFields {
  @FieldResolver(() => User, { description: 'Who entered it.' })
  by(@Root() { byId }: Receipt, @Ctx() ctx: Context): Promise<User> {
    return personById(ctx, byId);
  }

  @FieldResolver(() => ID, { nullable: true, description: 'The entry that it takes back.' })
  corrects(@Root() { correctsId }: Receipt): string | null {
    return correctsId;
  }
}
