// What may import what, as data: edges call use cases; use cases call the core and the tables; the core calls
// nobody. A layer is a folder of src/ or, for a single file there, its name. Every layer may import itself and
// the base; what stands under `types` only by `import type`. `npm run lint` enforces it (scripts/lint-plugin.mjs).

/** Modules without rules of their own that any layer may lean on. */
const BASE = { values: ['errors', 'limits', 'text'], types: ['context', 'config'] };
const EVERYTHING = ['*'];

export const LAYERS = {
  // The core.
  workflows: {
    values: ['errors', 'limits'],
    types: [],
    base: false,
    packages: [
      'temporal-polyfill',
      'rrule-temporal',
      '@marcbachmann/cel-js',
      'zod',
      'canonicalize',
      'yaml',
      'node:crypto',
    ],
  },

  // Use cases and tables.
  entities: { values: [], types: ['workflows'] },
  commands: { values: ['context', 'workflows', 'entities', 'bus'] },
  // The core answers `viewerCan`; a view may ask it, and never decides anything.
  queries: { values: ['context', 'entities', 'workflows', 'bus'] },

  // Edges.
  resolvers: { values: ['context', 'commands', 'queries', 'entities'] },
  jobs: { values: ['context', 'commands', 'queries', 'entities'] },
  permissions: { values: ['context', 'workflows'] },
  http: { values: ['context', 'config', 'permissions'] },
  embedded: { values: ['config', 'process-life'] },

  // The base itself.
  errors: { values: [], base: false },
  limits: { values: [], base: false },
  config: { values: ['errors', 'limits', 'process-life'], base: false },
  context: { values: [], types: ['entities', 'workflows', 'permissions', 'queries', 'commands'] },
  bus: { values: [], types: ['context'] },
  clock: { values: [], types: ['context'] },
  database: { values: ['entities'] },
  text: { values: [], base: false },
  'process-life': { values: ['errors', 'limits'], types: ['config'], base: false },

  // The composition root and what stands outside the house.
  app: { values: EVERYTHING },
  main: { values: EVERYTHING },
  tools: { values: EVERYTHING },
  test: { values: EVERYTHING },
  migrations: { values: [] },
};

/** What only the composition root and the outside may import. */
const OUTSIDE = ['app', 'main', 'tools', 'test'];

/** `src/commands/plans/submit.ts` → `commands`; `src/errors.ts` → `errors`; `test/…` → `test`; else undefined. */
export function layerOf(file) {
  const [top, second] = file.split('/');
  if (top === 'test' || top === 'migrations') return top;
  return top === 'src' && second ? second.replace(/\.[cm]?[jt]s$/, '') : undefined;
}

const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function resolve(file, specifier) {
  const folders = file.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') folders.pop();
    else if (part !== '.') folders.push(part);
  }
  return folders.join('/');
}

/**
 * Why `file` may not import `specifier`, or null when it may. Total: an unknown layer is itself a violation, so
 * a new folder cannot slip past the table.
 * @param file path from the repository's root, with forward slashes
 * @param typeOnly true only for a whole `import type` / `export type` statement, which leaves nothing at run time
 */
export function violation(file, specifier, typeOnly) {
  const from = layerOf(file);
  if (from === undefined) return null;
  const rule = LAYERS[from];
  if (!rule) return `src/${from} is not a layer; give it a row in scripts/import-rule.mjs`;
  if (!specifier.startsWith('.')) {
    const name = packageOf(specifier);
    return !rule.packages || rule.packages.includes(name)
      ? null
      : `${from} may not import the package ${name}`;
  }
  const to = layerOf(resolve(file, specifier));
  if (to === from || rule.values.includes('*')) return null;
  if (to === undefined || OUTSIDE.includes(to)) return `${from} may not import ${to ?? specifier}`;
  const { values, types } = rule.base === false ? { values: [], types: [] } : BASE;
  if (rule.values.includes(to) || values.includes(to)) return null;
  if (!rule.types?.includes(to) && !types.includes(to)) return `${from} may not import ${to}`;
  return typeOnly ? null : `${from} may import ${to} only by "import type"`;
}
