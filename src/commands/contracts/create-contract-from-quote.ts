import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Contract } from '../../entities/contracts/contract.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { Money } from '../../entities/money.js';
import { beginRecord } from '../business-record.js';
import { once } from '../idempotency.js';
import { requireSound } from '../input.js';
import { nextNumber } from '../next-number.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor } from '../transaction.js';
import {
  checkContract,
  checkContractLinks,
  checkWholeContract,
  ContractFields,
  setContractFields,
} from './contract-fields.js';
import type { CreateContractPayload } from './create-contract.js';
import { usableQuote } from './usable-quote.js';

@InputType({ description: 'A contract made from an approved quote; what is not given is as in the quote.' })
export class CreateContractFromQuoteInput extends ContractFields {
  @Field(() => ID, {
    description: 'The quote; an approved one that you may see, whose last day is not over.',
  })
  quoteId!: string;

  @Field(() => String, {
    nullable: true,
    description: "Title, 1 to 200 characters; the quote's when not given.",
  })
  title?: string;

  @Field(() => Money, { nullable: true, description: "Amount; the quote's when not given." })
  amount?: Money;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

/**
 * Makes a contract in DRAFT with the values of a quote, and others where they are given. Whether the quote's approval
 * carries is decided when the contract is submitted.
 * @throws NOT_FOUND, BAD_USER_INPUT, APPROVAL_VOID, INVALID_STATE, IDEMPOTENCY_CONFLICT
 */
export async function createContractFromQuote(
  ctx: Context,
  input: CreateContractFromQuoteInput,
): Promise<CreateContractPayload> {
  requireSound(...checkContract(input));
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, async (tx) => {
    const { id } = await once(
      tx,
      { name: 'createContractFromQuote', key: idempotencyKey, payload },
      async () => {
        requireSound(...(await checkContractLinks(tx, input)));
        const quote = await usableQuote(tx, input.quoteId);
        const contract = new Contract();
        beginRecord(contract, requireActor(tx), tx.now);
        const { title, customerId, projectId, discountPercent, amount, currency } = quote;
        const lines = quote.lines.getItems();
        setContractFields(contract, {
          title,
          customerId,
          projectId,
          discountPercent,
          amount: { amount, currency },
          lines,
        });
        contract.quoteId = quote.id;
        setContractFields(contract, input);
        requireSound(...checkWholeContract(contract, input));
        contract.number = await nextNumber(tx, 'contract');
        await tx.em.persist(contract).flush();
        await anchorsMoved(tx, { kind: RecordKind.CONTRACT, id: contract.id });
        return { id: contract.id };
      },
    );
    return { contract: await tx.em.findOneOrFail(Contract, { id }, { populate: ['lines', 'paymentTerms'] }) };
  });
}
