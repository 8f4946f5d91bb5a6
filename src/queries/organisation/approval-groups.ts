import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { User } from '../../entities/organisation/user.js';
import { readDb } from '../../entities/read-db.js';
import { personById } from './people.js';

@ObjectType('ApprovalGroup', { description: 'A circle of people whom approval rules name by its key.' })
export class ApprovalGroupView {
  @Field(() => ID, { description: 'Its key, kebab-case.' })
  key!: string;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;

  @Field(() => Int, { description: 'Grows with each change of its members; send it as `expectedVersion`.' })
  version!: number;

  @Field(() => [User], { description: 'Its members.' })
  members!: User[];

  @Field(() => String, { nullable: true, description: 'Why the last change of its members was forced.' })
  changedBecause!: string | null;
}

const GROUPS_SHOWN = 500;

/** Every group with its members, by key, at most 500; one by its key. */
export async function approvalGroups(ctx: Context, key: string | null = null): Promise<ApprovalGroupView[]> {
  const db = readDb(ctx.em);
  let query = db
    .selectFrom('approval_group')
    .select(['key', 'title_en', 'title_zh', 'version', 'changed_because'])
    .orderBy('key')
    .limit(GROUPS_SHOWN);
  if (key !== null) query = query.where('key', '=', key);
  const groups = await query.execute();
  if (groups.length === 0) return [];
  const members = await db
    .selectFrom('approval_group_member')
    .select(['group_key', 'person_id'])
    .where(
      'group_key',
      'in',
      groups.map((group) => group.key),
    )
    .orderBy('person_id')
    .execute();
  const byGroup = Map.groupBy(members, (row) => row.group_key);
  return Promise.all(
    groups.map(async (group) => ({
      key: group.key,
      title: ctx.language === 'zh' ? group.title_zh : group.title_en,
      version: group.version,
      changedBecause: group.changed_because,
      members: await Promise.all((byGroup.get(group.key) ?? []).map((row) => personById(ctx, row.person_id))),
    })),
  );
}
