import { ArgsType, Field, Int, ObjectType, type ClassType } from 'type-graphql';
import { isRowId } from '../entities/is-row-id.js';
import { refusal } from '../errors.js';
import { PAGE_DEFAULT, PAGE_MAX } from '../limits.js';

/** Which page of a list: keyset pagination, so a page costs the same wherever it lies. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, description: 'How many at most: 1 to 100, 20 when not given.' })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'The `endCursor` of the page before; opaque.' })
  after?: string | null;
}

export interface Page {
  readonly limit: number;
  /** The key of the last row of the page before. */
  readonly after: readonly string[] | null;
}

/** The page asked for; `width` is how many values the list's key has. @throws BAD_USER_INPUT */
export function pageOf({ first, after }: PageArgs, width = 2): Page {
  const limit = first ?? PAGE_DEFAULT;
  if (limit < 1 || limit > PAGE_MAX) {
    throw refusal('BAD_USER_INPUT', {
      reason: `first must be 1 to ${PAGE_MAX}`,
      fields: [{ path: 'first', rule: `1..${PAGE_MAX}` }],
    });
  }
  return { limit, after: after ? decodeCursor(after, width) : null };
}

export const encodeCursor = (key: readonly string[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

function decodeCursor(cursor: string, width: number): readonly string[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const [at, id] = Array.isArray(key) ? (key as unknown[]) : [];
    const sound = Array.isArray(key) && key.length === width && key.every((part) => typeof part === 'string');
    if (sound && !Number.isNaN(Date.parse(String(at))) && isRowId(String(id))) return key;
  } catch {
    // not one of ours
  }
  throw refusal('BAD_USER_INPUT', {
    reason: 'after is not a cursor of this list',
    fields: [{ path: 'after', rule: 'an endCursor' }],
  });
}

@ObjectType({ description: 'Where a page of a list ends.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether another page follows.' })
  hasNextPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the last row of this page.' })
  endCursor!: string | null;
}

export interface ConnectionOf<T> {
  edges: { node: T; cursor: string }[];
  pageInfo: PageInfo;
  totalCount(): Promise<number>;
}

/** The Relay connection type of a node, named `<name>Connection`. `totalCount` is counted only when asked for. */
export function connectionType<T extends object>(
  node: ClassType<T>,
  name: string,
): new (page: Rows<T>) => ConnectionOf<T> {
  @ObjectType(`${name}Edge`, { description: 'A row of the list with its cursor.' })
  class Edge {
    @Field(() => node, { description: 'The row.' })
    node!: T;

    @Field(() => String, { description: 'Its place; opaque.' })
    cursor!: string;
  }

  @ObjectType(`${name}Connection`, { description: 'A page of a list.' })
  class Connection implements ConnectionOf<T> {
    @Field(() => [Edge], { description: 'The rows of this page.' })
    edges: Edge[];

    @Field(() => PageInfo, { description: 'Where this page ends.' })
    pageInfo: PageInfo;

    readonly #count: () => Promise<number>;

    constructor({ rows, limit, key, count }: Rows<T>) {
      this.edges = rows.slice(0, limit).map((row) => ({ node: row, cursor: encodeCursor(key(row)) }));
      this.pageInfo = { hasNextPage: rows.length > limit, endCursor: this.edges.at(-1)?.cursor ?? null };
      this.#count = count;
    }

    @Field(() => Int, { description: 'How many rows the filter finds in all; counted only when asked for.' })
    totalCount(): Promise<number> {
      return this.#count();
    }
  }
  return Connection;
}

/** What a query found: up to `limit + 1` rows, so that one more tells of a next page. */
export interface Rows<T> {
  readonly rows: readonly T[];
  readonly limit: number;
  /** The row's key in the list's order, as text: instant, id. */
  readonly key: (row: T) => readonly string[];
  readonly count: () => Promise<number>;
}
