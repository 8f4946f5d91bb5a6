import { Field, ID, InputType, Int } from 'type-graphql';
import type { Context } from '../../context.js';
import { FollowUp, FollowUpStatus, OutcomeKind } from '../../entities/schedule/follow-up.js';
import { homeKindOf, readRecords, RecordKind, type RecordRow } from '../../entities/schedule/record-kinds.js';
import { refusal } from '../../errors.js';
import { COMMENT_MAX_LENGTH } from '../../limits.js';
import { nextOf } from '../../workflows/follow-up.js';
import { once } from '../idempotency.js';
import { checkText, requireSound } from '../input.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { stageActivity } from '../projects/stage-activity.js';
import { inTransaction, requireActor, type TransactionContext } from '../transaction.js';
import { anchorsMoved } from './anchors-moved.js';
import { lockFollowUp } from './change-follow-up.js';
import { makeFor, type FollowUpPayload } from './create-follow-up.js';
import { FollowUpFields, parseRules, type ParsedRules } from './follow-up-fields.js';
import { cancelLadderTimers } from './ladder-timers.js';
import { calendarFor, FOLLOW_UP, makeFollowUp, record } from './make-follow-up.js';
import { readFacts } from './record-anchors.js';

@InputType({ description: 'The next follow-up on the same record; for you when for nobody else.' })
export class NextFollowUpInput extends FollowUpFields {}

@InputType({ description: 'A follow-up that is done.' })
export class CompleteFollowUpInput {
  @Field(() => ID, { description: 'The follow-up.' })
  id!: string;

  @Field(() => Int, { description: 'The `version` that you have seen.' })
  expectedVersion!: number;

  @Field(() => OutcomeKind, { nullable: true, description: 'How it ended; SUCCEEDED when not given.' })
  outcomeKind?: OutcomeKind | null;

  @Field(() => String, { description: 'What came of it, 1 to 4000 characters.' })
  outcome!: string;

  @Field(() => NextFollowUpInput, {
    nullable: true,
    description: 'What follows; it takes the place of the one that its own rule would make.',
  })
  next?: NextFollowUpInput | null;

  @Field(() => String, {
    nullable: true,
    description: 'Sent again with the same payload it does nothing more; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

/**
 * Ends a follow-up with its outcome and makes the next one: as given, else as its rule says. A contact that came about
 * moves what hangs on the last contact. @throws NOT_FOUND, INVALID_STATE, CONFLICT, BAD_USER_INPUT
 */
export function completeFollowUp(ctx: Context, input: CompleteFollowUpInput): Promise<FollowUpPayload> {
  requireActor(ctx);
  requireSound(checkText('outcome', input.outcome, COMMENT_MAX_LENGTH));
  const rules = input.next ? parseRules(input.next) : null;
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, async (tx) => {
    const command = { name: 'completeFollowUp', key: idempotencyKey, payload };
    const answer: { id: string; next: string } = await once(tx, command, () => complete(tx, input, rules));
    const read = (id: string): Promise<FollowUp> => tx.em.findOneOrFail(FollowUp, { id });
    return { followUp: await read(answer.id), next: answer.next === '' ? null : await read(answer.next) };
  });
}

async function complete(
  tx: TransactionContext,
  input: CompleteFollowUpInput,
  rules: ParsedRules | null,
): Promise<{ id: string; next: string }> {
  const followUp = await lockFollowUp(tx, input.id, input.expectedVersion);
  const outcomeKind = input.outcomeKind ?? OutcomeKind.SUCCEEDED;
  Object.assign(followUp, {
    status: FollowUpStatus.DONE,
    outcomeKind,
    outcome: input.outcome.trim(),
    doneAt: tx.now,
    doneById: requireActor(tx).id,
    updatedAt: tx.now,
  });
  await cancelLadderTimers(tx, { kind: FOLLOW_UP, id: followUp.id, part: null });
  await record(tx, followUp.id, 'COMPLETED', { outcomeKind });
  await tx.em.flush();
  const subject = await subjectOf(tx, followUp);
  const next =
    input.next && rules
      ? await givenNext(tx, input.next, rules, followUp, subject)
      : await ownNext(tx, followUp, subject);
  if (subject) {
    const kind = homeKindOf(subject.kind);
    await anchorsMoved(tx, { kind, id: subject.homeId });
    if (kind === RecordKind.PROJECT) await stageActivity(tx, { projectId: subject.homeId });
    if (kind === RecordKind.DOCUMENT) await stageActivity(tx, { documentId: subject.homeId });
  }
  return { id: followUp.id, next: next?.id ?? '' };
}

interface Subject extends RecordRow {
  readonly kind: RecordKind;
}

async function subjectOf(
  tx: TransactionContext,
  { subjectType, subjectId }: FollowUp,
): Promise<Subject | null> {
  if (subjectType === null || subjectId === null) return null;
  const [row] = await readRecords(tx.em, subjectType, [subjectId], null);
  return row ? { ...row, kind: subjectType } : null;
}

/** What the person asks for needs the permission to make follow-ups. @throws FORBIDDEN */
function givenNext(
  tx: TransactionContext,
  next: NextFollowUpInput,
  rules: ParsedRules,
  { id }: FollowUp,
  subject: Subject | null,
): Promise<FollowUp> {
  if (!requireActor(tx).permissions.has('followup:create'))
    throw refusal('FORBIDDEN', { permission: 'followup:create' });
  return makeFor(tx, next, rules, subject, { previousId: id });
}

/** The one that its own rule makes, for the same person or role; null: none follows. */
async function ownNext(
  tx: TransactionContext,
  done: FollowUp,
  subject: Subject | null,
): Promise<FollowUp | null> {
  if (done.repeat === null) return null;
  const calendar = calendarFor(await loadOrganisation(tx.em), done);
  const { anchors } = subject ? await readFacts(tx.em, subject, calendar) : { anchors: {} };
  const next = nextOf(done.repeat, done, anchors, calendar, tx.now);
  if (next === null) return null;
  return makeFollowUp(
    tx,
    {
      subjectType: done.subjectType,
      subjectId: done.subjectId,
      kind: done.kind,
      note: done.note,
      priority: done.priority,
      personId: done.personId,
      roleKey: done.roleKey,
      roleDepartmentId: done.roleDepartmentId,
      departmentId: done.departmentId,
      calendarKey: done.calendarKey,
      ladder: done.ladder,
      repeat: done.repeat,
      ruleId: done.ruleId,
      createdById: done.createdById,
      title: { en: done.titleEn, zh: done.titleZh },
      dueAt: next.dueAt,
      rule: next.rule,
      occurrence: next.occurrence,
      previousId: done.id,
    },
    anchors,
  );
}
