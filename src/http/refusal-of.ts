import { OptimisticLockError } from '@mikro-orm/core';
import { GraphQLError, Kind, type ASTNode } from 'graphql';
import { ArgumentValidationError } from 'type-graphql';
import { ERRORS, isRefusal, refusal, type ErrorCode, type Refusal } from '../errors.js';

/** One input that broke a rule. Values are never part of it. */
export interface Offence {
  readonly path: string;
  readonly rule: string;
}

const OFFENCES_MAX = 50;
const REASON_MAX_LENGTH = 300;

/**
 * The refusal that any error amounts to for the client, or null when it is our own failure. Total, and nothing in the
 * answer comes from a stack, from SQL or from a submitted value longer than a word.
 */
export function refusalOf(error: unknown): Refusal | null {
  const chain = causesOf(error);
  const own = chain.find(isRefusal);
  const coerced = chain.map(coercionOffence).find((offence) => offence !== null);
  if (own) return own.code === 'BAD_USER_INPUT' && coerced ? withOffence(own, coerced) : own;
  if (coerced) return badInput([coerced]);
  const invalid = chain.find((cause) => cause instanceof ArgumentValidationError);
  if (invalid) return badInput(offencesOf(invalid.extensions['validationErrors']));
  if (chain.some((cause) => cause instanceof OptimisticLockError)) return refusal('CONFLICT');
  return chain.map(requestFault).find((fault) => fault !== null) ?? databaseRefusal(chain);
}

/** The error and what it wraps, outermost first; bounded, because a chain may be a ring. */
export function causesOf(error: unknown): object[] {
  const chain: object[] = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && chain.length < 20) {
    const one = queue.shift();
    if (typeof one !== 'object' || one === null || chain.includes(one)) continue;
    chain.push(one);
    const { originalError, cause, previous, errors } = one as Record<string, unknown>;
    queue.push(originalError, cause, previous);
    if (one instanceof AggregateError && Array.isArray(errors)) queue.push(...errors);
  }
  return chain;
}

function badInput(fields: readonly Offence[]): Refusal {
  const shown = fields.slice(0, 5).map(({ path, rule }) => `${path} (${rule})`);
  return refusal('BAD_USER_INPUT', { reason: shown.join(', ').slice(0, REASON_MAX_LENGTH), fields });
}

const withOffence = (own: Refusal, { path }: Offence): Refusal =>
  refusal('BAD_USER_INPUT', {
    fields: [{ path, rule: String(own.details['reason'] ?? 'valid').slice(0, REASON_MAX_LENGTH) }],
    ...own.details,
  });

/** class-validator's findings as paths and rule names. Its `target` and `value` hold what was submitted, passwords
 *  included, and are left behind. */
function offencesOf(errors: unknown, parent = ''): Offence[] {
  if (!Array.isArray(errors)) return [];
  return errors
    .flatMap((error: { property?: unknown; constraints?: object; children?: unknown }) => {
      const name = String(error.property ?? '').slice(0, 100);
      const path = parent === '' ? name : `${parent}.${name}`;
      const here = Object.keys(error.constraints ?? {}).map((rule) => ({ path, rule }));
      return [...here, ...offencesOf(error.children, path)];
    })
    .slice(0, OFFENCES_MAX);
}

/** `Variable "$input" got invalid value {…} at "input.amount"; <finding>` without the value. */
function coercionOffence(error: object): Offence | null {
  if (!(error instanceof GraphQLError) || error.nodes?.[0]?.kind !== Kind.VARIABLE_DEFINITION) return null;
  const variable = error.nodes[0].variable.name.value;
  const finding = error.originalError?.message;
  if (error.message.startsWith(`Variable "$${variable}" got invalid value `) && finding !== undefined) {
    const head = error.message.slice(0, -`; ${finding}`.length);
    const path = / at "([^"]*)"$/.exec(head)?.[1] ?? variable;
    return { path: path.slice(0, 200), rule: readable(finding).slice(0, 160) };
  }
  if (/^Variable "\$\w+" of (required|non-null) type /.test(error.message))
    return { path: variable, rule: 'required' };
  return null;
}

/** A refusal in the form that graphql-js deals in, with its place in the document where it has one. */
export const asGraphQLError = (cause: Refusal, place?: ASTNode | GraphQLError): GraphQLError =>
  place instanceof GraphQLError
    ? new GraphQLError(cause.message, {
        nodes: place.nodes,
        source: place.source,
        positions: place.positions,
        originalError: cause,
      })
    : new GraphQLError(cause.message, { nodes: place, originalError: cause });

/** A message of graphql-js or Apollo fit to be shown: values cut off, of bounded length. */
function readable(message: string): string {
  return message
    .replace(/( cannot represent [^:]{0,80}): [\s\S]*$/, '$1')
    .replace(/"([^"]{60})[^"]+"/g, '"$1…"')
    .slice(0, REASON_MAX_LENGTH);
}

/** Codes that graphql-js and Apollo give to what a client sent. */
const REQUEST_CODES: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);
const TOO_MUCH =
  /Document contains more tha[nt] \d+ tokens|recursively requests too many|introspection depth exceeded/;
/** Found by graphql-js only while executing; a resolver's own errors never begin so. */
const LATE_FAULT = /^(Argument "|Too many errors processing variables)/;

function requestFault(error: object): Refusal | null {
  if (!(error instanceof GraphQLError)) return null;
  const { code } = error.extensions;
  if (REQUEST_CODES.has(code) || (code === undefined && LATE_FAULT.test(error.message)))
    return requestRefusal(error);
  const known = typeof code === 'string' && Object.hasOwn(ERRORS, code) && code !== 'INTERNAL';
  return known ? refusal(code as ErrorCode) : null;
}

/** The refusal for an error that graphql-js found in a document or in the way it was sent. */
export function requestRefusal(error: GraphQLError): Refusal {
  if (isRefusal(error.originalError)) return error.originalError;
  if (TOO_MUCH.test(error.message)) return refusal('QUERY_TOO_COMPLEX', { reason: readable(error.message) });
  return refusal('BAD_USER_INPUT', { reason: readable(error.message) });
}

const AWAY_CODES: ReadonlySet<string> = new Set(
  'ECONNREFUSED ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN'.split(
    ' ',
  ),
);
/** What pg, ioredis and their pools say without a code. */
const AWAY_TEXT =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|client has encountered a connection error|cannot use a pool after calling end|max retries per request|connection is closed/i;
/** Classes of SQLSTATE: connection, resources, operator intervention, system; and what a retry did not mend. */
const AWAY_STATE = /^(08|53|57|58|25P0[1-4]|25006|40001|40P01|55P03)/;

interface DatabaseError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly table?: unknown;
  readonly constraint?: unknown;
  readonly detail?: unknown;
}

/** By SQLSTATE, where the database said no; deadlocks and lock time-outs that come so far were tried again already. */
function databaseRefusal(chain: readonly object[]): Refusal | null {
  for (const error of chain as readonly DatabaseError[]) {
    const code = typeof error.code === 'string' ? error.code : '';
    if (AWAY_CODES.has(code) || AWAY_TEXT.test(String(error.message ?? '')))
      return refusal('SERVICE_UNAVAILABLE');
    if (!/^(?=.*\d)[0-9A-Z]{5}$/.test(code)) continue;
    if (AWAY_STATE.test(code)) return refusal('SERVICE_UNAVAILABLE');
    if (code.startsWith('22'))
      return refusal('BAD_USER_INPUT', { reason: `a value cannot be stored (${code})` });
    if (code.startsWith('23')) return constraintRefusal(code, error);
  }
  return null;
}

function constraintRefusal(code: string, error: DatabaseError): Refusal {
  const columns = columnsOf(error.detail);
  switch (code) {
    case '23505':
      return refusal('ALREADY_EXISTS', {
        what: String(error.table ?? 'record').replaceAll('_', ' '),
        field: columns.join(', ') || 'value',
      });
    case '23503':
      // "… is not present in table …" names what the client pointed at; otherwise others still point at the row.
      return String(error.detail).includes('is not present in')
        ? badInput(columns.map((path) => ({ path, rule: 'exists' })))
        : refusal('CONFLICT');
    case '23502':
      return refusal('BAD_USER_INPUT', { reason: 'a required value is missing' });
    case '23514':
      return refusal('BAD_USER_INPUT', {
        reason: `the rule ${String(error.constraint ?? 'of the table')} is broken`,
      });
    default:
      return refusal('CONFLICT');
  }
}

/** `Key (lower(e_mail), team_id)=(…) …` → `eMail, teamId`: columns only, the values stay behind. */
function columnsOf(detail: unknown): string[] {
  const list = /^Key \((.{1,300}?)\)=\(/s.exec(String(detail))?.[1] ?? '';
  return list
    .split(',')
    .map((column) => /(\w+)\)*(?:::[\w ]+\)*)?$/.exec(column.trim())?.[1] ?? '')
    .filter((column) => column !== '')
    .map((column) => column.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
}
