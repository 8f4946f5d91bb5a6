import { sql } from 'kysely';
import { Field, ID, InputType } from 'type-graphql';
import type { Context } from '../../context.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb } from '../../entities/read-db.js';
import { FollowUp, FollowUpEvent, FollowUpKind, FollowUpStatus } from '../../entities/schedule/follow-up.js';
import { followUpsInScope, turnOf } from '../../entities/schedule/follow-up-scope.js';
import { readRecords, RecordKind, type RecordRow } from '../../entities/schedule/record-kinds.js';
import { refusal } from '../../errors.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { countOf, isOneOf, refersTo, requireViewer } from '../filters.js';
import { loadMany, loadOne } from '../load.js';
import { windowOf, type Window } from './windows.js';

@InputType({ description: 'Which follow-ups; all conditions hold together.' })
export class FollowUpFilter {
  @Field(() => Boolean, {
    nullable: true,
    description: 'Only those whose turn is yours: your own, and those of your roles.',
  })
  mine?: boolean | null;

  @Field(() => RecordKind, { nullable: true, description: 'About this kind of record.' })
  subjectType?: RecordKind | null;

  @Field(() => ID, { nullable: true, description: 'About this record.' })
  subjectId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Those of this person.' })
  personId?: string | null;

  @Field(() => String, { nullable: true, description: 'Those for whoever holds this role.' })
  roleKey?: string | null;

  @Field(() => [FollowUpStatus], { nullable: true, description: 'One of these states.' })
  status?: FollowUpStatus[] | null;

  @Field(() => [FollowUpKind], { nullable: true, description: 'One of these kinds.' })
  kind?: FollowUpKind[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Only open ones that are past due.' })
  overdue?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Only open ones that have no due time: their rule waits for an event.',
  })
  waiting?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: 'Due in the window of this rule (of kind rolling-window), by its key.',
  })
  dueIn?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Done in the window of this rule (of kind rolling-window), by its key.',
  })
  doneIn?: string | null;

  @Field(() => String, { nullable: true, description: 'Made by the recurring rule with this key.' })
  ruleKey?: string | null;
}

export const FollowUpConnection = connectionType(FollowUp, 'FollowUp');

/** The columns of a follow-up under the names of its fields. */
const COLUMNS = [
  'follow_up.id',
  'follow_up.subject_type as subjectType',
  'follow_up.subject_id as subjectId',
  'follow_up.kind',
  'follow_up.title_en as titleEn',
  'follow_up.title_zh as titleZh',
  'follow_up.note',
  'follow_up.priority',
  'follow_up.person_id as personId',
  'follow_up.role_key as roleKey',
  'follow_up.role_department_id as roleDepartmentId',
  'follow_up.department_id as departmentId',
  'follow_up.status',
  'follow_up.due_at as dueAt',
  'follow_up.rule',
  'follow_up.waiting_for as waitingFor',
  'follow_up.violation',
  'follow_up.ladder',
  'follow_up.rung',
  'follow_up.repeat',
  'follow_up.occurrence',
  'follow_up.previous_id as previousId',
  'follow_up.rule_id as ruleId',
  'follow_up.outcome_kind as outcomeKind',
  'follow_up.outcome',
  'follow_up.done_at as doneAt',
  'follow_up.done_by_id as doneById',
  'follow_up.created_by_id as createdById',
  'follow_up.created_at as createdAt',
  'follow_up.updated_at as updatedAt',
  'follow_up.version',
] as const;

const NEVER = '9999-12-31T00:00:00.000Z';
const DUE = sql<string>`coalesce(follow_up.due_at, '9999-12-31 00:00:00+00'::timestamptz)`;

/** The follow-ups that the viewer may see, soonest due first, those without a due time last. @throws BAD_USER_INPUT */
export async function followUps(
  ctx: Context,
  filter: FollowUpFilter | null,
  args: PageArgs,
): Promise<ConnectionOf<FollowUp>> {
  const viewer = requireViewer(ctx);
  const page = pageOf(args);
  const found = await filtered(ctx, filter ?? {});
  const rows = await found
    .select(COLUMNS)
    .where(
      page.after
        ? sql<boolean>`(${DUE}, follow_up.id) > (${page.after[0]}::timestamptz, ${page.after[1]}::uuid)`
        : sql<boolean>`true`,
    )
    .where(followUpsInScope(viewer, 'followup:read', ctx.now))
    .orderBy(DUE)
    .orderBy('follow_up.id')
    .limit(page.limit + 1)
    .execute();
  return new FollowUpConnection({
    rows: rows as unknown as FollowUp[],
    limit: page.limit,
    key: ({ dueAt, id }) => [dueAt === null ? NEVER : new Date(dueAt).toISOString(), id],
    count: () => countOf(found.where(followUpsInScope(viewer, 'followup:read', ctx.now))),
  });
}

async function filtered(ctx: Context, filter: FollowUpFilter) {
  const viewer = requireViewer(ctx);
  const within = async (key: string | null | undefined, path: string): Promise<Window | null> =>
    key ? windowOf(ctx, key, path) : null;
  const due = await within(filter.dueIn, 'filter.dueIn');
  const done = await within(filter.doneIn, 'filter.doneIn');
  let query = readDb(ctx.em)
    .selectFrom('follow_up')
    .where(isOneOf('follow_up.status', filter.status))
    .where(isOneOf('follow_up.kind', filter.kind))
    .where(refersTo('follow_up.subject_id', filter.subjectId, 'filter.subjectId'))
    .where(refersTo('follow_up.person_id', filter.personId, 'filter.personId'));
  if (filter.mine) query = query.where(turnOf(viewer.id, ctx.now));
  if (filter.subjectType) query = query.where('follow_up.subject_type', '=', filter.subjectType);
  if (filter.roleKey) query = query.where('follow_up.role_key', '=', filter.roleKey);
  if (filter.overdue)
    query = query.where('follow_up.status', '=', 'OPEN').where('follow_up.due_at', '<', ctx.now as never);
  if (filter.waiting)
    query = query.where('follow_up.status', '=', 'OPEN').where('follow_up.due_at', 'is', null);
  if (filter.ruleKey) {
    const { ruleKey } = filter;
    query = query.where('follow_up.rule_id', 'in', (from) =>
      from.selectFrom('recurring_rule').select('id').where('key', '=', ruleKey),
    );
  }
  if (due)
    query = query
      .where('follow_up.due_at', '>=', due.from as never)
      .where('follow_up.due_at', '<', due.until as never);
  if (done)
    query = query
      .where('follow_up.status', '=', 'DONE')
      .where('follow_up.done_at', '>=', done.from as never)
      .where('follow_up.done_at', '<', done.until as never);
  return query;
}

/** A follow-up that the viewer may see, batched; null when there is none, or it is out of scope. */
export function followUpById(ctx: Context, id: string): Promise<FollowUp | null> {
  const viewer = requireViewer(ctx);
  const read = (ids: readonly string[]): Promise<FollowUp[]> =>
    readDb(ctx.em)
      .selectFrom('follow_up')
      .select(COLUMNS)
      .where('follow_up.id', 'in', ids)
      .where(followUpsInScope(viewer, 'followup:read', ctx.now))
      .execute() as Promise<unknown> as Promise<FollowUp[]>;
  return loadOne(ctx, 'followUp', id, read, (row) => row.id);
}

/** The follow-up asked for. @throws NOT_FOUND */
export async function followUp(ctx: Context, id: string): Promise<FollowUp> {
  const found = isRowId(id) ? await followUpById(ctx, id.toLowerCase()) : null;
  if (!found) throw refusal('NOT_FOUND', { what: 'follow-up' });
  return found;
}

/** The trail of a follow-up that the viewer has before them, oldest first, batched. */
export function eventsOf(ctx: Context, followUpId: string): Promise<FollowUpEvent[]> {
  const read = (ids: readonly string[]): Promise<FollowUpEvent[]> =>
    readDb(ctx.em)
      .selectFrom('follow_up_event')
      .select(['id', 'follow_up_id as followUpId', 'type', 'by_id as byId', 'at', 'details'])
      .where('follow_up_id', 'in', ids)
      .orderBy('at')
      .orderBy('id')
      .execute() as Promise<unknown> as Promise<FollowUpEvent[]>;
  return loadMany(ctx, 'followUpEvents', followUpId, read, (row) => row.followUpId);
}

/** What the record that a follow-up is about is called, as far as the viewer may see it. */
export async function subjectTitle(
  ctx: Context,
  { subjectType, subjectId }: FollowUp,
): Promise<string | null> {
  const viewer = requireViewer(ctx);
  if (subjectType === null || subjectId === null) return null;
  const read = (ids: readonly string[]): Promise<RecordRow[]> =>
    readRecords(ctx.em, subjectType, ids, viewer);
  return (await loadOne(ctx, `record ${subjectType}`, subjectId, read, (row) => row.id))?.title ?? null;
}
