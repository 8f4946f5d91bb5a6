import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedPost {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What it answers to a post: a status with headers and a body, or nothing at all. */
export type PostAnswer =
  | {
      readonly code: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | 'silence';

export interface HttpReceiver {
  readonly port: number;
  readonly posts: ReceivedPost[];
  /** By default everything is taken. */
  answer: (post: ReceivedPost) => PostAnswer;
  close(): Promise<void>;
}

/** A real HTTP server on loopback that keeps what it is sent. */
export async function httpReceiver(): Promise<HttpReceiver> {
  const server = createServer();
  const self: HttpReceiver = {
    port: 0,
    posts: [],
    answer: () => ({ code: 200 }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on('request', (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const post = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(parts).toString('utf8'),
      };
      self.posts.push(post);
      const answer = self.answer(post);
      if (answer === 'silence') return;
      response.writeHead(answer.code, answer.headers);
      response.end(answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(self, { port: (server.address() as AddressInfo).port });
}
