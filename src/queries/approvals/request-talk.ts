import type { Context } from '../../context.js';
import type { ApprovalQuestion } from '../../entities/approvals/approval-question.js';
import { readDb } from '../../entities/read-db.js';
import { loadMany } from '../load.js';

/** The questions of a request in the order in which they were asked, batched. */
export const questionsOf = (ctx: Context, requestId: string): Promise<ApprovalQuestion[]> =>
  loadMany(
    ctx,
    'questions',
    requestId,
    async (ids: readonly string[]) =>
      (await readDb(ctx.em)
        .selectFrom('approval_question')
        .select([
          'id',
          'request_id as requestId',
          'number',
          'step_key as stepKey',
          'asked_by_id as askedById',
          'asked_of_id as askedOfId',
          'question',
          'stops_clock as stopsClock',
          'status',
          'asked_at as askedAt',
          'answer',
          'answered_at as answeredAt',
        ])
        .where('request_id', 'in', ids)
        .orderBy('request_id')
        .orderBy('number')
        .execute()) as unknown as ApprovalQuestion[],
    (row) => row.requestId,
  );

/** Ids of those copied in, in the order in which they were, batched. */
export async function readersOf(ctx: Context, requestId: string): Promise<string[]> {
  const rows = await loadMany(
    ctx,
    'readers',
    requestId,
    (ids: readonly string[]) =>
      readDb(ctx.em)
        .selectFrom('approval_reader')
        .select(['request_id as requestId', 'person_id as personId'])
        .where('request_id', 'in', ids)
        .orderBy('request_id')
        .orderBy('id')
        .execute(),
    (row) => row.requestId,
  );
  return rows.map(({ personId }) => personId);
}
