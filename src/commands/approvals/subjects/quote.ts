import { z } from 'zod';
import type { Context } from '../../../context.js';
import { Quote, QuoteStatus } from '../../../entities/contracts/quote.js';
import { readDb, visible } from '../../../entities/read-db.js';
import { refusal } from '../../../errors.js';
import type { SUBJECT_TYPES } from '../../../workflows/subject-types.js';
import { lockRecord, touchRecord } from '../../business-record.js';
import { checkQuote, setQuoteFields } from '../../contracts/quote-fields.js';
import { requireSound } from '../../input.js';
import { requireActor, requireId, type TransactionContext } from '../../transaction.js';
import { statusWithoutAnswer } from '../standing.js';
import { day, decimal, parseAmendment } from './amendment.js';
import { attachedDigests } from './attached-digests.js';
import {
  isOver,
  subjectFrom,
  type LoadedSubject,
  type SubjectEvent,
  type SubjectHandler,
} from './subject.js';

/** A quote is approved with its lines; a contract made from it may take the approval over while it stays inside. */
export const quoteSubject: SubjectHandler = {
  type: 'QUOTE',
  submitPermission: 'quote:update',
  async load(tx, id, permission) {
    return readQuote(tx, await lockRecord(tx, 'quote', id, permission), null);
  },
  read: readQuote,
  requireSubmittable(ctx, { id, status, amount, validUntil }) {
    if (!SUBMITTABLE.has(status)) throw refusal('INVALID_STATE', { what: 'quote', id, status });
    const no = (reason: string) => refusal('INVALID_STATE', { what: 'quote', id, status, reason });
    if (Number(amount) <= 0) throw no('its amount must be above 0');
    if (isOver({ validUntil: validUntil ?? null }, ctx.now)) throw no('its last day is over');
  },
  amend,
  async apply(tx, { subjectId, event }) {
    const id = await lockRecord(tx, 'quote', subjectId, null);
    const quote = await tx.em.findOneOrFail(Quote, { id }, { refresh: true });
    quote.status = STATUS_AFTER[event] ?? QuoteStatus[await statusWithoutAnswer(tx, quoteSubject, id)];
    touchRecord(quote, null, tx.now);
    await tx.em.flush();
  },
};

const STATUS_AFTER: Partial<Readonly<Record<SubjectEvent['event'], QuoteStatus>>> = {
  SUBMITTED: QuoteStatus.IN_REVIEW,
  RESUBMITTED: QuoteStatus.IN_REVIEW,
  RETURNED: QuoteStatus.RETURNED,
  APPROVED: QuoteStatus.APPROVED,
  REJECTED: QuoteStatus.REJECTED,
};

const SUBMITTABLE: ReadonlySet<string> = new Set([
  QuoteStatus.DRAFT,
  QuoteStatus.RETURNED,
  QuoteStatus.AMENDED,
  QuoteStatus.REJECTED,
]);

async function amend(
  tx: TransactionContext,
  subjectId: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const id = await lockRecord(tx, 'quote', subjectId, null);
  const quote = await tx.em.findOneOrFail(Quote, { id }, { populate: ['lines'], refresh: true });
  const { amount, ...rest } = parseAmendment(amendmentSchema, changes);
  const input = amount === undefined ? rest : { ...rest, amount: { amount, currency: quote.currency } };
  requireSound(...checkQuote(input));
  setQuoteFields(quote, input);
  touchRecord(quote, null, tx.now);
  await tx.em.flush();
}

const amendmentSchema = z.strictObject({
  title: z.string().optional(),
  amount: decimal.optional(),
  discountPercent: decimal.optional(),
  validUntil: day.nullable().optional(),
  lines: z
    .array(z.strictObject({ description: z.string(), quantity: decimal, unitPrice: decimal }))
    .optional(),
});

type QuoteContent = Readonly<Record<keyof (typeof SUBJECT_TYPES)['QUOTE']['fields'], unknown>>;

async function readQuote(ctx: Context, id: string, permission: string | null): Promise<LoadedSubject> {
  let query = selectQuote(ctx, requireId(id, 'quote'));
  if (permission !== null) query = query.where(visible(requireActor(ctx), permission, 'quote'));
  const row = await query.executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'quote' });
  const content: QuoteContent = {
    number: row.number,
    title: row.title,
    currency: row.currency,
    amount: Number(row.amount),
    exactAmount: row.amount,
    customerId: row.customerId,
    customerLevel: row.customerLevel,
    projectId: row.projectId ?? '',
    discountPercent: Number(row.discountPercent),
    validUntil: row.validUntil ?? '',
    lines: await readDb(ctx.em)
      .selectFrom('quote_line')
      .select(['description', 'quantity', 'unit_price as unitPrice'])
      .where('quote_id', '=', row.id)
      .orderBy('position')
      .execute(),
    attachments: await attachedDigests(ctx, row.id),
    ownerId: row.ownerId,
    department: row.department ?? '',
  };
  return { ...subjectFrom(row, content), validUntil: row.validUntil };
}

const selectQuote = (ctx: Context, id: string) =>
  readDb(ctx.em)
    .selectFrom('quote')
    .innerJoin('customer', 'customer.id', 'quote.customer_id')
    .leftJoin('department', 'department.id', 'quote.department_id')
    .select([
      'quote.id',
      'quote.number',
      'quote.title',
      'quote.status',
      'quote.currency',
      'quote.amount',
      'quote.customer_id as customerId',
      'quote.project_id as projectId',
      'quote.discount_percent as discountPercent',
      'quote.valid_until as validUntil',
      'quote.owner_id as ownerId',
      'quote.department_id as departmentId',
      'quote.updated_by_id as lastAuthorId',
      'customer.level as customerLevel',
      'department.key as department',
    ])
    .where('quote.id', '=', id);
