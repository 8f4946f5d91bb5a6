import type { AuthorityTable } from './authority.js';
import { readDocuments, shapeOf, type Finding, type Problem } from './pack-file.js';
import { compileProcess, processSchema } from './process-file.js';
import type { ProcessDefinition } from './process.js';
import { PROOF_BUDGET } from './prove-conditions.js';
import { rivalProblems } from './prove-guards.js';
import { problemsInOrganisation } from './prove-organisation.js';
import { problemsOfProcess, type Nameable } from './prove-process.js';
import type { World } from './request.js';
import type { SubjectTypeDescription } from './subject-types.js';

export interface CheckedProcess {
  /** The compiled definition when it has its shape, sound or not. */
  readonly definition: ProcessDefinition | null;
  /** What is wrong with the definition itself, or with it among its rivals. */
  readonly findings: readonly Finding[];
  /** What is wrong with it in the organisation as it is; sought only when nothing else is wrong. */
  readonly concerns: readonly Finding[];
}

export interface Surroundings {
  readonly subjects: Readonly<Record<string, SubjectTypeDescription>>;
  readonly names: Nameable;
  /** The published definitions; another version of the same key is no rival. */
  readonly published: readonly ProcessDefinition[];
  readonly world: World;
  /** Who may submit subjects of this type. */
  readonly submittersOf: (subjectType: string) => ReadonlySet<string>;
}

/** One process definition as text, through the same checks as a pack, and through the organisation besides. Never
 *  throws, whatever the text holds; its time is bounded. */
export function checkProcessText(text: string, around: Surroundings): CheckedProcess {
  const { documents, findings } = readDocuments({ path: 'process.yaml', text });
  const [document] = documents;
  if (!document || documents.length > 1 || findings.length > 0) {
    const count: Finding = {
      file: 'process.yaml',
      line: 1,
      column: 1,
      path: '',
      rule: 'yaml',
      message: 'one process definition, in one document',
    };
    return { definition: null, findings: findings.length > 0 ? findings : [count], concerns: [] };
  }
  if ((document.value as { kind?: unknown } | null)?.kind !== 'process') {
    const finding = document.place({
      path: ['kind'],
      rule: 'unknown-kind',
      message: 'this is no process definition',
    });
    return { definition: null, findings: [finding], concerns: [] };
  }
  const shaped = shapeOf(processSchema, document);
  if (shaped.data === null) return { definition: null, findings: shaped.findings, concerns: [] };
  const definition = compileProcess(shaped.data, around.subjects, tablesIn(around.published));
  const problems: Problem[] = problemsOfProcess(definition, around.subjects, around.names);
  if (problems.length === 0) problems.push(...rivalry(definition, around.published));
  const concerns =
    problems.length > 0
      ? []
      : problemsInOrganisation(definition, around.submittersOf(definition.subjectType), around.world);
  const placed = (list: readonly Problem[]): Finding[] =>
    list.map(document.place).toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { definition, findings: placed(problems), concerns: placed(concerns) };
}

/** The authority tables that published definitions stand on; they come in packs, never with a single definition. */
function tablesIn(published: readonly ProcessDefinition[]): AuthorityTable[] {
  return Object.values(Object.assign({}, ...published.map(({ authority }) => authority)) as object);
}

function* rivalry(
  definition: ProcessDefinition,
  published: readonly ProcessDefinition[],
): Generator<Problem> {
  const rivals = published.filter(({ key }) => key !== definition.key);
  const over = rivals.find(
    (other) =>
      other.guard === null &&
      other.subjectType === definition.subjectType &&
      other.purpose === definition.purpose &&
      (other.priority > definition.priority ||
        (other.priority === definition.priority && other.key < definition.key)),
  );
  if (over)
    yield {
      path: ['key'],
      rule: 'unreachable',
      message: `never chosen: ${over.key} is tried before and holds always`,
    };
  else yield* rivalProblems(definition, rivals, { left: PROOF_BUDGET });
}
