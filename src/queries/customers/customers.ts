import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Customer, CustomerLevel, CustomerStatus } from '../../entities/customers/customer.js';
import { readDb, visible } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { afterKey, containsText, countOf, isOneOf, keyOf, refersTo, requireViewer } from '../filters.js';
import { CUSTOMER_COLUMNS } from './customer-by-id.js';

@InputType({ description: 'Which customers; all conditions hold together.' })
export class CustomerFilter {
  @Field(() => [CustomerStatus], { nullable: true, description: 'One of these states.' })
  status?: CustomerStatus[] | null;

  @Field(() => [CustomerLevel], { nullable: true, description: 'One of these levels.' })
  level?: CustomerLevel[] | null;

  @Field(() => ID, { nullable: true, description: 'Owned by this person.' })
  ownerId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The name or the number contains this text, in any case.',
  })
  text?: string | null;
}

export const CustomerConnection = connectionType(Customer, 'Customer');

/** The customers that the viewer may see, newest first, without archived ones. @throws BAD_USER_INPUT */
export async function customers(
  ctx: Context,
  filter: CustomerFilter | null,
  args: PageArgs,
): Promise<ConnectionOf<Customer>> {
  const viewer = requireViewer(ctx);
  const page = pageOf(args);
  const found = readDb(ctx.em)
    .selectFrom('customer')
    .where('customer.archived_at', 'is', null)
    .where(visible(viewer, 'customer:read', 'customer'))
    .where(isOneOf('customer.status', filter?.status))
    .where(isOneOf('customer.level', filter?.level))
    .where(refersTo('customer.owner_id', filter?.ownerId, 'filter.ownerId'))
    .where(containsText(['customer.name', 'customer.number'], filter?.text, 'filter.text'));
  const rows = await found
    .select(CUSTOMER_COLUMNS)
    .where(afterKey('customer', page))
    .orderBy('customer.created_at', 'desc')
    .orderBy('customer.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return new CustomerConnection({
    rows: rows as unknown as Customer[],
    limit: page.limit,
    key: keyOf,
    count: () => countOf(found),
  });
}
