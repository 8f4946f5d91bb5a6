import { z } from 'zod';
import { acceptanceSchema } from './acceptance-file.js';
import { authoritySchema } from './authority-file.js';
import { groupsSchema } from './groups-file.js';
import { messageTemplatesSchema } from './message-template.js';
import { readDocuments, shapeOf, type Finding, type PackSource, type SourceDocument } from './pack-file.js';
import { paymentLadderSchema } from './payment-ladder.js';
import { processSchema } from './process-file.js';
import { keySchema, localised } from './process.js';
import { scheduleSchema } from './schedule-file.js';
import { formsSchema, planTemplateSchema, projectTemplateSchema, rolesSchema } from './template-file.js';

// From the files of a pack to documents that have the shape of their kind.

const PACK_FILE = 'pack.yaml';

const packSchema = z.strictObject({
  key: keySchema,
  version: z.int().min(1).max(1_000_000),
  title: localised,
  requires: z.array(keySchema).max(50).default([]),
});
export type Header = z.infer<typeof packSchema>;

const SCHEMAS = {
  process: processSchema,
  'project-template': projectTemplateSchema,
  'plan-template': planTemplateSchema,
  forms: formsSchema,
  roles: rolesSchema,
  acceptance: acceptanceSchema,
  authority: authoritySchema,
  groups: groupsSchema,
  'message-templates': messageTemplatesSchema,
  schedule: scheduleSchema,
  'payment-ladder': paymentLadderSchema,
} as const;
export type Kind = keyof typeof SCHEMAS;

/** A document with the shape of its kind. */
type Shaped = {
  [K in Kind]: {
    readonly kind: K;
    readonly document: SourceDocument;
    readonly data: z.infer<(typeof SCHEMAS)[K]>;
  };
}[Kind];
type ShapedAs<K extends Kind> = Extract<Shaped, { readonly kind: K }>;

/** A pack on its way through the checks. */
export interface Draft {
  readonly shaped: readonly Shaped[];
  /** Keys written in documents whose shape is broken: named elsewhere, they are not unknown. */
  readonly spoilt: ReadonlyMap<'forms' | 'roles', readonly string[]>;
  /** Every document could be read and had its shape. */
  readonly whole: boolean;
}

export const isPackFile = ({ path }: Pick<PackSource, 'path'>): boolean =>
  path === PACK_FILE || path.endsWith(`/${PACK_FILE}`);

export function readPack(files: readonly PackSource[]): {
  header: Header | null;
  headerDocument: SourceDocument | null;
  draft: Draft;
  findings: Finding[];
} {
  const findings: Finding[] = [];
  const shaped: Shaped[] = [];
  const spoilt = new Map<'forms' | 'roles', string[]>();
  let header: Header | null = null;
  let headerDocument: SourceDocument | null = null;
  for (const source of files) {
    const read = readDocuments(source);
    findings.push(...read.findings);
    for (const document of read.documents) {
      if (isPackFile(source)) {
        if (headerDocument)
          findings.push(document.place({ path: [], rule: 'duplicate-key', message: 'a second header' }));
        const parsed = shapeOf(packSchema, document);
        findings.push(...parsed.findings);
        [header, headerDocument] = [parsed.data, document];
        continue;
      }
      const parsed = shapedDocument(document);
      findings.push(...parsed.findings);
      if (parsed.shaped) shaped.push(parsed.shaped);
      else
        for (const [kind, keys] of keysIn(document.value))
          spoilt.set(kind, [...(spoilt.get(kind) ?? []), ...keys]);
    }
  }
  if (!headerDocument && !findings.some(({ file }) => isPackFile({ path: file }))) {
    const file = files[0]?.path ?? PACK_FILE;
    findings.push({
      file,
      line: 1,
      column: 1,
      path: '',
      rule: 'missing-pack-file',
      message: `there is no ${PACK_FILE}, or nothing in it`,
    });
  }
  return { header, headerDocument, draft: { shaped, spoilt, whole: findings.length === 0 }, findings };
}

function shapedDocument(document: SourceDocument): { shaped: Shaped | null; findings: Finding[] } {
  const kind = (document.value as { kind?: unknown } | null)?.kind;
  if (kind === undefined)
    return {
      shaped: null,
      findings: [document.place({ path: ['kind'], rule: 'missing-key', message: '"kind" is missing' })],
    };
  if (typeof kind !== 'string' || !Object.hasOwn(SCHEMAS, kind)) {
    const message = `no kind ${String(kind)}; there are ${Object.keys(SCHEMAS).join(', ')}`;
    return { shaped: null, findings: [document.place({ path: ['kind'], rule: 'unknown-kind', message })] };
  }
  const { data, findings } = shapeOf<unknown>(SCHEMAS[kind as Kind], document);
  return { shaped: data === null ? null : ({ kind, document, data } as Shaped), findings };
}

function* keysIn(value: unknown): Generator<['forms' | 'roles', string[]]> {
  for (const kind of ['forms', 'roles'] as const) {
    const list = (value as Record<string, unknown> | null)?.[kind];
    if (!Array.isArray(list)) continue;
    yield [
      kind,
      list
        .map((item: unknown) => (item as { key?: unknown } | null)?.key)
        .filter((key) => typeof key === 'string'),
    ];
  }
}

export const ofKind = <K extends Kind>(draft: Draft, kind: K): ShapedAs<K>[] =>
  draft.shaped.filter((one): one is ShapedAs<K> => one.kind === kind);

export function ownKeys(draft: Draft, kind: 'forms' | 'roles'): string[] {
  const written =
    kind === 'roles'
      ? ofKind(draft, 'roles').flatMap(({ data }) => data.roles)
      : ofKind(draft, 'forms').flatMap(({ data }) => data.forms);
  return [...written.map((item) => item.key), ...(draft.spoilt.get(kind) ?? [])];
}
