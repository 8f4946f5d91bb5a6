import { Environment } from '@marcbachmann/cel-js';
import { refusal } from '../errors.js';
import {
  firstLine,
  LIMITS,
  REQUESTER,
  withIntegers,
  type ConditionScope,
  type ExpressionNode,
  type FieldTypes,
} from './condition.js';
import { departmentsUp, holdersAnywhere, managersOf, type Organisation } from './organisation.js';

/** People that one expression may give; more is a mistake in the expression, not a step of an approval. */
export const PEOPLE_MAX = 50;

interface Place {
  readonly organisation: Organisation;
  readonly now: Date;
}

/** What the functions answer from, for the time of one evaluation, which never waits. */
let place: Place | null = null;

const here = (): Place => {
  if (!place) throw new Error('asked outside an evaluation');
  return place;
};

const departmentKeyed = (key: string) =>
  [...here().organisation.departments.values()].find((department) => department.key === key);

const headOf = (key: string): string[] => {
  const head = departmentKeyed(key)?.headId;
  return head ? [head] : [];
};

/** Ids of people, without anyone left out: that is the resolution's part. Unknown keys and people give nobody. */
const FUNCTIONS: Readonly<Record<string, (...given: never[]) => unknown>> = {
  'managers(string, int): list<string>': (id: string, levels: bigint) =>
    managersOf(here().organisation, id)
      .slice(0, Math.max(0, Number(levels)))
      .map((person) => person.id),
  'manager(string): list<string>': (id: string) =>
    managersOf(here().organisation, id)
      .slice(0, 1)
      .map((person) => person.id),
  'holders(string): list<string>': (role: string) => holdersAnywhere(here().organisation, role, here().now),
  'head(string): list<string>': (key: string) => headOf(key),
  'headOf(string): list<string>': (id: string) => {
    const { organisation } = here();
    const departmentId = organisation.people.get(id)?.departmentId ?? null;
    const head = departmentsUp(organisation, departmentId)[0]?.headId;
    return head ? [head] : [];
  },
  'members(string): list<string>': (key: string) => {
    const departmentId = departmentKeyed(key)?.id;
    return [...here().organisation.people.values()]
      .filter((person) => person.departmentId === departmentId && person.active)
      .map((person) => person.id);
  },
  'group(string): list<string>': (key: string) => [...(here().organisation.groups?.get(key) ?? [])],
};

const environments = new Map<string, Environment>();

function environmentFor(subject: FieldTypes): Environment {
  const key = JSON.stringify(subject);
  let environment = environments.get(key);
  if (!environment) {
    environment = new Environment({ unlistedVariablesAreDyn: false, limits: LIMITS })
      .registerVariable('subject', { schema: { ...subject } } as never)
      .registerVariable('requester', { schema: { ...REQUESTER } } as never)
      .registerVariable('round', 'int');
    for (const [signature, handler] of Object.entries(FUNCTIONS))
      environment.registerFunction(signature, handler as never);
    environments.set(key, environment);
  }
  return environment;
}

/** Says what is wrong with the expression for a subject with these fields, or null when it gives a list of people. */
export function peopleExpressionProblem(expression: string, subject: FieldTypes): string | null {
  try {
    const checked = environmentFor(subject).parse(expression).check();
    if (!checked.valid) return firstLine(checked.error);
    const type = checked.type ?? 'nothing';
    return ['list<string>', 'list<dyn>', 'list', 'dyn'].includes(type)
      ? null
      : `gives ${type}, not a list of people`;
  } catch (error) {
    return firstLine(error);
  }
}

/** The expression as a tree, for those who ask what it reads; null when it is not sound. */
export function peopleTree(expression: string, subject: FieldTypes): ExpressionNode | null {
  if (peopleExpressionProblem(expression, subject) !== null) return null;
  return environmentFor(subject).parse(expression).ast;
}

/**
 * The people that the expression gives, as ids; an e-mail address stands for its person. Whoever does not exist is
 * given as written, so that the resolution can say so.
 * @throws CONDITION_FAILED when it can't be answered, gives no list of texts, or more than PEOPLE_MAX
 */
export function peopleOfExpression(
  expression: string,
  subject: FieldTypes,
  scope: ConditionScope,
  { organisation, now }: Place,
): string[] {
  const before = place;
  place = { organisation, now };
  try {
    const program = environmentFor(subject).parse(expression) as unknown as (given: object) => unknown;
    const content = withIntegers(scope.subject, subject);
    const answer = program({ ...scope, subject: content, round: BigInt(scope.round) });
    if (!Array.isArray(answer) || !answer.every((item): item is string => typeof item === 'string'))
      throw new Error('gave no list of people');
    if (answer.length > PEOPLE_MAX) throw new Error(`gave ${answer.length} people, more than ${PEOPLE_MAX}`);
    return answer.map((text) => (text.includes('@') ? (idOf(organisation, text) ?? text) : text));
  } catch (error) {
    throw refusal('CONDITION_FAILED', { reason: firstLine(error), condition: expression });
  } finally {
    place = before;
  }
}

const idOf = (organisation: Organisation, email: string): string | undefined =>
  [...organisation.people.values()].find((person) => person.email === email.toLowerCase())?.id;
