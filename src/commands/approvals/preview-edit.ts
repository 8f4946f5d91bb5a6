import { Field, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import { SUBJECT_TYPES } from '../../workflows/subject-types.js';
import { changeContract, UpdateContractInput } from '../contracts/update-contract.js';
import { changeInvoice, UpdateInvoiceInput } from '../contracts/update-invoice.js';
import { changeQuote, UpdateQuoteInput } from '../contracts/update-quote.js';
import { changePlan, UpdatePlanInput } from '../plans/update-plan.js';
import { changeProject, UpdateProjectInput } from '../projects/update-project.js';
import { rehearse, type TransactionContext } from '../transaction.js';
import { readStanding, type Standing } from './standing.js';
import type { SubjectHandler } from './subjects/subject.js';

@InputType({ description: 'An edit that you would make: exactly one of these.' })
export class PreviewEditInput {
  @Field(() => UpdateContractInput, { nullable: true, description: 'As for `updateContract`.' })
  contract?: UpdateContractInput | null;

  @Field(() => UpdateQuoteInput, { nullable: true, description: 'As for `updateQuote`.' })
  quote?: UpdateQuoteInput | null;

  @Field(() => UpdateInvoiceInput, { nullable: true, description: 'As for `updateInvoice`.' })
  invoice?: UpdateInvoiceInput | null;

  @Field(() => UpdatePlanInput, { nullable: true, description: 'As for `updatePlan`.' })
  plan?: UpdatePlanInput | null;

  @Field(() => UpdateProjectInput, { nullable: true, description: 'As for `updateProject`.' })
  project?: UpdateProjectInput | null;
}

type Rehearsal = readonly [
  type: SubjectHandler['type'],
  change: (tx: TransactionContext) => Promise<{ readonly id: string }>,
];

/**
 * What would be void after an edit: the edit itself, by the same code, in a transaction that is rolled back. null:
 * nothing is approved. @throws BAD_USER_INPUT and the refusals of the edit
 */
export function previewEdit(ctx: Context, input: PreviewEditInput): Promise<Standing | null> {
  const [only, ...more] = rehearsals(input);
  if (!only || more.length > 0) {
    const fields = [{ path: 'input', rule: 'exactly one of contract, quote, invoice, plan, project' }];
    throw refusal('BAD_USER_INPUT', { reason: 'exactly one edit', fields });
  }
  const [type, change] = only;
  return rehearse(ctx, async (tx) => {
    const { id } = await change(tx);
    return readStanding(tx.em, id, SUBJECT_TYPES[type].purposes[0]);
  });
}

function rehearsals({ contract, quote, invoice, plan, project }: PreviewEditInput): Rehearsal[] {
  const found: Rehearsal[] = [];
  if (contract) found.push(['CONTRACT', (tx) => changeContract(tx, contract)]);
  if (quote) found.push(['QUOTE', (tx) => changeQuote(tx, quote)]);
  if (invoice) found.push(['INVOICE', (tx) => changeInvoice(tx, invoice)]);
  if (plan) found.push(['PLAN', (tx) => changePlan(tx, plan)]);
  if (project) found.push(['PROJECT', (tx) => changeProject(tx, project)]);
  return found;
}
