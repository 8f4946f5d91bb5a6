import { sql } from 'kysely';
import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { definitionsOf } from '../../entities/approvals/request-rows.js';
import { readDb, visible } from '../../entities/read-db.js';
import { Instant } from '../../entities/scalars.js';
import { INSIGHT_MAX } from '../../limits.js';
import { unsealFact } from '../../workflows/seal.js';
import { candidateForCause, candidateForStep, type Suggested } from '../../workflows/flow-candidate.js';
import {
  flowInsight,
  type FlowInsight,
  type ReworkCause,
  type StepInsight,
} from '../../workflows/flow-insight.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { requireActor, requireId } from '../transaction.js';
import { surroundingsOf } from './process-surroundings.js';

@InputType({ description: 'Which requests an insight is reckoned from.' })
export class FlowInsightFilter {
  @Field(() => Instant, { description: 'Submitted at or after this instant.' })
  from!: Date;

  @Field(() => Instant, { description: 'Submitted before this instant.' })
  until!: Date;

  @Field(() => String, { nullable: true, description: 'Only requests of this process, all its versions.' })
  processKey?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only requests whose subject belongs to this department.' })
  departmentId?: string | null;
}

export interface ReckonedInsight {
  readonly insight: FlowInsight;
  /** Requests of the period beyond the bound, newest last; not reckoned. */
  readonly leftOut: number;
  /** What a finding suggests; null for what is no finding, and for whoever may not simulate. */
  readonly suggested: (finding: StepInsight | ReworkCause) => Suggested | null;
}

/** Where time goes doesn't depend on what people wrote. */
const WITHOUT_WORDS = (): undefined => undefined;

/** How the requests that you may see flowed: one statement, and a pure function over what it gives. */
export async function reckonFlowInsight(ctx: Context, filter: FlowInsightFilter): Promise<ReckonedInsight> {
  let query = readDb(ctx.em)
    .selectFrom('approval_request')
    .innerJoin('process_version', 'process_version.id', 'approval_request.process_version_id')
    .select([
      'approval_request.id',
      'approval_request.process_version_id as versionId',
      sql<
        string[]
      >`(select json_agg(e.canonical order by e.sequence) from approval_event e where e.request_id = approval_request.id)`.as(
        'facts',
      ),
      sql<string>`count(*) over ()`.as('total'),
    ])
    .where('approval_request.submitted_at', '>=', filter.from.toISOString())
    .where('approval_request.submitted_at', '<', filter.until.toISOString())
    .where(visible(requireActor(ctx), 'request:read', 'approval_request'))
    .orderBy('approval_request.submitted_at')
    .orderBy('approval_request.id')
    .limit(INSIGHT_MAX);
  if (filter.processKey) query = query.where('process_version.key', '=', filter.processKey);
  if (filter.departmentId)
    query = query.where('approval_request.department_id', '=', requireId(filter.departmentId, 'department'));
  const rows = await query.execute();
  const definitions = await definitionsOf(ctx.em, [...new Set(rows.map(({ versionId }) => versionId))]);
  const histories = rows.map(({ id, versionId, facts }) => ({
    requestId: id,
    definition: definitions.get(versionId) as ProcessDefinition,
    facts: (facts ?? []).map((canonical) => unsealFact(canonical, WITHOUT_WORDS)),
  }));
  const { organisation, calendarOf } = await loadOrganisation(ctx.em);
  const around = requireActor(ctx).permissions.has('process:publish') ? await surroundingsOf(ctx) : null;
  return {
    suggested: (finding) =>
      around && ('idle' in finding ? candidateForStep(finding, around) : candidateForCause(finding, around)),
    insight: flowInsight(histories, { now: ctx.now, organisation, calendarOf }),
    leftOut: Number(rows[0]?.total ?? 0) - rows.length,
  };
}
