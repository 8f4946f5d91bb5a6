import type { FastifyInstance } from 'fastify';
import { within } from './deadline.js';

export interface HealthOptions {
  /** Each part of the service: 'ok', or what is wrong in a few words that may be shown to anyone. */
  readonly ready: () => Promise<Record<string, string>>;
  /** The application's own metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  readonly readyMs: number;
  readonly stopping: () => boolean;
  readonly gauges: () => Readonly<Record<string, number>>;
  readonly counters: ReadonlyMap<string, number>;
}

/** `/health/live`: the event loop turns. `/health/ready`: every part answers, within the deadline. `/metrics`. */
export function serveHealth(app: FastifyInstance, options: HealthOptions): void {
  app.get('/health/live', () => ({ status: 'ok' }));
  app.get('/health/ready', async (_request, reply) => {
    const parts = options.stopping() ? { server: 'stopping' } : await partsOf(options);
    const ready = Object.values(parts).every((status) => status === 'ok');
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ok' : 'unavailable', parts });
  });
  app.get('/metrics', async (_request, reply) => {
    const own = await within(
      options.readyMs,
      options.metrics(),
      () => '# the metrics of the application were not ready\n',
    );
    reply.header('cache-control', 'no-store').type('text/plain; version=0.0.4; charset=utf-8');
    return `${processMetrics(options)}${own === '' || own.endsWith('\n') ? own : `${own}\n`}`;
  });
}

async function partsOf({ ready, readyMs }: HealthOptions): Promise<Record<string, string>> {
  try {
    return await within<Record<string, string>>(readyMs, ready(), () => ({
      server: `no answer within ${readyMs} ms`,
    }));
  } catch {
    return { server: 'the check failed' };
  }
}

function processMetrics({ gauges, counters }: HealthOptions): string {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const gauge = Object.entries({
    process_resident_memory_bytes: rss,
    nodejs_heap_size_used_bytes: heapUsed,
    process_uptime_seconds: process.uptime(),
    ...gauges(),
  }).map(([name, value]) => `# TYPE ${name} gauge\n${name} ${value}\n`);
  const cpu = (user + system) / 1e6;
  const families = new Map<string, string>();
  for (const [series, value] of counters) {
    const family = series.split('{')[0] ?? series;
    families.set(family, `${families.get(family) ?? `# TYPE ${family} counter\n`}${series} ${value}\n`);
  }
  return [
    ...gauge,
    `# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total ${cpu}\n`,
    ...families.values(),
  ].join('');
}
