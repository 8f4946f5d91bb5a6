import type { Context } from '../../context.js';
import type { Contact } from '../../entities/customers/contact.js';
import { readDb } from '../../entities/read-db.js';
import { loadMany } from '../load.js';

/** The contacts of a customer whom the viewer has before them, by name, batched. */
export function contactsOf(ctx: Context, customerId: string): Promise<Contact[]> {
  const read = (ids: readonly string[]): Promise<Contact[]> =>
    readDb(ctx.em)
      .selectFrom('contact')
      .select(['id', 'customer_id as customerId', 'name', 'post', 'email', 'phone', 'part'])
      .where('customer_id', 'in', ids)
      .orderBy('name')
      .orderBy('id')
      .execute() as Promise<unknown> as Promise<Contact[]>;
  return loadMany(ctx, 'contacts', customerId, read, (row) => row.customerId);
}
