import { absenceOf, CHAIN_LIMIT, type Organisation } from './organisation.js';

/** Whose a follow-up is: a person's, or whoever holds a role, in one department or anywhere. */
export interface ForWhom {
  readonly personId: string | null;
  readonly roleKey: string | null;
  /** null: anywhere. */
  readonly roleDepartmentId: string | null;
}

interface Holder {
  readonly personId: string;
  /** Where the role is held: the grant's department or, of a grant without one, the person's own. */
  readonly departmentId: string | null;
}

/** The active holders of a role at `now`, each once in a department, in the order of person id. */
export function holdersByDepartment(organisation: Organisation, role: string, now: Date): Holder[] {
  const found = new Map<string, Holder>();
  for (const { personId, departmentId, until } of organisation.grants.get(role) ?? []) {
    const person = organisation.people.get(personId);
    if (!person?.active || (until !== null && until <= now)) continue;
    const holder = { personId, departmentId: departmentId ?? person.departmentId };
    found.set(`${personId} ${holder.departmentId}`, holder);
  }
  return [...found.values()];
}

/** The active people whose turn a follow-up is, each once. */
export function peopleFor(
  { personId, roleKey, roleDepartmentId }: ForWhom,
  organisation: Organisation,
  now: Date,
): string[] {
  if (personId !== null) return organisation.people.get(personId)?.active ? [personId] : [];
  if (roleKey === null) return [];
  const holders = holdersByDepartment(organisation, roleKey, now).filter(
    ({ departmentId }) => roleDepartmentId === null || departmentId === roleDepartmentId,
  );
  return [...new Set(holders.map((holder) => holder.personId))];
}

/** The people and, of those who are away from everything at `now`, whoever stands in for them; a circle ends. */
export function withStandIns(organisation: Organisation, people: readonly string[], now: Date): string[] {
  const told = new Set<string>();
  for (const person of people) {
    let current: string | null = person;
    for (let hops = 0; current !== null && hops < CHAIN_LIMIT && !told.has(current); hops += 1) {
      if (hops === 0 || organisation.people.get(current)?.active) told.add(current);
      current = absenceOf(organisation, current, { key: '', subjectType: '' }, now)?.substituteId ?? null;
    }
  }
  return [...told];
}
