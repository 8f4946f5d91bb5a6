import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { Instant } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { COMMENT_MAX_LENGTH } from '../../limits.js';
import { afterChange } from '../../workflows/organisation-change.js';
import { rolesOf } from '../../workflows/organisation.js';
import { requireNothingStranded } from '../approvals/organisation-impact.js';
import { once } from '../idempotency.js';
import { check, checkText, requireSound } from '../input.js';
import { inTransaction, requireId, type TransactionContext } from '../transaction.js';
import { requireNotLast } from './last-holder.js';
import { loadOrganisation } from './load-organisation.js';

@InputType()
abstract class RoleInput {
  @Field(() => ID, { description: 'Who.' })
  personId!: string;

  @Field(() => String, { description: 'Key of the role.' })
  roleKey!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The department in which it is held; everywhere when left out.',
  })
  departmentId?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'A role for a person.' })
export class GrantRoleInput extends RoleInput {
  @Field(() => Instant, { nullable: true, description: 'Until when; for good when left out.' })
  until?: Date | null;
}

@InputType({ description: 'A role that a person is to hold no more.' })
export class RevokeRoleInput extends RoleInput {
  @Field(() => Boolean, {
    nullable: true,
    description: 'Also when approvals then lack people: their steps will be blocked. Takes a reason.',
  })
  force?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Why it is forced, 1 to 4000 characters.' })
  reason?: string | null;
}

/** Grants a role, or changes until when it is held. @throws NOT_FOUND, PERSON_NOT_ELIGIBLE, BAD_USER_INPUT */
export function grantRole(ctx: Context, input: GrantRoleInput): Promise<{ readonly personId: string }> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name: 'grant-role', key: idempotencyKey, payload }, async () => {
      const { personId, departmentId } = await namesOf(tx, input);
      const until = input.until ?? null;
      requireSound(check('until', until === null || until > tx.now, 'in the future'));
      const db = readDb(tx.em);
      const person = (await loadOrganisation(tx.em)).organisation.people.get(personId)!;
      if (!person.active)
        throw refusal('PERSON_NOT_ELIGIBLE', {
          person: person.name,
          reason: 'not an active member of the organisation',
          path: 'personId',
        });
      const { numUpdatedRows } = await grantRows(
        tx,
        { personId, departmentId, roleKey: input.roleKey },
        until,
      );
      if (numUpdatedRows === 0n)
        await db
          .insertInto('role_grant')
          .values({
            id: newRowId(),
            person_id: personId,
            role_key: input.roleKey,
            department_id: departmentId,
            until,
          })
          .execute();
      return { personId };
    }),
  );
}

export interface Revoked {
  readonly personId: string;
  /** Why it was forced; kept with the role until its next grant is revoked. */
  readonly changedBecause: string | null;
}

/**
 * Ends a grant after the checks of a leaver and of a change of the organisation.
 * @throws NOT_FOUND, BAD_USER_INPUT, LAST_HOLDER or STRANDS_APPROVALS unless forced with a reason
 */
export function revokeRole(ctx: Context, input: RevokeRoleInput): Promise<Revoked> {
  const { idempotencyKey, ...payload } = input;
  const changedBecause = input.force === true ? (input.reason?.trim() ?? null) : null;
  return inTransaction(ctx, async (tx) => {
    const revoked = await once(tx, { name: 'revoke-role', key: idempotencyKey, payload }, async () => {
      const { personId, departmentId } = await namesOf(tx, input);
      const { roleKey: role } = input;
      const { organisation } = await loadOrganisation(tx.em);
      const change = { type: 'role-grant-ends', personId, role, departmentId } as const;
      const after = afterChange(organisation, change);
      if (after.grants.get(role)?.length === organisation.grants.get(role)?.length)
        throw refusal('NOT_FOUND', { what: 'role grant' });
      if (input.force === true) requireSound(checkText('reason', input.reason ?? '', COMMENT_MAX_LENGTH));
      else {
        const still = rolesOf(after, personId, tx.now).includes(role);
        if (!still) await requireNotLast(tx, organisation, personId, [role]);
        await requireNothingStranded(tx, change);
      }
      let ended = readDb(tx.em)
        .deleteFrom('role_grant')
        .where('person_id', '=', personId)
        .where('role_key', '=', role);
      ended =
        departmentId === null
          ? ended.where('department_id', 'is', null)
          : ended.where('department_id', '=', departmentId);
      await ended.execute();
      await readDb(tx.em)
        .updateTable('role')
        .set({ changed_because: changedBecause })
        .where('key', '=', role)
        .execute();
      return { personId };
    });
    return { ...revoked, changedBecause };
  });
}

/** One change of roles at a time: two last holders cannot lose theirs at the same instant. @throws NOT_FOUND */
async function namesOf(
  tx: TransactionContext,
  { personId, roleKey, departmentId }: RoleInput,
): Promise<{ personId: string; departmentId: string | null }> {
  const db = readDb(tx.em);
  await db.selectFrom('organisation_revision').select('revision').forUpdate().execute();
  const { organisation } = await loadOrganisation(tx.em);
  const ids = {
    personId: requireId(personId, 'person'),
    departmentId: departmentId ? requireId(departmentId, 'department') : null,
  };
  if (!organisation.people.has(ids.personId)) throw refusal('NOT_FOUND', { what: 'person' });
  if (ids.departmentId !== null && !organisation.departments.has(ids.departmentId))
    throw refusal('NOT_FOUND', { what: 'department' });
  const role = await db.selectFrom('role').select('key').where('key', '=', roleKey).executeTakeFirst();
  if (!role) throw refusal('NOT_FOUND', { what: 'role' });
  return ids;
}

function grantRows(
  tx: TransactionContext,
  { personId, departmentId, roleKey }: { personId: string; departmentId: string | null; roleKey: string },
  until: Date | null,
): Promise<{ numUpdatedRows: bigint }> {
  const grant = readDb(tx.em)
    .updateTable('role_grant')
    .set({ until })
    .where('person_id', '=', personId)
    .where('role_key', '=', roleKey);
  return (
    departmentId === null
      ? grant.where('department_id', 'is', null)
      : grant.where('department_id', '=', departmentId)
  ).executeTakeFirst();
}
