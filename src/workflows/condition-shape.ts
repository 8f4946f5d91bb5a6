import { expressionTree, type ExpressionNode, type FieldTypes } from './condition.js';
import { peopleTree } from './people-expression.js';
import {
  innerRules,
  isDecisionStep,
  nodesOf,
  type ApproverRule,
  type PersonSource,
  type ProcessDefinition,
  type StepNode,
} from './process.js';

// What expressions read, found in their trees.

const isNode = (value: unknown): value is ExpressionNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;

/** The arguments of a node that are nodes themselves; argument lists of calls are opened. */
export const childrenOf = ({ args }: ExpressionNode): ExpressionNode[] =>
  (Array.isArray(args) ? args.flat(2) : [args]).filter(isNode);

/** `subject.data.x` → `['subject', 'data', 'x']`; null for anything that is no plain path. */
export function pathOf(node: ExpressionNode): string[] | null {
  if (node.op === 'id') return [String(node.args)];
  if (node.op !== '.' && node.op !== '[]') return null;
  const [base, key] = node.args as [ExpressionNode, unknown];
  const before = isNode(base) ? pathOf(base) : null;
  if (before === null) return null;
  if (typeof key === 'string') return [...before, key];
  if (isNode(key) && key.op === 'value' && typeof key.args === 'string') return [...before, key.args];
  return null;
}

/** The paths that an expression reads, longest only: `subject.data.x`, `requester.roles`, `round`. */
export function pathsRead(expression: string, fieldTypes: FieldTypes): string[] {
  return pathsIn(expressionTree(expression, fieldTypes));
}

function pathsIn(root: ExpressionNode | null): string[] {
  if (root === null) return [];
  const found = new Set<string>();
  const visit = (node: ExpressionNode): void => {
    const path = pathOf(node);
    if (path !== null) found.add(path.join('.'));
    else for (const child of childrenOf(node)) visit(child);
  };
  visit(root);
  return [...found];
}

const fieldsIn = (root: ExpressionNode | null): string[] =>
  pathsIn(root).flatMap((path) => {
    const [name, field] = path.split('.');
    return name === 'subject' && field !== undefined ? [field] : [];
  });

/** The subject's fields that an expression reads. */
const fieldsRead = (expression: string | null, fieldTypes: FieldTypes): string[] =>
  expression === null ? [] : fieldsIn(expressionTree(expression, fieldTypes));

const sourceField = (source: PersonSource): string[] =>
  typeof source === 'object' ? [source.field] : source === 'owner' ? ['ownerId'] : [];

/** With all rules that a rule takes its people from. */
export const withInner = (rules: readonly ApproverRule[]): ApproverRule[] =>
  rules.flatMap((rule) => [rule, ...withInner(innerRules(rule))]);

type Reading = Pick<ProcessDefinition, 'fieldTypes' | 'authority'>;

function ruleFields(rule: ApproverRule, definition: Reading): string[] {
  switch (rule.rule) {
    case 'field':
      return [rule.field];
    case 'manager':
    case 'managers':
      return sourceField(rule.of);
    case 'expression':
      return fieldsIn(peopleTree(rule.people, definition.fieldTypes));
    case 'authority': {
      const rows =
        definition.authority?.[rule.table]?.rows.filter(({ matter }) => matter === rule.matter) ?? [];
      return rows.flatMap(({ measures, approvers }) => [
        ...Object.keys(measures),
        ...withInner(approvers).flatMap((answer) => ruleFields(answer, definition)),
      ]);
    }
    default:
      return [];
  }
}

/** Every rule by which a step finds people when it opens. */
export function rulesOf(node: StepNode): readonly ApproverRule[] {
  if (node.kind === 'notify') return withInner(node.recipients);
  if (!isDecisionStep(node)) return [];
  const instead = typeof node.onNobody === 'object' ? node.onNobody.assign : [];
  return withInner([...node.approvers, ...instead]);
}

/** The subject's fields by which a step's rules find people. */
export const fieldsOfRules = (node: StepNode, definition: Reading): string[] =>
  rulesOf(node).flatMap((rule) => ruleFields(rule, definition));

/** The subject's fields that a step's condition and rules read. */
export const fieldsOfStep = (node: StepNode, definition: Reading): string[] => [
  ...fieldsRead(node.when, definition.fieldTypes),
  ...fieldsOfRules(node, definition),
];

/** The fields whose change could alter the route: read by the guard, a condition or a rule. Sorted. */
export function sensitiveFields(definition: ProcessDefinition): string[] {
  const { guard, steps, fieldTypes } = definition;
  const all = [
    ...fieldsRead(guard, fieldTypes),
    ...[...nodesOf(steps)].flatMap((node) => fieldsOfStep(node, definition)),
  ];
  return [...new Set(all)].filter((field) => Object.hasOwn(fieldTypes, field)).toSorted();
}
