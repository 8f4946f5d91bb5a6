import { setImmediate as breathe } from 'node:timers/promises';
import { sql } from 'kysely';
import { Field, InputType, Int } from 'type-graphql';
import type { Context } from '../../context.js';
import { definitionsOf } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { Instant } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { SIMULATED_MAX } from '../../limits.js';
import { checkProcessText } from '../../workflows/check-process-text.js';
import { afterChange } from '../../workflows/organisation-change.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import type { Interest } from '../../workflows/request.js';
import { loadOf, simulateCase, type PastCase, type SimulatedCase } from '../../workflows/simulate.js';
import { changeOf, OrganisationChangeInput } from './organisation-impact.js';
import { surroundingsOf } from './process-surroundings.js';
import { requireText } from './publish-process.js';

@InputType({ description: 'What to try out, over which period: a definition as text or by key and version.' })
export class SimulateProcessInput {
  @Field(() => String, {
    nullable: true,
    description: 'A process definition in YAML, at most 100,000 characters.',
  })
  yaml?: string | null;

  @Field(() => String, { nullable: true, description: 'Key of a stored definition, in place of text.' })
  processKey?: string | null;

  @Field(() => Int, { nullable: true, description: 'Its version; the newest when not given.' })
  processVersion?: number | null;

  @Field(() => OrganisationChangeInput, {
    nullable: true,
    description: 'A change of the organisation to try out with it.',
  })
  organisation?: OrganisationChangeInput | null;

  @Field(() => Instant, { description: 'Submitted at or after this instant.' })
  from!: Date;

  @Field(() => Instant, { description: 'Submitted before this instant.' })
  until!: Date;
}

export interface Simulated {
  readonly definition: ProcessDefinition;
  readonly cases: readonly SimulatedCase[];
  readonly load: ReturnType<typeof loadOf>;
  /** Requests of the period beyond the bound, newest last; not simulated. */
  readonly leftOut: number;
}

/**
 * The submissions of a period under another definition or organisation, against how they go as things are. Reads
 * only. @throws BAD_USER_INPUT, NOT_FOUND, INVALID_DEFINITION
 */
export async function simulateProcess(ctx: Context, input: SimulateProcessInput): Promise<Simulated> {
  const around = await surroundingsOf(ctx);
  const definition = await candidateOf(ctx, input, around);
  const others = around.published.filter(
    ({ key, subjectType, purpose }) =>
      key !== definition.key && subjectType === definition.subjectType && purpose === definition.purpose,
  );
  const { world } = around;
  const { organisation } = world;
  const tried = {
    ...world,
    organisation: input.organisation ? afterChange(organisation, changeOf(input.organisation)) : organisation,
  };
  const { past, leftOut } = await pastCases(ctx, definition, input);
  const cases: SimulatedCase[] = [];
  for (const [index, one] of past.entries()) {
    if (index % 50 === 49) await breathe();
    cases.push(simulateCase(one, { definition, others }, world, tried));
  }
  return { definition, cases, load: loadOf(cases), leftOut };
}

async function candidateOf(
  ctx: Context,
  { yaml, processKey, processVersion: version }: SimulateProcessInput,
  around: Awaited<ReturnType<typeof surroundingsOf>>,
): Promise<ProcessDefinition> {
  if (yaml && !processKey) {
    const { definition, findings } = checkProcessText(requireText(yaml), around);
    const [first] = findings;
    if (definition && !first) return definition;
    throw refusal('INVALID_DEFINITION', {
      reason: `${first?.line}:${first?.column} ${first?.message}`,
      findings,
    });
  }
  if (!processKey || yaml) {
    const rule = 'exactly one of yaml and processKey';
    throw refusal('BAD_USER_INPUT', { reason: rule, fields: [{ path: '', rule }] });
  }
  let query = readDb(ctx.em)
    .selectFrom('process_version')
    .select('id')
    .where('key', '=', processKey)
    .where('status', '<>', 'DRAFT')
    .orderBy('version', 'desc');
  if (version !== null && version !== undefined) query = query.where('version', '=', version);
  const row = await query.executeTakeFirst();
  const found = row && (await definitionsOf(ctx.em, [row.id])).get(row.id);
  if (!found) throw refusal('NOT_FOUND', { what: 'process definition' });
  return found;
}

async function pastCases(
  ctx: Context,
  definition: ProcessDefinition,
  { from, until }: SimulateProcessInput,
): Promise<{ past: PastCase[]; leftOut: number }> {
  const rows = await readDb(ctx.em)
    .selectFrom('approval_request as r')
    .selectAll('r')
    .select([
      sql<
        Interest[]
      >`coalesce((select json_agg(json_build_object('personId', i.person_id, 'because', i.because) order by i.position, i.id)
        from approval_interest i where i.request_id = r.id and not i.lapsed and i.because <> 'HAND_OVER'), '[]')`.as(
        'interests',
      ),
      sql<string>`count(*) over ()`.as('total'),
    ])
    .where('r.subject_type', '=', definition.subjectType)
    .where('r.purpose', '=', definition.purpose)
    .where('r.submitted_at', '>=', from.toISOString())
    .where('r.submitted_at', '<', until.toISOString())
    .orderBy('r.submitted_at')
    .orderBy('r.id')
    .limit(SIMULATED_MAX)
    .execute();
  const definitions = await definitionsOf(ctx.em, [...new Set(rows.map((row) => row.process_version_id))]);
  const past = rows.map((row): PastCase => ({
    requestId: row.id,
    requesterId: row.requester_id,
    submittedAt: new Date(row.submitted_at),
    subject: {
      type: row.subject_type,
      id: row.subject_id,
      title: row.title,
      ownerId: row.owner_id,
      departmentId: row.department_id,
      content: row.content as Record<string, unknown>,
      digest: row.digest,
    },
    interests: row.interests,
    definition: definitions.get(row.process_version_id) as ProcessDefinition,
  }));
  return { past, leftOut: Number(rows[0]?.total ?? 0) - rows.length };
}
