import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createHandler, type Response } from 'graphql-sse';
import { refusal } from '../errors.js';
import { formatError, statusOf, translate } from './format-error.js';
import { headerOf, languageOf, requestOf, type ContextRequest } from './request.js';
import {
  answerTo,
  checkSubscription,
  startSubscription,
  type DeliveredResult,
  type Listener,
  type SubscriptionOptions,
} from './subscriptions.js';
import type { SubscriptionTransport } from './websocket.js';

/** Serves subscriptions as server-sent events, one request each ("distinct connections" of the protocol), for clients
 *  without sockets. Who has no valid session is answered 401. */
export function serveEventStreams(
  app: FastifyInstance,
  path: string,
  options: SubscriptionOptions,
): SubscriptionTransport {
  const streams = new Set<AsyncGenerator<string, void, undefined>>();
  const listeners = new WeakMap<FastifyRequest, Listener>();
  const refuse = (error: unknown, { acceptLanguage }: ContextRequest): Response => {
    const answer = translate(formatError(error, options.report), languageOf(acceptLanguage));
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    return [JSON.stringify({ errors: [answer] }), { status: statusOf(answer), statusText: '', headers }];
  };
  const handle = createHandler<FastifyRequest, undefined, Listener | undefined>({
    async authenticate({ raw }) {
      const request = requestOf(raw);
      try {
        const context = await options.contextFor(request);
        if (!(await options.sessionStillValid(context))) return refuse(refusal('UNAUTHENTICATED'), request);
        listeners.set(raw, { request, language: context.language, sessionEnded: () => undefined });
        // No token: the mode in which one stream carries many operations is not served.
        return null;
      } catch (error) {
        return refuse(error, request);
      }
    },
    onSubscribe({ raw }, { query, operationName, variables }) {
      const listener = listeners.get(raw);
      const language = listener?.language ?? 'en';
      const checked = checkSubscription(options, { query, operationName, variables });
      if ('errors' in checked) return once({ errors: answerTo(checked.errors, language, options.report) });
      return { ...checked.args, contextValue: listener };
    },
    // Checked above, by our rules as well as the specified ones.
    validate: () => [],
    subscribe: ({ contextValue, ...args }) =>
      startSubscription(options, args, contextValue as Listener) as never,
  });

  app.route({
    method: ['GET', 'POST'],
    url: path,
    handler: async (request, reply) => {
      const [body, { status, headers }] = await handle({
        method: request.method,
        url: request.url,
        headers: { get: (name) => headerOf(request.headers[name]) },
        body: (request.body ?? null) as Record<string, unknown> | null,
        raw: request,
        context: undefined,
      });
      reply.code(status).headers(headers ?? {});
      if (body === null || typeof body === 'string') return reply.send(body ?? '');
      streams.add(body);
      const stream = Readable.from(body);
      stream.once('close', () => streams.delete(body));
      return reply.send(stream);
    },
  });
  return {
    open: () => streams.size,
    async close() {
      await Promise.all([...streams].map((stream) => stream.return()));
    },
  };
}

/** A stream of one result: the library takes a result without data for something else. */
async function* once(result: DeliveredResult): AsyncGenerator<never, void, undefined> {
  yield result as never;
}
