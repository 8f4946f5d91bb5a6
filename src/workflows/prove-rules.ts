import type { Path, Problem } from './pack-file.js';
import { peopleExpressionProblem } from './people-expression.js';
import {
  innerRules,
  isChoice,
  isDecisionStep,
  stepOf,
  type ApproverRule,
  type ProcessDefinition,
} from './process.js';

/** What the checks of one rule need to know of its place. */
interface RulePlace {
  readonly definition: ProcessDefinition;
  /** Whether the subject type is known, so that its fields are. */
  readonly hasFields: boolean;
  readonly known: { readonly groups?: ReadonlySet<string> | undefined };
}

type New = Extract<
  ApproverRule,
  {
    rule:
      'group' | 'expression' | 'authority' | 'requester-choice' | 'previous-choice' | 'pool' | 'least-loaded';
  }
>;

/** What is wrong with a rule by itself; the rules inside it are checked one by one like any other. */
export function* problemsOfRule(
  { definition, hasFields, known }: RulePlace,
  rule: New,
  path: Path,
): Generator<Problem> {
  switch (rule.rule) {
    case 'group':
      if (known.groups && !known.groups.has(rule.key))
        yield { path: [...path, 'key'], rule: 'unknown-group', message: `no group ${rule.key}` };
      return;
    case 'expression': {
      const flaw = hasFields ? peopleExpressionProblem(rule.people, definition.fieldTypes) : null;
      if (flaw !== null) yield { path: [...path, 'people'], rule: 'condition', message: flaw };
      return;
    }
    case 'authority':
      return yield* tableProblems(definition, hasFields, rule, path);
    case 'requester-choice':
    case 'previous-choice':
      if (rule.min > rule.max)
        yield {
          path: [...path, 'max'],
          rule: 'unreachable',
          message: `at least ${rule.min}, at most ${rule.max}`,
        };
      if (rule.rule === 'previous-choice') yield* chooserProblems(definition, rule.from, path);
      return;
    case 'pool':
    case 'least-loaded':
  }
}

function* tableProblems(
  definition: ProcessDefinition,
  hasFields: boolean,
  rule: Extract<ApproverRule, { rule: 'authority' }>,
  path: Path,
): Generator<Problem> {
  const table = definition.authority?.[rule.table];
  if (!table)
    return yield {
      path: [...path, 'table'],
      rule: 'unknown-reference',
      message: `no authority table ${rule.table}`,
    };
  const rows = table.rows.filter((row) => row.matter === rule.matter);
  if (rows.length === 0)
    yield {
      path: [...path, 'matter'],
      rule: 'unknown-reference',
      message: `${rule.table} has no matter ${rule.matter}`,
    };
  if (!hasFields) return;
  const { fieldTypes, subjectType } = definition;
  for (const field of new Set(rows.flatMap((row) => Object.keys(row.measures)))) {
    const type = Object.hasOwn(fieldTypes, field) ? fieldTypes[field] : undefined;
    if (type === 'double' || type === 'int') continue;
    const message = type
      ? `${rule.table} measures ${field}, which is a ${type}`
      : `${rule.table} measures ${field}, which ${subjectType} does not have`;
    yield { path: [...path, 'matter'], rule: 'unknown-field', message };
  }
  for (const inner of rows.flatMap((row) => row.approvers)) {
    if (inner.rule === 'field' && !Object.hasOwn(fieldTypes, inner.field))
      yield {
        path: [...path, 'matter'],
        rule: 'unknown-field',
        message: `${rule.table} asks field ${inner.field}`,
      };
    if (inner.rule !== 'expression') continue;
    const flaw = peopleExpressionProblem(inner.people, fieldTypes);
    if (flaw !== null)
      yield { path: [...path, 'matter'], rule: 'condition', message: `${rule.table}: ${flaw}` };
  }
}

/** Only whoever approves can choose; that the step is an earlier one is checked like any other naming of a step. */
function* chooserProblems(definition: ProcessDefinition, from: string, path: Path): Generator<Problem> {
  const step = stepOf(definition, from);
  if (isDecisionStep(step) && step.kind !== 'approve')
    yield {
      path: [...path, 'from'],
      rule: 'misplaced-rule',
      message: `step ${from} approves nothing, so nobody chooses`,
    };
}

/** Choices and pools make sense only where a step asks its own people. */
export function* placementProblems(
  rules: readonly ApproverRule[],
  path: Path,
  where: Where,
): Generator<Problem> {
  const chosen = new Set<string>();
  for (const [index, rule] of rules.entries()) {
    const here = [...path, index];
    const misplaced =
      (isChoice(rule) && where !== 'approvers') || (rule.rule === 'pool' && where === 'others');
    if (misplaced)
      yield {
        path: [...here, 'rule'],
        rule: 'misplaced-rule',
        message: `${rule.rule} stands among a step's approvers only`,
      };
    if (!isChoice(rule)) continue;
    if (chosen.has(rule.rule))
      yield {
        path: [...here, 'rule'],
        rule: 'duplicate-key',
        message: `a second ${rule.rule}; raise max instead`,
      };
    chosen.add(rule.rule);
  }
}

/** The approvers of a step, those asked when nobody is left, or whoever is told or added later. */
type Where = 'approvers' | 'instead' | 'others';

/** The rules inside a rule, with their places. */
export function innerPlaces(
  rule: ApproverRule,
  path: Path,
): { readonly rule: ApproverRule; readonly path: Path }[] {
  const key = isChoice(rule) ? 'among' : 'of';
  return innerRules(rule).map((inner, index) => ({ rule: inner, path: [...path, key, index] }));
}
