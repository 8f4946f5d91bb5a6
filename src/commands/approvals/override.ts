import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import type { SubjectType } from '../../entities/approvals/enums.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { demandsOn } from '../../workflows/choices.js';
import { conditionHolds } from '../../workflows/open-step.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import {
  newRequest,
  type GivenChoice,
  type Interest,
  type RequestState,
  type SubjectSnapshot,
} from '../../workflows/request.js';
import { once } from '../idempotency.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import { applyCommand } from './apply-command.js';
import type { ChosenProcess } from './choose-process.js';
import { commentOf } from './comment.js';
import { publishedVersion } from './newest-version.js';
import { act, requireVisible, RequestActionInput } from './request-actions.js';
import { ActOnAssignmentInput, findAssignment, type Reviewed } from './review.js';
import { openRequest, type Submitted } from './submit.js';
import { SUBJECTS } from './subjects/index.js';
import { interestsOf, snapshotOf } from './subjects/snapshot.js';
import type { LoadedSubject } from './subjects/subject.js';

// What an administrator does against the course of a request. Each says why, and the trail marks it as an override.

@InputType({ description: 'Lets a request stand still; the comment is required.' })
export class PauseRequestInput extends RequestActionInput {}

@InputType({ description: 'Lets a paused request go on.' })
export class ResumeRequestInput extends RequestActionInput {}

@InputType({ description: 'Goes past a step; the comment is required.' })
export class SkipStepInput extends RequestActionInput {
  @Field(() => String, { description: 'Key of the step, open or blocked.' })
  stepKey!: string;
}

@InputType({ description: "Gives somebody's turn to another person; the comment is required." })
export class ReassignInput extends ActOnAssignmentInput {
  @Field(() => ID, { description: 'Who takes it over; not you.' })
  toUserId!: string;
}

@InputType({
  description: 'Starts a request again on the newest version of its process; the comment is required.',
})
export class RestartOnNewestVersionInput extends RequestActionInput {}

/** @throws COMMENT_REQUIRED, REQUEST_ENDED, REQUEST_RETURNED, REQUEST_PAUSED */
export const pauseRequest = (ctx: Context, input: PauseRequestInput): Promise<Submitted> =>
  act(ctx, 'pause', input, (given) => ({ type: 'pause', ...given }));

/** @throws REQUEST_NOT_PAUSED, REQUEST_ENDED */
export const resumeRequest = (ctx: Context, input: ResumeRequestInput): Promise<Submitted> =>
  act(ctx, 'resume', input, (given) => ({ type: 'resume', ...given }));

/** @throws COMMENT_REQUIRED, ACTION_NOT_ALLOWED, INTERESTED_PERSON */
export const skipStep = (ctx: Context, input: SkipStepInput): Promise<Submitted> =>
  act(ctx, 'skip-step', input, (given) => ({ type: 'skip-step', step: input.stepKey, ...given }));

/** @throws COMMENT_REQUIRED, ASSIGNMENT_NOT_OPEN, PERSON_NOT_ELIGIBLE, INTERESTED_PERSON */
export function reassignAssignment(ctx: Context, input: ReassignInput): Promise<Reviewed> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name: 'reassign', key: idempotencyKey, payload }, async () => {
      const { id, requestId, ordinal } = await findAssignment(tx, input.assignmentId);
      await requireVisible(tx, requestId);
      const by = requireActor(tx).id;
      const comment = commentOf(input.comment);
      const toPersonId = requireId(input.toUserId, 'user');
      await applyCommand(tx, requestId, { type: 'reassign', by, ordinal, toPersonId, comment });
      return { assignmentId: id, requestId };
    }),
  );
}

/**
 * Cancels the request and submits its subject afresh on the newest published version of the same process: by the same
 * requester, with every interest that the request had. One transaction: both or neither.
 * @throws NO_NEWER_VERSION, NO_PROCESS, COMMENT_REQUIRED, REQUEST_ENDED and the refusals of a submission
 */
export function restartOnNewestVersion(ctx: Context, input: RestartOnNewestVersionInput): Promise<Submitted> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, (tx) =>
    once(tx, { name: 'restart', key: idempotencyKey, payload }, async () => {
      const oldId = await requireVisible(tx, input.requestId);
      const by = requireActor(tx).id;
      const comment = commentOf(input.comment);
      let before: StoredRequest | undefined;
      await applyCommand(tx, oldId, (stored) => {
        before = stored;
        return { type: 'restart', by, comment };
      });
      const requestId = await submitAgain(tx, before as StoredRequest, {
        requestId: oldId,
        by,
        comment: comment ?? '',
      });
      return { requestId };
    }),
  );
}

async function submitAgain(
  tx: TransactionContext,
  old: StoredRequest,
  restartOf: { requestId: string; by: string; comment: string },
): Promise<string> {
  const type = old.state.subject.type as SubjectType;
  const { requesterId } = old.state;
  const subject = await SUBJECTS[type].load(tx, old.state.subject.id, null);
  await SUBJECTS[type].requireSubmittable(tx, subject);
  const snapshot = snapshotOf(type, subject);
  const version = await newestVersion(tx, old, snapshot);
  const { state } = await openRequest(tx, {
    subject,
    snapshot,
    version,
    purpose: old.purpose,
    requesterId,
    interests: allInterests(old, subject),
    comment: null,
    choices: choicesAgain(old.state, version.definition),
    restartOf,
  });
  return state.id;
}

/** The requester's choices that the newer version asks for as well. */
function choicesAgain(old: RequestState, definition: ProcessDefinition): GivenChoice[] {
  const asked = demandsOn({ ...old, definition }, null);
  return (old.choices ?? [])
    .filter(({ step, rule }) => asked.some((one) => one.step === step && one.rule.rule === rule))
    .map(({ step, people }) => ({ step, people }));
}

/** The interests of a submission now, and those that the request had: none is lost on the way. */
function allInterests({ state }: StoredRequest, subject: LoadedSubject): Interest[] {
  const fresh = interestsOf(state.requesterId, subject);
  return [
    ...fresh,
    ...state.interests.filter(({ personId }) => !fresh.some((one) => one.personId === personId)),
  ];
}

async function newestVersion(
  tx: TransactionContext,
  { definition, processVersionId, state }: StoredRequest,
  subject: SubjectSnapshot,
): Promise<ChosenProcess> {
  const newest = await publishedVersion(tx, definition.key);
  if (!newest || newest.id === processVersionId)
    throw refusal('NO_NEWER_VERSION', { process: definition.key });
  const { organisation, calendarOf } = await loadOrganisation(tx.em);
  const probe = { ...newRequest('', newest.definition, tx.now), subject, requesterId: state.requesterId };
  if (!conditionHolds(probe, newest.definition.guard, { now: tx.now, organisation, calendarOf })) {
    const { key: process, version, guard, purpose } = newest.definition;
    throw refusal('NO_PROCESS', { subjectType: subject.type, purpose, tried: [{ process, version, guard }] });
  }
  return newest;
}
