import { refusal } from '../errors.js';
import { dependsOnAny } from './depends-on.js';
import { emit, type Draft } from './draft.js';
import { conditionHolds } from './open-step.js';
import { permitOnAssignment } from './permit.js';
import { isDecisionStep, nodesOf, type DecisionStep } from './process.js';
import {
  assignmentsOf,
  ballotOf,
  currentStep,
  type Command,
  type RequestState,
  type SubjectSnapshot,
  type World,
} from './request.js';
import { changedFields } from './resubmission.js';
import { SUBJECT_TYPES, type SubjectTypeDescription } from './subject-types.js';

/**
 * An approver changes fields that the step lists as editable: the request is about the amended content from now on, and
 * the fact keeps the difference. It gives the approver no interest: who amends may decide. What would have led another
 * way (a condition of a step already behind, the guard) is no amendment but a return.
 * @throws the refusals of `permitOnAssignment`, FIELD_NOT_EDITABLE, AMENDMENT_REROUTES, BAD_USER_INPUT
 */
export function amend(draft: Draft, command: Extract<Command, { type: 'amend' }>): void {
  const { by, ordinal, comment } = command;
  const { request, world } = draft;
  const { step } = permitOnAssignment(request, ordinal, 'AMEND', by);
  const { title, content, digest } = command.subject;
  const subject: SubjectSnapshot = { ...request.subject, title, content, digest };
  const changed = changedFields(request.subject, subject);
  if (changed.length === 0) throw refusal('BAD_USER_INPUT', { reason: 'the amendment changes nothing' });
  const allowed = new Set(amendableBy(step, subject.type));
  const fields = changed.filter((field) => !allowed.has(field));
  if (fields.length > 0)
    throw refusal('FIELD_NOT_EDITABLE', { fields: fields.join(', '), editable: step.editable.join(', ') });
  requireSameRoute(request, subject, world);
  emit(draft, {
    type: 'AMENDED',
    step: step.key,
    ordinal,
    by,
    comment,
    changed,
    before: picked(request.subject, changed),
    after: picked(subject, changed),
    subject,
    touches: touchedSteps(request, changed),
  });
}

/** The fields that may differ: those that the step lists, with all that change with them. */
function amendableBy(step: DecisionStep, subjectType: string): string[] {
  const types: Readonly<Record<string, SubjectTypeDescription>> = SUBJECT_TYPES;
  const { amendable } = (Object.hasOwn(types, subjectType) ? types[subjectType] : undefined) ?? {};
  return step.editable.flatMap((field) => (amendable ? (amendable[field] ?? []) : [field]));
}

const picked = ({ content }: SubjectSnapshot, fields: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(fields.map((field) => [field, content[field] ?? null]));

/** An amendment may not bring about what a step behind it, or the choice of the process, would have answered otherwise. */
function requireSameRoute(request: RequestState, subject: SubjectSnapshot, world: World): void {
  const { guard, key, steps } = request.definition;
  const after: RequestState = { ...request, subject };
  if (!conditionHolds(after, guard, world)) throw refusal('AMENDMENT_REROUTES', { step: key });
  for (const node of nodesOf(steps)) {
    const state = currentStep(request, node.key);
    if (node.when === null || !state || state.status === 'RETURNED' || state.reason === 'CARRIED') continue;
    const skipped = state.status === 'SKIPPED' && state.reason === 'CONDITION';
    if (conditionHolds(after, node.when, world) === skipped)
      throw refusal('AMENDMENT_REROUTES', { step: node.key });
  }
}

/** Steps of this round with a vote that depends on a changed field. */
const touchedSteps = (request: RequestState, changed: readonly string[]): string[] =>
  [...nodesOf(request.definition.steps)].filter(isDecisionStep).flatMap((step) => {
    const state = currentStep(request, step.key);
    const voted =
      state &&
      (state.reason === 'CARRIED' || assignmentsOf(request, state).some((one) => ballotOf(one)?.verdict));
    const depends = dependsOnAny(step, changed, request.definition);
    return voted && depends && state.status !== 'RETURNED' ? [step.key] : [];
  });
