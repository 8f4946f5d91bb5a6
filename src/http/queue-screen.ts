import type { Queue } from 'bullmq';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Context } from '../context.js';
import { refusal } from '../errors.js';
import { headerOf, requestOf, type ContextFor } from './request.js';

const PATH = '/admin/queues';
const COOKIE = 'countersign_queues';

/** Only this origin can be reached, whatever the page asks for; its own page asks for fonts elsewhere. */
const PAGE_POLICY = [
  "default-src 'none'",
  "base-uri 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const ELSEWHERE = /<link[^>]+href="https?:[^>]*>/g;

export interface QueueScreenOptions {
  readonly contextFor: ContextFor;
  /** Turns the ticket of `openQueueScreen` into a session of its own. @throws UNAUTHENTICATED */
  readonly enter: (
    context: Context,
    ticket: string,
  ) => Promise<{ readonly token: string; readonly seconds: number }>;
  /** Connects to the store of the queue. */
  readonly openQueue: () => Promise<{ readonly queue: Queue; close(): Promise<void> }>;
  /** Answers a refusal as everywhere else. */
  readonly refuse: (reply: FastifyReply, error: unknown) => FastifyReply;
}

/**
 * `/admin/queues`: what waits in the queue's store, to look at. Whoever may manage timers comes in by the one-time link of
 * `openQueueScreen`; each request after it is held against the session and the permission of that moment. Nothing can be
 * changed here: the tables decide, and timers are run, snoozed and paused by mutations.
 */
export function serveQueueScreen(
  app: FastifyInstance,
  options: QueueScreenOptions,
): { close(): Promise<void> } {
  const { contextFor, enter, refuse } = options;
  let opened: Promise<Board> | null = null;
  const board = (): Promise<Board> => {
    opened ??= openBoard(options.openQueue).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  const guarded =
    (work: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      reply.header('cache-control', 'no-store');
      try {
        return await work(request, reply);
      } catch (error) {
        return refuse(reply, error);
      }
    };

  app.get(
    `${PATH}/enter`,
    guarded(async (request, reply) => {
      const { ticket } = request.query as { ticket?: unknown };
      const context = await contextFor({ ...requestOf(request), authorization: null });
      const { token, seconds } = await enter(context, typeof ticket === 'string' ? ticket : '');
      const secure = request.protocol === 'https' ? '; Secure' : '';
      reply.header(
        'set-cookie',
        `${COOKIE}=${token}; Path=${PATH}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`,
      );
      // Strict cookies are not sent on a redirect that another site began, so the page asks for itself.
      return reply
        .header('content-security-policy', PAGE_POLICY)
        .type('text/html; charset=utf-8')
        .send(`<!doctype html><meta http-equiv="refresh" content="0; url=${PATH}/">`);
    }),
  );
  app.get(PATH, (_request, reply) => reply.redirect(`${PATH}/`));
  app.get(
    `${PATH}/*`,
    guarded(async (request, reply) => {
      await requireManager(contextFor, request);
      const { server } = await board();
      reply.hijack();
      server.routing(request.raw, reply.raw);
      return reply;
    }),
  );
  return {
    close: async () => {
      await (await opened?.catch(() => null))?.close();
    },
  };
}

/** @throws UNAUTHENTICATED, FORBIDDEN */
async function requireManager(contextFor: ContextFor, request: FastifyRequest): Promise<void> {
  const token = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]{1,200})(?:;|$)`).exec(
    headerOf(request.headers.cookie) ?? '',
  )?.[1];
  if (token === undefined) throw refusal('UNAUTHENTICATED');
  const { actor } = await contextFor({ ...requestOf(request), authorization: `Bearer ${token}` });
  if (!actor?.permissions.has('timer:manage')) throw refusal('FORBIDDEN', { permission: 'timer:manage' });
}

interface Board {
  readonly server: FastifyInstance;
  close(): Promise<void>;
}

/** Loaded when someone first looks: a server that nobody looks into does not carry it. */
async function openBoard(openQueue: QueueScreenOptions['openQueue']): Promise<Board> {
  const { createBullBoard } = await import('@bull-board/api');
  const { BullMQAdapter } = await import('@bull-board/api/bullMQAdapter');
  const { FastifyAdapter } = await import('@bull-board/fastify');
  const opened = await openQueue();
  const adapter = new FastifyAdapter();
  createBullBoard({
    queues: [new BullMQAdapter(opened.queue, { readOnlyMode: true })],
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Countersign', hideRedisDetails: true } },
  });
  adapter.setBasePath(PATH);
  const server = Fastify({ logger: false });
  server.addHook('onSend', async (_request, reply, payload) => {
    reply.headers({
      'content-security-policy': PAGE_POLICY,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    const isPage = String(reply.getHeader('content-type')).startsWith('text/html');
    return isPage && typeof payload === 'string' ? payload.replaceAll(ELSEWHERE, '') : payload;
  });
  await server.register(adapter.registerPlugin(), { prefix: PATH });
  await server.ready();
  return { server, close: () => Promise.all([server.close(), opened.close()]).then(() => undefined) };
}
