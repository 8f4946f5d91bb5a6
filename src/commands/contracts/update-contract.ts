import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Contract } from '../../entities/contracts/contract.js';
import { Money } from '../../entities/money.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { beforeEdit, settleEdit } from '../approvals/settle-edit.js';
import { contractSubject } from '../approvals/subjects/contract.js';
import { lockRecord, touchRecord } from '../business-record.js';
import { requireSound, requireUnlocked, requireVersion } from '../input.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { bringReceivables, releaseTerms } from './receivables.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { requireInvoicesInside } from './invoiced.js';
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
 * being approved its content stands still, whatever version the client has seen. Once it was approved, a change of what
 * is watched voids the approvals that rested on it, and one of anything else none.
 * @throws NOT_FOUND, SUBJECT_LOCKED, CONFLICT, BAD_USER_INPUT, INVOICES_EXCEED_CONTRACT
 */
export const updateContract = (ctx: Context, input: UpdateContractInput): Promise<UpdateContractPayload> =>
  inTransaction(ctx, async (tx) => ({ contract: await changeContract(tx, input) }));

export async function changeContract(tx: TransactionContext, input: UpdateContractInput): Promise<Contract> {
  const actor = requireActor(tx);
  requireSound(...checkContract(input));
  const id = await lockRecord(tx, 'contract', input.id, 'contract:update');
  const contract = await tx.em.findOneOrFail(Contract, { id }, { populate: ['lines', 'paymentTerms'] });
  requireUnlocked(contract, 'contract');
  requireVersion(contract, input.expectedVersion);
  requireSound(...(await checkContractLinks(tx, input)));
  const before = await beforeEdit(tx, contractSubject, contract);
  setContractFields(contract, input);
  await releaseTerms(tx, contract);
  requireSound(...checkWholeContract(contract, input));
  await requireInvoicesInside(tx, contract);
  touchRecord(contract, actor.id, tx.now);
  if (before) await settleEdit(tx, contractSubject, 'contract', contract, before);
  await anchorsMoved(tx, { kind: RecordKind.CONTRACT, id });
  await bringReceivables(tx, id);
  return contract;
}
