import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { Context, Actor } from '../../context.js';
import { messageOf, refusal, type Language } from '../../errors.js';
import { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { ApprovalStepStatus } from '../../entities/approvals/enums.js';
import { readRequests, type StoredRequest } from '../../entities/approvals/request-rows.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible } from '../../entities/read-db.js';
import { Instant } from '../../entities/scalars.js';
import {
  assignmentPermissions,
  overridePermissions,
  reassignmentPermission,
  requestPermissions,
  type Permission,
} from '../../workflows/permit.js';
import { nodesOf, stepOf, type Localised, type ProcessDefinition } from '../../workflows/process.js';
import { isEnded, type AssignmentState } from '../../workflows/request.js';
import { parallelsAround } from '../../workflows/route.js';
import { inLanguage } from '../in-language.js';
import { loadOne } from '../load.js';

@ObjectType({ description: 'The step an assignment belongs to.' })
export class StepReference {
  @Field(() => String, { description: 'Key in the process definition.' })
  key!: string;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;
}

@ObjectType('ApprovalStep', { description: 'A step of a request in one round.' })
export class StepView {
  @Field(() => String, { description: 'Key in the process definition.' })
  key!: string;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;

  @Field(() => String, {
    description:
      '`approve`, `advise`, `confirm`, `file`, `notify` or `parallel`; `removed`: the version it was moved to has no such step.',
  })
  kind!: string;

  @Field(() => ApprovalStepStatus, { description: 'Where it stands.' })
  status!: ApprovalStepStatus;

  @Field(() => Int, { description: 'How often it was opened in this round; 0 when it was not.' })
  attempt!: number;

  @Field(() => Instant, { nullable: true, description: 'When it was opened, skipped or blocked.' })
  openedAt!: Date | null;

  @Field(() => Instant, { nullable: true, description: 'When it is due.' })
  dueAt!: Date | null;

  @Field(() => Instant, { nullable: true, description: 'When it was closed.' })
  closedAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why it was skipped, blocked, carried or closed early.',
  })
  reason!: string | null;

  @Field(() => Int, { description: 'Rungs of its escalation ladder that have acted.' })
  rung!: number;

  @Field(() => [ApprovalAssignment], { description: 'Who was asked, in the order in which they were.' })
  assignments!: ApprovalAssignment[];
}

@ObjectType({ description: 'One action, and whether you may take it now.' })
export class ActionPermission {
  @Field(() => String, {
    description:
      'APPROVE, REJECT, ABSTAIN, ADVISE, CONFIRM, FILE, RETURN, DELEGATE, TRANSFER, ADD_APPROVER, ASK, AMEND, REVOKE, REMOVE_APPROVER, CLAIM, RELEASE, REASSIGN; on requests RESUBMIT, WITHDRAW, NUDGE, ANSWER, COMMENT, COPY_IN, ATTACH, PAUSE, RESUME, SKIP_STEP, RESTART, MIGRATE, RELEASE.',
  })
  action!: string;

  @Field(() => Boolean, {
    description: 'Whether the mutation would go through, as far as it depends on you and the state.',
  })
  allowed!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Why not, in your language; the same words as the refusal.',
  })
  reason!: string | null;

  @Field(() => String, { nullable: true, description: 'The code of the refusal.' })
  code!: string | null;

  @Field(() => [String], {
    description: 'What must come with it: COMMENT, ATTACHMENT, FRESH_SIGN_IN; empty: nothing.',
  })
  needs!: string[];
}

/** A request with all that belongs to it, batched: any number of requests costs one statement. */
export async function storedRequest(ctx: Context, requestId: string): Promise<StoredRequest> {
  const stored = await loadOne(
    ctx,
    'stored-request',
    requestId,
    (ids) => readRequests(ctx.em, ids),
    (row) => row.id,
  );
  if (!stored) throw new Error(`request ${requestId} is referred to but does not exist`);
  return stored;
}

const COLUMNS = [
  'id',
  'number',
  'process_version_id as processVersionId',
  'subject_type as subjectType',
  'subject_id as subjectId',
  'purpose',
  'status',
  'round',
  'title',
  'subject_number as subjectNumber',
  'amount',
  'currency',
  'owner_id as ownerId',
  'department_id as departmentId',
  'requester_id as requesterId',
  'digest',
  'submitted_at as submittedAt',
  'ended_at as endedAt',
  'paused_at as pausedAt',
  'pause_cause as pauseCause',
  'expires_at as expiresAt',
] as const;

export const requestRows = (ctx: Context) => readDb(ctx.em).selectFrom('approval_request').select(COLUMNS);

/** A request that the viewer may see, else null. */
export async function requestIfVisible(ctx: Context, id: string): Promise<ApprovalRequest | null> {
  if (!isRowId(id)) return null;
  const row = await requestRows(ctx)
    .where('id', '=', id)
    .where(visible(ctx.actor as Actor, 'request:read', 'approval_request'))
    .executeTakeFirst();
  return (row ?? null) as unknown as ApprovalRequest | null;
}

/** The request of a row that the viewer already sees, batched. */
export async function requestOf(ctx: Context, id: string): Promise<ApprovalRequest> {
  const read = async (ids: readonly string[]): Promise<ApprovalRequest[]> =>
    (await requestRows(ctx).where('id', 'in', ids).execute()) as unknown as ApprovalRequest[];
  return (await loadOne(ctx, 'request', id, read, (row) => row.id)) as ApprovalRequest;
}

/** All steps of the definition in reading order as they stand in a round, those not reached as WAITING; then those that
 *  were reached and that the version the request was moved to does not have. */
export function stepsOf(stored: StoredRequest, round: number, language: Language): StepView[] {
  const { state, definition, stepTitles } = stored;
  const nodes = [...nodesOf(definition.steps)];
  const own = new Set(nodes.map(({ key }) => key));
  const removed = state.steps.filter((step) => step.round === round && !own.has(step.key));
  return [
    ...nodes.map((node) => stepView(stored, round, node, language)),
    ...[...new Set(removed.map(({ key }) => key))].map((key) =>
      stepView(stored, round, { key, kind: 'removed', title: stepTitles.get(key) ?? { en: key } }, language),
    ),
  ];
}

interface Titled {
  readonly key: string;
  readonly kind: string;
  readonly title: Localised;
}

function stepView(stored: StoredRequest, round: number, node: Titled, language: Language): StepView {
  const { state } = stored;
  const step = state.steps.findLast((entry) => entry.key === node.key && entry.round === round);
  const assignments = state.assignments.filter(
    (assignment) => assignment.stepKey === node.key && assignment.round === round,
  );
  return {
    key: node.key,
    title: inLanguage(node.title, language),
    kind: node.kind,
    status: (step?.status ?? unreachedStatus(stored, round, node.key)) as ApprovalStepStatus,
    attempt: step?.attempt ?? 0,
    openedAt: step?.openedAt ?? null,
    dueAt: step?.dueAt ?? null,
    closedAt: step?.closedAt ?? null,
    reason: step?.reason ?? null,
    rung: step?.rung ?? 0,
    assignments: assignments.map((assignment) => assignmentView(stored, assignment)),
  };
}

/** What became of a step without a row: skipped with the parallel step around it, cut off by the request's end, or its
 *  turn has not come. */
function unreachedStatus({ state, definition }: StoredRequest, round: number, key: string): string {
  const skipped = parallelsAround(definition, key).some((outer) =>
    state.steps.some((step) => step.key === outer && step.round === round && step.status === 'SKIPPED'),
  );
  if (skipped) return 'SKIPPED';
  return isEnded(state) || round < state.round ? 'CANCELLED' : 'WAITING';
}

/** An assignment of the core as clients see it. */
export function assignmentView(stored: StoredRequest, assignment: AssignmentState): ApprovalAssignment {
  const { handOver, ...columns } = assignment;
  return {
    ...columns,
    id: stored.assignmentIds[assignment.ordinal - 1],
    requestId: stored.id,
    handOverKind: handOver?.kind ?? null,
    handOverFromId: handOver?.fromPersonId ?? null,
  } as unknown as ApprovalAssignment;
}

export const permissionView = <A extends string>(
  permissions: readonly Permission<A>[],
  language: Language,
): ActionPermission[] =>
  permissions.map(({ action, allowed, refusal, needs = [] }) => ({
    action,
    allowed,
    reason: refusal ? messageOf(refusal.code, refusal.details, language) : null,
    code: refusal?.code ?? null,
    needs: [...needs],
  }));

@ObjectType({ description: 'The process definition a request is pinned to.' })
export class ProcessReference {
  @Field(() => ID, { description: 'Id of the version.' })
  id!: string;

  @Field(() => String, { description: 'Key shared by all versions.' })
  key!: string;

  @Field(() => Int, { description: 'Version.' })
  version!: number;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;
}

/** The step of an assignment, from its request's definition. */
export async function stepOfAssignment(
  ctx: Context,
  { requestId, stepKey }: ApprovalAssignment,
): Promise<StepReference> {
  const { definition, stepTitles } = await storedRequest(ctx, requestId);
  return {
    key: stepKey,
    title: inLanguage(
      stepOf(definition, stepKey)?.title ?? stepTitles.get(stepKey) ?? { en: stepKey },
      ctx.language,
    ),
  };
}

/** The version of the process definition that a request is pinned to. */
export async function processOf(ctx: Context, requestId: string): Promise<ProcessReference> {
  const { processVersionId, definition } = await storedRequest(ctx, requestId);
  const { key, version, title } = definition;
  return { id: processVersionId, key, version, title: inLanguage(title, ctx.language) };
}

export const titleOfProcess = (definition: unknown, language: Language): string =>
  inLanguage((definition as ProcessDefinition).title, language);

export async function stepsOfRequest(
  ctx: Context,
  requestId: string,
  round: number | null,
): Promise<StepView[]> {
  const stored = await storedRequest(ctx, requestId);
  return stepsOf(stored, round ?? stored.state.round, ctx.language);
}

/** The core's answers for one who may override at all; the same refusal as the mutation's for anyone else. */
const asAdministrator = <A extends string>(
  actor: Actor,
  answers: readonly Permission<A>[],
): Permission<A>[] =>
  actor.permissions.has('request:override')
    ? [...answers]
    : answers.map(({ action }) => ({
        action,
        allowed: false,
        refusal: refusal('FORBIDDEN', { permission: 'request:override' }),
      }));

export async function assignmentPermissionsOf(
  ctx: Context,
  { requestId, ordinal }: ApprovalAssignment,
  actor: Actor,
): Promise<ActionPermission[]> {
  const { state } = await storedRequest(ctx, requestId);
  const own: Permission<string>[] = assignmentPermissions(state, ordinal, actor.id);
  const given = asAdministrator(actor, [reassignmentPermission(state, ordinal, actor.id)]);
  return permissionView([...own, ...given], ctx.language);
}

export async function requestPermissionsOf(
  ctx: Context,
  requestId: string,
  actor: Actor,
): Promise<ActionPermission[]> {
  const { state } = await storedRequest(ctx, requestId);
  const own: Permission<string>[] = requestPermissions(state, actor.id, ctx.now);
  const given = asAdministrator(actor, overridePermissions(state, actor.id));
  return permissionView([...own, ...given], ctx.language);
}
