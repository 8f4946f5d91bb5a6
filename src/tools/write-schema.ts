import { readFileSync, writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { makeSchema } from '../app.js';

/** Writes, or with `--check` compares, schema.graphql from the code. */
const FILE = 'schema.graphql';

const made = `${printSchema(lexicographicSortSchema(await makeSchema()))}\n`;
if (!process.argv.includes('--check')) writeFileSync(FILE, made);
else if (readFileSync(FILE, 'utf8') !== made) {
  console.error(`${FILE} differs from the code: run npm run schema:write and tell clients in the changelog`);
  process.exitCode = 1;
}
