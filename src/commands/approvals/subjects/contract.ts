import { z } from 'zod';
import type { Context } from '../../../context.js';
import { Contract, ContractStatus } from '../../../entities/contracts/contract.js';
import { readDb, visible } from '../../../entities/read-db.js';
import { refusal } from '../../../errors.js';
import type { SUBJECT_TYPES } from '../../../workflows/subject-types.js';
import { lockRecord, touchRecord } from '../../business-record.js';
import { checkContract, checkWholeContract, setContractFields } from '../../contracts/contract-fields.js';
import { requireInvoicesInside } from '../../contracts/invoiced.js';
import { bringReceivables, releaseTerms } from '../../contracts/receivables.js';
import { requireSound } from '../../input.js';
import { statusWithoutAnswer } from '../standing.js';
import { requireActor, requireId, type TransactionContext } from '../../transaction.js';
import { day, decimal, parseAmendment } from './amendment.js';
import { attachedDigests } from './attached-digests.js';
import { subjectFrom, type LoadedSubject, type SubjectEvent, type SubjectHandler } from './subject.js';

/** A contract is approved as a whole: its amount, dates, lines and payment terms. */
export const contractSubject: SubjectHandler = {
  type: 'CONTRACT',
  submitPermission: 'contract:update',
  async load(tx, id, permission) {
    return readContract(tx, await lockRecord(tx, 'contract', id, permission), null);
  },
  read: readContract,
  requireSubmittable,
  amend,
  async apply(tx, { subjectId, event }) {
    const id = await lockRecord(tx, 'contract', subjectId, null);
    const contract = await tx.em.findOneOrFail(Contract, { id }, { refresh: true });
    const status = STATUS_AFTER[event] ?? ContractStatus[await statusWithoutAnswer(tx, contractSubject, id)];
    contract.status = status;
    touchRecord(contract, null, tx.now);
    await tx.em.flush();
    await bringReceivables(tx, id);
  },
};

/** An amended contract stays sound as a whole: its payment terms still sum to its amount. */
async function amend(
  tx: TransactionContext,
  subjectId: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const id = await lockRecord(tx, 'contract', subjectId, null);
  const contract = await tx.em.findOneOrFail(
    Contract,
    { id },
    { populate: ['lines', 'paymentTerms'], refresh: true },
  );
  const { amount, ...rest } = parseAmendment(amendmentSchema, changes);
  const input = amount === undefined ? rest : { ...rest, amount: { amount, currency: contract.currency } };
  requireSound(...checkContract(input));
  setContractFields(contract, input);
  await releaseTerms(tx, contract);
  requireSound(...checkWholeContract(contract, input));
  await requireInvoicesInside(tx, contract);
  touchRecord(contract, null, tx.now);
  await tx.em.flush();
}

const amendmentSchema = z.strictObject({
  title: z.string().optional(),
  amount: decimal.optional(),
  discountPercent: decimal.optional(),
  startsOn: day.nullable().optional(),
  endsOn: day.nullable().optional(),
  lines: z
    .array(z.strictObject({ description: z.string(), quantity: decimal, unitPrice: decimal }))
    .optional(),
  paymentTerms: z
    .array(z.strictObject({ title: z.string(), amount: decimal, dueOn: day.nullable().optional() }))
    .optional(),
});

/** What ends a request without an answer leaves the contract as it was before. */
const STATUS_AFTER: Partial<Readonly<Record<SubjectEvent['event'], ContractStatus>>> = {
  SUBMITTED: ContractStatus.IN_REVIEW,
  RESUBMITTED: ContractStatus.IN_REVIEW,
  RETURNED: ContractStatus.RETURNED,
  APPROVED: ContractStatus.APPROVED,
  REJECTED: ContractStatus.REJECTED,
};

const SUBMITTABLE: ReadonlySet<string> = new Set([
  ContractStatus.DRAFT,
  ContractStatus.RETURNED,
  ContractStatus.AMENDED,
  ContractStatus.REJECTED,
]);

function requireSubmittable(_tx: Context, { id, status, amount }: LoadedSubject): void {
  if (!SUBMITTABLE.has(status)) throw refusal('INVALID_STATE', { what: 'contract', id, status });
  if (Number(amount) <= 0) {
    throw refusal('INVALID_STATE', { what: 'contract', id, status, reason: 'its amount must be above 0' });
  }
}

type ContractContent = Readonly<Record<keyof (typeof SUBJECT_TYPES)['CONTRACT']['fields'], unknown>>;

async function readContract(ctx: Context, id: string, permission: string | null): Promise<LoadedSubject> {
  let query = selectContract(ctx, requireId(id, 'contract'));
  if (permission !== null) query = query.where(visible(requireActor(ctx), permission, 'contract'));
  const row = await query.executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'contract' });
  const content: ContractContent = {
    number: row.number,
    title: row.title,
    kind: row.kind,
    signingMode: row.signingMode ?? '',
    currency: row.currency,
    amount: Number(row.amount),
    exactAmount: row.amount,
    customerId: row.customerId,
    customerLevel: row.customerLevel,
    projectId: row.projectId ?? '',
    discountPercent: Number(row.discountPercent),
    startsOn: row.startsOn ?? '',
    endsOn: row.endsOn ?? '',
    paymentTerms: await readPaymentTerms(ctx, row.id),
    lines: await readLines(ctx, row.id),
    quoteId: row.quoteId ?? '',
    attachments: await attachedDigests(ctx, row.id),
    ownerId: row.ownerId,
    department: row.department ?? '',
  };
  const madeFrom = row.quoteId === null ? null : ({ type: 'QUOTE', id: row.quoteId } as const);
  return { ...subjectFrom(row, content), madeFrom, validUntil: row.endsOn };
}

const selectContract = (ctx: Context, id: string) =>
  readDb(ctx.em)
    .selectFrom('contract')
    .innerJoin('customer', 'customer.id', 'contract.customer_id')
    .leftJoin('department', 'department.id', 'contract.department_id')
    .select([
      'contract.id',
      'contract.number',
      'contract.title',
      'contract.kind',
      'contract.status',
      'contract.signing_mode as signingMode',
      'contract.currency',
      'contract.amount',
      'contract.customer_id as customerId',
      'contract.project_id as projectId',
      'contract.quote_id as quoteId',
      'contract.discount_percent as discountPercent',
      'contract.starts_on as startsOn',
      'contract.ends_on as endsOn',
      'contract.owner_id as ownerId',
      'contract.department_id as departmentId',
      'contract.updated_by_id as lastAuthorId',
      'customer.level as customerLevel',
      'department.key as department',
    ])
    .where('contract.id', '=', id);

function readLines(ctx: Context, contractId: string): Promise<object[]> {
  return readDb(ctx.em)
    .selectFrom('contract_line')
    .select(['description', 'quantity', 'unit_price as unitPrice'])
    .where('contract_id', '=', contractId)
    .orderBy('position')
    .execute();
}

async function readPaymentTerms(ctx: Context, contractId: string): Promise<object[]> {
  const rows = await readDb(ctx.em)
    .selectFrom('payment_term')
    .select(['title', 'amount', 'due_on as dueOn'])
    .where('contract_id', '=', contractId)
    .orderBy('position')
    .execute();
  return rows.map(({ title, amount, dueOn }) => ({ title, amount, dueOn: dueOn ?? '' }));
}
