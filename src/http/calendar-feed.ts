import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Context } from '../context.js';
import { refusal } from '../errors.js';
import { requestOf, type ContextFor } from './request.js';

export interface CalendarFeedOptions {
  readonly contextFor: ContextFor;
  /** The feed at this address; null: there is none. */
  readonly feed: (context: Context, token: string) => Promise<string | null>;
  /** Answers a refusal as everywhere else. */
  readonly refuse: (reply: FastifyReply, error: unknown) => FastifyReply;
}

/** `GET /calendar/<token>.ics`: calendar programs send no credentials, so the address is the secret. */
export function serveCalendarFeeds(
  app: FastifyInstance,
  { contextFor, feed, refuse }: CalendarFeedOptions,
): void {
  app.get<{ Params: { name: string } }>('/calendar/:name', async (request, reply) => {
    reply.header('cache-control', 'private, no-cache');
    try {
      const context = await contextFor({ ...requestOf(request), authorization: null });
      const token = /^([\w-]{1,200})\.ics$/.exec(request.params.name)?.[1];
      const text = token === undefined ? null : await feed(context, token);
      if (text === null) throw refusal('NOT_FOUND', { what: 'page' });
      const tag = `"${createHash('sha256').update(text).digest('base64url')}"`;
      reply.header('etag', tag);
      if (request.headers['if-none-match'] === tag) return await reply.code(304).send();
      return await reply.type('text/calendar; charset=utf-8').send(text);
    } catch (error) {
      return refuse(reply, error);
    }
  });
}
