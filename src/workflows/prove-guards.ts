import { allHold, type Budget } from './prove-conditions.js';
import type { Problem } from './pack-file.js';
import type { ProcessDefinition } from './process.js';
import { describeScope, samplesFor, type SampleScope } from './sample-subjects.js';

const isRival = (one: ProcessDefinition, other: ProcessDefinition): boolean =>
  one.key !== other.key && one.subjectType === other.subjectType && one.purpose === other.purpose;

/** Whether `one` is tried before `other`: by priority, ties by key. */
const isBefore = (one: ProcessDefinition, other: ProcessDefinition): boolean =>
  one.priority > other.priority || (one.priority === other.priority && one.key < other.key);

/**
 * What the definition does to the choice among its rivals, those of the same subject and purpose: guards that hold
 * together at equal priority, so that only the alphabet decides, and a case for which no guard holds though one of its
 * neighbours in amount has a process. Told of the one that is tried last. Each finding carries the case found.
 */
export function* rivalProblems(
  definition: ProcessDefinition,
  visible: readonly ProcessDefinition[],
  budget: Budget,
): Generator<Problem> {
  const rivals = visible.filter((other) => isRival(definition, other));
  for (const rival of rivals) {
    if (rival.priority !== definition.priority || !isBefore(rival, definition) || rival.guard === null)
      continue;
    const both = commonCase(definition, rival, budget);
    if (both === null) continue;
    yield {
      path: definition.guard === null ? ['key'] : ['guard'],
      rule: 'overlap',
      message: `holds together with ${rival.key} at the same priority; only their keys decide`,
      example: describeScope(both),
    };
  }
  if (rivals.some((rival) => isBefore(definition, rival))) return;
  const gap = gapIn([definition, ...rivals], budget);
  if (gap === null) return;
  yield {
    path: ['guard'],
    rule: 'gap',
    message: `no process of ${definition.subjectType} for ${definition.purpose} is left for some of its cases`,
    example: describeScope(gap),
  };
}

function commonCase(one: ProcessDefinition, other: ProcessDefinition, budget: Budget): SampleScope | null {
  for (const scope of samplesFor([one.guard, other.guard], one.fieldTypes).scopes) {
    if (budget.left <= 0) return null;
    if (allHold([one.guard, other.guard], one.fieldTypes, scope, budget) === true) return scope;
  }
  return null;
}

/**
 * A case that no guard covers while another one that differs only in its numbers and yes-or-no fields is covered: who
 * names words (a template, a kind) means just those, who names amounts means to split all of them.
 */
function gapIn(definitions: readonly ProcessDefinition[], budget: Budget): SampleScope | null {
  const guards = definitions.map(({ guard }) => guard);
  const [first] = definitions;
  if (!first || guards.includes(null)) return null;
  const uncovered = new Map<string, SampleScope>();
  const covered = new Set<string>();
  for (const scope of samplesFor(guards, first.fieldTypes).scopes) {
    if (budget.left <= 0) return null;
    const answers = guards.map((guard) => allHold([guard], first.fieldTypes, scope, budget));
    if (answers.includes(null)) return null;
    const key = JSON.stringify(wordsOf(scope));
    if (answers.includes(true)) covered.add(key);
    else if (!uncovered.has(key)) uncovered.set(key, scope);
  }
  for (const [key, scope] of uncovered) if (covered.has(key)) return scope;
  return null;
}

const wordsOf = (scope: SampleScope): unknown[] =>
  Object.entries(scope).filter(
    ([path, value]) => path === 'round' || (typeof value !== 'number' && typeof value !== 'boolean'),
  );
