import { createHash } from 'node:crypto';
import { ENGINE_VERSION } from './engine-versions.js';
import { canonicalText, parseFact } from './canonical.js';
import type { Fact } from './request.js';

/**
 * Free text in facts can be erased without breaking the chain: the chained text holds a commitment, SHA-256 over a salt
 * and the value, and the value stands beside it (`approval_text`). Whoever has value and salt can prove that it is what
 * was chained; without the salt a commitment says nothing, not even to someone who guesses the words.
 */
export interface SealedText {
  /** SHA-256 (hex) over the salt, a line feed, and the value's canonical JSON. */
  readonly commitment: string;
  /** What it is: comment, evidence, title, content. */
  readonly name: string;
  /** 32 hex digits, fresh for each value. */
  readonly salt: string;
  readonly value: unknown;
}

/** What people write in their own words, wherever it stands in a fact. */
const FREE_TEXT: ReadonlySet<string> = new Set([
  'comment',
  'evidence',
  'question',
  'answer',
  'before',
  'after',
]);

/** What was submitted; its digest stays in the fact. */
const SUBJECT_TEXT: ReadonlySet<string> = new Set(['title', 'content']);

/** Values that are records, not words: erased, an empty one stands there. */
const CONTENT: ReadonlySet<string> = new Set(['content', 'before', 'after']);

/** Stands where a value was erased: in facts read back and in the rows alike, so that a replay still gives the rows. */
export const ERASED_TEXT = '[erased]';

export const commitmentOf = (salt: string, value: unknown): string =>
  createHash('sha256')
    .update(`${salt}\n${canonicalText(value)}`)
    .digest('hex');

export interface Sealed {
  /** The text that is chained and stored. */
  readonly canonical: string;
  readonly texts: readonly SealedText[];
}

/**
 * The fact as it is chained, with the number of the engine that made it, and its free text beside it. `newSalt` gives
 * 128 random bits in hex.
 */
export function sealFact(made: Fact, newSalt: () => string): Sealed {
  const fact = { ...made, engine: ENGINE_VERSION };
  const texts: SealedText[] = [];
  const sealed = replaceText(fact, (value, name) => {
    if (value === null || value === undefined) return value;
    const salt = newSalt();
    const commitment = commitmentOf(salt, value);
    texts.push({ commitment, name, salt, value });
    return { commitment };
  });
  return { canonical: canonicalText(sealed), texts };
}

/** The commitments of a chained text, in the order in which they stand there. */
export function commitmentsIn(canonical: string): string[] {
  const found: string[] = [];
  replaceText(JSON.parse(canonical), (value) => {
    const commitment = asCommitment(value);
    if (commitment !== undefined) found.push(commitment);
    return value;
  });
  return found;
}

/** The fact behind a chained text. `valueOf` answers the value of a commitment, undefined where it was erased. */
export const unsealFact = (canonical: string, valueOf: (commitment: string) => unknown): Fact =>
  replaceText(parseFact(canonical), (sealed, name) => {
    const commitment = asCommitment(sealed);
    if (commitment === undefined) return sealed;
    return valueOf(commitment) ?? (CONTENT.has(name) ? {} : ERASED_TEXT);
  }) as Fact;

function asCommitment(value: unknown): string | undefined {
  const { commitment } = (value ?? {}) as { commitment?: unknown };
  return typeof commitment === 'string' ? commitment : undefined;
}

/** A copy in which every free text is replaced; what replaces it is not looked into. */
function replaceText(
  value: unknown,
  replace: (text: unknown, name: string) => unknown,
  names = FREE_TEXT,
): unknown {
  if (Array.isArray(value)) return value.map((entry) => replaceText(entry, replace, names));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const entries = Object.entries(value).map(([name, part]): [string, unknown] => [
    name,
    names.has(name)
      ? replace(part, name)
      : replaceText(part, replace, name === 'subject' ? SUBJECT_TEXT : names),
  ]);
  return Object.fromEntries(entries);
}
