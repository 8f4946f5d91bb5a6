import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import { readDb } from '../../entities/read-db.js';
import type { Command, DecisionAction, GivenFile } from '../../workflows/request.js';
import { ownFiles } from '../documents/own-files.js';
import { once } from '../idempotency.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import { applyCommand } from './apply-command.js';
import { commentOf } from './comment.js';
import { choicesOf, StepChoiceInput } from './step-choice.js';

const FILES = 'Files of yours that go with it (`POST /files`), at most 20; some steps demand one.';

@InputType()
export abstract class ActOnAssignmentInput {
  @Field(() => ID, { description: 'The assignment, as your inbox shows it.' })
  assignmentId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Your words, at most 4000 characters; some steps demand them.',
  })
  comment?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'A decision on one assignment of yours.' })
export class DecisionInput extends ActOnAssignmentInput {
  @Field(() => [StepChoiceInput], {
    nullable: true,
    description: 'Whom you choose by approving, for the later steps that leave it to you.',
  })
  choices?: StepChoiceInput[] | null;

  @Field(() => [ID], { nullable: true, description: FILES })
  fileIds?: string[] | null;
}

@InputType({ description: 'A turn of a pool.' })
export class ClaimInput {
  @Field(() => ID, { description: 'The assignment, as your inbox shows it.' })
  assignmentId!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'A return for changes.' })
export class ReturnInput extends ActOnAssignmentInput {
  @Field(() => String, {
    nullable: true,
    description: 'Key of an earlier decided step, or `previous`; the requester when not given.',
  })
  toStep?: string | null;

  @Field(() => [ID], { nullable: true, description: FILES })
  fileIds?: string[] | null;
}

@InputType({ description: 'A confirmation by an outside party, recorded by you.' })
export class ConfirmInput extends ActOnAssignmentInput {
  @Field(() => String, { description: 'Who confirmed, how and when; at most 4000 characters.' })
  evidence!: string;

  @Field(() => [ID], { nullable: true, description: FILES })
  fileIds?: string[] | null;
}

@InputType({ description: 'The filing of an approved document.' })
export class FileInput extends ActOnAssignmentInput {
  @Field(() => String, { description: 'The filing number; at most 200 characters.' })
  filingNumber!: string;

  @Field(() => [ID], { nullable: true, description: FILES })
  fileIds?: string[] | null;
}

@InputType({ description: 'A hand-over to someone who decides on your behalf.' })
export class DelegateInput extends ActOnAssignmentInput {
  @Field(() => ID, { description: 'Who shall decide.' })
  toUserId!: string;
}

@InputType({ description: 'A hand-over for good.' })
export class TransferInput extends ActOnAssignmentInput {
  @Field(() => ID, { description: 'Who takes it over.' })
  toUserId!: string;
}

/** What a decision touched; the payload is read anew from it. */
export interface Reviewed extends Record<string, string> {
  assignmentId: string;
  requestId: string;
}

/** Builds the core's command for an assignment known by its ordinal. */
type CommandFor = (
  assignment: { readonly ordinal: number; readonly by: string; readonly comment: string | null },
  session: { readonly signedInAt: Date; readonly files: readonly GivenFile[] },
) => Command;

/**
 * One person acts on one assignment of theirs. The core decides again under the request's lock, whatever the shield
 * said before. @throws NOT_FOUND and the refusals of `decide`
 */
export function reviewAssignment(
  ctx: Context,
  name: string,
  input: {
    readonly assignmentId: string;
    readonly comment?: string | null;
    readonly idempotencyKey?: string | null;
    readonly fileIds?: readonly string[] | null;
  },
  commandFor: CommandFor,
): Promise<Reviewed> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name, key: idempotencyKey, payload }, async () => {
      const { requestId, ordinal, id } = await findAssignment(tx, input.assignmentId);
      const { id: by, signedInAt } = requireActor(tx);
      const files = await ownFiles(tx, input.fileIds);
      await applyCommand(
        tx,
        requestId,
        commandFor({ ordinal, by, comment: commentOf(input.comment) }, { signedInAt, files }),
      );
      return { assignmentId: id, requestId };
    }),
  );
}

/** @throws NOT_FOUND */
export async function findAssignment(
  tx: TransactionContext,
  assignmentId: string,
): Promise<{ id: string; requestId: string; ordinal: number }> {
  const row = await readDb(tx.em)
    .selectFrom('approval_assignment')
    .select(['id', 'request_id as requestId', 'ordinal'])
    .where('id', '=', requireId(assignmentId, 'assignment'))
    .executeTakeFirst();
  if (!row) throw refusal('NOT_FOUND', { what: 'assignment' });
  return row;
}

const decision =
  (action: DecisionAction, evidence: string | null = null, choices?: DecisionInput['choices']): CommandFor =>
  (assignment, session) => ({
    type: 'decide',
    action,
    evidence,
    choices: choicesOf(choices),
    ...assignment,
    ...session,
  });

export const approve = (ctx: Context, input: DecisionInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'approve', input, decision('APPROVE', null, input.choices));

/** Takes a turn out of its pool, so that nobody else can. */
export const claimAssignment = (ctx: Context, input: ClaimInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'claim', input, ({ ordinal, by }) => ({ type: 'claim', ordinal, by }));

/** Puts a claimed turn back for everyone of its pool. */
export const releaseAssignment = (ctx: Context, input: ClaimInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'release', input, ({ ordinal, by }) => ({ type: 'release', ordinal, by }));

export const reject = (ctx: Context, input: DecisionInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'reject', input, decision('REJECT', null, input.choices));
export const abstain = (ctx: Context, input: DecisionInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'abstain', input, decision('ABSTAIN', null, input.choices));
export const advise = (ctx: Context, input: DecisionInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'advise', input, decision('ADVISE', null, input.choices));

export const confirm = (ctx: Context, input: ConfirmInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'confirm', input, decision('CONFIRM', commentOf(input.evidence, 'evidence')));

export const file = (ctx: Context, input: FileInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'file', input, decision('FILE', filingNumberOf(input.filingNumber)));

export const returnForChanges = (ctx: Context, input: ReturnInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'return', input, (assignment, session) => ({
    type: 'return',
    toStep: input.toStep ?? null,
    ...assignment,
    ...session,
  }));

export const delegateAssignment = (ctx: Context, input: DelegateInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'delegate', input, (assignment) => ({
    type: 'hand-over',
    kind: 'DELEGATION',
    toPersonId: input.toUserId.toLowerCase(),
    ...assignment,
  }));

export const transferAssignment = (ctx: Context, input: TransferInput): Promise<Reviewed> =>
  reviewAssignment(ctx, 'transfer', input, (assignment) => ({
    type: 'hand-over',
    kind: 'TRANSFER',
    toPersonId: input.toUserId.toLowerCase(),
    ...assignment,
  }));

/** The number, trimmed; empty is none, which the core refuses by its own code. @throws BAD_USER_INPUT when too long */
function filingNumberOf(text: string): string | null {
  const trimmed = text.trim();
  if (trimmed.length > 200) {
    throw refusal('BAD_USER_INPUT', {
      reason: 'filingNumber is too long',
      fields: [{ path: 'filingNumber', rule: 'at most 200 characters' }],
    });
  }
  return trimmed === '' ? null : trimmed;
}
