import { compileAcceptance, type AcceptanceCase } from './acceptance-file.js';
import { compileAuthority, problemsOfAuthority } from './authority-file.js';
import type { AuthorityTable } from './authority.js';
import { calendarSchema, type BusinessCalendar } from './calendar.js';
import type { GroupTemplate } from './groups-file.js';
import { isPackFile, ofKind, ownKeys, readPack, type Draft, type Header, type Kind } from './pack-draft.js';
import { problemsOfTemplates, templateKey, type MessageTemplate } from './message-template.js';
import {
  readDocuments,
  shapeOf,
  type Finding,
  type PackSource,
  type Path,
  type Problem,
  type SourceDocument,
} from './pack-file.js';
import { problemsOfPaymentLadder, type PaymentLadder } from './payment-ladder.js';
import { compileProcess } from './process-file.js';
import { isDecisionStep, nodesOf, type Localised, type ProcessDefinition } from './process.js';
import { PROOF_BUDGET } from './prove-conditions.js';
import { rivalProblems } from './prove-guards.js';
import { problemsOfProcess, type Nameable } from './prove-process.js';
import {
  problemsOfPlanTemplate,
  problemsOfProjectTemplate,
  problemsOfRoles,
  unapprovedPlan,
  ungatedStages,
} from './prove-template.js';
import { problemsOfSchedule, type ScheduleDefinition } from './schedule-file.js';
import type { SubjectTypeDescription } from './subject-types.js';
import {
  compileProjectTemplate,
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
  readonly authority: readonly AuthorityTable[];
  readonly groups: readonly GroupTemplate[];
  /** Words of messages; those of a later pack take the place of an earlier one's. */
  readonly messages: readonly MessageTemplate[];
  readonly schedules: readonly ScheduleDefinition[];
  readonly paymentLadders: readonly PaymentLadder[];
}

/** What a pack may name beside its own. */
export interface Known {
  readonly roles: readonly string[];
  readonly calendars: readonly string[];
  /** Used where neither a definition nor the subject's department names a calendar. */
  readonly defaultCalendar?: string | null;
  /** Groups that the organisation keeps. */
  readonly groups?: readonly string[];
  /** Packs accepted already. */
  readonly packs?: readonly Pack[];
}

type Subjects = Readonly<Record<string, SubjectTypeDescription>>;

/**
 * Reads a pack as a whole and says everything that is wrong with it, each with its place. There is a pack only when
 * nothing is wrong. Pure: reads no disk, asks no clock. Never throws, whatever the files hold.
 */
export function parsePack(
  files: readonly PackSource[],
  subjects: Subjects,
  known: Known,
): { pack: Pack | null; findings: Finding[] } {
  const { header, headerDocument, draft, findings } = readPack(files);
  const required = (known.packs ?? []).filter((pack) => header?.requires.includes(pack.key));
  for (const [index, key] of (header?.requires ?? []).entries()) {
    if (required.some((pack) => pack.key === key)) continue;
    findings.push(
      headerDocument!.place({ path: ['requires', index], rule: 'unknown-pack', message: `no pack ${key}` }),
    );
  }
  const names: Nameable = {
    roles: new Set([...known.roles, ...rolesOf(required), ...ownKeys(draft, 'roles')]),
    calendars: new Set(known.calendars),
    defaultCalendar: known.defaultCalendar ?? null,
    groups: new Set([
      ...(known.groups ?? []),
      ...required.flatMap((pack) => pack.groups.map((group) => group.key)),
      ...ofKind(draft, 'groups').flatMap(({ data }) => data.groups.map((group) => group.key)),
    ]),
  };
  const { pack, problems } = compilePack(
    header ?? { key: '', version: 0, title: { en: '' }, requires: [] },
    draft,
    subjects,
    names,
    required,
  );
  findings.push(...problems);
  findings.sort((a, b) =>
    a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1,
  );
  return { pack: findings.length === 0 ? pack : null, findings };
}

export interface PackFolder {
  readonly name: string;
  readonly files: readonly PackSource[];
}

/** Reads packs that stand side by side: each after those it requires; no key is given twice. */
export function parsePacks(
  folders: readonly PackFolder[],
  subjects: Subjects,
  known: Omit<Known, 'packs'>,
): { packs: Pack[]; findings: Finding[] } {
  const packs: Pack[] = [];
  const findings: Finding[] = [];
  const rejected = new Set<string>();
  const waiting = folders.map((folder) => ({ folder, header: readPack(folder.files).header }));
  while (waiting.length > 0) {
    const names = new Set(waiting.map(({ header, folder }) => header?.key ?? folder.name));
    const ready = waiting.findIndex(({ header }) => !header?.requires.some((key) => names.has(key)));
    // A circle: whoever is first finds what it requires missing.
    const { folder, header } = waiting.splice(Math.max(ready, 0), 1)[0]!;
    const { pack, findings: own } = parsePack(folder.files, subjects, { ...known, packs });
    // What a rejected pack would have provided is not to be missed one name at a time.
    const blameless = header?.requires.some((key) => rejected.has(key))
      ? own.filter(({ rule }) => !rule.startsWith('unknown-') || rule === 'unknown-pack')
      : own;
    const clashes = pack ? clashesOf(pack, folder, packs) : [];
    findings.push(...blameless, ...clashes);
    if (pack && clashes.length === 0) packs.push(pack);
    else rejected.add(header?.key ?? folder.name);
  }
  return { packs, findings };
}

function clashesOf(pack: Pack, folder: PackFolder, others: readonly Pack[]): Finding[] {
  const file = folder.files.find(isPackFile)?.path ?? folder.name;
  const clash = (message: string): Finding => ({
    file,
    line: 1,
    column: 1,
    path: '',
    rule: 'duplicate-key',
    message,
  });
  const found =
    pack.key === folder.name
      ? []
      : [clash(`the pack's key ${pack.key} is not its folder's name, ${folder.name}`)];
  for (const part of [
    'processes',
    'projectTemplates',
    'planTemplates',
    'forms',
    'roles',
    'authority',
    'groups',
    'schedules',
    'paymentLadders',
  ] as const) {
    for (const { key } of pack[part]) {
      const other = others.find((known) => known[part].some((item) => item.key === key));
      if (other) found.push(clash(`${key} (${part}) is in pack ${other.key} already`));
    }
  }
  return found;
}

/** The business calendars that packs may name. */
export function parseCalendars(files: readonly PackSource[]): {
  calendars: BusinessCalendar[];
  findings: Finding[];
} {
  const read = files.map(readDocuments);
  const shaped = read.flatMap(({ documents }) =>
    documents.map((document) => shapeOf(calendarSchema, document)),
  );
  const findings = [...read, ...shaped].flatMap((part) => part.findings);
  return { calendars: shaped.flatMap(({ data }) => data ?? []), findings };
}

// ── Compiling and checking ─────────────────────────────────────────────────────────────────────────

function compilePack(
  header: Header,
  draft: Draft,
  subjects: Subjects,
  names: Nameable,
  required: readonly Pack[],
): { pack: Pack; problems: Finding[] } {
  const problems: Finding[] = [...repeatedKeys(draft)];
  const report = (document: SourceDocument, found: Iterable<Problem>): void => {
    for (const problem of found) problems.push(document.place(problem));
  };
  const forms: FormTemplate[] = ofKind(draft, 'forms').flatMap(({ data }) => data.forms);
  const titles = new Map([
    ...(draft.spoilt.get('forms') ?? []).map((key): [string, Localised] => [key, { en: key }]),
    ...[...required.flatMap((pack) => pack.forms), ...forms].map((form): [string, Localised] => [
      form.key,
      form.title,
    ]),
  ]);
  for (const { document, data } of ofKind(draft, 'roles')) report(document, problemsOfRoles(data));
  const authority = ofKind(draft, 'authority').map(({ document, data }) => {
    const table = compileAuthority(data);
    report(document, problemsOfAuthority(table, names));
    return table;
  });
  const tables = [...required.flatMap((pack) => pack.authority), ...authority];
  const processes = ofKind(draft, 'process').map(({ document, data }) => {
    const definition = compileProcess(data, subjects, tables);
    report(document, problemsOfProcess(definition, subjects, { ...names, forms: new Set(titles.keys()) }));
    return { document, definition };
  });
  problems.push(...shadowed(processes));
  const visible = [
    ...processes.map(({ definition }) => definition),
    ...required.flatMap((pack) => pack.processes),
  ];
  if (problems.length === 0) {
    const budget = { left: PROOF_BUDGET };
    for (const { document, definition } of processes)
      report(document, rivalProblems(definition, visible, budget));
  }
  // Without every process at hand, "no process" would blame the template for another file's mistake.
  const complete = draft.whole && problems.length === 0;
  const projectTemplates = ofKind(draft, 'project-template').map(({ document, data }) => {
    const template = compileProjectTemplate(data, titles);
    const flaws = [...problemsOfProjectTemplate(template, titles, names)];
    report(document, flaws);
    if (complete && flaws.length === 0) report(document, ungatedStages(template, visible));
    return template;
  });
  const planTemplates = ofKind(draft, 'plan-template').map(
    ({ document, data: { kind: _kind, ...template } }) => {
      const flaws = [...problemsOfPlanTemplate(template, titles, names)];
      report(document, flaws);
      if (complete && flaws.length === 0) report(document, unapprovedPlan(template, visible));
      return template;
    },
  );
  const stepKeys = new Set(
    visible.flatMap((definition) =>
      [...nodesOf(definition.steps)].filter(isDecisionStep).map((step) => step.key),
    ),
  );
  const acceptance = ofKind(draft, 'acceptance').flatMap(({ document, data }) => {
    const compiled = compileAcceptance(data, stepKeys, document);
    report(document, compiled.problems);
    return compiled.cases;
  });
  const messages = ofKind(draft, 'message-templates').flatMap(({ document, data }) => {
    report(document, problemsOfTemplates(data));
    return data.templates;
  });
  const schedules = ofKind(draft, 'schedule').flatMap(({ document, data }) => {
    for (const [index, definition] of data.rules.entries())
      for (const problem of problemsOfSchedule(definition, names))
        problems.push(document.place({ ...problem, path: ['rules', index, ...problem.path] }));
    return data.rules;
  });
  const paymentLadders = ofKind(draft, 'payment-ladder').map(
    ({ document, data: { kind: _kind, ...ladder } }) => {
      report(document, problemsOfPaymentLadder(ladder, names));
      return ladder;
    },
  );
  const roles = ofKind(draft, 'roles').flatMap(({ data }) => data.roles as readonly RoleTemplate[]);
  const pack = {
    ...header,
    processes: processes.map(({ definition }) => definition),
    projectTemplates,
    planTemplates,
    forms,
    roles,
    acceptance,
    authority,
    groups: ofKind(draft, 'groups').flatMap(({ data }) => data.groups as readonly GroupTemplate[]),
    messages,
    schedules,
    paymentLadders,
  };
  return { pack, problems };
}

/** A key stands once among its kind in the whole pack. */
function* repeatedKeys(draft: Draft): Generator<Finding> {
  const seen = new Map<string, string>();
  const claim = function* (
    kind: Kind,
    key: string,
    document: SourceDocument,
    path: Path,
  ): Generator<Finding> {
    const first = seen.get(`${kind} ${key}`);
    if (first !== undefined)
      yield document.place({ path, rule: 'duplicate-key', message: `${key} stands in ${first} already` });
    else seen.set(`${kind} ${key}`, document.file);
  };
  for (const { kind, document, data } of draft.shaped) {
    if (kind === 'forms')
      for (const [index, form] of data.forms.entries())
        yield* claim(kind, form.key, document, ['forms', index, 'key']);
    else if (kind === 'roles')
      for (const [index, role] of data.roles.entries())
        yield* claim(kind, role.key, document, ['roles', index, 'key']);
    else if (kind === 'groups')
      for (const [index, group] of data.groups.entries())
        yield* claim(kind, group.key, document, ['groups', index, 'key']);
    else if (kind === 'message-templates')
      for (const [index, template] of data.templates.entries())
        yield* claim(kind, templateKey(template), document, ['templates', index, 'for']);
    else if (kind === 'schedule')
      for (const [index, rule] of data.rules.entries())
        yield* claim(kind, rule.key, document, ['rules', index, 'key']);
    else if (kind !== 'acceptance') yield* claim(kind, data.key, document, ['key']);
  }
}

/** A definition that another one of its subject and purpose always takes the place of: that one is tried first and always holds. */
function* shadowed(
  processes: readonly { document: SourceDocument; definition: ProcessDefinition }[],
): Generator<Finding> {
  for (const { document, definition } of processes) {
    const over = processes.find(({ definition: other }) => {
      const rival =
        other !== definition &&
        other.subjectType === definition.subjectType &&
        other.purpose === definition.purpose;
      const first =
        other.priority > definition.priority ||
        (other.priority === definition.priority && other.key < definition.key);
      return rival && first && other.guard === null;
    });
    if (over)
      yield document.place({
        path: ['key'],
        rule: 'unreachable',
        message: `never chosen: ${over.definition.key} is tried before and holds always`,
      });
  }
}

const rolesOf = (packs: readonly Pack[]): string[] =>
  packs.flatMap((pack) => pack.roles.map((role) => role.key));
