import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';
import { dueAt } from '../../workflows/calendar.js';
import { everyLadderTimer } from '../../workflows/ladder.js';
import { stallRuleOf, type ProjectTemplate } from '../../workflows/template-file.js';
import type { CalendarScope } from '../organisation/calendar-scope.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import type { LadderSubject } from '../schedule/ladder-timers.js';
import { calendarFor } from '../schedule/make-follow-up.js';
import { movedPlaces, movePlaces, type MovedPlace } from '../schedule/reckon-ladder.js';
import type { TransactionContext } from '../transaction.js';
import { STAGE } from './stage-activity.js';

/** Projects with a stage that is watched and whose clock runs, by their department's calendar. A project has one at most. */
const hanging = (tx: TransactionContext, { departments }: CalendarScope) =>
  readDb(tx.em)
    .selectFrom('project as p')
    .innerJoin('project_stage as stage', 'stage.project_id', 'p.id')
    .where('stage.stalls_at', 'is not', null)
    .where('p.status', 'in', ['DRAFT', 'RUNNING'])
    .where('p.archived_at', 'is', null)
    .where(sql<boolean>`coalesce(p.department_id::text, '') = any(${departments}::text[])`);

export async function countStages(tx: TransactionContext, scope: CalendarScope): Promise<number> {
  const { count } = await hanging(tx, scope)
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function projectsAfter(
  tx: TransactionContext,
  scope: CalendarScope,
  after: string | null,
  limit: number,
): Promise<string[]> {
  let next = hanging(tx, scope).select('p.id').distinct().orderBy('p.id').limit(limit);
  if (after !== null) next = next.where('p.id', '>', after);
  return (await next.execute()).map(({ id }) => id);
}

/** A watched stage by its calendar as it is. */
export interface MovedStage {
  readonly number: string;
  readonly stageId: string;
  readonly subject: LadderSubject;
  readonly from: Date;
  readonly to: Date;
  readonly moved: readonly MovedPlace[];
}

export async function movesOfStages(tx: TransactionContext, projectId: string): Promise<MovedStage[]> {
  const rows = await readDb(tx.em)
    .selectFrom('project_stage as stage')
    .innerJoin('project', 'project.id', 'stage.project_id')
    .innerJoin('project_template as template', 'template.id', 'project.template_id')
    .select(['stage.id', 'stage.key', 'stage.active_at', 'stage.stalls_at', 'stage.chase_cycle'])
    .select(['project.number', 'project.department_id', 'template.definition'])
    .where('project.id', '=', projectId)
    .where('project.status', 'in', ['DRAFT', 'RUNNING'])
    .where('project.archived_at', 'is', null)
    .where('stage.stalls_at', 'is not', null)
    .execute();
  const snapshot = await loadOrganisation(tx.em);
  const stages: MovedStage[] = [];
  for (const row of rows) {
    const rule = stallRuleOf(row.definition as unknown as ProjectTemplate, row.key);
    if (!rule || row.active_at === null) continue;
    const calendar = calendarFor(snapshot, { calendarKey: null, departmentId: row.department_id });
    const to = dueAt(calendar, new Date(row.active_at), rule.after);
    const subject = { kind: STAGE, id: projectId, part: row.key, cycle: row.chase_cycle };
    const moved = await movedPlaces(tx, subject, everyLadderTimer(rule, to, calendar));
    stages.push({
      number: row.number,
      stageId: row.id,
      subject,
      from: new Date(row.stalls_at as unknown as string),
      to,
      moved,
    });
  }
  return stages;
}

/**
 * Reckons again when the open stage of a project stalls, from when something last happened to it, under the project's lock.
 * Its chase goes on: a rung that was climbed stays climbed.
 */
export async function reckonStages(
  tx: TransactionContext,
  projectId: string,
  changeId: string,
): Promise<void> {
  const db = readDb(tx.em);
  await db.selectFrom('project').select('id').where('id', '=', projectId).forUpdate().execute();
  for (const { stageId, subject, from, to, moved } of await movesOfStages(tx, projectId)) {
    if (from.getTime() !== to.getTime())
      await db.updateTable('project_stage').set({ stalls_at: to }).where('id', '=', stageId).execute();
    await movePlaces(tx, subject, moved, changeId);
  }
}
