import { z } from 'zod';
import { dueRuleSchema, type DueRule } from './duration.js';
import { SCOPES, type PermissionName, type PermissionScope } from './permission-names.js';
import { approverRules, reminders } from './process-file.js';
import { keySchema, localised, type ApproverRule, type Localised, type Reminder } from './process.js';
import { ladderPeople, type LadderAction, type LadderShape } from './ladder.js';
import { scheduleRuleSchema, type ScheduleRule } from './schedule-rule.js';

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
  /** When it counts as stalled; absent or null: as the template says. */
  readonly stalled?: StallRule | null;
}

/** What happens when nothing happens to a stage: nobody is handed a stage, so its rungs remind and notify. */
export interface StallRule extends LadderShape<Exclude<LadderAction, { readonly do: 'hand-over' }>> {
  /** Without anything happening for so long, it is stalled; reminders and rungs count from then. */
  readonly after: DueRule;
}

interface LoopBack {
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
  /** When its stages count as stalled; absent (in versions written before) or null: never. */
  readonly stalled?: StallRule | null;
}

/** The rule that holds for a stage: its own, else that of the template. */
export const stallRuleOf = ({ stages, stalled }: ProjectTemplate, stageKey: string): StallRule | null =>
  stages.find(({ key }) => key === stageKey)?.stalled ?? stalled ?? null;

/** What a plan covers, as the tables know it. */
const PLAN_KINDS = ['ANNUAL', 'QUARTERLY', 'MONTHLY', 'STAGE', 'THEMATIC', 'CAMPAIGN', 'TASK_BOOK'] as const;
type PlanKindName = (typeof PLAN_KINDS)[number];

interface PlanRung {
  /** After the due time (first rung) or after the rung before. */
  readonly after: DueRule;
  readonly action:
    { readonly do: 'remind' } | { readonly do: 'notify'; readonly who: readonly ApproverRule[] };
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
  /** The milestone without which it can't begin. Overdue because of that one, the chase goes to those who owe that one:
   *  of an approval these are the people whose decision is open. */
  readonly waitsFor: string | null;
  readonly reminders: readonly Reminder[];
  readonly ladder: readonly PlanRung[];
}

export interface PlanTemplate {
  readonly key: string;
  readonly version: number;
  readonly title: Localised;
  readonly planKind: PlanKindName;
  readonly calendar: string | null;
  readonly milestones: readonly PlanMilestoneTemplate[];
}

/** The requirements still unmet, given the forms that are approved and filed: with alternatives, those of the nearest group. */
export function unmetDocuments(
  requirements: readonly DocumentRequirement[],
  filed: ReadonlySet<string>,
): readonly DocumentRequirement[] {
  const missing = requirements.filter((requirement) => !filed.has(requirement.form));
  const groups = [...new Set(requirements.flatMap(({ alternativesGroup }) => alternativesGroup ?? []))];
  const missingOf = (group: string | null): DocumentRequirement[] =>
    missing.filter(({ alternativesGroup }) => alternativesGroup === group);
  const nearest = groups.map(missingOf).toSorted((a, b) => a.length - b.length)[0] ?? [];
  return [...missingOf(null), ...nearest];
}

// ── As written ─────────────────────────────────────────────────────────────────────────────────────

const formKey = z
  .string()
  .max(60)
  .regex(/^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/, 'a form key is like F-001 or kebab-case');

export const formsSchema = z.strictObject({
  kind: z.literal('forms'),
  forms: z
    .array(
      z.strictObject({
        key: formKey,
        title: localised,
        schema: z.record(z.string(), z.unknown()).nullable().default(null),
      }),
    )
    .min(1)
    .max(500),
});

export const rolesSchema = z.strictObject({
  kind: z.literal('roles'),
  roles: z
    .array(
      z.strictObject({ key: keySchema, title: localised, permissions: z.record(z.string(), z.enum(SCOPES)) }),
    )
    .min(1)
    .max(200),
});

/** A bare form key stands for a requirement titled like its form. */
const requirement = z.union([
  formKey.transform((form) => ({ form, title: null, alternativesGroup: null })),
  z.strictObject({
    form: formKey,
    title: localised.nullable().default(null),
    alternativesGroup: keySchema.nullable().default(null),
  }),
]);
const version = z.int().min(1).max(1_000_000);

/** Handing over has no meaning here: a stage is its project's, whose owner an overdue stage doesn't change. */
const stallRule: z.ZodType<StallRule> = z.strictObject({
  after: dueRuleSchema,
  reminders: reminders.default([]),
  ladder: z
    .array(
      z.strictObject({
        after: dueRuleSchema,
        action: z.discriminatedUnion('do', [
          z.strictObject({ do: z.literal('remind') }),
          z.strictObject({ do: z.literal('notify'), who: ladderPeople }),
        ]),
      }),
    )
    .max(20)
    .default([]),
});

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
        loopBack: z
          .array(z.strictObject({ on: keySchema, toStage: keySchema, title: localised }))
          .max(20)
          .default([]),
        checklist: z.array(localised).max(100).default([]),
        stalled: stallRule.nullable().default(null),
      }),
    )
    .min(1)
    .max(50),
  stalled: stallRule.nullable().default(null),
});

export const planTemplateSchema = z.strictObject({
  kind: z.literal('plan-template'),
  key: keySchema,
  version,
  title: localised,
  planKind: z.enum(PLAN_KINDS),
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
        waitsFor: keySchema.nullable().default(null),
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
  { kind: _kind, ...written }: z.infer<typeof projectTemplateSchema>,
  forms: ReadonlyMap<string, Localised>,
): ProjectTemplate {
  const titled = (list: readonly z.infer<typeof requirement>[]): DocumentRequirement[] =>
    list.map((one) => ({ ...one, title: one.title ?? forms.get(one.form) ?? { en: one.form } }));
  return {
    ...written,
    stages: written.stages.map((stage) => ({
      ...stage,
      start: titled(stage.start),
      result: titled(stage.result),
    })),
  };
}
