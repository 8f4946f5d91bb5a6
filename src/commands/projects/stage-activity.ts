import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';
import { dueAt } from '../../workflows/calendar.js';
import { ladderTimers } from '../../workflows/ladder.js';
import { stallRuleOf, type ProjectTemplate } from '../../workflows/template-file.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import { cancelLadderTimers, moveLadderTimers } from '../schedule/ladder-timers.js';
import { calendarFor } from '../schedule/make-follow-up.js';
import type { TransactionContext } from '../transaction.js';

/** The kind of its timers: `stage-reminder`, `stage-rung`. Their subject is the project, their part the stage's key. */
export const STAGE = 'stage';

/** Where something happened: in a project as a whole, or to a document, which counts for the stage it belongs to. */
export type StageOf = { readonly projectId: string } | { readonly documentId: string };

/**
 * Something has happened to the open stage of a project: what would have said that it stalls is given up, and its time
 * begins anew. While a request for a document of its gate is paused, or waits for an answer with its clock stopped, the
 * stage's clock stands still too; what ends that is an activity itself. Called by whatever changes a project, a document
 * or its request, in that transaction; one statement where nobody watches.
 */
export async function stageActivity(tx: TransactionContext, of: StageOf): Promise<void> {
  const stage = await openStage(tx, of);
  if (!stage) return;
  const rule = stallRuleOf(stage.definition, stage.key);
  if (!rule) return;
  const place = { calendarKey: null, departmentId: stage.department_id };
  const calendar = calendarFor(await loadOrganisation(tx.em), place);
  const stallsAt = stage.held ? null : dueAt(calendar, tx.now, rule.after);
  const cycle = stage.chase_cycle + 1;
  await readDb(tx.em)
    .updateTable('project_stage')
    .set({ active_at: tx.now, stalls_at: stallsAt, chase_cycle: cycle, rung: 0 })
    .where('id', '=', stage.id)
    .execute();
  await moveLadderTimers(
    tx,
    { kind: STAGE, id: stage.project_id, part: stage.key, cycle },
    ladderTimers(rule, stallsAt, calendar, tx.now),
  );
}

interface OpenStage {
  readonly id: string;
  readonly key: string;
  readonly chase_cycle: number;
  readonly project_id: string;
  readonly department_id: string | null;
  readonly definition: ProjectTemplate;
  readonly held: boolean;
}

/** The open stage that is watched, with its project locked before any of its timers, as whoever fires them does. */
async function openStage(tx: TransactionContext, of: StageOf): Promise<OpenStage | undefined> {
  const where =
    'projectId' in of
      ? sql`project.id = ${of.projectId}`
      : sql`stage.id = (select stage_id from document where id = ${of.documentId})`;
  const { rows } = await sql<OpenStage>`
    select stage.id, stage.key, stage.chase_cycle, project.id as project_id, project.department_id, template.definition,
      exists (select 1 from document join approval_request request on request.subject_id = document.id
        where document.stage_id = stage.id and request.status = 'PENDING'
          and document.gate = case stage.status when 'STARTING' then 'START' else 'RESULT' end
          and (request.paused_at is not null or exists (select 1 from approval_step step where step.request_id = request.id
            and step.round = request.round and step.status = 'OPEN' and step.clock_stopped_at is not null))) as held
    from project_stage stage join project on project.id = stage.project_id
      join project_template template on template.id = project.template_id
    where ${where} and stage.status in ('STARTING', 'RUNNING') and project.status in ('DRAFT', 'RUNNING')
      and project.archived_at is null
      and (jsonb_path_exists(template.definition, '$.stalled ? (@ != null)')
        or jsonb_path_exists(template.definition, '$.stages[*].stalled ? (@ != null)'))
    for update of project`.execute(readDb(tx.em));
  return rows[0];
}

/** Stages that have closed stall no more. */
export async function stopWatching(
  tx: TransactionContext,
  projectId: string,
  stageKeys: readonly string[],
): Promise<void> {
  if (stageKeys.length === 0) return;
  const stopped = await readDb(tx.em)
    .updateTable('project_stage')
    .set({ active_at: null, stalls_at: null, rung: 0 })
    .where('project_id', '=', projectId)
    .where('key', 'in', stageKeys)
    .where('active_at', 'is not', null)
    .returning('key')
    .execute();
  for (const { key } of stopped) await cancelLadderTimers(tx, { kind: STAGE, id: projectId, part: key });
}
