import { sql, type RawBuilder, type SelectQueryBuilder } from 'kysely';
import type { Actor, Context } from '../context.js';
import { isRowId } from '../entities/is-row-id.js';
import { refusal } from '../errors.js';
import { TITLE_MAX_LENGTH } from '../limits.js';
import { isWellFormedText } from '../text.js';
import type { Page } from './connection.js';

/** The person who reads. @throws UNAUTHENTICATED */
export function requireViewer(ctx: Context): Actor {
  if (!ctx.actor) throw refusal('UNAUTHENTICATED');
  return ctx.actor;
}

const everyRow = sql<boolean>`true`;

const badFilter = (path: string, rule: string): Error =>
  refusal('BAD_USER_INPUT', { reason: `${path}: ${rule}`, fields: [{ path, rule }] });

/** Rows whose column is one of the values; every row when the filter isn't given. */
export const isOneOf = (column: string, values: readonly string[] | null | undefined): RawBuilder<boolean> =>
  values ? sql<boolean>`${sql.ref(column)} = any(${[...values]}::text[])` : everyRow;

/** Rows that refer to the id; every row when the filter isn't given. @throws BAD_USER_INPUT for what is no id */
export function refersTo(column: string, id: string | null | undefined, path: string): RawBuilder<boolean> {
  if (id === null || id === undefined) return everyRow;
  if (!isRowId(id)) throw badFilter(path, 'an id');
  return sql<boolean>`${sql.ref(column)} = ${id}`;
}

/** Rows in which one of the columns contains the text, in any case; every row when it isn't given. @throws BAD_USER_INPUT */
export function containsText(
  columns: readonly string[],
  text: string | null | undefined,
  path: string,
): RawBuilder<boolean> {
  const wanted = text?.trim();
  if (!wanted) return everyRow;
  if (wanted.length > TITLE_MAX_LENGTH || !isWellFormedText(wanted))
    throw badFilter(path, `at most ${TITLE_MAX_LENGTH} characters`);
  const pattern = `%${wanted.replace(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`(${sql.join(
    columns.map((column) => sql`${sql.ref(column)} ilike ${pattern}`),
    sql` or `,
  )})`;
}

/** Rows after the page's key in a list ordered by `created_at desc, id desc`. */
export function afterKey(alias: string, { after }: Page): RawBuilder<boolean> {
  if (after === null) return everyRow;
  const [createdAt, id] = after;
  return sql<boolean>`(${sql.ref(`${alias}.created_at`)}, ${sql.ref(`${alias}.id`)}) < (${createdAt}::timestamptz, ${id}::uuid)`;
}

/** The key of a row in such a list. */
export const keyOf = ({ createdAt, id }: { createdAt: unknown; id: string }): readonly string[] => [
  String(createdAt),
  id,
];

/** How many rows the query finds. */
export async function countOf<Tables, From extends keyof Tables, Row>(
  query: SelectQueryBuilder<Tables, From, Row>,
): Promise<number> {
  const row: object = await query.select(sql<number>`count(*)::int`.as('count')).executeTakeFirstOrThrow();
  return (row as { count: number }).count;
}
