// Fails when the dependencies are not exactly what an empty machine would get: every pin exact, the lock equal
// to package.json and whole for every platform, no download addresses, every install script decided on.
import { readFileSync } from 'node:fs';
import { isExactVersion, missingOptionals } from './lock-platforms.mjs';

const folder = process.argv[2] ? new URL(`file://${process.argv[2]}/`) : new URL('../', import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const manifest = read('package.json');
const { packages } = read('package-lock.json');
const findings = [];

const entriesOf = (field) => Object.entries(manifest[field] ?? {});
for (const field of ['dependencies', 'devDependencies', 'overrides']) {
  for (const [name, version] of entriesOf(field)) {
    if (!isExactVersion(version))
      findings.push(`package.json ${field}: ${name} is "${version}", pin one version`);
    if (field === 'overrides') continue;
    if (packages[''][field]?.[name] !== version)
      findings.push(`${name}: the lock and package.json differ; run npm install`);
    if (packages[`node_modules/${name}`]?.version !== version)
      findings.push(`${name}: the lock does not hold ${version}`);
  }
}
for (const [place, entry] of Object.entries(packages)) {
  if (entry.resolved)
    findings.push(`${place}: has a download address; keep omit-lockfile-registry-resolved in .npmrc`);
  if (entry.hasInstallScript && manifest.allowScripts?.[place.split('node_modules/').at(-1)] === undefined)
    findings.push(`${place}: its install script is neither allowed nor refused in allowScripts`);
  if (place !== '' && !entry.integrity && !(entry.optional && (entry.os || entry.cpu)))
    findings.push(`${place}: has no integrity`);
}
for (const { parent, name, version } of missingOptionals(packages))
  findings.push(`${parent}: optional ${name}@${version} is missing; run npm run lock:complete`);

for (const finding of findings) console.error(finding);
console.log(`lock: ${Object.keys(packages).length} entries, ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
