import type { Path, Problem } from './pack-file.js';
import { isDecisionStep, type DecisionStep, type ProcessDefinition, type StepNode } from './process.js';
import type { SubjectTypeDescription } from './subject-types.js';

/** What a definition says of carrying must be something that can carry. */
export function* carryProblems(
  { steps, carry, subjectType, fieldTypes }: ProcessDefinition,
  subject: SubjectTypeDescription,
): Generator<Problem> {
  if (carry && carry.from !== subject.carry?.from) {
    const from = subject.carry?.from ?? 'nothing';
    yield {
      path: ['carry', 'from'],
      rule: 'unknown-carry',
      message: `approvals of ${carry.from} do not carry to ${subjectType}; those of ${from} do`,
    };
  }
  for (const [index, field] of (carry?.same ?? []).entries()) {
    if (Object.hasOwn(fieldTypes, field)) continue;
    yield {
      path: ['carry', 'same', index],
      rule: 'unknown-field',
      message: `${subjectType} has no field ${field}`,
    };
  }
  for (const { step, path } of decisionSteps(steps, ['steps'])) {
    if (step.carries === undefined) continue;
    if (carry && step.kind === 'approve') continue;
    const why = carry ? 'only an approval carries' : 'the process carries from nothing';
    yield { path: [...path, 'carries'], rule: 'unknown-carry', message: `${step.key}: ${why}` };
  }
}

function* decisionSteps(
  nodes: readonly StepNode[],
  path: Path,
): Generator<{ readonly step: DecisionStep; readonly path: Path }> {
  for (const [index, node] of nodes.entries()) {
    const here = [...path, index];
    if (isDecisionStep(node)) yield { step: node, path: here };
    if (node.kind !== 'parallel') continue;
    for (const [number, branch] of node.branches.entries())
      yield* decisionSteps(branch, [...here, 'branches', number]);
  }
}
