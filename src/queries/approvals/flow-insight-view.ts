import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Context } from '../../context.js';
import { User } from '../../entities/organisation/user.js';
import type { Suggested } from '../../workflows/flow-candidate.js';
import type { FlowInsight, ReworkCause, StepInsight } from '../../workflows/flow-insight.js';
import { personById } from '../organisation/people.js';

export enum IdleReason {
  ALWAYS_SKIPPED = 'ALWAYS_SKIPPED',
  SAME_PEOPLE = 'SAME_PEOPLE',
}
registerEnumType(IdleReason, {
  name: 'IdleReason',
  description: 'Why a step decides nothing.',
  valuesConfig: {
    ALWAYS_SKIPPED: { description: 'It was skipped every time.' },
    SAME_PEOPLE: { description: 'It was only ever approved by people who had approved the request before.' },
  },
});

export enum NoCandidateReason {
  NOT_PUBLISHED = 'NOT_PUBLISHED',
  STEP_GONE = 'STEP_GONE',
  NO_STEP = 'NO_STEP',
  ONLY_STEP = 'ONLY_STEP',
  NAMED = 'NAMED',
  FIRST_STEP = 'FIRST_STEP',
  FORMULA = 'FORMULA',
  NOBODY_ELSE = 'NOBODY_ELSE',
  UNSOUND = 'UNSOUND',
}
registerEnumType(NoCandidateReason, {
  name: 'NoCandidateReason',
  description: 'Why a finding comes without a definition to simulate.',
  valuesConfig: {
    NOT_PUBLISHED: { description: 'The process has no published version.' },
    STEP_GONE: { description: 'The published version has no such step.' },
    NO_STEP: { description: 'It was not a step that sent the requests back.' },
    ONLY_STEP: { description: 'Without it nobody would decide.' },
    NAMED: { description: 'Another step takes its people from it.' },
    FIRST_STEP: { description: 'Nobody is asked in vain before it.' },
    FORMULA: { description: 'Whoever is first decides already, or the formula says how many must agree.' },
    NOBODY_ELSE: { description: 'Its rules give nobody else; someone has to be named.' },
    UNSOUND: { description: 'The definition would not pass the checker, or be too long for it.' },
  },
});

@ObjectType({ description: 'A finding, and what it suggests.' })
abstract class WithCandidate {
  @Field(() => String, {
    nullable: true,
    description:
      'The next version of the published definition with the finding mended, in YAML, for `simulateProcess`: without a step that decides nothing, with the step that sends back asked earlier, with a bottleneck decided by whoever is first. For whoever may simulate.',
  })
  candidate!: string | null;

  @Field(() => NoCandidateReason, {
    nullable: true,
    description: 'Why there is no candidate; null where there is one, and where nothing was found.',
  })
  noCandidate!: NoCandidateReason | null;
}

@ObjectType({ description: 'Where the time of one step goes, over all its openings, in seconds.' })
export class StepFlow extends WithCandidate {
  @Field(() => String, { description: 'Key of the process.' })
  processKey!: string;

  @Field(() => String, { description: 'Key of the step.' })
  step!: string;

  @Field(() => Int, { description: 'Times it was opened.' })
  opened!: number;

  @Field(() => Int, { description: 'Times it was skipped.' })
  skipped!: number;

  @Field(() => Int, { description: 'Open in working hours with someone there who was asked, in seconds.' })
  workingSeconds!: number;

  @Field(() => Int, { description: 'Open outside working hours, in seconds.' })
  waitingSeconds!: number;

  @Field(() => Int, { description: 'Open in working hours while everyone asked was absent, in seconds.' })
  absentSeconds!: number;

  @Field(() => Int, { description: 'Open while the request was paused, in seconds.' })
  pausedSeconds!: number;

  @Field(() => IdleReason, { nullable: true, description: 'Set when the step never decided anything.' })
  idle!: IdleReason | null;

  @Field(() => Int, { description: 'The most people whom one opening asked.' })
  asked!: number;

  @Field(() => Boolean, {
    description:
      'Whether at least half of the working time that requests spent in the steps of its process was spent here.',
  })
  bottleneck!: boolean;
}

@ObjectType('ReworkCause', { description: 'Where requests were first sent back.' })
export class ReworkCauseView extends WithCandidate {
  @Field(() => String, { description: 'Key of the process.' })
  processKey!: string;

  @Field(() => String, { description: 'Key of the step that sent them back.' })
  step!: string;

  @Field(() => String, {
    description: 'Roles of who sent them back; `none` without a role, `system` for the machine.',
  })
  role!: string;

  @Field(() => Int, { description: 'Requests that this was the first return of.' })
  requests!: number;
}

@ObjectType('ApproverLoad', { description: 'What one person was asked for.' })
export class ApproverLoadView {
  @Field(() => User, { description: 'Who.' })
  person!: User;

  @Field(() => Int, { description: 'Assignments whose turn came.' })
  asked!: number;

  @Field(() => Int, { description: 'Assignments they decided themselves.' })
  decided!: number;

  @Field(() => Int, { description: 'Assignments that wait for them now.' })
  open!: number;
}

@ObjectType('FlowInsight', { description: 'How the requests of a period flowed, of those you may see.' })
export class FlowInsightView {
  @Field(() => Int, { description: 'Requests reckoned.' })
  requests!: number;

  @Field(() => Int, { description: 'Requests beyond the bound of 5000, not reckoned.' })
  leftOut!: number;

  @Field(() => Int, { description: 'Requests sent back at least once.' })
  reworked!: number;

  @Field(() => Int, { description: 'Returns in all.' })
  loops!: number;

  @Field(() => [ReworkCauseView], { description: 'Where they were first sent back, most frequent first.' })
  firstCauses!: readonly ReworkCauseView[];

  @Field(() => [StepFlow], { description: 'Each step that was opened or skipped.' })
  steps!: StepFlow[];

  @Field(() => [ApproverLoadView], { description: 'Load per person, the heaviest first.' })
  load!: ApproverLoadView[];
}

interface Reckoned {
  readonly insight: FlowInsight;
  readonly leftOut: number;
  readonly suggested: (finding: StepInsight | ReworkCause) => Suggested | null;
}

const seconds = (millis: number): number => Math.round(millis / 1000);

export async function flowInsightView(
  ctx: Context,
  { insight, leftOut, suggested }: Reckoned,
): Promise<FlowInsightView> {
  const { steps, load, firstCauses, ...rest } = insight;
  const candidateOf = (
    finding: StepInsight | ReworkCause,
  ): { candidate: string | null; noCandidate: NoCandidateReason | null } => {
    const found = suggested(finding);
    return {
      candidate: found && 'text' in found ? found.text : null,
      noCandidate: found && 'why' in found ? (found.why as NoCandidateReason) : null,
    };
  };
  return {
    ...rest,
    leftOut,
    firstCauses: firstCauses.map((cause) => ({ ...cause, ...candidateOf(cause) })),
    steps: steps.map(({ spent, idle, ...step }) => ({
      ...step,
      ...candidateOf({ spent, idle, ...step }),
      idle: idle as IdleReason | null,
      workingSeconds: seconds(spent.working),
      waitingSeconds: seconds(spent.waiting),
      absentSeconds: seconds(spent.absent),
      pausedSeconds: seconds(spent.paused),
    })),
    load: await Promise.all(
      load.map(async ({ personId, ...counts }) => ({ person: await personById(ctx, personId), ...counts })),
    ),
  };
}
