import { setImmediate as breathe } from 'node:timers/promises';
import { Field, ID, InputType, Int } from 'type-graphql';
import type { Context } from '../../context.js';
import { MoveKind, RequestMove, type KeptRequest } from '../../entities/approvals/request-move.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb, visible } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { insertRows } from '../../entities/write-rows.js';
import { refusal } from '../../errors.js';
import { COMMENT_MAX_LENGTH, MOVED_AT_ONCE_MAX } from '../../limits.js';
import { dryRunMigration, type MigrationDryRun } from '../../workflows/migration-dry-run.js';
import { once } from '../idempotency.js';
import { check, checkText, requireSound } from '../input.js';
import { inTransaction, requireActor, requireId, type TransactionContext } from '../transaction.js';
import type { RequestState, World } from '../../workflows/request.js';
import { loadWorld, withoutOwn } from './load-world.js';
import { moveBatch, scheduleNext } from './move-requests.js';
import { publishedAs } from './newest-version.js';
import { openRequests } from './open-requests.js';

@InputType()
abstract class MoveInput {
  @Field(() => String, { description: 'Key of the process.' })
  processKey!: string;

  @Field(() => [ID], {
    nullable: true,
    description:
      'Only these requests, at most 100; left out: every open one, which asks for the scope `all`.',
  })
  ids?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why, 1 to 4000 characters; required but for a dry run. Every request keeps it.',
  })
  comment?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The same key and payload give the same answer and do nothing twice; at most 200 characters.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'Open requests to move to another version of their process.' })
export class MigrateRequestsInput extends MoveInput {
  @Field(() => Int, { description: 'The version, which is the published one.' })
  toVersion!: number;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Only say what would become of each of them, at most 2000; nothing is written.',
  })
  dryRun?: boolean | null;
}

@InputType({ description: 'Held requests to let go on, on the version they have.' })
export class ReleaseRequestsInput extends MoveInput {}

export interface DryRun {
  readonly stored: StoredRequest;
  readonly migration: MigrationDryRun;
}

/** A move that has begun, or what it would come to. */
export interface MoveStarted {
  readonly moveId: string | null;
  readonly dryRuns: readonly DryRun[];
}

/**
 * Moves open requests to the published version of their process: each by itself, those that can't be moved stay and
 * are listed with the reason. The first batch is done when this answers, the rest by timers.
 * @throws NOT_FOUND, BAD_USER_INPUT, FORBIDDEN, IDEMPOTENCY_CONFLICT
 */
export async function migrateRequests(ctx: Context, input: MigrateRequestsInput): Promise<MoveStarted> {
  if (input.dryRun !== true) return { moveId: await start(ctx, MoveKind.MIGRATE, input), dryRuns: [] };
  const ids = requestIdsOf(input);
  const to = await publishedAs(ctx, input.processKey, input.toVersion);
  await requireReach(ctx, ids);
  const { requests } = await openRequests(ctx, input.processKey, ids);
  const world = await loadWorld(ctx, to.definition, null);
  const worldOf = (state: RequestState): World => ({
    ...world,
    load: world.load && withoutOwn(world.load, state),
  });
  const dryRuns: DryRun[] = [];
  for (const [index, stored] of requests.entries()) {
    if (index % 50 === 49) await breathe();
    if (stored.processVersionId === to.id) continue;
    dryRuns.push({
      stored,
      migration: dryRunMigration(stored.state, requireActor(ctx).id, to.definition, worldOf(stored.state)),
    });
  }
  return { moveId: null, dryRuns };
}

/** Lets held requests go on. @throws BAD_USER_INPUT, FORBIDDEN, NOT_FOUND, IDEMPOTENCY_CONFLICT */
export const releaseRequests = (ctx: Context, input: ReleaseRequestsInput): Promise<string> =>
  start(ctx, MoveKind.RELEASE, input);

function start(
  ctx: Context,
  kind: MoveKind,
  input: MoveInput & { readonly toVersion?: number },
): Promise<string> {
  const { idempotencyKey, ...payload } = input;
  return inTransaction(ctx, async (tx) => {
    const { moveId } = await once(tx, { name: `move-${kind}`, key: idempotencyKey, payload }, async () => {
      requireSound(checkText('comment', input.comment ?? '', COMMENT_MAX_LENGTH));
      const requestIds = requestIdsOf(input);
      const { toVersion, processKey } = input;
      const to = toVersion === undefined ? null : (await publishedAs(tx, processKey, toVersion)).id;
      await requireReach(tx, requestIds);
      const move = await beginMove(tx, {
        kind,
        processKey,
        toVersionId: to,
        requestIds,
        comment: input.comment!,
      });
      await moveBatch(tx, move);
      return { moveId: move };
    });
    return moveId;
  });
}

/** Writes down that requests are to be moved, and that their first batch is due. In the transaction that wants it. */
export async function beginMove(
  tx: TransactionContext,
  what: Pick<RequestMove, 'kind' | 'processKey' | 'toVersionId' | 'requestIds' | 'comment'>,
): Promise<string> {
  const id = newRowId();
  const startedById = requireActor(tx).id;
  const none: readonly KeptRequest[] = [];
  const fresh = { cursor: null, moved: 0, keptCount: 0, kept: none, finishedAt: null };
  const comment = what.comment.trim();
  await insertRows(tx.em, RequestMove, [{ ...what, ...fresh, comment, id, startedById, startedAt: tx.now }]);
  await scheduleNext(tx, id, null);
  return id;
}

/** @throws BAD_USER_INPUT, NOT_FOUND */
function requestIdsOf({ ids }: MoveInput): string[] | null {
  if (!ids) return null;
  requireSound(check('ids', ids.length > 0 && ids.length <= MOVED_AT_ONCE_MAX, `1 to ${MOVED_AT_ONCE_MAX}`));
  return [...new Set(ids.map((id) => requireId(id, 'approval request')))].toSorted();
}

/** Named requests must be ones that the person may override; all of a process takes the scope of all. */
async function requireReach(
  ctx: Pick<Context, 'em' | 'actor'>,
  ids: readonly string[] | null,
): Promise<void> {
  const actor = requireActor(ctx as Context);
  if (ids === null) return requireOverrideOfAll(ctx);
  const rows = await readDb(ctx.em)
    .selectFrom('approval_request')
    .select('id')
    .where('id', 'in', ids)
    .where(visible(actor, 'request:override', 'approval_request'))
    .execute();
  if (rows.length < ids.length) throw refusal('NOT_FOUND', { what: 'approval request' });
}

/** @throws FORBIDDEN */
export function requireOverrideOfAll(ctx: Pick<Context, 'actor'>): void {
  if (requireActor(ctx as Context).permissions.get('request:override') !== 'all')
    throw refusal('FORBIDDEN', { permission: 'request:override' });
}
