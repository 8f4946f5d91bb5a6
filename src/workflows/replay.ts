import { evolve } from './evolve.js';
import type { ProcessDefinition } from './process.js';
import { newRequest, type Fact, type RequestState } from './request.js';

/** The request that its facts make, from nothing. */
export function replay(id: string, definition: ProcessDefinition, facts: readonly Fact[]): RequestState {
  const [first] = facts;
  if (!first) throw new Error(`request ${id} has no facts`);
  return facts.reduce(evolve, newRequest(id, definition, first.at));
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
