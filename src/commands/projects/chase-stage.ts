import { sql } from 'kysely';
import { readDb } from '../../entities/read-db.js';
import { readStages } from '../../entities/projects/stage-rows.js';
import type { Timer } from '../../entities/schedule/timer.js';
import { localDateOf } from '../../workflows/duration.js';
import { withStandIns } from '../../workflows/follow-up-people.js';
import { peopleOfPlan } from '../../workflows/plan-people.js';
import { closedGateOf, type ClosedGate } from '../../workflows/project-flow.js';
import { stallRuleOf } from '../../workflows/template-file.js';
import { loadOrganisation } from '../organisation/load-organisation.js';
import type { LadderTimerPayload } from '../schedule/ladder-timers.js';
import { calendarFor, tell } from '../schedule/make-follow-up.js';
import type { TransactionContext } from '../transaction.js';

/**
 * Carries out a reminder or rung of a stage to which nothing has happened, in the transaction that fires its timer: tells
 * whoever it waits for, and at a rung that notifies that rung's people too. Decides on what is stored now, so a timer of a
 * stage that has moved, or whose project was put aside, does nothing.
 */
export async function chaseStage(
  tx: TransactionContext,
  timer: Pick<Timer, 'key' | 'kind' | 'payload' | 'subjectId'>,
): Promise<void> {
  const { part, cycle, index } = timer.payload as unknown as LadderTimerPayload;
  const stage = await readDb(tx.em)
    .selectFrom('project_stage as stage')
    .innerJoin('project', 'project.id', 'stage.project_id')
    .select([
      'stage.id',
      'stage.rung',
      'stage.title_en',
      'stage.title_zh',
      'stage.active_at',
      'project.title',
      'project.owner_id',
      'project.department_id',
    ])
    .where('project.id', '=', timer.subjectId)
    .where('stage.key', '=', part)
    .where('stage.chase_cycle', '=', cycle)
    .where('stage.stalls_at', 'is not', null)
    .where('project.status', 'in', ['DRAFT', 'RUNNING'])
    .where('project.archived_at', 'is', null)
    .executeTakeFirst();
  const [found] = await readStages(tx.em, [timer.subjectId]);
  if (!stage || !found) return;
  const gate = closedGateOf(found.template, found.stages);
  if (gate?.stage !== part) return;
  const snapshot = await loadOrganisation(tx.em);
  const isRung = timer.kind === 'stage-rung';
  const action = isRung ? stallRuleOf(found.template, part)?.ladder[index]?.action : undefined;
  const party = { ownerId: stage.owner_id, departmentId: stage.department_id };
  const world = { now: tx.now, ...snapshot };
  const named = action?.do === 'notify' ? peopleOfPlan(party, action.who, world) : [];
  const waits = await waitsFor(tx, stage.id, stage.owner_id, gate);
  if (isRung)
    await readDb(tx.em)
      .updateTable('project_stage')
      .set({ rung: Math.max(stage.rung, index + 1) })
      .where('id', '=', stage.id)
      .execute();
  const { timeZone } = calendarFor(snapshot, {
    calendarKey: null,
    personId: null,
    departmentId: stage.department_id,
  });
  const date = localDateOf(timeZone, new Date(stage.active_at!));
  const missing = (language: 'en' | 'zh'): string =>
    gate.missing.map(({ title }) => title[language] ?? title.en).join(language === 'en' ? ', ' : '、');
  await tell(tx, timer.key, withStandIns(snapshot.organisation, [...waits.people, ...named], tx.now), {
    kind: 'STAGE',
    requestId: waits.requestId,
    textEn: `${stage.title}: nothing has happened at “${stage.title_en}” since ${date}; it waits for ${missing('en')}.`,
    textZh: `${stage.title}：“${stage.title_zh}”自 ${date} 起无进展，等待：${missing('zh')}`,
  });
}

interface Waiting {
  readonly people: readonly string[];
  /** The pending request that it waits for, when it is one. */
  readonly requestId: string | null;
}

/**
 * Whom the gate waits for: of a document in approval those whose decision is open (whom they have asked, while they wait
 * for an answer), of a returned one its owner, of one that nobody has handed in the project's owner.
 */
async function waitsFor(
  tx: TransactionContext,
  stageId: string,
  ownerId: string,
  { gate, missing }: ClosedGate,
): Promise<Waiting> {
  const { rows } = await sql<{
    form_key: string;
    owner_id: string;
    status: string;
    request_id: string | null;
    people: string[];
  }>`
    select document.form_key, document.owner_id, document.status, request.id as request_id,
      array(select distinct coalesce(question.asked_of_id, open.person_id) from approval_assignment open
        left join approval_question question on question.request_id = open.request_id and question.status = 'OPEN'
          and question.step_key = open.step_key and question.round = open.round and question.asked_by_id = open.person_id
        where open.request_id = request.id and open.status = 'OPEN' order by 1) as people
    from document left join approval_request request on request.subject_id = document.id and request.status = 'PENDING'
    where document.stage_id = ${stageId} and document.gate = ${gate} and document.archived_at is null
      and document.status in ('IN_REVIEW', 'RETURNED')
    order by document.created_at, document.id`.execute(readDb(tx.em));
  const people = new Set<string>();
  const requests = new Set<string>();
  for (const { form } of missing) {
    const document = rows.find(({ form_key }) => form_key === form);
    if (document?.status === 'RETURNED') people.add(document.owner_id);
    else if (document?.request_id && document.people.length > 0) {
      requests.add(document.request_id);
      for (const person of document.people) people.add(person);
    } else people.add(ownerId);
  }
  return {
    people: people.size > 0 ? [...people] : [ownerId],
    requestId: requests.size === 1 ? [...requests][0]! : null,
  };
}
