import type pg from 'pg';
import { randomUUIDv7 } from 'node:crypto';
import { REVIEWERS } from './definitions.js';
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

const CONTRACT = `
  select c.*, k.level, d.key as department, (select json_agg(t) from payment_term t where t.contract_id = c.id) as terms, (select json_agg(l) from contract_line l where l.contract_id = c.id) as lines,
    (select p.id from process_version p where p.key = 'bench-three-steps') as version,
    (select array_agg(u.id order by u.email) from app_user u where u.email = any ($2)) as reviewers
  from contract c join customer k on k.id = c.customer_id left join department d on d.id = c.department_id where c.id = $1 for update of c`;

const REQUEST = [
  'id',
  'number',
  'process_version_id',
  'subject_type',
  'subject_id',
  'purpose',
  'status',
  'round',
  'title',
  'subject_number',
  'amount',
  'currency',
  'owner_id',
  'department_id',
  'requester_id',
  'content',
  'digest',
  'submitted_at',
  'fact_count',
  'chain_head',
];

/** Which of the five reviewers each of the three steps asks. */
const STEPS = [
  { key: 'technical-review', asks: [0, 1] },
  { key: 'finance-review', asks: [2, 3] },
  { key: 'legal-review', asks: [4] },
] as const;

/** The rows that the product writes when a contract is submitted to three steps and five people at once, nothing else. */
export async function submit(client: pg.PoolClient, contractId: string, personId: string): Promise<string> {
  const now = new Date();
  const { rows } = await client.query({ name: 'contract', text: CONTRACT, values: [contractId, REVIEWERS] });
  const contract = rows[0];
  const reviewers = contract.reviewers as string[];
  const open = `select 1 from approval_request where subject_id = $1 and purpose = 'review' and status in ('PENDING', 'RETURNED')`;
  if ((await client.query({ name: 'open', text: open, values: [contractId] })).rowCount !== 0)
    throw new Error('already submitted');
  const number = await client.query({
    name: 'number',
    text: `insert into number_sequence (prefix, last) values ('A-BARE', 1) on conflict (prefix) do update set last = number_sequence.last + 1 returning last`,
  });
  const id = randomUUIDv7();
  const content = {
    title: contract.title,
    amount: contract.amount,
    currency: contract.currency,
    lines: contract.lines,
    paymentTerms: contract.terms,
    customerLevel: contract.level,
    department: contract.department,
  };
  await insertRows(client, 'approval_request', REQUEST, [
    [
      id,
      `A-BARE-${number.rows[0].last}`,
      contract.version,
      'CONTRACT',
      contractId,
      'review',
      'PENDING',
      1,
      contract.title,
      contract.number,
      contract.amount,
      contract.currency,
      contract.owner_id,
      contract.department_id,
      personId,
      content,
      'd'.repeat(64),
      now,
      5,
      'd'.repeat(64),
    ],
  ]);
  await insertRows(
    client,
    'approval_event',
    EVENT,
    ['SUBMITTED', 'STEP_OPENED', 'STEP_OPENED', 'STEP_OPENED', 'STEP_OPENED'].map((type, index) =>
      eventRow(id, index + 1, type, index === 0 ? personId : null, now),
    ),
  );
  await insertRows(
    client,
    'approval_interest',
    ['id', 'request_id', 'person_id', 'because'],
    [[randomUUIDv7(), id, personId, 'REQUESTER']],
  );
  await insertRows(
    client,
    'approval_step',
    STEP,
    ['joint-review', ...STEPS.map(({ key }) => key)].map((key, index) =>
      stepRow(id, index + 1, key, now, index === 0 ? null : later(now, 2)),
    ),
  );
  const asked = STEPS.flatMap(({ key, asks }) =>
    asks.map((index) => ({ key, person: reviewers[index] as string })),
  );
  await insertRows(
    client,
    'approval_assignment',
    ASSIGNMENT,
    asked.map(({ key, person }, index) => assignmentRow(id, index + 1, key, person, now)),
  );
  await insertRows(
    client,
    'timer',
    TIMER,
    STEPS.flatMap(({ key }) => timerRows(id, key, now)),
  );
  await insertRows(
    client,
    'outbox_message',
    OUTBOX,
    STEPS.map(({ asks }, index) =>
      outboxRow(
        id,
        index + 3,
        asks.map((who) => reviewers[who] as string),
        now,
      ),
    ),
  );
  await client.query({
    name: 'subject',
    text: `update contract set status = 'IN_REVIEW', updated_at = $2, version = version + 1 where id = $1`,
    values: [contractId, now],
  });
  await notify(client, reviewers, id);
  return JSON.stringify({ done: true, requestId: id });
}
