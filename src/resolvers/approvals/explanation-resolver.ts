import { Arg, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { explainRequest } from '../../commands/approvals/explain-request.js';
import { FlowInsightFilter, reckonFlowInsight } from '../../commands/approvals/flow-insight.js';
import { differencesOf, type KnownDifference } from '../../commands/approvals/route-differences.js';
import type { Context } from '../../context.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { explanationView, RequestExplanation } from '../../queries/approvals/explain-view.js';
import { loadMany } from '../../queries/load.js';
import { FlowInsightView, flowInsightView } from '../../queries/approvals/flow-insight-view.js';
import { differencesView, RouteDifferenceView } from '../../queries/approvals/route-view.js';

@Resolver(() => ApprovalRequest)
export class ExplanationResolver {
  @Query(() => RequestExplanation, {
    description:
      'Why a request stands where it stands: per step who is asked by which rule, who was left out, what the vote still needs, what happens next.',
  })
  async explain(
    @Arg('requestId', () => ID, { description: 'The request.' }) requestId: string,
    @Ctx() ctx: Context,
  ): Promise<RequestExplanation> {
    return explanationView(ctx, await explainRequest(ctx, requestId));
  }

  @Query(() => FlowInsightView, {
    description:
      'Where time goes, where requests are sent back first, which steps decide nothing, who carries the load.',
  })
  async flowInsight(
    @Arg('filter', () => FlowInsightFilter, { description: 'Which requests.' }) filter: FlowInsightFilter,
    @Ctx() ctx: Context,
  ): Promise<FlowInsightView> {
    return flowInsightView(ctx, await reckonFlowInsight(ctx, filter));
  }

  @FieldResolver(() => [RouteDifferenceView], {
    description:
      'Where the present round goes another way than was foreseen when it was handed in, and what changed since.',
  })
  async routeDifferences(
    @Root() { id }: ApprovalRequest,
    @Ctx() ctx: Context,
  ): Promise<RouteDifferenceView[]> {
    const read = (ids: readonly string[]): Promise<KnownDifference[]> => differencesOf(ctx, ids);
    return differencesView(ctx, await loadMany(ctx, 'route-differences', id, read, (row) => row.requestId));
  }
}
