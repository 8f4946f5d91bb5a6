import type { AddressInfo } from 'node:net';
import { describe, expect, jest, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { openOutbound, type Lookup } from '../../src/commands/schedule/outbound.js';
import { isPublicAddress } from '../../src/commands/schedule/public-address.js';
import { readConfig } from '../../src/config.js';
import { httpReceiver } from '../support/http-receiver.js';

const NOT_PUBLIC = 'its host leads to an address that is not public';
/** Answers each name with its addresses, in turn; the last one stays. */
const names =
  (table: Readonly<Record<string, readonly (readonly string[])[]>>): Lookup =>
  (hostname, _options, callback) => {
    asked.push(hostname);
    const turns = table[hostname] ?? [];
    const count = asked.filter((name) => name === hostname).length;
    const addresses = turns[Math.min(count, turns.length) - 1];
    if (!addresses) callback(new Error('ENOTFOUND'), []);
    else
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  };
const asked: string[] = [];
const guard = (lookup: Lookup, allowedHosts: readonly string[] = []) =>
  openOutbound({ allowedHosts, timeoutMs: 2000, lookup });

describe('an address is public', () => {
  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.100.100.200',
    '192.0.0.192',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '168.63.129.16',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    'fe80::1',
    'fd00:ec2::254',
    'ff02::1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '2001:db8::1',
    'nonsense',
    '',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
  test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::1'])(
    '%s is',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('what people enter', () => {
  const lookup = names({
    'inside.example': [['10.0.0.1']],
    'both.example': [['8.8.8.8', '127.0.0.1']],
    'outside.example': [['8.8.8.8', '2606:4700::1111']],
    'localhost.': [['127.0.0.1']],
    localhost: [['127.0.0.1']],
  });
  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://169.254.169.254/latest',
    'http://[fd00:ec2::254]/',
    'http://①②⑦.⓪.⓪.①/',
    'http://localhost/',
    'http://localhost./',
    'http://inside.example/',
    'https://both.example/',
    'http://LOCALHOST/',
  ])('%s leads inside', async (url) => {
    expect(await guard(lookup).faultOf(url)).toBe(NOT_PUBLIC);
  });
  test.each([
    ['file:///etc/passwd', 'an http or https address of at most 2000 characters'],
    ['gopher://outside.example/', 'an http or https address of at most 2000 characters'],
    ['nothing', 'an http or https address of at most 2000 characters'],
    [`https://outside.example/${'x'.repeat(2000)}`, 'an http or https address of at most 2000 characters'],
    ['https://user@outside.example/', 'an address without a user or password'],
    ['https://outside.example:25/', 'an address at port 80, 443, or 1024 and above'],
    ['https://unknown.example/', 'its host is not known'],
  ])('%s is not sound', async (url, fault) => {
    expect(await guard(lookup).faultOf(url)).toBe(fault);
  });
  test('public addresses are, with the ports of the web and those above 1023', async () => {
    for (const url of [
      'https://outside.example/',
      'http://outside.example:8080/x?y=1',
      'https://8.8.8.8:443/',
    ])
      expect([url, await guard(lookup).faultOf(url)]).toEqual([url, null]);
  });
  test('allowed hosts are, with their port where one is named', async () => {
    const some = guard(lookup, ['inside.example', '*.corp', '127.0.0.1:9000']);
    for (const url of ['http://inside.example:25/', 'http://a.b.corp/', 'http://2130706433:9000/'])
      expect([url, await some.faultOf(url)]).toEqual([url, null]);
    for (const url of ['http://127.0.0.1:9001/', 'http://localhost/'])
      expect([url, await some.faultOf(url)]).toEqual([url, NOT_PUBLIC]);
    expect(await some.faultOf('http://corp/')).toBe('its host is not known');
  });
});

describe('a post', () => {
  const post = (outbound: ReturnType<typeof openOutbound>, url: string) =>
    outbound.post(url, '{}', { 'content-type': 'application/json' }, new AbortController().signal);

  test('to a name that was public when it was saved and leads inside now connects to nobody', async () => {
    const receiver = await httpReceiver();
    const url = `http://rebound.example:${receiver.port}/`;
    const outbound = guard(names({ 'rebound.example': [['8.8.8.8'], ['127.0.0.1']] }));
    expect(await outbound.faultOf(url)).toBeNull();
    await expect(post(outbound, url)).rejects.toThrow(NOT_PUBLIC);
    await expect(post(outbound, `http://127.0.0.1:${receiver.port}/`)).rejects.toThrow(NOT_PUBLIC);
    expect(receiver.posts).toEqual([]);
    await receiver.close();
  });

  test('goes to the address that was looked up for it, and looks up once', async () => {
    const receiver = await httpReceiver();
    const outbound = guard(names({ 'pinned.example': [['127.0.0.1'], ['10.0.0.1']] }), ['pinned.example']);
    asked.length = 0;
    const url = `http://pinned.example:${receiver.port}/here`;
    expect(await post(outbound, url)).toEqual({ code: 200, retryAfter: null, text: '' });
    expect(asked).toEqual(['pinned.example']);
    expect(receiver.posts).toMatchObject([
      { path: '/here', body: '{}', headers: { host: `pinned.example:${receiver.port}` } },
    ]);
    await receiver.close();
  });

  test('over TLS takes no certificate that nobody vouches for', async () => {
    // It brings a certificate of its own making, and says so.
    const warned = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const server = new SMTPServer({ secure: true });
    warned.mockRestore();
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.server.address() as AddressInfo;
    const outbound = guard(names({}), ['127.0.0.1']);
    await expect(post(outbound, `https://127.0.0.1:${port}/`)).rejects.toThrow(/certificate/);
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
});

test('the library signs the published example of Standard Webhooks as published', () => {
  const signature = new Webhook('whsec_plJ3nmyCDGBKInavdOK15jsl').sign(
    'msg_loFOjxBNrRLzqYUf',
    new Date(1731705121 * 1000),
    '{"event_type":"ping","data":{"success":true}}',
  );
  expect(signature).toBe('v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=');
});

test('allowed hosts and the time for an answer come from the configuration', () => {
  expect(
    readConfig({
      WEBHOOK_ALLOWED_HOSTS: 'hooks.corp, *.in.example 10.0.0.7:8080,[::1]:99',
      WEBHOOK_TIMEOUT_SECONDS: '3',
    }),
  ).toMatchObject({
    webhookAllowedHosts: ['hooks.corp', '*.in.example', '10.0.0.7:8080', '[::1]:99'],
    webhookTimeoutMs: 3000,
  });
  for (const bad of [
    { WEBHOOK_ALLOWED_HOSTS: 'http://x' },
    { WEBHOOK_ALLOWED_HOSTS: '*' },
    { WEBHOOK_TIMEOUT_SECONDS: '15' },
  ])
    expect(() => readConfig(bad)).toThrow(/is not allowed/);
});
