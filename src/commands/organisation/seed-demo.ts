import { sql } from 'kysely';
import type { Actor, Context, Scope } from '../../context.js';
import { Department } from '../../entities/organisation/department.js';
import { RoleGrant } from '../../entities/organisation/role.js';
import { User } from '../../entities/organisation/user.js';
import { CustomerLevel } from '../../entities/customers/customer.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { createContract } from '../contracts/create-contract.js';
import { createCustomer } from '../customers/create-customer.js';
import { createProject } from '../projects/create-project.js';
import { inTransaction, type TransactionContext } from '../transaction.js';
import { hashPassword, verifyPassword } from './password.js';

interface DemoPerson {
  readonly key: string;
  readonly name: string;
  readonly department: string;
  readonly manager: string | null;
  readonly roles: readonly string[];
}

/** Key, name, parent, head: marketing runs sales, so that a director's scope covers it. */
const DEPARTMENTS = [
  ['company', 'Demo Company', null, 'gm'],
  ['marketing', 'Marketing', 'company', 'director'],
  ['sales', 'Sales', 'marketing', 'manager'],
  ['technical', 'Technical', 'company', 'tech'],
  ['finance', 'Finance', 'company', 'finance'],
  ['legal', 'Legal', 'company', 'legal'],
  ['operations', 'Operations', 'company', null],
] as const;

const PEOPLE: readonly DemoPerson[] = [
  { key: 'gm', name: 'Grace Gao', department: 'company', manager: null, roles: ['general-manager'] },
  {
    key: 'director',
    name: 'Daniel Deng',
    department: 'marketing',
    manager: 'gm',
    roles: ['marketing-director'],
  },
  { key: 'manager', name: 'Mei Ma', department: 'sales', manager: 'director', roles: ['sales-manager'] },
  { key: 'sales', name: 'Sam Song', department: 'sales', manager: 'manager', roles: ['salesperson'] },
  { key: 'tech', name: 'Tara Tian', department: 'technical', manager: 'gm', roles: ['technical-reviewer'] },
  { key: 'finance', name: 'Felix Feng', department: 'finance', manager: 'gm', roles: ['finance'] },
  { key: 'legal', name: 'Lena Li', department: 'legal', manager: 'gm', roles: ['legal'] },
  { key: 'planner', name: 'Peter Pan', department: 'sales', manager: 'manager', roles: ['planner'] },
  { key: 'warehouse', name: 'Wang Wei', department: 'operations', manager: 'gm', roles: ['warehouse'] },
  { key: 'clerk', name: 'Clara Chen', department: 'operations', manager: 'gm', roles: ['clerk'] },
  { key: 'admin', name: 'Ada An', department: 'operations', manager: 'gm', roles: ['administrator'] },
  { key: 'auditor', name: 'Aidan Ai', department: 'company', manager: 'gm', roles: ['auditor'] },
];

const emailOf = (key: string): string => `${key}@demo.local`;

/** The people made, and the password they share. */
export interface SeededDemo {
  readonly people: readonly { readonly email: string; readonly roles: string }[];
  readonly password: { readonly value: string; readonly from: string };
}

/**
 * Makes the demo organisation with some customers, a project and contracts, once: a database that has people is left
 * as it is. null when it holds people of its own and no demo.
 */
export async function seedDemo(
  makeContext: (actor?: Actor | null) => Context,
  password: SeededDemo['password'],
): Promise<SeededDemo | null> {
  const ctx = makeContext();
  const seeded = {
    people: PEOPLE.map(({ key, roles }) => ({ email: emailOf(key), roles: roles.join(', ') })),
    password,
  };
  const made = await inTransaction(ctx, async (tx) => {
    await sql`select pg_advisory_xact_lock(${SEED_LOCK})`.execute(readDb(tx.em));
    const known = await readDb(tx.em)
      .selectFrom('app_user')
      .select(['id', 'email', 'password_hash', 'department_id'])
      .orderBy('created_at')
      .limit(100)
      .execute();
    if (known.length === 0) return (await makeOrganisation(tx, await hashPassword(password.value))).sales;
    const sales = known.find(({ email }) => email === emailOf('sales'));
    if (!sales?.department_id) return null;
    if (!(await verifyPassword(password.value, sales.password_hash)))
      await changePassword(tx, password.value);
    return { id: sales.id, departmentId: sales.department_id };
  });
  if (made === null) return null;
  // A start that was cut off after the people is made good by the next. The commands commit on their own; the lock is
  // held around them.
  await inTransaction(ctx, async (tx) => {
    await sql`select pg_advisory_xact_lock(${SEED_LOCK})`.execute(readDb(tx.em));
    const customer = await readDb(tx.em).selectFrom('customer').select('id').limit(1).executeTakeFirst();
    if (!customer) await makeRecords(makeContext(await salesActor(ctx, made)));
  });
  return seeded;
}

/** What is printed must open the door: the demo people share the password of this start. */
async function changePassword(tx: TransactionContext, password: string): Promise<void> {
  const emails = PEOPLE.map(({ key }) => emailOf(key));
  await tx.em.nativeUpdate(User, { email: emails }, { passwordHash: await hashPassword(password) });
}

/** One at a time over all processes that start at once. */
const SEED_LOCK = 7_270_013;

async function makeOrganisation(
  tx: TransactionContext,
  passwordHash: string,
): Promise<{ readonly sales: Salesperson }> {
  const departments = new Map(DEPARTMENTS.map(([key]) => [key as string, newRowId()]));
  const people = new Map(PEOPLE.map(({ key }) => [key, newRowId()]));
  const idIn = (ids: ReadonlyMap<string, string>, key: string | null): string | null =>
    key === null ? null : (ids.get(key) ?? null);
  await tx.em.insertMany(
    Department,
    DEPARTMENTS.map(([key, name, parent, head]) => ({
      id: departments.get(key),
      key,
      name,
      parentId: idIn(departments, parent),
      headId: idIn(people, head),
    })) as never[],
  );
  await tx.em.insertMany(
    User,
    PEOPLE.map(({ key, name, department, manager }) => ({
      id: people.get(key),
      email: emailOf(key),
      name,
      passwordHash,
      active: true,
      language: 'en',
      departmentId: idIn(departments, department),
      managerId: idIn(people, manager),
      createdAt: tx.now,
    })) as never[],
  );
  const grants = PEOPLE.flatMap(({ key, roles }) =>
    roles.map((roleKey) => ({
      id: newRowId(),
      personId: people.get(key),
      roleKey,
      departmentId: null,
      until: null,
    })),
  );
  await tx.em.insertMany(RoleGrant, grants as never[]);
  return { sales: { id: people.get('sales') as string, departmentId: departments.get('sales') as string } };
}

interface Salesperson {
  readonly id: string;
  readonly departmentId: string;
}

/** The salesperson as signed in, for making records through the ordinary commands. */
async function salesActor(ctx: Context, { id, departmentId }: Salesperson): Promise<Actor> {
  const { permissions } = await readDb(ctx.em)
    .selectFrom('role')
    .select('permissions')
    .where('key', '=', 'salesperson')
    .executeTakeFirstOrThrow();
  return {
    id,
    name: 'Sam Song',
    email: emailOf('sales'),
    language: 'en',
    departmentId,
    subtreeIds: [departmentId],
    roles: new Set(['salesperson']),
    permissions: new Map(Object.entries(permissions as Record<string, Scope>)),
    sessionId: '',
    signedInAt: ctx.now,
  };
}

async function makeRecords(ctx: Context): Promise<void> {
  const { customer } = await createCustomer(ctx, {
    name: 'Northern Grid Province Company',
    industry: 'Energy',
    level: CustomerLevel.A,
  });
  const { customer: stores } = await createCustomer(ctx, {
    name: 'Harbour Auto Parts',
    industry: 'Automotive',
    level: CustomerLevel.B,
  });
  await createProject(ctx, {
    title: 'Grid dispatch software',
    templateKey: 'software-project',
    customerId: customer.id,
    amount: { amount: '1200000.00', currency: 'CNY' },
  });
  await createContract(ctx, {
    title: 'Spare parts frame order',
    customerId: stores.id,
    amount: { amount: '120000.00', currency: 'CNY' },
    lines: [{ description: 'Brake pads, set', quantity: '400.00', unitPrice: '300.00' }],
    paymentTerms: [
      { title: 'Down payment', amount: '36000.00' },
      { title: 'On delivery', amount: '84000.00' },
    ],
  });
  await createContract(ctx, {
    title: 'Dispatch software licence',
    customerId: customer.id,
    amount: { amount: '860000.00', currency: 'CNY' },
    lines: [{ description: 'Licence, one province', quantity: '1.00', unitPrice: '860000.00' }],
  });
}
