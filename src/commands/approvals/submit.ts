import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { SubjectType } from '../../entities/approvals/enums.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { chainStart } from '../../workflows/canonical.js';
import type { Carry } from '../../workflows/carry-over.js';
import {
  newRequest,
  type GivenChoice,
  type Interest,
  type SubjectSnapshot,
} from '../../workflows/request.js';
import { SUBJECT_TYPES } from '../../workflows/subject-types.js';
import type { RestartOf } from '../../workflows/verb-facts.js';
import { once } from '../idempotency.js';
import { nextNumber } from '../next-number.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import { applyTo, type Applied } from './apply-command.js';
import { chooseProcess, type ChosenProcess } from './choose-process.js';
import { commentOf } from './comment.js';
import { requestColumns } from './save-request.js';
import { choicesOf, StepChoiceInput } from './step-choice.js';
import { carryFor } from './carry-for.js';
import { SUBJECTS } from './subjects/index.js';
import { interestsOf, snapshotOf } from './subjects/snapshot.js';
import type { LoadedSubject } from './subjects/subject.js';

@InputType({ description: 'What to submit for approval, and for what.' })
export class SubmitForApprovalInput {
  @Field(() => SubjectType, { description: 'Kind of the subject.' })
  subjectType!: SubjectType;

  @Field(() => ID, { description: 'Id of the subject.' })
  subjectId!: string;

  @Field(() => String, {
    nullable: true,
    description: "What it is approved for; the subject type's first purpose when not given.",
  })
  purpose?: string | null;

  @Field(() => [StepChoiceInput], {
    nullable: true,
    description: 'Whom you choose, for the steps that leave it to you.',
  })
  choices?: StepChoiceInput[] | null;

  @Field(() => String, { nullable: true, description: 'A note to the approvers, at most 4000 characters.' })
  comment?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

export interface Submitted {
  readonly requestId: string;
}

/**
 * Submits a subject: locks it, pins the process whose guard holds, asks the first approvers.
 * @throws NOT_FOUND, BAD_USER_INPUT, ALREADY_SUBMITTED, INVALID_STATE, GATE_CLOSED, NO_PROCESS, CONDITION_FAILED,
 *         IDEMPOTENCY_CONFLICT
 */
export function submit(ctx: Context, input: SubmitForApprovalInput): Promise<Submitted> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name: 'submit', key: idempotencyKey, payload }, async () => {
      const { state } = await submitSubject(tx, input);
      return { requestId: state.id };
    }),
  );
}

async function submitSubject(tx: TransactionContext, input: SubmitForApprovalInput): Promise<Applied> {
  const actor = requireActor(tx);
  const handler = SUBJECTS[input.subjectType];
  const purpose = purposeOf(input.subjectType, input.purpose);
  const comment = commentOf(input.comment);
  const subject = await handler.load(tx, requireId(input.subjectId, 'subject'), handler.submitPermission);
  await requireNotOpen(tx, subject.id, purpose);
  await handler.requireSubmittable(tx, subject);
  const snapshot = snapshotOf(input.subjectType, subject);
  const version = await chooseProcess(tx, { subject: snapshot, purpose, requesterId: actor.id });

  return openRequest(tx, {
    subject,
    snapshot,
    version,
    purpose,
    requesterId: actor.id,
    interests: interestsOf(actor.id, subject),
    comment,
    choices: choicesOf(input.choices),
    carry: await carryFor(tx, { handler, subject, snapshot, purpose, definition: version.definition }),
  });
}

/** All that a new request begins with. */
interface Opening {
  readonly subject: LoadedSubject;
  readonly snapshot: SubjectSnapshot;
  readonly version: ChosenProcess;
  readonly purpose: string;
  readonly requesterId: string;
  readonly interests: readonly Interest[];
  readonly comment: string | null;
  readonly choices?: readonly GivenChoice[] | undefined;
  readonly restartOf?: RestartOf;
  readonly carry?: Carry | null;
}

/** Makes the request's row, and lets the core submit it. */
export async function openRequest(tx: TransactionContext, opening: Opening): Promise<Applied> {
  const { subject, snapshot, version, purpose, requesterId, interests, comment, choices, restartOf, carry } =
    opening;
  const id = newRowId();
  const state = newRequest(id, version.definition, tx.now);
  const number = await nextNumber(tx, 'request');
  const stored: StoredRequest = {
    id,
    number,
    processVersionId: version.id,
    definition: version.definition,
    chainHead: chainStart(id),
    lastFactAt: null,
    subjectNumber: subject.number,
    purpose,
    assignmentIds: [],
    stepIds: [],
    stepTitles: new Map(),
    state,
  };
  await tx.em.insertMany(ApprovalRequest, [rowOf(stored, snapshot, subject, requesterId)] as never[]);
  const restarted = restartOf ? { restartOf } : {};
  return applyTo(tx, stored, {
    type: 'submit',
    by: requesterId,
    subject: snapshot,
    interests,
    comment,
    choices,
    ...restarted,
    ...(carry ? { carry } : {}),
  });
}

const rowOf = (
  stored: StoredRequest,
  snapshot: SubjectSnapshot,
  subject: LoadedSubject,
  requesterId: string,
): object => ({
  ...requestColumns({ ...stored.state, subject: snapshot }),
  id: stored.id,
  number: stored.number,
  processVersionId: stored.processVersionId,
  subjectType: snapshot.type,
  subjectId: snapshot.id,
  purpose: stored.purpose,
  subjectNumber: subject.number,
  amount: subject.amount,
  currency: subject.currency,
  requesterId,
  submittedAt: stored.state.submittedAt,
  chainHead: stored.chainHead,
});

/** @throws BAD_USER_INPUT for a purpose that the subject type doesn't serve */
export function purposeOf(subjectType: SubjectType, purpose: string | null | undefined): string {
  const known = SUBJECT_TYPES[subjectType].purposes as readonly string[];
  const chosen = purpose ?? known[0];
  if (chosen !== undefined && known.includes(chosen)) return chosen;
  throw refusal('BAD_USER_INPUT', {
    reason: `unknown purpose`,
    fields: [{ path: 'purpose', rule: `one of: ${known.join(', ')}` }],
  });
}

async function requireNotOpen(tx: TransactionContext, subjectId: string, purpose: string): Promise<void> {
  const open = await readDb(tx.em)
    .selectFrom('approval_request')
    .select(['id', 'number', 'status'])
    .where('subject_id', '=', subjectId)
    .where('purpose', '=', purpose)
    .where('status', 'in', ['PENDING', 'RETURNED'])
    .executeTakeFirst();
  if (open)
    throw refusal('ALREADY_SUBMITTED', { requestId: open.id, number: open.number, status: open.status });
}
