import { readFileSync, writeFileSync } from 'node:fs';
import { ERRORS } from '../errors.js';

/** Writes, or with `--check` compares, docs/errors.md from the catalogue of codes. */
const FILE = 'docs/errors.md';

const rows = Object.entries(ERRORS).map(
  ([code, { kind, en, zh, remedy }]) => `| \`${code}\` | ${kind} | ${en} | ${zh} | ${remedy} |`,
);
const made = `# Error codes

Every refusal carries \`extensions.code\` from this list, its details beside it, and a message in the client's language
(\`Accept-Language\`, or the person's setting). Codes never change. Generated from src/errors.ts by \`npm run errors:write\`.

| code | kind | message | 消息 | the way out |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;

if (!process.argv.includes('--check')) writeFileSync(FILE, made);
else if (readFileSync(FILE, 'utf8') !== made) {
  console.error(`${FILE} differs from src/errors.ts: run npm run errors:write`);
  process.exitCode = 1;
}
