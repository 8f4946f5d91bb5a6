import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import type { EntityManager } from '@mikro-orm/postgresql';
import { faultText, type Anchor, type Verified } from '../workflows/audit.js';
import { verifyExport } from '../workflows/audit-file.js';
import { faultOfCertificate, type Certificate } from '../workflows/certificate.js';
import type { Checkpoint } from '../workflows/checkpoint.js';

// Verifies, exports and replays the record of approvals; docs/audit.md says what is found and what is not. A file is
// verified with the core alone: what speaks to a database is loaded only when one is asked for.
const USAGE = `npm run audit -- verify [--database URL | --export FILE | --certificate FILE] [--checkpoint FILE] [--public-key FILE]
npm run audit -- export FILE [--database URL]
npm run audit -- replay <request number | all> [--database URL]
npm run audit -- checkpoint [--to FOLDER] [--database URL]

Without --database: DATABASE_URL, else the embedded database in DATA_DIR (stop the server first).
Exit code 0: all is well. 1: a fault was found; its place is printed. 2: it could not be looked into.`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    database: { type: 'string' },
    export: { type: 'string' },
    certificate: { type: 'string' },
    checkpoint: { type: 'string' },
    'public-key': { type: 'string' },
    to: { type: 'string' },
  },
});

function anchorOf(): Anchor {
  const { checkpoint, 'public-key': key } = options;
  return {
    ...(checkpoint === undefined
      ? {}
      : { checkpoint: JSON.parse(readFileSync(checkpoint, 'utf8')) as Checkpoint }),
    ...(key === undefined ? {} : { publicKey: readFileSync(key, 'utf8') }),
  };
}

/** Runs the work on the database that was asked for, in one snapshot of it. */
async function onDatabase<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
  const { withDatabase } = await import('./audit-database.js');
  return withDatabase(options.database, ({ snapshot }) => snapshot(work));
}

function report(verified: Verified, anchor: Anchor): number {
  const { requests, facts, leaves, checkpoints, fault } = verified;
  if (fault) {
    console.log(`FAULT ${faultText(fault)}`);
    return 1;
  }
  console.log(`sound: ${requests} requests, ${facts} facts, ${leaves} leaves, ${checkpoints} checkpoints`);
  if (!anchor.checkpoint)
    console.log(
      'no checkpoint from elsewhere was given: a removed request or a cut tail may not show (--checkpoint)',
    );
  if (!anchor.publicKey)
    console.log(
      'no public key was given: the keys that the checkpoints bring along were believed (--public-key)',
    );
  return 0;
}

async function verify(): Promise<number> {
  const anchor = anchorOf();
  if (options.certificate !== undefined) {
    const fault = faultOfCertificate(
      JSON.parse(readFileSync(options.certificate, 'utf8')) as Certificate,
      anchor.publicKey,
    );
    console.log(
      fault === null ? 'sound: the certificate, its chain and its proof fit together' : `FAULT ${fault}`,
    );
    return fault === null ? 0 : 1;
  }
  if (options.export !== undefined) {
    const lines = createInterface({ input: createReadStream(options.export, 'utf8'), crlfDelay: Infinity });
    return report(await verifyExport(lines, anchor), anchor);
  }
  return report(
    await onDatabase(async (em) =>
      (await import('../queries/approvals/audit-record.js')).verifyDatabase(em, anchor),
    ),
    anchor,
  );
}

async function exportTo(file: string): Promise<number> {
  const { exportLines } = await import('../queries/approvals/audit-record.js');
  const { systemClock } = await import('../clock.js');
  await onDatabase((em) =>
    pipeline(Readable.from(exportLines(em, systemClock.now())), createWriteStream(file, { mode: 0o600 })),
  );
  console.log(`written: ${file}`);
  return 0;
}

async function replayAll(which: string): Promise<number> {
  const { replayRequests } = await import('../queries/approvals/replay-requests.js');
  return onDatabase(async (em) => {
    let requests = 0;
    let facts = 0;
    for await (const replayed of replayRequests(em, which === 'all' ? null : which)) {
      requests += 1;
      facts += replayed.facts;
      if (replayed.differences.length === 0) continue;
      for (const difference of replayed.differences) console.log(`FAULT ${replayed.number}: ${difference}`);
      return 1;
    }
    console.log(
      requests === 0
        ? `there is no request ${which}`
        : `the facts give the rows: ${requests} requests, ${facts} facts`,
    );
    return requests === 0 && which !== 'all' ? 2 : 0;
  });
}

async function checkpoint(): Promise<number> {
  const { withDatabase, makeCheckpointNow } = await import('./audit-database.js');
  const { made, path } = await withDatabase(options.database, (database) =>
    makeCheckpointNow(database, options.to),
  );
  console.log(
    `checkpoint ${made.sequence}: ${made.treeSize} leaves, root ${made.root}, key ${made.keyId}${path === null ? '' : `, written: ${path}`}`,
  );
  return 0;
}

async function run(): Promise<number> {
  const [command, argument, ...more] = positionals;
  if (more.length === 0 && command === 'verify' && argument === undefined) return verify();
  if (more.length === 0 && command === 'export' && argument !== undefined) return exportTo(argument);
  if (more.length === 0 && command === 'replay' && argument !== undefined) return replayAll(argument);
  if (more.length === 0 && command === 'checkpoint' && argument === undefined) return checkpoint();
  console.error(USAGE);
  return 2;
}

try {
  process.exitCode = await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
