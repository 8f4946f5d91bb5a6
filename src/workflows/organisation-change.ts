import { type Organisation, type RoleGrant } from './organisation.js';

/** A change of the organisation that someone is about to make. */
export type OrganisationChange =
  | { readonly type: 'person-leaves'; readonly personId: string }
  | {
      readonly type: 'role-grant-ends';
      readonly personId: string;
      readonly role: string;
      /** null: the grant that holds everywhere. */
      readonly departmentId: string | null;
    }
  | { readonly type: 'group-members'; readonly key: string; readonly members: readonly string[] };

/** The organisation as it would be; the one given is left alone. */
export function afterChange(organisation: Organisation, change: OrganisationChange): Organisation {
  if (change.type === 'person-leaves') {
    const person = organisation.people.get(change.personId);
    if (!person) return organisation;
    const people = new Map(organisation.people).set(person.id, { ...person, active: false });
    return { ...organisation, people };
  }
  if (change.type === 'group-members')
    return { ...organisation, groups: new Map(organisation.groups).set(change.key, change.members) };
  const ends = (grant: RoleGrant): boolean =>
    grant.personId === change.personId && grant.departmentId === change.departmentId;
  const left = (organisation.grants.get(change.role) ?? []).filter((grant) => !ends(grant));
  return { ...organisation, grants: new Map(organisation.grants).set(change.role, left) };
}
