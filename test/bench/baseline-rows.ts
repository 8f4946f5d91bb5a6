import type pg from 'pg';
import { randomUUIDv7 } from 'node:crypto';

/** Inserts rows of one shape by one prepared statement. */
export async function insertRows(
  client: pg.PoolClient,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  const tuples = rows.map(
    (row, index) => `(${row.map((_, column) => `$${index * row.length + column + 1}`).join(', ')})`,
  );
  const text = `insert into ${table} (${columns.join(', ')}) values ${tuples.join(', ')}`;
  await client.query({ name: `insert ${table} ${rows.length}`, text, values: rows.flat() });
}

export const EVENT = ['id', 'request_id', 'sequence', 'type', 'actor_id', 'at', 'canonical', 'digest'];
export const STEP = [
  'id',
  'request_id',
  'ordinal',
  'key',
  'round',
  'attempt',
  'opened_at',
  'title_en',
  'title_zh',
  'interest_allowed',
  'status',
  'due_at',
  'rung',
];
export const ASSIGNMENT = [
  'id',
  'request_id',
  'ordinal',
  'step_key',
  'round',
  'attempt',
  'person_id',
  'rule',
  'weight',
  'veto',
  'required',
  'position',
  'status',
  'opened_at',
  'due_at',
  'urgent_at',
];
export const TIMER = ['id', 'key', 'kind', 'subject_id', 'due_at', 'state', 'payload'];
export const OUTBOX = ['id', 'key', 'channel', 'payload', 'next_try_at', 'created_at'];

const DAY = 86_400_000;
/** As long as those of the product. */
const CANONICAL = JSON.stringify({ at: '2026-01-01T00:00:00.000Z', text: 'x'.repeat(300) });
const DIGEST = 'd'.repeat(64);

export const later = (now: Date, days: number): Date => new Date(now.getTime() + days * DAY);

export const eventRow = (
  requestId: string,
  sequence: number,
  type: string,
  actorId: string | null,
  now: Date,
): unknown[] => [randomUUIDv7(), requestId, sequence, type, actorId, now, CANONICAL, DIGEST];

export const stepRow = (
  requestId: string,
  ordinal: number,
  key: string,
  now: Date,
  dueAt: Date | null,
): unknown[] => [randomUUIDv7(), requestId, ordinal, key, 1, 1, now, key, key, false, 'OPEN', dueAt, 0];

export const assignmentRow = (
  requestId: string,
  ordinal: number,
  stepKey: string,
  personId: string,
  now: Date,
): unknown[] => [
  randomUUIDv7(),
  requestId,
  ordinal,
  stepKey,
  1,
  1,
  personId,
  'role:finance',
  1,
  false,
  false,
  1,
  'OPEN',
  now,
  later(now, 2),
  later(now, 2),
];

/** A reminder and three rungs. */
export const timerRows = (requestId: string, step: string, now: Date): unknown[][] =>
  [0, 1, 2, 3].map((index) => {
    const kind = index === 0 ? 'reminder' : 'rung';
    const payload = { step, round: 1, attempt: 1, index: Math.max(0, index - 1) };
    return [
      randomUUIDv7(),
      `${requestId}/${step}/1/1/${kind}/${payload.index}`,
      `approval-${kind}`,
      requestId,
      later(now, index + 1),
      'SCHEDULED',
      payload,
    ];
  });

export const outboxRow = (
  requestId: string,
  sequence: number,
  people: readonly string[],
  now: Date,
): unknown[] => [
  randomUUIDv7(),
  `${requestId}/${sequence}/ASSIGNED`,
  'in-app',
  {
    kind: 'ASSIGNED',
    people,
    requestId,
    textEn: 'Contract: your turn at “Finance review”.',
    textZh: 'Contract：请处理“财务评审”',
  },
  now,
  now,
];

/** All notices of a transaction by one statement. */
export async function notify(
  client: pg.PoolClient,
  people: readonly string[],
  requestId: string,
): Promise<void> {
  const notices = people.map((personId) => ({
    topic: `inbox:${personId}`,
    payload: { assignmentId: requestId, change: 'ADDED' },
  }));
  const all = [...notices, { topic: `request:${requestId}`, payload: { requestId } }].map((notice) =>
    JSON.stringify(notice),
  );
  await client.query({
    name: 'notify',
    text: `select pg_notify('countersign', notice) from unnest($1::text[]) notice`,
    values: [all],
  });
}
