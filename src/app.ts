import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { GraphQLSchema } from 'graphql';
import { sql } from 'kysely';
import { buildSchema } from 'type-graphql';
import { shareClock } from './clock.js';
import { createBus, type ListeningBus } from './bus.js';
import { countBadLink, DECISION_PATH, decideByLink } from './commands/approvals/decision-link.js';
import { storeFile } from './commands/documents/store-file.js';
import { installPacks, type InstalledPacks } from './commands/organisation/install-packs.js';
import { hashToken } from './commands/organisation/sign-in.js';
import type { ExternalChannel, ExternalChannels } from './commands/schedule/channels.js';
import { openOutbound, type Lookup, type Outbound } from './commands/schedule/outbound.js';
import { chatChannel } from './commands/schedule/send-chat.js';
import { mailChannel } from './commands/schedule/send-mail.js';
import { webhookChannel } from './commands/schedule/send-webhook.js';
import { openSmtp } from './commands/schedule/smtp.js';
import { openCalendarFeed } from './commands/schedule/calendar-feed.js';
import { enterQueueScreen } from './commands/schedule/queue-screen.js';
import { TIMER_ACTIONS } from './commands/schedule/timer-actions.js';
import type { Config } from './config.js';
import type { Actor, Clock, Context, Log, Services } from './context.js';
import { migrate, migrateAsOwner, openDatabase, QUEUE_SCHEMA } from './database.js';
import { readDb } from './entities/read-db.js';
import { isRefusal, refusal, type Language, type Refusal } from './errors.js';
import { languageOf, type ContextRequest } from './http/request.js';
import { readOrCreateSecret } from './embedded/secrets.js';
import { WEBHOOK_TIMEOUT_MS } from './limits.js';
import { createHttpServer, type HttpServer } from './http/server.js';
import { startCheckpoints } from './jobs/checkpoints.js';
import { openProducer, openQueue, requireQueue, type QueueSettings } from './jobs/queue.js';
import { createWaker } from './jobs/wake.js';
import { startWorker, type RunningWorker } from './jobs/worker.js';
import { applyRules } from './permissions/load-shield.js';
import { OPERATIONS } from './permissions/operations.js';
import { certificatePdf } from './queries/approvals/certificate-pdf.js';
import { decisionLinkView } from './queries/approvals/decision-link-view.js';
import { certificateOf } from './queries/approvals/evidence-certificate.js';
import { refusalToAct } from './queries/approvals/may-act.js';
import { loadActor } from './queries/organisation/load-actor.js';
import { outboxMetrics, type ChannelMetrics } from './queries/schedule/outbox-metrics.js';
import { fileContent } from './queries/documents/files.js';
import { calendarFeed } from './queries/schedule/calendar-feed.js';
import { endpointMetrics, type EndpointMetrics } from './queries/schedule/webhook-endpoints.js';
import { timerMetrics, type TimerMetrics } from './queries/schedule/timer-metrics.js';
import { RESOLVERS } from './resolvers/index.js';
import { signingKeyFromPem, signingKeyFromSeed, type SigningKey } from './workflows/checkpoint.js';

export const PACKS_FOLDER = fileURLToPath(new URL('../../packs', import.meta.url));

export interface AppOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  /** A login that owns the tables and migrates them, where `databaseUrl` has another one. */
  readonly ownerUrl?: string | undefined;
  /** Tests bring one that they move; without it the database's time counts. */
  readonly clock?: Clock;
  /** Tests bring one that answers what they like; without it the system looks names up. */
  readonly lookup?: Lookup;
  readonly log: Log;
}

export interface App {
  readonly orm: MikroORM;
  readonly packs: InstalledPacks;
  /** null in a worker. */
  readonly http: HttpServer | null;
  /** A context as jobs have it: nobody is signed in. */
  makeContext(actor?: Actor | null): Context;
  /** Requests first, then jobs, then connections; each waits for what is running. Calling it again waits for the same end. */
  close(): Promise<void>;
}

/** Connections of the main pool: enough for the few statements that two cores can run at once. */
const POOL_SIZE = 10;

/** The GraphQL schema, with the permission rules on it. */
export async function makeSchema(): Promise<GraphQLSchema> {
  const schema = await buildSchema({ resolvers: RESOLVERS, validate: false, pubSub: NO_PUB_SUB });
  return applyRules(schema, OPERATIONS);
}

/** Subscriptions bring their own source; type-graphql only wants to see one. */
const NO_PUB_SUB = {
  publish: (): void => undefined,
  subscribe: (): never => {
    throw new Error('subscriptions subscribe to the bus');
  },
};

/** Puts the product together on a database: migrates it, installs the packs, and starts the roles it is told to. */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, databaseUrl, ownerUrl, log } = options;
  const orm = await openDatabase({ url: databaseUrl, poolSize: POOL_SIZE });
  const closers: (() => Promise<void>)[] = [() => orm.close()];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    await (ownerUrl === undefined ? migrate(orm, databaseUrl) : migrateAsOwner(ownerUrl, databaseUrl));
    const clock = options.clock ?? (await databaseClock(orm, log, closers));
    const queue: QueueSettings = { databaseUrl, redisUrl: config.redisUrl, prefix: QUEUE_SCHEMA, log };
    await requireQueue(queue);
    const bus = await createBus({ connectionString: databaseUrl, log });
    closers.push(() => bus.close());
    const producer = openProducer(queue);
    const waker = createWaker({ producer, clock, horizonSeconds: config.timerHorizonSeconds, log });
    closers.push(
      () => producer.close(),
      () => waker.close(),
    );

    const outbound = outboundOf(config, options.lookup);
    const outside = openOutside(config, outbound);
    closers.push(async () => outside.close());
    const services: Services = {
      clock,
      wake: waker.wake,
      bus,
      outside: new Set(Object.keys(outside.channels)),
      outbound,
    };
    const contexts = contextsOf(orm, services, log);
    const packs = await installPacks(contexts.forJob(), PACKS_FOLDER);
    if (config.role !== 'api') {
      const worker: RunningWorker = startWorker({
        queue,
        makeContext: () => contexts.forJob(),
        actions: TIMER_ACTIONS,
        channels: outside.channels,
        wake: waker.wake,
        sweepSeconds: config.sweepSeconds,
        horizonSeconds: config.timerHorizonSeconds,
        log,
      });
      closers.push(() => worker.close());
      const checkpoints = startCheckpoints({
        makeContext: () => contexts.forJob(),
        key: () => auditKey(config),
        folder: config.auditCheckpointDir,
        log,
      });
      closers.push(() => checkpoints.close());
    }
    const http =
      config.role === 'worker' ? null : await serve({ config, contexts, bus, orm, queue, clock, log });
    if (http) closers.push(() => http.close());
    let closing: Promise<void> | null = null;
    return {
      orm,
      packs,
      http,
      makeContext: (actor = null) => contexts.forJob(actor),
      close: () => (closing ??= closeAll()),
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function databaseClock(orm: MikroORM, log: Log, closers: (() => Promise<void>)[]): Promise<Clock> {
  const ask = async (): Promise<Date> => {
    const { rows } = await sql<{ now: string }>`select clock_timestamp() as now`.execute(
      readDb(orm.em.fork()),
    );
    return new Date(rows[0]!.now);
  };
  const clock = await shareClock(ask, log);
  closers.push(async () => clock.close());
  return clock;
}

/** The key that signs checkpoints: the file's, else one made once and kept in the data folder; never in the database. */
export function auditKey({ auditKeyFile, dataDir }: Pick<Config, 'auditKeyFile' | 'dataDir'>): SigningKey {
  if (auditKeyFile !== undefined) return signingKeyFromPem(readFileSync(auditKeyFile, 'utf8'));
  return signingKeyFromSeed(Buffer.from(readOrCreateSecret(dataDir, 'audit-key', 32).value, 'base64url'));
}

/** The way to addresses that people enter. */
export const outboundOf = ({ webhookAllowedHosts, webhookTimeoutMs }: Config, lookup?: Lookup): Outbound =>
  openOutbound({
    allowedHosts: webhookAllowedHosts ?? [],
    timeoutMs: webhookTimeoutMs ?? WEBHOOK_TIMEOUT_MS,
    lookup,
  });

/** The channels that leave the building, as far as the configuration sets them up. */
export function openOutside(
  config: Config,
  outbound = outboundOf(config),
): {
  readonly channels: ExternalChannels;
  close(): void;
} {
  const channels = {
    webhook: webhookChannel(outbound),
    chat: chatChannel(outbound, { frontendUrl: config.frontendUrl ?? null }),
  };
  const mail = openMail(config);
  if (mail === null) return { channels, close: () => undefined };
  return { channels: { ...channels, mail: mail.channel }, close: () => mail.close() };
}

function openMail({ mail, publicUrl, frontendUrl }: Config): {
  readonly channel: ExternalChannel;
  close(): void;
} | null {
  if (mail === undefined) return null;
  const { passwordFile, user, from } = mail;
  const password =
    passwordFile === undefined ? (mail.password ?? '') : readFileSync(passwordFile, 'utf8').trim();
  const smtp = openSmtp({ ...mail, login: user === undefined ? null : { user, password } });
  const domain = from
    .slice(from.lastIndexOf('@') + 1)
    .replace('>', '')
    .trim();
  const channel = mailChannel(smtp.send, {
    domain,
    publicUrl: publicUrl ?? null,
    frontendUrl: frontendUrl ?? null,
  });
  return { channel, close: () => smtp.close() };
}

interface Contexts {
  forJob(actor?: Actor | null): Context;
  forRequest(request: ContextRequest): Promise<Context>;
}

function contextsOf(orm: MikroORM, services: Services, log: Log): Contexts {
  const make = (em: EntityManager, actor: Actor | null, language: Language, address: string): Context => ({
    em,
    now: services.clock.now(),
    log,
    actor,
    language,
    address,
    services,
    loaders: new Map(),
    refusalToAct: rememberingAnswers(em, actor),
  });
  return {
    forJob: (actor = null) => make(orm.em.fork(), actor, actor?.language ?? 'en', ''),
    async forRequest({ authorization, acceptLanguage, address }) {
      const em = orm.em.fork();
      const actor = authorization === null ? null : await actorOf(em, authorization, services.clock.now());
      return make(
        em,
        actor,
        acceptLanguage === null ? (actor?.language ?? 'en') : languageOf(acceptLanguage),
        address,
      );
    },
  };
}

/** The person of a bearer token. @throws UNAUTHENTICATED: a bad token is told, not taken for nobody */
async function actorOf(em: EntityManager, authorization: string, now: Date): Promise<Actor> {
  const token = /^Bearer ([\w-]{1,200})$/i.exec(authorization)?.[1];
  const actor = token === undefined ? null : await loadActor(em, hashToken(token), now);
  if (!actor) throw refusal('UNAUTHENTICATED');
  return actor;
}

/** Asks the core once per operation, assignment and action. */
function rememberingAnswers(em: EntityManager, actor: Actor | null): Context['refusalToAct'] {
  const answers = new Map<string, Promise<Refusal | null>>();
  return (assignmentId, action, idempotencyKey) => {
    if (!actor) return Promise.resolve(refusal('UNAUTHENTICATED'));
    const key = `${action} ${assignmentId}`;
    const known = answers.get(key) ?? refusalToAct(em, actor, { assignmentId, action, idempotencyKey });
    answers.set(key, known);
    return known;
  };
}

interface Served {
  readonly config: Config;
  readonly contexts: Contexts;
  readonly bus: ListeningBus;
  readonly orm: MikroORM;
  readonly queue: QueueSettings;
  readonly clock: Clock;
  readonly log: Log;
}

async function serve({ config, contexts, bus, orm, queue, clock, log }: Served): Promise<HttpServer> {
  const production = config.nodeEnv === 'production';
  return createHttpServer({
    schema: await makeSchema(),
    contextFor: (request) => contexts.forRequest(request),
    ready: async () => ({
      database: await saysOk(() =>
        readDb(orm.em.fork()).selectFrom('organisation_revision').select('revision').execute(),
      ),
      queue: await saysOk(() => requireQueue(queue)),
      bus: bus.connected() ? 'ok' : 'not listening',
    }),
    metrics: async () =>
      `${metricsText(await timerMetrics(orm.em.fork(), clock.now()))}${outboxText(await outboxMetrics(orm.em.fork(), clock.now()))}${endpointsText(await endpointMetrics(orm.em.fork()))}`,
    decisionLinks: {
      path: DECISION_PATH,
      links: {
        async look(ctx, token) {
          const page = await decisionLinkView(ctx, token);
          if (page === null) await countBadLink(ctx);
          return page;
        },
        decide: decideByLink,
      },
    },
    certificatePdf: async (ctx, requestId) =>
      certificatePdf(await certificateOf(ctx, requestId), ctx.language),
    files: {
      async store(ctx, file) {
        const { id, digest, name, mediaType, size } = await storeFile(ctx, file);
        return { id, digest, name, mediaType, size };
      },
      open: fileContent,
    },
    calendarFeed: async (ctx, token) => {
      const reader = await openCalendarFeed(ctx, token);
      return reader && calendarFeed(ctx, reader);
    },
    queueScreen: { enter: enterQueueScreen, openQueue: () => openQueue(queue) },
    config: { introspection: true, explorer: true, production },
    log,
  });
}

async function saysOk(ask: () => Promise<unknown>): Promise<string> {
  try {
    await ask();
    return 'ok';
  } catch (error) {
    return isRefusal(error) ? error.code : 'away';
  }
}

function metricsText({ overdueByKind, ...totals }: TimerMetrics): string {
  const lines = Object.entries(totals).map(
    ([name, value]) => `# TYPE countersign_${name} gauge\ncountersign_${name} ${value}\n`,
  );
  for (const name of ['overdue', 'oldestSeconds'] as const) {
    const series = overdueByKind.map(
      (one) => `countersign_overdueTimers_${name}{kind="${one.kind}"} ${one[name]}\n`,
    );
    lines.push(`# TYPE countersign_overdueTimers_${name} gauge\n${series.join('')}`);
  }
  return lines.join('');
}

const endpointsText = (byState: EndpointMetrics): string =>
  [
    '# TYPE countersign_webhook_endpoints gauge\n',
    ...Object.entries(byState).map(
      ([state, count]) => `countersign_webhook_endpoints{state="${state}"} ${count}\n`,
    ),
  ].join('');

const outboxText = (channels: readonly ChannelMetrics[]): string =>
  (['pending', 'dead', 'oldestDueSeconds'] as const)
    .map((name) => {
      const series = channels.map(
        (one) => `countersign_outbox_${name}{channel="${one.channel}"} ${one[name]}\n`,
      );
      return `# TYPE countersign_outbox_${name} gauge\n${series.join('')}`;
    })
    .join('');
