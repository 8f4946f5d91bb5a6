import { evolve } from './evolve.js';
import type { Fact, RequestState } from './request.js';

/** What an engine makes of facts. */
export interface EngineVersion {
  readonly evolve: (request: RequestState, fact: Fact) => RequestState;
}

/**
 * The engines whose facts this product can live through again, by number. Every fact carries the number of the one that
 * made it, inside the chained text; those from before it was written down carry none and are version 1. Whoever changes
 * what `evolve` makes of a fact that is stored already keeps the old one here under its number, and makes a new one.
 */
export const ENGINE_VERSIONS: ReadonlyMap<number, EngineVersion> = new Map([[1, { evolve }]]);

/** The one that makes facts now. */
export const ENGINE_VERSION = 1;

/** Of facts that carry no number. */
const FIRST_ENGINE = 1;

export const engineOf = (fact: { readonly engine?: unknown }): unknown => fact.engine ?? FIRST_ENGINE;

/** The engine of a fact; undefined for one that this product does not know. */
export function engineFor(fact: { readonly engine?: unknown }): EngineVersion | undefined {
  const number = engineOf(fact);
  return typeof number === 'number' ? ENGINE_VERSIONS.get(number) : undefined;
}
