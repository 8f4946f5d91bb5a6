import type { EntityManager } from '@mikro-orm/postgresql';
import { readFactRows, valueIn } from '../../entities/approvals/fact-rows.js';
import { readRequests, type StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { differences, replay } from '../../workflows/replay.js';
import type { Fact } from '../../workflows/request.js';
import { unsealFact } from '../../workflows/seal.js';

/** Requests read by one statement. */
const BATCH = 200;

export interface Replayed {
  readonly number: string;
  readonly facts: number;
  /** Where the rows differ from what the facts make; empty when nowhere. */
  readonly differences: readonly string[];
}

/** Rebuilds requests from their facts and compares with their rows, field by field: one by its number, or all. */
export async function* replayRequests(em: EntityManager, number: string | null): AsyncGenerator<Replayed> {
  const found = readDb(em).selectFrom('approval_request').select('id').orderBy('id');
  const ids = (await (number === null ? found : found.where('number', '=', number)).execute()).map(
    ({ id }) => id,
  );
  for (let first = 0; first < ids.length; first += BATCH) {
    const batch = ids.slice(first, first + BATCH);
    const { facts, texts } = await readFactRows(em, batch);
    const valueOf = valueIn(texts);
    const factsOf = Map.groupBy(facts, ({ requestId }) => requestId);
    for (const stored of await readRequests(em, batch)) {
      const rows = factsOf.get(stored.id) ?? [];
      const made = rows.map(({ canonical }) => unsealFact(canonical, valueOf));
      yield { number: stored.number, facts: rows.length, differences: foundIn(stored, made) };
    }
  }
}

function foundIn({ id, definition, state }: StoredRequest, facts: readonly Fact[]): string[] {
  if (facts.length === 0) return ['it has no facts'];
  const made = replay(id, definition, facts);
  if ('sequence' in made)
    return [`fact ${made.sequence}: its engine version ${JSON.stringify(made.engine)} is not known here`];
  return differences(state, made);
}
