import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { ANSWER_MAX_BYTES } from '../../limits.js';
import { isPublicAddress } from './public-address.js';

/** Finds all addresses of a name, as `dns.lookup` does. */
export type Lookup = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

export interface OutboundSettings {
  /** Hosts that may have any address and port: `name`, `name:port`, `*.name`. */
  readonly allowedHosts: readonly string[];
  /** Time for one answer, in milliseconds. */
  readonly timeoutMs: number;
  readonly lookup?: Lookup | undefined;
}

/** What a receiver answered; of its body the first bytes only. */
export interface Answer {
  readonly code: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** The only way to addresses that people enter. */
export interface Outbound {
  /** Whether the host of an address is allowed by name, whatever it leads to. */
  allows(url: string): boolean;
  /** What is wrong with an address, in a few words; null when it may be sent to. */
  faultOf(url: string): Promise<string | null>;
  /**
   * Posts JSON and reads the beginning of the answer. Follows no redirect, and connects to no address but those that
   * were looked up and found public by this very call. @throws Error when no answer came, or none may be asked for
   */
  post(
    url: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Answer>;
}

const URL_MAX_LENGTH = 2000;
const NOT_PUBLIC = 'its host leads to an address that is not public';

export function openOutbound({ allowedHosts, timeoutMs, lookup }: OutboundSettings): Outbound {
  const allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const find: Lookup = lookup ?? systemLookup;
  return {
    allows(text) {
      const url = parse(text);
      return typeof url !== 'string' && isAllowed(url, allowed);
    },
    async faultOf(text) {
      const url = parse(text);
      if (typeof url === 'string') return url;
      if (isAllowed(url, allowed)) return null;
      const fault = faultOfHost(url);
      if (fault !== null || isIP(bare(url)) !== 0) return fault;
      return faultOfName(bare(url), find, timeoutMs);
    },
    async post(text, body, headers, signal) {
      const url = parse(text);
      if (typeof url === 'string') throw new Error(url);
      const free = isAllowed(url, allowed);
      const fault = free ? null : faultOfHost(url);
      if (fault !== null) throw new Error(fault);
      const time = AbortSignal.timeout(timeoutMs);
      try {
        return await exchange(url, body, {
          method: 'POST',
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          lookup: pinned(find, free),
          signal: AbortSignal.any([signal, time]),
          agent: false,
        });
      } catch (error) {
        throw time.aborted || signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error;
      }
    },
  };
}

/** The host without the brackets of IPv6; the URL parser has written every spelling of an address in one way. */
const bare = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

function parse(text: string): URL | string {
  const url = text.length <= URL_MAX_LENGTH ? URL.parse(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
    return `an http or https address of at most ${URL_MAX_LENGTH} characters`;
  if (url.username !== '' || url.password !== '') return 'an address without a user or password';
  return url;
}

function isAllowed(url: URL, allowed: ReadonlySet<string>): boolean {
  const host = url.hostname.toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const above = host.split('.').map((_, index, labels) => `*.${labels.slice(index + 1).join('.')}`);
  return [host, ...above].some((name) => allowed.has(name) || allowed.has(`${name}:${port}`));
}

/** Below 1024 are other services, which could take the first lines for theirs. */
function faultOfHost(url: URL): string | null {
  const port = url.port === '' ? 0 : Number(url.port);
  if (port !== 0 && port < 1024) return 'an address at port 80, 443, or 1024 and above';
  return isIP(bare(url)) === 0 || isPublicAddress(bare(url)) ? null : NOT_PUBLIC;
}

function faultOfName(name: string, find: Lookup, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve('its host could not be looked up in time'), timeoutMs);
    find(name, { all: true }, (error, addresses) => {
      clearTimeout(late);
      if (error || addresses.length === 0) resolve('its host is not known');
      else resolve(addresses.every(({ address }) => isPublicAddress(address)) ? null : NOT_PUBLIC);
    });
  });
}

/** Looks a name up for one connection and hands out only what was checked: a name that changes its mind comes too late. */
const pinned =
  (find: Lookup, free: boolean): LookupFunction =>
  (hostname, options, callback) => {
    find(hostname, { all: true }, (error, addresses) => {
      const first = addresses?.[0];
      if (error || !first) callback(error ?? new Error('its host is not known'), '', 0);
      else if (!free && !addresses.every(({ address }) => isPublicAddress(address)))
        callback(new Error(NOT_PUBLIC), '', 0);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };

function exchange(url: URL, body: string, options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, (response) => {
      void beginningOf(response).then((text) =>
        resolve({
          code: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'] ?? null,
          text,
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** The first bytes; the rest is not waited for. What breaks off has said its status all the same. */
function beginningOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let length = 0;
    const done = (): void => {
      response.destroy();
      resolve(
        Buffer.concat(parts)
          .subarray(0, ANSWER_MAX_BYTES)
          .toString('utf8')
          .replaceAll('\0', '')
          .toWellFormed(),
      );
    };
    response.on('data', (part: Buffer) => {
      parts.push(part);
      length += part.length;
      if (length >= ANSWER_MAX_BYTES) done();
    });
    response.on('end', done);
    response.on('error', done);
    response.on('close', done);
  });
}
