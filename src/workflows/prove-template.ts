import type { z } from 'zod';
import { holds, type FieldTypes } from './condition.js';
import type { Path, Problem } from './pack-file.js';
import { PERMISSIONS } from './permission-names.js';
import type { ApproverRule, Localised, ProcessDefinition } from './process.js';
import {
  businessTimeProblems,
  calendarProblems,
  roleProblems,
  withoutDue,
  type Nameable,
} from './prove-process.js';
import { anchorsOf } from './schedule-rule.js';
import type {
  PlanMilestoneTemplate,
  PlanTemplate,
  ProjectTemplate,
  rolesSchema,
  StallRule,
} from './template-file.js';

// What can be said of roles and templates without using them.

const permissionNames: ReadonlySet<string> = new Set(PERMISSIONS);

export function* problemsOfRoles({ roles }: z.infer<typeof rolesSchema>): Generator<Problem> {
  for (const [index, role] of roles.entries()) {
    for (const name of Object.keys(role.permissions)) {
      if (permissionNames.has(name)) continue;
      yield {
        path: ['roles', index, 'permissions', name],
        rule: 'unknown-permission',
        message: `no permission ${name}`,
        part: 'key',
      };
    }
  }
}

export function* problemsOfProjectTemplate(
  { stages, stalled }: ProjectTemplate,
  forms: ReadonlyMap<string, Localised>,
  known: Nameable,
): Generator<Problem> {
  if (stalled) yield* stallProblems(stalled, ['stalled'], known);
  const keys = stages.map((stage) => stage.key);
  for (const [index, stage] of stages.entries()) {
    const path: Path = ['stages', index];
    if (keys.indexOf(stage.key) !== index)
      yield {
        path: [...path, 'key'],
        rule: 'duplicate-key',
        message: `a stage ${stage.key} stands above already`,
      };
    for (const gate of ['start', 'result'] as const) {
      for (const [number, { form }] of stage[gate].entries()) {
        const at = [...path, gate, number, 'form'];
        if (!forms.has(form)) yield { path: at, rule: 'unknown-form', message: `no form ${form}` };
        if (stage[gate].findIndex((other) => other.form === form) !== number)
          yield { path: at, rule: 'duplicate-key', message: `${form} is asked for above already` };
      }
    }
    if (stage.stalled) yield* stallProblems(stage.stalled, [...path, 'stalled'], known);
    for (const [number, { toStage }] of stage.loopBack.entries()) {
      const at = [...path, 'loopBack', number, 'toStage'];
      if (!keys.includes(toStage)) yield { path: at, rule: 'unknown-stage', message: `no stage ${toStage}` };
      else if (keys.indexOf(toStage) > index)
        yield { path: at, rule: 'not-earlier', message: `stage ${toStage} comes later; a loop goes back` };
    }
  }
}

function* stallProblems({ ladder }: StallRule, path: Path, known: Nameable): Generator<Problem> {
  for (const [index, { action }] of ladder.entries()) {
    if (action.do === 'notify')
      yield* chaseProblems(action.who, [...path, 'ladder', index, 'action', 'who'], known);
  }
}

/** Moments of a plan that its rules may hang on, beside its milestones. */
const PERIOD_ANCHORS = ['now', 'period-start', 'period-end'];

export function* problemsOfPlanTemplate(
  template: PlanTemplate,
  forms: ReadonlyMap<string, Localised>,
  known: Nameable,
): Generator<Problem> {
  const { milestones } = template;
  const keys = milestones.map((milestone) => milestone.key);
  yield* calendarProblems(template.calendar, ['calendar'], known);
  for (const [index, milestone] of milestones.entries()) {
    const path: Path = ['milestones', index];
    if (keys.indexOf(milestone.key) !== index)
      yield {
        path: [...path, 'key'],
        rule: 'duplicate-key',
        message: `a milestone ${milestone.key} stands above already`,
      };
    if (milestone.form !== null && !forms.has(milestone.form))
      yield { path: [...path, 'form'], rule: 'unknown-form', message: `no form ${milestone.form}` };
    if (milestone.doneBy === 'document' && milestone.form === null)
      yield {
        path,
        rule: 'missing-key',
        message: '"form" is missing: the milestone is done by its document',
      };
    if (typeof milestone.responsible === 'object')
      yield* roleProblems(milestone.responsible.role, [...path, 'responsible', 'role'], known);
    yield* waitingProblems(milestones, index);
    yield* dueProblems(milestone, path, keys);
    yield* businessTimeProblems({ ...milestone, due: null }, path, template.calendar, known);
    for (const [number, { action }] of milestone.ladder.entries()) {
      if (action.do === 'notify')
        yield* chaseProblems(action.who, [...path, 'ladder', number, 'action', 'who'], known);
    }
  }
}

function* waitingProblems(milestones: readonly PlanMilestoneTemplate[], index: number): Generator<Problem> {
  const { key, waitsFor } = milestones[index]!;
  if (waitsFor === null) return;
  const path = ['milestones', index, 'waitsFor'];
  if (waitsFor === key) yield { path, rule: 'self-reference', message: `milestone ${key} waits for itself` };
  else if (!milestones.some((other) => other.key === waitsFor))
    yield { path, rule: 'unknown-milestone', message: `no milestone ${waitsFor}` };
  else if (reaches(milestones, waitsFor, key))
    yield { path, rule: 'circle', message: `${waitsFor} waits for ${key} in turn` };
}

function reaches(milestones: readonly PlanMilestoneTemplate[], from: string, to: string): boolean {
  const seen = new Set<string>();
  for (let key: string | null = from; key !== null && !seen.has(key);) {
    if (key === to) return true;
    seen.add(key);
    key = milestones.find((milestone) => milestone.key === key)?.waitsFor ?? null;
  }
  return false;
}

function* dueProblems(
  milestone: PlanMilestoneTemplate,
  path: Path,
  keys: readonly string[],
): Generator<Problem> {
  const { due } = milestone;
  if (due === null) return yield* withoutDue(milestone, path);
  if (due.kind === 'rolling-window' || due.kind === 'count-per-period') {
    yield {
      path: [...path, 'due', 'kind'],
      rule: 'misplaced-rule',
      message: `${due.kind} gives no due time`,
    };
    return;
  }
  for (const anchor of anchorsOf(due)) {
    if (anchor === milestone.key)
      yield {
        path: [...path, 'due'],
        rule: 'self-reference',
        message: `milestone ${anchor} hangs on itself`,
      };
    else if (!PERIOD_ANCHORS.includes(anchor) && !keys.includes(anchor)) {
      yield {
        path: [...path, 'due'],
        rule: 'unknown-anchor',
        message: `no ${anchor} to hang on; there are ${[...PERIOD_ANCHORS.slice(1), ...keys].join(', ')}`,
      };
    }
  }
}

/** Rules that ask for a request, its content or its steps. */
const NOT_OF_PLANS: ReadonlySet<ApproverRule['rule']> = new Set<ApproverRule['rule']>([
  'decider',
  'expression',
  'authority',
  'requester-choice',
  'previous-choice',
  'pool',
  'least-loaded',
]);

/** A plan before its submission has an owner and a department, but no requester, no steps and no chosen fields. */
function* chaseProblems(rules: readonly ApproverRule[], path: Path, known: Nameable): Generator<Problem> {
  for (const [index, rule] of rules.entries()) {
    if (rule.rule === 'role') yield* roleProblems(rule.role, [...path, index, 'role'], known);
    if (rule.rule === 'managers' && rule.untilRole !== undefined)
      yield* roleProblems(rule.untilRole, [...path, index, 'untilRole'], known);
    const ofRequester = 'of' in rule && rule.of === 'requester';
    const ofField = rule.rule === 'field' || ('of' in rule && typeof rule.of === 'object');
    if (NOT_OF_PLANS.has(rule.rule) || ofRequester || ofField) {
      yield {
        path: [...path, index],
        rule: 'misplaced-rule',
        message:
          'a milestone has no requester, step or field to ask; name a role, a user, the owner or the subject',
      };
    }
  }
}

/** Every document that a gate asks for must find a process, or the gate could never open. */
export function* ungatedStages(
  template: ProjectTemplate,
  processes: readonly ProcessDefinition[],
): Generator<Problem> {
  for (const [index, stage] of template.stages.entries()) {
    for (const gate of ['start', 'result'] as const) {
      for (const [number, { form }] of stage[gate].entries()) {
        const content = { form, gate: gate.toUpperCase(), template: template.key, stage: stage.key };
        if (hasProcess(processes, 'DOCUMENT', content)) continue;
        yield {
          path: ['stages', index, gate, number],
          rule: 'no-process',
          message: `no process approves ${form} as ${gate} document of this stage`,
        };
      }
    }
  }
}

/** A plan that is to be approved must find a process. */
export function* unapprovedPlan(
  template: PlanTemplate,
  processes: readonly ProcessDefinition[],
): Generator<Problem> {
  const index = template.milestones.findIndex(({ doneBy }) => doneBy === 'approval');
  if (index < 0 || hasProcess(processes, 'PLAN', { kind: template.planKind, template: template.key })) return;
  yield {
    path: ['milestones', index, 'doneBy'],
    rule: 'no-process',
    message: `no process approves a ${template.planKind} plan of this template`,
  };
}

const EMPTY = { string: '', double: 0, int: 0, bool: false, list: [], map: {} } as const;

/** Whether some guard holds for a subject of which only this is known. A guard that can't be answered yet might. */
function hasProcess(
  processes: readonly ProcessDefinition[],
  subjectType: string,
  content: Readonly<Record<string, unknown>>,
): boolean {
  return processes.some(({ subjectType: type, guard, fieldTypes }) => {
    if (type !== subjectType) return false;
    if (guard === null) return true;
    try {
      const subject = { ...emptySubject(fieldTypes), ...content };
      return holds(guard, fieldTypes, {
        subject,
        requester: { id: '', department: '', roles: [] },
        round: 1,
      });
    } catch {
      return true;
    }
  });
}

const emptySubject = (types: FieldTypes): Record<string, unknown> =>
  Object.fromEntries(Object.entries(types).map(([field, type]) => [field, EMPTY[type]]));
