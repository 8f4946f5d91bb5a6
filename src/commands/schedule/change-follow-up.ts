import { LockMode } from '@mikro-orm/postgresql';
import { Field, ID, InputType, Int } from 'type-graphql';
import type { Context } from '../../context.js';
import { FollowUp, FollowUpStatus } from '../../entities/schedule/follow-up.js';
import { followUpsInScope } from '../../entities/schedule/follow-up-scope.js';
import { readRecords } from '../../entities/schedule/record-kinds.js';
import { readDb } from '../../entities/read-db.js';
import { Instant, Json } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { COMMENT_MAX_LENGTH } from '../../limits.js';
import { parseWith } from '../../workflows/duration.js';
import { reckon } from '../../workflows/follow-up.js';
import { onceRuleSchema } from '../../workflows/schedule-rule.js';
import { check, checkText, requireSound, requireVersion } from '../input.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import type { FollowUpPayload } from './create-follow-up.js';
import { checkForWhom } from './follow-up-fields.js';
import { cancelLadderTimers } from './ladder-timers.js';
import { calendarFor, FOLLOW_UP, moveDue, record, tell, toldAbout } from './make-follow-up.js';
import { readFacts } from './record-anchors.js';

/** What every change of a follow-up needs. */
@InputType()
export abstract class FollowUpChange {
  @Field(() => ID, { description: 'The follow-up.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that the change was made on.' })
  expectedVersion!: number;

  @Field(() => String, { description: 'Why; 1 to 4000 characters, kept in its trail.' })
  reason!: string;
}

@InputType({ description: 'Another due time for a follow-up.' })
export class RescheduleFollowUpInput extends FollowUpChange {
  @Field(() => Instant, { nullable: true, description: 'When it is due now; either this or a rule.' })
  dueAt?: Date | null;

  @Field(() => Json, { nullable: true, description: 'The rule that says when it is due now.' })
  rule?: unknown;
}

@InputType({ description: 'Another person or role for a follow-up.' })
export class ReassignFollowUpInput extends FollowUpChange {
  @Field(() => ID, { nullable: true, description: 'Whose it is now; either this or a role.' })
  personId?: string | null;

  @Field(() => String, { nullable: true, description: 'Key of the role whose holders it is for now.' })
  roleKey?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The department in which the role is held; anywhere when not given.',
  })
  roleDepartmentId?: string | null;
}

@InputType({ description: 'A follow-up that is given up.' })
export class CancelFollowUpInput extends FollowUpChange {}

/**
 * The open follow-up under its row lock, as far as the person may change it: those whose turn it is, whoever made it,
 * and the permission's scope. @throws NOT_FOUND, INVALID_STATE once it is over, CONFLICT
 */
export async function lockFollowUp(
  tx: TransactionContext,
  given: string,
  expectedVersion: number,
): Promise<FollowUp> {
  const id = requireId(given, 'follow-up');
  const actor = requireActor(tx);
  const reach = (permission: string) =>
    readDb(tx.em)
      .selectFrom('follow_up')
      .select('id')
      .where('id', '=', id)
      .where(followUpsInScope(actor, permission, tx.now))
      .executeTakeFirst();
  if (!(await reach('followup:read'))) throw refusal('NOT_FOUND', { what: 'follow-up' });
  if (!(await reach('followup:update'))) throw refusal('FORBIDDEN', { permission: 'followup:update' });
  const options = { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true } as const;
  const followUp = await tx.em.findOneOrFail(FollowUp, { id }, options);
  if (followUp.status !== FollowUpStatus.OPEN)
    throw refusal('INVALID_STATE', { what: 'follow-up', id, status: followUp.status });
  requireVersion(followUp, expectedVersion);
  return followUp;
}

const change = (
  ctx: Context,
  input: FollowUpChange,
  work: (tx: TransactionContext, followUp: FollowUp, reason: string) => Promise<void>,
): Promise<FollowUpPayload> =>
  inTransaction(ctx, async (tx) => {
    requireSound(checkText('reason', input.reason, COMMENT_MAX_LENGTH));
    const followUp = await lockFollowUp(tx, input.id, input.expectedVersion);
    await work(tx, followUp, input.reason.trim());
    followUp.updatedAt = tx.now;
    await tx.em.flush();
    return { followUp, next: null };
  });

/** Gives a follow-up another due time; its ladder begins anew. @throws NOT_FOUND, INVALID_STATE, CONFLICT, BAD_USER_INPUT */
export function rescheduleFollowUp(ctx: Context, input: RescheduleFollowUpInput): Promise<FollowUpPayload> {
  const rule =
    input.rule === null || input.rule === undefined ? null : parseWith(onceRuleSchema, 'rule', input.rule);
  requireSound(check('dueAt', Boolean(input.dueAt) !== (rule !== null), 'a due time or a rule'));
  return change(ctx, input, async (tx, followUp, reason) => {
    const from = followUp.dueAt;
    requireSound(
      check('rule', rule === null || followUp.subjectId !== null, 'a rule hangs on events of a record'),
    );
    followUp.rule = rule;
    const given = { dueAt: input.dueAt ?? null, waitingFor: [], violation: null };
    if (rule === null) await moveDue(tx, followUp, given);
    else {
      const calendar = calendarFor(await loadOrganisation(tx.em), followUp);
      const kind = followUp.subjectType!;
      const [row] = await readRecords(tx.em, kind, [followUp.subjectId!], null);
      const { anchors } = row ? await readFacts(tx.em, { ...row, kind }, calendar) : { anchors: {} };
      await moveDue(tx, followUp, reckon(rule, anchors, calendar));
    }
    await record(tx, followUp.id, 'RESCHEDULED', { from, to: followUp.dueAt, reason });
  });
}

/** Gives a follow-up to someone else, who is told. @throws NOT_FOUND, INVALID_STATE, CONFLICT, BAD_USER_INPUT */
export function reassignFollowUp(ctx: Context, input: ReassignFollowUpInput): Promise<FollowUpPayload> {
  requireSound(check('personId', Boolean(input.personId) !== Boolean(input.roleKey), 'a person or a role'));
  return change(ctx, input, async (tx, followUp, reason) => {
    const snapshot = await loadOrganisation(tx.em);
    requireSound(...checkForWhom(input, snapshot.organisation));
    const from = {
      personId: followUp.personId,
      roleKey: followUp.roleKey,
      roleDepartmentId: followUp.roleDepartmentId,
    };
    const to = {
      personId: input.personId?.toLowerCase() || null,
      roleKey: input.roleKey || null,
      roleDepartmentId: input.roleDepartmentId?.toLowerCase() || null,
    };
    const departmentId =
      to.personId === null
        ? to.roleDepartmentId
        : (snapshot.organisation.people.get(to.personId)?.departmentId ?? null);
    Object.assign(followUp, to, { departmentId: departmentId ?? followUp.departmentId });
    await record(tx, followUp.id, 'REASSIGNED', { from, to, reason });
    await tell(
      tx,
      `${FOLLOW_UP}/${followUp.id}/v${followUp.version}/assigned`,
      toldAbout(followUp, snapshot, tx.now),
      {
        kind: 'FOLLOW_UP',
        textEn: `“${followUp.titleEn}” is yours now.`,
        textZh: `“${followUp.titleZh}”现由您跟进`,
      },
    );
  });
}

/** Gives a follow-up up: nobody is reminded any more. @throws NOT_FOUND, INVALID_STATE, CONFLICT, BAD_USER_INPUT */
export const cancelFollowUp = (ctx: Context, input: CancelFollowUpInput): Promise<FollowUpPayload> =>
  change(ctx, input, async (tx, followUp, reason) => {
    const end = {
      status: FollowUpStatus.CANCELLED,
      outcome: reason,
      doneAt: tx.now,
      doneById: requireActor(tx).id,
    };
    Object.assign(followUp, end);
    await cancelLadderTimers(tx, { kind: FOLLOW_UP, id: followUp.id, part: null });
    await record(tx, followUp.id, 'CANCELLED', { reason });
  });
