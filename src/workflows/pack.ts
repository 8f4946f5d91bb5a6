import { z } from 'zod';
import { acceptanceSchema, compileAcceptance, type AcceptanceCase } from './acceptance-file.js';
import { holds, type FieldTypes } from './condition.js';
import { readDocuments, shapeOf, type Finding, type PackSource, type Path, type Problem, type SourceDocument } from './pack-file.js';
import { compileProcess, processSchema } from './process-file.js';
import { isDecisionStep, keySchema, localised, nodesOf, type Localised, type ProcessDefinition } from './process.js';
import { problemsOfProcess, type Nameable } from './prove-process.js';
import type { SubjectTypeDescription } from './subject-types.js';
import {
  compileProjectTemplate,
  formsSchema,
  planTemplateSchema,
  problemsOfPlanTemplate,
  problemsOfProjectTemplate,
  problemsOfRoles,
  projectTemplateSchema,
  rolesSchema,
  type FormTemplate,
  type PlanTemplate,
  type ProjectTemplate,
  type RoleTemplate,
} from './template-file.js';

/** A folder of YAML, compiled: how a company works, as plain data. A published version never changes. */
export interface Pack {
  readonly key: string;
  readonly version: number;
  readonly title: Localised;
  /** Packs whose roles, forms and processes this one may name. */
  readonly requires: readonly string[];
  readonly processes: readonly ProcessDefinition[];
  readonly projectTemplates: readonly ProjectTemplate[];
  readonly planTemplates: readonly PlanTemplate[];
  readonly forms: readonly FormTemplate[];
  readonly roles: readonly RoleTemplate[];
  readonly acceptance: readonly AcceptanceCase[];
}

/** What a pack may name beside its own. */
export interface Known {
  readonly roles: readonly string[];
  readonly calendars: readonly string[];
  /** Used where neither a definition nor the subject's department names a calendar. */
  readonly defaultCalendar?: string | null;
  /** Packs accepted already. */
  readonly packs?: readonly Pack[];
}

type Subjects = Readonly<Record<string, SubjectTypeDescription>>;

export const PACK_FILE = 'pack.yaml';

const packSchema = z.strictObject({
  key: keySchema,
  version: z.int().min(1).max(1_000_000),
  title: localised,
  requires: z.array(keySchema).max(50).default([]),
});
type Header = z.infer<typeof packSchema>;

const SCHEMAS = {
  process: processSchema,
  'project-template': projectTemplateSchema,
  'plan-template': planTemplateSchema,
  forms: formsSchema,
  roles: rolesSchema,
  acceptance: acceptanceSchema,
} as const;
type Kind = keyof typeof SCHEMAS;

/** A document with the shape of its kind. */
type Shaped<K extends Kind = Kind> = { [P in K]: { readonly kind: P; readonly document: SourceDocument; readonly data: z.infer<(typeof SCHEMAS)[P]> } }[K];

/** A pack on its way through the checks. */
interface Draft {
  readonly shaped: readonly Shaped[];
  /** Keys written in documents whose shape is broken: named elsewhere, they are not unknown. */
  readonly spoilt: ReadonlyMap<'forms' | 'roles', readonly string[]>;
}

/**
 * Reads a pack as a whole and says everything that is wrong with it, each with its place. There is a pack only when
 * nothing is wrong. Pure: reads no disk, asks no clock. Never throws, whatever the files hold.
 */
export function parsePack(files: readonly PackSource[], subjects: Subjects, known: Known): { pack: Pack | null; findings: Finding[] } {
  const { header, headerDocument, draft, findings } = readPack(files);
  const required = (known.packs ?? []).filter((pack) => header?.requires.includes(pack.key));
  for (const [index, key] of (header?.requires ?? []).entries()) {
    if (required.some((pack) => pack.key === key)) continue;
    findings.push(headerDocument!.place({ path: ['requires', index], rule: 'unknown-pack', message: `no pack ${key}` }));
  }
  const names: Nameable = {
    roles: new Set([...known.roles, ...rolesOf(required), ...ownKeys(draft, 'roles')]),
    calendars: new Set(known.calendars),
    defaultCalendar: known.defaultCalendar ?? null,
  };
  const { pack, problems } = compilePack(header ?? { key: '', version: 0, title: { en: '' }, requires: [] }, draft, subjects, names, required);
  findings.push(...problems);
  findings.sort((a, b) => (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1));
  return { pack: findings.length === 0 ? pack : null, findings };
}

export interface PackFolder {
  readonly name: string;
  readonly files: readonly PackSource[];
}

/** Reads packs that stand side by side: each after those it requires; no key is given twice. */
export function parsePacks(folders: readonly PackFolder[], subjects: Subjects, known: Omit<Known, 'packs'>): { packs: Pack[]; findings: Finding[] } {
  const packs: Pack[] = [];
  const findings: Finding[] = [];
  const waiting = folders.map((folder) => ({ folder, header: readPack(folder.files).header }));
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ header, folder }) => header?.key ?? folder.name));
    const ready = waiting.findIndex(({ header }) => !header?.requires.some((key) => names.has(key)));
    // A circle: whoever is first finds what it requires missing.
    const [next] = waiting.splice(Math.max(ready, 0), 1);
    const parsed = parsePack(next!.folder.files, subjects, { ...known, packs });
    findings.push(...parsed.findings);
    if (!parsed.pack) continue;
    const clashes = clashesOf(parsed.pack, next!.folder, packs);
    findings.push(...clashes);
    if (clashes.length === 0) packs.push(parsed.pack);
  }
  return { packs, findings };
}

function clashesOf(pack: Pack, folder: PackFolder, others: readonly Pack[]): Finding[] {
  const file = folder.files.find(isPackFile)?.path ?? folder.name;
  const clash = (message: string): Finding => ({ file, line: 1, column: 1, path: '', rule: 'duplicate-key', message });
  const found = pack.key === folder.name ? [] : [clash(`the pack's key ${pack.key} is not its folder's name, ${folder.name}`)];
  for (const part of ['processes', 'projectTemplates', 'planTemplates', 'forms', 'roles'] as const) {
    for (const { key } of pack[part]) {
      const other = others.find((known) => known[part].some((item) => item.key === key));
      if (other) found.push(clash(`${key} (${part}) is in pack ${other.key} already`));
    }
  }
  return found;
}

// ── Reading ────────────────────────────────────────────────────────────────────────────────────────

const isPackFile = (source: PackSource): boolean => source.path === PACK_FILE || source.path.endsWith(`/${PACK_FILE}`);

function readPack(files: readonly PackSource[]): { header: Header | null; headerDocument: SourceDocument | null; draft: Draft; findings: Finding[] } {
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
        const parsed = shapeOf(packSchema, document);
        findings.push(...parsed.findings);
        [header, headerDocument] = [parsed.data, document];
        continue;
      }
      const parsed = shapedDocument(document);
      findings.push(...parsed.findings);
      if (parsed.shaped) shaped.push(parsed.shaped);
      else for (const [kind, keys] of keysIn(document.value)) spoilt.set(kind, [...(spoilt.get(kind) ?? []), ...keys]);
    }
  }
  if (!files.some(isPackFile)) {
    const file = files[0]?.path ?? PACK_FILE;
    findings.push({ file, line: 1, column: 1, path: '', rule: 'missing-pack-file', message: `the folder has no ${PACK_FILE}` });
  }
  return { header, headerDocument, draft: { shaped, spoilt }, findings };
}

function shapedDocument(document: SourceDocument): { shaped: Shaped | null; findings: Finding[] } {
  const kind = (document.value as { kind?: unknown } | null)?.kind;
  if (kind === undefined) return { shaped: null, findings: [document.place({ path: ['kind'], rule: 'missing-key', message: '"kind" is missing' })] };
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
    yield [kind, list.map((item: unknown) => (item as { key?: unknown } | null)?.key).filter((key) => typeof key === 'string')];
  }
}

const ofKind = <K extends Kind>(draft: Draft, kind: K): Shaped<K>[] => draft.shaped.filter((one): one is Shaped<K> => one.kind === kind);

function ownKeys(draft: Draft, kind: 'forms' | 'roles'): string[] {
  const written = kind === 'roles' ? ofKind(draft, 'roles').flatMap(({ data }) => data.roles) : ofKind(draft, 'forms').flatMap(({ data }) => data.forms);
  return [...written.map((item) => item.key), ...(draft.spoilt.get(kind) ?? [])];
}

const rolesOf = (packs: readonly Pack[]): string[] => packs.flatMap((pack) => pack.roles.map((role) => role.key));

// ── Compiling and checking ─────────────────────────────────────────────────────────────────────────

function compilePack(header: Header, draft: Draft, subjects: Subjects, names: Nameable, required: readonly Pack[]): { pack: Pack; problems: Finding[] } {
  const problems: Finding[] = [...repeatedKeys(draft)];
  const report = (document: SourceDocument, found: Iterable<Problem>): void => {
    for (const problem of found) problems.push(document.place(problem));
  };
  const forms: FormTemplate[] = ofKind(draft, 'forms').flatMap(({ data }) => data.forms);
  const titles = new Map([
    ...(draft.spoilt.get('forms') ?? []).map((key): [string, Localised] => [key, { en: key }]),
    ...[...required.flatMap((pack) => pack.forms), ...forms].map((form): [string, Localised] => [form.key, form.title]),
  ]);
  for (const { document, data } of ofKind(draft, 'roles')) report(document, problemsOfRoles(data));
  const processes = ofKind(draft, 'process').map(({ document, data }) => {
    const definition = compileProcess(data, subjects);
    report(document, problemsOfProcess(definition, subjects, names));
    return { document, definition };
  });
  problems.push(...shadowed(processes));
  const visible = [...processes.map(({ definition }) => definition), ...required.flatMap((pack) => pack.processes)];
  // Without every process at hand, "no process" would blame the template for another file's mistake.
  const complete = problems.length === 0;
  const projectTemplates = ofKind(draft, 'project-template').map(({ document, data }) => {
    const template = compileProjectTemplate(data, titles);
    report(document, problemsOfProjectTemplate(template, titles));
    if (complete) report(document, ungatedStages(template, visible));
    return template;
  });
  const planTemplates = ofKind(draft, 'plan-template').map(({ document, data: { kind: _, ...template } }) => {
    report(document, problemsOfPlanTemplate(template, titles, names));
    if (complete) report(document, unapprovedPlan(template, visible));
    return template;
  });
  const stepKeys = new Set(visible.flatMap((definition) => [...nodesOf(definition.steps)].filter(isDecisionStep).map((step) => step.key)));
  const acceptance = ofKind(draft, 'acceptance').flatMap(({ document, data }) => {
    const compiled = compileAcceptance(data, stepKeys);
    report(document, compiled.problems);
    return compiled.cases;
  });
  const roles = ofKind(draft, 'roles').flatMap(({ data }) => data.roles as readonly RoleTemplate[]);
  const pack = { ...header, processes: processes.map(({ definition }) => definition), projectTemplates, planTemplates, forms, roles, acceptance };
  return { pack, problems };
}

/** A key stands once among its kind in the whole pack. */
function* repeatedKeys(draft: Draft): Generator<Finding> {
  const seen = new Map<string, string>();
  const claim = function* (kind: Kind, key: string, document: SourceDocument, path: Path): Generator<Finding> {
    const first = seen.get(`${kind} ${key}`);
    if (first !== undefined) yield document.place({ path, rule: 'duplicate-key', message: `${key} stands in ${first} already` });
    else seen.set(`${kind} ${key}`, document.file);
  };
  for (const { kind, document, data } of draft.shaped) {
    if (kind === 'forms') for (const [index, form] of data.forms.entries()) yield* claim(kind, form.key, document, ['forms', index, 'key']);
    else if (kind === 'roles') for (const [index, role] of data.roles.entries()) yield* claim(kind, role.key, document, ['roles', index, 'key']);
    else if (kind !== 'acceptance') yield* claim(kind, data.key, document, ['key']);
  }
}

/** A definition that another one of its subject and purpose always takes the place of: that one is tried first and always holds. */
function* shadowed(processes: readonly { document: SourceDocument; definition: ProcessDefinition }[]): Generator<Finding> {
  for (const { document, definition } of processes) {
    const over = processes.find(({ definition: other }) => {
      const rival = other !== definition && other.subjectType === definition.subjectType && other.purpose === definition.purpose;
      const first = other.priority > definition.priority || (other.priority === definition.priority && other.key < definition.key);
      return rival && first && other.guard === null;
    });
    if (over) yield document.place({ path: ['key'], rule: 'unreachable', message: `never chosen: ${over.definition.key} is tried before and holds always` });
  }
}

/** Every document that a gate asks for must find a process, or the gate could never open. */
function* ungatedStages(template: ProjectTemplate, processes: readonly ProcessDefinition[]): Generator<Problem> {
  for (const [index, stage] of template.stages.entries()) {
    for (const gate of ['start', 'result'] as const) {
      for (const [number, { form }] of stage[gate].entries()) {
        const content = { form, gate: gate.toUpperCase(), template: template.key, stage: stage.key };
        if (hasProcess(processes, 'DOCUMENT', content)) continue;
        yield { path: ['stages', index, gate, number], rule: 'no-process', message: `no process approves ${form} as ${gate} document of this stage` };
      }
    }
  }
}

function* unapprovedPlan(template: PlanTemplate, processes: readonly ProcessDefinition[]): Generator<Problem> {
  const index = template.milestones.findIndex(({ doneBy }) => doneBy === 'approval');
  if (index < 0 || hasProcess(processes, 'PLAN', { kind: template.planKind, template: template.key })) return;
  yield { path: ['milestones', index, 'doneBy'], rule: 'no-process', message: `no process approves a ${template.planKind} plan of this template` };
}

const EMPTY = { string: '', double: 0, int: 0, bool: false, list: [], map: {} } as const;

/** Whether some guard holds for a subject of which only this is known. A guard that can't be answered yet might. */
function hasProcess(processes: readonly ProcessDefinition[], subjectType: string, content: Readonly<Record<string, unknown>>): boolean {
  return processes.some(({ subjectType: type, guard, fieldTypes }) => {
    if (type !== subjectType) return false;
    if (guard === null) return true;
    try {
      const subject = { ...emptySubject(fieldTypes), ...content };
      return holds(guard, fieldTypes, { subject, requester: { id: '', department: '', roles: [] }, round: 1 });
    } catch {
      return true;
    }
  });
}

const emptySubject = (types: FieldTypes): Record<string, unknown> =>
  Object.fromEntries(Object.entries(types).map(([field, type]) => [field, EMPTY[type]]));
