import type { FastifyRequest } from 'fastify';
import type { Context } from '../context.js';
import type { Language } from '../errors.js';

/** What is known of a client before anybody is signed in; the same for HTTP, WebSocket and event streams. */
export interface ContextRequest {
  /** `Bearer <accessToken>`, or null. An empty bearer token counts as none: the explorer sends one before sign-in. */
  readonly authorization: string | null;
  readonly acceptLanguage: string | null;
  readonly address: string;
}

export type ContextFor = (request: ContextRequest) => Promise<Context>;

const AUTHORIZATION_MAX_LENGTH = 4096;

/** The credentials as sent, or null when there are none to speak of. */
export function credentials(header: unknown): string | null {
  if (typeof header !== 'string' || header.length > AUTHORIZATION_MAX_LENGTH) return null;
  const text = header.trim();
  return text === '' || /^bearer$/i.test(text) ? null : text;
}

/** The language a client prefers by its Accept-Language header: Chinese where any form of it comes before English,
 *  else English. Never throws, whatever the header says. */
export function languageOf(acceptLanguage: string | null | undefined): Language {
  let best: { language: Language; weight: number } = { language: 'en', weight: 0 };
  for (const part of (acceptLanguage ?? '').slice(0, 500).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const primary = tag.split('-')[0];
    if (primary !== 'en' && primary !== 'zh') continue;
    const quality = parameters
      .map((text) => /^\s*q=([\d.]+)\s*$/.exec(text)?.[1])
      .find((text) => text !== undefined);
    const weight = quality === undefined ? 1 : Number(quality) || 0;
    if (weight > best.weight) best = { language: primary, weight };
  }
  return best.language;
}

export const headerOf = (header: string | string[] | undefined): string | null =>
  Array.isArray(header) ? header.join(', ') : (header ?? null);

export const requestOf = (request: FastifyRequest): ContextRequest => ({
  authorization: credentials(request.headers.authorization),
  acceptLanguage: headerOf(request.headers['accept-language']),
  address: request.ip,
});
