/** The organisation as plain data: what the core may know of people. Loaded whole, cached by revision. */
export interface Organisation {
  readonly revision: number;
  readonly people: ReadonlyMap<string, Person>;
  readonly departments: ReadonlyMap<string, Department>;
  /** Grants by role key, in the order of person id, so that resolution is deterministic. */
  readonly grants: ReadonlyMap<string, readonly RoleGrant[]>;
  readonly absences: readonly Absence[];
  /** Members by the key of their group, in the order of person id. */
  readonly groups?: ReadonlyMap<string, readonly string[]> | undefined;
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly active: boolean;
  readonly departmentId: string | null;
  readonly managerId: string | null;
  /** The person's own business calendar; null or not said: their department's. */
  readonly calendarKey?: string | null | undefined;
  /** Who took over when they left. */
  readonly successorId?: string | null | undefined;
}

export interface Department {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly parentId: string | null;
  readonly headId: string | null;
  readonly calendarKey: string | null;
}

export interface RoleGrant {
  readonly personId: string;
  /** null: the role is held everywhere. */
  readonly departmentId: string | null;
  /** Exclusive end; null: until revoked. */
  readonly until: Date | null;
}

export interface Absence {
  readonly personId: string;
  readonly substituteId: string | null;
  readonly from: Date;
  /** Exclusive end. */
  readonly until: Date;
  /** Empty: every process. */
  readonly processKeys: readonly string[];
  /** Empty or not said: every kind of subject. */
  readonly subjectTypes?: readonly string[] | undefined;
}

/** What an absence may be limited to: a process and the kind of subject that it approves. */
export interface Matter {
  readonly key: string;
  readonly subjectType: string;
}

/** Longest chain (managers, departments, substitutes) that is ever walked; a longer one is a loop in the data. */
export const CHAIN_LIMIT = 32;

/** The person's managers from the direct one upwards; stops at a repeated person, so a loop in the data ends. */
export function managersOf(organisation: Organisation, personId: string): Person[] {
  const chain: Person[] = [];
  const seen = new Set([personId]);
  let current = organisation.people.get(personId)?.managerId ?? null;
  while (current !== null && !seen.has(current) && chain.length < CHAIN_LIMIT) {
    const manager = organisation.people.get(current);
    if (!manager) break;
    chain.push(manager);
    seen.add(current);
    current = manager.managerId;
  }
  return chain;
}

/** The department and those above it, nearest first. */
export function departmentsUp(organisation: Organisation, departmentId: string | null): Department[] {
  const chain: Department[] = [];
  let current = departmentId;
  while (
    current !== null &&
    chain.length < CHAIN_LIMIT &&
    !chain.some((department) => department.id === current)
  ) {
    const department = organisation.departments.get(current);
    if (!department) break;
    chain.push(department);
    current = department.parentId;
  }
  return chain;
}

/** The business calendar of a department: its own, else of the nearest one above that has one; null: the company's. */
export const calendarOfDepartment = (
  organisation: Organisation,
  departmentId: string | null,
): string | null =>
  departmentsUp(organisation, departmentId).find(({ calendarKey }) => calendarKey !== null)?.calendarKey ??
  null;

/** The business calendar by which a person works: their own, else their department's. null: the company's. */
export function calendarOfPerson(organisation: Organisation, personId: string): string | null {
  const person = organisation.people.get(personId);
  return person?.calendarKey ?? calendarOfDepartment(organisation, person?.departmentId ?? null);
}

const isLive = (grant: RoleGrant, now: Date): boolean => grant.until === null || now < grant.until;

const holders = (
  organisation: Organisation,
  role: string,
  now: Date,
  where: (grant: RoleGrant) => boolean,
): string[] => {
  const live = (organisation.grants.get(role) ?? []).filter((grant) => isLive(grant, now) && where(grant));
  return [...new Set(live.map((grant) => grant.personId))];
};

/** Everyone who holds the role at `now`, wherever it was granted, without repeats. */
export const holdersAnywhere = (organisation: Organisation, role: string, now: Date): string[] =>
  holders(organisation, role, now, () => true);

/** Everyone who holds the role in exactly this department, without repeats. */
export const holdersIn = (
  organisation: Organisation,
  role: string,
  departmentId: string,
  now: Date,
): string[] => holders(organisation, role, now, (grant) => grant.departmentId === departmentId);

/** Everyone who holds the role without a department, without repeats. */
export const holdersGlobal = (organisation: Organisation, role: string, now: Date): string[] =>
  holders(organisation, role, now, (grant) => grant.departmentId === null);

/** The role keys a person holds at `now`. */
export function rolesOf(organisation: Organisation, personId: string, now: Date): string[] {
  const roles: string[] = [];
  for (const [role, grants] of organisation.grants) {
    if (grants.some((grant) => grant.personId === personId && isLive(grant, now))) roles.push(role);
  }
  return roles;
}

/** The absence that covers the person for this process at `now`, if any. */
export function absenceOf(
  organisation: Organisation,
  personId: string,
  { key, subjectType }: Matter,
  now: Date,
): Absence | undefined {
  return organisation.absences.find(
    (absence) =>
      absence.personId === personId &&
      absence.from <= now &&
      now < absence.until &&
      (absence.processKeys.length === 0 || absence.processKeys.includes(key)) &&
      (!absence.subjectTypes?.length || absence.subjectTypes.includes(subjectType)),
  );
}
