import { Field, ID, InputType, Int } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { refusal } from '../../errors.js';
import { COMMENT_MAX_LENGTH, GROUP_MEMBERS_MAX } from '../../limits.js';
import { keySchema } from '../../workflows/process.js';
import {
  impactOf,
  requireNothingStranded,
  type OrganisationImpact,
} from '../approvals/organisation-impact.js';
import { once } from '../idempotency.js';
import { check, checkText, requireSound } from '../input.js';
import { inTransaction, requireId, type TransactionContext } from '../transaction.js';
import { loadOrganisation } from './load-organisation.js';

@InputType()
abstract class GroupInput {
  @Field(() => String, {
    description: 'Key by which approval rules name it: kebab-case, at most 60 characters.',
  })
  key!: string;

  @Field(() => [ID], { description: 'Its members, all of them; active people, at most 200.' })
  memberIds!: string[];

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'A new group of people for approval rules.' })
export class CreateApprovalGroupInput extends GroupInput {
  @Field(() => String, { description: 'Title in English, at most 200 characters.' })
  titleEn!: string;

  @Field(() => String, { nullable: true, description: 'Title in Chinese; the English one when not given.' })
  titleZh?: string | null;
}

@InputType({ description: 'The members that a group is to have.' })
export class SetGroupMembersInput extends GroupInput {
  @Field(() => Int, { description: 'The version that you have seen.' })
  expectedVersion!: number;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Only say what it would leave with nobody; nothing is written.',
  })
  dryRun?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Also when it leaves steps with nobody: they will be blocked. Takes a reason.',
  })
  force?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Why it is forced, 1 to 4000 characters.' })
  reason?: string | null;
}

/** @throws BAD_USER_INPUT, CONFLICT for a key that is taken */
export function createApprovalGroup(
  ctx: Context,
  input: CreateApprovalGroupInput,
): Promise<{ readonly key: string }> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name: 'create-group', key: idempotencyKey, payload }, async () => {
      const key = input.key;
      requireSound(
        check('key', keySchema.safeParse(key).success, 'kebab-case, at most 60 characters'),
        checkText('titleEn', input.titleEn, 200),
        checkText('titleZh', input.titleZh ?? undefined, 200),
      );
      const members = await membersOf(tx, input);
      const titleEn = input.titleEn.trim();
      const { numInsertedOrUpdatedRows } = await readDb(tx.em)
        .insertInto('approval_group')
        .values({ key, title_en: titleEn, title_zh: input.titleZh?.trim() ?? titleEn })
        .onConflict((taken) => taken.column('key').doNothing())
        .executeTakeFirst();
      if (numInsertedOrUpdatedRows === 0n)
        throw refusal('BAD_USER_INPUT', {
          reason: 'key: not taken by another group',
          fields: [{ path: 'key', rule: 'not taken by another group' }],
        });
      await writeMembers(tx, key, members);
      return { key };
    }),
  );
}

/** What a change of members came to; `impact` of a dry run only. */
export interface GroupChange {
  readonly key: string;
  readonly impact: OrganisationImpact | null;
}

/**
 * Gives a group its members, after the check that a change of the organisation gets before it is saved.
 * @throws NOT_FOUND, CONFLICT, BAD_USER_INPUT, STRANDS_APPROVALS unless forced with a reason
 */
export function setGroupMembers(ctx: Context, input: SetGroupMembersInput): Promise<GroupChange> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, async (tx) => {
    const { key } = input;
    if (input.dryRun === true) {
      await requireGroup(tx, input);
      const members = await membersOf(tx, input);
      return { key, impact: await impactOf(tx, { type: 'group-members', key, members }) };
    }
    await once(tx, { name: 'set-group-members', key: idempotencyKey, payload }, async () => {
      await requireGroup(tx, input);
      const members = await membersOf(tx, input);
      if (input.force === true) requireSound(checkText('reason', input.reason ?? '', COMMENT_MAX_LENGTH));
      else await requireNothingStranded(tx, { type: 'group-members', key, members });
      await readDb(tx.em).deleteFrom('approval_group_member').where('group_key', '=', key).execute();
      await writeMembers(tx, key, members);
      await readDb(tx.em)
        .updateTable('approval_group')
        .set({ version: input.expectedVersion + 1, changed_because: input.reason?.trim() ?? null })
        .where('key', '=', key)
        .execute();
      return { key };
    });
    return { key, impact: null };
  });
}

/** The group under its lock, as the caller has seen it. @throws NOT_FOUND, CONFLICT */
async function requireGroup(
  tx: TransactionContext,
  { key, expectedVersion }: SetGroupMembersInput,
): Promise<void> {
  const group = await readDb(tx.em)
    .selectFrom('approval_group')
    .select('version')
    .where('key', '=', key)
    .forUpdate()
    .executeTakeFirst();
  if (!group) throw refusal('NOT_FOUND', { what: 'group' });
  if (group.version !== expectedVersion)
    throw refusal('CONFLICT', { id: key, version: group.version, expectedVersion });
}

/** @throws BAD_USER_INPUT, NOT_FOUND, PERSON_NOT_ELIGIBLE */
async function membersOf(tx: TransactionContext, { memberIds }: GroupInput): Promise<string[]> {
  requireSound(check('memberIds', memberIds.length <= GROUP_MEMBERS_MAX, `at most ${GROUP_MEMBERS_MAX}`));
  const { organisation } = await loadOrganisation(tx.em);
  const ids = [...new Set(memberIds.map((id) => requireId(id, 'person')))];
  for (const id of ids) {
    const person = organisation.people.get(id);
    if (!person) throw refusal('NOT_FOUND', { what: 'person' });
    if (!person.active)
      throw refusal('PERSON_NOT_ELIGIBLE', {
        person: person.name,
        reason: 'not an active member of the organisation',
        path: 'memberIds',
      });
  }
  return ids.toSorted();
}

async function writeMembers(tx: TransactionContext, key: string, members: readonly string[]): Promise<void> {
  if (members.length === 0) return;
  await readDb(tx.em)
    .insertInto('approval_group_member')
    .values(members.map((personId) => ({ id: newRowId(), group_key: key, person_id: personId })))
    .execute();
}
