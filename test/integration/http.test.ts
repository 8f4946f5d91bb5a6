import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { IsEmail, MaxLength } from 'class-validator';
import { GraphQLScalarType } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient, type Client } from 'graphql-ws';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Arg,
  buildSchema,
  Ctx,
  Field,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { WebSocket } from 'ws';
import type { Actor, Context } from '../../src/context.js';
import { refusal } from '../../src/errors.js';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/http/server.js';
import { languageOf, type ContextRequest } from '../../src/http/request.js';
import { allow, applyRules, rule } from '../../src/permissions/load-shield.js';

const Positive = new GraphQLScalarType({
  name: 'Positive',
  parseValue(value) {
    if (typeof value === 'number' && value > 0) return value;
    throw refusal('BAD_USER_INPUT', { reason: 'must be above zero' });
  },
});

@InputType()
class NoteInput {
  @Field(() => String) @MaxLength(10) title!: string;
  @Field(() => String, { nullable: true }) @IsEmail() eMail?: string;
  @Field(() => [NoteInput], { nullable: true }) children?: NoteInput[];
}

@ObjectType()
class Node {
  @Field(() => Int) id!: number;
  @Field(() => [Node]) children(@Arg('first', () => Int, { nullable: true }) _first?: number): Node[] {
    return [];
  }
}

/** What the tests move from outside. */
const world = {
  roles: new Set<string>(['ANY']),
  signedIn: true,
  open: 0,
  contexts: 0,
  finished: 0,
  away: false,
};
const listeners = new Set<(value: number) => void>();
const publish = (value: number): void => {
  for (const listener of listeners) listener(value);
};

/** Events as the bus gives them: `return` ends the wait for the next one. */
function source(): AsyncIterableIterator<number> {
  const waiting: number[] = [];
  let wake = (): void => undefined;
  let ended = false;
  const listener = (value: number): void => {
    waiting.push(value);
    wake();
  };
  listeners.add(listener);
  world.open += 1;
  const events: AsyncIterableIterator<number> = {
    async next() {
      while (waiting.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
      return ended ? { done: true, value: undefined } : { done: false, value: waiting.shift() ?? 0 };
    },
    async return() {
      if (!ended) world.open -= 1;
      ended = true;
      listeners.delete(listener);
      wake();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => events,
  };
  return events;
}

@Resolver(() => Node)
class TinyResolver {
  @Query(() => String) hello(): string {
    return 'hello';
  }
  @Query(() => String) secret(): string {
    return 'secret';
  }
  @Query(() => Node) tree(): Node {
    return Object.assign(new Node(), { id: 1 });
  }
  @Query(() => [Node]) nodes(@Arg('first', () => Int, { nullable: true }) _first?: number): Node[] {
    return [];
  }
  @Query(() => Int) double(@Arg('n', () => Int) n: number): number {
    return 2 * n;
  }
  @Query(() => Boolean) positive(@Arg('n', () => Positive) _n: number): boolean {
    return true;
  }
  @Query(() => Boolean) refused(): boolean {
    throw refusal('SUBJECT_LOCKED', { subjectType: 'contract' });
  }
  @Query(() => Boolean) broken(): boolean {
    throw new TypeError('the password of the database is hunter2');
  }
  @Query(() => Boolean) unavailable(): boolean {
    throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  }
  @Query(() => Boolean) async slow(@Arg('ms', () => Int) ms: number): Promise<boolean> {
    await sleep(ms);
    world.finished += 1;
    return true;
  }
  @Mutation(() => String) note(@Arg('input', () => NoteInput) input: NoteInput): string {
    return input.title;
  }
  @Subscription(() => String, { subscribe: () => source() })
  ticked(@Root() value: number, @Ctx() { now }: Context): string {
    if (value < 0) throw new Error('the events hold a secret');
    return `${value}@${now.getTime()}`;
  }
}

const isAny = rule(
  'isAny',
  (_parent, _args, { actor }) => actor?.roles.has('ANY') === true || refusal('FORBIDDEN'),
);

const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
const at = (level: string) => (fields: Record<string, unknown>, message: string) =>
  void lines.push({ level, fields, message });
const log = { info: at('info'), warn: at('warn'), error: at('error') };

async function contextFor({ authorization, acceptLanguage }: ContextRequest): Promise<Context> {
  if (world.away)
    throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' });
  if (authorization === 'Bearer forged') throw refusal('UNAUTHENTICATED');
  world.contexts += 1;
  const actor = { id: 'ann', roles: new Set(world.roles) } as unknown as Actor;
  return {
    actor: authorization === 'Bearer good' && world.signedIn ? actor : null,
    now: new Date(world.contexts),
    language: languageOf(acceptLanguage),
    log,
  } as unknown as Context;
}

const pubSub = { publish: () => undefined, subscribe: () => source() };
const tinySchema = async (): Promise<HttpServerOptions['schema']> => {
  const schema = await buildSchema({ resolvers: [TinyResolver], validate: true, pubSub });
  return applyRules(schema, {
    Query: {
      hello: allow,
      secret: isAny,
      tree: allow,
      nodes: allow,
      double: allow,
      positive: allow,
      refused: allow,
      broken: allow,
      unavailable: allow,
      slow: allow,
    },
    Mutation: { note: allow },
    Subscription: { ticked: isAny },
  });
};

const running: HttpServer[] = [];
async function serve(options: Partial<HttpServerOptions> = {}): Promise<{ server: HttpServer; url: string }> {
  const server = await createHttpServer({
    schema: await tinySchema(),
    contextFor,
    ready: async () => ({ database: 'ok' }),
    metrics: async () => 'countersign_open_assignments 3\n',
    config: { introspection: true, explorer: true, production: false },
    log,
    ...options,
  });
  running.push(server);
  return { server, url: `http://127.0.0.1:${await server.listen(0, '127.0.0.1')}` };
}

interface Answer {
  status: number;
  type: string | null;
  headers: Headers;
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: unknown; extensions: Record<string, unknown> & { code: string } }[];
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer = (await response.json()) as Pick<Answer, 'data' | 'errors'>;
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    headers: response.headers,
    ...answer,
  };
}
const code = (answer: Answer): string | undefined => answer.errors?.[0]?.extensions.code;

let url = '';
let production = '';
beforeAll(async () => {
  ({ url } = await serve());
  ({ url: production } = await serve({
    config: { introspection: false, explorer: false, production: true },
  }));
});
afterEach(() => {
  Object.assign(world, { roles: new Set(['ANY']), signedIn: true, away: false });
  lines.length = 0;
});
afterAll(() => Promise.all(running.map((server) => server.close())));

describe('an operation', () => {
  test('is answered, as application/graphql-response+json when asked for', async () => {
    const answer = await post(url, { query: '{ hello }' }, { accept: 'application/graphql-response+json' });
    expect(answer).toMatchObject({ status: 200, data: { hello: 'hello' } });
    expect(answer.type).toContain('application/graphql-response+json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('that is refused by a rule says FORBIDDEN in the language asked for', async () => {
    const answer = await post(url, { query: '{ secret }' }, { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.1' });
    expect(answer.errors).toMatchObject([
      { message: '您的角色无权执行此操作。', extensions: { code: 'FORBIDDEN' }, path: ['secret'] },
    ]);
  });

  test('keeps the code and the details of a refusal', async () => {
    const { errors } = await post(url, { query: '{ refused }' });
    expect(errors?.[0]?.extensions).toEqual({ code: 'SUBJECT_LOCKED', subjectType: 'contract' });
  });

  test('that fails leaks nothing but an id under which the log tells what happened', async () => {
    const { errors } = await post(url, { query: '{ broken }' });
    expect(errors?.[0]?.extensions.code).toBe('INTERNAL');
    expect(JSON.stringify(errors)).not.toMatch(/hunter2|TypeError|\.js/);
    const line = lines.find(({ level }) => level === 'error');
    expect(line?.fields['id']).toBe(errors?.[0]?.extensions['id']);
    expect(line?.fields['stack']).toMatch(/TypeError: the password/);
  });

  test('that meets a part that is away says SERVICE_UNAVAILABLE', async () => {
    expect(code(await post(url, { query: '{ unavailable }' }))).toBe('SERVICE_UNAVAILABLE');
  });

  test('whose context cannot be made is answered by status and code', async () => {
    const forged = await post(
      url,
      { query: '{ hello }' },
      { authorization: 'Bearer forged', 'accept-language': 'zh' },
    );
    expect(forged).toMatchObject({
      status: 401,
      errors: [{ message: '请先登录。', extensions: { code: 'UNAUTHENTICATED' } }],
    });
    world.away = true;
    const away = await post(url, { query: '{ hello }' });
    expect(away.status).toBe(503);
    expect(JSON.stringify(away)).not.toContain('10.0.0.7');
    expect(code(away)).toBe('SERVICE_UNAVAILABLE');
  });

  test('with an empty bearer token is nobody, not an error', async () => {
    expect(await post(url, { query: '{ hello }' }, { authorization: 'Bearer ' })).toMatchObject({
      status: 200,
    });
  });

  test('that takes too long is answered 503 at the deadline', async () => {
    const { url } = await serve({ deadlines: { requestMs: 100 } });
    const answer = await post(url, { query: '{ slow(ms: 500) }' });
    expect(answer).toMatchObject({ status: 503, errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }] });
    expect(await post(url, { query: '{ hello }' })).toMatchObject({ status: 200 });
  });
});

describe('bad input is BAD_USER_INPUT or QUERY_TOO_COMPLEX, never a failure', () => {
  const note = 'mutation ($input: NoteInput!) { note(input: $input) }';
  const deep = (levels: number): string =>
    `{ tree ${'{ children '.repeat(levels)}{ id }${' }'.repeat(levels)} }`;
  const nested = `{"query":"{ hello }","variables":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`;

  test.each<[string, unknown, string]>([
    ['a syntax error', { query: '{ hello' }, 'BAD_USER_INPUT'],
    ['an unknown field', { query: '{ nope }' }, 'BAD_USER_INPUT'],
    ['no query', {}, 'BAD_USER_INPUT'],
    ['a body that is no JSON', '{"query":', 'BAD_USER_INPUT'],
    ['an empty body', '', 'BAD_USER_INPUT'],
    ['a batch', [{ query: '{ hello }' }, { query: '{ hello }' }], 'BAD_USER_INPUT'],
    ['variables that are no object', { query: '{ hello }', variables: 'x' }, 'BAD_USER_INPUT'],
    [
      'a variable of the wrong type',
      { query: 'query ($n: Int!) { double(n: $n) }', variables: { n: 'x' } },
      'BAD_USER_INPUT',
    ],
    ['a missing variable', { query: 'query ($n: Int!) { double(n: $n) }' }, 'BAD_USER_INPUT'],
    [
      'null where a default does not help',
      { query: 'query ($n: Int = 1) { double(n: $n) }', variables: { n: null } },
      'BAD_USER_INPUT',
    ],
    ['an unknown operation', { query: 'query A { hello }', operationName: 'B' }, 'BAD_USER_INPUT'],
    ['two operations and no name', { query: 'query A { hello } query B { hello }' }, 'BAD_USER_INPUT'],
    [
      'many wrong variables',
      { query: note, variables: { input: { title: 'a', children: Array.from({ length: 20 }, () => ({})) } } },
      'BAD_USER_INPUT',
    ],
    [
      'a persisted query',
      { extensions: { persistedQuery: { version: 1, sha256Hash: 'a' } } },
      'BAD_USER_INPUT',
    ],
    ['NUL in a literal', { query: 'mutation { note(input: { title: "a\\u0000" }) }' }, 'BAD_USER_INPUT'],
    [
      'a lone surrogate in a literal',
      { query: 'mutation { note(input: { title: "\\uD800" }) }' },
      'BAD_USER_INPUT',
    ],
    ['too deep', { query: deep(14) }, 'QUERY_TOO_COMPLEX'],
    [
      'too many aliases',
      { query: `{ ${Array.from({ length: 16 }, (_, i) => `a${i}: __typename`).join(' ')} }` },
      'QUERY_TOO_COMPLEX',
    ],
    ['too many directives', { query: `{ hello ${'@include(if: true) '.repeat(21)} }` }, 'BAD_USER_INPUT'],
    ['too many tokens', { query: `{ ${'hello '.repeat(2100)} }` }, 'QUERY_TOO_COMPLEX'],
    [
      'too many rows by literals',
      { query: '{ nodes(first: 100) { children(first: 100) { children(first: 100) { id } } } }' },
      'QUERY_TOO_COMPLEX',
    ],
    [
      'too many rows by variables',
      {
        query: 'query ($n: Int) { nodes(first: $n) { children(first: $n) { children(first: $n) { id } } } }',
        variables: { n: 100 },
      },
      'QUERY_TOO_COMPLEX',
    ],
    [
      'too many rows by default pages',
      { query: '{ nodes { children { children { children { id } } } } }' },
      'QUERY_TOO_COMPLEX',
    ],
    ['variables nested beyond reason', nested, 'QUERY_TOO_COMPLEX'],
    [
      'circular introspection',
      {
        query:
          '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }',
      },
      'QUERY_TOO_COMPLEX',
    ],
  ])('%s', async (_name, body, expected) => {
    for (const server of [url, production]) {
      const answer = await post(server, body);
      expect(answer.status).toBeLessThan(500);
      expect(answer.errors?.length).toBeGreaterThan(0);
      if (server === url) expect(code(answer)).toBe(expected);
    }
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('a small operation over the same fields is answered', async () => {
    const query = 'query ($n: Int) { nodes(first: $n) { children(first: $n) { id } } }';
    expect(await post(url, { query, variables: { n: 10 } })).toMatchObject({
      status: 200,
      data: { nodes: [] },
    });
    expect(await post(url, { query, variables: { n: 100 } })).toMatchObject({
      errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }],
    });
  });

  test.each([
    [{ title: 'a\0b' }, 'input.title'],
    [{ title: 'a', children: [{ title: 'ok' }, { title: '\uD83D' }] }, 'input.children.1.title'],
  ])('text that cannot be stored is named by its path', async (input, path) => {
    const body = JSON.stringify({ query: note, variables: { input } });
    const answer = await post(url, body);
    expect(answer.errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path, rule: 'text' }],
    });
    expect(answer.status).toBe(400);
  });

  test('a broken rule of an input names path and rule and never what was submitted', async () => {
    const input = { title: 'far too long a title', children: [{ title: 'ok', eMail: 'hunter2' }] };
    const answer = await post(url, { query: note, variables: { input } });
    expect(answer.errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'title', rule: 'maxLength' }],
    });
    expect(JSON.stringify(answer)).not.toMatch(/far too long|hunter2|target/);
  });

  test('a value of the wrong type names path and rule, without the value', async () => {
    const variables = { input: { title: 'a', children: [{ title: 12_345 }] } };
    const answer = await post(url, { query: note, variables });
    expect(answer.errors?.[0]?.extensions).toMatchObject({ fields: [{ path: 'input.children[0].title' }] });
    expect(JSON.stringify(answer)).not.toContain('12345');
  });

  test('a refusal of a scalar keeps its reason and gains the path', async () => {
    const answer = await post(url, {
      query: 'query ($n: Positive!) { positive(n: $n) }',
      variables: { n: -1 },
    });
    expect(answer.errors?.[0]?.extensions).toEqual({
      code: 'BAD_USER_INPUT',
      reason: 'must be above zero',
      fields: [{ path: 'n', rule: 'must be above zero' }],
    });
  });

  test('a body beyond the bound is 413', async () => {
    expect(await post(url, { query: '{ hello }', variables: { x: 'x'.repeat(300_000) } })).toMatchObject({
      status: 413,
      errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }],
    });
  });

  test('a form post and a GET from a foreign page are refused', async () => {
    const form = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{"query":"{ hello }"}',
    });
    expect(form.status).toBe(415);
    const get = await fetch(`${url}/graphql?query=${encodeURIComponent('{ hello }')}`);
    expect(get.status).toBe(400);
    const mutation = await fetch(
      `${url}/graphql?query=${encodeURIComponent('mutation { note(input: { title: "a" }) }')}`,
      {
        headers: { 'apollo-require-preflight': '1' },
      },
    );
    expect(mutation.status).toBe(405);
  });

  test('in production the schema is neither shown nor guessed', async () => {
    expect(code(await post(production, { query: '{ __schema { types { name } } }' }))).toBe('BAD_USER_INPUT');
    const guess = await post(production, { query: '{ hell }' });
    expect(JSON.stringify(guess)).not.toContain('Did you mean');
    expect(JSON.stringify(await post(url, { query: '{ hell }' }))).toContain('Did you mean');
  });
});

describe('subscriptions', () => {
  const TICKED = { query: 'subscription { ticked }' };
  const clients: Client[] = [];
  const connect = (base: string, authorization: string | null, onClose?: (code: number) => void): Client => {
    const client = createWsClient({
      url: `${base.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazyCloseTimeout: 0,
      connectionParams: authorization === null ? {} : { authorization },
      on: { closed: (event) => onClose?.((event as { code: number }).code) },
    });
    clients.push(client);
    return client;
  };
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.dispose();
  });
  const untilOpen = async (count: number): Promise<void> => {
    for (let tries = 0; world.open !== count && tries < 100; tries += 1) await sleep(10);
    expect(world.open).toBe(count);
  };

  test('are refused by POST with the way out', async () => {
    const answer = await post(url, TICKED);
    expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    expect(answer.errors?.[0]?.message).toContain('/graphql/stream');
  });

  test('need a valid session: the socket is closed with 4403', async () => {
    for (const authorization of [null, 'Bearer ', 'Bearer wrong', 'Bearer forged']) {
      const closed = new Promise<number>((resolve) => {
        const results = connect(url, authorization, resolve).iterate(TICKED);
        void results.next().catch(() => undefined);
      });
      expect(await closed).toBe(4403);
    }
  });

  test('close with "try again later" when the session cannot be read', async () => {
    world.away = true;
    const closed = new Promise<number>((resolve) => {
      void connect(url, 'Bearer good', resolve)
        .iterate(TICKED)
        .next()
        .catch(() => undefined);
    });
    expect(await closed).toBe(1013);
  });

  test('deliver each event on a context of its own and end when the client leaves', async () => {
    const results = connect(url, 'Bearer good').iterate<{ ticked: string }>(TICKED);
    const first = results.next();
    await untilOpen(1);
    publish(1);
    const one = await first;
    publish(2);
    const two = await results.next();
    const [a = '', b = ''] = [one, two].map(
      ({ value }) => (value as { data: { ticked: string } }).data.ticked,
    );
    expect([a.split('@')[0], b.split('@')[0]]).toEqual(['1', '2']);
    expect(a.split('@')[1]).not.toBe(b.split('@')[1]);
    await results.return?.();
    await untilOpen(0);
  });

  test('ask their rule at the subscription', async () => {
    world.roles = new Set();
    const results = connect(url, 'Bearer good').iterate(TICKED);
    expect((await results.next()).value).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    expect(world.open).toBe(0);
  });

  test('ask their rule again at each event, and mask what fails', async () => {
    const results = connect(url, 'Bearer good').iterate(TICKED);
    const first = results.next();
    await untilOpen(1);
    publish(-1);
    const masked = (await first).value as { errors: unknown };
    expect(masked).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL' } }] });
    expect(JSON.stringify(masked)).not.toContain('secret');
    world.roles = new Set();
    publish(2);
    expect((await results.next()).value).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  test('end with the session: nothing more is delivered and the socket is closed', async () => {
    const closed = Promise.withResolvers<number>();
    const results = connect(url, 'Bearer good', closed.resolve).iterate(TICKED);
    const first = results.next();
    first.catch(() => undefined);
    await untilOpen(1);
    world.signedIn = false;
    publish(1);
    expect(await closed.promise).toBe(4403);
    const delivered = await first.then(
      ({ value }) => JSON.stringify(value),
      () => '',
    );
    expect(delivered).not.toContain('1@');
    await untilOpen(0);
  });

  test.each([
    ['{ hello }', 'BAD_USER_INPUT'],
    ['mutation { note(input: { title: "a" }) }', 'BAD_USER_INPUT'],
    ['subscription { tickd }', 'BAD_USER_INPUT'],
    ['subscription {', 'BAD_USER_INPUT'],
    [`subscription { ${'ticked '.repeat(2100)} }`, 'QUERY_TOO_COMPLEX'],
    [`subscription { ${Array.from({ length: 16 }, (_, i) => `a${i}: ticked`).join(' ')} }`, 'BAD_USER_INPUT'],
  ])('are checked by the same rules: %s', async (query, expected) => {
    const failure = await connect(url, 'Bearer good')
      .iterate({ query })
      .next()
      .then(
        () => null,
        (error: unknown) => error,
      );
    const [first] = failure as { extensions: { code: string } }[];
    expect(first?.extensions.code).toBe(expected);
    const stream = await fetch(`${url}/graphql/stream`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: 'Bearer good',
      },
      body: JSON.stringify({ query }),
    });
    expect(await stream.text()).toContain(`"code":"${expected}"`);
  });

  test('go over an event stream too, with 401 for strangers', async () => {
    const open = (authorization: string): Promise<Response> =>
      fetch(`${url}/graphql/stream`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization },
        body: JSON.stringify(TICKED),
      });
    const stranger = await open('Bearer wrong');
    expect(stranger.status).toBe(401);
    expect(await stranger.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });

    const client = createSseClient({
      url: `${url}/graphql/stream`,
      headers: { authorization: 'Bearer good' },
      retryAttempts: 0,
    });
    const results = client.iterate<{ ticked: string }>(TICKED);
    const first = results.next();
    await untilOpen(1);
    publish(7);
    expect((await first).value).toMatchObject({ data: { ticked: expect.stringMatching(/^7@/) } });
    client.dispose();
    await untilOpen(0);
  });

  test('end over an event stream with the session', async () => {
    const client = createSseClient({
      url: `${url}/graphql/stream`,
      headers: { authorization: 'Bearer good' },
      retryAttempts: 0,
    });
    const results = client.iterate<{ ticked: string }>(TICKED);
    const first = results.next();
    await untilOpen(1);
    world.signedIn = false;
    publish(1);
    expect((await first).value).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(await results.next()).toMatchObject({ done: true });
    client.dispose();
    await untilOpen(0);
  });

  test('a socket on another path is refused', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/elsewhere`, 'graphql-transport-ws');
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error.message).toContain('404');
  });

  test('are told to go when the server closes', async () => {
    const { server, url } = await serve();
    const closed = Promise.withResolvers<number>();
    const results = connect(url, 'Bearer good', closed.resolve).iterate(TICKED);
    results.next().catch(() => undefined);
    const stream = fetch(`${url}/graphql/stream`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: 'Bearer good',
      },
      body: JSON.stringify(TICKED),
    }).then((response) => response.text());
    await untilOpen(2);
    await server.close();
    expect(await closed.promise).toBe(1001);
    await stream;
    await untilOpen(0);
  });
});

describe('the server', () => {
  test('says that it lives, whether it is ready, and its metrics', async () => {
    expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ status: 'ok' });
    const ready = await fetch(`${url}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ok', parts: { database: 'ok' } }]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^countersign_open_assignments 3$/m);
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(metrics).toMatch(/^countersign_errors_total\{code="INTERNAL"\} \d+$/m);
  });

  test.each<[string, HttpServerOptions['ready'], Record<string, string>]>([
    ['a part is away', async () => ({ database: 'away', queue: 'ok' }), { database: 'away', queue: 'ok' }],
    ['the check hangs', () => new Promise(() => undefined), { server: 'no answer within 50 ms' }],
    ['the check fails', async () => Promise.reject(new Error('secret')), { server: 'the check failed' }],
  ])('is not ready when %s', async (_name, ready, parts) => {
    const { url } = await serve({ ready, deadlines: { readyMs: 50 } });
    const response = await fetch(`${url}/health/ready`);
    expect([response.status, await response.json()]).toEqual([503, { status: 'unavailable', parts }]);
  });

  test('answers other paths with JSON and a code', async () => {
    const response = await fetch(`${url}/nowhere`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
    expect((await fetch(`${url}/%zz`)).status).toBe(400);
  });

  test('shows the explorer to a browser, whole and from this machine only', async () => {
    const page = await fetch(`${url}/graphql`, { headers: { accept: 'text/html,application/xhtml+xml' } });
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toMatch(/https?:|unsafe-eval|script-src[^;]*unsafe-inline/);
    const html = await page.text();
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(html).not.toMatch(/<script(?![^>]* src=)/);
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)]
      .map(([, file]) => file ?? '')
      .filter((file) => !file.startsWith('/'));
    expect(files.length).toBeGreaterThan(5);
    for (const file of files)
      expect([file, (await fetch(`${url}/explorer/${file}`)).status]).toEqual([file, 200]);
    const options = await (await fetch(`${url}/explorer/initial_options.js`)).text();
    expect(options).toMatch(/endpointURL: `\/graphql`/);
    expect((await fetch(`${production}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(400);
    expect((await fetch(`${production}/explorer/main.js`)).status).toBe(404);
  });

  test('drains: what is in flight finishes, what is new is refused, and closing twice is one end', async () => {
    const { server, url } = await serve();
    const finished = world.finished;
    const inFlight = post(url, { query: '{ slow(ms: 400) }' });
    await sleep(100);
    const closing = server.close();
    expect(server.close()).toBe(closing);
    const [ready, late] = await Promise.all([
      server.inject({ method: 'GET', url: '/health/ready' }),
      server.inject({ method: 'POST', url: '/graphql', payload: { query: '{ hello }' } }),
    ]);
    expect([ready.statusCode, ready.json()]).toMatchObject([503, { parts: { server: 'stopping' } }]);
    expect([late.statusCode, late.json()]).toMatchObject([
      503,
      { errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }] },
    ]);
    await sleep(50);
    await expect(post(url, { query: '{ hello }' })).rejects.toThrow('fetch failed');
    expect(await inFlight).toMatchObject({ status: 200, data: { slow: true } });
    expect(world.finished).toBe(finished + 1);
    await closing;
  }, 5_000);
});
