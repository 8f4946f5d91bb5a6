import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../context.js';
import { isRefusal, refusal, type Refusal } from '../../errors.js';
import { readRequests } from '../../entities/approvals/request-rows.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible } from '../../entities/read-db.js';
import { permitOnAssignment, type AssignmentAction } from '../../workflows/permit.js';

/**
 * The core's answer to "may this person take this action on this assignment now?": null, or the refusal that the
 * mutation would give. What the person can't see does not exist.
 */
export async function refusalToAct(
  em: EntityManager,
  actor: Actor,
  assignmentId: string,
  action: string,
): Promise<Refusal | null> {
  const found = isRowId(assignmentId)
    ? await readDb(em)
        .selectFrom('approval_assignment as a')
        .innerJoin('approval_request', 'approval_request.id', 'a.request_id')
        .select(['a.request_id', 'a.ordinal'])
        .where('a.id', '=', assignmentId)
        .where(visible(actor, 'request:read', 'approval_request'))
        .executeTakeFirst()
    : undefined;
  const [stored] = found ? await readRequests(em, [found.request_id]) : [];
  if (!found || !stored) return refusal('NOT_FOUND', { what: 'assignment' });
  try {
    permitOnAssignment(stored.state, found.ordinal, action as AssignmentAction, actor.id);
    return null;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}
