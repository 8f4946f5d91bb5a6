import { connect, type Socket } from 'node:net';
import type { Server } from './servers.js';

export interface Call {
  readonly path: string;
  /** A header line more, such as `authorization: …`. */
  readonly header?: string;
  readonly body: string;
}

export interface Load {
  readonly server: Server;
  readonly connections: number;
  readonly amount: number;
  /** The next request; asked once for each. */
  readonly next: () => Call;
  /** Whether the answer is the one wanted; a single wrong one ends the bench. */
  readonly right: (body: string) => boolean;
}

export interface Measured {
  readonly perSecond: number;
  /** Of each answer, in milliseconds. */
  readonly latencies: readonly number[];
  /** CPU of the server's process per answer, in milliseconds. */
  readonly cpuMs: number;
}

/**
 * Sends `amount` requests over so many connections kept alive, each connection the next as soon as it is answered. The
 * client is raw sockets, because it shares the cores with what it measures. @throws on the first answer that is not right
 */
export async function measure({ server, connections, amount, next, right }: Load): Promise<Measured> {
  const latencies: number[] = [];
  const cpuBefore = server.cpuSeconds();
  const startedAt = performance.now();
  let left = amount;
  const oneConnection = async (): Promise<void> => {
    const line = await openLine(server.url);
    try {
      while (left > 0) {
        left -= 1;
        const call = next();
        const sentAt = performance.now();
        const body = await line.send(call);
        latencies.push(performance.now() - sentAt);
        if (!right(body))
          throw new Error(`a wrong answer to ${call.body.slice(0, 300)}: ${body.slice(0, 600)}`);
      }
    } finally {
      line.close();
    }
  };
  await Promise.all(Array.from({ length: connections }, oneConnection));
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    perSecond: amount / seconds,
    latencies,
    cpuMs: ((server.cpuSeconds() - cpuBefore) * 1000) / amount,
  };
}

interface Line {
  send(call: Call): Promise<string>;
  close(): void;
}

/** One connection that carries one request at a time. Answers must say their length, as all servers measured here do. */
async function openLine(url: string): Promise<Line> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let waiting: { resolve: (body: string) => void; reject: (error: Error) => void } | null = null;
  let received: Buffer[] = [];
  let missing = -1;
  const fail = (error: Error): void => waiting?.reject(error);
  socket.on('error', fail).on('close', () => fail(new Error('the connection was closed')));
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk);
    if (missing < 0) {
      const text = Buffer.concat(received);
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(text.toString('latin1', 0, headEnd))?.[1];
      if (length === undefined) return fail(new Error('an answer without a length'));
      received = [text.subarray(headEnd + 4)];
      missing = Number(length) - (text.length - headEnd - 4);
    } else {
      missing -= chunk.length;
    }
    if (missing > 0) return;
    const body = Buffer.concat(received).toString('utf8');
    received = [];
    missing = -1;
    waiting?.resolve(body);
  });
  return {
    send: ({ path, header, body }) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(
          `POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\n${header === undefined ? '' : `${header}\r\n`}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
      }),
    close: () => socket.destroy(),
  };
}

/** One request outside any measurement. */
export async function callOnce(server: Server, call: Call): Promise<string> {
  const line = await openLine(server.url);
  try {
    return await line.send(call);
  } finally {
    line.close();
  }
}
