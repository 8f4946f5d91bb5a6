import pg from 'pg';
import type { Bus, BusMessage, Log } from './context.js';

const CHANNEL = 'countersign';

/** Stands in for what may have been missed: read again what you show. Sent to every subscriber, whatever its topic. */
export const RESYNC_TOPIC = 'resync';
const RESYNC: BusMessage = { topic: RESYNC_TOPIC, payload: {} };

/** PostgreSQL refuses longer notices; send ids, not rows. */
const NOTICE_MAX_BYTES = 7_999;

/** Messages that wait for one slow subscriber; beyond it they are replaced by one resync. */
const BUFFER_MAX = 256;

/** A listener on a frozen or cut connection hears nothing, so it is asked this often, and has this long to answer. */
const HEARTBEAT_MS = 15_000;
const ANSWER_MS = 5_000;

const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 5_000;

/** What one process has to say to the others; a payload holds ids only. */
type Notice = BusMessage;

/** Runs one statement with `$1` placeholders inside the caller's transaction. */
type Execute = (sql: string, parameters: readonly unknown[]) => Promise<unknown>;

/**
 * Tells every process that listens, when the caller's transaction commits, and nobody when it rolls back. Equal notices
 * of one transaction arrive once. @throws RangeError when the notice is too long for PostgreSQL: send ids only
 */
export const publish = (execute: Execute, topic: string, payload: BusMessage['payload']): Promise<void> =>
  publishAll(execute, [{ topic, payload }]);

/** As `publish`: all of them, in this order, by one statement. */
export async function publishAll(execute: Execute, notices: readonly Notice[]): Promise<void> {
  if (notices.length === 0) return;
  const texts = notices.map((notice) => {
    const text = JSON.stringify({ topic: notice.topic, payload: notice.payload });
    const bytes = Buffer.byteLength(text);
    if (bytes > NOTICE_MAX_BYTES)
      throw new RangeError(`a notice on ${notice.topic} has ${bytes} bytes; send ids only`);
    return text;
  });
  await execute(`select pg_notify('${CHANNEL}', notice) from unnest($1::text[]) notice`, [texts]);
}

export interface ListeningBus extends Bus {
  /** Whether notices arrive at this moment. */
  connected(): boolean;
  /** Ends every subscription and the connection. */
  close(): Promise<void>;
}

/**
 * Delivers notices to the subscribers in this process, over one connection that is made again whenever it is lost; after
 * a gap each subscriber gets a resync. Each notice is delivered at most once, in the order of commits.
 * @throws what the driver throws when the first connection fails.
 */
export async function createBus(options: {
  readonly connectionString: string;
  readonly log: Log;
}): Promise<ListeningBus> {
  const { log } = options;
  const subscribers = new Map<string, Set<Subscriber>>();
  let listener: pg.Client | null = null;
  let closed = false;
  let wakeUp = (): void => undefined;

  const deliver = (text: string | undefined): void => {
    const message = readNotice(text);
    if (message === null) return log.warn({ bytes: text?.length ?? 0 }, 'a notice was not understood');
    for (const subscriber of subscribers.get(message.topic) ?? []) subscriber.push(message);
  };
  const resync = (): void => {
    for (const group of subscribers.values()) for (const subscriber of group) subscriber.push(RESYNC);
  };

  const connect = async (): Promise<void> => {
    const client = new pg.Client({
      connectionString: options.connectionString,
      application_name: 'countersign bus',
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
    });
    client.on('error', () => undefined); // 'end' follows
    client.on('end', () => lose(client));
    client.on('notification', ({ payload }) => deliver(payload));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
    if (closed) await client.end();
    else listener = client;
  };
  const lose = (client: pg.Client): void => {
    if (listener !== client || closed) return;
    listener = null;
    client.end().catch(() => undefined);
    log.warn({}, 'the notice connection was lost');
    void reconnect();
  };
  const reconnect = async (): Promise<void> => {
    for (let delay = RETRY_MIN_MS; !closed && listener === null; delay = Math.min(delay * 2, RETRY_MAX_MS)) {
      try {
        await connect();
        log.info({}, 'the notice connection is back');
        resync();
      } catch {
        await new Promise<void>((resolve) => {
          wakeUp = resolve;
          setTimeout(resolve, delay).unref();
        });
      }
    }
  };

  await connect();
  const heartbeat = setInterval(() => {
    const client = listener;
    client?.query('select 1').catch(() => lose(client));
  }, HEARTBEAT_MS).unref();

  return {
    subscribe(topic) {
      const group = subscribers.get(topic) ?? new Set();
      subscribers.set(topic, group);
      const subscriber = makeSubscriber(() => {
        group.delete(subscriber);
        if (group.size === 0 && subscribers.get(topic) === group) subscribers.delete(topic);
      });
      if (closed) subscriber.end();
      else group.add(subscriber);
      return subscriber.messages;
    },
    connected: () => listener !== null,
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(heartbeat);
      wakeUp();
      for (const group of subscribers.values()) for (const subscriber of group) subscriber.end();
      await listener?.end();
      listener = null;
    },
  };
}

function readNotice(text: string | undefined): BusMessage | null {
  try {
    const { topic, payload } = JSON.parse(text ?? '') as Partial<BusMessage>;
    return typeof topic === 'string' && typeof payload === 'object' && payload !== null
      ? { topic, payload }
      : null;
  } catch {
    return null;
  }
}

interface Subscriber {
  readonly messages: AsyncIterableIterator<BusMessage>;
  push(message: BusMessage): void;
  end(): void;
}

/** Messages in the order pushed. Memory is bounded: when the reader is too slow, all that waits becomes one resync. */
function makeSubscriber(onEnd: () => void): Subscriber {
  type Result = IteratorResult<BusMessage, undefined>;
  const DONE: Result = { done: true, value: undefined };
  let buffer: BusMessage[] = [];
  const readers: ((result: Result) => void)[] = [];
  let ended = false;

  const end = (): void => {
    if (ended) return;
    ended = true;
    buffer = [];
    for (const reader of readers.splice(0)) reader(DONE);
    onEnd();
  };
  const messages: AsyncIterableIterator<BusMessage> = {
    next() {
      const message = buffer.shift();
      if (message !== undefined) return Promise.resolve({ done: false, value: message });
      if (ended) return Promise.resolve(DONE);
      return new Promise<Result>((resolve) => readers.push(resolve));
    },
    return() {
      end();
      return Promise.resolve(DONE);
    },
    throw(error) {
      end();
      return Promise.reject(error as Error);
    },
    [Symbol.asyncIterator]: () => messages,
  };
  return {
    messages,
    end,
    push(message) {
      if (ended) return;
      const reader = readers.shift();
      if (reader) reader({ done: false, value: message });
      else if (buffer.length < BUFFER_MAX) buffer.push(message);
      else buffer = [RESYNC];
    },
  };
}
