import type { EntityClass, EntityManager } from '@mikro-orm/postgresql';
import { readDb } from './read-db.js';
import type { DB } from './tables.js';

type Columns = Readonly<Record<string, unknown>>;

/**
 * Inserts rows of one table, given by property names, in one statement whose text depends on their number only, so that
 * the connection can keep it prepared; `insertMany` writes the values into the text. Nothing is validated or hydrated.
 */
export async function insertRows<E extends object>(
  em: EntityManager,
  entity: EntityClass<E>,
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return;
  const { table, column } = tableOf(em, entity);
  await readDb(em)
    .insertInto(table)
    .values(rows.map((row) => column(row as Columns)) as never)
    .execute();
}

/** Writes these columns, given by property names, of the row with this id. Prepared like `insertRows`. */
export async function updateRow<E extends object>(
  em: EntityManager,
  entity: EntityClass<E>,
  id: string,
  changes: object,
): Promise<void> {
  const { table, column } = tableOf(em, entity);
  await readDb(em)
    .updateTable(table as 'approval_step')
    .set(column(changes as Columns))
    .where('id', '=', id)
    .execute();
}

/** The table of an entity, and how its properties become columns; arrays and objects go into jsonb as text. */
function tableOf(
  em: EntityManager,
  entity: EntityClass<object>,
): { table: keyof DB; column: (row: Columns) => Columns } {
  const { tableName, properties } = em.getMetadata().get(entity);
  const known = properties as unknown as Readonly<
    Record<string, { fieldNames: string[]; columnTypes: string[] }>
  >;
  const column = (row: Columns): Columns =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const property = known[name];
        const field = property?.fieldNames[0];
        if (!property || field === undefined) throw new Error(`${tableName} has no column for ${name}`);
        return [field, property.columnTypes[0] === 'jsonb' && value !== null ? JSON.stringify(value) : value];
      }),
    );
  return { table: tableName as keyof DB, column };
}
