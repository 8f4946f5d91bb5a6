import { Field, ObjectType } from 'type-graphql';
import type { Context } from '../../context.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import type { KeptRequest, RequestMove } from '../../entities/approvals/request-move.js';
import { readDb } from '../../entities/read-db.js';

@ObjectType({ description: 'A request that a move left as it was.' })
export class KeptRequestView {
  @Field(() => ApprovalRequest, { description: 'The request.' })
  request!: ApprovalRequest;

  @Field(() => String, { description: 'Code of the refusal, such as MIGRATION_IMPOSSIBLE.' })
  code!: string;

  @Field(() => String, { description: 'Why it could not be moved.' })
  reason!: string;
}

const MOVES_SHOWN = 50;

const moveRows = (ctx: Context) =>
  readDb(ctx.em)
    .selectFrom('request_move')
    .leftJoin('process_version', 'process_version.id', 'request_move.to_version_id')
    .select([
      'request_move.id',
      'request_move.kind',
      'request_move.process_key as processKey',
      'process_version.version as toVersion',
      'request_move.comment',
      'request_move.started_by_id as startedById',
      'request_move.started_at as startedAt',
      'request_move.moved',
      'request_move.kept_count as keptCount',
      'request_move.kept',
      'request_move.finished_at as finishedAt',
    ]);

/** The moves of the open requests of a process, newest first, at most 50. */
export async function requestMoves(ctx: Context, processKey: string): Promise<RequestMove[]> {
  const rows = await moveRows(ctx)
    .where('request_move.process_key', '=', processKey)
    .orderBy('request_move.started_at', 'desc')
    .orderBy('request_move.id', 'desc')
    .limit(MOVES_SHOWN)
    .execute();
  return rows.map(toMove);
}

/** The move with this id, which exists, as it stands. */
export async function requestMoveById(ctx: Context, id: string): Promise<RequestMove> {
  return toMove(await moveRows(ctx).where('request_move.id', '=', id).executeTakeFirstOrThrow());
}

const toMove = (row: { startedAt: string; finishedAt: string | null; kept: unknown }): RequestMove =>
  ({
    ...row,
    kept: row.kept as readonly KeptRequest[],
    startedAt: new Date(row.startedAt),
    finishedAt: row.finishedAt === null ? null : new Date(row.finishedAt),
  }) as unknown as RequestMove;
