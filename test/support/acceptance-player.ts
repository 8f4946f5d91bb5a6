import { isDeepStrictEqual } from 'node:util';
import {
  buildClientSchema,
  getIntrospectionQuery,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  isRequiredArgument,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql';
import type { AcceptanceCase, AcceptanceRow } from '../../src/workflows/acceptance-file.js';
import type { Answer, TestApp } from './test-app.js';

// Plays acceptance rows over the public API: what a row asks is written out from the schema, so that rows hold no GraphQL.

/** How deep an answer is read when the row names nothing of it. */
const LEVELS = 2;
/** Of an inbox or of messages; the largest page there is. A case that fills it has lost its way. */
const PAGE = 100;

type Call = Extract<AcceptanceRow, { with: unknown }>;
type Inbox = Extract<AcceptanceRow, { expectInbox: unknown }>['expectInbox'];
type Notified = Extract<AcceptanceRow, { expectNotified: unknown }>['expectNotified'];

interface Play {
  readonly app: TestApp;
  readonly schema: GraphQLSchema;
  readonly saved: Map<string, unknown>;
  /** When the clock last moved. */
  since: Date;
}

/** What is wrong with a row; its place comes with the failure of the case. */
class Unmet extends Error {}

/** The schema as the running server describes itself. */
export async function readSchema(app: TestApp): Promise<GraphQLSchema> {
  return buildClientSchema(await app.ask<IntrospectionQuery>(null, getIntrospectionQuery()));
}

/**
 * Plays the rows of a case in order on an application that no other case has touched: time only moves forward, and timers
 * of another case would act in this one.
 * @throws Error at the first row that does not hold, with its file and line and what was seen.
 */
export async function playCase(
  app: TestApp,
  schema: GraphQLSchema,
  { now, steps }: AcceptanceCase,
): Promise<void> {
  const play: Play = { app, schema, saved: new Map(), since: now };
  app.moveTo(now);
  for (const row of steps) {
    try {
      await playRow(play, row);
    } catch (error) {
      if (!(error instanceof Unmet)) throw error;
      throw new Error(`${placeOf(row)} ${error.message}`, { cause: error });
    }
  }
}

const placeOf = ({ at: { file, line, usedOn } }: AcceptanceRow): string =>
  usedOn === null ? `${file}:${line}` : `${file}:${line} (used on line ${usedOn})`;

async function playRow(play: Play, row: AcceptanceRow): Promise<void> {
  if ('clock' in row) return moveClock(play, row.clock);
  if ('sweep' in row) return actOutDue(play);
  if ('expectInbox' in row) return expectInbox(play, row.expectInbox);
  if ('expectNotified' in row) return expectNotified(play, row.expectNotified);
  return playCall(play, row);
}

/** Before time moves on, everything due has been done: where a worker runs, messages never wait for the next instant. */
async function moveClock(play: Play, instant: Date): Promise<void> {
  await actOutDue(play);
  play.app.moveTo(instant);
  play.since = instant;
}

async function actOutDue({ app }: Play): Promise<void> {
  const report = await app.sweep();
  if (report.failed + report.dead > 0)
    throw new Unmet(`the sweep failed: ${show({ report, errors: app.errors })}`);
}

// ── Calls ──────────────────────────────────────────────────────────────────────────────────────────

async function playCall(play: Play, row: Call): Promise<void> {
  const operation = 'do' in row ? 'mutation' : 'query';
  const name = 'do' in row ? row.do : row.see;
  const what = `${row.as} ${'do' in row ? 'do' : 'see'} ${name}`;
  const root = operation === 'mutation' ? play.schema.getMutationType() : play.schema.getQueryType();
  const field = root?.getFields()[name];
  if (!field) throw new Unmet(`${what}: the API has no ${operation} ${name}`);
  const paths = [...Object.values(row.save), ...Object.keys(row.expect)];
  const given = (await filledIn(play, row.with)) as Record<string, unknown>;
  const answer = await play.app.send<Record<string, unknown>>(
    personKey(row.as),
    documentOf(operation, field, given, paths),
    given,
  );
  const refused = answer.errors?.[0];
  if (row.refuse !== null) {
    if (!refused)
      throw new Unmet(`${what}: expected ${row.refuse}, but it went through: ${show(answer.data)}`);
    const { code } = refused.extensions;
    if (code !== row.refuse)
      throw new Unmet(`${what}: expected ${row.refuse}, was refused with ${refusalText(play, answer)}`);
    return;
  }
  if (refused) throw new Unmet(`${what}: refused with ${refusalText(play, answer)}`);
  const payload = answer.data?.[name];
  await compare(play, what, payload, row.expect);
  for (const [key, path] of Object.entries(row.save))
    save(play, key, valueAt(payload, path), `${what}: ${path}`);
}

function refusalText({ app }: Play, { errors = [] }: Answer<unknown>): string {
  const texts = errors.map(
    ({ message, extensions }) => `${extensions.code} “${message}” ${show(extensions)}`,
  );
  const internal = errors.some(({ extensions }) => extensions.code === 'INTERNAL');
  return [...texts, ...(internal ? [`the log: ${show(app.errors)}`] : [])].join('; ');
}

async function compare(play: Play, what: string, payload: unknown, expected: Call['expect']): Promise<void> {
  const unmet: string[] = [];
  for (const [path, written] of Object.entries(expected)) {
    const wanted = await filledIn(play, written);
    const seen = valueAt(payload, path);
    if (!isDeepStrictEqual(seen, wanted))
      unmet.push(`expected ${path} to be ${show(wanted)}, saw ${show(seen)}`);
  }
  if (unmet.length > 0) throw new Unmet(`${what}: ${unmet.join('; ')}`);
}

function save({ saved }: Play, key: string, value: unknown, what: string): void {
  if (value === undefined || value === null)
    throw new Unmet(`${what} is ${show(value)}, nothing to save as ${key}`);
  saved.set(key, value);
}

/** The value at a dotted path; undefined beyond the end of a list or behind a null. */
function valueAt(payload: unknown, path: string): unknown {
  let found = payload;
  for (const segment of path.split('.'))
    found = (found as Record<string, unknown> | null | undefined)?.[segment];
  return found;
}

const REFERENCE = /\$\{([^}]*)\}/g;

/** The value with its references filled in. One that is nothing but a reference keeps what was saved, not its text. */
async function filledIn(play: Play, value: unknown): Promise<unknown> {
  if (typeof value === 'string') {
    const whole = /^\$\{([^}]*)\}$/.exec(value)?.[1];
    if (whole !== undefined) return referred(play, whole);
    let text = value;
    for (const [reference, key = ''] of value.matchAll(REFERENCE))
      text = text.replace(reference, String(await referred(play, key)));
    return text;
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => filledIn(play, item)));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(
    async ([key, inner]) => [key, await filledIn(play, inner)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

function referred({ app, saved }: Play, key: string): unknown {
  return key.startsWith('user:') ? app.person(personKey(key.slice('user:'.length))) : saved.get(key);
}

/** The demo person of an e-mail address, as the application under test knows them. */
function personKey(email: string): string {
  const key = /^([a-z]+)@demo\.local$/.exec(email)?.[1];
  if (key === undefined) throw new Unmet(`${email} is nobody of the demo organisation`);
  return key;
}

// ── Documents ──────────────────────────────────────────────────────────────────────────────────────

type Field = GraphQLField<unknown, unknown>;
/** What is read of an object: each field, with what is read of its value. */
interface Selection extends Map<string, Selection> {}

/** The operation that reads the paths named, or the scalars of the first levels when none is. */
function documentOf(
  operation: 'mutation' | 'query',
  field: Field,
  given: Record<string, unknown>,
  paths: readonly string[],
): string {
  const types = new Map(field.args.map(({ name, type }) => [name, String(type)]));
  const names = Object.keys(given);
  const unknown = names.filter((name) => !types.has(name));
  if (unknown.length > 0) throw new Unmet(`${field.name} takes no argument ${unknown.join(', ')}`);
  const variables = names.map((name) => `$${name}: ${types.get(name)}`).join(', ');
  const passed = names.map((name) => `${name}: $${name}`).join(', ');
  const selection: Selection = new Map();
  for (const path of paths) select(selection, field.type, path.split('.'), path);
  const read = paths.length > 0 ? written(selection, field.type) : scalarsOf(field.type, LEVELS);
  const inBrackets = (text: string): string => (text === '' ? '' : `(${text})`);
  return `${operation} ${inBrackets(variables)} { ${field.name}${inBrackets(passed)} ${read} }`;
}

/** Adds a path to what is read of a value of this type. Below a scalar, such as JSON, nothing needs to be read. */
function select(selection: Selection, type: GraphQLOutputType, path: readonly string[], whole: string): void {
  const [segment, ...rest] = path;
  const nullable = getNullableType(type);
  if (segment === undefined || !isCompositeType(getNamedType(type))) return;
  if (isListType(nullable)) {
    if (!/^\d+$/.test(segment))
      throw new Unmet(`${whole}: ${segment} stands in a list; its place, from 0, comes first`);
    return select(selection, nullable.ofType, rest, whole);
  }
  const fields = isObjectType(nullable) || isInterfaceType(nullable) ? nullable.getFields() : {};
  const field = fields[segment];
  if (!field) throw new Unmet(`${whole}: ${String(nullable)} has no field ${segment}`);
  const inner: Selection = selection.get(segment) ?? new Map();
  selection.set(segment, inner);
  select(inner, field.type, rest, whole);
}

function written(selection: Selection, type: GraphQLOutputType): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return '';
  if (!isObjectType(named) && !isInterfaceType(named)) return '{ __typename }';
  const fields = named.getFields();
  const parts = [...selection].map(([name, inner]) => `${name} ${written(inner, fields[name]!.type)}`);
  return `{ ${parts.length > 0 ? parts.join(' ') : '__typename'} }`;
}

function scalarsOf(type: GraphQLOutputType, levels: number): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return '';
  const fields = isObjectType(named) || isInterfaceType(named) ? Object.values(named.getFields()) : [];
  const free = fields.filter(
    ({ args, type: inner }) =>
      !args.some(isRequiredArgument) && (levels > 1 || !isCompositeType(getNamedType(inner))),
  );
  return `{ __typename ${free.map(({ name, type: inner }) => `${name} ${scalarsOf(inner, levels - 1)}`).join(' ')} }`;
}

// ── Inbox and messages ─────────────────────────────────────────────────────────────────────────────

const INBOX = `query ($first: Int, $filter: InboxFilter) {
  inbox(first: $first, filter: $filter) { edges { node { id step { key } } } pageInfo { hasNextPage } }
}`;
interface Listed<Node> {
  readonly edges: readonly { readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean };
}

async function expectInbox(play: Play, inbox: Inbox): Promise<void> {
  const requestId = await filledIn(play, inbox.request);
  const filter = requestId === null ? null : { requestId };
  const listed = await read<{ id: string; step: { key: string } }>(play, inbox.as, 'inbox', INBOX, {
    first: PAGE,
    filter,
  });
  const seen = listed.map(({ step }) => step.key);
  if (!isDeepStrictEqual(seen.toSorted(), inbox.steps.toSorted())) {
    throw new Unmet(`expected ${inbox.as} to be asked for ${show(inbox.steps)}, saw ${show(seen)}`);
  }
  for (const [key, step] of Object.entries(inbox.save)) {
    save(play, key, listed.find((node) => node.step.key === step)?.id, `the assignment of ${step}`);
  }
}

const MESSAGES = `query ($first: Int) { notifications(first: $first) { edges { node { kind text createdAt } } pageInfo { hasNextPage } } }`;

async function expectNotified(play: Play, { as, kinds }: Notified): Promise<void> {
  const listed = await read<{ kind: string; text: string; createdAt: string }>(
    play,
    as,
    'notifications',
    MESSAGES,
    { first: PAGE },
  );
  const recent = listed.filter(({ createdAt }) => new Date(createdAt) >= play.since);
  const seen = new Set(recent.map(({ kind }) => kind));
  if (!isDeepStrictEqual([...seen].toSorted(), [...new Set(kinds)].toSorted())) {
    throw new Unmet(
      `expected ${as} to be told ${show(kinds)} since ${play.since.toISOString()}, saw ${show(recent)}`,
    );
  }
}

async function read<Node>(
  play: Play,
  as: string,
  name: string,
  query: string,
  variables: Record<string, unknown>,
): Promise<Node[]> {
  const answer = await play.app.send<Record<string, Listed<Node>>>(personKey(as), query, variables);
  const list = answer.data?.[name];
  if (answer.errors || !list) throw new Unmet(`${as} see ${name}: refused with ${refusalText(play, answer)}`);
  if (list.pageInfo.hasNextPage) throw new Unmet(`${as} see ${name}: more than ${PAGE}`);
  return list.edges.map(({ node }) => node);
}

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
