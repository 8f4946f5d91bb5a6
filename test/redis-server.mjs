import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_LIMIT_MS = 10_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** True once the server answers PING; a refused connection or a loading server is false. */
async function answers(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [reply] = await once(socket, 'data', { signal: AbortSignal.timeout(1000) });
    return String(reply).startsWith('+PONG');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * Starts the `redis-server` found on PATH on a free port of the loopback address, keeping nothing on disk and
 * evicting nothing (queues must not lose keys). Null when there is no such program.
 * @returns {Promise<{ url: string, stop: () => Promise<void> } | null>}
 */
export async function startRedis() {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-redis-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const port = await freePort();
  const settings = {
    bind: '127.0.0.1',
    port,
    dir: folder,
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
  };
  const server = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    { stdio: 'ignore' },
  );
  const started = await Promise.race([
    once(server, 'spawn').then(() => true),
    once(server, 'error').then(() => false),
  ]).catch(() => false);
  if (!started) {
    await remove();
    return null;
  }
  const ended = once(server, 'exit');
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
    await remove();
  };
  for (const giveUpAt = performance.now() + START_LIMIT_MS; !(await answers(port)); await sleep(20)) {
    if (server.exitCode === null && performance.now() < giveUpAt) continue;
    await stop();
    throw new Error(`redis-server did not answer on port ${port} within ${START_LIMIT_MS} ms`);
  }
  return { url: `redis://127.0.0.1:${port}`, stop };
}
