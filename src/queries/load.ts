import DataLoader from 'dataloader';
import type { Context } from '../context.js';

/**
 * Loads one row by id, batched with all others of the same kind in this operation: any number of rows costs one
 * statement. `read` gets the ids and answers rows in any order; an id without a row gives null.
 */
export function loadOne<Row extends object>(
  ctx: Context,
  kind: string,
  id: string,
  read: (ids: readonly string[]) => Promise<readonly Row[]>,
  idOf: (row: Row) => string,
): Promise<Row | null> {
  return loaderOf<Row | null>(ctx, kind, async (ids) => {
    const rows = new Map((await read(ids)).map((row) => [idOf(row), row]));
    return ids.map((key) => rows.get(key) ?? null);
  }).load(id);
}

/** As `loadOne`, for the rows that belong to an id, in the order in which they were read. */
export function loadMany<Row extends object>(
  ctx: Context,
  kind: string,
  id: string,
  read: (ids: readonly string[]) => Promise<readonly Row[]>,
  parentOf: (row: Row) => string,
): Promise<Row[]> {
  return loaderOf<Row[]>(ctx, kind, async (ids) => {
    const groups = new Map<string, Row[]>(ids.map((key) => [key, []]));
    for (const row of await read(ids)) groups.get(parentOf(row))?.push(row);
    return ids.map((key) => groups.get(key) ?? []);
  }).load(id);
}

function loaderOf<V>(
  ctx: Context,
  kind: string,
  batch: (ids: readonly string[]) => Promise<V[]>,
): DataLoader<string, V> {
  const loaders = ctx.loaders as unknown as Map<string, DataLoader<string, V>>;
  let loader = loaders.get(kind);
  if (!loader) {
    loader = new DataLoader<string, V>(batch, { maxBatchSize: 1000 });
    loaders.set(kind, loader);
  }
  return loader;
}
