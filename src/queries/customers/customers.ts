import { sql, type RawBuilder } from 'kysely';
import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Customer, CustomerLevel, CustomerStatus } from '../../entities/customers/customer.js';
import { readDb, visible } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { afterKey, containsText, countOf, isOneOf, keyOf, refersTo, requireViewer } from '../filters.js';
import { windowOf, type Window } from '../schedule/windows.js';
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

  @Field(() => String, {
    nullable: true,
    description: 'Someone there was reached in the window of this rule (of kind rolling-window), by its key.',
  })
  contactedIn?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Nobody there was reached in the window of this rule (of kind rolling-window), by its key.',
  })
  notContactedIn?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'An open follow-up is due in the window of this rule (of kind rolling-window), by its key.',
  })
  toContactIn?: string | null;
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
    .where(await contacted(ctx, filter ?? {}))
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

/** Customers by when someone there was or is to be contacted; contacts of a customer count as the customer. */
async function contacted(
  ctx: Context,
  { contactedIn, notContactedIn, toContactIn }: CustomerFilter,
): Promise<RawBuilder<boolean>> {
  const about = sql<boolean>`(f.subject_id = customer.id
    or f.subject_id in (select contact.id from contact where contact.customer_id = customer.id))`;
  const done = ({
    from,
    until,
  }: Window): RawBuilder<boolean> => sql<boolean>`exists (select 1 from follow_up f where ${about}
    and f.status = 'DONE' and f.kind in ('CALL', 'VISIT', 'MEETING', 'MESSAGE')
    and f.outcome_kind in ('SUCCEEDED', 'DECLINED') and f.done_at >= ${from} and f.done_at < ${until})`;
  const conditions: RawBuilder<boolean>[] = [sql<boolean>`true`];
  if (contactedIn) conditions.push(done(await windowOf(ctx, contactedIn, 'filter.contactedIn')));
  if (notContactedIn)
    conditions.push(sql<boolean>`not ${done(await windowOf(ctx, notContactedIn, 'filter.notContactedIn'))}`);
  if (toContactIn) {
    const { from, until } = await windowOf(ctx, toContactIn, 'filter.toContactIn');
    conditions.push(sql<boolean>`exists (select 1 from follow_up f where ${about}
      and f.status = 'OPEN' and f.due_at >= ${from} and f.due_at < ${until})`);
  }
  return sql<boolean>`(${sql.join(conditions, sql` and `)})`;
}
