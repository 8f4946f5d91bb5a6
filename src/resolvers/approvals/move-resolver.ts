import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import {
  migrateRequests,
  MigrateRequestsInput,
  releaseRequests,
  ReleaseRequestsInput,
} from '../../commands/approvals/migrate-requests.js';
import { messageOf } from '../../errors.js';
import type { Context } from '../../context.js';
import { RequestMove } from '../../entities/approvals/request-move.js';
import { User } from '../../entities/organisation/user.js';
import { AffectedRequest, dryRunsView } from '../../queries/approvals/process-proof-view.js';
import { KeptRequestView, requestMoveById, requestMoves } from '../../queries/approvals/request-moves.js';
import { requestOf } from '../../queries/approvals/request-view.js';
import { personById } from '../../queries/organisation/people.js';

@ObjectType({ description: 'A move that has begun, or what it would come to.' })
export class MigrateRequestsPayload {
  @Field(() => RequestMove, {
    nullable: true,
    description: 'The move, its first batch done; null for a dry run.',
  })
  move!: RequestMove | null;

  @Field(() => [AffectedRequest], {
    description: 'For a dry run: what would become of each request, oldest first.',
  })
  dryRuns!: AffectedRequest[];
}

@ObjectType({ description: 'The release of held requests.' })
export class ReleaseRequestsPayload {
  @Field(() => RequestMove, { description: 'The release, its first batch done.' })
  move!: RequestMove;
}

@Resolver()
export class MoveResolver {
  @Query(() => [RequestMove], {
    description: 'What became of the open requests of a process at each change, newest first; at most 50.',
  })
  requestMoves(
    @Arg('processKey', () => String, { description: 'Key of the process.' }) processKey: string,
    @Ctx() ctx: Context,
  ): Promise<RequestMove[]> {
    return requestMoves(ctx, processKey);
  }

  @Mutation(() => MigrateRequestsPayload, {
    description:
      'Moves open requests to the published version of their process, each by itself; one that cannot be moved stays, and the move says why.',
  })
  async migrateRequests(
    @Arg('input', () => MigrateRequestsInput, { description: 'Which, and to which version.' })
    input: MigrateRequestsInput,
    @Ctx() ctx: Context,
  ): Promise<MigrateRequestsPayload> {
    const { moveId, dryRuns } = await migrateRequests(ctx, input);
    return {
      move: moveId && (await requestMoveById(ctx, moveId)),
      dryRuns: await dryRunsView(ctx, dryRuns),
    } as MigrateRequestsPayload;
  }

  @Mutation(() => ReleaseRequestsPayload, {
    description: 'Lets requests that were held for a new version go on, on the version they have.',
  })
  async releaseRequests(
    @Arg('input', () => ReleaseRequestsInput, { description: 'Which.' }) input: ReleaseRequestsInput,
    @Ctx() ctx: Context,
  ): Promise<ReleaseRequestsPayload> {
    return { move: await requestMoveById(ctx, await releaseRequests(ctx, input)) };
  }
}

@Resolver(() => RequestMove)
export class RequestMoveFields {
  @FieldResolver(() => Int, {
    nullable: true,
    description: 'The version that it is about; null for a release.',
  })
  toVersion(@Root() move: RequestMove & { toVersion: number | null }): number | null {
    return move.toVersion;
  }

  @FieldResolver(() => User, { description: 'Who began it.' })
  startedBy(@Root() { startedById }: RequestMove, @Ctx() ctx: Context): Promise<User> {
    return personById(ctx, startedById);
  }

  @FieldResolver(() => [KeptRequestView], {
    description: 'Requests left as they were, and why; at most 500.',
  })
  kept(@Root() { kept }: RequestMove, @Ctx() ctx: Context): Promise<KeptRequestView[]> {
    return Promise.all(
      kept.map(async ({ requestId, code, details }) => ({
        request: await requestOf(ctx, requestId),
        code,
        reason: messageOf(code, details, ctx.language),
      })),
    );
  }
}
