import { setImmediate as breathe } from 'node:timers/promises';
import type { Context } from '../../context.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { checkProcessText, type CheckedProcess } from '../../workflows/check-process-text.js';
import { dryRunMigration, type MigrationDryRun } from '../../workflows/migration-dry-run.js';
import { requireActor } from '../transaction.js';
import type { RequestState, World } from '../../workflows/request.js';
import { loadWorld, withoutOwn } from './load-world.js';
import { openRequests } from './open-requests.js';
import { surroundingsOf } from './process-surroundings.js';
import { requireText } from './publish-process.js';

export interface PublishImpact {
  readonly checked: CheckedProcess;
  readonly total: number;
  readonly affected: readonly { readonly stored: StoredRequest; readonly migration: MigrationDryRun }[];
}

/**
 * The open requests of earlier versions of a definition, and what would become of each on the new one: a dry run, and
 * nothing is written. None when the definition is not sound. @throws BAD_USER_INPUT
 */
export async function publishImpact(ctx: Context, yaml: string): Promise<PublishImpact> {
  const around = await surroundingsOf(ctx);
  const checked = checkProcessText(requireText(yaml), around);
  const { definition } = checked;
  if (!definition || checked.findings.length > 0) return { checked, total: 0, affected: [] };
  const { total, requests } = await openRequests(ctx, definition.key);
  const world = await loadWorld(ctx, definition, null);
  const worldOf = (state: RequestState): World => ({
    ...world,
    load: world.load && withoutOwn(world.load, state),
  });
  const affected: PublishImpact['affected'][number][] = [];
  for (const [index, stored] of requests.entries()) {
    if (index % 50 === 49) await breathe();
    const migration = dryRunMigration(stored.state, requireActor(ctx).id, definition, worldOf(stored.state));
    affected.push({ stored, migration });
  }
  return { checked, total, affected };
}
