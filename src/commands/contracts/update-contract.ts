import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Contract, ContractStatus } from '../../entities/contracts/contract.js';
import { Money } from '../../entities/money.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { refusal } from '../../errors.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { requireSound, requireUnlocked, requireVersion } from '../input.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor } from '../transaction.js';
import {
  checkContract,
  checkContractLinks,
  checkWholeContract,
  ContractFields,
  setContractFields,
} from './contract-fields.js';

@InputType({ description: 'A change of a contract; fields left out keep their values.' })
export class UpdateContractInput extends ContractFields {
  @Field(() => ID, { description: 'The contract.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that the change was made on.' })
  expectedVersion!: number;

  @Field(() => String, { nullable: true, description: 'Title, 1 to 200 characters.' })
  title?: string | null;

  @Field(() => ID, { nullable: true, description: 'The customer; one that you may see.' })
  customerId?: string | null;

  @Field(() => Money, { nullable: true, description: 'Amount, 0 or more.' })
  amount?: Money | null;
}

@ObjectType({ description: 'What `updateContract` changed.' })
export class UpdateContractPayload {
  @Field(() => Contract, { description: 'The contract as it is now.' })
  contract!: Contract;
}

/**
 * Changes a contract and lets its version grow by 1; the actor becomes the author of the last change. While it is
 * approved or being approved its content stands still, whatever version the client has seen.
 * @throws NOT_FOUND, SUBJECT_LOCKED, IMMUTABLE, CONFLICT, BAD_USER_INPUT
 */
export async function updateContract(
  ctx: Context,
  input: UpdateContractInput,
): Promise<UpdateContractPayload> {
  const actor = requireActor(ctx);
  requireSound(...checkContract(input));
  return inTransaction(ctx, async (tx) => {
    const id = await lockRecord(tx, 'contract', input.id, 'contract:update');
    const contract = await tx.em.findOneOrFail(Contract, { id }, { populate: ['lines', 'paymentTerms'] });
    requireUnlocked(contract, 'contract');
    if (contract.status === ContractStatus.APPROVED) {
      throw refusal('IMMUTABLE', {
        what: 'contract',
        id,
        reason: 'it is approved; approved contracts change by amendment',
      });
    }
    requireVersion(contract, input.expectedVersion);
    requireSound(...(await checkContractLinks(tx, input)));
    setContractFields(contract, input);
    requireSound(...checkWholeContract(contract, input));
    touchRecord(contract, actor.id, tx.now);
    await anchorsMoved(tx, { kind: RecordKind.CONTRACT, id });
    return { contract };
  });
}
