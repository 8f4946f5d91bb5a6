import { Field, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import type { SubjectType } from '../../entities/approvals/enums.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { Json } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { permitOnAssignment } from '../../workflows/permit.js';
import { once } from '../idempotency.js';
import { inTransaction, requireActor } from '../transaction.js';
import { applyCommand } from './apply-command.js';
import { commentOf } from './comment.js';
import { ActOnAssignmentInput, findAssignment, type Reviewed } from './review.js';
import { SUBJECTS } from './subjects/index.js';
import { snapshotOf } from './subjects/snapshot.js';

@InputType({
  description:
    'A change of the subject by one of its approvers, in the fields that the step lists as editable.',
})
export class AmendInput extends ActOnAssignmentInput {
  @Field(() => Json, {
    description:
      'The fields with their new values, written as in the input that updates the subject (an amount as decimal text).',
  })
  changes!: unknown;
}

/**
 * An approver amends the subject, and may then approve it. The request is about the amended content from then on. The
 * subject's last author stays who it was: an amendment gives the approver no interest, now or in a later round.
 * @throws FIELD_NOT_EDITABLE, AMENDMENT_REROUTES, BAD_USER_INPUT and the refusals of `permitOnAssignment`
 */
export function amend(ctx: Context, input: AmendInput): Promise<Reviewed> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name: 'amend', key: idempotencyKey, payload }, async () => {
      const { id, requestId, ordinal } = await findAssignment(tx, input.assignmentId);
      const by = requireActor(tx).id;
      const changes = changesOf(input.changes);
      await applyCommand(tx, requestId, async ({ state }) => {
        const { step } = permitOnAssignment(state, ordinal, 'AMEND', by);
        const type = state.subject.type as SubjectType;
        const handler = SUBJECTS[type];
        const fields = Object.keys(changes).filter((field) => !step.editable.includes(field));
        if (fields.length > 0 || !handler.amend)
          throw refusal('FIELD_NOT_EDITABLE', {
            fields: fields.join(', '),
            editable: step.editable.join(', '),
          });
        await handler.amend(tx, state.subject.id, changes);
        const subject = await handler.load(tx, state.subject.id, null);
        await tx.em.nativeUpdate(ApprovalRequest, { id: requestId }, { amount: subject.amount });
        return {
          type: 'amend',
          by,
          ordinal,
          subject: snapshotOf(type, subject),
          comment: commentOf(input.comment),
        };
      });
      return { assignmentId: id, requestId };
    }),
  );
}

function changesOf(changes: unknown): Readonly<Record<string, unknown>> {
  if (
    typeof changes === 'object' &&
    changes !== null &&
    !Array.isArray(changes) &&
    Object.keys(changes).length > 0
  )
    return changes as Readonly<Record<string, unknown>>;
  const fields = [{ path: 'changes', rule: 'an object of fields and their new values' }];
  throw refusal('BAD_USER_INPUT', { reason: 'changes names no field', fields });
}
