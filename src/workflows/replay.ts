import { engineFor, engineOf } from './engine-versions.js';
import type { ProcessDefinition } from './process.js';
import { newRequest, type Fact, type RequestState } from './request.js';

/** A fact that no engine of this product has made. */
export interface UnknownEngine {
  /** Place of the fact, from 1. */
  readonly sequence: number;
  readonly engine: unknown;
}

/**
 * The request that its facts make, from nothing, each by the engine that made it; or the first fact whose engine is not
 * known here. On the definition that it is pinned to now: no engine reads it.
 */
export function replay(
  id: string,
  definition: ProcessDefinition,
  facts: readonly Fact[],
): RequestState | UnknownEngine {
  const [first] = facts;
  if (!first) throw new Error(`request ${id} has no facts`);
  let request = newRequest(id, definition, first.at);
  for (const [index, fact] of facts.entries()) {
    const engine = engineFor(fact);
    if (!engine) return { sequence: index + 1, engine: engineOf(fact) };
    request = engine.evolve(request, fact);
  }
  return request;
}

/** Where two states differ, field by field: `assignments.2.status: APPROVED, not OPEN`. Empty when nowhere. */
export function differences(stored: unknown, replayed: unknown, path = ''): string[] {
  if (stored instanceof Date || replayed instanceof Date || !isObject(stored) || !isObject(replayed)) {
    const [a, b] = [shown(stored), shown(replayed)];
    return a === b ? [] : [`${path}: ${a}, not ${b} as the facts say`];
  }
  const names = new Set([...Object.keys(stored), ...Object.keys(replayed)]);
  return [...names].flatMap((name) =>
    differences(stored[name], replayed[name], path === '' ? name : `${path}.${name}`),
  );
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const shown = (value: unknown): string =>
  (value === undefined ? 'nothing' : JSON.stringify(value)).slice(0, 200);
