import { contractSubject } from './contract.js';
import { documentSubject } from './document.js';
import { invoiceSubject } from './invoice.js';
import { planSubject } from './plan.js';
import { projectSubject } from './project.js';
import { quoteSubject } from './quote.js';
import type { SubjectHandler } from './subject.js';

/** Every kind of thing that can be approved. */
export const SUBJECTS: Readonly<Record<SubjectHandler['type'], SubjectHandler>> = {
  CONTRACT: contractSubject,
  DOCUMENT: documentSubject,
  INVOICE: invoiceSubject,
  PLAN: planSubject,
  PROJECT: projectSubject,
  QUOTE: quoteSubject,
};
