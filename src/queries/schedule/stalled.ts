import { sql } from 'kysely';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { SubjectType } from '../../entities/approvals/enums.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible } from '../../entities/read-db.js';
import { Instant } from '../../entities/scalars.js';
import { refusal } from '../../errors.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { requireViewer } from '../filters.js';

@InputType({ description: 'Which stalled items to list; all conditions hold together.' })
export class StalledFilter {
  @Field(() => ID, { nullable: true, description: 'Only what waits for this person.' })
  personId?: string | null;

  @Field(() => SubjectType, { nullable: true, description: 'Only requests about this kind of thing.' })
  subjectType?: SubjectType | null;

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

/** An assignment that nobody has decided in time. */
@ObjectType({
  description:
    'A step that waits for a person longer than it should: whose turn it is, and by how much it is overdue.',
})
export class StalledItem {
  @Field(() => ID, { description: 'Id of the open assignment.' })
  id!: string;

  @Field(() => StalledRequest, { description: 'The request.' })
  request!: StalledRequest;

  @Field(() => String, { description: 'Key of the step in the process definition.' })
  stepKey!: string;

  @Field(() => String, { description: 'Title of the step, in the language of the request.' })
  stepTitle!: string;

  personId!: string;

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

/** Every open assignment past its due time that the viewer may see, longest overdue first. @throws BAD_USER_INPUT */
export async function stalled(
  ctx: Context,
  filter: StalledFilter | null | undefined,
  args: PageArgs,
): Promise<ConnectionOf<StalledItem>> {
  const { limit, after } = pageOf(args);
  const found = stalledRows(ctx, filter ?? {});
  const page = after
    ? found.where(
        sql<boolean>`(assignment.due_at, assignment.id) > (${after[0]}::timestamptz, ${after[1]}::uuid)`,
      )
    : found;
  const title = ctx.language === 'zh' ? 'step.title_zh as stepTitle' : 'step.title_en as stepTitle';
  const rows = await page
    .select([
      'assignment.id',
      'assignment.step_key as stepKey',
      title,
      'assignment.person_id as personId',
      'assignment.due_at as dueAt',
      'step.rung',
      'approval_request.id as requestId',
      'approval_request.number',
      'approval_request.title',
      'approval_request.subject_type as subjectType',
    ])
    .orderBy('assignment.due_at')
    .orderBy('assignment.id')
    .limit(limit + 1)
    .execute();
  const items = rows.map(({ requestId, number, title, subjectType, dueAt, ...row }): StalledItem => {
    const due = new Date(dueAt as string);
    const request = {
      id: requestId,
      number,
      title,
      subjectType: SubjectType[subjectType as keyof typeof SubjectType],
    };
    return {
      ...row,
      request,
      dueAt: due,
      overdueSeconds: Math.floor((ctx.now.getTime() - due.getTime()) / 1000),
    };
  });
  const count = async (): Promise<number> => {
    const { total } = await found.select(sql<string>`count(*)`.as('total')).executeTakeFirstOrThrow();
    return Number(total);
  };
  return new StalledItemConnection({
    rows: items,
    limit,
    key: (item) => [item.dueAt.toISOString(), item.id],
    count,
  });
}

function stalledRows(ctx: Context, { personId, subjectType, overdueSeconds, rung }: StalledFilter) {
  const actor = requireViewer(ctx);
  const dueUntil = new Date(ctx.now.getTime() - bounded('overdueSeconds', overdueSeconds) * 1000);
  let query = readDb(ctx.em)
    .selectFrom('approval_assignment as assignment')
    .innerJoin('approval_request', 'approval_request.id', 'assignment.request_id')
    .innerJoin('approval_step as step', (join) =>
      join
        .onRef('step.request_id', '=', 'assignment.request_id')
        .onRef('step.round', '=', 'assignment.round')
        .onRef('step.key', '=', 'assignment.step_key')
        .onRef('step.attempt', '=', 'assignment.attempt'),
    )
    .where('assignment.status', '=', 'OPEN')
    .where('assignment.due_at', dueUntil < ctx.now ? '<=' : '<', dueUntil as never)
    .where('approval_request.status', '=', 'PENDING')
    .where('step.clock_stopped_at', 'is', null)
    .where(visible(actor, 'request:read', 'approval_request'));
  if (personId != null) query = query.where('assignment.person_id', '=', isRowId(personId) ? personId : null);
  if (subjectType != null) query = query.where('approval_request.subject_type', '=', subjectType);
  if (rung != null) query = query.where('step.rung', '>=', bounded('rung', rung));
  return query;
}

function bounded(path: string, value: number | null | undefined): number {
  if ((value ?? 0) < 0)
    throw refusal('BAD_USER_INPUT', {
      reason: `${path} must not be negative`,
      fields: [{ path: `filter.${path}`, rule: '0..' }],
    });
  return value ?? 0;
}
