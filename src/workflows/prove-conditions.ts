import { isRefusal } from '../errors.js';
import { holds, type ConditionScope, type FieldTypes } from './condition.js';
import type { Path, Problem } from './pack-file.js';
import type { ProcessDefinition, StepNode } from './process.js';
import { describeScope, literalsAt, samplesFor, type SampleScope } from './sample-subjects.js';

/** Evaluations that one check may spend, long expressions counting for more; what is left unproved then is left unsaid. */
export interface Budget {
  left: number;
}
export const costOf = (expression: string | null): number =>
  expression === null ? 0 : 1 + Math.floor(expression.length / 80);
export const PROOF_BUDGET = 20_000;

/** Every field with a value of its type: those of the case, else an empty one. */
export function contentOf(scope: SampleScope, fieldTypes: FieldTypes): Record<string, unknown> {
  const content: Record<string, unknown> = Object.fromEntries(
    Object.entries(fieldTypes).map(([field, type]) => [field, EMPTY[type]]),
  );
  for (const [path, value] of Object.entries(scope)) {
    const [root, field, ...deeper] = path.split('.');
    if (root !== 'subject' || field === undefined) continue;
    content[field] = deeper.length === 0 ? value : placed(content[field], deeper, value);
  }
  return content;
}

const EMPTY: Readonly<Record<FieldTypes[string], unknown>> = {
  string: '',
  double: 0,
  int: 0,
  bool: false,
  list: [],
  map: {},
};

function placed(base: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const map = { ...(base as Record<string, unknown>) };
  map[key] = rest.length === 0 ? value : placed(map[key], rest, value);
  return map;
}

const scopeOf = (scope: SampleScope, fieldTypes: FieldTypes): ConditionScope => ({
  subject: contentOf(scope, fieldTypes),
  requester: {
    id: String(scope['requester.id'] ?? ''),
    department: String(scope['requester.department'] ?? ''),
    roles: (scope['requester.roles'] as string[] | undefined) ?? [],
  },
  round: Number(scope['round'] ?? 1),
});

/** Whether all the expressions hold in the case; null when one can't be answered there. */
export function allHold(
  expressions: readonly (string | null)[],
  fieldTypes: FieldTypes,
  scope: SampleScope,
  budget: Budget,
): boolean | null {
  const known = scopeOf(scope, fieldTypes);
  try {
    return expressions.every((expression) => {
      budget.left -= costOf(expression);
      return expression === null || holds(expression, fieldTypes, known);
    });
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

interface Chain {
  readonly node: StepNode;
  readonly path: Path;
  /** The guard and the conditions of the steps around it. */
  readonly around: readonly (string | null)[];
}

/** Every node with the conditions under which its turn comes at all. */
function* chainsOf(
  nodes: readonly StepNode[],
  path: Path,
  around: readonly (string | null)[],
): Generator<Chain> {
  for (const [index, node] of nodes.entries()) {
    const here = [...path, index];
    yield { node, path: here, around };
    if (node.kind !== 'parallel') continue;
    for (const [number, branch] of node.branches.entries())
      yield* chainsOf(branch, [...here, 'branches', number], [...around, node.when]);
  }
}

/** Guards and steps whose conditions contradict each other: they never hold, whatever the subject. Only what was
 *  tried in full is claimed; an expression beyond comparisons with literals is left alone. */
export function* neverOpens(definition: ProcessDefinition, budget: Budget): Generator<Problem> {
  const { guard, steps, fieldTypes } = definition;
  const dead = guard !== null ? neverHolds([], guard, fieldTypes, budget) : null;
  if (dead) {
    yield { path: ['guard'], rule: 'unreachable', message: 'the guard never holds', example: dead.example };
    return;
  }
  const closed: Path[] = [];
  for (const { node, path, around } of chainsOf(steps, ['steps'], [guard])) {
    if (node.when === null || closed.some((outer) => outer.every((part, index) => path[index] === part)))
      continue;
    const never = neverHolds(around, node.when, fieldTypes, budget);
    if (!never) continue;
    closed.push(path);
    const message = never.alone
      ? `step ${node.key} can never open: its condition never holds`
      : `step ${node.key} can never open: its condition contradicts the guard or the step around it`;
    yield { path: [...path, 'when'], rule: 'unreachable', message, example: never.example };
  }
}

function neverHolds(
  around: readonly (string | null)[],
  when: string,
  fieldTypes: FieldTypes,
  budget: Budget,
): { example: string; alone: boolean } | null {
  const { complete, scopes } = samplesFor([...around, when], fieldTypes);
  if (!complete) return null;
  let nearest: SampleScope | null = null;
  let alone = true;
  for (const scope of scopes) {
    if (budget.left <= 0) return null;
    const outer = allHold(around, fieldTypes, scope, budget);
    const inner = allHold([when], fieldTypes, scope, budget);
    if (outer === null || inner === null) return null;
    if (outer && inner) return null;
    if (inner) alone = false;
    if (outer) nearest ??= scope;
  }
  const example = nearest ? `${describeScope(nearest)}: does not hold` : `tried ${scopes.length} cases`;
  return { example: `${example}; none of ${scopes.length} cases does`, alone };
}

/** What literals in conditions may name. null: not known here, so nothing is said. */
export interface ConditionNames {
  readonly roles: ReadonlySet<string>;
  readonly departments?: ReadonlySet<string> | null;
  readonly forms?: ReadonlySet<string> | null;
}

/** Roles, departments and forms that conditions compare with and that nobody knows: such a part never holds. */
export function* unknownInConditions(
  definition: ProcessDefinition,
  known: ConditionNames,
): Generator<Problem> {
  const conditions: (readonly [string | null, Path])[] = [
    [definition.guard, ['guard']],
    ...[...chainsOf(definition.steps, ['steps'], [])].map(
      ({ node, path }) => [node.when, [...path, 'when']] as const,
    ),
  ];
  const documents = definition.subjectType === 'DOCUMENT';
  for (const [condition, path] of conditions) {
    if (condition === null) continue;
    const literals = (at: string): string[] =>
      literalsAt(condition, at, definition.fieldTypes).filter(
        (one) => typeof one === 'string' && one !== '',
      ) as string[];
    for (const role of literals('requester.roles'))
      if (!known.roles.has(role)) yield { path, rule: 'unknown-role', message: `no role ${role}` };
    const { departments, forms } = known;
    for (const department of departments
      ? [...literals('requester.department'), ...literals('subject.department')]
      : [])
      if (!departments!.has(department))
        yield { path, rule: 'unknown-department', message: `no department ${department}` };
    for (const form of documents && forms ? literals('subject.form') : [])
      if (!forms!.has(form)) yield { path, rule: 'unknown-form', message: `no form ${form}` };
  }
}
