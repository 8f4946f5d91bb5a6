import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, type Document } from 'yaml';
import type { z } from 'zod';

/** One file of a pack, as read from disk or sent by an administrator. */
export interface PackSource {
  readonly path: string;
  readonly text: string;
}

/** Something wrong in a pack, with its place in the file (line and column count from 1). */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document: `steps.0.approvers.1.role`. */
  readonly path: string;
  readonly rule: FindingRule;
  readonly message: string;
  /** A case in which it goes wrong: a subject, a department, a path of steps. */
  readonly example?: string;
}

type FindingRule =
  | 'yaml'
  | 'missing-pack-file'
  | 'unknown-kind'
  | 'unknown-key'
  | 'missing-key'
  | 'invalid-value'
  | 'duplicate-key'
  | 'unknown-pack'
  | 'unknown-subject-type'
  | 'unknown-purpose'
  | 'unknown-carry'
  | 'unknown-field'
  | 'unknown-role'
  | 'unknown-permission'
  | 'unknown-calendar'
  | 'unknown-form'
  | 'unknown-step'
  | 'unknown-stage'
  | 'unknown-milestone'
  | 'unknown-anchor'
  | 'unknown-reference'
  | 'unknown-code'
  | 'self-reference'
  | 'not-earlier'
  | 'circle'
  | 'misplaced-rule'
  | 'condition'
  | 'unreachable'
  | 'no-due-time'
  | 'no-calendar'
  | 'no-process'
  | 'clock-backwards'
  | 'overlap'
  | 'gap'
  | 'dead-end'
  | 'no-approver'
  | 'unknown-department'
  | 'unknown-person'
  | 'unknown-group'
  | 'no-choice';

export type Path = readonly (string | number)[];

/** A finding before it has its place: `part` says whether the key or its value is at fault. */
export interface Problem {
  readonly path: Path;
  readonly rule: FindingRule;
  readonly message: string;
  readonly part?: 'key' | 'value';
  readonly example?: string;
}

/** One YAML document with a way back from a path to its place. */
export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  readonly place: (problem: Problem) => Finding;
  /** The line, from 1, on which the value at a path begins. */
  readonly lineOf: (path: Path) => number;
}

/** Aliases that one document may expand to; bounds what a small hostile file can blow up to. */
const ALIASES_MAX = 100;

/** Reads every document of a file. Never throws: what is not YAML is a finding. Empty documents are left out. */
export function readDocuments(source: PackSource): { documents: SourceDocument[]; findings: Finding[] } {
  const documents: SourceDocument[] = [];
  const findings: Finding[] = [];
  const lines = new LineCounter();
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const broken = (offset: number, message: string): void => {
    findings.push({ file: source.path, ...at(offset), path: '', rule: 'yaml', message });
  };
  try {
    for (const document of parseAllDocuments(source.text, { lineCounter: lines, prettyErrors: false })) {
      const flaws = [...document.errors, ...document.warnings];
      for (const flaw of flaws) broken(flaw.pos[0], flaw.message);
      if (flaws.length > 0) continue;
      const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
      if (value === null || value === undefined) continue;
      const place = ({ path, rule, message, part, example }: Problem): Finding => {
        const position = at(offsetOf(document, path, part ?? 'value'));
        const found = { file: source.path, ...position, path: path.join('.'), rule, message };
        return example === undefined ? found : { ...found, example };
      };
      const lineOf = (path: Path): number => at(offsetOf(document, path, 'value')).line;
      documents.push({ file: source.path, value, place, lineOf });
    }
  } catch (error) {
    broken(0, String((error as Error | undefined)?.message ?? error).split('\n')[0] ?? 'not readable');
  }
  return { documents, findings };
}

/** The offset of a path, or of the deepest part of it that is written. A list of one may be written without its list. */
function offsetOf(document: Document, path: Path, part: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, segment] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node)) {
      node = node.items[Number(segment)];
      offset = startOf(node) ?? offset;
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
      if (!pair && typeof segment === 'number') continue;
      if (!pair) return offset;
      const isLast = index === path.length - 1;
      offset = (isLast && part === 'key' ? undefined : startOf(pair.value)) ?? startOf(pair.key) ?? offset;
      node = pair.value;
    } else return offset;
  }
  return offset;
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** The document as the schema sees it with every default filled in, or null with what is wrong. */
export function shapeOf<T>(
  schema: z.ZodType<T>,
  document: SourceDocument,
): { data: T | null; findings: Finding[] } {
  const parsed = schema.safeParse(document.value);
  if (parsed.success) return { data: parsed.data, findings: [] };
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, [], document.value));
  return { data: null, findings: problems.map(document.place) };
}

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, prefix: Path, value: unknown): Problem[] {
  const path: Path = [...prefix, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      rule: 'unknown-key',
      message: `unknown key "${key}"`,
      part: 'key',
    }));
  }
  if (valueAt(value, path) === undefined) {
    return [{ path, rule: 'missing-key', message: `"${String(path.at(-1) ?? 'document')}" is missing` }];
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = issue.errors.toSorted((a, b) => misfit(a) - misfit(b))[0] ?? [];
    return nearest.flatMap((inner) => problemsOf(inner, path, value));
  }
  return [{ path, rule: 'invalid-value', message: issue.message.replace(/^Invalid (input|option): /, '') }];
}

/** How far a value is from one branch of a union: the branch that its author meant misses least. */
function misfit(issues: readonly Issue[]): number {
  let total = 0;
  for (const issue of issues) {
    const atRoot = issue.path.length === 0;
    if (issue.code === 'unrecognized_keys') total += issue.keys.length;
    else if (atRoot && issue.code === 'invalid_type') total += 100;
    else if (atRoot && issue.code === 'invalid_value') total += 50;
    else total += 1;
  }
  return total;
}

/** The value at a path of plain data. */
function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const segment of path)
    found = (found as Record<string | number, unknown> | null | undefined)?.[segment];
  return found;
}
