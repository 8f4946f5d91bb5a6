import type { Bound } from './carry-bounds.js';
import type { FieldTypes } from './condition.js';

/** What can be submitted for approval, for which purposes, and which of its fields conditions and rules may read. */
export interface SubjectTypeDescription {
  /** The first one is meant when a submission names none. */
  readonly purposes: readonly string[];
  /** Amounts are in the major unit of their currency; dates are text, YYYY-MM-DD; people and departments are ids and keys. */
  readonly fields: FieldTypes;
  /** Fields that an approver may amend where a step lists them, each with every field that changes with it. */
  readonly amendable?: Readonly<Record<string, readonly string[]>>;
  /** Whose approval may stand for it, and inside which bounds: what a field of it is compared by with the same field there. */
  readonly carry?: { readonly from: string; readonly bounds: Readonly<Record<string, Bound>> };
}

/** The registered subject types. A new one is one row here and one file that loads it. */
export const SUBJECT_TYPES = {
  CONTRACT: {
    purposes: ['review'],
    fields: {
      number: 'string',
      title: 'string',
      /** SALES, FRAMEWORK, TECHNICAL, COMMERCIAL or PROMOTION. */
      kind: 'string',
      signingMode: 'string',
      currency: 'string',
      amount: 'double',
      /** The amount to the cent, as text: a double loses cents above 90 trillion. */
      exactAmount: 'string',
      customerId: 'string',
      customerLevel: 'string',
      projectId: 'string',
      discountPercent: 'double',
      startsOn: 'string',
      endsOn: 'string',
      paymentTerms: 'list',
      lines: 'list',
      /** The quote that it was made from; empty: none. */
      quoteId: 'string',
      /** SHA-256 (hex) of each file attached, sorted. */
      attachments: 'list',
      ownerId: 'string',
      department: 'string',
    },
    amendable: {
      title: ['title'],
      amount: ['amount', 'exactAmount'],
      discountPercent: ['discountPercent'],
      startsOn: ['startsOn'],
      endsOn: ['endsOn'],
      paymentTerms: ['paymentTerms'],
      lines: ['lines'],
    },
    carry: {
      from: 'QUOTE',
      bounds: {
        customerId: 'same',
        currency: 'same',
        projectId: 'same-if-given',
        amount: 'at-most',
        discountPercent: 'at-most',
        lines: 'lines',
      },
    },
  },
  QUOTE: {
    purposes: ['approval'],
    fields: {
      number: 'string',
      title: 'string',
      currency: 'string',
      amount: 'double',
      exactAmount: 'string',
      customerId: 'string',
      customerLevel: 'string',
      projectId: 'string',
      discountPercent: 'double',
      validUntil: 'string',
      lines: 'list',
      attachments: 'list',
      ownerId: 'string',
      department: 'string',
    },
    amendable: {
      title: ['title'],
      amount: ['amount', 'exactAmount'],
      discountPercent: ['discountPercent'],
      validUntil: ['validUntil'],
      lines: ['lines'],
    },
  },
  INVOICE: {
    purposes: ['approval'],
    fields: {
      number: 'string',
      title: 'string',
      currency: 'string',
      amount: 'double',
      exactAmount: 'string',
      contractId: 'string',
      customerId: 'string',
      customerLevel: 'string',
      discountPercent: 'double',
      dueOn: 'string',
      lines: 'list',
      attachments: 'list',
      ownerId: 'string',
      department: 'string',
    },
    amendable: {
      title: ['title'],
      amount: ['amount', 'exactAmount'],
      discountPercent: ['discountPercent'],
      dueOn: ['dueOn'],
      lines: ['lines'],
    },
    carry: {
      from: 'CONTRACT',
      bounds: {
        customerId: 'same',
        currency: 'same',
        amount: 'at-most',
        discountPercent: 'at-most',
        lines: 'lines',
      },
    },
  },
  PLAN: {
    purposes: ['approval'],
    fields: {
      number: 'string',
      title: 'string',
      kind: 'string',
      template: 'string',
      period: 'string',
      total: 'double',
      lines: 'list',
      attachments: 'list',
      ownerId: 'string',
      department: 'string',
    },
    amendable: { title: ['title'], lines: ['lines', 'total'] },
  },
  PROJECT: {
    purposes: ['initiation'],
    fields: {
      number: 'string',
      title: 'string',
      template: 'string',
      stage: 'string',
      currency: 'string',
      amount: 'double',
      customerLevel: 'string',
      attachments: 'list',
      ownerId: 'string',
      department: 'string',
    },
    amendable: { title: ['title'], amount: ['amount'] },
  },
  DOCUMENT: {
    purposes: ['approval'],
    fields: {
      number: 'string',
      title: 'string',
      form: 'string',
      /** START, RESULT or NONE: which gate of its project's stage the document belongs to. */
      gate: 'string',
      template: 'string',
      stage: 'string',
      data: 'map',
      attachments: 'list',
      ownerId: 'string',
      department: 'string',
    },
    amendable: { title: ['title'], data: ['data'] },
  },
} as const satisfies Readonly<Record<string, SubjectTypeDescription>>;
