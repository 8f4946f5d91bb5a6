// Adds to package-lock.json the platform packages that the registry in use does not carry, as optional
// entries bound to their os and cpu: npm neither fetches them here nor refuses `npm ci` for want of them.
// Run after every change of dependencies, then `npm run lock:check`. Running it twice changes nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import { isExactVersion, missingOptionals, placeFor, platformOf, stubFor } from './lock-platforms.mjs';

const path = process.argv[2] ?? new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const missing = missingOptionals(lock.packages);

for (const gap of missing) {
  const { os, cpu } = platformOf(gap.name);
  if (!isExactVersion(gap.version) || (!os && !cpu)) {
    console.error(
      `${gap.name}@${gap.version} (wanted by ${gap.parent}): cannot tell its version or platform; pin its parent to a whole version.`,
    );
    process.exitCode = 1;
    continue;
  }
  lock.packages[placeFor(lock.packages, gap)] = stubFor(lock.packages[gap.parent], gap);
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
if (missing.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${missing.length} platform packages added`);
