import { withClient, type BenchDatabase } from './database.js';
import { assignmentOf, deciderOf, draftId, personId, sessionToken, SUBMITTER } from './fill.js';
import { callOnce, measure, type Call, type Measured } from './load.js';
import { figures, type Line } from './report.js';
import { interleaved, ratioOf } from './rounds.js';
import type { Server } from './servers.js';

/** One kind of write, by the product and by hand, on things that each is done to once. */
interface Write {
  readonly name: string;
  readonly goal: number;
  readonly product: () => Call;
  readonly bare: () => Call;
  /** What an answer of the product holds when it was done. */
  readonly done: RegExp;
}

const APPROVE = `mutation Approve($input: DecisionInput!) { approve(input: $input) { assignment { id status } request { id status } } }`;
const SUBMIT = `mutation Submit($input: SubmitForApprovalInput!) { submitForApproval(input: $input) { request { id status } } }`;

const graphql = (person: number, query: string, input: object): Call => ({
  path: '/graphql',
  header: `authorization: Bearer ${sessionToken(person)}`,
  body: JSON.stringify({ query, variables: { input } }),
});

/** Numbers 1, 2, 3 … up to a bound, each given out once. */
function supply(bound: number): () => number {
  let given = 0;
  return () => {
    given += 1;
    if (given > bound) throw new Error(`more than ${bound} were asked for`);
    return given;
  };
}

/** Approvals of the fresh requests of the fill, each decided once by the manager it waits for. */
export function decisions(requests: number, fresh: number): Write {
  const next = supply(fresh);
  return {
    name: 'decide',
    goal: 0.4,
    product: () => {
      const number = requests + next();
      return graphql(deciderOf(number), APPROVE, { assignmentId: assignmentOf(number) });
    },
    bare: () => {
      const number = requests + next();
      return {
        path: '/decide',
        body: JSON.stringify({ assignmentId: assignmentOf(number), personId: personId(deciderOf(number)) }),
      };
    },
    done: /"assignment":\{"id":"[^"]+","status":"APPROVED"\}/,
  };
}

/** Submissions of the drafts of the fill. */
export function submissions(drafts: number): Write {
  const next = supply(drafts);
  return {
    name: 'submit, 3 steps and 5 approvers',
    goal: 0.3,
    product: () => graphql(SUBMITTER, SUBMIT, { subjectType: 'CONTRACT', subjectId: draftId(next()) }),
    bare: () => ({
      path: '/submit',
      body: JSON.stringify({ contractId: draftId(next()), personId: personId(SUBMITTER) }),
    }),
    done: /"request":\{"id":"[^"]+","status":"PENDING"\}/,
  };
}

export interface WriteServers {
  readonly database: BenchDatabase;
  readonly url: string;
  readonly product: Server;
  readonly baseline: Server;
}

export async function benchWrite(
  write: Write,
  servers: WriteServers,
  clients: readonly number[],
  rounds: number,
  amount: number,
): Promise<Line[]> {
  const lines: Line[] = [await compareRows(write, servers)];
  const run =
    (server: Server, next: () => Call, done: RegExp, connections: number) => (): Promise<Measured> =>
      measure({ server, connections, amount, next, right: (body) => done.test(body) });
  for (const connections of clients) {
    const result = await interleaved(rounds, {
      product: run(servers.product, write.product, write.done, connections),
      bare: run(servers.baseline, write.bare, /"done":true/, connections),
    });
    lines.push({
      name: `${write.name}, ${connections} ${connections === 1 ? 'client' : 'clients'} / bare SQL`,
      value: ratioOf(result.product, result.bare),
      unit: '×',
      goal: { atLeast: write.goal },
      detail: `${figures(result.product)} | ${figures(result.bare)}`,
    });
    lines.push({
      name: `${write.name}, ${connections} ${connections === 1 ? 'client' : 'clients'}: p99 / p50`,
      value: result.product.p99Ms / result.product.p50Ms,
      unit: '×',
      goal: { atMost: 10 },
      detail: `the same of bare SQL: ${(result.bare.p99Ms / result.bare.p50Ms).toFixed(1)}`,
    });
  }
  return lines;
}

const TABLES = ['approval_event', 'approval_step', 'approval_assignment', 'approval_interest'] as const;

/** Statements of one write of each; and that both left the same rows, else the comparison would be void. */
async function compareRows(write: Write, { database, url, product, baseline }: WriteServers): Promise<Line> {
  const idOf = (text: string): string =>
    /"requestId":"([^"]+)"|"request":\{"id":"([^"]+)"/.exec(text)?.slice(1).find(Boolean) ?? '';
  let answer = '';
  // statements are counted on the second: the first also loads what is kept for the life of the process
  await callOnce(product, write.product());
  await callOnce(baseline, write.bare());
  const ours = await database.statementsOf(async () => (answer = await callOnce(product, write.product())));
  const ourRows = await rowsOf(url, idOf(answer));
  const bare = await database.statementsOf(
    async () => (answer = await callOnce(baseline, write.bare())),
    'baseline',
  );
  const bareRows = await rowsOf(url, idOf(answer));
  if (ourRows !== bareRows)
    throw new Error(`${write.name}: the product left ${ourRows}, bare SQL ${bareRows}`);
  return {
    name: `${write.name}: statements`,
    value: ours.length,
    unit: 'statements',
    goal: null,
    detail: `bare SQL ${bare.length}, begin and commit included; both left ${ourRows}`,
  };
}

async function rowsOf(url: string, requestId: string): Promise<string> {
  return withClient(url, async (client) => {
    const counts: string[] = [];
    for (const table of TABLES) {
      const { rows } = await client.query(`select count(*) as n from ${table} where request_id = $1`, [
        requestId,
      ]);
      counts.push(`${rows[0].n} ${table.replace('approval_', '')}`);
    }
    const { rows: timers } = await client.query(
      `select count(*) filter (where state = 'SCHEDULED') as live, count(*) as n from timer where subject_id = $1`,
      [requestId],
    );
    const { rows: messages } = await client.query(
      `select count(*) as n from outbox_message where key like $1`,
      [`${requestId}/%`],
    );
    return `${counts.join(', ')}, ${timers[0].n} timer (${timers[0].live} live), ${messages[0].n} outbox`;
  });
}
