import type { EntityClass, EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { readDb } from './read-db.js';
import type { DB } from './tables.js';

type Columns = Readonly<Record<string, unknown>>;

/**
 * Rows that are written together, by property names: one insert a table and one update a table, however many requests
 * they belong to. Nothing reaches the database before `writeRows`.
 */
export interface RowWrites {
  readonly inserts: Map<EntityClass<object>, object[]>;
  readonly updates: Map<EntityClass<object>, RowChange[]>;
}

export interface RowChange {
  readonly id: string;
  readonly changes: object;
}

export const noWrites = (): RowWrites => ({ inserts: new Map(), updates: new Map() });

export function addRows<E extends object>(
  writes: RowWrites,
  entity: EntityClass<E>,
  rows: readonly object[],
): void {
  if (rows.length > 0) listIn(writes.inserts, entity).push(...rows);
}

/** Changes of one table name the same columns; of one row there is one change. */
export function changeRow<E extends object>(
  writes: RowWrites,
  entity: EntityClass<E>,
  id: string,
  changes: object,
): void {
  listIn(writes.updates, entity).push({ id, changes });
}

function listIn<T>(lists: Map<EntityClass<object>, T[]>, entity: EntityClass<object>): T[] {
  const known = lists.get(entity);
  if (known) return known;
  const fresh: T[] = [];
  lists.set(entity, fresh);
  return fresh;
}

/** Inserts, then updates, each in the order in which the tables were first named. */
export async function writeRows(em: EntityManager, { inserts, updates }: RowWrites): Promise<void> {
  for (const [entity, rows] of inserts) await insertRows(em, entity, rows);
  for (const [entity, changes] of updates) await updateRows(em, entity, changes);
}

/** From this many rows on they travel as one document: a text that names each value would be another for each number. */
const DOCUMENT_FROM = 8;

/**
 * Inserts rows of one table, given by property names, in one statement that the connection can keep prepared;
 * `insertMany` writes the values into the text. Nothing is validated or hydrated.
 */
export async function insertRows<E extends object>(
  em: EntityManager,
  entity: EntityClass<E>,
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return;
  const { table, values, document } = tableOf(em, entity);
  if (rows.length < DOCUMENT_FROM) {
    await readDb(em)
      .insertInto(table)
      .values(rows.map((row) => values(row as Columns)) as never)
      .execute();
    return;
  }
  for (const [names, group] of byColumns(rows.map((row) => document(row as Columns)))) {
    const columns = sql.join(names.map((name) => sql.ref(name)));
    await sql`insert into ${sql.table(table)} (${columns})
      select ${columns} from jsonb_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(group)}::jsonb)`.execute(
      readDb(em),
    );
  }
}

/** Writes these columns, given by property names, of rows by their ids; in one statement where there are many. */
async function updateRows<E extends object>(
  em: EntityManager,
  entity: EntityClass<E>,
  rows: readonly RowChange[],
): Promise<void> {
  const { table, values, document } = tableOf(em, entity);
  if (rows.length < DOCUMENT_FROM) {
    for (const { id, changes } of rows) {
      await readDb(em)
        .updateTable(table as 'approval_step')
        .set(values(changes as Columns))
        .where('id', '=', id)
        .execute();
    }
    return;
  }
  const groups = byColumns(rows.map(({ id, changes }) => ({ ...document(changes as Columns), id })));
  for (const [names, group] of groups) {
    const set = names
      .filter((name) => name !== 'id')
      .map((name) => sql`${sql.ref(name)} = new.${sql.ref(name)}`);
    await sql`update ${sql.table(table)} as old set ${sql.join(set)}
      from jsonb_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(group)}::jsonb) as new
      where old.id = new.id`.execute(readDb(em));
  }
}

function byColumns(rows: readonly Columns[]): [string[], Columns[]][] {
  const groups = Map.groupBy(rows, (row) => Object.keys(row).join());
  return [...groups.values()].map((group) => [Object.keys(group[0] as Columns), group]);
}

interface Table {
  readonly table: keyof DB;
  /** Arrays and objects go into jsonb as text. */
  readonly values: (row: Columns) => Columns;
  readonly document: (row: Columns) => Columns;
}

/** The table of an entity, and how its properties become columns. */
function tableOf(em: EntityManager, entity: EntityClass<object>): Table {
  const { tableName, properties } = em.getMetadata().get(entity);
  const known = properties as unknown as Readonly<
    Record<string, { fieldNames: string[]; columnTypes: string[] }>
  >;
  const rename = (row: Columns, valueOf: (value: unknown, type: string | undefined) => unknown): Columns =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const property = known[name];
        const field = property?.fieldNames[0];
        if (!property || field === undefined) throw new Error(`${tableName} has no column for ${name}`);
        return [field, valueOf(value, property.columnTypes[0])];
      }),
    );
  return {
    table: tableName as keyof DB,
    values: (row) =>
      rename(row, (value, type) => (type === 'jsonb' && value !== null ? JSON.stringify(value) : value)),
    document: (row) => rename(row, (value) => value ?? null),
  };
}
