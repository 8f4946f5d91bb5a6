// What a careful hand would write without the product: node:http, one pool of the same driver and size, prepared
// statements, no checks beyond what is said at each path. Run by the bench in a process of its own.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';
import { decide } from './baseline-decide.js';
import { submit } from './baseline-submit.js';

const pool = new pg.Pool({
  connectionString: process.env['DATABASE_URL'],
  max: 10,
  application_name: 'baseline',
});
pool.on('error', () => undefined);

// Instants as text, as the product's statements give them.
const asText = (text: string): string => text;
pg.types.setTypeParser(1184, asText);

const INBOX = `
  select a.id, a.due_at, s.key, s.title_en, r.id as request_id, r.title, r.amount, r.currency, o.id as owner_id, o.name as owner_name
  from approval_assignment a
  join approval_request r on r.id = a.request_id
  join approval_step s on s.request_id = a.request_id and s.round = a.round and s.key = a.step_key and s.attempt = a.attempt
  join app_user o on o.id = r.owner_id
  where a.person_id = $1 and a.status = 'OPEN'
  order by a.urgent_at, a.id limit 21`;

const SESSION = `
  select s.person_id from session s join app_user u on u.id = s.person_id
  where s.access_hash = $1 and s.access_expires_at > $2 and s.expires_at > $2 and s.ended_at is null and u.active`;

interface Row {
  id: string;
  due_at: string;
  key: string;
  title_en: string;
  request_id: string;
  title: string;
  amount: string;
  currency: string;
  owner_id: string;
  owner_name: string;
}

async function inbox(personId: string): Promise<string> {
  const { rows } = await pool.query<Row>({ name: 'inbox', text: INBOX, values: [personId] });
  const edges = rows.slice(0, 20).map((row) => ({
    node: {
      id: row.id,
      dueAt: new Date(row.due_at).toISOString(),
      step: { key: row.key, title: row.title_en },
      request: {
        id: row.request_id,
        title: row.title,
        amount: { amount: row.amount, currency: row.currency },
        owner: { id: row.owner_id, name: row.owner_name },
      },
    },
  }));
  return JSON.stringify({ data: { inbox: { edges } } });
}

async function personOf(authorization: string | undefined): Promise<string> {
  const hash = createHash('sha256').update(String(authorization).slice('Bearer '.length)).digest('hex');
  const { rows } = await pool.query({ name: 'session', text: SESSION, values: [hash, new Date()] });
  if (!rows[0]) throw new Error('no session');
  return rows[0].person_id as string;
}

/** As `work`, in one transaction on one connection. */
async function inTransaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

type Body = Record<string, string>;
const ROUTES: Readonly<Record<string, (body: Body, authorization: string | undefined) => Promise<string>>> = {
  '/inbox': async (_body, authorization) => inbox(await personOf(authorization)),
  '/inbox-bare': async (body) => inbox(body['personId'] as string),
  '/decide': async (body) =>
    inTransaction((client) => decide(client, body['assignmentId'] as string, body['personId'] as string)),
  '/submit': async (body) =>
    inTransaction((client) => submit(client, body['contractId'] as string, body['personId'] as string)),
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const route = ROUTES[request.url ?? ''];
    const answer = (status: number, text: string): void =>
      void response
        .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
        .end(text);
    if (!route) return answer(404, '{}');
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Body;
    route(body, request.headers.authorization).then(
      (text) => answer(200, text),
      (error: unknown) => answer(500, JSON.stringify({ error: String(error) })),
    );
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}\n`);
});
process.on('SIGTERM', () => process.exit(0));
