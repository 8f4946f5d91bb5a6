import { z } from 'zod';
import type { Context } from '../../../context.js';
import { Invoice, InvoiceStatus } from '../../../entities/contracts/invoice.js';
import { readDb, visible } from '../../../entities/read-db.js';
import { refusal } from '../../../errors.js';
import type { SUBJECT_TYPES } from '../../../workflows/subject-types.js';
import { lockRecord, touchRecord } from '../../business-record.js';
import { checkInvoice, setInvoiceFields } from '../../contracts/invoice-fields.js';
import { requireSound } from '../../input.js';
import { requireActor, requireId, type TransactionContext } from '../../transaction.js';
import { requireContractInUse, requireInvoicesInside } from '../../contracts/invoiced.js';
import { statusWithoutAnswer } from '../standing.js';
import { day, decimal, parseAmendment } from './amendment.js';
import { attachedDigests } from './attached-digests.js';
import { subjectFrom, type LoadedSubject, type SubjectEvent, type SubjectHandler } from './subject.js';

/** An invoice is approved with its lines; it may take over the approval of its contract while it stays inside. */
export const invoiceSubject: SubjectHandler = {
  type: 'INVOICE',
  submitPermission: 'invoice:update',
  async load(tx, id, permission) {
    return readInvoice(tx, await lockRecord(tx, 'invoice', id, permission), null);
  },
  read: readInvoice,
  requireSubmittable,
  amend,
  async apply(tx, { subjectId, event }) {
    const id = await lockRecord(tx, 'invoice', subjectId, null);
    const invoice = await tx.em.findOneOrFail(Invoice, { id }, { refresh: true });
    invoice.status = STATUS_AFTER[event] ?? InvoiceStatus[await statusWithoutAnswer(tx, invoiceSubject, id)];
    touchRecord(invoice, null, tx.now);
    await tx.em.flush();
  },
};

const STATUS_AFTER: Partial<Readonly<Record<SubjectEvent['event'], InvoiceStatus>>> = {
  SUBMITTED: InvoiceStatus.IN_REVIEW,
  RESUBMITTED: InvoiceStatus.IN_REVIEW,
  RETURNED: InvoiceStatus.RETURNED,
  APPROVED: InvoiceStatus.APPROVED,
  REJECTED: InvoiceStatus.REJECTED,
};

const SUBMITTABLE: ReadonlySet<string> = new Set([
  InvoiceStatus.DRAFT,
  InvoiceStatus.RETURNED,
  InvoiceStatus.AMENDED,
  InvoiceStatus.REJECTED,
]);

/** The contract may have been changed, and other invoices written, since this one was. */
async function requireSubmittable(
  ctx: Context,
  { id, status, amount, madeFrom }: LoadedSubject,
): Promise<void> {
  if (!SUBMITTABLE.has(status)) throw refusal('INVALID_STATE', { what: 'invoice', id, status });
  if (Number(amount) <= 0)
    throw refusal('INVALID_STATE', { what: 'invoice', id, status, reason: 'its amount must be above 0' });
  if (madeFrom) await requireContractInUse(ctx, madeFrom.id);
}

async function amend(
  tx: TransactionContext,
  subjectId: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const id = await lockRecord(tx, 'invoice', subjectId, null);
  const invoice = await tx.em.findOneOrFail(Invoice, { id }, { populate: ['lines'], refresh: true });
  const { amount, ...rest } = parseAmendment(amendmentSchema, changes);
  const input = amount === undefined ? rest : { ...rest, amount: { amount, currency: invoice.currency } };
  requireSound(...checkInvoice(input));
  setInvoiceFields(invoice, input);
  touchRecord(invoice, null, tx.now);
  await tx.em.flush();
  await requireInvoicesInside(tx, { id: invoice.contractId });
}

const amendmentSchema = z.strictObject({
  title: z.string().optional(),
  amount: decimal.optional(),
  discountPercent: decimal.optional(),
  dueOn: day.nullable().optional(),
  lines: z
    .array(z.strictObject({ description: z.string(), quantity: decimal, unitPrice: decimal }))
    .optional(),
});

type InvoiceContent = Readonly<Record<keyof (typeof SUBJECT_TYPES)['INVOICE']['fields'], unknown>>;

async function readInvoice(ctx: Context, id: string, permission: string | null): Promise<LoadedSubject> {
  let query = selectInvoice(ctx, requireId(id, 'invoice'));
  if (permission !== null) query = query.where(visible(requireActor(ctx), permission, 'invoice'));
  const row = await query.executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'invoice' });
  const content: InvoiceContent = {
    number: row.number,
    title: row.title,
    currency: row.currency,
    amount: Number(row.amount),
    exactAmount: row.amount,
    contractId: row.contractId,
    customerId: row.customerId,
    customerLevel: row.customerLevel,
    discountPercent: Number(row.discountPercent),
    dueOn: row.dueOn ?? '',
    lines: await readDb(ctx.em)
      .selectFrom('invoice_line')
      .select(['description', 'quantity', 'unit_price as unitPrice'])
      .where('invoice_id', '=', row.id)
      .orderBy('position')
      .execute(),
    attachments: await attachedDigests(ctx, row.id),
    ownerId: row.ownerId,
    department: row.department ?? '',
  };
  return { ...subjectFrom(row, content), madeFrom: { type: 'CONTRACT', id: row.contractId } };
}

const selectInvoice = (ctx: Context, id: string) =>
  readDb(ctx.em)
    .selectFrom('invoice')
    .innerJoin('customer', 'customer.id', 'invoice.customer_id')
    .leftJoin('department', 'department.id', 'invoice.department_id')
    .select([
      'invoice.id',
      'invoice.number',
      'invoice.title',
      'invoice.status',
      'invoice.currency',
      'invoice.amount',
      'invoice.customer_id as customerId',
      'invoice.contract_id as contractId',
      'invoice.discount_percent as discountPercent',
      'invoice.due_on as dueOn',
      'invoice.owner_id as ownerId',
      'invoice.department_id as departmentId',
      'invoice.updated_by_id as lastAuthorId',
      'customer.level as customerLevel',
      'department.key as department',
    ])
    .where('invoice.id', '=', id);
