import { Field, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { readDb } from '../../entities/read-db.js';
import { Instant } from '../../entities/scalars.js';
import { stepOf, type ProcessDefinition } from '../../workflows/process.js';
import { inLanguage } from '../in-language.js';
import { loadOne } from '../load.js';
import { requestOf, StepReference, storedRequest } from './request-view.js';

@ObjectType({ description: 'What stands of the approval of a record.' })
export class ApprovalStanding {
  @Field(() => Boolean, {
    description:
      'Whether all that was approved still is. While it is not, the record can not be used further.',
  })
  stands!: boolean;

  @Field(() => String, {
    description: 'SHA-256 (hex) of the content that was approved.',
  })
  approvedDigest!: string;

  @Field(() => [StepReference], { description: 'Steps whose approval is void since.' })
  voidedSteps!: StepReference[];

  @Field(() => [StepReference], {
    description:
      'Steps that would be asked when it is submitted again: the void ones, and those that are new to its route.',
  })
  askedSteps!: StepReference[];

  @Field(() => [String], { description: 'Watched fields that are not as they were approved.' })
  touchedFields!: string[];

  @Field(() => Instant, { nullable: true, description: 'When it was changed last; null when it was not.' })
  changedAt!: Date | null;

  requestId!: string;
  changedById!: string | null;
}

interface Row {
  readonly subjectId: string;
  readonly requestId: string;
  readonly touchedFields: string[];
  readonly voidedSteps: string[];
  readonly askedSteps: string[];
  readonly changedById: string | null;
  readonly changedAt: Date | null;
}

/** What stands of the approval of a record that the viewer has before them, batched; null: nothing was approved. */
export async function standingOf(ctx: Context, subjectId: string): Promise<ApprovalStanding | null> {
  const row = await loadOne(
    ctx,
    'approval-standing',
    subjectId,
    (ids) => rowsOf(ctx, ids),
    (one) => one.subjectId,
  );
  return row && standingView(ctx, row);
}

const rowsOf = (ctx: Context, ids: readonly string[]): Promise<Row[]> =>
  readDb(ctx.em)
    .selectFrom('approval_standing')
    .select([
      'subject_id as subjectId',
      'request_id as requestId',
      'touched_fields as touchedFields',
      'voided_steps as voidedSteps',
      'asked_steps as askedSteps',
      'changed_by_id as changedById',
      'changed_at as changedAt',
    ])
    .where('subject_id', 'in', ids)
    .execute() as Promise<unknown> as Promise<Row[]>;

async function standingView(ctx: Context, row: Row): Promise<ApprovalStanding> {
  const { definition, state } = await storedRequest(ctx, row.requestId);
  const { requestId, touchedFields, changedById, changedAt } = row;
  return {
    stands: row.voidedSteps.length === 0 && row.askedSteps.length === 0,
    approvedDigest: state.subject.digest,
    voidedSteps: row.voidedSteps.map((key) => stepReference(ctx, definition, key)),
    askedSteps: row.askedSteps.map((key) => stepReference(ctx, definition, key)),
    touchedFields,
    changedAt,
    requestId,
    changedById,
  };
}

/** A step that only the newer version has is called by its key. */
const stepReference = (ctx: Context, definition: ProcessDefinition, key: string): StepReference => ({
  key,
  title: inLanguage(stepOf(definition, key)?.title ?? { en: key }, ctx.language),
});

@ObjectType({ description: 'What an edit would do to the approval of a record; nothing is written.' })
export class EditPreview {
  @Field(() => [String], { description: 'Watched fields that would not be as they were approved.' })
  touchedFields!: string[];

  @Field(() => [StepReference], { description: 'Steps whose approval would be void.' })
  voidedSteps!: StepReference[];

  @Field(() => [StepReference], { description: 'Steps that would be asked when it is submitted again.' })
  askedSteps!: StepReference[];

  @Field(() => ApprovalRequest, {
    nullable: true,
    description: 'The request that approved it; null: nothing is approved, so nothing can be void.',
  })
  request!: ApprovalRequest | null;
}

interface Foreseen {
  readonly requestId: string;
  readonly touchedFields: readonly string[];
  readonly voidedSteps: readonly string[];
  readonly askedSteps: readonly string[];
}

/** What an edit would do, with titles in the viewer's language. null: nothing is approved. */
export async function editPreview(ctx: Context, foreseen: Foreseen | null): Promise<EditPreview> {
  if (foreseen === null) return { touchedFields: [], voidedSteps: [], askedSteps: [], request: null };
  const { definition } = await storedRequest(ctx, foreseen.requestId);
  return {
    touchedFields: [...foreseen.touchedFields],
    voidedSteps: foreseen.voidedSteps.map((key) => stepReference(ctx, definition, key)),
    askedSteps: foreseen.askedSteps.map((key) => stepReference(ctx, definition, key)),
    request: await requestOf(ctx, foreseen.requestId),
  };
}
