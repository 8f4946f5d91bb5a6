import { sql } from 'kysely';
import type { Actor, Context } from '../../context.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible, type ScopedTable } from '../../entities/read-db.js';
import { followUpsInScope } from '../../entities/schedule/follow-up-scope.js';
import type { Timer } from '../../entities/schedule/timer.js';
import { refusal } from '../../errors.js';
import { requireViewer } from '../filters.js';

/** Timers shown for one subject: a request has tens, a plan one or two for each milestone. */
const TIMERS_MAX = 500;

/** What a subject's id may name, and the permission to see it. */
const SUBJECTS: Readonly<Record<string, { readonly table: ScopedTable; readonly permission: string }>> = {
  plan: { table: 'plan', permission: 'plan:read' },
  contract: { table: 'contract', permission: 'contract:read' },
  project: { table: 'project', permission: 'project:read' },
  document: { table: 'document', permission: 'document:read' },
};

/**
 * What will happen next to this thing, and what has: the timers of a request or plan itself, and of every visible
 * approval request about it. Those that are still to act come first. @throws UNAUTHENTICATED, NOT_FOUND
 */
export async function timersOf(ctx: Context, subjectId: string): Promise<Timer[]> {
  const viewer = requireViewer(ctx);
  const ids = isRowId(subjectId) ? await visibleSubjects(ctx, viewer, subjectId) : [];
  if (ids.length === 0) throw refusal('NOT_FOUND', { what: 'subject' });
  return readDb(ctx.em)
    .selectFrom('timer')
    .select([
      'id',
      'key',
      'kind',
      'subject_id as subjectId',
      'due_at as dueAt',
      'state',
      'payload',
      'paused_at as pausedAt',
      'fired_at as firedAt',
    ])
    .where('subject_id', 'in', ids)
    .orderBy(sql`state in ('SCHEDULED', 'PAUSED')`, 'desc')
    .orderBy('due_at')
    .orderBy('id')
    .limit(TIMERS_MAX)
    .execute() as Promise<unknown> as Promise<Timer[]>;
}

/** The subject itself and the requests about it, as far as the person may see them; empty: it does not exist for them. */
async function visibleSubjects(ctx: Context, actor: Actor, id: string): Promise<string[]> {
  const db = readDb(ctx.em);
  const requests = db
    .selectFrom('approval_request')
    .select('approval_request.id')
    .where((is) => is.or([is('id', '=', id), is('subject_id', '=', id)]))
    .where(visible(actor, 'request:read', 'approval_request'));
  const followUps = db
    .selectFrom('follow_up')
    .select('follow_up.id')
    .where('id', '=', id)
    .where(followUpsInScope(actor, 'followup:read', ctx.now));
  const all = Object.values(SUBJECTS).reduce(
    (query, { table, permission }) =>
      query.unionAll(
        db
          .selectFrom(table)
          .select(`${table}.id`)
          .where(`${table}.id`, '=', id)
          .where(visible(actor, permission, table)),
      ),
    requests.unionAll(followUps),
  );
  return (await all.execute()).map((row) => row.id);
}
