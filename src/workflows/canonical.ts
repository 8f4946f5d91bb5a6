import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Fact } from './request.js';

/** Canonical JSON (RFC 8785) of plain data; instants become ISO text. The exact bytes that are hashed and stored. */
export function canonicalText(value: unknown): string {
  const text = canonicalize(JSON.parse(JSON.stringify(value)));
  if (text === undefined) throw new Error('nothing to canonicalize');
  return text;
}

export const digestOf = (value: unknown): string => sha256(canonicalText(value));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The head of the empty chain of a request: a chain can't be passed off as another request's. */
export const chainStart = (requestId: string): string => sha256(`countersign-chain/1\n${requestId}`);

/** The digest of an event: SHA-256 (hex) over the digest before it, a line feed, and the fact's canonical text. */
export const chainDigest = (previous: string, canonical: string): string =>
  sha256(`${previous}\n${canonical}`);

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const INSTANT_FIELDS = new Set(['at', 'dueAt', 'expiresAt']);

/** A fact from its canonical text; the reverse of `canonicalText` for facts. */
export function parseFact(canonical: string): Fact {
  return JSON.parse(canonical, (key, value: unknown) =>
    INSTANT_FIELDS.has(key) && typeof value === 'string' && INSTANT.test(value) ? new Date(value) : value,
  ) as Fact;
}
