import { describe, expect, test } from '@jest/globals';
import { DriverException, OptimisticLockError } from '@mikro-orm/core';
import { ValidationError } from 'class-validator';
import { GraphQLError } from 'graphql';
import { ArgumentValidationError } from 'type-graphql';
import { refusal, type ErrorCode } from '../../src/errors.js';
import { formatError, statusOf, translate } from '../../src/http/format-error.js';
import { credentials, languageOf } from '../../src/http/request.js';

interface Line {
  level: string;
  fields: Record<string, unknown>;
}

function answer(error: unknown, hideSchemaDetails = false) {
  const lines: Line[] = [];
  const counted: ErrorCode[] = [];
  const at = (level: string) => (fields: Record<string, unknown>) => void lines.push({ level, fields });
  const log = { info: at('info'), warn: at('warn'), error: at('error') };
  const formatted = formatError(error, { log, hideSchemaDetails, count: (code) => counted.push(code) });
  return { formatted, extensions: formatted.extensions ?? {}, lines, counted };
}

/** As a resolver's error reaches the formatter. */
const thrown = (originalError: Error): GraphQLError =>
  new GraphQLError(originalError.message, { path: ['a', 0, 'b'], originalError });
/** As the driver's error reaches a resolver: wrapped by the ORM. */
const database = (fields: Record<string, unknown>): Error =>
  thrown(
    new DriverException(Object.assign(new Error(`select * from secret_table where x = 'private'`), fields)),
  );

describe('an error as the client reads it', () => {
  test('keeps code, details and path of a refusal, and leaves no line in the log', () => {
    const { formatted, lines, counted } = answer(thrown(refusal('NO_APPROVER', { step: 'legal' })));
    expect(formatted).toEqual({
      message: 'Nobody eligible is left for step legal.',
      path: ['a', 0, 'b'],
      extensions: { code: 'NO_APPROVER', step: 'legal' },
    });
    expect([lines, counted]).toEqual([[], ['NO_APPROVER']]);
  });

  test('is said again in Chinese from the answer alone', () => {
    const { formatted } = answer(refusal('REQUEST_ENDED', { status: 'APPROVED' }));
    expect(translate(formatted, 'zh')).toEqual({ ...formatted, message: '申请已结束（APPROVED）。' });
    expect(translate({ message: 'x', extensions: { code: 'toString' } }, 'zh').message).toBe('x');
  });

  test('names path and rule of invalid arguments, nested ones too, and nothing submitted', () => {
    const target = { password: 'hunter2' };
    const child = Object.assign(new ValidationError(), {
      target,
      property: 'amount',
      value: 'hunter2',
      constraints: { isInt: 'hunter2 must be' },
    });
    const line = Object.assign(new ValidationError(), { target, property: '3', children: [child] });
    const lines = Object.assign(new ValidationError(), { target, property: 'lines', children: [line] });
    const title = Object.assign(new ValidationError(), {
      target,
      property: 'title',
      value: 'x',
      constraints: { minLength: '', matches: '' },
    });
    const { formatted } = answer(thrown(new ArgumentValidationError([lines, title])));
    expect(formatted.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [
        { path: 'lines.3.amount', rule: 'isInt' },
        { path: 'title', rule: 'minLength' },
        { path: 'title', rule: 'matches' },
      ],
    });
    expect(JSON.stringify(formatted)).not.toContain('hunter2');
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['a bad uuid', { code: '22P02' }, { code: 'BAD_USER_INPUT', reason: 'a value cannot be stored (22P02)' }],
    ['text too long', { code: '22001' }, { code: 'BAD_USER_INPUT' }],
    [
      'a duplicate',
      { code: '23505', table: 'customer_contact', detail: 'Key (e_mail)=(ann@x.example) already exists.' },
      { code: 'ALREADY_EXISTS', what: 'customer contact', field: 'eMail' },
    ],
    [
      'a duplicate on an expression',
      {
        code: '23505',
        table: 'person',
        detail: 'Key (lower(e_mail::text), team_id)=(a)=(, 1) already exists.',
      },
      { code: 'ALREADY_EXISTS', what: 'person', field: 'eMail, teamId' },
    ],
    [
      'a duplicate that tells nothing',
      { code: '23505' },
      { code: 'ALREADY_EXISTS', what: 'record', field: 'value' },
    ],
    [
      'a reference to nothing',
      { code: '23503', detail: 'Key (customer_id)=(7) is not present in table "customer".' },
      { code: 'BAD_USER_INPUT', fields: [{ path: 'customerId', rule: 'exists' }] },
    ],
    [
      'a row still referred to',
      { code: '23503', detail: 'Key (id)=(7) is still referenced from table "x".' },
      { code: 'CONFLICT' },
    ],
    ['a missing value', { code: '23502' }, { code: 'BAD_USER_INPUT' }],
    ['a broken check', { code: '23514', constraint: 'amount_positive' }, { code: 'BAD_USER_INPUT' }],
    ['an exclusion', { code: '23P01' }, { code: 'CONFLICT' }],
    ['a deadlock after the retries', { code: '40P01' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['a serialisation failure after the retries', { code: '40001' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['a lock not had in time', { code: '55P03' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['a statement out of time', { code: '57014' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['a shutdown', { code: '57P01' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['a full disk', { code: '53100' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['too many connections', { code: '53300' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['a lost connection', { code: '08006' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['a read-only replica', { code: '25006' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['a refused connection', { code: 'ECONNREFUSED' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['a broken pipe', { code: 'EPIPE' }, { code: 'SERVICE_UNAVAILABLE' }],
    ['a mistake in our SQL', { code: '42P01' }, { code: 'INTERNAL' }],
    ['an error of a trigger of ours', { code: 'P0001' }, { code: 'INTERNAL' }],
  ])('of the database: %s', (_name, fields, expected) => {
    const { formatted, extensions, lines } = answer(database(fields));
    expect(extensions).toMatchObject(expected);
    expect(JSON.stringify(formatted)).not.toMatch(/select|secret_table|private|ann@x/);
    expect(lines.every(({ level }) => level === (expected['code'] === 'INTERNAL' ? 'error' : 'warn'))).toBe(
      true,
    );
  });

  test.each([
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
    'Cannot use a pool after calling end on the pool',
    'Reached the max retries per request limit (which is 1).',
  ])('of a pool or a queue that is away: %s', (message) => {
    expect(answer(thrown(new Error(message))).extensions['code']).toBe('SERVICE_UNAVAILABLE');
  });

  test('of every address of a host refusing is one outage', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(answer(thrown(new AggregateError([refused, refused]))).extensions['code']).toBe(
      'SERVICE_UNAVAILABLE',
    );
  });

  test('of a version that is no longer current is a CONFLICT', () => {
    expect(answer(thrown(OptimisticLockError.lockFailed('Contract'))).extensions).toEqual({
      code: 'CONFLICT',
    });
  });

  test.each<[string, unknown]>([
    ['an Error', thrown(new TypeError('the secret'))],
    ['a GraphQLError of ours', new GraphQLError('Cannot return null for non-nullable field Secret.secret.')],
    ['a made-up code', new GraphQLError('the secret', { extensions: { code: 'SECRET', secret: 1 } })],
    ['a false INTERNAL', new GraphQLError('the secret', { extensions: { code: 'INTERNAL', secret: 1 } })],
    ['a text', 'the secret'],
    ['nothing', undefined],
    [
      'a ring',
      Object.assign(new Error('the secret'), {
        get cause() {
          return this;
        },
      }),
    ],
  ])('that nobody foresaw is INTERNAL with an id and nothing else: %s', (_name, error) => {
    const { formatted, extensions, lines } = answer(error);
    expect(Object.keys(extensions).toSorted()).toEqual(['code', 'id']);
    expect(extensions['code']).toBe('INTERNAL');
    expect(JSON.stringify({ ...formatted, path: null })).not.toMatch(/secret/i);
    expect(lines).toMatchObject([{ level: 'error', fields: { id: extensions['id'] } }]);
  });

  test.each([
    ['GRAPHQL_PARSE_FAILED', 'Syntax Error: Unexpected <EOF>.', 'BAD_USER_INPUT'],
    ['GRAPHQL_VALIDATION_FAILED', 'Cannot query field "x" on type "Query".', 'BAD_USER_INPUT'],
    ['OPERATION_RESOLUTION_FAILURE', 'Unknown operation named "x".', 'BAD_USER_INPUT'],
    [
      'GRAPHQL_PARSE_FAILED',
      'Syntax Error: Document contains more that 2000 tokens. Parsing aborted.',
      'QUERY_TOO_COMPLEX',
    ],
    [
      'GRAPHQL_VALIDATION_FAILED',
      'Anonymous operation recursively requests too many selections.',
      'QUERY_TOO_COMPLEX',
    ],
    [
      undefined,
      'Too many errors processing variables, error limit reached. Execution aborted.',
      'BAD_USER_INPUT',
    ],
    ['FORBIDDEN', 'no', 'FORBIDDEN'],
  ])('of a document: %s %s', (code, message, expected) => {
    const { extensions } = answer(
      new GraphQLError(message, { extensions: code === undefined ? {} : { code } }),
    );
    expect(extensions['code']).toBe(expected);
  });

  test('of a document shows no long value and, to strangers, no suggestion', () => {
    const message = `Int cannot represent non-integer value: "${'x'.repeat(5000)}"`;
    const { formatted } = answer(
      new GraphQLError(message, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }),
    );
    expect(formatted.message).toBe('The input is not valid: Int cannot represent non-integer value');
    const guess = new GraphQLError('Cannot query field "x" on type "Query". Did you mean "secret"?', {
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    expect(JSON.stringify(answer(guess, true).formatted)).not.toContain('secret');
    expect(JSON.stringify(answer(guess).formatted)).toContain('secret');
  });

  test('has a status for answers that hold nothing else', () => {
    const status = (code: ErrorCode): number => statusOf(answer(refusal(code)).formatted);
    expect([status('UNAUTHENTICATED'), status('SERVICE_UNAVAILABLE'), status('CONFLICT')]).toEqual([
      401, 503, 400,
    ]);
  });
});

test.each([
  [null, 'en'],
  ['', 'en'],
  ['de', 'en'],
  ['zh', 'zh'],
  ['zh-Hans-CN,en;q=0.9', 'zh'],
  ['en-GB,zh;q=0.9', 'en'],
  ['en;q=0.3, zh-TW;q=0.4', 'zh'],
  ['zh;q=0', 'en'],
  [';;;q=,zh;q=x', 'zh'],
])('Accept-Language %p is read as %s', (header, language) => {
  expect(languageOf(header)).toBe(language);
});

test.each([
  [undefined, null],
  ['', null],
  ['Bearer ', null],
  ['bearer', null],
  [{ a: 1 }, null],
  [`Bearer ${'x'.repeat(5000)}`, null],
  [' Bearer abc ', 'Bearer abc'],
])('the header %p holds the credentials %p', (header, expected) => {
  expect(credentials(header)).toBe(expected);
});
