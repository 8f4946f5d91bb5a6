import { sql, type RawBuilder } from 'kysely';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Actor, Context } from '../../context.js';
import { SubjectType } from '../../entities/approvals/enums.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible } from '../../entities/read-db.js';
import { Instant } from '../../entities/scalars.js';
import { followUpsInScope } from '../../entities/schedule/follow-up-scope.js';
import { refusal } from '../../errors.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { requireViewer } from '../filters.js';

export enum StalledKind {
  ASSIGNMENT = 'ASSIGNMENT',
  MILESTONE = 'MILESTONE',
  FOLLOW_UP = 'FOLLOW_UP',
  STAGE = 'STAGE',
  PAYMENT = 'PAYMENT',
}
registerEnumType(StalledKind, {
  name: 'StalledKind',
  description: 'What kind of thing has stalled.',
  valuesConfig: {
    ASSIGNMENT: { description: 'A step of an approval request that waits for a person.' },
    MILESTONE: { description: 'A milestone of a plan.' },
    FOLLOW_UP: { description: 'A follow-up.' },
    STAGE: { description: 'A stage of a project to which nothing has happened.' },
    PAYMENT: { description: 'A payment of a contract that has not come in in full.' },
  },
});

@InputType({ description: 'Which stalled items to list; all conditions hold together.' })
export class StalledFilter {
  @Field(() => ID, { nullable: true, description: 'Only what waits for this person.' })
  personId?: string | null;

  @Field(() => SubjectType, { nullable: true, description: 'Only requests about this kind of thing.' })
  subjectType?: SubjectType | null;

  @Field(() => [StalledKind], { nullable: true, description: 'Only things of these kinds.' })
  kind?: StalledKind[] | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Only what is overdue by at least so many seconds, 0 or more.',
  })
  overdueSeconds?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Only what has climbed at least to this rung of its ladder; 1 is the first.',
  })
  rung?: number | null;
}

@ObjectType({ description: 'The approval request that a stalled item belongs to.' })
export class StalledRequest {
  @Field(() => ID, { description: 'UUIDv7.' })
  id!: string;

  @Field(() => String, { description: 'The human number, such as `A-2026-00042`.' })
  number!: string;

  @Field(() => String, { description: "The subject's title when it was submitted." })
  title!: string;

  @Field(() => SubjectType, { description: 'What kind of thing is being approved.' })
  subjectType!: SubjectType;
}

/** Something that nobody has done in time. */
@ObjectType({
  description: 'Something that waits longer than it should: whose turn it is, and by how much it is overdue.',
})
export class StalledItem {
  @Field(() => ID, {
    description: 'Id of the open assignment, milestone, follow-up, stage or payment term.',
  })
  id!: string;

  @Field(() => StalledKind, { description: 'What kind of thing it is.' })
  kind!: StalledKind;

  @Field(() => String, { description: 'What it is called, in the language of the request.' })
  title!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The request, plan, project, contract or record it belongs to; its timers are found by it.',
  })
  subjectId!: string | null;

  @Field(() => StalledRequest, { nullable: true, description: 'The request, of an assignment.' })
  request!: StalledRequest | null;

  @Field(() => String, {
    nullable: true,
    description: 'Key of the step in the process definition, of an assignment; of the milestone or stage.',
  })
  stepKey!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Title of the step, in the language of the request, of an assignment.',
  })
  stepTitle!: string | null;

  personId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Key of the role whose holders it waits for, where it waits for no one person.',
  })
  roleKey!: string | null;

  @Field(() => Instant, { description: 'When it was due.' })
  dueAt!: Date;

  @Field(() => Int, {
    description: 'How long it has been overdue, in whole seconds of the calendar, not of working time.',
  })
  overdueSeconds!: number;

  @Field(() => Int, { description: 'The rung of the escalation ladder that it has reached; 0: none yet.' })
  rung!: number;
}

export const StalledItemConnection = connectionType(StalledItem, 'StalledItem');

interface StalledRow {
  readonly id: string;
  readonly kind: StalledKind;
  readonly title: string;
  readonly subject_id: string | null;
  readonly step_key: string | null;
  readonly step_title: string | null;
  readonly person_id: string | null;
  readonly role_key: string | null;
  readonly due_at: string;
  readonly rung: number;
  readonly request_id: string | null;
  readonly number: string | null;
  readonly request_title: string | null;
  readonly subject_type: string | null;
}

/** Everything past due that the viewer may see, longest overdue first, in one statement. @throws BAD_USER_INPUT */
export async function stalled(
  ctx: Context,
  filter: StalledFilter | null | undefined,
  args: PageArgs,
): Promise<ConnectionOf<StalledItem>> {
  const { limit, after } = pageOf(args);
  const found = stalledRows(ctx, filter ?? {});
  const page = after ? sql`where (due_at, id) > (${after[0]}::timestamptz, ${after[1]}::uuid)` : sql``;
  const { rows } = await sql<StalledRow>`select * from (${found}) item ${page}
    order by due_at, id limit ${limit + 1}`.execute(readDb(ctx.em));
  const count = async (): Promise<number> => {
    const counted = await sql<{ total: string }>`select count(*) as total from (${found}) item`.execute(
      readDb(ctx.em),
    );
    return Number(counted.rows[0]!.total);
  };
  return new StalledItemConnection({
    rows: rows.map((row) => itemOf(row, ctx.now)),
    limit,
    key: (item) => [item.dueAt.toISOString(), item.id],
    count,
  });
}

function itemOf(
  { number, request_id, request_title, subject_type, ...row }: StalledRow,
  now: Date,
): StalledItem {
  const dueAt = new Date(row.due_at);
  const subjectType = SubjectType[subject_type as keyof typeof SubjectType];
  return {
    id: row.id,
    kind: row.kind,
    title: row.title,
    subjectId: row.subject_id,
    request:
      request_id === null ? null : { id: request_id, number: number!, title: request_title!, subjectType },
    stepKey: row.step_key,
    stepTitle: row.step_title,
    personId: row.person_id,
    roleKey: row.role_key,
    dueAt,
    overdueSeconds: Math.min(2 ** 31 - 1, Math.floor((now.getTime() - dueAt.getTime()) / 1000)),
    rung: row.rung,
  };
}

interface Asked {
  readonly actor: Actor;
  /** `column` is past due, by as much as the filter asks. */
  readonly past: (column: string) => RawBuilder<boolean>;
  /** The title in the language of the request. */
  readonly titleOf: (table: string) => RawBuilder<string>;
  readonly now: Date;
}

const NO_REQUEST = sql`null::uuid as request_id, null as number, null as request_title, null as subject_type`;

/** Each kind of thing as rows of one shape, under the scope that reading it has. */
const SOURCES: Readonly<Record<StalledKind, (asked: Asked) => RawBuilder<StalledRow>>> = {
  ASSIGNMENT: ({ actor, past, titleOf }) => sql`
    select assignment.id, 'ASSIGNMENT' as kind, approval_request.title, approval_request.id as subject_id,
      assignment.step_key, ${titleOf('step')} as step_title, assignment.person_id, null as role_key, assignment.due_at,
      step.rung, approval_request.id as request_id, approval_request.number, approval_request.title as request_title,
      approval_request.subject_type
    from approval_assignment assignment join approval_request on approval_request.id = assignment.request_id
      join approval_step step on step.request_id = assignment.request_id and step.round = assignment.round
        and step.key = assignment.step_key and step.attempt = assignment.attempt
    where assignment.status = 'OPEN' and ${past('assignment.due_at')} and approval_request.status = 'PENDING'
      and step.clock_stopped_at is null and ${visible(actor, 'request:read', 'approval_request')}`,
  MILESTONE: ({ actor, past, titleOf }) => sql`
    select milestone.id, 'MILESTONE', plan.title || ' · ' || ${titleOf('milestone')}, plan.id, milestone.key, null,
      case when asked.role is null then plan.owner_id end, asked.role, milestone.due_at,
      (select count(*)::int from timer where timer.subject_id = plan.id and timer.kind = 'milestone-rung'
        and timer.state = 'FIRED' and timer.payload ->> 'milestone' = milestone.key), ${NO_REQUEST}
    from plan_milestone milestone join plan on plan.id = milestone.plan_id
      left join plan_template template on template.key = plan.template_key
      cross join lateral (select jsonb_path_query_first(template.definition,
        '$.milestones[*] ? (@.key == $key).responsible.role', jsonb_build_object('key', milestone.key)) #>> '{}' as role) asked
    where milestone.status in ('OPEN', 'WAITING') and ${past('milestone.due_at')} and plan.archived_at is null
      and ${visible(actor, 'plan:read', 'plan')}`,
  FOLLOW_UP: ({ actor, past, titleOf, now }) => sql`
    select follow_up.id, 'FOLLOW_UP', ${titleOf('follow_up')}, follow_up.subject_id, null, null, follow_up.person_id,
      follow_up.role_key, follow_up.due_at, follow_up.rung, ${NO_REQUEST}
    from follow_up where follow_up.status = 'OPEN' and ${past('follow_up.due_at')}
      and ${followUpsInScope(actor, 'followup:read', now)}`,
  STAGE: ({ actor, past, titleOf }) => sql`
    select stage.id, 'STAGE', project.title || ' · ' || ${titleOf('stage')}, project.id, stage.key, null,
      coalesce((select coalesce(question.asked_of_id, open.person_id) from document
        join approval_request request on request.subject_id = document.id and request.status = 'PENDING'
        join approval_assignment open on open.request_id = request.id and open.status = 'OPEN'
        left join approval_question question on question.request_id = request.id and question.status = 'OPEN'
          and question.step_key = open.step_key and question.round = open.round and question.asked_by_id = open.person_id
        where document.stage_id = stage.id and document.gate = case stage.status when 'STARTING' then 'START' else 'RESULT' end
        order by open.ordinal limit 1), project.owner_id), null, stage.stalls_at, stage.rung, ${NO_REQUEST}
    from project_stage stage join project on project.id = stage.project_id
    where stage.status in ('STARTING', 'RUNNING') and ${past('stage.stalls_at')} and project.status in ('DRAFT', 'RUNNING')
      and project.archived_at is null and ${visible(actor, 'project:read', 'project')}`,
  PAYMENT: ({ actor, past }) => sql`
    select term.id, 'PAYMENT', contract.number || ' · ' || term.title, contract.id, null, null, contract.owner_id, null,
      receivable.due_at, receivable.rung, ${NO_REQUEST}
    from receivable join payment_term term on term.id = receivable.term_id
      join contract on contract.id = receivable.contract_id
    where receivable.status = 'OPEN' and ${past('receivable.due_at')} and contract.archived_at is null
      and ${visible(actor, 'contract:read', 'contract')}`,
};

function stalledRows(
  ctx: Context,
  { personId, subjectType, kind, overdueSeconds, rung }: StalledFilter,
): RawBuilder<StalledRow> {
  const actor = requireViewer(ctx);
  const dueUntil = new Date(ctx.now.getTime() - bounded('overdueSeconds', overdueSeconds) * 1000);
  const asked: Asked = {
    actor,
    now: ctx.now,
    past: (column) =>
      dueUntil < ctx.now
        ? sql<boolean>`${sql.ref(column)} <= ${dueUntil}`
        : sql<boolean>`${sql.ref(column)} < ${dueUntil}`,
    titleOf: (table) => sql<string>`${sql.ref(`${table}.title_${ctx.language}`)}`,
  };
  const kinds = Object.values(StalledKind).filter(
    (one) => (!kind || kind.includes(one)) && (subjectType == null || one === StalledKind.ASSIGNMENT),
  );
  if (kinds.length === 0) return sql`${SOURCES.ASSIGNMENT(asked)} and false`;
  const all = sql.join(
    kinds.map((one) => SOURCES[one](asked)),
    sql` union all `,
  );
  const conditions = [sql<boolean>`true`];
  if (personId != null)
    conditions.push(sql<boolean>`item.person_id = ${isRowId(personId) ? personId : null}::uuid`);
  if (subjectType != null) conditions.push(sql<boolean>`item.subject_type = ${subjectType}`);
  if (rung != null) conditions.push(sql<boolean>`item.rung >= ${bounded('rung', rung)}`);
  return sql`select * from (${named(kinds[0]!, all, asked)}) item where ${sql.join(conditions, sql` and `)}`;
}

/** The first member of a union names its columns; only that of assignments has names, so it leads, empty if need be. */
const named = (first: StalledKind, all: RawBuilder<unknown>, asked: Asked): RawBuilder<unknown> =>
  first === StalledKind.ASSIGNMENT ? all : sql`${SOURCES.ASSIGNMENT(asked)} and false union all ${all}`;

function bounded(path: string, value: number | null | undefined): number {
  if ((value ?? 0) < 0)
    throw refusal('BAD_USER_INPUT', {
      reason: `${path} must not be negative`,
      fields: [{ path: `filter.${path}`, rule: '0..' }],
    });
  return value ?? 0;
}
