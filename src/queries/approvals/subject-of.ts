import { createUnionType } from 'type-graphql';
import type { Context } from '../../context.js';
import type { SubjectType } from '../../entities/approvals/enums.js';
import { Contract } from '../../entities/contracts/contract.js';
import { Invoice } from '../../entities/contracts/invoice.js';
import { Quote } from '../../entities/contracts/quote.js';
import { Document } from '../../entities/documents/document.js';
import { Plan } from '../../entities/plans/plan.js';
import { Project } from '../../entities/projects/project.js';
import { contractById } from '../contracts/contract-by-id.js';
import { invoiceById } from '../contracts/invoice-by-id.js';
import { quoteById } from '../contracts/quote-by-id.js';
import { documentById } from '../documents/document-by-id.js';
import { planById } from '../plans/plan-by-id.js';
import { projectById } from '../projects/project-by-id.js';

type Subject = (Contract | Document | Invoice | Plan | Project | Quote) & {
  readonly subjectType: SubjectType;
};

const TYPE_NAMES: Readonly<Record<SubjectType, string>> = {
  CONTRACT: 'Contract',
  DOCUMENT: 'Document',
  INVOICE: 'Invoice',
  QUOTE: 'Quote',
  PLAN: 'Plan',
  PROJECT: 'Project',
};

export const ApprovalSubject = createUnionType({
  name: 'ApprovalSubject',
  description: 'What is being approved.',
  types: () => [Contract, Document, Invoice, Plan, Project, Quote] as const,
  resolveType: (subject) => TYPE_NAMES[(subject as unknown as Subject).subjectType],
});

const READERS: Readonly<Record<SubjectType, (ctx: Context, id: string) => Promise<object | null>>> = {
  CONTRACT: contractById,
  DOCUMENT: documentById,
  INVOICE: invoiceById,
  QUOTE: quoteById,
  PLAN: planById,
  PROJECT: projectById,
};

/** The subject as it is now, batched; null when the viewer may not see it. */
export async function subjectOf(ctx: Context, subjectType: SubjectType, id: string): Promise<Subject | null> {
  const subject = await READERS[subjectType](ctx, id);
  return subject && ({ ...subject, subjectType } as Subject);
}
