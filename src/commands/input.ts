import { isRowId } from '../entities/is-row-id.js';
import { readDb, visible, type ScopedTable } from '../entities/read-db.js';
import { isDay } from '../entities/scalars.js';
import { refusal } from '../errors.js';
import { isWellFormedText } from '../text.js';
import { requireActor, type TransactionContext } from './transaction.js';

/** What is wrong with one field of an input; `path` is relative to the input, such as `lines.0.quantity`. */
export interface Fault {
  readonly path: string;
  readonly rule: string;
}

/** The answer of a check: null when the value is sound, or was not given at all (`undefined`). */
export type Finding = Fault | null;

type Given<T> = T | null | undefined;

/** Faults told at once: enough to mend a form, and a bound on the answer to a hostile list. */
const FAULTS_TOLD = 20;

/** Goes on only when no check found a fault; tells of all of them at once. @throws BAD_USER_INPUT */
export function requireSound(...findings: readonly Finding[]): void {
  const fields = findings.filter((finding) => finding !== null).slice(0, FAULTS_TOLD);
  if (fields.length === 0) return;
  throw refusal('BAD_USER_INPUT', {
    reason: fields.map(({ path, rule }) => `${path}: ${rule}`).join('; '),
    fields,
  });
}

/** A fault at `path` when the rule is broken. */
export const check = (path: string, holds: boolean, rule: string): Finding => (holds ? null : { path, rule });

/** null clears a field; this one cannot be empty. Leaving it out changes nothing. */
export const checkNotNull = (path: string, value: unknown): Finding =>
  check(path, value !== null, 'not null');

/** A text that must say something: 1 to `max` UTF-16 units without surrounding blanks. */
export const checkText = (path: string, value: Given<string>, max: number): Finding =>
  check(
    path,
    value === undefined || (value !== null && value.trim() !== '' && fits(value, max)),
    `1 to ${max} characters of well-formed text`,
  );

/** A text that may be left empty. */
export const checkOptionalText = (path: string, value: Given<string>, max: number): Finding =>
  check(
    path,
    value === undefined || value === null || fits(value, max),
    `at most ${max} characters of well-formed text`,
  );

const fits = (value: string, max: number): boolean => value.trim().length <= max && isWellFormedText(value);

const DECIMAL = /^(\d{1,16})(?:\.(\d{1,2}))?$/;

/** A decimal from 0 to `max` (in the major unit); signs, exponents and more than two decimals are refused, never rounded. */
export function checkDecimal(path: string, value: Given<string>, max?: number): Finding {
  if (value === undefined) return null;
  const sound =
    value !== null && DECIMAL.test(value) && (max === undefined || hundredths(value) <= BigInt(max) * 100n);
  return check(
    path,
    sound,
    max === undefined ? '0 or more, at most 16 digits and 2 decimals' : `0 to ${max}, at most 2 decimals`,
  );
}

/** A sound decimal in units of 0.01, for exact comparisons and sums. */
export function hundredths(value: string): bigint {
  const [whole = '0', decimals = ''] = value.split('.');
  return BigInt(whole + decimals.padEnd(2, '0'));
}

/** A sound decimal as the database answers it: `7` → `7.00`. */
export function decimalText(value: string): string {
  const digits = String(hundredths(value)).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

export const checkCurrency = (path: string, value: Given<string>): Finding =>
  check(
    path,
    value === undefined || (value !== null && /^[A-Z]{3}$/.test(value)),
    'ISO 4217, three capitals',
  );

/** An amount with its currency, given as a whole or not at all. */
export const checkMoney = (path: string, money: Given<{ amount: string; currency: string }>): Finding[] =>
  money === null
    ? [checkNotNull(path, money)]
    : [checkDecimal(`${path}.amount`, money?.amount), checkCurrency(`${path}.currency`, money?.currency)];

/** A day that may be left empty. */
export const checkOptionalDay = (path: string, value: Given<string>): Finding =>
  check(path, value === undefined || value === null || isDay(value), 'a real day YYYY-MM-DD, 1970 to 2200');

/** A whole list, replaced at once; its items are checked by `item` under `path.index`. */
export function checkList<T>(
  path: string,
  list: Given<readonly T[]>,
  max: number,
  item: (at: string, value: T) => Finding[],
): Finding[] {
  if (list === null) return [checkNotNull(path, list)];
  if (list === undefined) return [];
  if (list.length > max) return [{ path, rule: `at most ${max}` }];
  return list.flatMap((value, index) => item(`${path}.${index}`, value));
}

/** A row that exists and that the person may read; both failings look alike. */
export async function checkVisible(
  tx: TransactionContext,
  path: string,
  id: Given<string>,
  table: Exclude<ScopedTable, 'approval_request'>,
): Promise<Finding> {
  if (id === null || id === undefined) return null;
  const found =
    isRowId(id) &&
    (await readDb(tx.em)
      .selectFrom(table)
      .select('id')
      .where('id', '=', id)
      .where(visible(requireActor(tx), `${table}:read`, table))
      .executeTakeFirst());
  return check(path, Boolean(found), `the id of a ${table} that you may see`);
}

/** Content under approval stays what was submitted. @throws SUBJECT_LOCKED */
export function requireUnlocked(
  record: { readonly id: string; readonly status: string },
  subjectType: string,
): void {
  if (record.status === 'IN_REVIEW') throw refusal('SUBJECT_LOCKED', { subjectType, id: record.id });
}

/** Nobody overwrites a change that they have not seen. @throws CONFLICT */
export function requireVersion(
  record: { readonly id: string; readonly version: number },
  expectedVersion: number,
): void {
  if (record.version !== expectedVersion)
    throw refusal('CONFLICT', { id: record.id, version: record.version, expectedVersion });
}

/** The fields of a change that were given; the others keep their values. */
export const given = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;

/** A sound text as it is stored: without surrounding blanks; where it may be empty, '' is kept as null. */
export const trimmed = (value: Given<string>): string | undefined => value?.trim();
export const trimmedOrNull = (value: Given<string>): string | null | undefined =>
  value === undefined ? undefined : value?.trim() || null;
