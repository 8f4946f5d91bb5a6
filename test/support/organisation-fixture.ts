import type { MikroORM } from '@mikro-orm/postgresql';
import { readDb } from '../../src/entities/read-db.js';
import { newRowId } from '../../src/entities/row-id.js';
import { MONDAY } from './test-context.js';

export interface TestPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly departmentId: string;
  readonly managerId: string | null;
  /** The person's department and those below it. */
  readonly subtreeIds: readonly string[];
}

/** Key, and the key of the department above. */
const DEPARTMENTS = [
  ['company', null],
  ['sales', 'company'],
  ['technical', 'company'],
  ['finance', 'company'],
  ['legal', 'company'],
] as const;
type DepartmentKey = (typeof DEPARTMENTS)[number][0];

/** Name, department, manager; the first of a department is its head. */
const PEOPLE = [
  ['grace', 'company', null],
  ['mary', 'sales', 'grace'],
  ['sam', 'sales', 'mary'],
  ['sue', 'sales', 'mary'],
  ['tom', 'technical', 'grace'],
  ['fay', 'finance', 'grace'],
  ['leo', 'legal', 'grace'],
] as const;
type PersonName = (typeof PEOPLE)[number][0];

export interface TestOrganisation {
  readonly departments: Readonly<Record<DepartmentKey, string>>;
  readonly people: Readonly<Record<PersonName, TestPerson>>;
}

/** A small organisation: Grace leads the company; Mary leads Sam and Sue in sales; Tom, Fay and Leo lead alone. */
export async function insertOrganisation(orm: MikroORM): Promise<TestOrganisation> {
  const db = readDb(orm.em.fork());
  const departments = Object.fromEntries(DEPARTMENTS.map(([key]) => [key, newRowId()])) as Record<
    DepartmentKey,
    string
  >;
  const ids = Object.fromEntries(PEOPLE.map(([name]) => [name, newRowId()])) as Record<PersonName, string>;
  const people = Object.fromEntries(
    PEOPLE.map(([name, department, manager]): [string, TestPerson] => [
      name,
      {
        id: ids[name],
        name,
        email: `${name}@test.local`,
        departmentId: departments[department],
        managerId: manager && ids[manager],
        subtreeIds: department === 'company' ? Object.values(departments) : [departments[department]],
      },
    ]),
  ) as Record<PersonName, TestPerson>;

  const headOf = (key: DepartmentKey): string | null =>
    Object.values(people).find((person) => person.departmentId === departments[key])?.id ?? null;
  await db
    .insertInto('department')
    .values(
      DEPARTMENTS.map(([key, above]) => ({
        id: departments[key],
        key,
        name: key,
        parent_id: above && departments[above],
        head_id: headOf(key),
      })),
    )
    .execute();
  await db
    .insertInto('app_user')
    .values(
      Object.values(people).map(({ id, name, email, departmentId, managerId }) => ({
        id,
        name,
        email,
        department_id: departmentId,
        manager_id: managerId,
        created_at: MONDAY,
      })),
    )
    .execute();
  return { departments, people };
}
