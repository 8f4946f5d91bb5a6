import { carryProblems } from './prove-carry.js';
import { unreachable } from '../errors.js';
import { conditionProblem } from './condition.js';
import { isBusinessDuration, parseDuration, DAY, timeMillis, type DueRule } from './duration.js';
import type { Path, Problem } from './pack-file.js';
import {
  isChoice,
  isDecisionStep,
  nodesOf,
  type ApproverRule,
  type DecisionStep,
  type ProcessDefinition,
  type Reminder,
  type StepNode,
} from './process.js';
import { neverOpens, PROOF_BUDGET, unknownInConditions } from './prove-conditions.js';
import { innerPlaces, placementProblems, problemsOfRule } from './prove-rules.js';
import { ruleName } from './resolve-approvers.js';
import type { SubjectTypeDescription } from './subject-types.js';

/** What a definition may name, by key. */
export interface Nameable {
  readonly roles: ReadonlySet<string>;
  readonly calendars: ReadonlySet<string>;
  /** Used where neither the definition nor the subject's department names one. */
  readonly defaultCalendar: string | null;
  /** Departments and forms by key, where they are known. */
  readonly departments?: ReadonlySet<string> | null;
  readonly forms?: ReadonlySet<string> | null;
  /** Groups that are kept; not said: any. */
  readonly groups?: ReadonlySet<string> | undefined;
}

/** What can be said of a definition without running it. No problem: every name is known, every condition is a sound
 *  yes/no question, every formula can be reached, every timer can fire. */
export function problemsOfProcess(
  definition: ProcessDefinition,
  subjects: Readonly<Record<string, SubjectTypeDescription>>,
  known: Nameable,
): Problem[] {
  const subject = Object.hasOwn(subjects, definition.subjectType)
    ? subjects[definition.subjectType]
    : undefined;
  const problems: Problem[] = [...duplicateSteps(definition.steps)];
  if (!subject) {
    const names = Object.keys(subjects).join(', ');
    problems.push({
      path: ['subjectType'],
      rule: 'unknown-subject-type',
      message: `no subject type ${definition.subjectType}; there are ${names}`,
    });
  } else {
    if (!subject.purposes.includes(definition.purpose)) {
      problems.push({
        path: ['purpose'],
        rule: 'unknown-purpose',
        message: `${definition.subjectType} has no purpose ${definition.purpose}; it has ${subject.purposes.join(', ')}`,
      });
    }
    const unsound = [...conditionProblems(definition)];
    problems.push(...unsound);
    if (unsound.length === 0) {
      problems.push(...unknownInConditions(definition, known));
      problems.push(...neverOpens(definition, { left: PROOF_BUDGET }));
    }
    problems.push(...editableProblems(definition, subject), ...carryProblems(definition, subject));
  }
  problems.push(...calendarProblems(definition.calendar, ['calendar'], known));
  problems.push(...expiryProblems(definition, known));
  problems.push(...withdrawalProblems(definition));
  for (const placed of placedNodes(definition.steps, ['steps'], [])) {
    const place: Place = { ...placed, definition, hasFields: subject !== undefined, known };
    if (isDecisionStep(placed.node)) problems.push(...stepProblems(place, placed.node));
    else if (placed.node.kind === 'notify')
      problems.push(
        ...ruleListProblems(place, placed.node.recipients, ['recipients']),
        ...placementProblems(placed.node.recipients, [...placed.path, 'recipients'], 'others'),
      );
  }
  return problems;
}

interface Placed {
  readonly node: StepNode;
  readonly path: Path;
  /** Decision steps that have certainly ended when this node opens. */
  readonly before: readonly string[];
}

interface Place extends Placed {
  readonly definition: ProcessDefinition;
  readonly hasFields: boolean;
  readonly known: Nameable;
}

/** Every node with its path and what lies before it. Branches of a parallel run beside each other, never before. */
function* placedNodes(nodes: readonly StepNode[], path: Path, before: readonly string[]): Generator<Placed> {
  let ended = before;
  for (const [index, node] of nodes.entries()) {
    const here = [...path, index];
    yield { node, path: here, before: ended };
    if (node.kind === 'parallel') {
      for (const [number, branch] of node.branches.entries())
        yield* placedNodes(branch, [...here, 'branches', number], ended);
    }
    ended = [...ended, ...[...nodesOf([node])].filter(isDecisionStep).map((step) => step.key)];
  }
}

function* duplicateSteps(steps: readonly StepNode[]): Generator<Problem> {
  const seen = new Set<string>();
  for (const { node, path } of placedNodes(steps, ['steps'], [])) {
    if (seen.has(node.key))
      yield {
        path: [...path, 'key'],
        rule: 'duplicate-key',
        message: `a step ${node.key} stands above already`,
      };
    seen.add(node.key);
  }
}

/** What a step lets its approvers amend must be something that can be amended. */
function* editableProblems(
  { steps, subjectType }: ProcessDefinition,
  { amendable = {} }: SubjectTypeDescription,
): Generator<Problem> {
  for (const { node, path } of placedNodes(steps, ['steps'], [])) {
    if (!isDecisionStep(node)) continue;
    for (const [index, field] of node.editable.entries()) {
      if (Object.hasOwn(amendable, field)) continue;
      const known = Object.keys(amendable).join(', ') || 'none';
      yield {
        path: [...path, 'editable', index],
        rule: 'unknown-field',
        message: `${subjectType} has no field ${field} that can be amended; it has ${known}`,
      };
    }
  }
}

function* conditionProblems({ guard, steps, fieldTypes }: ProcessDefinition): Generator<Problem> {
  const problem = guard === null ? null : conditionProblem(guard, fieldTypes);
  if (problem !== null) yield { path: ['guard'], rule: 'condition', message: problem };
  for (const { node, path } of placedNodes(steps, ['steps'], [])) {
    const flaw = node.when === null ? null : conditionProblem(node.when, fieldTypes);
    if (flaw !== null) yield { path: [...path, 'when'], rule: 'condition', message: flaw };
  }
}

export function* calendarProblems(calendar: string | null, path: Path, known: Nameable): Generator<Problem> {
  if (calendar !== null && !known.calendars.has(calendar))
    yield { path, rule: 'unknown-calendar', message: `no calendar ${calendar}` };
}

function* withdrawalProblems({ withdrawal, steps }: ProcessDefinition): Generator<Problem> {
  if (typeof withdrawal === 'string') return;
  const keys = [...nodesOf(steps)].map((node) => node.key);
  if (!keys.includes(withdrawal.untilStep)) {
    yield {
      path: ['withdrawal', 'untilStep'],
      rule: 'unknown-step',
      message: `no step ${withdrawal.untilStep}`,
    };
  }
}

function* stepProblems(place: Place, step: DecisionStep): Generator<Problem> {
  if (step.mailDecision === true && !fitsMail(step))
    yield {
      path: [...place.path, 'mailDecision'],
      rule: 'invalid-value',
      message: `no link can carry a decision of ${step.key}: it asks for more than a yes (its kind, a comment, or a fresh sign-in)`,
    };
  yield* ruleListProblems(place, step.approvers, ['approvers']);
  yield* placementProblems(step.approvers, [...place.path, 'approvers'], 'approvers');
  if (typeof step.onNobody === 'object') {
    yield* ruleListProblems(place, step.onNobody.assign, ['onNobody', 'assign']);
    yield* placementProblems(step.onNobody.assign, [...place.path, 'onNobody', 'assign'], 'instead');
  }
  for (const [index, key] of step.neverSameAs.entries())
    yield* earlierStepProblems(place, key, ['neverSameAs', index]);
  for (const [index, field] of step.dependsOn.entries()) {
    if (isUnknownField(place, field))
      yield {
        path: [...place.path, 'dependsOn', index],
        rule: 'unknown-field',
        message: `${place.definition.subjectType} has no field ${field}`,
      };
  }
  yield* formulaProblems(place, step);
  yield* timeProblems(step, place.path, place.definition.calendar, place.known);
  for (const [index, { action }] of step.ladder.entries()) {
    if ('who' in action) {
      const under = ['ladder', index, 'action', 'who'];
      yield* ruleListProblems(place, action.who, under);
      yield* placementProblems(action.who, [...place.path, ...under], 'others');
    }
    if ((action.do === 'add' || action.do === 'hand-over') && namesNobodyNew(step, action.who)) {
      yield {
        path: [...place.path, 'ladder', index, 'action', 'who'],
        rule: 'dead-end',
        message: `the rung ${action.do === 'add' ? 'adds' : 'hands over to'} those who are asked already`,
        example: `${step.key} → rung ${index + 1} → ${action.who.map(ruleName).join(', ')}`,
      };
    }
    if (action.do === 'decide' && index < step.ladder.length - 1) {
      yield {
        path: [...place.path, 'ladder', index + 1],
        rule: 'unreachable',
        message: 'the rung before decides the step; this one never acts',
      };
    }
  }
}

/** An escalation that reaches nobody but the step's own approvers ends nowhere. */
const namesNobodyNew = (step: DecisionStep, who: readonly ApproverRule[]): boolean => {
  const own = new Set(step.approvers.map(ruleName));
  return who.every((rule) => own.has(ruleName(rule)));
};

const isUnknownField = (place: Place, field: string): boolean =>
  place.hasFields && !Object.hasOwn(place.definition.fieldTypes, field);

/** Whether a decision of this step needs nothing but the decision. */
const fitsMail = ({ kind, requireComment, requireFreshSignIn }: DecisionStep): boolean =>
  kind === 'approve' && requireComment !== 'always' && requireFreshSignIn === null;

function* ruleListProblems(place: Place, rules: readonly ApproverRule[], under: Path): Generator<Problem> {
  for (const [index, rule] of rules.entries()) yield* ruleProblems(place, rule, [...under, index]);
}

function* ruleProblems(place: Place, rule: ApproverRule, under: Path): Generator<Problem> {
  const path = [...place.path, ...under];
  switch (rule.rule) {
    case 'role':
      return yield* roleProblems(rule.role, [...path, 'role'], place.known);
    case 'managers':
      if (rule.untilRole !== undefined)
        yield* roleProblems(rule.untilRole, [...path, 'untilRole'], place.known);
      return yield* personFieldProblems(place, rule.of, [...path, 'of', 'field']);
    case 'manager':
      return yield* personFieldProblems(place, rule.of, [...path, 'of', 'field']);
    case 'field':
      return yield* personFieldProblems(place, rule, [...path, 'field']);
    case 'decider':
      return yield* earlierStepProblems(place, rule.step, [...under, 'step']);
    case 'user':
    case 'head':
    case 'members':
      return;
    case 'previous-choice':
      yield* earlierStepProblems(place, rule.from, [...under, 'from']);
      yield* problemsOfRule(place, rule, path);
      return yield* innerProblems(place, rule, under);
    case 'group':
    case 'expression':
    case 'authority':
    case 'requester-choice':
    case 'pool':
    case 'least-loaded':
      yield* problemsOfRule(place, rule, path);
      return yield* innerProblems(place, rule, under);
    default:
      unreachable(rule);
  }
}

function* innerProblems(place: Place, rule: ApproverRule, under: Path): Generator<Problem> {
  for (const inner of innerPlaces(rule, under)) yield* ruleProblems(place, inner.rule, inner.path);
}

export function* roleProblems(role: string, path: Path, known: Nameable): Generator<Problem> {
  if (!known.roles.has(role)) yield { path, rule: 'unknown-role', message: `no role ${role}` };
}

function* personFieldProblems(
  place: Place,
  source: string | { readonly field: string },
  path: Path,
): Generator<Problem> {
  if (typeof source === 'string') return;
  const { definition } = place;
  if (isUnknownField(place, source.field)) {
    yield { path, rule: 'unknown-field', message: `${definition.subjectType} has no field ${source.field}` };
  } else if (place.hasFields && definition.fieldTypes[source.field] !== 'string') {
    yield {
      path,
      rule: 'unknown-field',
      message: `${source.field} is a ${definition.fieldTypes[source.field]}, not a person`,
    };
  }
}

/** Another step is named by its key, and must have been decided when this one opens. */
function* earlierStepProblems(place: Place, key: string, under: Path): Generator<Problem> {
  const path = [...place.path, ...under];
  if (key === place.node.key) yield { path, rule: 'self-reference', message: `step ${key} names itself` };
  else if (place.before.includes(key)) return;
  else if (![...nodesOf(place.definition.steps)].some((node) => node.key === key))
    yield { path, rule: 'unknown-step', message: `no step ${key}` };
  else yield { path, rule: 'not-earlier', ...notEarlier(place, key) };
}

/** Of two branches of a parallel step neither comes first: what one may do would hang on who is faster. */
function notEarlier({ definition, node }: Place, key: string): Pick<Problem, 'message' | 'example'> {
  const holds = (branch: readonly StepNode[], sought: string): boolean =>
    [...nodesOf(branch)].some((one) => one.key === sought);
  const around = [...nodesOf(definition.steps)].find(
    (one) =>
      one.kind === 'parallel' &&
      one.branches.some((branch) => holds(branch, node.key) && !holds(branch, key)) &&
      one.branches.some((branch) => holds(branch, key) && !holds(branch, node.key)),
  );
  const message = `step ${key} is not decided before ${node.key}`;
  if (!around) return { message };
  return {
    message: `${message}: they run beside each other in ${around.key}`,
    example: `${around.key} → ${node.key} is decided, ${key} is still open`,
  };
}

// ── Formulas ───────────────────────────────────────────────────────────────────────────────────────

/** The most people that a rule can give; Infinity when the organisation decides. */
function mostPeople(rule: ApproverRule): number {
  if (rule.rule === 'user' || rule.rule === 'head' || rule.rule === 'manager' || rule.rule === 'field')
    return 1;
  if (rule.rule === 'pool') return 1;
  if (rule.rule === 'least-loaded') return rule.count;
  if (isChoice(rule)) return rule.max;
  return rule.rule === 'managers' ? (rule.levels ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

function* formulaProblems({ path }: Place, { approvers, formula }: DecisionStep): Generator<Problem> {
  const distinct = [...new Map(approvers.map((rule) => [ruleName(rule), rule])).values()];
  const people = distinct.reduce((total, rule) => total + mostPeople(rule), 0);
  const weight = distinct.reduce((total, rule) => total + mostPeople(rule) * (rule.weight ?? 1), 0);
  const at = (...under: Path): Path => [...path, 'formula', ...under];
  if (formula.mode === 'm-of-n' && formula.m > people) {
    yield {
      path: at('m'),
      rule: 'unreachable',
      message: `needs ${formula.m} approvals, but at most ${people} can be asked`,
    };
  }
  if (formula.mode === 'weighted' && formula.threshold > weight) {
    yield {
      path: at('threshold'),
      rule: 'unreachable',
      message: `needs weight ${formula.threshold}, but all approvers together have ${weight}`,
    };
  }
  if (formula.mode === 'per-group') {
    const index = approvers.findIndex((rule) => rule.group === undefined);
    if (index >= 0)
      yield {
        path: [...path, 'approvers', index],
        rule: 'unreachable',
        message: 'per-group: this rule names no group',
      };
  }
  const { rejection } = formula;
  if (typeof rejection === 'object' && rejection.weightedNo > weight) {
    yield {
      path: at('rejection', 'weightedNo'),
      rule: 'unreachable',
      message: `rejection needs weight ${rejection.weightedNo}, but all approvers together have ${weight}`,
    };
  }
  if (rejection === 'veto-holders' && !approvers.some((rule) => rule.veto === true)) {
    yield {
      path: at('rejection'),
      rule: 'unreachable',
      message: 'nobody holds the veto, so nobody can reject',
    };
  }
}

// ── Time ───────────────────────────────────────────────────────────────────────────────────────────

interface Timed {
  readonly due: DueRule | null;
  readonly reminders: readonly Reminder[];
  readonly ladder: readonly { readonly after: DueRule }[];
}

function* timeProblems(
  step: Timed,
  path: Path,
  calendar: string | null,
  known: Nameable,
): Generator<Problem> {
  if (step.due === null) yield* withoutDue(step, path);
  yield* businessTimeProblems(step, path, calendar, known);
  for (const [index, { when, offset }] of step.reminders.entries()) {
    if (when === 'before' && step.due !== null && isLonger(offset, step.due)) {
      yield {
        path: [...path, 'reminders', index, 'offset'],
        rule: 'unreachable',
        message: `${offset.after} before the due time is before the step opens`,
      };
    }
  }
}

/** What is reckoned from a due time needs one. */
export function* withoutDue({ reminders, ladder }: Omit<Timed, 'due'>, path: Path): Generator<Problem> {
  if (reminders.length > 0)
    yield {
      path: [...path, 'reminders'],
      rule: 'no-due-time',
      message: 'reminders without a due time',
      part: 'key',
    };
  if (ladder.length > 0)
    yield {
      path: [...path, 'ladder'],
      rule: 'no-due-time',
      message: 'an escalation ladder without a due time',
      part: 'key',
    };
}

/** Working time is counted in a calendar. */
export function* businessTimeProblems(
  step: Timed,
  path: Path,
  calendar: string | null,
  known: Nameable,
): Generator<Problem> {
  if (calendar !== null || known.defaultCalendar !== null) return;
  const rules: (readonly [DueRule | null, Path])[] = [
    [step.due, ['due']],
    ...step.reminders.map((reminder, index) => [reminder.offset, ['reminders', index, 'offset']] as const),
    ...step.ladder.map((rung, index) => [rung.after, ['ladder', index, 'after']] as const),
  ];
  for (const [rule, under] of rules) {
    if (rule?.in === 'business')
      yield {
        path: [...path, ...under],
        rule: 'no-calendar',
        message: 'business time, but there is neither a calendar nor a default one',
      };
  }
}

/** A request's own time, too, is counted in a calendar when it is working time. */
function* expiryProblems({ expires, calendar }: ProcessDefinition, known: Nameable): Generator<Problem> {
  if (expires?.in !== 'business' || calendar !== null || known.defaultCalendar !== null) return;
  const message = 'business time, but there is neither a calendar nor a default one';
  yield { path: ['expires'], rule: 'no-calendar', message };
}

/** Compared only where the answer is certain: whole days with days, or hours with hours, in the same kind of time. */
function isLonger(offset: DueRule, due: DueRule): boolean {
  if (offset.in !== due.in) return false;
  const [a, b] = [parseDuration(offset.after), parseDuration(due.after)];
  if (!isBusinessDuration(a) || !isBusinessDuration(b)) return false;
  const days = timeMillis(a) === 0 && timeMillis(b) === 0;
  const hours = a.days === 0 && b.days === 0;
  return (
    (days || hours || offset.in === 'calendar') &&
    a.days * DAY + timeMillis(a) >= b.days * DAY + timeMillis(b)
  );
}
