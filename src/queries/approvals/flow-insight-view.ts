import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Context } from '../../context.js';
import { User } from '../../entities/organisation/user.js';
import type { FlowInsight } from '../../workflows/flow-insight.js';
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

@ObjectType({ description: 'Where the time of one step goes, over all its openings, in seconds.' })
export class StepFlow {
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
}

@ObjectType('ReworkCause', { description: 'Where requests were first sent back.' })
export class ReworkCauseView {
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
}

const seconds = (millis: number): number => Math.round(millis / 1000);

export async function flowInsightView(
  ctx: Context,
  { insight, leftOut }: Reckoned,
): Promise<FlowInsightView> {
  const { steps, load, ...rest } = insight;
  return {
    ...rest,
    leftOut,
    steps: steps.map(({ spent, idle, ...step }) => ({
      ...step,
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
