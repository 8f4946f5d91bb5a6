import type { EntityManager } from '@mikro-orm/postgresql';
import type { Context } from '../../context.js';
import { refusal } from '../../errors.js';
import { definitionsOf } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { conditionHolds } from '../../workflows/open-step.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import { newRequest, type SubjectSnapshot, type World } from '../../workflows/request.js';
import { loadOrganisation } from '../organisation/load-organisation.js';

export interface ChosenProcess {
  readonly id: string;
  readonly definition: ProcessDefinition;
}

interface Matter {
  readonly subject: SubjectSnapshot;
  readonly purpose: string;
  readonly requesterId: string;
}

/**
 * The published definition that applies: tried by priority, the first whose guard holds.
 * @throws NO_PROCESS naming the guards tried, CONDITION_FAILED when a guard can't be answered
 */
export async function chooseProcess(
  ctx: Pick<Context, 'em' | 'now'>,
  { subject, purpose, requesterId }: Matter,
): Promise<ChosenProcess> {
  const { organisation, calendarOf } = await loadOrganisation(ctx.em);
  const world: World = { now: ctx.now, organisation, calendarOf };
  const candidates = await publishedFor(ctx.em, subject.type, purpose);
  for (const candidate of candidates) {
    const probe = { ...newRequest('', candidate.definition, ctx.now), subject, requesterId };
    if (conditionHolds(probe, candidate.definition.guard, world)) return candidate;
  }
  const tried = candidates.map(({ definition }) => ({
    process: definition.key,
    version: definition.version,
    guard: definition.guard,
  }));
  throw refusal('NO_PROCESS', { subjectType: subject.type, purpose, tried });
}

async function publishedFor(
  em: EntityManager,
  subjectType: string,
  purpose: string,
): Promise<ChosenProcess[]> {
  const rows = await readDb(em)
    .selectFrom('process_version')
    .select('id')
    .where('subject_type', '=', subjectType)
    .where('purpose', '=', purpose)
    .where('status', '=', 'PUBLISHED')
    .orderBy('priority', 'desc')
    .orderBy('key')
    .orderBy('version', 'desc')
    .execute();
  const definitions = await definitionsOf(
    em,
    rows.map((row) => row.id),
  );
  return rows.map(({ id }) => ({ id, definition: definitions.get(id) as ProcessDefinition }));
}
