import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { isWellFormedText } from '../text.js';

const bad = (scalar: string, rule: string): GraphQLError =>
  new GraphQLError(`${scalar}: ${rule}`, { extensions: { code: 'BAD_USER_INPUT', rule } });

function stringScalar(
  name: string,
  description: string,
  parse: (text: string) => string,
): GraphQLScalarType<string, string> {
  return new GraphQLScalarType<string, string>({
    name,
    description,
    serialize: (value) => String(value),
    parseValue: (value) => {
      if (typeof value !== 'string') throw bad(name, 'must be a string');
      return parse(value);
    },
    parseLiteral: (node) => {
      if (node.kind !== Kind.STRING) throw bad(name, 'must be a string');
      return parse(node.value);
    },
  });
}

const DECIMAL = /^-?\d{1,16}(\.\d{1,2})?$/;

/** Sixteen digits before and two after the point: numeric(18,2) with no rounding anywhere. */
export const Decimal = stringScalar(
  'Decimal',
  'An exact decimal number as a string: at most 16 digits before and 2 after the point, such as "120000.00". Never NaN or a float.',
  (text) => {
    if (!DECIMAL.test(text)) throw bad('Decimal', 'at most 16 digits before and 2 after the point');
    return text;
  },
);

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Whether the text is a real day between 1970 and 2200. */
export function isDay(text: string): boolean {
  const match = DAY.exec(text);
  if (!match) return false;
  const year = Number(match[1]);
  const at = Date.parse(`${text}T00:00:00Z`);
  return year >= 1970 && year <= 2200 && !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

export const Day = stringScalar(
  'Date',
  'A day of the Gregorian calendar, RFC 3339 full-date (`2024-05-31`), 1970 to 2200.',
  (text) => {
    if (!isDay(text)) throw bad('Date', 'a real day YYYY-MM-DD between 1970 and 2200');
    return text;
  },
);

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

function parseInstant(text: unknown): Date {
  if (typeof text !== 'string' || !INSTANT.test(text) || !isDay(text.slice(0, 10)))
    throw bad('DateTime', 'RFC 3339 with an offset, 1970 to 2200');
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw bad('DateTime', 'a real instant');
  return at;
}

export const Instant = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description:
    'An instant, RFC 3339 with an offset, answered in UTC with milliseconds (`2024-05-31T09:30:00.000Z`); 1970 to 2200.',
  serialize: (value) => (value instanceof Date ? value.toISOString() : new Date(String(value)).toISOString()),
  parseValue: parseInstant,
  parseLiteral: (node) => parseInstant(node.kind === Kind.STRING ? node.value : undefined),
});

/** Depth that a JSON value may have: forms are flat; deeper input is an attack on the stack. */
const JSON_DEPTH = 12;

function checkJson(value: unknown, depth: number): unknown {
  if (depth > JSON_DEPTH) throw bad('JSON', `at most ${JSON_DEPTH} levels`);
  if (typeof value === 'string' && !isWellFormedText(value))
    throw bad('JSON', 'well-formed text without NUL');
  if (typeof value === 'number' && !Number.isFinite(value)) throw bad('JSON', 'finite numbers');
  if (Array.isArray(value)) value.forEach((item) => checkJson(item, depth + 1));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      checkJson(key, depth + 1);
      checkJson(item, depth + 1);
    }
  }
  return value;
}

/** Free data of forms. Given by variable only: a literal would have no limits of its own. */
export const Json = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description:
    'A JSON value (form data). Pass it as a variable. At most 12 levels; text without NUL or lone surrogates.',
  serialize: (value) => value,
  parseValue: (value) => checkJson(value, 0),
  parseLiteral: () => {
    throw bad('JSON', 'pass it as a variable');
  },
});
