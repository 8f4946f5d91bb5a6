import { definitionsOf } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { refusal } from '../../errors.js';
import { holdersAnywhere, rolesOf, type Organisation } from '../../workflows/organisation.js';
import { rulesOf, type ProcessDefinition } from '../../workflows/process.js';
import type { TransactionContext } from '../transaction.js';

/**
 * Refuses while the person is the last active holder of a role that a published definition, or the definition of a
 * request still open, asks for. `ending`: of these roles, all that they hold when not given. @throws LAST_HOLDER naming the roles and who needs them
 */
export async function requireNotLast(
  tx: TransactionContext,
  organisation: Organisation,
  personId: string,
  ending: readonly string[] = rolesOf(organisation, personId, tx.now),
): Promise<void> {
  const alone = ending.filter(
    (role) =>
      !holdersAnywhere(organisation, role, tx.now).some(
        (id) => id !== personId && organisation.people.get(id)?.active,
      ),
  );
  if (alone.length === 0) return;
  const inUse = await readDb(tx.em)
    .selectFrom('process_version as v')
    .select(['v.id', 'v.status'])
    .select((eb) =>
      eb
        .selectFrom('approval_request as r')
        .whereRef('r.process_version_id', '=', 'v.id')
        .where('r.status', 'in', ['PENDING', 'RETURNED'])
        .select((count) => count.fn.countAll<string>().as('open'))
        .as('open'),
    )
    .where('v.status', 'in', ['PUBLISHED', 'RETIRED'])
    .execute();
  const live = inUse.filter((row) => row.status === 'PUBLISHED' || Number(row.open) > 0);
  const definitions = await definitionsOf(
    tx.em,
    live.map((row) => row.id),
  );
  const needed = alone.flatMap((role) => {
    const processes = live.flatMap(({ id, open }) => {
      const definition = definitions.get(id);
      return definition && asksFor(definition, role)
        ? { process: definition.key, version: definition.version, openRequests: Number(open) }
        : [];
    });
    return processes.length > 0 ? { role, processes } : [];
  });
  if (needed.length > 0)
    throw refusal('LAST_HOLDER', { roles: needed.map(({ role }) => role).join(', '), needed });
}

function asksFor(definition: ProcessDefinition, role: string): boolean {
  for (const rule of rulesOf(definition)) {
    if (rule.rule === 'role' && rule.role === role) return true;
    if (rule.rule === 'managers' && rule.untilRole === role) return true;
    if (rule.rule === 'expression' && rule.people.includes(`"${role}"`)) return true;
  }
  return false;
}
