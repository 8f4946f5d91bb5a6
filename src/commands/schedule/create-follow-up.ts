import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { FollowUp, FollowUpKind, FollowUpPriority } from '../../entities/schedule/follow-up.js';
import { readRecords, RecordKind, type RecordRow } from '../../entities/schedule/record-kinds.js';
import { isRowId } from '../../entities/is-row-id.js';
import { refusal } from '../../errors.js';
import { once } from '../idempotency.js';
import { check, requireSound } from '../input.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { FollowUpFields, parseRules, requireFollowUp, type ParsedRules } from './follow-up-fields.js';
import { calendarFor, makeFollowUp, type NewFollowUp } from './make-follow-up.js';
import { readFacts } from './record-anchors.js';

@InputType({ description: 'A new follow-up.' })
export class CreateFollowUpInput extends FollowUpFields {
  @Field(() => RecordKind, {
    nullable: true,
    description: 'What kind of record it is about; nothing when not given.',
  })
  subjectType?: RecordKind | null;

  @Field(() => ID, { nullable: true, description: 'The record that it is about; one that you may see.' })
  subjectId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Sent again with the same payload it makes no second one; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@ObjectType({ description: 'A follow-up after a change.' })
export class FollowUpPayload {
  @Field(() => FollowUp, { description: 'The follow-up as it is now.' })
  followUp!: FollowUp;

  @Field(() => FollowUp, { nullable: true, description: 'The next one, where one follows.' })
  next!: FollowUp | null;
}

/**
 * Makes a follow-up, for the actor when for nobody else. Without a due time its rule waits for an event of the record;
 * it says for which. @throws BAD_USER_INPUT, NOT_FOUND for a record out of sight
 */
export function createFollowUp(ctx: Context, input: CreateFollowUpInput): Promise<FollowUpPayload> {
  requireActor(ctx);
  const rules = parseRules(input);
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, async (tx) => {
    const command = { name: 'createFollowUp', key: idempotencyKey, payload };
    const { id } = await once(tx, command, async () => {
      const subject = await subjectOf(tx, input);
      const followUp = await makeFor(tx, input, rules, subject);
      return { id: followUp.id };
    });
    return { followUp: await tx.em.findOneOrFail(FollowUp, { id }), next: null };
  });
}

interface Subject extends RecordRow {
  readonly kind: RecordKind;
}

/** @throws NOT_FOUND, BAD_USER_INPUT */
async function subjectOf(
  tx: TransactionContext,
  { subjectType, subjectId }: CreateFollowUpInput,
): Promise<Subject | null> {
  requireSound(
    check(
      'subjectId',
      Boolean(subjectType) === Boolean(subjectId),
      'both a kind of record and its id, or none',
    ),
  );
  if (!subjectType || !subjectId) return null;
  const [row] = isRowId(subjectId)
    ? await readRecords(tx.em, subjectType, [subjectId.toLowerCase()], requireActor(tx))
    : [];
  if (!row) throw refusal('NOT_FOUND', { what: 'subject' });
  return { ...row, kind: subjectType };
}

/** Makes what people ask for, about a record or nothing; `more` says what it follows. @throws BAD_USER_INPUT */
export async function makeFor(
  tx: TransactionContext,
  input: FollowUpFields,
  { rule, ladder, repeat }: ParsedRules,
  subject: Subject | null,
  more: Partial<Pick<NewFollowUp, 'previousId'>> = {},
): Promise<FollowUp> {
  const actor = requireActor(tx);
  const snapshot = await loadOrganisation(tx.em);
  const { organisation } = snapshot;
  requireFollowUp(input, ladder, organisation);
  requireSound(
    check('rule', rule === null || subject !== null, 'a rule hangs on events of a record; name one'),
  );
  const personId = (input.personId?.toLowerCase() || null) ?? (input.roleKey ? null : actor.id);
  const roleDepartmentId = input.roleDepartmentId?.toLowerCase() || null;
  const departmentId =
    (personId === null ? roleDepartmentId : organisation.people.get(personId)?.departmentId) ??
    actor.departmentId;
  const place = { calendarKey: null, personId, departmentId };
  const { anchors } = subject
    ? await readFacts(tx.em, subject, calendarFor(snapshot, place))
    : { anchors: {} };
  return makeFollowUp(
    tx,
    {
      ...place,
      subjectType: subject?.kind ?? null,
      subjectId: subject?.id ?? null,
      kind: input.kind ?? FollowUpKind.TASK,
      title: { en: input.title.trim(), zh: input.title.trim() },
      note: input.note?.trim() || null,
      priority: input.priority ?? FollowUpPriority.NORMAL,
      roleKey: input.roleKey || null,
      roleDepartmentId,
      dueAt: input.dueAt ?? null,
      rule,
      ladder,
      repeat,
      occurrence: 0,
      previousId: more.previousId ?? null,
      ruleId: null,
      createdById: actor.id,
    },
    anchors,
  );
}
