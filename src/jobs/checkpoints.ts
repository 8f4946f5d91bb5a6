import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  makeDueCheckpoint,
  type Checkpoint,
  type SigningKey,
} from '../commands/approvals/make-checkpoint.js';
import type { Context, Log } from '../context.js';
import { CHECKPOINT_HOURS } from '../limits.js';

/** How soon after the start, and then how often, it is asked whether a checkpoint is due. */
const FIRST_MS = 60_000;
const ASK_MS = 900_000;

interface CheckpointDeps {
  readonly makeContext: () => Context;
  /** Read or made when the first checkpoint is due. */
  readonly key: () => SigningKey;
  /** Where each checkpoint is written as well; best a place that whoever runs the database can't write to. */
  readonly folder: string | undefined;
  readonly log: Log;
}

/** Makes a checkpoint a day. Several workers make one together: whoever comes second finds it made. */
export function startCheckpoints({ makeContext, key, folder, log }: CheckpointDeps): {
  close(): Promise<void>;
} {
  let running: Promise<void> | null = null;
  const ask = async (): Promise<void> => {
    const checkpoint = await makeDueCheckpoint(makeContext(), key, CHECKPOINT_HOURS);
    if (checkpoint === null) return;
    const { sequence, treeSize, root } = checkpoint;
    log.info({ sequence, treeSize, root }, 'checkpoint made');
    if (folder !== undefined) writeCheckpoint(folder, checkpoint);
  };
  const start = (): void => {
    running ??= ask()
      .catch((error: unknown) => log.error({ error: String(error) }, 'no checkpoint was made'))
      .finally(() => (running = null));
  };
  const first = setTimeout(start, FIRST_MS);
  const interval = setInterval(start, ASK_MS);
  first.unref();
  interval.unref();
  return {
    async close() {
      clearTimeout(first);
      clearInterval(interval);
      await running;
    },
  };
}

/** Writes `checkpoint-000012.json` and the public key beside it, whole or not at all. @returns the path */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `checkpoint-${String(checkpoint.sequence).padStart(6, '0')}.json`);
  for (const [file, text] of [
    [path, `${JSON.stringify(checkpoint, null, 2)}\n`],
    [join(folder, `audit-key-${checkpoint.keyId}.pem`), checkpoint.publicKey],
  ] as const) {
    writeFileSync(`${file}.tmp`, text);
    renameSync(`${file}.tmp`, file);
  }
  return path;
}
