import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { SubjectType } from '../../entities/approvals/enums.js';
import { preview, type PreviewedStep } from '../../workflows/preview.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import { requireActor, requireId } from '../transaction.js';
import { carryFor } from './carry-for.js';
import { chooseProcess } from './choose-process.js';
import { loadWorld } from './load-world.js';
import { choicesOf, StepChoiceInput } from './step-choice.js';
import { purposeOf } from './submit.js';
import { SUBJECTS } from './subjects/index.js';
import { interestsOf, snapshotOf } from './subjects/snapshot.js';

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

  @Field(() => [StepChoiceInput], {
    nullable: true,
    description: 'Whom you would choose; what you leave out is supposed, and its step says so.',
  })
  choices?: StepChoiceInput[] | null;
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
  const interests = interestsOf(requesterId, subject);
  const carry = await carryFor(ctx, { handler, subject, snapshot, purpose, definition });
  const submission = { requesterId, subject: snapshot, interests, choices: choicesOf(input.choices), carry };
  const steps = preview(definition, submission, await loadWorld(ctx, definition, null));
  return { processVersionId: id, definition, steps };
}
