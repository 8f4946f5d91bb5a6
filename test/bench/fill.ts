import type pg from 'pg';
import { digestOf } from '../../src/workflows/canonical.js';
import type { ProcessDefinition } from '../../src/workflows/process.js';
import { withClient } from './database.js';
import { THREE_STEPS, TWO_STEPS } from './definitions.js';

export interface Fill {
  /** Requests in all; of each hundred 85 have ended and 15 wait for a manager. */
  readonly requests: number;
  /** Requests beside those, submitted just now, that the decisions of the bench are taken on. */
  readonly fresh: number;
  /** Draft contracts that the submissions of the bench are made of. */
  readonly drafts: number;
}

export interface Filled {
  readonly seconds: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly inboxSize: number;
}

const PEOPLE = 2000;
/** Ten people each, in a tree of three levels; person n belongs to department (n mod 200), persons 1 to 200 head them. */
const DEPARTMENTS = 200;
const INBOX = 300;
export const SEED = 0.42;

export const sessionToken = (person: number): string => `bench-session-${person}`;
/** The reader of the inbox: head of a department with ten below it. */
export const READER = 15;
/** Who submits: a salesperson of department 5. */
export const SUBMITTER = 205;
/** Heads 2 to 200 are the managers who decide. */
export const deciderOf = (fresh: number): number => 2 + (fresh % (DEPARTMENTS - 1));

const PREPARE = `
create or replace function pg_temp.row_id(kind int, n bigint) returns uuid language sql immutable as
  $$ select (lpad(to_hex(1704067200000 + n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid $$;
create or replace function pg_temp.person(n bigint) returns uuid language sql immutable as $$ select pg_temp.row_id(1, n) $$;
create or replace function pg_temp.head(n bigint) returns uuid language sql immutable as $$ select pg_temp.row_id(1, 1 + (n + ${DEPARTMENTS - 1}) % ${DEPARTMENTS}) $$;
select setseed(${SEED});
-- what is inserted keeps every constraint; asking again for two million rows is not what the bench is about
set session_replication_role = replica;
set synchronous_commit = off;
set work_mem = '128MB';
set maintenance_work_mem = '256MB';`;

const ORGANISATION = `
insert into department (id, key, name, parent_id, head_id)
  select pg_temp.row_id(2, n), 'department-' || n, 'Department ' || n, case when n > 1 then pg_temp.row_id(2, n / 10) end, pg_temp.person(n)
  from generate_series(1, ${DEPARTMENTS}) n;
update department set parent_id = pg_temp.row_id(2, 1) where parent_id is not null and parent_id not in (select id from department);
insert into app_user (id, email, name, active, language, department_id, manager_id, created_at)
  select pg_temp.person(n),
    case when n between ${PEOPLE - 4} and ${PEOPLE} then 'reviewer-' || (n - ${PEOPLE - 5}) || '@bench.local' else 'person-' || n || '@bench.local' end,
    'Person ' || n, true, 'en', pg_temp.row_id(2, 1 + (n - 1) % ${DEPARTMENTS}),
    case when n > ${DEPARTMENTS} then pg_temp.head(n) when n > 1 then pg_temp.person(1 + n / 10) end, now()
  from generate_series(1, ${PEOPLE}) n;
insert into role_grant (id, person_id, role_key)
  select pg_temp.row_id(3, n), pg_temp.person(n), case when n <= ${DEPARTMENTS} then 'sales-manager' else 'salesperson' end
  from generate_series(1, ${PEOPLE}) n;
insert into role_grant (id, person_id, role_key) values
  (pg_temp.row_id(4, 1), pg_temp.person(${PEOPLE - 10}), 'finance'), (pg_temp.row_id(4, 2), pg_temp.person(${PEOPLE - 11}), 'finance');
update organisation_revision set revision = revision + 1;
insert into session (id, person_id, access_hash, access_expires_at, refresh_hash, signed_in_at, expires_at)
  select pg_temp.row_id(5, n), pg_temp.person(n), encode(sha256(convert_to('bench-session-' || n, 'utf8')), 'hex'),
    now() + interval '1 day', encode(sha256(convert_to('bench-refresh-' || n, 'utf8')), 'hex'), now(), now() + interval '1 day'
  from generate_series(1, ${PEOPLE}) n;
insert into customer (id, number, owner_id, department_id, created_at, updated_at, created_by_id, updated_by_id, name, level, status)
  values (pg_temp.row_id(6, 1), 'K-BENCH-1', pg_temp.person(${SUBMITTER}), pg_temp.row_id(2, 5), now(), now(), pg_temp.person(${SUBMITTER}), pg_temp.person(${SUBMITTER}), 'Bench customer', 'A', 'DEALING');`;

/** One row per request, from which all others are made. Kinds: ended, waiting in step one; the fresh ones come last. */
const history = (requests: number, fresh: number): string => `
create temporary table made as
  select n, pg_temp.row_id(16, n) as id, 200 + 1 + floor(random() * ${PEOPLE - DEPARTMENTS - 20})::bigint as requester,
    n > ${requests} or n % 100 < 15 as pending,
    case when n > ${requests} then now() - interval '1 minute' else now() - (${requests} - n) * interval '${Math.round((694 * 1440) / requests)} minutes' - interval '1 hour' end as at,
    round((1000 + random() * 900000)::numeric, 2) as amount, random() as luck
  from generate_series(1, ${requests + fresh}) n;
-- the head of the requester's department is asked; the reader's share is cut to ${INBOX} by giving the rest to another head
alter table made add column head bigint;
update made set head = 1 + (requester - 1) % ${DEPARTMENTS};
update made set head = 2 + n % ${DEPARTMENTS - 1} where n > ${requests};
update made set requester = ${DEPARTMENTS} + head + ${DEPARTMENTS} * (n % 7) where n > ${requests};
update made set head = 3 where pending and head = ${READER} and n <= ${requests};
update made set head = ${READER} where n in (select n from made where pending and n <= ${requests} order by n % 97, n limit ${INBOX});
analyze made;
insert into approval_request (id, number, process_version_id, subject_type, subject_id, purpose, status, round, title, subject_number, amount, currency,
    owner_id, department_id, requester_id, content, digest, submitted_at, ended_at, fact_count, chain_head)
  select id, 'A-BENCH-' || n, pg_temp.version(), 'CONTRACT', pg_temp.row_id(17, n), 'review',
    case when pending then 'PENDING' when luck < 0.9 then 'APPROVED' else 'REJECTED' end, 1, 'Contract ' || n || ' with customer ' || n % 977, 'C-BENCH-' || n, amount, 'CNY',
    pg_temp.person(requester), pg_temp.row_id(2, head), pg_temp.person(requester),
    jsonb_build_object('title', 'Contract ' || n, 'amount', amount, 'currency', 'CNY', 'kind', 'SALES', 'lines', '[]'::jsonb, 'paymentTerms', '[]'::jsonb, 'ownerId', pg_temp.person(requester), 'department', 'department-' || head),
    md5(n::text) || md5((-n)::text), at, case when not pending then at + interval '3 days' end,
    case when pending then 2 else 8 end, repeat('0', 64)
  from made;
insert into approval_interest (id, request_id, person_id, because) select pg_temp.row_id(18, n), id, pg_temp.person(requester), 'REQUESTER' from made;
insert into approval_step (id, request_id, ordinal, key, round, attempt, status, title_en, title_zh, interest_allowed, opened_at, due_at, closed_at, rung)
  select pg_temp.row_id(19, 2 * n), id, 1, 'manager-review', 1, 1, case when pending then 'OPEN' else 'APPROVED' end, 'Sales manager''s review', '销售经理评审', false,
    at, at + interval '2 days', case when not pending then at + interval '1 day' end, 0 from made
  union all
  select pg_temp.row_id(19, 2 * n + 1), id, 2, 'finance-check', 1, 1, case when luck < 0.9 then 'APPROVED' else 'REJECTED' end, 'Finance review', '财务评审', false,
    at + interval '1 day', at + interval '3 days', at + interval '3 days', 0 from made where not pending;
insert into approval_assignment (id, request_id, ordinal, step_key, round, attempt, person_id, status, rule, weight, veto, required, position, opened_at, due_at, urgent_at, decided_at, decided_by_id, reason)
  select pg_temp.row_id(20, 4 * n), id, 1, 'manager-review', 1, 1, pg_temp.person(head), case when pending then 'OPEN' else 'APPROVED' end, 'manager:requester', 1, false, false, 1,
    at, at + interval '2 days', at + interval '2 days', case when not pending then at + interval '1 day' end, case when not pending then pg_temp.person(head) end, null from made
  union all
  select pg_temp.row_id(20, 4 * n + second), id, 1 + second, 'finance-check', 1, 1, pg_temp.person(${PEOPLE - 110} + (n + second) % 100),
    case when second = 2 then 'CANCELLED' when luck < 0.9 then 'APPROVED' else 'REJECTED' end, 'role:finance', 1, false, false, second,
    at + interval '1 day', at + interval '3 days', at + interval '3 days', case when second = 1 then at + interval '3 days' end,
    case when second = 1 then pg_temp.person(${PEOPLE - 110} + (n + second) % 100) end, case when second = 2 then 'decided' end
  from made cross join generate_series(1, 2) second where not pending;
insert into approval_event (id, request_id, sequence, type, actor_id, at, canonical, digest)
  select pg_temp.row_id(32 + e.sequence, n), id, e.sequence, e.type, case e.who when 1 then pg_temp.person(requester) when 2 then pg_temp.person(head) end, at,
    '{"at":"' || at || '","ordinal":1,"step":"manager-review","type":"' || e.type || '"}', md5(n::text) || md5(e.sequence::text)
  from made cross join (values (1, 'SUBMITTED', 1), (2, 'STEP_OPENED', 0), (3, 'DECIDED', 2), (4, 'STEP_CLOSED', 0), (5, 'STEP_OPENED', 0), (6, 'DECIDED', 2), (7, 'STEP_CLOSED', 0), (8, 'ENDED', 0)) e (sequence, type, who)
  where not pending or e.sequence <= 2;
insert into timer (id, key, kind, subject_id, due_at, state, payload)
  select pg_temp.row_id(64 + t, n), id || '/manager-review/1/1/' || t, case when t = 0 then 'approval-reminder' else 'approval-rung' end, id,
    greatest(at + interval '1 day' + t * interval '1 day', now() + interval '1 day'), 'SCHEDULED', jsonb_build_object('step', 'manager-review', 'round', 1, 'attempt', 1, 'index', greatest(t - 1, 0))
  from made cross join generate_series(0, 3) t where pending;`;

const drafts = (count: number): string => `
insert into contract (id, number, owner_id, department_id, created_at, updated_at, created_by_id, updated_by_id, title, customer_id, amount, currency)
  select pg_temp.row_id(80, n), 'C-DRAFT-' || n, pg_temp.person(${SUBMITTER}), pg_temp.row_id(2, 5), now(), now(), pg_temp.person(${SUBMITTER}), pg_temp.person(${SUBMITTER}),
    'Draft contract ' || n, pg_temp.row_id(6, 1), 300000, 'CNY' from generate_series(1, ${count}) n;
insert into contract_line (id, contract_id, position, description, quantity, unit_price)
  select pg_temp.row_id(80 + l, n), pg_temp.row_id(80, n), l, 'Line ' || l, 10, 15000 from generate_series(1, ${count}) n cross join generate_series(1, 2) l;
insert into payment_term (id, contract_id, position, title, amount) select pg_temp.row_id(84, n), pg_temp.row_id(80, n), 1, 'On delivery', 300000 from generate_series(1, ${count}) n;`;

const COUNTED = [
  'app_user',
  'approval_request',
  'approval_step',
  'approval_assignment',
  'approval_event',
  'approval_interest',
  'timer',
  'contract',
];

/** Fills a migrated, empty database: an organisation, years of requests, and what the bench will decide and submit. */
export async function fill(url: string, { requests, fresh, drafts: draftCount }: Fill): Promise<Filled> {
  const startedAt = performance.now();
  return withClient(url, async (client) => {
    await client.query(PREPARE);
    await client.query(ORGANISATION);
    const version = await publish(client, TWO_STEPS);
    await publish(client, THREE_STEPS);
    await client.query(
      `create or replace function pg_temp.version() returns uuid language sql immutable as $$ select '${version}'::uuid $$`,
    );
    const indexes = await dropSecondaryIndexes(client);
    await client.query(history(requests, fresh));
    for (const definition of indexes) await client.query(definition);
    await client.query(drafts(draftCount));
    await client.query('vacuum analyze');
    await client.query('checkpoint');
    const rows: Record<string, number> = {};
    for (const table of COUNTED)
      rows[table] = Number((await client.query(`select count(*) as n from ${table}`)).rows[0].n);
    const inbox = await client.query(
      `select count(*) as n from approval_assignment where person_id = pg_temp.person(${READER}) and status = 'OPEN'`,
    );
    return { seconds: (performance.now() - startedAt) / 1000, rows, inboxSize: Number(inbox.rows[0].n) };
  });
}

/** Indexes that no constraint needs are built after the rows: half the time. */
async function dropSecondaryIndexes(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ indexname: string; indexdef: string }>(
    `select indexname, indexdef from pg_indexes where schemaname = 'public' and tablename like any (array['approval\\_%', 'timer'])
       and indexname not in (select conname from pg_constraint)`,
  );
  for (const { indexname } of rows) await client.query(`drop index ${indexname}`);
  return rows.map(({ indexdef }) => indexdef);
}

async function publish(client: pg.Client, definition: ProcessDefinition): Promise<string> {
  const { key, version, subjectType, purpose, priority } = definition;
  const { rows } = await client.query(
    `insert into process_version (id, key, version, subject_type, purpose, priority, status, definition, digest, published_at)
     values (gen_random_uuid(), $1, $2, $3, $4, $5, 'PUBLISHED', $6, $7, now()) returning id`,
    [key, version, subjectType, purpose, priority, JSON.stringify(definition), digestOf(definition)],
  );
  return rows[0].id as string;
}

/** The id that `fill` gave, as `pg_temp.row_id` computes it. */
export function rowId(kind: number, n: number): string {
  const hex =
    (1704067200000 + n).toString(16).padStart(12, '0') +
    '7' +
    kind.toString(16).padStart(3, '0') +
    '8' +
    n.toString(16).padStart(15, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const personId = (n: number): string => rowId(1, n);
export const assignmentOf = (request: number): string => rowId(20, 4 * request);
export const draftId = (n: number): string => rowId(80, n);
