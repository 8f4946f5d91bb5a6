import type pg from 'pg';
import {
  ASSIGNMENT,
  assignmentRow,
  EVENT,
  eventRow,
  insertRows,
  later,
  notify,
  OUTBOX,
  outboxRow,
  STEP,
  stepRow,
  TIMER,
  timerRows,
} from './baseline-rows.js';

const REQUEST = `
  select r.*, s.id as step_id, (select json_agg(i.person_id) from approval_interest i where i.request_id = r.id) as interests,
    (select json_agg(g.person_id) from role_grant g where g.role_key = 'finance') as finance
  from approval_request r join approval_step s on s.request_id = r.id and s.key = $2 where r.id = $1`;

/**
 * The rows that the product writes when a manager approves step one of two, and nothing else: no session, no rules, no
 * canonical text, no digest, no answer read back.
 */
export async function decide(client: pg.PoolClient, assignmentId: string, personId: string): Promise<string> {
  const now = new Date();
  const found = await client.query({
    name: 'lock',
    text: 'select r.id from approval_request r join approval_assignment a on a.request_id = r.id where a.id = $1 for update of r',
    values: [assignmentId],
  });
  const requestId = found.rows[0].id as string;
  const { rows } = await client.query({
    name: 'request',
    text: REQUEST,
    values: [requestId, 'manager-review'],
  });
  const { step_id: stepId, finance } = rows[0] as { step_id: string; finance: string[] };
  await insertRows(client, 'approval_event', EVENT, [
    eventRow(requestId, 3, 'DECIDED', personId, now),
    eventRow(requestId, 4, 'STEP_CLOSED', null, now),
    eventRow(requestId, 5, 'STEP_OPENED', null, now),
  ]);
  await client.query({
    name: 'step',
    text: `update approval_step set status = 'APPROVED', closed_at = $2 where id = $1`,
    values: [stepId, now],
  });
  await insertRows(client, 'approval_step', STEP, [
    stepRow(requestId, 2, 'finance-check', now, later(now, 2)),
  ]);
  const closed = `update approval_assignment set status = 'APPROVED', decided_at = $2, decided_by_id = $3 where id = $1 and status = 'OPEN' returning id`;
  const updated = await client.query({
    name: 'assignment',
    text: closed,
    values: [assignmentId, now, personId],
  });
  if (updated.rowCount !== 1) throw new Error('not open');
  await insertRows(
    client,
    'approval_assignment',
    ASSIGNMENT,
    finance.map((person, index) => assignmentRow(requestId, 2 + index, 'finance-check', person, now)),
  );
  await client.query({
    name: 'head',
    text: 'update approval_request set fact_count = 5, chain_head = $2 where id = $1',
    values: [requestId, 'd'.repeat(64)],
  });
  await client.query({
    name: 'cancel',
    text: `update timer set state = 'CANCELLED' where subject_id = $1 and state = 'SCHEDULED' and payload ->> 'step' = $2`,
    values: [requestId, 'manager-review'],
  });
  await insertRows(client, 'timer', TIMER, timerRows(requestId, 'finance-check', now));
  await insertRows(client, 'outbox_message', OUTBOX, [outboxRow(requestId, 5, finance, now)]);
  await notify(client, [personId, ...finance], requestId);
  return JSON.stringify({ done: true, requestId });
}
