import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Contract } from '../../entities/contracts/contract.js';
import { Money } from '../../entities/money.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { beginRecord } from '../business-record.js';
import { requireSound } from '../input.js';
import { nextNumber } from '../next-number.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor } from '../transaction.js';
import { usableQuote } from './usable-quote.js';
import {
  checkContract,
  checkContractLinks,
  checkWholeContract,
  ContractFields,
  setContractFields,
} from './contract-fields.js';

@InputType({ description: 'A new contract.' })
export class CreateContractInput extends ContractFields {
  @Field(() => String, { description: 'Title, 1 to 200 characters.' })
  title!: string;

  @Field(() => ID, { description: 'The customer; one that you may see.' })
  customerId!: string;

  @Field(() => Money, {
    description: 'Amount, 0 or more; it must be above 0 when the contract is submitted.',
  })
  amount!: Money;

  @Field(() => ID, {
    nullable: true,
    description:
      'The approved quote that it is made from; its approval may carry while values stay inside it.',
  })
  quoteId?: string | null;
}

@ObjectType({ description: 'What `createContract`, `createContractFromQuote` or `duplicateContract` made.' })
export class CreateContractPayload {
  @Field(() => Contract, { description: 'The new contract, a DRAFT; you own it.' })
  contract!: Contract;
}

/** Makes a contract in DRAFT that the actor owns, in the actor's department. @throws BAD_USER_INPUT, NOT_FOUND, APPROVAL_VOID,
 *  INVALID_STATE */
export async function createContract(
  ctx: Context,
  input: CreateContractInput,
): Promise<CreateContractPayload> {
  const actor = requireActor(ctx);
  requireSound(...checkContract(input));
  return inTransaction(ctx, async (tx) => {
    requireSound(...(await checkContractLinks(tx, input)));
    const contract = new Contract();
    beginRecord(contract, actor, tx.now);
    setContractFields(contract, input);
    requireSound(...checkWholeContract(contract, input));
    if (input.quoteId) contract.quoteId = (await usableQuote(tx, input.quoteId)).id;
    contract.number = await nextNumber(tx, 'contract');
    tx.em.persist(contract);
    await anchorsMoved(tx, { kind: RecordKind.CONTRACT, id: contract.id });
    return { contract };
  });
}
