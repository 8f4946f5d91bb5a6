import canonicalize from 'canonicalize';
import { SUBJECT_TYPES, type SubjectTypeDescription } from './subject-types.js';

/**
 * How a field of a follow-up document is compared with what was approved: `same`; `same-if-given`, where the approved
 * one is not empty; `at-most`; `lines`: only lines that were approved, none of them cheaper, none of more in all.
 */
export type Bound = 'same' | 'same-if-given' | 'at-most' | 'lines';

type Content = Readonly<Record<string, unknown>>;

/**
 * The fields of a follow-up document that are outside of what was approved; none: it is inside. Amounts are compared to
 * the cent where the content says them as text as well. `same`: fields that the process wants as they were approved.
 */
export function outsideBounds(
  type: string,
  approved: Content,
  content: Content,
  same: readonly string[] = [],
): string[] {
  const types: Readonly<Record<string, SubjectTypeDescription>> = SUBJECT_TYPES;
  const bounds = types[type]?.carry?.bounds ?? {};
  const all: Readonly<Record<string, Bound>> = {
    ...bounds,
    ...Object.fromEntries(same.map((field): [string, Bound] => [field, 'same'])),
  };
  return Object.entries(all)
    .filter(([field, bound]) => !isInside(bound, field, approved, content))
    .flatMap(([field]) => (field === 'amount' && 'exactAmount' in content ? [field, 'exactAmount'] : [field]))
    .toSorted();
}

function isInside(bound: Bound, field: string, approved: Content, content: Content): boolean {
  switch (bound) {
    case 'same':
      return canonicalize(approved[field]) === canonicalize(content[field]);
    case 'same-if-given':
      return approved[field] === '' || approved[field] === content[field];
    case 'at-most':
      return amountIn(content, field) <= amountIn(approved, field);
    case 'lines':
      return linesInside(linesIn(approved[field]), linesIn(content[field]));
  }
}

/** In hundredths, from the exact text where there is one. What is no number is above everything. */
function amountIn(content: Content, field: string): bigint {
  const exact = field === 'amount' ? content['exactAmount'] : undefined;
  const text = typeof exact === 'string' ? exact : Number(content[field]).toFixed(2);
  return hundredthsOf(text);
}

interface Line {
  readonly description: string;
  readonly quantity: string;
  readonly unitPrice: string;
}

const linesIn = (value: unknown): readonly Line[] => (Array.isArray(value) ? (value as Line[]) : []);

function linesInside(approved: readonly Line[], lines: readonly Line[]): boolean {
  const known = Map.groupBy(approved, ({ description }) => description);
  for (const [description, given] of Map.groupBy(lines, (line) => line.description)) {
    const offered = known.get(description);
    if (!offered) return false;
    const lowest = least(offered.map(({ unitPrice }) => hundredthsOf(unitPrice)));
    if (given.some(({ unitPrice }) => hundredthsOf(unitPrice) < lowest)) return false;
    if (total(given) > total(offered)) return false;
  }
  return true;
}

const total = (lines: readonly Line[]): bigint =>
  lines.reduce((sum, { quantity }) => sum + hundredthsOf(quantity), 0n);

const least = (values: readonly bigint[]): bigint =>
  values.reduce((low, value) => (value < low ? value : low));

const ABOVE_ALL = 10n ** 30n;

function hundredthsOf(text: string): bigint {
  const match = /^(\d{1,24})(?:\.(\d{1,2}))?$/.exec(text);
  return match ? BigInt(match[1] as string) * 100n + BigInt((match[2] ?? '').padEnd(2, '0')) : ABOVE_ALL;
}
