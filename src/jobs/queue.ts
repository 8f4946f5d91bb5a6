import { createPostgresBackend, Queue, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import type { Log, Wake } from '../context.js';

/** One queue for all nudges: fewer connections and fewer pollers than one per kind. */
const QUEUE = 'wakes';

/** A producer gives up on a frozen store after this time; the sweep makes good what was not added. */
const ADD_TIMEOUT_MS = 3_000;

/** Nudges handled at once by one worker process: those of timers that fall due together are decided together. */
const CONCURRENCY = 50;

/** A nudge of a killed worker is taken over after about this time. */
const LOCK_MS = 6_000;
const STALLED_MS = 3_000;

/** A nudge survives so many killed workers before the queue drops it. */
const STALLED_MAX = 25;

/** Wait between two tries to reach a store that was away when the worker started. */
const REOPEN_MS = 1_000;

export interface QueueSettings {
  readonly databaseUrl: string;
  /** undefined: the queue lives in PostgreSQL. */
  readonly redisUrl: string | undefined;
  /** The schema in PostgreSQL (migrated before), the key prefix in Redis. */
  readonly prefix: string;
  readonly log: Log;
}

/** A wake-up call without authority: who gets it reads the tables and decides anew. */
export interface Nudge {
  readonly name: 'timer' | 'outbox';
  /** A second one with the same id is ignored while the first is waiting or being handled. */
  readonly id: string;
  readonly data: Readonly<Record<string, string>>;
  /** Whole milliseconds, by the store's or this machine's real clock. */
  readonly delayMs: number;
}

export interface Producer {
  /** Adds all in one go. @throws what the store says when it is away; within seconds. */
  add(nudges: readonly Nudge[]): Promise<void>;
  close(): Promise<void>;
}

/** Nothing is kept of a handled nudge: its id may come again at once, and a failed one blocks nobody. */
const FORGET = { removeOnComplete: true, removeOnFail: true } as const;

/** After `disconnect` the driver holds the process for `disconnectTimeout`, whether a socket is open or not. */
const REDIS_TIMES = { connectTimeout: ADD_TIMEOUT_MS, disconnectTimeout: 200 } as const;

const connectionOf = (settings: QueueSettings, use: 'producer' | 'worker'): object =>
  settings.redisUrl === undefined
    ? {
        connectionString: settings.databaseUrl,
        schema: settings.prefix,
        max: use === 'producer' ? 2 : 3,
        keepAlive: true,
        connectionTimeoutMillis: ADD_TIMEOUT_MS,
        query_timeout: use === 'producer' ? ADD_TIMEOUT_MS : ADD_TIMEOUT_MS * 3,
        application_name: `countersign queue ${use}`,
      }
    : { url: settings.redisUrl, maxRetriesPerRequest: null, ...REDIS_TIMES };

/** Fails at once instead of collecting commands while Redis is away. BullMQ never closes a connection it was given. */
function producerRedis(url: string): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: ADD_TIMEOUT_MS,
    ...REDIS_TIMES,
  });
  redis.on('error', () => undefined);
  return redis;
}

const backendOf = ({ redisUrl }: QueueSettings): never =>
  (redisUrl === undefined ? createPostgresBackend : undefined) as never;

/** Opens on the first use, and anew after a store that was away: a queue that failed to open never recovers by itself. */
export function openProducer(settings: QueueSettings): Producer {
  let opened: Promise<OpenQueue> | null = null;
  return {
    async add(nudges) {
      opened ??= openQueue(settings);
      const { queue } = await opened.catch((error: unknown) => {
        opened = null;
        throw error;
      });
      await queue.addBulk(
        nudges.map(({ name, id, data, delayMs }) => ({
          name,
          data,
          opts: { jobId: id, delay: delayMs, ...FORGET },
        })),
      );
    },
    async close() {
      const open = await opened?.catch(() => null);
      await open?.close();
    },
  };
}

export interface OpenQueue {
  readonly queue: Queue;
  close(): Promise<void>;
}

/** The queue itself, to add to or to look into. @throws what the driver says */
export async function openQueue(settings: QueueSettings): Promise<OpenQueue> {
  const redis = settings.redisUrl === undefined ? null : producerRedis(settings.redisUrl);
  const connection = redis ?? connectionOf(settings, 'producer');
  const queue = new Queue(QUEUE, { connection, prefix: settings.prefix }, backendOf(settings));
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  queue.on('error', reject); // once it is open, whoever adds is told
  const close = async (): Promise<void> => {
    redis?.disconnect();
    await queue.close().catch(() => undefined);
  };
  try {
    await within(ADD_TIMEOUT_MS, Promise.race([queue.waitUntilReady(), failed]));
    return { queue, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Answers what to wake once this nudge is gone (its id is taken until then), or null. */
export type Handler = (name: string, data: unknown) => Promise<Wake | null>;

/**
 * Hands nudges to the handler until closed, through any outage of the store. A handler that throws is logged and its
 * nudge forgotten: the sweep is the second try.
 */
export function openConsumer(
  settings: QueueSettings,
  handle: Handler,
  wake: (again: Wake) => void,
): { close(): Promise<void> } {
  let closed = false;
  let ready = false;
  let away = false;
  let current: Worker | null = null;
  let wakeUp = (): void => undefined;
  const running = new Set<Promise<unknown>>();

  const run = (job: Job): Promise<Wake | null> => {
    const work = handle(job.name, job.data).finally(() => running.delete(work));
    running.add(work);
    return work;
  };
  const back = (): void => {
    if (away) settings.log.info({}, 'the queue is back');
    away = false;
  };
  const open = (): Worker => {
    const worker: Worker = new Worker(
      QUEUE,
      run as never,
      {
        connection: connectionOf(settings, 'worker'),
        prefix: settings.prefix,
        concurrency: CONCURRENCY,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_MS,
        maxStalledCount: STALLED_MAX,
        runRetryDelay: REOPEN_MS,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      },
      backendOf(settings),
    );
    worker.on('error', (error) => {
      if (!away) settings.log.warn({ error: error.message }, 'the queue is away; the sweep goes on');
      away = true;
    });
    worker.on('ready', back);
    worker.on('active', back);
    worker.on('failed', (job, error) =>
      settings.log.warn({ job: job?.id, error: error.message }, 'a nudge failed; the sweep will see to it'),
    );
    worker.on('completed', (_job, again: Wake | null) => {
      if (again !== null && !closed) wake(again);
    });
    return worker;
  };
  const keepOpen = async (): Promise<void> => {
    while (!closed) {
      const worker = (current = open());
      try {
        await worker.waitUntilReady();
        ready = true;
        return;
      } catch {
        await worker.close(true).catch(() => undefined);
        if (closed) return;
        await new Promise<void>((resolve) => {
          wakeUp = resolve;
          setTimeout(resolve, REOPEN_MS).unref();
        });
      }
    }
  };
  void keepOpen();
  return {
    async close() {
      closed = true;
      wakeUp();
      // A store that is away is not waited for: it can't be told of what has ended, and the nudge comes again.
      if (ready && !away) return current?.close();
      await Promise.allSettled(running);
      await current?.close(true);
    },
  };
}

/** Returns when the store of the queue can be used; for the start and the health check. @throws what the driver says */
export async function requireQueue(settings: QueueSettings): Promise<void> {
  if (settings.redisUrl === undefined) {
    const open = await openQueue(settings);
    return open.close();
  }
  const redis = new Redis(settings.redisUrl, {
    lazyConnect: true,
    commandTimeout: ADD_TIMEOUT_MS,
    retryStrategy: () => null,
    ...REDIS_TIMES,
  });
  let reason: unknown;
  redis.on('error', (error) => (reason = error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.disconnect();
  }
}

/** The promise's answer, or an error once the time is up. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
