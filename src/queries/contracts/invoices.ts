import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Invoice, InvoiceStatus } from '../../entities/contracts/invoice.js';
import { readDb, visible } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { afterKey, containsText, countOf, isOneOf, keyOf, refersTo, requireViewer } from '../filters.js';
import { INVOICE_COLUMNS } from './invoice-by-id.js';

@InputType({ description: 'Which invoices; all conditions hold together.' })
export class InvoiceFilter {
  @Field(() => [InvoiceStatus], { nullable: true, description: 'One of these states.' })
  status?: InvoiceStatus[] | null;

  @Field(() => ID, { nullable: true, description: 'With this customer.' })
  customerId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of this contract.' })
  contractId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Owned by this person.' })
  ownerId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The title or the number contains this text, in any case.',
  })
  text?: string | null;
}

export const InvoiceConnection = connectionType(Invoice, 'Invoice');

/** The invoices that the viewer may see, newest first, without archived ones. @throws BAD_USER_INPUT */
export async function invoices(
  ctx: Context,
  filter: InvoiceFilter | null,
  args: PageArgs,
): Promise<ConnectionOf<Invoice>> {
  const viewer = requireViewer(ctx);
  const page = pageOf(args);
  const found = readDb(ctx.em)
    .selectFrom('invoice')
    .where('invoice.archived_at', 'is', null)
    .where(visible(viewer, 'invoice:read', 'invoice'))
    .where(isOneOf('invoice.status', filter?.status))
    .where(refersTo('invoice.customer_id', filter?.customerId, 'filter.customerId'))
    .where(refersTo('invoice.contract_id', filter?.contractId, 'filter.contractId'))
    .where(refersTo('invoice.owner_id', filter?.ownerId, 'filter.ownerId'))
    .where(containsText(['invoice.title', 'invoice.number'], filter?.text, 'filter.text'));
  const rows = await found
    .select(INVOICE_COLUMNS)
    .where(afterKey('invoice', page))
    .orderBy('invoice.created_at', 'desc')
    .orderBy('invoice.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return new InvoiceConnection({
    rows: rows as unknown as Invoice[],
    limit: page.limit,
    key: keyOf,
    count: () => countOf(found),
  });
}
