import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Context, Log } from '../context.js';
import { refusal } from '../errors.js';
import { BODY_MAX_BYTES, REQUEST_TIMEOUT_MS } from '../limits.js';
import { startApollo } from './apollo.js';
import { serveCalendarFeeds, type CalendarFeedOptions } from './calendar-feed.js';
import { serveCertificates } from './certificates.js';
import { within } from './deadline.js';
import { serveDecisionLinks, type DecisionLinks } from './decision-link.js';
import { serveEventStreams } from './event-stream.js';
import { serveExplorer } from './explorer.js';
import { serveFiles, type FileOptions } from './files.js';
import { formatError, statusOf, translate, type ErrorReport } from './format-error.js';
import { serveHealth } from './health.js';
import { serveQueueScreen, type QueueScreenOptions } from './queue-screen.js';
import { languageOf, type ContextFor } from './request.js';
import { serveWebSockets } from './websocket.js';

export const GRAPHQL_PATH = '/graphql';

/** Readiness and metrics answer within this time, whatever hangs below. */
const READY_MS = 2_000;

/** Slower requests leave a line in the log. */
const SLOW_MS = 1_000;

export interface HttpServerOptions {
  /** With the permission rules applied. */
  readonly schema: GraphQLSchema;
  /** Made anew for each request, each connection and each event of a subscription. */
  readonly contextFor: ContextFor;
  /** Whether a listener may go on; by default whoever is signed in may. */
  readonly sessionStillValid?: (context: Context) => Promise<boolean>;
  /** Each part of the service: 'ok', or what is wrong in a few words that may be shown to anyone. */
  readonly ready: () => Promise<Record<string, string>>;
  /** The application's own metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  readonly config: {
    readonly introspection: boolean;
    readonly explorer: boolean;
    readonly production: boolean;
  };
  /** The certificate of a request as a PDF; without it there is no such page. */
  readonly certificatePdf?: (context: Context, requestId: string) => Promise<Buffer>;
  /** Links in mails that may carry a decision, and where their pages are; without it there are none. */
  readonly decisionLinks?: { readonly path: string; readonly links: DecisionLinks };
  /** Keeps and gives files; without it there are no such pages. */
  readonly files?: Pick<FileOptions, 'store' | 'open'>;
  /** The calendar feed at an address; without it there are none. */
  readonly calendarFeed?: CalendarFeedOptions['feed'];
  /** What the queue screen needs; without it there is none. */
  readonly queueScreen?: Pick<QueueScreenOptions, 'enter' | 'openQueue'>;
  readonly log: Log;
  /** For tests. */
  readonly deadlines?: { readonly requestMs?: number; readonly readyMs?: number };
}

export interface HttpServer {
  /** Answers the port, which the system chose when 0 was asked for. */
  listen(port: number, host: string): Promise<number>;
  /** Not ready first; subscriptions end (1001), new requests are refused, those in flight finish, for 10 s at most.
   *  Calling it again waits for the same end. */
  close(): Promise<void>;
  /** A request without a socket, for tests. */
  readonly inject: FastifyInstance['inject'];
}

/** The whole HTTP surface on one port: GraphQL, subscriptions, the explorer, health and metrics. */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { config, log, contextFor } = options;
  const counters = new Map<string, number>();
  const count = (series: string): void => void counters.set(series, (counters.get(series) ?? 0) + 1);
  const report: ErrorReport = {
    log,
    hideSchemaDetails: config.production,
    count: (code) => count(`countersign_errors_total{code="${code}"}`),
  };
  const requestMs = options.deadlines?.requestMs ?? REQUEST_TIMEOUT_MS;
  let closing: Promise<void> | null = null;

  const answer = (reply: FastifyReply, error: unknown, status?: number): FastifyReply => {
    const { headers } = reply.request;
    const formatted = translate(formatError(error, report), languageOf(headers['accept-language']));
    const type = /graphql-response\+json/.test(headers.accept ?? '') ? 'graphql-response+json' : 'json';
    return reply
      .code(status ?? statusOf(formatted))
      .header('content-type', `application/${type}; charset=utf-8`)
      .send(JSON.stringify({ errors: [formatted] }));
  };
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_MAX_BYTES,
    // For receiving a request; the answer's deadline is ours.
    requestTimeout: requestMs * 2,
    forceCloseConnections: 'idle',
    // The hook below refuses in our words.
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => void answer(reply as FastifyReply, clientFault(error), 400),
  });
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async (request, reply) => {
    if (closing === null || request.url.startsWith('/health/')) return undefined;
    return answer(reply, refusal('SERVICE_UNAVAILABLE'));
  });
  app.addHook('onSend', async (_request, reply) => {
    secure(reply);
    // A connection kept alive would hold up the end until it is cut.
    if (closing !== null) reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const { statusCode, elapsedTime } = reply;
    count(`countersign_http_requests_total{route="${route}",status="${statusCode}"}`);
    if (elapsedTime > SLOW_MS && route !== STREAM_PATH)
      log.warn({ route, status: statusCode, ms: Math.round(elapsedTime) }, 'a request was slow');
  });
  app.setNotFoundHandler((_request, reply) => answer(reply, refusal('NOT_FOUND', { what: 'page' })));
  app.setErrorHandler((error: FailedRequest, _request, reply) =>
    answer(
      reply,
      clientFault(error),
      error.statusCode !== undefined && error.statusCode < 500 ? error.statusCode : undefined,
    ),
  );

  const apollo = await startApollo(app, { ...options, report });
  const explorer = config.explorer ? await serveExplorer(app, GRAPHQL_PATH) : null;
  if (explorer) app.get('/', (_request, reply) => reply.redirect(GRAPHQL_PATH));
  app.route({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    handler: (request: FastifyRequest, reply: FastifyReply) => {
      reply.header('vary', 'accept, accept-language');
      if (explorer?.wanted(request)) return reply.headers(explorer.headers).send(explorer.page);
      reply.header('cache-control', 'no-store');
      return within<unknown>(requestMs, apollo.handle(request, reply), () => {
        log.warn({ ms: requestMs }, 'a request was cut off at its deadline');
        return answer(reply, refusal('SERVICE_UNAVAILABLE'));
      });
    },
  });
  const subscriptions = {
    schema: options.schema,
    contextFor,
    sessionStillValid: options.sessionStillValid ?? (async ({ actor }: Context) => actor !== null),
    introspection: config.introspection,
    report,
  };
  const streams = serveEventStreams(app, STREAM_PATH, subscriptions);
  const sockets = serveWebSockets(app.server, GRAPHQL_PATH, subscriptions);
  if (options.certificatePdf)
    serveCertificates(app, { contextFor, pdf: options.certificatePdf, refuse: answer });
  if (options.decisionLinks) {
    const { path, links } = options.decisionLinks;
    await serveDecisionLinks(app, path, { contextFor, links });
  }
  if (options.files)
    serveFiles(app, { contextFor, ...options.files, refuse: (reply, error) => answer(reply, error) });
  if (options.calendarFeed)
    serveCalendarFeeds(app, { contextFor, feed: options.calendarFeed, refuse: answer });
  const screen = options.queueScreen
    ? serveQueueScreen(app, { ...options.queueScreen, contextFor, refuse: answer })
    : null;
  serveHealth(app, {
    ready: options.ready,
    metrics: options.metrics,
    readyMs: options.deadlines?.readyMs ?? READY_MS,
    stopping: () => closing !== null,
    counters,
    gauges: () => ({
      countersign_sockets_open: sockets.open(),
      countersign_event_streams_open: streams.open(),
    }),
  });
  await app.ready();

  const drain = async (): Promise<void> => {
    await Promise.all([streams.close(), sockets.close()]);
    await apollo.stop();
    await screen?.close();
  };
  return {
    async listen(port, host) {
      await app.listen({ port, host });
      const address = app.server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    close: () => (closing ??= drain()),
    inject: app.inject.bind(app),
  };
}

const STREAM_PATH = `${GRAPHQL_PATH}/stream`;

interface FailedRequest extends Error {
  readonly statusCode?: number;
}

/** Fastify's own findings about a request (its body, type, size or address), in a code of ours; anything else as it is. */
function clientFault(error: FailedRequest): unknown {
  const { statusCode = 500 } = error;
  if (statusCode === 413)
    return refusal('QUERY_TOO_COMPLEX', { reason: `the body is larger than ${BODY_MAX_BYTES} bytes` });
  return statusCode < 500 ? refusal('BAD_USER_INPUT', { reason: error.message.slice(0, 200) }) : error;
}

/** Nothing here is to be framed, sniffed, or given to another origin; what needs less says so itself. */
function secure(reply: FastifyReply): void {
  if (!reply.hasHeader('content-security-policy'))
    reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  reply.headers({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  });
}
