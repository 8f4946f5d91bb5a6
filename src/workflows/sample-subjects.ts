import { expressionTree, type ExpressionNode, type FieldTypes } from './condition.js';
import { childrenOf, pathOf } from './condition-shape.js';

/**
 * Subjects and requesters that tell expressions apart: for every value that an expression compares with, the value
 * itself and one on each side of it. Where all comparisons are of one path with literals, and all combinations fit
 * under the bound, no other subject could answer otherwise: then the enumeration is `complete`, and a condition that
 * holds for none of them never holds.
 */
export interface Samples {
  readonly complete: boolean;
  readonly scopes: readonly SampleScope[];
}

/** One case: values by path (`subject.amount`, `requester.roles`, `round`). */
export type SampleScope = Readonly<Record<string, unknown>>;

/** Cases tried for one question; keeps a check in milliseconds. */
const SAMPLES_MAX = 1000;
/** Roles in one condition whose every combination is tried. */
const ROLE_SETS_MAX = 3;

type Literal = string | number | boolean | null;

interface Domain {
  readonly literals: Set<Literal>;
  readonly sizes: Set<number>;
}

const OTHER = '(other)';

export function samplesFor(expressions: readonly (string | null)[], fieldTypes: FieldTypes): Samples {
  const domains = new Map<string, Domain>();
  let complete = true;
  for (const expression of expressions) {
    const root = expression === null ? null : expressionTree(expression, fieldTypes);
    if (root && !collect(root, domains)) complete = false;
  }
  const axes = [...domains].map(([path, domain]) => {
    const values = valuesOf(path, domain, typeAt(path, fieldTypes));
    if (!values.all) complete = false;
    return [path, values.list] as const;
  });
  const total = axes.reduce((product, [, values]) => product * values.length, 1);
  return { complete: complete && total <= SAMPLES_MAX, scopes: [...combinations(axes, total)] };
}

/** Every literal that a path of this kind is compared with, over some expressions. */
export function literalsAt(expression: string, path: string, fieldTypes: FieldTypes): Literal[] {
  const domains = new Map<string, Domain>();
  const root = expressionTree(expression, fieldTypes);
  if (root) collect(root, domains);
  return [...(domains.get(path)?.literals ?? [])];
}

const typeAt = (path: string, fieldTypes: FieldTypes): string => {
  if (path === 'round') return 'round';
  if (path === 'requester.roles') return 'roles';
  const [root, field = '', ...deeper] = path.split('.');
  if (root !== 'subject') return 'string';
  return deeper.length > 0 ? 'any' : (fieldTypes[field] ?? 'any');
};

const MIRROR = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Notes what each path is compared with; false when some part is no comparison of a path with literals. */
function collect(node: ExpressionNode, domains: Map<string, Domain>): boolean {
  const { op } = node;
  if (op === 'value') return true;
  if (op === '&&' || op === '||' || op === '!_' || op === '?:')
    return childrenOf(node)
      .map((child) => collect(child, domains))
      .every(Boolean);
  const path = pathOf(node);
  if (path !== null) {
    const { literals } = domainOf(domains, path);
    literals.add(true);
    return true;
  }
  const children = childrenOf(node);
  const [left, right] = children;
  if (MIRROR.has(op) && left && right) {
    return compare(left, right, domains) || compare(right, left, domains) || giveUp(children, domains);
  }
  if (op === 'in' && left && right) return membership(left, right, domains) || giveUp(children, domains);
  return giveUp(children, domains);
}

/** Notes every path below, so that it has values at all. */
function giveUp(nodes: readonly ExpressionNode[], domains: Map<string, Domain>): false {
  for (const node of nodes) {
    const path = pathOf(node);
    if (path !== null) {
      if (['subject', 'requester', 'round'].includes(path[0]!)) domainOf(domains, path);
    } else giveUp(childrenOf(node), domains);
  }
  return false;
}

function compare(one: ExpressionNode, other: ExpressionNode, domains: Map<string, Domain>): boolean {
  const literal = literalOf(other);
  if (literal === undefined) return false;
  const path = pathOf(one);
  if (path !== null) {
    domainOf(domains, path).literals.add(literal);
    return true;
  }
  const measured = one.op === 'call' ? (one.args as [string, ExpressionNode[]]) : null;
  const inside = measured?.[0] === 'size' && measured[1][0] ? pathOf(measured[1][0]) : null;
  if (inside === null || typeof literal !== 'number') return false;
  domainOf(domains, inside).sizes.add(literal);
  return true;
}

function membership(one: ExpressionNode, list: ExpressionNode, domains: Map<string, Domain>): boolean {
  const path = pathOf(one);
  if (path !== null && list.op === 'list') {
    const literals = childrenOf(list).map(literalOf);
    if (literals.includes(undefined)) return false;
    for (const literal of literals) domainOf(domains, path).literals.add(literal!);
    return true;
  }
  const [literal, listPath] = [literalOf(one), pathOf(list)];
  if (literal === undefined || listPath === null) return false;
  domainOf(domains, listPath).literals.add(literal);
  return true;
}

function domainOf(domains: Map<string, Domain>, path: readonly string[]): Domain {
  const key = path.join('.');
  const known = domains.get(key) ?? { literals: new Set<Literal>(), sizes: new Set<number>() };
  domains.set(key, known);
  return known;
}

function literalOf({ op, args }: ExpressionNode): Literal | undefined {
  if (op === '-_') {
    const inner = literalOf(args as ExpressionNode);
    return typeof inner === 'number' ? -inner : undefined;
  }
  if (op !== 'value') return undefined;
  return typeof args === 'bigint' ? Number(args) : (args as Literal);
}

interface Values {
  readonly list: readonly unknown[];
  readonly all: boolean;
}

function valuesOf(path: string, { literals, sizes }: Domain, type: string): Values {
  const given = [...literals];
  const numbers = given.filter((one) => typeof one === 'number');
  const texts = given.filter((one) => typeof one === 'string');
  switch (type) {
    case 'double':
      return { list: between(numbers), all: true };
    case 'int':
      return { list: beside(numbers.length > 0 ? numbers : [0]), all: true };
    case 'round':
      return { list: beside([1, ...numbers]).filter((round) => round >= 1), all: true };
    case 'bool':
      return { list: [true, false], all: true };
    case 'string':
      return { list: [...texts, OTHER], all: true };
    case 'roles':
      return roleSets(texts);
    case 'list':
      return {
        list: beside([...sizes, 0])
          .filter((size) => size >= 0)
          .map((size) =>
            texts.length > 0 ? texts.slice(0, size) : Array.from({ length: size }, () => ({})),
          ),
        all: given.length === 0,
      };
    default: {
      const list = [
        ...(numbers.length > 0 ? between(numbers) : []),
        ...texts,
        ...(given.includes(true) || given.includes(false) ? [true, false] : []),
        OTHER,
      ];
      return { list, all: path.startsWith('subject.') && sizes.size === 0 };
    }
  }
}

/** Each number, one between each two neighbours, one below all and one above all. */
function between(numbers: readonly number[]): number[] {
  const sorted = [...new Set(numbers)].toSorted((a, b) => a - b);
  const [first, last] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const middles = sorted.slice(1).map((number, index) => (number + sorted[index]!) / 2);
  return [first - 1, ...sorted, ...middles, last + 1].toSorted((a, b) => a - b);
}

const beside = (numbers: readonly number[]): number[] =>
  [...new Set(numbers.flatMap((number) => [number - 1, number, number + 1]))].toSorted((a, b) => a - b);

function roleSets(roles: readonly string[]): Values {
  if (roles.length > ROLE_SETS_MAX) return { list: [[], ...roles.map((role) => [role]), roles], all: false };
  const sets = roles.reduce<string[][]>(
    (known, role) => [...known, ...known.map((set) => [...set, role])],
    [[]],
  );
  return { list: sets, all: true };
}

/** All combinations, or as many as the bound allows, spread evenly over them. */
function* combinations(
  axes: readonly (readonly [string, readonly unknown[]])[],
  total: number,
): Generator<SampleScope> {
  const count = Math.min(total, SAMPLES_MAX);
  for (let index = 0; index < count; index += 1) {
    // A stride that shares no factor with small bases, so that every axis takes all its values.
    let rest = count === total ? index : (index * 2_654_435_761) % total;
    const scope: Record<string, unknown> = {};
    for (const [path, values] of axes) {
      scope[path] = values[rest % values.length];
      rest = Math.floor(rest / values.length);
    }
    yield scope;
  }
}

/** The case in words: `subject.amount = 1000, requester.roles = []`. */
export const describeScope = (scope: SampleScope): string =>
  Object.entries(scope)
    .map(([path, value]) => `${path} = ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ') || 'any subject';
