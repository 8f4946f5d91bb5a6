import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs } from 'graphql';
import { useServer, type Extra } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { refusal } from '../errors.js';
import { BODY_MAX_BYTES } from '../limits.js';
import { asGraphQLError, refusalOf } from './refusal-of.js';
import { credentials, type ContextRequest } from './request.js';
import {
  answerTo,
  checkSubscription,
  startSubscription,
  type Listener,
  type SubscriptionOptions,
} from './subscriptions.js';

/** Open at once on one socket: a console shows a handful. */
const SUBSCRIPTIONS_MAX = 20;

const KEEP_ALIVE_MS = 12_000;

/** A client that does not answer the closing handshake in this time is cut off. */
const CLOSE_MS = 1_000;

const CLOSE = { goingAway: 1001, tryAgainLater: 1013, forbidden: 4403 } as const;

export interface SubscriptionTransport {
  /** Subscriptions or connections open now. */
  open(): number;
  /** Ends them all; the clients are told to connect elsewhere. */
  close(): Promise<void>;
}

type Listening = { listener: Listener };

/** Serves the protocol graphql-transport-ws on `path` of the server. Who has no valid session is closed with 4403. */
export function serveWebSockets(
  server: Server,
  path: string,
  options: SubscriptionOptions,
): SubscriptionTransport {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: BODY_MAX_BYTES });
  const handler = useServer<Record<string, unknown>, Listening>(
    {
      // The library's own answers to failures name no cause.
      isProd: true,
      onConnect: async ({ connectionParams, extra }) => {
        const request = requestOf(connectionParams ?? {}, extra);
        try {
          const context = await options.contextFor(request);
          if (!(await options.sessionStillValid(context))) return false;
          const sessionEnded = (): void => extra.socket.close(CLOSE.forbidden, 'Session ended');
          extra.listener = { request, language: context.language, sessionEnded };
          return true;
        } catch (error) {
          const code = refusalOf(error)?.code;
          if (code !== 'UNAUTHENTICATED' && code !== 'FORBIDDEN') {
            answerTo([error], 'en', options.report);
            extra.socket.close(CLOSE.tryAgainLater, 'Try again later');
          }
          return false;
        }
      },
      onSubscribe: ({ extra, subscriptions }, _id, payload) => {
        if (Object.keys(subscriptions).length > SUBSCRIPTIONS_MAX)
          return [
            asGraphQLError(
              refusal('QUERY_TOO_COMPLEX', {
                reason: `more than ${SUBSCRIPTIONS_MAX} subscriptions at once`,
              }),
            ),
          ];
        const checked = checkSubscription(options, payload);
        return 'errors' in checked ? checked.errors : { ...checked.args, contextValue: extra.listener };
      },
      subscribe: ({ contextValue, ...args }: ExecutionArgs) =>
        startSubscription(options, args, contextValue as Listener) as never,
      onNext: (_context, _id, _payload, _args, result) => result,
      onError: ({ extra }, _id, _payload, errors) =>
        answerTo(errors, extra.listener?.language ?? 'en', options.report),
    },
    sockets,
    KEEP_ALIVE_MS,
  );

  let closing = false;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if (closing) return refuseUpgrade(socket, '503 Service Unavailable');
    if (request.url?.split('?')[0] !== path) return refuseUpgrade(socket, '404 Not Found');
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  });
  return {
    open: () => sockets.clients.size,
    async close() {
      if (closing) return;
      closing = true;
      const timer = setTimeout(() => {
        for (const client of sockets.clients) client.terminate();
      }, CLOSE_MS);
      await handler.dispose();
      clearTimeout(timer);
    },
  };
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Browsers cannot set headers on a socket, so the connection parameters come first. */
function requestOf(parameters: Readonly<Record<string, unknown>>, { request }: Extra): ContextRequest {
  const { headers, socket } = request;
  return {
    authorization: credentials(
      parameters['authorization'] ?? parameters['Authorization'] ?? headers.authorization,
    ),
    acceptLanguage: headers['accept-language'] ?? null,
    address: socket.remoteAddress ?? '',
  };
}
