import { Arg, Ctx, Field, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { organisationImpact, OrganisationChangeInput } from '../../commands/approvals/organisation-impact.js';
import { publishImpact } from '../../commands/approvals/publish-impact.js';
import {
  checkProcess,
  publishProcess,
  PublishProcessInput,
  retireProcess,
  RetireProcessInput,
} from '../../commands/approvals/publish-process.js';
import { simulateProcess, SimulateProcessInput } from '../../commands/approvals/simulate-process.js';
import type { Context } from '../../context.js';
import { ProcessVersion } from '../../entities/approvals/process-version.js';
import { RequestMove } from '../../entities/approvals/request-move.js';
import { requestMoveById } from '../../queries/approvals/request-moves.js';
import { processDefinitionById } from '../../queries/approvals/process-definitions.js';
import {
  checkView,
  OrganisationImpactView,
  organisationImpactView,
  ProcessCheck,
  ProcessSimulation,
  PublishImpactView,
  publishImpactView,
  simulationView,
} from '../../queries/approvals/process-proof-view.js';

@ObjectType({ description: 'The version of a process definition that was published or retired.' })
export class ProcessPayload {
  @Field(() => ProcessVersion, { description: 'The version, as it is now.' })
  process!: ProcessVersion;

  @Field(() => RequestMove, {
    nullable: true,
    description: 'What becomes of the open requests, when they are moved or held; batches follow by timers.',
  })
  move!: RequestMove | null;
}

const YAML = { description: 'One process definition, as packs write it; at most 100,000 characters.' };

@Resolver()
export class ProcessResolver {
  @Query(() => ProcessCheck, { description: 'Checks a definition without publishing it.' })
  async checkProcess(
    @Arg('yaml', () => String, YAML) yaml: string,
    @Ctx() ctx: Context,
  ): Promise<ProcessCheck> {
    return checkView(await checkProcess(ctx, yaml));
  }

  @Query(() => PublishImpactView, {
    description: 'The open requests that publishing a definition would affect, with a dry run for each.',
  })
  async publishImpact(
    @Arg('yaml', () => String, YAML) yaml: string,
    @Ctx() ctx: Context,
  ): Promise<PublishImpactView> {
    return publishImpactView(ctx, await publishImpact(ctx, yaml));
  }

  @Query(() => OrganisationImpactView, {
    description: 'What a change of the organisation would leave with nobody, before it is made.',
  })
  async organisationImpact(
    @Arg('input', () => OrganisationChangeInput, { description: 'The change.' })
    input: OrganisationChangeInput,
    @Ctx() ctx: Context,
  ): Promise<OrganisationImpactView> {
    return organisationImpactView(ctx, await organisationImpact(ctx, input));
  }

  @Query(() => ProcessSimulation, {
    description:
      'The submissions of a period under another definition or organisation against how they go as things are, everyone agreeing. Without side effects.',
  })
  async simulateProcess(
    @Arg('input', () => SimulateProcessInput, { description: 'What to try out, over which period.' })
    input: SimulateProcessInput,
    @Ctx() ctx: Context,
  ): Promise<ProcessSimulation> {
    return simulationView(ctx, await simulateProcess(ctx, input));
  }

  @Mutation(() => ProcessPayload, {
    description:
      'Publishes a definition that passes every check; open requests keep their version, are moved to the new one, or held.',
  })
  async publishProcess(
    @Arg('input', () => PublishProcessInput, { description: 'The definition.' }) input: PublishProcessInput,
    @Ctx() ctx: Context,
  ): Promise<ProcessPayload> {
    const { id, moveId } = await publishProcess(ctx, input);
    const move = moveId === null ? null : await requestMoveById(ctx, moveId);
    return { process: await processDefinitionById(ctx, id), move };
  }

  @Mutation(() => ProcessPayload, { description: 'Retires a published version; open requests finish on it.' })
  async retireProcess(
    @Arg('input', () => RetireProcessInput, { description: 'The version.' }) input: RetireProcessInput,
    @Ctx() ctx: Context,
  ): Promise<ProcessPayload> {
    return { process: await processDefinitionById(ctx, (await retireProcess(ctx, input)).id), move: null };
  }
}
