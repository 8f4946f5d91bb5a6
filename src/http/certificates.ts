import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Context } from '../context.js';
import { refusal } from '../errors.js';
import { requestOf, type ContextFor } from './request.js';

export interface CertificateOptions {
  readonly contextFor: ContextFor;
  /** The PDF of a request that the person may see. @throws NOT_FOUND */
  readonly pdf: (context: Context, requestId: string) => Promise<Buffer>;
  /** Answers a refusal as everywhere else. */
  readonly refuse: (reply: FastifyReply, error: unknown) => FastifyReply;
}

/** `GET /files/certificates/<request id>.pdf`, with the bearer token that GraphQL takes. */
export function serveCertificates(
  app: FastifyInstance,
  { contextFor, pdf, refuse }: CertificateOptions,
): void {
  app.get<{ Params: { name: string } }>('/files/certificates/:name', async (request, reply) => {
    reply.header('cache-control', 'no-store').header('vary', 'authorization, accept-language');
    try {
      const context = await contextFor(requestOf(request));
      if (!context.actor) throw refusal('UNAUTHENTICATED');
      const id = /^([0-9a-fA-F-]{36})\.pdf$/.exec(request.params.name)?.[1];
      if (id === undefined) throw refusal('NOT_FOUND', { what: 'page' });
      const made = await pdf(context, id);
      return reply
        .type('application/pdf')
        .header('content-disposition', `inline; filename="${id}.pdf"`)
        .send(made);
    } catch (error) {
      return refuse(reply, error);
    }
  });
}
