import { MoveKind, RequestMove, type KeptRequest } from '../../entities/approvals/request-move.js';
import { definitionsOf, type StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { Timer, TimerState } from '../../entities/schedule/timer.js';
import { changeRow, insertRows, noWrites, writeRows } from '../../entities/write-rows.js';
import { isRefusal } from '../../errors.js';
import { MOVE_BATCH, MOVE_KEPT_MAX } from '../../limits.js';
import type { ProcessDefinition } from '../../workflows/process.js';
import type { Command } from '../../workflows/request.js';
import type { TransactionContext } from '../transaction.js';
import { applyCommand } from './apply-command.js';

/** The next batch of a move is due. */
export const REQUESTS_MOVE = 'requests-move';

/** The batch after this place, now: the timer's key says the place, so no batch is set twice. */
export async function scheduleNext(
  tx: TransactionContext,
  moveId: string,
  cursor: string | null,
): Promise<void> {
  const row = {
    id: newRowId(),
    key: `${REQUESTS_MOVE}/${moveId}/${cursor ?? 'first'}`,
    kind: REQUESTS_MOVE,
    subjectId: moveId,
    dueAt: tx.now,
    state: TimerState.SCHEDULED,
    payload: {},
  };
  await insertRows(tx.em, Timer, [row]);
  tx.wakes.push({ what: 'timer', id: row.id, at: row.dueAt });
}

/** The timer's act; the move itself knows how far it has come, so a stale timer does the next batch or nothing. */
export const moveNext = (tx: TransactionContext, timer: Timer): Promise<void> =>
  moveBatch(tx, timer.subjectId);

/**
 * Does one batch of a move under the lock of its row and notes the place, all in the caller's transaction. A request
 * that refuses stays as it is and is told; the others go on.
 */
export async function moveBatch(tx: TransactionContext, moveId: string): Promise<void> {
  const move = await lockMove(tx, moveId);
  if (!move || move.finishedAt !== null) return;
  const ids = await nextOf(tx, move);
  const command = await commandFor(tx, move);
  let { moved, keptCount } = move;
  const kept: KeptRequest[] = [...move.kept];
  for (const requestId of ids) {
    try {
      await applyCommand(tx, requestId, command);
      moved += 1;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      keptCount += 1;
      if (kept.length < MOVE_KEPT_MAX) kept.push({ requestId, code: error.code, details: error.details });
    }
  }
  const last = ids.length < MOVE_BATCH;
  const cursor = ids.at(-1) ?? move.cursor;
  const writes = noWrites();
  changeRow(writes, RequestMove, moveId, {
    cursor,
    moved,
    keptCount,
    kept,
    finishedAt: last ? tx.now : null,
  });
  await writeRows(tx.em, writes);
  if (!last) await scheduleNext(tx, moveId, cursor);
}

type Move = Pick<
  RequestMove,
  | 'id'
  | 'kind'
  | 'processKey'
  | 'toVersionId'
  | 'requestIds'
  | 'comment'
  | 'startedById'
  | 'cursor'
  | 'moved'
  | 'keptCount'
  | 'kept'
> & { readonly finishedAt: string | null };

async function lockMove(tx: TransactionContext, id: string): Promise<Move | undefined> {
  const row = await readDb(tx.em)
    .selectFrom('request_move')
    .select([
      'id',
      'kind',
      'process_key as processKey',
      'to_version_id as toVersionId',
      'request_ids as requestIds',
      'comment',
      'started_by_id as startedById',
      'cursor',
      'moved',
      'kept_count as keptCount',
      'kept',
      'finished_at as finishedAt',
    ])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row as unknown as Move | undefined;
}

/** The next requests by id, in the order in which every command that locks several takes them. */
async function nextOf(tx: TransactionContext, move: Move): Promise<string[]> {
  let query = readDb(tx.em)
    .selectFrom('approval_request as r')
    .innerJoin('process_version as v', 'v.id', 'r.process_version_id')
    .select('r.id')
    .where('v.key', '=', move.processKey)
    .where('r.status', 'in', ['PENDING', 'RETURNED'])
    .orderBy('r.id')
    .limit(MOVE_BATCH);
  if (move.toVersionId !== null) query = query.where('r.process_version_id', '<>', move.toVersionId);
  if (move.kind === MoveKind.RELEASE) query = query.where('r.pause_cause', '=', 'NEW_VERSION');
  if (move.cursor !== null) query = query.where('r.id', '>', move.cursor);
  if (move.requestIds !== null) query = query.where('r.id', 'in', move.requestIds);
  return (await query.execute()).map(({ id }) => id);
}

async function commandFor(
  tx: TransactionContext,
  { kind, comment, startedById: by, toVersionId }: Move,
): Promise<(stored: StoredRequest) => Command> {
  if (kind === MoveKind.HOLD) return () => ({ type: 'hold', by, comment });
  if (kind === MoveKind.RELEASE) return () => ({ type: 'release-hold', by, comment });
  const definition = (await definitionsOf(tx.em, [toVersionId!])).get(toVersionId!) as ProcessDefinition;
  return () => ({ type: 'migrate', by, definition, comment });
}
