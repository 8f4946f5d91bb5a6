import { Field, ID, InputType } from 'type-graphql';
import { sql } from 'kysely';
import type { Actor, Context } from '../../context.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { ApprovalRequestStatus, SubjectType } from '../../entities/approvals/enums.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';
import { requestRows } from './request-view.js';

@InputType({ description: 'Narrows the list of requests.' })
export class ApprovalRequestFilter {
  @Field(() => [ApprovalRequestStatus], { nullable: true, description: 'Only these statuses.' })
  status?: ApprovalRequestStatus[] | null;

  @Field(() => SubjectType, { nullable: true, description: 'Only subjects of this kind.' })
  subjectType?: SubjectType | null;

  @Field(() => ID, { nullable: true, description: 'Only requests for this subject.' })
  subjectId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only requests by this person.' })
  requesterId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Only requests in which a step is blocked.' })
  blocked?: boolean | null;
}

export const ApprovalRequestConnection = connectionType(ApprovalRequest, 'ApprovalRequest');

/** The requests that the viewer may see, newest first. */
export async function approvalRequests(
  ctx: Context,
  filter: ApprovalRequestFilter,
  args: PageArgs,
): Promise<ConnectionOf<ApprovalRequest>> {
  const page = pageOf(args);
  const conditions = conditionsOf(ctx, filter);
  let rows = requestRows(ctx)
    .where(conditions)
    .orderBy('submitted_at', 'desc')
    .orderBy('id', 'desc')
    .limit(page.limit + 1);
  if (page.after) {
    const [submittedAt, id] = page.after;
    rows = rows.where(sql<boolean>`(submitted_at, id) < (${submittedAt}::timestamptz, ${id}::uuid)`);
  }
  return new ApprovalRequestConnection({
    rows: (await rows.execute()) as unknown as ApprovalRequest[],
    limit: page.limit,
    key: (row) => [String(row.submittedAt), row.id],
    count: async () => {
      const { count } = await readDb(ctx.em)
        .selectFrom('approval_request')
        .where(conditions)
        .select((eb) => eb.fn.countAll<string>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(count);
    },
  });
}

function conditionsOf(ctx: Context, filter: ApprovalRequestFilter) {
  const all = [visible(ctx.actor as Actor, 'request:read', 'approval_request')];
  if (filter.status)
    all.push(filter.status.length === 0 ? sql`false` : sql`status in (${sql.join(filter.status)})`);
  if (filter.subjectType) all.push(sql`subject_type = ${filter.subjectType}`);
  if (filter.subjectId)
    all.push(isRowId(filter.subjectId) ? sql`subject_id = ${filter.subjectId}` : sql`false`);
  if (filter.requesterId)
    all.push(isRowId(filter.requesterId) ? sql`requester_id = ${filter.requesterId}` : sql`false`);
  if (typeof filter.blocked === 'boolean') {
    const blocked = sql<boolean>`(status = 'PENDING' and exists (select 1 from approval_step s where s.request_id = approval_request.id
      and s.round = approval_request.round and s.status = 'BLOCKED'))`;
    all.push(filter.blocked ? blocked : sql`not ${blocked}`);
  }
  return sql<boolean>`${sql.join(all, sql` and `)}`;
}
