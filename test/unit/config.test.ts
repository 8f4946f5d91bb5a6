import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readConfig } from '../../src/config.js';
import {
  databaseFailure,
  listenFailure,
  redisFailure,
  StartFailure,
  startFailureOf,
} from '../../src/process-life.js';

/** The lines that a bad environment is answered with. */
function complaint(env: Record<string, string>): string[] {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(StartFailure);
    expect((error as StartFailure).code).toBe('BAD_CONFIGURATION');
    return (error as StartFailure).message.split('\n');
  }
  throw new Error('this environment was accepted');
}

describe('readConfig', () => {
  test('an empty environment runs everything on this machine, with the embedded database and demo data', () => {
    expect(readConfig({})).toEqual({
      nodeEnv: 'production',
      host: '127.0.0.1',
      port: 4000,
      dataDir: resolve('.data'),
      databaseUrl: undefined,
      redisUrl: undefined,
      role: 'all',
      seed: 'demo',
      demoPassword: undefined,
      logLevel: 'info',
      sweepSeconds: 15,
      timerHorizonSeconds: 60,
    });
  });

  test('a blank variable counts as unset and spaces around a value are ignored', () => {
    expect(readConfig({ PORT: '', ROLE: '  ', SWEEP_SECONDS: ' 5 ' })).toMatchObject({
      port: 4000,
      role: 'all',
      sweepSeconds: 5,
    });
  });

  test('spaces are part of a password', () => {
    expect(readConfig({ DEMO_PASSWORD: '  secret ' }).demoPassword).toBe('  secret ');
  });

  test('a given database gets demo data only when asked', () => {
    const DATABASE_URL = 'postgres://user:pw@db:5432/countersign';
    expect(readConfig({ DATABASE_URL }).seed).toBe('none');
    expect(readConfig({ DATABASE_URL, SEED: 'demo' }).seed).toBe('demo');
    expect(readConfig({ SEED: 'none' }).seed).toBe('none');
  });

  test.each(['abc', '-1', '65536', '4000.5', '1e3', '0x10', '99999999999'])(
    'PORT=%s is refused in one line',
    (PORT) => {
      expect(complaint({ PORT })).toEqual([
        `PORT: "${PORT}" is not allowed. Give a whole number from 0 to 65535 (default 4000).`,
      ]);
    },
  );

  test.each([
    ['ROLE', 'boss'],
    ['SEED', 'all'],
    ['NODE_ENV', 'staging'],
    ['LOG_LEVEL', 'loud'],
    ['SWEEP_SECONDS', '0'],
    ['SWEEP_SECONDS', '3601'],
    ['TIMER_HORIZON_SECONDS', '0'],
    ['HOST', 'not a host'],
    ['DATA_DIR', 'a\0b'],
  ])('%s=%j is refused by a line that names the variable and what was given', (name, value) => {
    const lines = complaint({ [name]: value });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${name}: ${JSON.stringify(value)} is not allowed. Give `);
  });

  test('every bad variable has its line', () => {
    expect(complaint({ PORT: 'x', ROLE: 'y', SEED: 'z' }).map((line) => line.split(':')[0])).toEqual([
      'PORT',
      'ROLE',
      'SEED',
    ]);
  });

  test('a long value is cut', () => {
    expect(complaint({ LOG_LEVEL: 'x'.repeat(10_000) })[0]!.length).toBeLessThan(200);
  });

  test.each([
    ['DEMO_PASSWORD', 'hunter2'],
    ['DATABASE_URL', 'mysql://root:hunter2@db/countersign'],
    ['DATABASE_URL', 'postgres://root:hunter2'],
    ['REDIS_URL', 'http://:hunter2@redis'],
  ])('a bad %s is never printed', (name, value) => {
    const lines = complaint({ [name]: value });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(
      `${name}: the given value (${value.length} characters, not shown) is not allowed.`,
    );
    expect(lines[0]).not.toContain('hunter2');
  });

  test.each(['api', 'worker'])('ROLE=%s without DATABASE_URL is refused with the way out', (ROLE) => {
    expect(complaint({ ROLE })).toEqual([
      expect.stringMatching(/needs DATABASE_URL.*Set DATABASE_URL, or ROLE=all/),
    ]);
    expect(readConfig({ ROLE, DATABASE_URL: 'postgres://db/x' }).role).toBe(ROLE);
  });
});

describe('mail settings', () => {
  const MAIL_FROM = 'Countersign <noreply@example.com>';

  test('come from one address, with the usual ports and TLS unless told otherwise', () => {
    const read = (SMTP_URL: string, more: object = {}) => readConfig({ SMTP_URL, MAIL_FROM, ...more }).mail;
    expect(read('smtp://us%40er:p%2Fw@mail.example')).toMatchObject({
      host: 'mail.example',
      port: 587,
      tls: 'required',
      user: 'us@er',
      password: 'p/w',
      from: MAIL_FROM,
    });
    expect(read('smtps://mail.example', { SMTP_TLS: 'none' })).toMatchObject({ port: 465, tls: 'implicit' });
    expect(read('smtp://[::1]:25', { SMTP_TLS: 'none' })).toMatchObject({
      host: '::1',
      port: 25,
      tls: 'none',
    });
    expect(read('smtp://u@h', { SMTP_PASSWORD_FILE: 'x' })).toMatchObject({ passwordFile: resolve('x') });
    expect(readConfig({ PUBLIC_URL: 'https://a.example/x//' }).publicUrl).toBe('https://a.example/x');
  });

  test('need a sender, and a sender is an address', () => {
    expect(complaint({ SMTP_URL: 'smtp://mail.example' })).toEqual([
      expect.stringContaining('SMTP_URL needs MAIL_FROM'),
    ]);
    for (const from of ['x', 'a@b\r\nBcc: c@d', 'A <a@b> <c@d>', '"x" <a@b>', 'A <a@b>, c@d'])
      expect(complaint({ MAIL_FROM: from })[0]).toMatch(/^MAIL_FROM: /);
  });

  test.each(['http://mail', 'smtp://', 'smtp://a:hunter2%zz@mail', 'smtp://:hunter2'])(
    '%s is refused and not printed',
    (SMTP_URL) => {
      const [line] = complaint({ SMTP_URL, MAIL_FROM });
      expect(line).toMatch(/^SMTP_URL: the given value/);
      expect(line).not.toContain('hunter2');
    },
  );
});

describe('one line for a well-known failure', () => {
  const databaseUrl = 'postgres://zoe:hunter2@db.example:5432/countersign';
  const redisUrl = 'redis://:hunter2@redis.example:6380';
  const at = { host: '127.0.0.1', port: 4000, databaseUrl, redisUrl };
  const coded = (code: string, more: object = {}): Error => Object.assign(new Error(code), { code, ...more });

  test('a taken port names the port and the variable', () => {
    expect(listenFailure(coded('EADDRINUSE'), at)?.message).toMatch(/^Port 4000 .*PORT=4001/);
  });

  test.each([
    ['28P01', 'DATABASE_LOGIN'],
    ['3D000', 'DATABASE_MISSING'],
    ['ECONNREFUSED', 'DATABASE_UNREACHABLE'],
    ['ENOTFOUND', 'DATABASE_UNREACHABLE'],
    ['ETIMEDOUT', 'DATABASE_UNREACHABLE'],
    ['53300', 'DATABASE_FULL'],
  ])(
    '%s of the database becomes %s, however deeply it is wrapped, without the password',
    (code, expected) => {
      const wrapped = Object.assign(new Error('outer'), { cause: new AggregateError([coded(code)]) });
      for (const error of [coded(code), wrapped]) {
        const failure = databaseFailure(error, databaseUrl);
        expect(failure?.code).toBe(expected);
        expect(failure?.message).toContain('postgres://db.example:5432/countersign');
        expect(failure?.message).not.toMatch(/hunter2|zoe|\n/);
      }
    },
  );

  test("a connection attempt of node-postgres that timed out is the network's fault", () => {
    expect(databaseFailure(new Error('timeout expired'), databaseUrl)?.code).toBe('DATABASE_UNREACHABLE');
  });

  test('Redis is told from the database by its port and its words', () => {
    expect(startFailureOf(coded('ECONNREFUSED', { syscall: 'connect', port: 6380 }), at)?.code).toBe(
      'REDIS_UNREACHABLE',
    );
    expect(startFailureOf(coded('ECONNREFUSED', { syscall: 'connect', port: 5432 }), at)?.code).toBe(
      'DATABASE_UNREACHABLE',
    );
    expect(startFailureOf(coded('EADDRINUSE', { syscall: 'listen', port: 4000 }), at)?.code).toBe(
      'PORT_TAKEN',
    );
    expect(redisFailure(new Error('NOAUTH Authentication required.'), redisUrl)?.message).not.toContain(
      'hunter2',
    );
  });

  test('anything else is not explained away', () => {
    expect(startFailureOf(new TypeError('x is not a function'), at)).toBeNull();
    expect(startFailureOf(undefined, at)).toBeNull();
  });
});
