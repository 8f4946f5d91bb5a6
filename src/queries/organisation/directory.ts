import { Field, ID, InputType } from 'type-graphql';
import { sql } from 'kysely';
import type { Context } from '../../context.js';
import type { Department } from '../../entities/organisation/department.js';
import { User } from '../../entities/organisation/user.js';
import { readDb } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { containsText, countOf, refersTo } from '../filters.js';

@InputType({ description: 'Which people; all conditions hold together.' })
export class PeopleFilter {
  @Field(() => ID, { nullable: true, description: 'In this department.' })
  departmentId?: string | null;

  @Field(() => String, { nullable: true, description: 'Holding this role now.' })
  role?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The name or e-mail address contains this text, in any case.',
  })
  text?: string | null;
}

export const UserConnection = connectionType(User, 'User');

/** The active people of the organisation, in the order in which they joined. @throws BAD_USER_INPUT */
export async function people(
  ctx: Context,
  filter: PeopleFilter,
  args: PageArgs,
): Promise<ConnectionOf<User>> {
  const page = pageOf(args);
  let found = readDb(ctx.em)
    .selectFrom('app_user')
    .where('app_user.active', '=', true)
    .where(refersTo('app_user.department_id', filter.departmentId, 'filter.departmentId'))
    .where(containsText(['app_user.name', 'app_user.email'], filter.text, 'filter.text'));
  if (filter.role) {
    found =
      found.where(sql<boolean>`exists (select 1 from role_grant g where g.person_id = app_user.id and g.role_key = ${filter.role}
      and (g.until is null or g.until > ${ctx.now}))`);
  }
  let rows = found
    .select([
      'app_user.id',
      'app_user.email',
      'app_user.name',
      'app_user.active',
      'app_user.language',
      'app_user.created_at as createdAt',
      'app_user.department_id as departmentId',
      'app_user.manager_id as managerId',
      'app_user.calendar_key as calendarKey',
    ])
    .orderBy('app_user.created_at')
    .orderBy('app_user.id')
    .limit(page.limit + 1);
  if (page.after) {
    const [createdAt, id] = page.after;
    rows = rows.where(
      sql<boolean>`(app_user.created_at, app_user.id) > (${createdAt}::timestamptz, ${id}::uuid)`,
    );
  }
  return new UserConnection({
    rows: (await rows.execute()) as unknown as User[],
    limit: page.limit,
    key: (row) => [String(row.createdAt), row.id],
    count: () => countOf(found),
  });
}

/** Every department of the organisation, by key; at most 1000. */
export async function departments(ctx: Context): Promise<Department[]> {
  const rows = await readDb(ctx.em)
    .selectFrom('department')
    .select([
      'id',
      'key',
      'name',
      'parent_id as parentId',
      'head_id as headId',
      'calendar_key as calendarKey',
    ])
    .orderBy('key')
    .limit(1000)
    .execute();
  return rows;
}
