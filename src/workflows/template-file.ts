import { z } from 'zod';
import type { DueRule } from './duration.js';
import type { Path, Problem } from './pack-file.js';
import { PERMISSIONS, SCOPES, type PermissionName, type PermissionScope } from './permission-names.js';
import { dueRuleSchema } from './duration.js';
import { approverRules, reminders } from './process-file.js';
import { keySchema, localised, type ApproverRule, type Localised, type Reminder } from './process.js';
import { businessTimeProblems, calendarProblems, roleProblems, withoutDue, type Nameable } from './prove-process.js';
import { anchorsOf, scheduleRuleSchema, type ScheduleRule } from './schedule-rule.js';

// What packs hold beside processes: forms, roles, and the templates of projects and plans.

/** A named form of the catalogue (`F-001`) or of the pack itself (`contract-signing-special-plan`). */
export interface FormTemplate {
  readonly key: string;
  readonly title: Localised;
  /** JSON Schema of the document's data; null: any. */
  readonly schema: Readonly<Record<string, unknown>> | null;
}

export interface RoleTemplate {
  readonly key: string;
  readonly title: Localised;
  /** The rows that each granted permission reaches. */
  readonly permissions: Readonly<Partial<Record<PermissionName, PermissionScope>>>;
}

/** A document that a gate asks for. Those without a group are all needed; of the groups, one complete one is. */
export interface DocumentRequirement {
  readonly form: string;
  readonly title: Localised;
  readonly alternativesGroup: string | null;
}

export interface StageTemplate {
  readonly key: string;
  readonly title: Localised;
  readonly goal: Localised | null;
  /** The stage opens once these are approved and filed. */
  readonly start: readonly DocumentRequirement[];
  /** The stage closes once these are approved and filed. */
  readonly result: readonly DocumentRequirement[];
  /** Where work goes on when something turns out otherwise; never to a later stage. */
  readonly loopBack: readonly LoopBack[];
  readonly checklist: readonly Localised[];
}

export interface LoopBack {
  readonly on: string;
  readonly toStage: string;
  readonly title: Localised;
}

export interface ProjectTemplate {
  readonly key: string;
  readonly version: number;
  readonly title: Localised;
  /** In order: a stage can open when the one before has closed. */
  readonly stages: readonly StageTemplate[];
}

export interface PlanRung {
  /** After the due time (first rung) or after the rung before. */
  readonly after: DueRule;
  readonly action: { readonly do: 'remind' } | { readonly do: 'notify'; readonly who: readonly ApproverRule[] };
}

export interface PlanMilestoneTemplate {
  readonly key: string;
  readonly title: Localised;
  /** The form of the document that belongs to it. */
  readonly form: string | null;
  /** Reckoned in the plan's period: of a recurring rule the occurrence of that period. null: no date of its own. */
  readonly due: ScheduleRule | null;
  readonly responsible: { readonly role: string } | 'owner';
  /** What makes it done: its document handed in, the plan submitted, the plan approved, or a person saying so. */
  readonly doneBy: 'document' | 'submission' | 'approval' | 'person';
  /** Milestones without which it can't begin: overdue because of one of them, the chase goes to those who owe that one. */
  readonly waitsFor: readonly string[];
  readonly reminders: readonly Reminder[];
  readonly ladder: readonly PlanRung[];
}

export interface PlanTemplate {
  readonly key: string;
  readonly version: number;
  readonly title: Localised;
  readonly planKind: string;
  readonly calendar: string | null;
  readonly milestones: readonly PlanMilestoneTemplate[];
}

/** The requirements still unmet, given the forms that are approved and filed: with alternatives, those of the nearest group. */
export function unmetDocuments(requirements: readonly DocumentRequirement[], filed: ReadonlySet<string>): readonly DocumentRequirement[] {
  const missing = requirements.filter((requirement) => !filed.has(requirement.form));
  const groups = [...new Set(requirements.flatMap(({ alternativesGroup }) => alternativesGroup ?? []))];
  const missingOf = (group: string | null): DocumentRequirement[] => missing.filter(({ alternativesGroup }) => alternativesGroup === group);
  const nearest = groups.map(missingOf).toSorted((a, b) => a.length - b.length)[0] ?? [];
  return [...missingOf(null), ...nearest];
}

// ── As written ─────────────────────────────────────────────────────────────────────────────────────

const formKey = z.string().max(60).regex(/^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/, 'a form key is like F-001 or kebab-case');

export const formsSchema = z.strictObject({
  kind: z.literal('forms'),
  forms: z
    .array(z.strictObject({ key: formKey, title: localised, schema: z.record(z.string(), z.unknown()).nullable().default(null) }))
    .min(1)
    .max(500),
});

export const rolesSchema = z.strictObject({
  kind: z.literal('roles'),
  roles: z
    .array(z.strictObject({ key: keySchema, title: localised, permissions: z.record(z.string(), z.enum(SCOPES)) }))
    .min(1)
    .max(200),
});

/** A bare form key stands for a requirement titled like its form. */
const requirement = z.union([
  formKey.transform((form) => ({ form, title: null, alternativesGroup: null })),
  z.strictObject({ form: formKey, title: localised.nullable().default(null), alternativesGroup: keySchema.nullable().default(null) }),
]);
const version = z.int().min(1).max(1_000_000);

export const projectTemplateSchema = z.strictObject({
  kind: z.literal('project-template'),
  key: keySchema,
  version,
  title: localised,
  stages: z
    .array(
      z.strictObject({
        key: keySchema,
        title: localised,
        goal: localised.nullable().default(null),
        start: z.array(requirement).max(50).default([]),
        result: z.array(requirement).max(50).default([]),
        loopBack: z.array(z.strictObject({ on: keySchema, toStage: keySchema, title: localised })).max(20).default([]),
        checklist: z.array(localised).max(100).default([]),
      }),
    )
    .min(1)
    .max(50),
});

export const planTemplateSchema = z.strictObject({
  kind: z.literal('plan-template'),
  key: keySchema,
  version,
  title: localised,
  planKind: z.string().max(60).regex(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/, 'a plan kind is like MONTHLY'),
  calendar: keySchema.nullable().default(null),
  milestones: z
    .array(
      z.strictObject({
        key: keySchema,
        title: localised,
        form: formKey.nullable().default(null),
        due: scheduleRuleSchema.nullable().default(null),
        responsible: z.union([z.literal('owner'), z.strictObject({ role: keySchema })]),
        doneBy: z.enum(['document', 'submission', 'approval', 'person']),
        waitsFor: z.array(keySchema).max(20).default([]),
        reminders: reminders.default([]),
        ladder: z
          .array(
            z.strictObject({
              after: dueRuleSchema,
              action: z.discriminatedUnion('do', [
                z.strictObject({ do: z.literal('remind') }),
                z.strictObject({ do: z.literal('notify'), who: approverRules }),
              ]),
            }),
          )
          .max(20)
          .default([]),
      }),
    )
    .min(1)
    .max(100),
});

/** The template with its requirements titled; a form that is not known lends its key. */
export function compileProjectTemplate(
  { kind: _, ...written }: z.infer<typeof projectTemplateSchema>,
  forms: ReadonlyMap<string, Localised>,
): ProjectTemplate {
  const titled = (list: readonly z.infer<typeof requirement>[]): DocumentRequirement[] =>
    list.map((one) => ({ ...one, title: one.title ?? forms.get(one.form) ?? { en: one.form } }));
  return { ...written, stages: written.stages.map((stage) => ({ ...stage, start: titled(stage.start), result: titled(stage.result) })) };
}

// ── Checks ─────────────────────────────────────────────────────────────────────────────────────────

const permissionNames: ReadonlySet<string> = new Set(PERMISSIONS);

export function* problemsOfRoles({ roles }: z.infer<typeof rolesSchema>): Generator<Problem> {
  for (const [index, role] of roles.entries()) {
    for (const name of Object.keys(role.permissions)) {
      if (permissionNames.has(name)) continue;
      yield { path: ['roles', index, 'permissions', name], rule: 'unknown-permission', message: `no permission ${name}`, part: 'key' };
    }
  }
}

export function* problemsOfProjectTemplate({ stages }: ProjectTemplate, forms: ReadonlyMap<string, Localised>): Generator<Problem> {
  const keys = stages.map((stage) => stage.key);
  for (const [index, stage] of stages.entries()) {
    const path: Path = ['stages', index];
    if (keys.indexOf(stage.key) !== index) yield { path: [...path, 'key'], rule: 'duplicate-key', message: `a stage ${stage.key} stands above already` };
    for (const gate of ['start', 'result'] as const) {
      for (const [number, { form }] of stage[gate].entries()) {
        const at = [...path, gate, number, 'form'];
        if (!forms.has(form)) yield { path: at, rule: 'unknown-form', message: `no form ${form}` };
        if (stage[gate].findIndex((other) => other.form === form) !== number) yield { path: at, rule: 'duplicate-key', message: `${form} is asked for above already` };
      }
    }
    for (const [number, { toStage }] of stage.loopBack.entries()) {
      const at = [...path, 'loopBack', number, 'toStage'];
      if (!keys.includes(toStage)) yield { path: at, rule: 'unknown-stage', message: `no stage ${toStage}` };
      else if (keys.indexOf(toStage) > index) yield { path: at, rule: 'not-earlier', message: `stage ${toStage} comes later; a loop goes back` };
    }
  }
}

/** Moments of a plan that its rules may hang on, beside its milestones. */
const PERIOD_ANCHORS = ['now', 'period-start', 'period-end'];

export function* problemsOfPlanTemplate(template: PlanTemplate, forms: ReadonlyMap<string, Localised>, known: Nameable): Generator<Problem> {
  const { milestones } = template;
  const keys = milestones.map((milestone) => milestone.key);
  yield* calendarProblems(template.calendar, ['calendar'], known);
  for (const [index, milestone] of milestones.entries()) {
    const path: Path = ['milestones', index];
    if (keys.indexOf(milestone.key) !== index) yield { path: [...path, 'key'], rule: 'duplicate-key', message: `a milestone ${milestone.key} stands above already` };
    if (milestone.form !== null && !forms.has(milestone.form)) yield { path: [...path, 'form'], rule: 'unknown-form', message: `no form ${milestone.form}` };
    if (milestone.doneBy === 'document' && milestone.form === null) yield { path, rule: 'missing-key', message: '"form" is missing: the milestone is done by its document' };
    if (typeof milestone.responsible === 'object') yield* roleProblems(milestone.responsible.role, [...path, 'responsible', 'role'], known);
    yield* waitingProblems(milestones, index);
    yield* dueProblems(milestone, path, keys);
    yield* businessTimeProblems({ ...milestone, due: null }, path, template.calendar, known);
    for (const [number, { action }] of milestone.ladder.entries()) {
      if (action.do === 'notify') yield* chaseProblems(action.who, [...path, 'ladder', number, 'action', 'who'], known);
    }
  }
}

function* waitingProblems(milestones: readonly PlanMilestoneTemplate[], index: number): Generator<Problem> {
  const { key, waitsFor } = milestones[index]!;
  for (const [number, wanted] of waitsFor.entries()) {
    const path = ['milestones', index, 'waitsFor', number];
    if (wanted === key) yield { path, rule: 'self-reference', message: `milestone ${key} waits for itself` };
    else if (!milestones.some((other) => other.key === wanted)) yield { path, rule: 'unknown-milestone', message: `no milestone ${wanted}` };
    else if (reaches(milestones, wanted, key)) yield { path, rule: 'circle', message: `${wanted} waits for ${key} in turn` };
  }
}

function reaches(milestones: readonly PlanMilestoneTemplate[], from: string, to: string): boolean {
  const open = [from];
  const seen = new Set(open);
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (key === to) return true;
    for (const next of milestones.find((milestone) => milestone.key === key)?.waitsFor ?? []) {
      if (!seen.has(next)) open.push(next);
      seen.add(next);
    }
  }
  return false;
}

function* dueProblems(milestone: PlanMilestoneTemplate, path: Path, keys: readonly string[]): Generator<Problem> {
  const { due } = milestone;
  if (due === null) return yield* withoutDue(milestone, path);
  if (due.kind === 'rolling-window' || due.kind === 'count-per-period') {
    yield { path: [...path, 'due', 'kind'], rule: 'misplaced-rule', message: `${due.kind} gives no due time` };
    return;
  }
  for (const anchor of anchorsOf(due)) {
    if (anchor === milestone.key) yield { path: [...path, 'due'], rule: 'self-reference', message: `milestone ${anchor} hangs on itself` };
    else if (!PERIOD_ANCHORS.includes(anchor) && !keys.includes(anchor)) {
      yield { path: [...path, 'due'], rule: 'unknown-anchor', message: `no ${anchor} to hang on; there are ${[...PERIOD_ANCHORS.slice(1), ...keys].join(', ')}` };
    }
  }
}

/** A plan before its submission has an owner and a department, but no requester, no steps and no chosen fields. */
function* chaseProblems(rules: readonly ApproverRule[], path: Path, known: Nameable): Generator<Problem> {
  for (const [index, rule] of rules.entries()) {
    if (rule.rule === 'role') yield* roleProblems(rule.role, [...path, index, 'role'], known);
    if (rule.rule === 'managers' && rule.untilRole !== undefined) yield* roleProblems(rule.untilRole, [...path, index, 'untilRole'], known);
    const ofRequester = 'of' in rule && rule.of === 'requester';
    const ofField = rule.rule === 'field' || ('of' in rule && typeof rule.of === 'object');
    if (rule.rule === 'decider' || ofRequester || ofField) {
      yield { path: [...path, index], rule: 'misplaced-rule', message: 'a milestone has no requester, step or field to ask; name a role, a user, the owner or the subject' };
    }
  }
}
