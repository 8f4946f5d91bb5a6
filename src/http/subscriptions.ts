import {
  createSourceEventStream,
  execute,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import type { Context } from '../context.js';
import { refusal, type Language } from '../errors.js';
import { QUERY_MAX_TOKENS } from '../limits.js';
import { variablesRefusal } from './clean-text.js';
import { formatError, translate, type ErrorReport } from './format-error.js';
import { costRefusal, DOCUMENT_RULES } from './operation-limits.js';
import { asGraphQLError, requestRefusal } from './refusal-of.js';
import type { ContextFor, ContextRequest } from './request.js';

/** What both transports of subscriptions share. */
export interface SubscriptionOptions {
  readonly schema: GraphQLSchema;
  readonly contextFor: ContextFor;
  /** Whether the person behind a fresh context may still listen; asked when they connect and before each event. */
  readonly sessionStillValid: (context: Context) => Promise<boolean>;
  readonly introspection: boolean;
  readonly report: ErrorReport;
}

/** Of an operation as the client sent it; the transports have checked the types. */
export interface SubscriptionRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Record<string, unknown> | null | undefined;
}

/** Who listens, and what to do when their session is over. Travels as the context value until the first event. */
export type Listener = {
  readonly request: ContextRequest;
  readonly language: Language;
  readonly sessionEnded: () => void;
};

export type DeliveredResult = Omit<ExecutionResult, 'errors'> & { errors?: readonly GraphQLFormattedError[] };

const asRequestFault = (error: GraphQLError): GraphQLError => asGraphQLError(requestRefusal(error), error);

/** Parses and checks a subscription by the rules that hold for queries. Only subscriptions travel on these transports, so
 *  that no query or mutation escapes the deadline and the plugins of POST. */
export function checkSubscription(
  { schema, introspection }: SubscriptionOptions,
  { query, operationName, variables }: SubscriptionRequest,
): { args: ExecutionArgs } | { errors: readonly GraphQLError[] } {
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: QUERY_MAX_TOKENS });
  } catch (error) {
    return { errors: [asRequestFault(error as GraphQLError)] };
  }
  const rules = [
    ...specifiedRules,
    ...(introspection ? [] : [NoSchemaIntrospectionCustomRule]),
    ...DOCUMENT_RULES,
  ];
  const invalid = validate(schema, document, rules, { maxErrors: 5 });
  if (invalid.length > 0) return { errors: invalid.map(asRequestFault) };
  const operation = getOperationAST(document, operationName);
  const refused =
    operation?.operation === OperationTypeNode.SUBSCRIPTION
      ? (variablesRefusal(variables) ?? costRefusal(schema, document, variables ?? {}))
      : refusal('BAD_USER_INPUT', {
          reason: 'only subscriptions are served here; send queries and mutations by POST /graphql',
        });
  if (refused) return { errors: [asGraphQLError(refused)] };
  return {
    args: { schema, document, operationName: operationName ?? null, variableValues: variables ?? {} },
  };
}

/** The errors of an answer as the client reads them. */
export const answerTo = (
  errors: readonly unknown[],
  language: Language,
  report: ErrorReport,
): GraphQLFormattedError[] => errors.map((error) => translate(formatError(error, report), language));

/**
 * Runs a subscription so that every event is resolved on a context of its own: a role taken away, a moved clock or a
 * changed row counts at the next event. When the session is over the last thing delivered is UNAUTHENTICATED. An event
 * whose context cannot be made is answered with an error and the stream goes on.
 */
export async function startSubscription(
  options: SubscriptionOptions,
  args: ExecutionArgs,
  { request, language, sessionEnded }: Listener,
): Promise<DeliveredResult | AsyncGenerator<DeliveredResult, void, void>> {
  const { contextFor, sessionStillValid, report } = options;
  const failure = (error: unknown): DeliveredResult => ({
    errors: [translate(formatError(error, report), language)],
  });
  const masked = ({ errors, ...result }: ExecutionResult): DeliveredResult =>
    errors ? { ...result, errors: answerTo(errors, language, report) } : result;

  let source: AsyncIterable<unknown> | ExecutionResult;
  try {
    const context = await contextFor(request);
    if (!(await sessionStillValid(context))) {
      sessionEnded();
      return failure(refusal('UNAUTHENTICATED'));
    }
    source = await createSourceEventStream({ ...args, contextValue: context });
  } catch (error) {
    return failure(error);
  }
  if (!(Symbol.asyncIterator in source)) return masked(source);

  const events = source[Symbol.asyncIterator]();
  let over = false;
  const end = async (): Promise<IteratorReturnResult<void>> => {
    over = true;
    await events.return?.();
    return { done: true, value: undefined };
  };
  const resolveEvent = async (event: unknown): Promise<DeliveredResult> => {
    const context = await contextFor(request);
    if (await sessionStillValid(context))
      return masked(await execute({ ...args, rootValue: event, contextValue: context }));
    await end();
    sessionEnded();
    return failure(refusal('UNAUTHENTICATED'));
  };
  // Written out, because `return` of an async generator waits for the event that is being waited for.
  const results: AsyncGenerator<DeliveredResult, void, void> = {
    async next() {
      if (over) return { done: true, value: undefined };
      let event: IteratorResult<unknown>;
      try {
        event = await events.next();
      } catch (error) {
        over = true;
        return { done: false, value: failure(error) };
      }
      if (event.done === true || over) return end();
      return { done: false, value: await resolveEvent(event.value).catch(failure) };
    },
    return: end,
    async throw(error) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]: () => results,
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
  return results;
}
