import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { Plan, PlanKind, PlanStatus } from '../../entities/plans/plan.js';
import { readDb, visible } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { afterKey, containsText, countOf, isOneOf, keyOf, refersTo, requireViewer } from '../filters.js';
import { PLAN_COLUMNS } from './plan-by-id.js';

@InputType({ description: 'Which plans; all conditions hold together.' })
export class PlanFilter {
  @Field(() => [PlanStatus], { nullable: true, description: 'One of these states.' })
  status?: PlanStatus[] | null;

  @Field(() => [PlanKind], { nullable: true, description: 'One of these kinds.' })
  kind?: PlanKind[] | null;

  @Field(() => [String], { nullable: true, description: 'One of these periods, such as `2024-05`.' })
  period?: string[] | null;

  @Field(() => ID, { nullable: true, description: 'Owned by this person.' })
  ownerId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The title or the number contains this text, in any case.',
  })
  text?: string | null;
}

export const PlanConnection = connectionType(Plan, 'Plan');

/** The plans that the viewer may see, newest first, without archived ones. @throws BAD_USER_INPUT */
export async function plans(
  ctx: Context,
  filter: PlanFilter | null,
  args: PageArgs,
): Promise<ConnectionOf<Plan>> {
  const viewer = requireViewer(ctx);
  const page = pageOf(args);
  const found = readDb(ctx.em)
    .selectFrom('plan')
    .where('plan.archived_at', 'is', null)
    .where(visible(viewer, 'plan:read', 'plan'))
    .where(isOneOf('plan.status', filter?.status))
    .where(isOneOf('plan.kind', filter?.kind))
    .where(isOneOf('plan.period', filter?.period))
    .where(refersTo('plan.owner_id', filter?.ownerId, 'filter.ownerId'))
    .where(containsText(['plan.title', 'plan.number'], filter?.text, 'filter.text'));
  const rows = await found
    .select(PLAN_COLUMNS)
    .where(afterKey('plan', page))
    .orderBy('plan.created_at', 'desc')
    .orderBy('plan.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  return new PlanConnection({
    rows: rows as unknown as Plan[],
    limit: page.limit,
    key: keyOf,
    count: () => countOf(found),
  });
}
