import { Field, ID, InputType } from 'type-graphql';
import { sql } from 'kysely';
import type { Context } from '../../context.js';
import { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import { SubjectType } from '../../entities/approvals/enums.js';
import { readDb } from '../../entities/read-db.js';
import { connectionType, pageOf, type ConnectionOf, type PageArgs } from '../connection.js';

@InputType({ description: 'Narrows the inbox.' })
export class InboxFilter {
  @Field(() => SubjectType, { nullable: true, description: 'Only subjects of this kind.' })
  subjectType?: SubjectType | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Only what is past its due time (true) or not yet (false).',
  })
  overdue?: boolean | null;

  @Field(() => ID, { nullable: true, description: 'Only this request.' })
  requestId?: string | null;
}

export const AssignmentConnection = connectionType(ApprovalAssignment, 'Assignment');

/** What waits for the viewer, most urgent first: one statement over one index range, whatever the history. */
export async function inbox(
  ctx: Context,
  filter: InboxFilter,
  args: PageArgs,
): Promise<ConnectionOf<ApprovalAssignment>> {
  const page = pageOf(args);
  let rows = openFor(ctx, filter)
    .innerJoin('approval_step as s', (join) =>
      join
        .onRef('s.request_id', '=', 'a.request_id')
        .onRef('s.round', '=', 'a.round')
        .onRef('s.key', '=', 'a.step_key')
        .onRef('s.attempt', '=', 'a.attempt'),
    )
    .innerJoin('app_user as owner', 'owner.id', 'r.owner_id')
    .select([
      'a.id',
      'a.status',
      'a.round',
      'a.rule',
      'a.opened_at',
      'a.due_at',
      'a.urgent_at',
      'a.comment',
      'a.person_id',
      'a.hand_over_kind',
      'a.hand_over_from_id',
      'a.ordinal',
      'a.pool',
      'a.claimed_at',
      's.key as step_key',
      's.title_en',
      's.title_zh',
      'r.id as request_id',
      'r.number',
      'r.status as request_status',
      'r.round as request_round',
      'r.title',
      'r.subject_type',
      'r.subject_id',
      'r.subject_number',
      'r.purpose',
      'r.amount',
      'r.currency',
      'r.digest',
      'r.submitted_at',
      'r.process_version_id',
      'r.department_id',
      'r.requester_id',
      'owner.id as owner_id',
      'owner.name as owner_name',
      'owner.email as owner_email',
      'owner.language as owner_language',
      'owner.active as owner_active',
    ])
    .orderBy('a.urgent_at')
    .orderBy('a.id')
    .limit(sql.lit(page.limit + 1));
  if (page.after) {
    const [urgentAt, id] = page.after;
    rows = rows.where(sql<boolean>`(a.urgent_at, a.id) > (${urgentAt}::timestamptz, ${id}::uuid)`);
  }
  const found = await rows.execute();
  const language = ctx.language;
  return new AssignmentConnection({
    rows: found.map((row) => toAssignment(row, language)),
    limit: page.limit,
    key: (row) => [(row as unknown as { urgentAt: string }).urgentAt, row.id],
    count: async () => {
      const { count } = await openFor(ctx, filter)
        .select((eb) => eb.fn.countAll<string>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(count);
    },
  });
}

function openFor(ctx: Context, filter: InboxFilter) {
  let rows = readDb(ctx.em)
    .selectFrom('approval_assignment as a')
    .innerJoin('approval_request as r', 'r.id', 'a.request_id')
    .where('a.person_id', '=', ctx.actor?.id ?? '')
    .where(sql<boolean>`a.status = 'OPEN'`);
  if (filter.subjectType) rows = rows.where('r.subject_type', '=', filter.subjectType);
  if (filter.requestId) rows = rows.where('r.id', '=', filter.requestId);
  if (typeof filter.overdue === 'boolean')
    rows = rows.where('a.urgent_at', filter.overdue ? '<=' : '>', ctx.now.toISOString());
  return rows;
}

type Row = Record<string, unknown>;

/** The row as the Assignment type has it, its step and request already there: nothing more is read for them. */
function toAssignment(row: Row, language: 'en' | 'zh'): ApprovalAssignment {
  return {
    id: row['id'],
    requestId: row['request_id'],
    ordinal: row['ordinal'],
    personId: row['person_id'],
    status: row['status'],
    round: row['round'],
    rule: row['rule'],
    openedAt: row['opened_at'],
    dueAt: row['due_at'],
    urgentAt: row['urgent_at'],
    decidedAt: null,
    comment: row['comment'],
    evidence: null,
    reason: null,
    pool: row['pool'],
    claimedAt: row['claimed_at'],
    handOverKind: row['hand_over_kind'],
    handOverFromId: row['hand_over_from_id'],
    step: { key: row['step_key'], title: language === 'zh' ? row['title_zh'] : row['title_en'] },
    request: {
      id: row['request_id'],
      number: row['number'],
      processVersionId: row['process_version_id'],
      status: row['request_status'],
      round: row['request_round'],
      title: row['title'],
      subjectType: row['subject_type'],
      subjectId: row['subject_id'],
      subjectNumber: row['subject_number'],
      purpose: row['purpose'],
      amount: row['amount'],
      currency: row['currency'],
      digest: row['digest'],
      submittedAt: row['submitted_at'],
      endedAt: null,
      departmentId: row['department_id'],
      ownerId: row['owner_id'],
      requesterId: row['requester_id'],
      owner: ownerOf(row),
    },
  } as unknown as ApprovalAssignment;
}

const ownerOf = (row: Row): Row => ({
  id: row['owner_id'],
  name: row['owner_name'],
  email: row['owner_email'],
  language: row['owner_language'],
  active: row['owner_active'],
});
