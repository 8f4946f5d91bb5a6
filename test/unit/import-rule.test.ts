import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** One planted file each: where it stands, what it says, and the words of the finding (null: none). */
const PLANTED: readonly (readonly [file: string, source: string, finding: string | null])[] = [
  [
    'src/workflows/a.ts',
    `import { Row } from '../entities/row.js'; export default Row;`,
    'workflows may not import entities',
  ],
  [
    'src/workflows/b.ts',
    `import type { Context } from '../context.js'; export type C = Context;`,
    'workflows may not import context',
  ],
  [
    'src/workflows/c.ts',
    `import pg from 'pg'; export default pg;`,
    'workflows may not import the package pg',
  ],
  [
    'src/workflows/d.ts',
    `import fs from 'node:fs'; export default fs;`,
    'workflows may not import the package node:fs',
  ],
  ['src/workflows/e.ts', `import { createHash } from 'node:crypto'; createHash('sha256');`, null],
  ['src/workflows/f.ts', `export * from '../errors.js';`, null],
  [
    'src/workflows/g.ts',
    `await import('../commands/approvals/submit.js');`,
    'workflows may not import commands',
  ],
  ['src/workflows/h.ts', `setTimeout(() => undefined, 1);`, 'The core is pure'],
  [
    'src/workflows/i.ts',
    `export type R = import('../entities/row.js').Row;`,
    'workflows may not import entities',
  ],
  [
    'src/commands/plans/a.ts',
    `import { list } from '../../queries/plans/list.js'; export default list;`,
    'commands may not import queries',
  ],
  [
    'src/commands/plans/b.ts',
    `import { decide } from '../../workflows/decide.js'; export default decide;`,
    null,
  ],
  [
    'src/commands/plans/c.ts',
    `import { config } from '../../config.js'; export default config;`,
    'only by "import type"',
  ],
  ['src/commands/plans/d.ts', `import type { Config } from '../../config.js'; export type C = Config;`, null],
  [
    'src/queries/a.ts',
    `export { submit } from '../commands/approvals/submit.js';`,
    'queries may not import commands',
  ],
  [
    'src/entities/a.ts',
    `import { decide } from '../workflows/decide.js'; export default decide;`,
    'only by "import type"',
  ],
  ['src/entities/b.ts', `import type { State } from '../workflows/request.js'; export type S = State;`, null],
  [
    'src/resolvers/a.ts',
    `import { decide } from '../workflows/decide.js'; export default decide;`,
    'resolvers may not import workflows',
  ],
  [
    'src/resolvers/b.ts',
    `import { inbox } from '../queries/approvals/inbox.js'; export default inbox;`,
    null,
  ],
  ['src/jobs/a.ts', `import { start } from '../app.js'; export default start;`, 'jobs may not import app'],
  [
    'src/permissions/a.ts',
    `import { submit } from '../commands/approvals/submit.js'; export default submit;`,
    'permissions may not import commands',
  ],
  [
    'src/permissions/b.ts',
    `import { chain } from './shield.js'; export default chain;`,
    'can allow by accident',
  ],
  [
    'src/notes/a.ts',
    `import { ERRORS } from '../errors.js'; export default ERRORS;`,
    'src/notes is not a layer',
  ],
  ['src/commands/helpers/a.ts', `export const a = 1;`, '"helpers" names no job'],
  ['src/commands/e.ts', `export const at = Date.now();`, 'take `now` as an argument'],
  ['src/commands/f.ts', `export const at = new Date();`, 'take `now` as an argument'],
  ['src/commands/g.ts', `export const at = new Date(0);`, null],
  ['src/commands/h.ts', `export const port = process.env['PORT'];`, "'process.env' is restricted"],
  ['src/config.ts', `export const port = process.env['PORT'];`, null],
  ['src/queries/b.ts', `console.log('seen');`, 'Unexpected console statement'],
  ['src/queries/c.ts', `export const a = (b: any): unknown => b;`, 'Unexpected `any`'],
  ['src/main.ts', `import { start } from './app.js'; console.log(start, new Date());`, null],
];

describe('the lint holds the house together', () => {
  let folder = '';
  let findings: readonly { readonly filename: string; readonly message: string }[] = [];

  beforeAll(async () => {
    const root = process.cwd();
    folder = await mkdtemp(path.join(tmpdir(), 'countersign-lint-'));
    await cp(path.join(root, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'));
    await cp(path.join(root, 'scripts'), path.join(folder, 'scripts'), { recursive: true });
    for (const [file, source] of PLANTED) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
      await writeFile(path.join(folder, file), `${source}\n`);
    }
    const oxlint = path.join(root, 'node_modules/oxlint/bin/oxlint');
    const run = promisify(execFile)(process.execPath, [oxlint, '--format', 'json', 'src'], { cwd: folder });
    // It exits with 1 because it finds the planted faults; the report is on standard output all the same.
    const { stdout } = await run.catch((failed: { stdout: string }) => failed);
    ({ diagnostics: findings } = JSON.parse(stdout) as { diagnostics: typeof findings });
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(PLANTED)('%s: %s', (file, _source, finding) => {
    const messages = findings.filter(({ filename }) => filename === file).map(({ message }) => message);
    if (finding === null) expect(messages).toEqual([]);
    else expect(messages).toContainEqual(expect.stringContaining(finding));
  });
});
