import type { Context } from '../../context.js';
import type { Department } from '../../entities/organisation/department.js';
import type { User } from '../../entities/organisation/user.js';
import { readDb } from '../../entities/read-db.js';
import { loadOne } from '../load.js';

/** A person by id, batched. People are visible to everyone signed in: names stand on every decision. */
export async function personById(ctx: Context, id: string): Promise<User> {
  const read = (ids: readonly string[]): Promise<User[]> =>
    readDb(ctx.em)
      .selectFrom('app_user')
      .select([
        'id',
        'email',
        'name',
        'active',
        'language',
        'department_id as departmentId',
        'manager_id as managerId',
        'calendar_key as calendarKey',
      ])
      .where('id', 'in', ids)
      .execute() as Promise<unknown> as Promise<User[]>;
  const person = await loadOne(ctx, 'person', id, read, (row) => row.id);
  if (!person) throw new Error(`person ${id} is referred to but does not exist`);
  return person;
}

/** A department by id, batched. */
export function departmentById(ctx: Context, id: string): Promise<Department | null> {
  const read = (ids: readonly string[]): Promise<Department[]> =>
    readDb(ctx.em)
      .selectFrom('department')
      .select([
        'id',
        'key',
        'name',
        'parent_id as parentId',
        'head_id as headId',
        'calendar_key as calendarKey',
      ])
      .where('id', 'in', ids)
      .execute() as Promise<unknown> as Promise<Department[]>;
  return loadOne(ctx, 'department', id, read, (row) => row.id);
}
