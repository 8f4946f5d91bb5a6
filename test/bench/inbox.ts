import type { Call } from './load.js';
import { measure, type Measured } from './load.js';
import { personId, READER, sessionToken } from './fill.js';
import { figures, type Line } from './report.js';
import { interleaved, ratioOf } from './rounds.js';
import type { Server } from './servers.js';

const QUERY = `query Inbox {
  inbox(first: 20) {
    edges { node { id dueAt step { key title } request { id title amount { amount currency } owner { id name } } } }
  }
}`;

const AUTHORIZATION = `authorization: Bearer ${sessionToken(READER)}`;

/** The inbox over GraphQL, signed in. */
export const INBOX_CALL: Call = {
  path: '/graphql',
  header: AUTHORIZATION,
  body: JSON.stringify({ query: QUERY }),
};
const HAND_WRITTEN_CALL: Call = { path: '/inbox', header: AUTHORIZATION, body: '{}' };
const BARE_CALL: Call = { path: '/inbox-bare', body: JSON.stringify({ personId: personId(READER) }) };

interface Page {
  readonly data?: { readonly inbox?: { readonly edges: readonly object[] } };
}

/** Twenty rows, each with both nested objects. */
export function isInboxOf20(body: string): boolean {
  const { data } = JSON.parse(body) as Page;
  return (
    data?.inbox?.edges.length === 20 &&
    body.includes('"owner":{"id":') &&
    body.includes('"step":{"key":') &&
    !body.includes('"errors"')
  );
}

const readInbox =
  (server: Server, call: Call, connections: number, amount: number) => (): Promise<Measured> =>
    measure({ server, connections, amount, next: () => call, right: looksLike(call) });

/** Parsing every answer would cost the client more than asking: it is parsed once, the others have its length. */
function looksLike(call: Call): (body: string) => boolean {
  const known = answers.get(call) ?? new Set<number>();
  answers.set(call, known);
  return (body) => {
    if (known.has(body.length)) return true;
    if (!isInboxOf20(body)) return false;
    known.add(body.length);
    return true;
  };
}
const answers = new Map<Call, Set<number>>();

export interface InboxServers {
  readonly product: Server;
  readonly productSmall: Server;
  readonly baseline: Server;
}

export async function benchInbox(
  { product, productSmall, baseline }: InboxServers,
  rounds: number,
  amount: number,
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const connections of [1, 8]) {
    const at = connections === 1 ? '1 connection' : `${connections} connections`;
    const size = connections === 1 ? Math.ceil(amount / 2) : amount;
    const result = await interleaved(rounds, {
      product: readInbox(product, INBOX_CALL, connections, size),
      small: readInbox(productSmall, INBOX_CALL, connections, size),
      handWritten: readInbox(baseline, HAND_WRITTEN_CALL, connections, size * 2),
      bare: readInbox(baseline, BARE_CALL, connections, size * 2),
    });
    lines.push(
      {
        name: `inbox of 20, ${at} / hand-written`,
        value: ratioOf(result.product, result.handWritten),
        unit: '×',
        goal: { atLeast: 0.65 },
        detail: `${figures(result.product)} | node:http, session check and one SQL: ${figures(result.handWritten)}`,
      },
      {
        name: `inbox of 20, ${at} / bare`,
        value: ratioOf(result.product, result.bare),
        unit: '×',
        goal: null,
        detail: `node:http and one SQL, nobody asks who reads: ${figures(result.bare)}`,
      },
      {
        name: `inbox, ${at}: cost among all / few`,
        value: ratioOf(result.small, result.product),
        unit: '×',
        goal: { atMost: 1.2 },
        detail: `the same inbox with a twentieth of the requests stored: ${figures(result.small)}`,
      },
    );
  }
  return lines;
}

/** The same query with the permission rules on the schema and without. */
export async function benchShield(
  { product, unguarded }: { product: Server; unguarded: Server },
  rounds: number,
  amount: number,
): Promise<Line[]> {
  const result = await interleaved(rounds, {
    on: readInbox(product, INBOX_CALL, 8, amount),
    off: readInbox(unguarded, INBOX_CALL, 8, amount),
  });
  return [
    {
      name: 'graphql-shield on the inbox',
      value: (ratioOf(result.off, result.on) - 1) * 100,
      unit: '%',
      goal: { atMost: 8 },
      detail: `on ${figures(result.on)} | off ${figures(result.off)}`,
    },
  ];
}
