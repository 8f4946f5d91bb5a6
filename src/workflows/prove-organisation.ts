import { isRefusal, type Refusal } from '../errors.js';
import { rulesOf } from './condition-shape.js';
import { conditionHolds } from './open-step.js';
import type { Organisation, Person } from './organisation.js';
import type { Path, Problem } from './pack-file.js';
import { previewOf, supposedAtFirst, walkAhead } from './preview.js';
import {
  isDecisionStep,
  nodesOf,
  type DecisionStep,
  type ProcessDefinition,
  type StepNode,
} from './process.js';
import { contentOf, costOf, PROOF_BUDGET, type Budget } from './prove-conditions.js';
import {
  newRequest,
  type Exclusion,
  type Fact,
  type RequestState,
  type SubjectSnapshot,
  type World,
} from './request.js';
import { peopleOf, resolveApprovers, ruleName } from './resolve-approvers.js';
import { describeScope, samplesFor, type SampleScope } from './sample-subjects.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';

/** Departments and subjects tried; together with the length of a route they bound the time of a check. */
const DEPARTMENTS_MAX = 100;
const SUBJECTS_MAX = 8;

/**
 * Whether the definition finds people in the organisation as it is: for every department that submits, an ordinary
 * member of it submits subjects by which every step opens once. A step left with nobody after interest and absence, a
 * rung that reaches nobody and a person named who is not there are findings; the case is the example.
 * `submitters`: who may submit such subjects.
 */
export function problemsInOrganisation(
  definition: ProcessDefinition,
  submitters: ReadonlySet<string>,
  world: World,
): Problem[] {
  const paths = pathsOf(definition.steps, ['steps']);
  const found = new Map<string, Problem>();
  const report = (problem: Problem): void => {
    const key = `${problem.path.join('.')} ${problem.rule}`;
    if (!found.has(key)) found.set(key, problem);
  };
  for (const problem of missingPeople(definition, world.organisation, paths)) report(problem);
  const budget: Budget = { left: PROOF_BUDGET };
  for (const requester of representatives(world.organisation, submitters)) {
    for (const scope of coveringSubjects(definition, requester, world, budget))
      for (const problem of problemsOfCase(definition, requester, scope, world, paths)) report(problem);
  }
  return [...found.values()];
}

const pathsOf = (nodes: readonly StepNode[], path: Path): Map<string, Path> => {
  const paths = new Map<string, Path>();
  for (const [index, node] of nodes.entries()) {
    const here = [...path, index];
    paths.set(node.key, here);
    if (node.kind !== 'parallel') continue;
    for (const [number, branch] of node.branches.entries())
      for (const [key, inner] of pathsOf(branch, [...here, 'branches', number])) paths.set(key, inner);
  }
  return paths;
};

function* missingPeople(
  definition: ProcessDefinition,
  organisation: Organisation,
  paths: ReadonlyMap<string, Path>,
): Generator<Problem> {
  const known = new Set(
    [...organisation.people.values()].filter(({ active }) => active).map(({ email }) => email),
  );
  for (const node of nodesOf(definition.steps)) {
    for (const rule of rulesOf(node)) {
      if (rule.rule !== 'user' || known.has(rule.email)) continue;
      yield {
        path: paths.get(node.key) ?? [],
        rule: 'unknown-person',
        message: `nobody active has the address ${rule.email}`,
      };
    }
  }
}

/** One submitter of each department: an ordinary member before its head. */
function representatives(organisation: Organisation, submitters: ReadonlySet<string>): Person[] {
  const chosen: Person[] = [];
  const inOrder = [...organisation.departments.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  for (const department of inOrder.slice(0, DEPARTMENTS_MAX)) {
    const members = [...organisation.people.values()].filter(
      ({ id, active, departmentId }) => active && departmentId === department.id && submitters.has(id),
    );
    const one = members.find(({ id }) => id !== department.headId) ?? members[0];
    if (one) chosen.push(one);
  }
  return chosen;
}

const snapshotFor = (
  definition: ProcessDefinition,
  { id, departmentId }: Person,
  scope: SampleScope,
  organisation: Organisation,
): SubjectSnapshot => {
  const content = contentOf(scope, definition.fieldTypes);
  if ('ownerId' in content) content['ownerId'] = id;
  if ('department' in content)
    content['department'] = organisation.departments.get(departmentId ?? '')?.key ?? '';
  return {
    type: definition.subjectType,
    id: 'sample',
    title: 'sample',
    ownerId: id,
    departmentId,
    content,
    digest: '',
  };
};

/** Few subjects by which, together, the definition is chosen and every step opens that can open for this requester. */
function coveringSubjects(
  definition: ProcessDefinition,
  requester: Person,
  world: World,
  budget: Budget,
): SampleScope[] {
  const nodes = [...nodesOf(definition.steps)];
  const { scopes } = samplesFor([definition.guard, ...nodes.map(({ when }) => when)], definition.fieldTypes);
  const open = new Set(nodes.map(({ key }) => key));
  const chosen: SampleScope[] = [];
  for (const scope of scopes) {
    if (open.size === 0 || chosen.length >= SUBJECTS_MAX || budget.left <= 0) break;
    const subject = snapshotFor(definition, requester, scope, world.organisation);
    const probe: RequestState = {
      ...newRequest('', definition, world.now),
      subject,
      requesterId: requester.id,
    };
    const holds = (condition: string | null): boolean => {
      budget.left -= costOf(condition);
      return answered(() => conditionHolds(probe, condition, world)) ?? false;
    };
    if (!holds(definition.guard)) continue;
    const news = nodes.filter(({ key, when }) => open.has(key) && holds(when));
    if (news.length === 0) continue;
    for (const { key } of news) open.delete(key);
    chosen.push(scope);
  }
  return chosen;
}

function answered<T>(question: () => T): T | null {
  try {
    return question();
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

function* problemsOfCase(
  definition: ProcessDefinition,
  requester: Person,
  scope: SampleScope,
  world: World,
  paths: ReadonlyMap<string, Path>,
): Generator<Problem> {
  const { organisation } = world;
  const subject = snapshotFor(definition, requester, scope, organisation);
  const fresh = newRequest('sample', definition, world.now);
  const submit = {
    type: 'submit',
    by: requester.id,
    subject,
    interests: [{ personId: requester.id, because: 'OWNER' as const }],
    comment: null,
  } as const;
  const { interests } = submit;
  const opened: [RequestState, Fact][] = [];
  const refused = refusalIn(() => {
    const choices = supposedAtFirst(fresh, { requesterId: requester.id, subject, interests }, world);
    const facts = decide(fresh, { ...submit, choices }, world);
    return walkAhead(facts.reduce(evolve, fresh), facts, world, (request, made) => {
      for (const fact of made) opened.push([request, fact]);
    });
  });
  const department = organisation.departments.get(requester.departmentId ?? '')?.key ?? '';
  const route: string[] = [];
  if (refused) yield* unfilledChoices(definition, refused, [department, requester.name, scope], paths);
  for (const [request, fact] of opened) {
    const [step] = previewOf(fact);
    const node = step && [...nodesOf(definition.steps)].find(({ key }) => key === step.key);
    if (!step || !isDecisionStep(node)) continue;
    route.push(step.key);
    const example = `department ${department}, requester ${requester.name}, ${describeScope(scope)}: ${route.join(' → ')}`;
    const path = paths.get(step.key) ?? [];
    if (step.outcome === 'BLOCKED') {
      const left = step.exclusions.map((one) => exclusionText(one, organisation));
      yield {
        path: [...path, 'approvers'],
        rule: 'no-approver',
        message: `step ${step.key} is left with nobody (${step.reason})${left.length > 0 ? `; left out: ${left.join(', ')}` : ''}`,
        example,
      };
    }
    if (step.outcome === 'ASKED') yield* deadEnds(node, request, world, path, example);
  }
}

function refusalIn(walk: () => unknown): Refusal | null {
  try {
    walk();
    return null;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}

/** A choice that has to be made and that nobody can fill stops the request where it is asked for. */
function* unfilledChoices(
  definition: ProcessDefinition,
  { code, details }: Refusal,
  [department, requester, scope]: readonly [string, string, SampleScope],
  paths: ReadonlyMap<string, Path>,
): Generator<Problem> {
  const [field] = (details['fields'] ?? []) as { readonly path: string; readonly rule: string }[];
  if (code !== 'BAD_USER_INPUT' || field?.path !== 'choices') return;
  const key = / for step (\S+)$/.exec(field.rule)?.[1] ?? '';
  const node = [...nodesOf(definition.steps)].find((one) => one.key === key);
  if (!isDecisionStep(node)) return;
  yield {
    path: [...(paths.get(key) ?? []), 'approvers'],
    rule: 'no-choice',
    message: `step ${key}: ${field.rule.replace(/ for step .*$/, '')} must be chosen, and too few of those to choose from may decide`,
    example: `department ${department}, requester ${requester}, ${describeScope(scope)}`,
  };
}

const exclusionText = ({ personId, reason }: Exclusion, organisation: Organisation): string =>
  `${organisation.people.get(personId)?.name ?? personId} ${reason}`;

function* deadEnds(
  step: DecisionStep,
  request: RequestState,
  world: World,
  path: Path,
  example: string,
): Generator<Problem> {
  for (const [index, { action }] of step.ladder.entries()) {
    if (!('who' in action)) continue;
    const named = action.who.flatMap((rule) => peopleOf(request, rule, world, step.key));
    const reached =
      action.do === 'notify'
        ? named.some((id) => world.organisation.people.get(id)?.active)
        : resolveApprovers(request, step, action.who, world).candidates.length > 0;
    if (reached) continue;
    yield {
      path: [...path, 'ladder', index],
      rule: 'dead-end',
      message: `rung ${index + 1} of ${step.key} reaches nobody: ${action.who.map(ruleName).join(', ')}`,
      example,
    };
  }
}
