import { sql } from 'kysely';
import { HandedOutKind } from '../../entities/organisation/role.js';
import { readDb } from '../../entities/read-db.js';
import type { Pack } from '../../workflows/pack.js';
import type { TransactionContext } from '../transaction.js';

/**
 * Makes the roles of packs, each once, and gives roles that are there already what the packs grant them of permissions
 * that are new to the product, once for each permission. From then on both are the organisation's own: what it takes away
 * stays away, a scope that it has set stays as it is, and a role that it has removed is not made again.
 * Call under the lock of installPacks.
 */
export async function installRoles(tx: TransactionContext, packs: readonly Pack[]): Promise<void> {
  const db = readDb(tx.em);
  const roles = packs.flatMap((pack) => pack.roles);
  const rows = await db.selectFrom('handed_out').select(['kind', 'name']).execute();
  const handedOut = new Set(rows.map(({ kind, name }) => `${kind} ${name}`));
  const isNew = (kind: HandedOutKind, name: string): boolean => !handedOut.has(`${kind} ${name}`);

  for (const { key, permissions } of roles) {
    const gifts = Object.entries(permissions).filter(([name]) => isNew(HandedOutKind.PERMISSION, name));
    if (gifts.length === 0) continue;
    await db
      .updateTable('role')
      .set({ permissions: sql`${JSON.stringify(Object.fromEntries(gifts))}::jsonb || permissions` })
      .where('key', '=', key)
      .execute();
  }
  const made = roles.filter(({ key }) => isNew(HandedOutKind.ROLE, key));
  if (made.length > 0)
    await db
      .insertInto('role')
      .values(
        made.map(({ key, title, permissions }) => ({
          key,
          title_en: title.en,
          title_zh: title.zh ?? title.en,
          permissions: JSON.stringify(permissions),
        })),
      )
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
  const granted = new Set(roles.flatMap(({ permissions }) => Object.keys(permissions)));
  const given = [
    ...made.map(({ key: name }) => ({ kind: HandedOutKind.ROLE, name })),
    ...[...granted].map((name) => ({ kind: HandedOutKind.PERMISSION, name })),
  ].filter(({ kind, name }) => isNew(kind, name));
  if (given.length > 0) await db.insertInto('handed_out').values(given).execute();
}
