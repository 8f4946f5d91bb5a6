import { sql } from 'kysely';
import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import type { Context } from '../../context.js';
import { ProcessStatus } from '../../entities/approvals/process-version.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { checkProcessText, type CheckedProcess } from '../../workflows/check-process-text.js';
import type { Finding } from '../../workflows/pack-file.js';
import { INSTALL_LOCK, publish } from '../organisation/install-packs.js';
import { checkText, requireSound } from '../input.js';
import { inTransaction, requireId } from '../transaction.js';
import { COMMENT_MAX_LENGTH, PROCESS_TEXT_MAX } from '../../limits.js';
import { MoveKind } from '../../entities/approvals/request-move.js';
import { beginMove, requireOverrideOfAll } from './migrate-requests.js';
import { surroundingsOf } from './process-surroundings.js';

export enum OpenRequests {
  KEEP = 'KEEP',
  MIGRATE = 'MIGRATE',
  HOLD = 'HOLD',
}
registerEnumType(OpenRequests, {
  name: 'OpenRequests',
  description: 'What becomes of the open requests of earlier versions when a version is published.',
  valuesConfig: {
    KEEP: { description: 'They finish on the version they have.' },
    MIGRATE: { description: 'Each is moved to the new version, as far as it can be.' },
    HOLD: {
      description: 'Each is paused until an administrator moves it to the new version or releases it.',
    },
  },
});

@InputType({ description: 'A process definition to publish.' })
export class PublishProcessInput {
  @Field(() => String, {
    description: 'One process definition, as packs write it: YAML, at most 100,000 characters.',
  })
  yaml!: string;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Publish although some step or rung finds nobody in the organisation as it is; for people who are yet to come.',
  })
  despiteConcerns?: boolean | null;

  @Field(() => OpenRequests, {
    nullable: true,
    description: 'What becomes of the open requests of earlier versions; KEEP when not given.',
  })
  openRequests?: OpenRequests | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Why the open requests are moved or held, 1 to 4000 characters; every one of them keeps it. Required unless they are kept.',
  })
  comment?: string | null;
}

@InputType({ description: 'A version of a process definition to retire.' })
export class RetireProcessInput {
  @Field(() => ID, { description: 'Its id. Open requests finish on it; no new ones are submitted to it.' })
  id!: string;
}

/** The findings of the pack checker on one definition, and what it lacks in the organisation. @throws BAD_USER_INPUT */
export async function checkProcess(ctx: Context, yaml: string): Promise<CheckedProcess> {
  return checkProcessText(requireText(yaml), await surroundingsOf(ctx));
}

export function requireText(yaml: string): string {
  if (yaml.length <= PROCESS_TEXT_MAX) return yaml;
  const rule = `at most ${PROCESS_TEXT_MAX} characters`;
  throw refusal('BAD_USER_INPUT', { reason: `yaml: ${rule}`, fields: [{ path: 'yaml', rule }] });
}

/**
 * Publishes a definition that passes the checks of a pack, and retires the versions of its key before it. Open
 * requests keep the version they are pinned to, unless they are to be moved or held: that is begun in the same
 * transaction and done batch by batch.
 * @throws INVALID_DEFINITION with the findings, BAD_USER_INPUT, FORBIDDEN
 */
export function publishProcess(
  ctx: Context,
  input: PublishProcessInput,
): Promise<{ readonly id: string; readonly moveId: string | null }> {
  const text = requireText(input.yaml);
  const kind = MOVE_OF[input.openRequests ?? OpenRequests.KEEP];
  if (kind !== null) {
    requireOverrideOfAll(ctx);
    requireSound(checkText('comment', input.comment ?? '', COMMENT_MAX_LENGTH));
  }
  return inTransaction(ctx, async (tx) => {
    await sql`select pg_advisory_xact_lock(${INSTALL_LOCK})`.execute(readDb(tx.em));
    const { definition, findings, concerns } = checkProcessText(text, await surroundingsOf(tx));
    requireNone(input.despiteConcerns === true ? findings : [...findings, ...concerns]);
    if (!definition) throw refusal('INVALID_DEFINITION', { reason: 'no definition' });
    const { key, version } = definition;
    const db = readDb(tx.em);
    const newest = await db
      .selectFrom('process_version')
      .select('version')
      .where('key', '=', key)
      .orderBy('version', 'desc')
      .executeTakeFirst();
    if (newest && newest.version > version)
      throw refusal('INVALID_DEFINITION', {
        reason: `process ${key} is at version ${newest.version} already`,
      });
    await publish(tx, definition);
    const { id } = await db
      .selectFrom('process_version')
      .select('id')
      .where('key', '=', key)
      .where('version', '=', version)
      .executeTakeFirstOrThrow();
    const move = { processKey: key, toVersionId: id, requestIds: null, comment: input.comment ?? '' };
    const moveId = kind === null ? null : await beginMove(tx, { kind, ...move });
    return { id, moveId };
  });
}

const MOVE_OF: Readonly<Record<OpenRequests, MoveKind | null>> = {
  KEEP: null,
  MIGRATE: MoveKind.MIGRATE,
  HOLD: MoveKind.HOLD,
};

function requireNone(findings: readonly Finding[]): void {
  const [first] = findings;
  if (first)
    throw refusal('INVALID_DEFINITION', {
      reason: `${first.line}:${first.column} ${first.message}`,
      findings,
    });
}

/** Takes a published version out of the choice. @throws NOT_FOUND, INVALID_STATE */
export function retireProcess(ctx: Context, input: RetireProcessInput): Promise<{ readonly id: string }> {
  const id = requireId(input.id, 'process definition');
  return inTransaction(ctx, async (tx) => {
    const db = readDb(tx.em);
    const row = await db
      .selectFrom('process_version')
      .select('status')
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (!row) throw refusal('NOT_FOUND', { what: 'process definition' });
    if (row.status !== ProcessStatus.PUBLISHED)
      throw refusal('INVALID_STATE', { what: 'process definition', id, status: row.status });
    await db
      .updateTable('process_version')
      .set({ status: ProcessStatus.RETIRED })
      .where('id', '=', id)
      .execute();
    return { id };
  });
}
