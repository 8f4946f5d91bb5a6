import { evolve } from './evolve.js';
import type { Fact, RequestState, World } from './request.js';

/** A decision in the making: the request as the facts so far leave it. Lives inside one call of `decide`. */
export interface Draft {
  request: RequestState;
  readonly facts: Fact[];
  readonly world: World;
}

type FactBody = Fact extends infer F ? (F extends Fact ? Omit<F, 'at'> : never) : never;

/** Records that something happened now, and moves the draft on. */
export function emit(draft: Draft, body: FactBody): void {
  const fact = { ...body, at: draft.world.now } as Fact;
  draft.facts.push(fact);
  draft.request = evolve(draft.request, fact);
}
