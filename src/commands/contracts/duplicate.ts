import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Contract } from '../../entities/contracts/contract.js';
import { RecordKind } from '../../entities/schedule/record-kinds.js';
import { Quote } from '../../entities/contracts/quote.js';
import { beginRecord, lockRecord } from '../business-record.js';
import { once } from '../idempotency.js';
import { nextNumber } from '../next-number.js';
import { anchorsMoved } from '../schedule/anchors-moved.js';
import { inTransaction, requireActor } from '../transaction.js';
import { setContractFields } from './contract-fields.js';
import type { CreateContractPayload } from './create-contract.js';
import type { CreateQuotePayload } from './create-quote.js';
import { setQuoteFields } from './quote-fields.js';

@InputType({ description: 'What to copy.' })
export class DuplicateInput {
  @Field(() => ID, { description: 'The record to copy; one that you may see.' })
  id!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

/**
 * A copy inherits values, never an approval: it is a DRAFT that whoever copied it owns and has written, without quote
 * and without files, and says what it was copied from. @throws NOT_FOUND, IDEMPOTENCY_CONFLICT
 */
export const duplicateContract = (ctx: Context, input: DuplicateInput): Promise<CreateContractPayload> =>
  inTransaction(ctx, async (tx) => {
    const { idempotencyKey: key, ...payload } = input;
    const { id } = await once(tx, { name: 'duplicateContract', key, payload }, async () => {
      const sourceId = await lockRecord(tx, 'contract', input.id, 'contract:read');
      const source = await tx.em.findOneOrFail(
        Contract,
        { id: sourceId },
        { populate: ['lines', 'paymentTerms'] },
      );
      const { title, kind, customerId, projectId, discountPercent, signingMode, startsOn, endsOn } = source;
      const copy = new Contract();
      beginRecord(copy, requireActor(tx), tx.now);
      setContractFields(copy, {
        title,
        kind,
        customerId,
        projectId,
        discountPercent,
        signingMode,
        startsOn,
        endsOn,
        amount: { amount: source.amount, currency: source.currency },
        lines: source.lines.getItems(),
        paymentTerms: source.paymentTerms.getItems(),
      });
      copy.copiedFromId = source.id;
      copy.number = await nextNumber(tx, 'contract');
      await tx.em.persist(copy).flush();
      await anchorsMoved(tx, { kind: RecordKind.CONTRACT, id: copy.id });
      return { id: copy.id };
    });
    return { contract: await tx.em.findOneOrFail(Contract, { id }, { populate: ['lines', 'paymentTerms'] }) };
  });

/** As `duplicateContract`; the last day of the offer is not copied. @throws NOT_FOUND, IDEMPOTENCY_CONFLICT */
export const duplicateQuote = (ctx: Context, input: DuplicateInput): Promise<CreateQuotePayload> =>
  inTransaction(ctx, async (tx) => {
    const { idempotencyKey: key, ...payload } = input;
    const { id } = await once(tx, { name: 'duplicateQuote', key, payload }, async () => {
      const sourceId = await lockRecord(tx, 'quote', input.id, 'quote:read');
      const source = await tx.em.findOneOrFail(Quote, { id: sourceId }, { populate: ['lines'] });
      const { title, customerId, projectId, discountPercent, amount, currency } = source;
      const copy = new Quote();
      beginRecord(copy, requireActor(tx), tx.now);
      const lines = source.lines.getItems();
      setQuoteFields(copy, {
        title,
        customerId,
        projectId,
        discountPercent,
        amount: { amount, currency },
        lines,
      });
      copy.copiedFromId = source.id;
      copy.number = await nextNumber(tx, 'quote');
      await tx.em.persist(copy).flush();
      await anchorsMoved(tx, { kind: RecordKind.QUOTE, id: copy.id });
      return { id: copy.id };
    });
    return { quote: await tx.em.findOneOrFail(Quote, { id }, { populate: ['lines'] }) };
  });
