import { Environment } from '@marcbachmann/cel-js';
import { refusal } from '../errors.js';

/** CEL types of the fields that conditions may read, by variable. Written once per subject type. */
export type FieldTypes = Readonly<Record<string, 'string' | 'double' | 'int' | 'bool' | 'list' | 'map'>>;

/** What a condition sees. Numbers in `subject` are what their field type says; amounts are in the major unit of their currency. */
export interface ConditionScope {
  readonly subject: Readonly<Record<string, unknown>>;
  readonly requester: { readonly id: string; readonly department: string; readonly roles: readonly string[] };
  readonly round: number;
}

/** Bounds on one expression: enough for any real guard, too little to burn a core (measured in microseconds). */
export const LIMITS = {
  maxAstNodes: 200,
  maxDepth: 30,
  maxListElements: 100,
  maxMapEntries: 50,
  maxCallArguments: 10,
};

export const REQUESTER: FieldTypes = { id: 'string', department: 'string', roles: 'list' };

type Program = (scope: Record<string, unknown>) => unknown;

const environments = new Map<string, Environment>();
const programs = new Map<string, Program>();
const PROGRAMS_KEPT = 5000;

function environmentFor(subject: FieldTypes): Environment {
  const key = JSON.stringify(subject);
  let environment = environments.get(key);
  if (!environment) {
    environment = new Environment({ unlistedVariablesAreDyn: false, limits: LIMITS })
      .registerVariable('subject', { schema: { ...subject } } as never)
      .registerVariable('requester', { schema: { ...REQUESTER } } as never)
      .registerVariable('round', 'int');
    environments.set(key, environment);
  }
  return environment;
}

/** Says what is wrong with the expression for a subject with these fields, or null when it is a sound yes/no question. */
export function conditionProblem(expression: string, subject: FieldTypes): string | null {
  try {
    const checked = environmentFor(subject).parse(expression).check();
    if (!checked.valid) return firstLine(checked.error);
    return checked.type === 'bool' ? null : `gives ${checked.type ?? 'nothing'}, not a yes or no`;
  } catch (error) {
    return firstLine(error);
  }
}

/**
 * Whether the condition holds. A missing key or a wrong type is an error, never `false`.
 * @throws CONDITION_FAILED naming the expression and the reason
 */
export function holds(expression: string, subject: FieldTypes, scope: ConditionScope): boolean {
  try {
    const content = withIntegers(scope.subject, subject);
    const answer = programFor(
      expression,
      subject,
    )({ ...scope, subject: content, round: BigInt(scope.round) });
    if (typeof answer === 'boolean') return answer;
    throw new Error(`gave ${typeof answer}, not a yes or no`);
  } catch (error) {
    throw refusal('CONDITION_FAILED', { reason: firstLine(error), condition: expression });
  }
}

/** CEL keeps whole numbers apart from doubles, JSON does not: fields of type `int` become what their type says. */
export function withIntegers(content: ConditionScope['subject'], types: FieldTypes): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(content).map(([field, value]) => {
      const whole = types[field] === 'int' && typeof value === 'number' && Number.isSafeInteger(value);
      return [field, whole ? BigInt(value) : value];
    }),
  );
}

function programFor(expression: string, subject: FieldTypes): Program {
  const key = `${expression}\u0000${JSON.stringify(subject)}`;
  const known = programs.get(key);
  if (known) return known;
  const made = environmentFor(subject).parse(expression) as unknown as Program;
  if (programs.size >= PROGRAMS_KEPT) programs.clear();
  programs.set(key, made);
  return made;
}

/** A node of a parsed expression, as the language's parser makes it: an operator with its arguments. */
export interface ExpressionNode {
  readonly op: string;
  readonly args: unknown;
}

/** The expression as a tree, for those who ask what it reads; null when it is not sound. */
export function expressionTree(expression: string, subject: FieldTypes): ExpressionNode | null {
  if (conditionProblem(expression, subject) !== null) return null;
  return environmentFor(subject).parse(expression).ast;
}

export const firstLine = (error: unknown): string =>
  String((error as Error | undefined)?.message ?? error).split('\n')[0] ?? '';
