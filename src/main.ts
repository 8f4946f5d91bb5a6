import { pino, type Logger } from 'pino';
import { createApp } from './app.js';
import { seedDemo } from './commands/organisation/seed-demo.js';
import { readConfig, type Config } from './config.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/postgres.js';
import { readOrCreateSecret } from './embedded/secrets.js';
import { onTermination, reportAndExit, startFailureOf } from './process-life.js';

/** Starts the roles that the environment names, and says where things are and who can sign in. */
async function main(config: Config, log: Logger): Promise<void> {
  const embedded =
    config.databaseUrl === undefined
      ? await startEmbeddedPostgres({ dataDir: config.dataDir, log, onLost: reportAndExit })
      : null;
  const stopEmbedded = async (): Promise<void> => embedded?.stop();
  try {
    const databaseUrl = embedded?.applicationUrl ?? config.databaseUrl ?? '';
    const ownerUrl = embedded?.url ?? config.databaseOwnerUrl;
    const app = await createApp({ config, databaseUrl, ownerUrl, log });
    onTermination(async () => {
      await app.close();
      await stopEmbedded();
    });
    const demo =
      config.seed === 'demo' && config.role !== 'worker'
        ? await seedDemo((actor) => app.makeContext(actor), demoPassword(config))
        : null;
    const port = await app.http?.listen(config.port, config.host);
    announce(config, embedded, port, demo);
  } catch (error) {
    await stopEmbedded();
    throw error;
  }
}

/** The password of the demo people: as told, or one made at the first start and kept in the data folder. */
const demoPassword = (config: Config): { value: string; from: string } => {
  if (config.demoPassword !== undefined) return { value: config.demoPassword, from: 'DEMO_PASSWORD' };
  const { value, path } = readOrCreateSecret(config.dataDir, 'demo-password', 9);
  return { value, from: path };
};

interface Demo {
  readonly people: readonly { readonly email: string; readonly roles: string }[];
  readonly password: { readonly value: string; readonly from: string };
}

function announce(
  config: Config,
  embedded: EmbeddedPostgres | null,
  port: number | undefined,
  demo: Demo | null,
): void {
  const lines = ['', `Countersign is running (${config.role}).`];
  if (port !== undefined) {
    const at = `http://${config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host}:${port}`;
    lines.push(`  GraphQL and explorer  ${at}/graphql`, `  health                ${at}/health/ready`);
  }
  lines.push(
    `  database              ${embedded ? `embedded PostgreSQL, data in ${embedded.dataDir}` : 'DATABASE_URL'}`,
  );
  lines.push(
    `  queue                 ${config.redisUrl === undefined ? 'in the same database' : 'REDIS_URL'}`,
  );
  lines.push(`  mail                  ${config.mail ? config.mail.host : 'not set up (SMTP_URL)'}`);
  if (demo) {
    lines.push(
      '',
      `  Demo people, all with the password  ${demo.password.value}  (from ${demo.password.from}):`,
    );
    for (const { email, roles } of demo.people) lines.push(`    ${email.padEnd(26)} ${roles}`);
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

let config: Config | undefined;
try {
  config = readConfig(process.env);
  await main(config, pino({ level: config.logLevel }));
} catch (error) {
  reportAndExit((config && startFailureOf(error, config)) ?? error);
}
