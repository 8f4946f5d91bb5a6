// Knowledge of package-lock.json that completing it and checking it share. Pure: no files, no network.

const OPERATING_SYSTEMS = {
  aix: 'aix',
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  openharmony: 'openharmony',
  sunos: 'sunos',
  win32: 'win32',
  windows: 'win32',
};
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

/** Exactly one version: no range, tag, alias or address. */
export const isExactVersion = (spec) => /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/.test(spec);

/** The platform a package's name tells (`@oxlint/binding-linux-x64-musl`), as the lock's os / cpu / libc fields. */
export function platformOf(packageName) {
  const words = packageName.split('/').at(-1).split(/[-_.]/);
  const os = words.map((word) => OPERATING_SYSTEMS[word]).find(Boolean);
  const cpu = words.find((word) => PROCESSORS.includes(word));
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return {
    ...(cpu && { cpu: [cpu] }),
    ...(libc && { libc: [libc] }),
    ...(os && { os: [os] }),
  };
}

/** Where npm finds `name` for the package at `from`: beside it or in any folder above, as node resolves. */
function locate(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const place = `${folder ? `${folder}/` : ''}node_modules/${name}`;
    if (packages[place]) return place;
    if (!folder) return undefined;
  }
}

/**
 * Every optional dependency that the lock does not hold at the version its parent asks for, in the lock's
 * order. npm leaves these out silently when a registry lacks them, and `npm ci` then refuses the lock.
 */
export function missingOptionals(packages) {
  return Object.entries(packages).flatMap(([parent, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name, version]) => {
        const place = locate(packages, parent, name);
        return place === undefined || (isExactVersion(version) && packages[place].version !== version);
      })
      .map(([name, version]) => ({ parent, name, version })),
  );
}

/** The lock's entry for a package that only another platform would fetch. */
export function stubFor(parentEntry, { name, version }) {
  return { version, ...(parentEntry.dev && { dev: true }), optional: true, ...platformOf(name) };
}

/** The folder of a new entry: the top one, or below the parent where another version holds the top. */
export const placeFor = (packages, { parent, name }) =>
  packages[`node_modules/${name}`] === undefined ? `node_modules/${name}` : `${parent}/node_modules/${name}`;
