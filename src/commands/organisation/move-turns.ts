import { sql } from 'kysely';
import { isRefusal } from '../../errors.js';
import { readDb } from '../../entities/read-db.js';
import type { Command } from '../../workflows/request.js';
import { applyCommand } from '../approvals/apply-command.js';
import type { TransactionContext } from '../transaction.js';

/** A request that could not follow a change of people. */
export interface Stuck {
  readonly requestId: string;
  readonly reason: string;
}

export interface MovedTurns {
  /** Assignments that are in other hands now. */
  readonly moved: number;
  /** Requests for which someone else answers now. */
  readonly contacts: number;
  readonly stuck: readonly Stuck[];
}

/** Requests with a live turn of the person, in the order in which every command that locks several takes them. */
export async function requestsAsking(tx: TransactionContext, personId: string): Promise<string[]> {
  const rows = await readDb(tx.em)
    .selectFrom('approval_assignment')
    .select('request_id')
    .distinct()
    .where('person_id', '=', personId)
    .where('status', 'in', ['OPEN', 'WAITING'])
    .orderBy('request_id')
    .execute();
  return rows.map((row) => row.request_id);
}

/** Requests in which a leaver has a turn, for which they answer, or in which they were asked something. */
export async function requestsOfLeaver(tx: TransactionContext, personId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select r.id from approval_request r
    where r.status in ('PENDING', 'RETURNED') and (coalesce(r.contact_id, r.requester_id) = ${personId}
      or exists (select 1 from approval_assignment a where a.request_id = r.id and a.person_id = ${personId}
        and a.status in ('OPEN', 'WAITING'))
      or exists (select 1 from approval_question q where q.request_id = r.id and q.asked_of_id = ${personId}
        and q.status = 'OPEN')) order by r.id`.execute(readDb(tx.em));
  return rows.map(({ id }) => id);
}

/** Requests in which someone has stood in for the person and may do so still. */
export async function requestsStoodInFor(tx: TransactionContext, personId: string): Promise<string[]> {
  const rows = await readDb(tx.em)
    .selectFrom('approval_assignment as a')
    .innerJoin('approval_request as r', 'r.id', 'a.request_id')
    .select('a.request_id')
    .distinct()
    .where('a.hand_over_from_id', '=', personId)
    .where('a.hand_over_kind', '=', 'ABSENCE')
    .where('r.status', '=', 'PENDING')
    .orderBy('a.request_id')
    .execute();
  return rows.map((row) => row.request_id);
}

/**
 * Gives each request the command under its lock. A refusal (a condition that can't be answered, say) leaves that
 * request as it is and is told; the others go on.
 */
export async function moveTurns(
  tx: TransactionContext,
  requestIds: readonly string[],
  command: Command,
): Promise<MovedTurns> {
  let moved = 0;
  let contacts = 0;
  const stuck: Stuck[] = [];
  for (const requestId of requestIds) {
    try {
      const { facts } = await applyCommand(tx, requestId, command);
      moved += facts.filter((fact) => fact.type === 'HANDED_OVER' || fact.type === 'GIVEN_BACK').length;
      contacts += facts.filter((fact) => fact.type === 'CONTACT_CHANGED').length;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      stuck.push({ requestId, reason: error.code });
    }
  }
  return { moved, contacts, stuck };
}
