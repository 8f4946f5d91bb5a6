import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Log } from '../context.js';
import { ERRORS, isRefusal, messageOf, refusal, type ErrorCode, type Language } from '../errors.js';
import { causesOf, refusalOf } from './refusal-of.js';

const STACK_MAX_LENGTH = 4000;

export interface ErrorReport {
  readonly log: Log;
  /** Keeps "Did you mean …" from strangers, who could guess the schema with it. */
  readonly hideSchemaDetails: boolean;
  /** Called with the code of each error answered. */
  readonly count?: (code: ErrorCode) => void;
}

/**
 * The answer to an error, in English: a code of the catalogue with its details. What no rule knows becomes INTERNAL with
 * an id under which the log holds the stack; the client learns nothing else of it. Never throws.
 */
export function formatError(error: unknown, report: ErrorReport): GraphQLFormattedError {
  const answer = refusalOf(error) ?? refusal('INTERNAL', { id: randomUUID() });
  logAnswered(error, answer.code, answer.details, report.log);
  report.count?.(answer.code);
  const details = report.hideSchemaDetails ? withoutSuggestions(answer.details) : answer.details;
  const located = error instanceof GraphQLError ? error : null;
  return {
    message: messageOf(answer.code, details),
    ...(located?.locations && { locations: located.locations }),
    ...(located?.path && { path: located.path }),
    extensions: { ...details, code: answer.code },
  };
}

/** The same error in the reader's language. The details hold all that a message is made of, so nothing else is needed. */
export function translate(error: GraphQLFormattedError, language: Language): GraphQLFormattedError {
  const code = error.extensions?.['code'];
  if (typeof code !== 'string' || !Object.hasOwn(ERRORS, code)) return error;
  return { ...error, message: messageOf(code as ErrorCode, error.extensions ?? {}, language) };
}

/** The HTTP status for an answer that consists of this error alone. */
export function statusOf(error: GraphQLFormattedError): number {
  switch (error.extensions?.['code']) {
    case 'UNAUTHENTICATED':
      return 401;
    case 'FORBIDDEN':
      return 403;
    case 'NOT_FOUND':
      return 404;
    case 'RATE_LIMITED':
      return 429;
    case 'SERVICE_UNAVAILABLE':
      return 503;
    case 'INTERNAL':
      return 500;
    default:
      return 400;
  }
}

/** An error that is refused before it was executed, with the answer and status that Apollo is to send as they are. */
export class AnsweredError extends GraphQLError {
  constructor(
    readonly answer: GraphQLFormattedError,
    status: number,
  ) {
    super(answer.message, { extensions: { ...answer.extensions, http: { status } } });
  }
}

function withoutSuggestions<T extends Readonly<Record<string, unknown>>>(details: T): T {
  const { reason } = details;
  return typeof reason === 'string'
    ? { ...details, reason: reason.replace(/ ?Did you mean[\s\S]*$/, '') }
    : details;
}

/** A refusal is an answer and needs no line; an outage, a failure or a value that only the database caught does. */
function logAnswered(
  error: unknown,
  code: ErrorCode,
  details: Readonly<Record<string, unknown>>,
  log: Log,
): void {
  const chain = causesOf(error);
  if (chain.some(isRefusal)) return;
  const root = (chain.at(-1) ?? { message: String(error) }) as {
    message?: unknown;
    stack?: unknown;
    code?: unknown;
  };
  const where = { code, ...(error instanceof GraphQLError && error.path && { path: error.path.join('.') }) };
  if (code === 'INTERNAL') {
    const causes = chain.map((cause) => String((cause as { message?: unknown }).message ?? '').slice(0, 300));
    const stack = String(root.stack ?? root.message).slice(0, STACK_MAX_LENGTH);
    log.error({ ...where, id: details['id'], causes, stack }, 'an operation failed');
  } else if (code === 'SERVICE_UNAVAILABLE' || (typeof root.code === 'string' && code !== 'CONFLICT')) {
    log.warn(
      { ...where, cause: root.code ?? String(root.message).slice(0, 300) },
      'an operation was refused by a part below',
    );
  }
}
