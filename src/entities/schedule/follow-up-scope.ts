import { sql, type RawBuilder } from 'kysely';
import type { Actor } from '../../context.js';

/** Follow-ups whose turn it is of this person: their own, and those of a role that they hold where it is asked for. */
export const turnOf = (
  personId: string | RawBuilder<string>,
  now: Date,
  alias = 'follow_up',
): RawBuilder<boolean> => {
  const column = (name: string): RawBuilder<unknown> => sql.ref(`${alias}.${name}`);
  return sql<boolean>`(${column('person_id')} = ${personId} or (${column('person_id')} is null and exists (
    select 1 from role_grant held join app_user holder on holder.id = held.person_id and holder.active
    where held.person_id = ${personId} and held.role_key = ${column('role_key')} and (held.until is null or held.until > ${now})
      and (${column('role_department_id')} is null
        or coalesce(held.department_id, holder.department_id) = ${column('role_department_id')}))))`;
};

/**
 * The follow-ups that a permission reaches for this person, one row filter for reads and writes: those whose turn is
 * theirs and those they made always, else by the department that a follow-up belongs to. What is out of it does not exist.
 */
export function followUpsInScope(
  actor: Actor,
  permission: string,
  now: Date,
  alias = 'follow_up',
): RawBuilder<boolean> {
  const scope = actor.permissions.get(permission);
  if (scope === 'all') return sql<boolean>`true`;
  const own = sql<boolean>`(${turnOf(actor.id, now, alias)} or ${sql.ref(`${alias}.created_by_id`)} = ${actor.id})`;
  if (scope === undefined || scope === 'own' || actor.departmentId === null) return own;
  const departments = scope === 'team' ? [actor.departmentId] : actor.subtreeIds;
  return sql<boolean>`(${own} or ${sql.ref(`${alias}.department_id`)} in (${sql.join(departments)}))`;
}
