import type { EntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../../context.js';
import { isRefusal, refusal, type Refusal } from '../../errors.js';
import { recordKey } from '../../entities/approvals/idempotency-record.js';
import { readRequests } from '../../entities/approvals/request-rows.js';
import { isRowId } from '../../entities/is-row-id.js';
import { readDb, visible } from '../../entities/read-db.js';
import { permitOnAssignment, type AssignmentAction } from '../../workflows/permit.js';

interface Act {
  readonly assignmentId: string;
  readonly action: string;
  readonly idempotencyKey?: string | null | undefined;
}

/**
 * The core's answer to "may this person take this action on this assignment now?": null, or the refusal that the
 * mutation would give. What the person can't see does not exist. A repetition under a key that the person has used is
 * let through: the command gives the answer of the first time, or says that the payload differs.
 */
export async function refusalToAct(em: EntityManager, actor: Actor, act: Act): Promise<Refusal | null> {
  const refused = await refusalByCore(em, actor, act);
  return refused && act.idempotencyKey && (await isRepetition(em, actor, act.idempotencyKey))
    ? null
    : refused;
}

async function refusalByCore(
  em: EntityManager,
  actor: Actor,
  { assignmentId, action }: Act,
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

async function isRepetition(em: EntityManager, actor: Actor, idempotencyKey: string): Promise<boolean> {
  const known = await readDb(em)
    .selectFrom('idempotency_record')
    .select('key')
    .where('key', '=', recordKey(actor.id, idempotencyKey))
    .executeTakeFirst();
  return known !== undefined;
}
