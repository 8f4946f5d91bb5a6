import { Field, ObjectType, registerEnumType } from 'type-graphql';
import type { Context } from '../../context.js';
import { User } from '../../entities/organisation/user.js';
import { Instant } from '../../entities/scalars.js';
import { sensitiveFields } from '../../workflows/condition-shape.js';
import type { PreviewedStep } from '../../workflows/preview.js';
import { stepOf, type ProcessDefinition, type StepNode } from '../../workflows/process.js';
import { parallelsAround } from '../../workflows/route.js';
import { personById } from '../organisation/people.js';
import { inLanguage } from '../in-language.js';
import { ProcessReference } from './request-view.js';

export enum PreviewOutcome {
  ASKED = 'ASKED',
  SKIPPED = 'SKIPPED',
  BLOCKED = 'BLOCKED',
  NOTIFIED = 'NOTIFIED',
  NOT_REACHED = 'NOT_REACHED',
}
registerEnumType(PreviewOutcome, {
  name: 'PreviewOutcome',
  description: 'What would become of a step if everyone agreed.',
  valuesConfig: {
    ASKED: { description: 'People would be asked.' },
    SKIPPED: { description: 'It would be skipped; the reason says why.' },
    BLOCKED: { description: 'Nobody could decide it.' },
    NOTIFIED: { description: 'People would be told.' },
    NOT_REACHED: { description: 'A block before it would stop the request.' },
  },
});

@ObjectType({ description: 'Someone who would be asked or told.' })
export class PreviewedPerson {
  @Field(() => User, { description: 'Who.' })
  person!: User;

  @Field(() => String, { nullable: true, description: 'The rule that chooses them.' })
  rule!: string | null;

  @Field(() => User, { nullable: true, description: 'For whom they would stand in.' })
  onBehalfOf!: User | null;
}

@ObjectType({ description: 'Someone the rules name who would not be asked.' })
export class ExcludedPerson {
  @Field(() => User, { nullable: true, description: 'Who; null when no such person exists.' })
  person!: User | null;

  @Field(() => String, { description: 'The rule that names them.' })
  rule!: string;

  @Field(() => String, {
    description: 'INACTIVE, ABSENT, INTEREST, DUPLICATE, NEVER_SAME_AS, UNKNOWN or BUSIER.',
  })
  reason!: string;
}

@ObjectType({ description: 'One step of the route ahead.' })
export class PreviewStep {
  @Field(() => String, { description: 'Key in the process definition.' })
  key!: string;

  @Field(() => String, { description: 'Title in your language.' })
  title!: string;

  @Field(() => String, { description: '`approve`, `advise`, `confirm`, `file`, `notify` or `parallel`.' })
  kind!: string;

  @Field(() => PreviewOutcome, { description: 'What would become of it.' })
  outcome!: PreviewOutcome;

  @Field(() => String, {
    nullable: true,
    description:
      'Why it would be skipped or blocked; `CHOICE`: somebody has yet to choose among the approvers listed.',
  })
  reason!: string | null;

  @Field(() => Instant, { nullable: true, description: 'When it would be due, were it opened now.' })
  dueAt!: Date | null;

  @Field(() => [PreviewedPerson], { description: 'Who would be asked or told, in order.' })
  approvers!: PreviewedPerson[];

  @Field(() => [ExcludedPerson], { description: 'Who was left out, and why.' })
  excluded!: ExcludedPerson[];
}

@ObjectType({ description: 'The route a submission would take if everyone agreed.' })
export class ApprovalPreview {
  @Field(() => ProcessReference, { description: 'The process definition that would be pinned.' })
  process!: ProcessReference;

  @Field(() => [PreviewStep], { description: 'Its steps in reading order.' })
  steps!: PreviewStep[];

  @Field(() => [String], { description: "The subject's fields whose change could alter the route." })
  sensitiveFields!: string[];
}

/** The core's preview as clients see it: people by name, titles in the viewer's language. */
export async function previewView(ctx: Context, previewed: Previewed): Promise<ApprovalPreview> {
  const { definition, processVersionId, steps } = previewed;
  const { key, version } = definition;
  const process = { id: processVersionId, key, version, title: inLanguage(definition.title, ctx.language) };
  return {
    process,
    steps: await Promise.all(
      steps.map((step) => stepView(ctx, definition, withParallel(definition, steps, step))),
    ),
    sensitiveFields: sensitiveFields(definition),
  };
}

interface Previewed {
  readonly processVersionId: string;
  readonly definition: ProcessDefinition;
  readonly steps: readonly PreviewedStep[];
}

/** A step inside a skipped parallel step is skipped with it, for the same reason. */
function withParallel(
  definition: ProcessDefinition,
  steps: readonly PreviewedStep[],
  step: PreviewedStep,
): PreviewedStep {
  if (step.outcome !== 'NOT_REACHED') return step;
  const around = parallelsAround(definition, step.key);
  const skipped = steps.find(({ key, outcome }) => outcome === 'SKIPPED' && around.includes(key));
  return skipped ? { ...step, outcome: 'SKIPPED', reason: skipped.reason } : step;
}

async function stepView(
  ctx: Context,
  definition: ProcessDefinition,
  step: PreviewedStep,
): Promise<PreviewStep> {
  const node = stepOf(definition, step.key) as StepNode;
  const asked = step.assignments.map(async ({ personId, rule, handOver }): Promise<PreviewedPerson> => {
    const onBehalfOf = handOver === null ? null : await personById(ctx, handOver.fromPersonId);
    return { person: await personById(ctx, personId), rule, onBehalfOf };
  });
  const told = step.people.map(async (id): Promise<PreviewedPerson> => ({
    person: await personById(ctx, id),
    rule: null,
    onBehalfOf: null,
  }));
  const excluded = step.exclusions.map(async ({ personId, rule, reason }): Promise<ExcludedPerson> => {
    const person = reason === 'UNKNOWN' ? null : await personById(ctx, personId);
    return { person, rule, reason };
  });
  return {
    key: step.key,
    title: inLanguage(node.title, ctx.language),
    kind: node.kind,
    outcome: step.outcome as PreviewOutcome,
    reason: step.reason,
    dueAt: step.dueAt,
    approvers: await Promise.all(step.reason === 'CHOICE' ? told : [...asked, ...told]),
    excluded: await Promise.all(excluded),
  };
}
