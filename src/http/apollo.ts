import { ApolloServer, type ApolloServerPlugin, type BaseContext } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OperationTypeNode, type GraphQLSchema } from 'graphql';
import type { Context, Log } from '../context.js';
import { refusal, type Refusal } from '../errors.js';
import { QUERY_MAX_COST, QUERY_MAX_TOKENS } from '../limits.js';
import { variablesRefusal } from './clean-text.js';
import { AnsweredError, formatError, statusOf, translate, type ErrorReport } from './format-error.js';
import { costRefusal, DOCUMENT_RULES } from './operation-limits.js';
import { languageOf, requestOf, type ContextFor } from './request.js';

/** Errors in one answer to a bad document or bad variables: enough to mend it, too few to flood. */
const ERRORS_MAX = 5;

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly contextFor: ContextFor;
  readonly config: { readonly introspection: boolean; readonly production: boolean };
  readonly log: Log;
  readonly report: ErrorReport;
}

/** Executes queries and mutations for the routes of the application. `stop` drains it, Fastify included. */
export async function startApollo(
  app: FastifyInstance,
  { schema, contextFor, config, log, report }: ApolloOptions,
): Promise<{
  handle: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  stop: () => Promise<void>;
}> {
  const refuse = (error: unknown, language: Context['language']): AnsweredError => {
    const answer = translate(formatError(error, report), language);
    return new AnsweredError(answer, statusOf(answer));
  };
  const server = new ApolloServer<Context>({
    schema,
    introspection: config.introspection,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    // Ours is the only handler of signals; a second stop() of Apollo's never ends.
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: config.production,
    parseOptions: { maxTokens: QUERY_MAX_TOKENS },
    validationOptions: { maxErrors: ERRORS_MAX },
    executionOptions: { maxCoercionErrors: ERRORS_MAX },
    maxRecursiveSelections: QUERY_MAX_COST,
    validationRules: [...DOCUMENT_RULES],
    formatError: (_formatted, error) =>
      error instanceof AnsweredError ? error.answer : formatError(error, report),
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message) => log.warn({}, String(message)),
      error: (message) => log.error({}, String(message)),
    },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(app),
      checkBeforeExecution(schema, refuse),
      speakTheirLanguage,
    ],
  });
  await server.start();
  const handle = fastifyApolloHandler(server, {
    context: async (request) => {
      const asked = requestOf(request);
      try {
        return await contextFor(asked);
      } catch (error) {
        throw refuse(error, languageOf(asked.acceptLanguage));
      }
    },
  });
  return {
    handle: async (request, reply) => handle.call(app, request, reply),
    stop: () => server.stop(),
  };
}

/** What depends on the variables or the kind of operation, and so cannot be a validation rule. */
const checkBeforeExecution = (
  schema: GraphQLSchema,
  refuse: (error: Refusal, language: Context['language']) => AnsweredError,
): ApolloServerPlugin<Context> => ({
  async requestDidStart() {
    return {
      async didResolveOperation({ operation, document, request, contextValue }) {
        const refused =
          operation?.operation === OperationTypeNode.SUBSCRIPTION
            ? refusal('BAD_USER_INPUT', {
                reason:
                  'subscriptions are served over WebSocket (/graphql) or as an event stream (/graphql/stream)',
              })
            : (variablesRefusal(request.variables) ?? costRefusal(schema, document, request.variables));
        if (refused) throw refuse(refused, contextValue.language);
      },
    };
  },
});

/** Messages are made in English and said again in the reader's language when the answer leaves. */
const speakTheirLanguage: ApolloServerPlugin<Context & BaseContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response: { body }, contextValue }) {
        if (body.kind !== 'single' || body.singleResult.errors === undefined) return;
        body.singleResult.errors = body.singleResult.errors.map((error) =>
          translate(error, contextValue.language),
        );
      },
    };
  },
};
