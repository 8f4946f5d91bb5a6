import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { SubjectType } from '../../entities/approvals/enums.js';
import { preview, type PreviewedStep } from '../../workflows/preview.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { requireActor, requireId } from '../transaction.js';
import { chooseProcess } from './choose-process.js';
import { interestsOf, purposeOf, snapshotOf } from './submit.js';
import { SUBJECTS } from './subjects/index.js';

@InputType({ description: 'What you would submit.' })
export class PreviewApprovalInput {
  @Field(() => SubjectType, { description: 'Kind of the subject.' })
  subjectType!: SubjectType;

  @Field(() => ID, { description: 'Id of the subject.' })
  subjectId!: string;

  @Field(() => String, {
    nullable: true,
    description: "What it would be approved for; the subject type's first purpose when not given.",
  })
  purpose?: string | null;
}

export interface Previewed {
  readonly processVersionId: string;
  readonly definition: ProcessDefinition;
  readonly steps: readonly PreviewedStep[];
}

/**
 * A submission as it would go if everyone agreed: a dry run of the engine, nothing is written.
 * @throws NOT_FOUND, BAD_USER_INPUT, NO_PROCESS, CONDITION_FAILED
 */
export async function previewApproval(ctx: Context, input: PreviewApprovalInput): Promise<Previewed> {
  const requesterId = requireActor(ctx).id;
  const handler = SUBJECTS[input.subjectType];
  const purpose = purposeOf(input.subjectType, input.purpose);
  const subject = await handler.read(ctx, requireId(input.subjectId, 'subject'), handler.submitPermission);
  const snapshot = snapshotOf(input.subjectType, subject);
  const { id, definition } = await chooseProcess(ctx, { subject: snapshot, purpose, requesterId });
  const { organisation, calendarOf } = await loadOrganisation(ctx.em);
  const submission = { requesterId, subject: snapshot, interests: interestsOf(requesterId, subject) };
  return {
    processVersionId: id,
    definition,
    steps: preview(definition, submission, { now: ctx.now, organisation, calendarOf }),
  };
}
