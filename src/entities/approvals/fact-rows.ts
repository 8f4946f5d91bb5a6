import type { EntityManager } from '@mikro-orm/postgresql';
import { readDb } from '../read-db.js';

/** A fact as it is stored; instants are ISO text. */
export interface FactRow {
  readonly requestId: string;
  readonly sequence: number;
  readonly type: string;
  readonly actorId: string | null;
  readonly at: string;
  /** The chained text; free text is in it as commitments only. */
  readonly canonical: string;
  readonly digest: string;
}

export interface TextRow {
  readonly commitment: string;
  readonly requestId: string;
  readonly sequence: number;
  readonly salt: string | null;
  readonly value: string | null;
  readonly erasedAt: string | null;
}

export interface FactRows {
  readonly facts: readonly FactRow[];
  readonly texts: ReadonlyMap<string, TextRow>;
}

/** The facts of requests, request by request in their order, with the free text beside them: two statements. */
export async function readFactRows(em: EntityManager, requestIds: readonly string[]): Promise<FactRows> {
  if (requestIds.length === 0) return { facts: [], texts: new Map() };
  const facts = await readDb(em)
    .selectFrom('approval_event')
    .select([
      'request_id as requestId',
      'sequence',
      'type',
      'actor_id as actorId',
      'at',
      'canonical',
      'digest',
    ])
    .where('request_id', 'in', requestIds)
    .orderBy('request_id')
    .orderBy('sequence')
    .execute();
  const texts = await readDb(em)
    .selectFrom('approval_text')
    .select(['commitment', 'request_id as requestId', 'sequence', 'salt', 'value', 'erased_at as erasedAt'])
    .where('request_id', 'in', requestIds)
    .execute();
  return {
    facts: facts.map((row) => ({ ...row, at: new Date(row.at).toISOString() })),
    texts: new Map(texts.map((row) => [row.commitment, row])),
  };
}

/** The value behind a commitment; undefined where it was erased. */
export const valueIn =
  (texts: ReadonlyMap<string, TextRow>) =>
  (commitment: string): unknown => {
    const value = texts.get(commitment)?.value ?? null;
    return value === null ? undefined : (JSON.parse(value) as unknown);
  };
