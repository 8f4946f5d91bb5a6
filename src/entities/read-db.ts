import type { EntityManager } from '@mikro-orm/postgresql';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Actor, Scope } from '../context.js';
import type { DB } from './tables.js';

/** Typed SQL on the connection of `em`, inside its transaction when it has one. Rows are plain: instants are text. */
export const readDb = (em: EntityManager): Kysely<DB> => em.getKysely<DB>();

/** Tables that have an owner and a department, and so can be scoped. */
export type ScopedTable =
  'customer' | 'project' | 'plan' | 'quote' | 'contract' | 'invoice' | 'document' | 'approval_request';

/**
 * The one row filter: which rows of a table a permission reaches for this person. A row outside is as if it did not
 * exist. Reading also reaches what the person is or was asked to approve, or was copied in on; `alias` is the table's name in the query.
 */
export function visible(actor: Actor, permission: string, alias: string): RawBuilder<boolean> {
  const scope = actor.permissions.get(permission);
  const asked = permission.endsWith(':read') ? askedToApprove(actor, permission, alias) : sql<boolean>`false`;
  if (scope === undefined) return asked;
  if (scope === 'all') return sql<boolean>`true`;
  return sql<boolean>`(${inScope(actor, scope, alias)} or ${asked})`;
}

function inScope(actor: Actor, scope: Exclude<Scope, 'all'>, alias: string): RawBuilder<boolean> {
  const own = sql<boolean>`${sql.ref(`${alias}.owner_id`)} = ${actor.id}`;
  if (scope === 'own' || actor.departmentId === null) return own;
  const departments = scope === 'team' ? [actor.departmentId] : actor.subtreeIds;
  return sql<boolean>`(${own} or ${sql.ref(`${alias}.department_id`)} in (${sql.join(departments)}))`;
}

function askedToApprove(actor: Actor, permission: string, alias: string): RawBuilder<boolean> {
  if (permission === 'request:read') {
    return sql<boolean>`(${actor.id} in (${sql.ref(`${alias}.requester_id`)}, ${sql.ref(`${alias}.contact_id`)}) or exists (select 1 from approval_assignment asked
      where asked.request_id = ${sql.ref(`${alias}.id`)} and asked.person_id = ${actor.id})
      or exists (select 1 from approval_reader reader
      where reader.request_id = ${sql.ref(`${alias}.id`)} and reader.person_id = ${actor.id}))`;
  }
  return sql<boolean>`(exists (select 1 from approval_request request join approval_assignment asked on asked.request_id = request.id
    where request.subject_id = ${sql.ref(`${alias}.id`)} and asked.person_id = ${actor.id})
    or exists (select 1 from approval_request request join approval_reader reader on reader.request_id = request.id
    where request.subject_id = ${sql.ref(`${alias}.id`)} and reader.person_id = ${actor.id})
    or exists (select 1 from approval_request request
    where request.subject_id = ${sql.ref(`${alias}.id`)} and request.contact_id = ${actor.id}))`;
}
