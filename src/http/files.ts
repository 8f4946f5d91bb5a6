import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '../context.js';
import { isRefusal, refusal } from '../errors.js';
import { FILE_MAX_BYTES } from '../limits.js';
import { requestOf, type ContextFor } from './request.js';

/** A file as it comes in. */
interface Incoming {
  readonly name: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

export interface FileOptions {
  readonly contextFor: ContextFor;
  /** Keeps a file. @throws BAD_USER_INPUT, RATE_LIMITED */
  readonly store: (context: Context, file: Incoming) => Promise<object>;
  /** A file that the person may see. @throws NOT_FOUND */
  readonly open: (context: Context, id: string) => Promise<Incoming>;
  /** Answers a refusal as everywhere else. */
  readonly refuse: (reply: FastifyReply, error: unknown) => FastifyReply;
}

/**
 * `POST /files?name=<name>` with the bytes as its body and `GET /files/<id>`, both with the bearer token that GraphQL
 * takes. Who is not signed in is refused before a byte of the body is read. What is downloaded is saved, never shown:
 * whatever its media type says, no browser runs it.
 */
export function serveFiles(app: FastifyInstance, { contextFor, store, open, refuse }: FileOptions): void {
  const signedIn = new WeakMap<FastifyRequest, Context>();
  const authenticate = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    reply.header('cache-control', 'no-store').header('vary', 'authorization, accept-language');
    try {
      const context = await contextFor(requestOf(request));
      if (!context.actor) throw refusal('UNAUTHENTICATED');
      signedIn.set(request, context);
      return undefined;
    } catch (error) {
      return refuse(reply, error);
    }
  };
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    const options = { parseAs: 'buffer', bodyLimit: FILE_MAX_BYTES } as const;
    scope.addContentTypeParser('*', options, (_request, body, done) => done(null, body));
    scope.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) =>
      refuse(reply, isRefusal(error) || error.statusCode !== 413 ? error : tooLarge()),
    );
    scope.post<{ Querystring: { name?: string | string[] } }>(
      '/files',
      { bodyLimit: FILE_MAX_BYTES, onRequest: authenticate },
      async (request, reply) => {
        const { name } = request.query;
        const content = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const mediaType = request.headers['content-type'] ?? '';
        const context = signedIn.get(request) as Context;
        const stored = await store(context, {
          name: typeof name === 'string' ? name : '',
          mediaType,
          content,
        });
        return reply.code(201).send(stored);
      },
    );
    scope.get<{ Params: { id: string } }>(
      '/files/:id',
      { onRequest: authenticate },
      async (request, reply) => {
        const { name, mediaType, content } = await open(signedIn.get(request) as Context, request.params.id);
        return reply
          .header('content-type', mediaType)
          .header('content-disposition', `attachment; filename*=UTF-8''${encoded(name)}`)
          .send(content);
      },
    );
  });
}

const tooLarge = () =>
  refusal('BAD_USER_INPUT', {
    reason: `body: at most ${FILE_MAX_BYTES} bytes`,
    fields: [{ path: 'body', rule: `at most ${FILE_MAX_BYTES} bytes` }],
  });

/** A name as RFC 8187 writes it in a header. */
const encoded = (name: string): string =>
  encodeURIComponent(name).replace(/['()*!]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
