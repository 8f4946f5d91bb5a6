import { Contact, ContactPart } from '../../entities/customers/contact.js';
import type { TransactionContext } from '../transaction.js';
import { check, requireSound, trimmed, trimmedOrNull } from '../input.js';
import type { ContactInput } from './customer-fields.js';

/**
 * Makes the list the customer's contacts: those named by id are changed, the others of the list added, the rest
 * removed. An id must be of a contact of this very customer, and stand once. @throws BAD_USER_INPUT
 */
export async function setContacts(
  tx: TransactionContext,
  customerId: string,
  list: readonly ContactInput[],
): Promise<void> {
  const present = new Map(
    (await tx.em.find(Contact, { customerId })).map((contact) => [contact.id, contact]),
  );
  const kept = new Map<string, Contact>();
  const findings = list.map(({ id }, index) => {
    const contact = id ? present.get(id.toLowerCase()) : undefined;
    const sound = !id || (contact !== undefined && !kept.has(contact.id));
    if (contact) kept.set(contact.id, contact);
    return check(`contacts.${index}.id`, sound, 'the id of a contact of this customer, once');
  });
  requireSound(...findings);

  for (const input of list) {
    const contact = kept.get(input.id?.toLowerCase() ?? '') ?? new Contact();
    contact.customerId = customerId;
    contact.name = trimmed(input.name) ?? '';
    contact.post = trimmedOrNull(input.post) ?? null;
    contact.email = trimmedOrNull(input.email) ?? null;
    contact.phone = trimmedOrNull(input.phone) ?? null;
    contact.part = input.part ?? ContactPart.OTHER;
    tx.em.persist(contact);
  }
  for (const contact of present.values()) if (!kept.has(contact.id)) tx.em.remove(contact);
}
