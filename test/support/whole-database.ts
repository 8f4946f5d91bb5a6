import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';
import { readDb } from '../../src/entities/read-db.js';
import { readFactRows, valueIn } from '../../src/entities/approvals/fact-rows.js';
import { readRequests, type StoredRequest } from '../../src/entities/approvals/request-rows.js';
import { chainDigest, chainStart, digestOf } from '../../src/workflows/canonical.js';
import { effectsOf, type Effect } from '../../src/workflows/effects.js';
import { evolve } from '../../src/workflows/evolve.js';
import { newRequest, type Fact, type RequestState } from '../../src/workflows/request.js';
import { unsealFact } from '../../src/workflows/seal.js';
import { timerKey, violations, type LiveTimer } from './invariants.js';

/** Requests read by one statement. */
const BATCH = 500;

export interface CheckedDatabase {
  readonly requests: number;
  readonly facts: number;
  readonly messages: number;
  /** Every way in which the database contradicts itself; empty when all is well. */
  readonly problems: readonly string[];
}

/**
 * Asks the whole database, at rest, whether anything was lost, doubled or torn: the invariants of every request, its
 * facts replayed to its rows, its chain; and that the timers, messages, notifications and contracts are exactly those
 * that follow from the facts.
 */
export async function checkDatabase(em: EntityManager, now = new Date()): Promise<CheckedDatabase> {
  const ids = await readDb(em).selectFrom('approval_request').select('id').orderBy('id').execute();
  const total = { requests: 0, facts: 0, messages: 0, problems: await problemsOfDelivery(em, now) };
  for (let first = 0; first < ids.length; first += BATCH) {
    const batch = ids.slice(first, first + BATCH).map(({ id }) => id);
    const found = await checkRequests(em, batch);
    total.requests += batch.length;
    total.facts += found.facts;
    total.messages += found.messages;
    total.problems.push(...found.problems);
  }
  total.problems.push(...(await problemsOfContracts(em)));
  return total;
}

interface EventRow {
  readonly request_id: string;
  readonly sequence: number;
  readonly canonical: string;
  readonly digest: string;
  /** Number of the transaction that wrote it. */
  readonly transaction: string;
}
interface TimerRow {
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  readonly subject_id: string;
  readonly state: string;
  readonly due_at: string;
  readonly payload: unknown;
}

/** What people did to a timer. */
interface MoveRow {
  readonly timer_id: string;
  readonly due_before: string;
  readonly due_after: string;
}

/** A timer acts when the facts say so, unless its trail leads from there to where it stands, without a gap. */
function problemsOfMoves(key: string, at: number, dueAt: number, moves: readonly MoveRow[]): string[] {
  let now = at;
  for (const { due_before, due_after } of moves) {
    if (Date.parse(due_before) !== now) return [`timer ${key} was moved without a trace`];
    now = Date.parse(due_after);
  }
  return now === dueAt ? [] : [`timer ${key} is not where its facts and its trail put it`];
}

async function checkRequests(
  em: EntityManager,
  ids: readonly string[],
): Promise<Omit<CheckedDatabase, 'requests'>> {
  const db = readDb(em);
  const stored = await readRequests(em, ids);
  const events = (await db
    .selectFrom('approval_event')
    .select(['request_id', 'sequence', 'canonical', 'digest', sql<string>`xmin::text`.as('transaction')])
    .where('request_id', 'in', ids)
    .orderBy('request_id')
    .orderBy('sequence')
    .execute()) satisfies EventRow[];
  const timers = (await db
    .selectFrom('timer')
    .selectAll()
    .where('subject_id', 'in', ids)
    .execute()) as unknown as TimerRow[];
  const messages = await db
    .selectFrom('outbox_message')
    .select(['key', 'payload'])
    .where(sql<string>`split_part(key, '/', 1)`, 'in', ids)
    .execute();
  const valueOf = valueIn((await readFactRows(em, ids)).texts);
  const eventsOf = Map.groupBy(events, (event) => event.request_id);
  const timersOf = Map.groupBy(timers, (timer) => timer.subject_id);
  const moves = (await db
    .selectFrom('timer_event')
    .innerJoin('timer', 'timer.id', 'timer_event.timer_id')
    .select(['timer_id', 'due_before', 'due_after'])
    .where('timer.subject_id', 'in', ids)
    .orderBy('at')
    .orderBy('timer_event.id')
    .execute()) satisfies MoveRow[];
  const movesOf = Map.groupBy(moves, (move) => move.timer_id);
  // What an edit has voided is told by the edit, not by a fact of the request that approved.
  const byFacts = messages.filter(({ key }) => key.split('/')[1] !== 'voided');
  const messagesOf = Map.groupBy(byFacts, (message) => message.key.split('/')[0] ?? '');
  const problems = stored.flatMap((request) => {
    const rows = eventsOf.get(request.id) ?? [];
    const facts = rows.map(({ canonical }) => unsealFact(canonical, valueOf));
    const effects = lifeOf(request, rows, valueOf);
    const found = [
      ...problemsOfChain(request, rows),
      ...problemsOfRequest(request.state, facts, timersOf.get(request.id) ?? []),
      ...problemsOfEffects(
        effects,
        timersOf.get(request.id) ?? [],
        (messagesOf.get(request.id) ?? []).map(({ key }) => key),
        movesOf,
      ),
    ];
    return found.map((problem) => `${request.number}: ${problem}`);
  });
  return { facts: events.length, messages: messages.length, problems };
}

/** The effects of each command: the facts that one transaction wrote. */
function lifeOf(
  { state }: StoredRequest,
  rows: readonly EventRow[],
  valueOf: (commitment: string) => unknown,
): Effect[] {
  let request = newRequest(state.id, state.definition, state.submittedAt);
  return [...Map.groupBy(rows, (row) => row.transaction).values()].flatMap((together) => {
    const facts = together.map(({ canonical }) => unsealFact(canonical, valueOf));
    request = facts.reduce(evolve, request);
    return effectsOf(request, facts);
  });
}

function problemsOfChain({ id, chainHead }: StoredRequest, rows: readonly EventRow[]): string[] {
  let head = chainStart(id);
  for (const [index, { sequence, canonical, digest }] of rows.entries()) {
    head = chainDigest(head, canonical);
    if (sequence !== index + 1) return [`event ${index + 1} is numbered ${sequence}`];
    if (digest !== head) return [`the chain breaks at event ${sequence}`];
  }
  return head === chainHead ? [] : ['the chain does not end at its head'];
}

function problemsOfRequest(state: RequestState, facts: readonly Fact[], rows: readonly TimerRow[]): string[] {
  const timers = rows
    .filter((row) => row.kind !== 'approval-expiry')
    .map((row) => {
      const payload = row.payload as Omit<LiveTimer, 'at' | 'kind'>;
      const kind: LiveTimer['kind'] = row.kind === 'approval-reminder' ? 'reminder' : 'rung';
      return { ...payload, kind, at: new Date(row.due_at), state: row.state };
    });
  const found = violations(state, facts, {
    startedAt: state.submittedAt,
    timers: timers.filter((timer) => ['SCHEDULED', 'PAUSED'].includes(timer.state)),
    fired: new Set(timers.filter((timer) => timer.state === 'FIRED').map(timerKey)),
  });
  const replayed = facts.reduce(evolve, newRequest(state.id, state.definition, state.submittedAt));
  return isDeepStrictEqual(replayed, state) ? found : [...found, 'the replay differs from the rows'];
}

function problemsOfEffects(
  effects: readonly Effect[],
  timers: readonly TimerRow[],
  messages: readonly string[],
  movesOf: ReadonlyMap<string, readonly MoveRow[]>,
): string[] {
  const keysOf = (type: Effect['type']): string[] =>
    effects.flatMap((effect) => (effect.type === type && 'key' in effect ? effect.key : [])).toSorted();
  const found: string[] = [];
  const difference = (what: string, expected: readonly string[], stored: readonly string[]): void => {
    const missing = expected.filter((key) => !stored.includes(key));
    const extra = stored.filter((key) => !expected.includes(key));
    if (missing.length > 0) found.push(`${what} missing: ${missing.join()}`);
    if (extra.length > 0) found.push(`${what} too many: ${extra.join()}`);
  };
  difference('messages', keysOf('SEND'), messages);
  // A step that opened and closed in one command set no timer.
  const expected = new Map(
    effects.flatMap((effect) =>
      effect.type === 'SCHEDULE_TIMER' || effect.type === 'SCHEDULE_EXPIRY'
        ? [[effect.key, effect.at.getTime()]]
        : [],
    ),
  );
  for (const { id, key, due_at } of timers) {
    const at = expected.get(key);
    if (at === undefined) found.push(`timer ${key} follows from nothing`);
    else found.push(...problemsOfMoves(key, at, Date.parse(due_at), movesOf.get(id) ?? []));
  }
  return found;
}

/** Each delivered message reached exactly its people, once each; nothing waits and nothing is overdue. */
async function problemsOfDelivery(em: EntityManager, now: Date): Promise<string[]> {
  const db = readDb(em);
  const found: string[] = [];
  const waiting = await db
    .selectFrom('outbox_message')
    .select(['key', 'state', 'last_error'])
    .where('state', '!=', 'DELIVERED')
    .execute();
  for (const { key, state, last_error } of waiting)
    found.push(`message ${key} is ${state} ${last_error ?? ''}`);
  const overdue = await db
    .selectFrom('timer')
    .select('key')
    .where('state', '=', 'SCHEDULED')
    .where('due_at', '<', now as never)
    .execute();
  for (const { key } of overdue) found.push(`timer ${key} is overdue`);
  const refused = await db
    .selectFrom('outbox_message')
    .select('key')
    .where('key', 'like', 'timer/%')
    .execute();
  for (const { key } of refused) found.push(`${key}: a timer was refused`);

  const messages = await db.selectFrom('outbox_message').select(['key', 'payload']).execute();
  const shown = await db.selectFrom('notification').select(['message_key', 'person_id']).execute();
  const shownOf = Map.groupBy(shown, (row) => row.message_key);
  for (const { key, payload } of messages) {
    const { people } = payload as { people: string[] | string };
    const told = (shownOf.get(key) ?? []).map((row) => row.person_id);
    if (
      typeof people === 'string'
        ? told.length === 0
        : !isDeepStrictEqual(told.toSorted(), [...new Set(people)].toSorted())
    ) {
      found.push(`message ${key} was shown to ${told.length}`);
    }
    shownOf.delete(key);
  }
  for (const key of shownOf.keys()) found.push(`a notification of ${key}, which is no message`);
  return found;
}

const STATUS_AFTER: Readonly<Record<string, string>> = {
  PENDING: 'IN_REVIEW',
  RETURNED: 'RETURNED',
  APPROVED: 'APPROVED',
  REJECTED: 'REJECTED',
  WITHDRAWN: 'DRAFT',
  CANCELLED: 'DRAFT',
  EXPIRED: 'DRAFT',
};

/** What was approved stands, or is AMENDED while something of it does not; `stands`: undefined where nothing was approved. */
function statusOf(last: string | undefined, stands: boolean | undefined): string | undefined {
  const after = last === undefined ? 'DRAFT' : STATUS_AFTER[last];
  if (after === 'APPROVED' && stands === undefined) return 'APPROVED by nothing that stands';
  if (stands === undefined || (after !== 'APPROVED' && after !== 'DRAFT')) return after;
  return stands ? 'APPROVED' : 'AMENDED';
}

/** A contract stands where its last request stands, and reads as it was submitted while it is locked. */
async function problemsOfContracts(em: EntityManager): Promise<string[]> {
  const db = readDb(em);
  const contracts = await db
    .selectFrom('contract')
    .select(['id', 'number', 'status', 'title', 'amount'])
    .execute();
  const requests = await db
    .selectFrom('approval_request')
    .select(['subject_id', 'status', 'content', 'digest'])
    .where('subject_type', '=', 'CONTRACT')
    .orderBy('submitted_at')
    .orderBy('id')
    .execute();
  const lines = Map.groupBy(
    await db
      .selectFrom('contract_line')
      .select(['contract_id', 'description', 'quantity', 'unit_price'])
      .orderBy('position')
      .execute(),
    (line) => line.contract_id,
  );
  const standings = new Map(
    (
      await db.selectFrom('approval_standing').select(['subject_id', 'voided_steps', 'asked_steps']).execute()
    ).map((row) => [
      row.subject_id,
      `${JSON.stringify(row.voided_steps)}${JSON.stringify(row.asked_steps)}` === '[][]',
    ]),
  );
  const last = new Map(requests.map((request) => [request.subject_id, request]));
  const found: string[] = [];
  for (const contract of contracts) {
    const request = last.get(contract.id);
    const expected = statusOf(request?.status, standings.get(contract.id));
    if (contract.status !== expected)
      found.push(`contract ${contract.number} is ${contract.status}, its request says ${expected}`);
    if (!request || !['IN_REVIEW', 'APPROVED'].includes(contract.status)) continue;
    const content = request.content as { title: string; exactAmount: string; lines: object[] };
    const now = (lines.get(contract.id) ?? []).map((line) => ({
      description: line.description,
      quantity: line.quantity,
      unitPrice: line.unit_price,
    }));
    if (digestOf(content) !== request.digest)
      found.push(`contract ${contract.number}: the digest is of other content`);
    if (
      !isDeepStrictEqual(
        [content.title, content.exactAmount, content.lines],
        [contract.title, contract.amount, now],
      )
    ) {
      found.push(`contract ${contract.number} was changed after its submission`);
    }
  }
  return found;
}
