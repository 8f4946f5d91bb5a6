import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.js';

const GIGABYTE = 2 ** 30;

/** In memory when there is room (containers often have 64 MB), else on disk. */
function roomyFolder(): string {
  if (!existsSync('/dev/shm')) return tmpdir();
  const { bavail, bsize } = statfsSync('/dev/shm');
  return bavail * bsize > GIGABYTE ? '/dev/shm' : tmpdir();
}

/** A fast, empty PostgreSQL that forgets everything at `stop()`, or moments after this process ends. `url` is the
 *  superuser's, so that a test run can make databases from a template. Takes about a second. */
export async function startThrowawayPostgres(
  options: { settings?: readonly string[] } = {},
): Promise<{ url: string; stop: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(roomyFolder(), 'countersign-test-'));
  const remove = (): void => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  const quiet = {
    info: () => undefined,
    warn: () => undefined,
    error: (line: string) => void process.stderr.write(`${line}\n`),
  };
  try {
    const settings = ['max_connections=300', ...(options.settings ?? [])];
    const server = await startEmbeddedPostgres({ dataDir, log: quiet, durable: false, settings });
    return { url: server.superuserUrl, stop: () => server.stop().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}
