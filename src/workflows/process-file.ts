import { z } from 'zod';
import type { AuthorityTable } from './authority.js';
import { dueRuleSchema } from './duration.js';
import type { Formula, RejectionRule } from './formula.js';
import {
  keySchema,
  localised,
  rulesOf,
  type ApproverRule,
  type PersonSource,
  type ProcessDefinition,
  type Reminder,
  type Rung,
  type StepNode,
} from './process.js';
import type { SubjectTypeDescription } from './subject-types.js';

// Process definitions as packs and the API write them: the keys of the types in process.ts, with what is not said filled in.

/** The name of a subject's field. */
const fieldName = z.string().regex(/^[a-z][a-zA-Z0-9]{0,59}$/, 'a field name is camelCase');

const person: z.ZodType<PersonSource> = z.union([
  z.enum(['requester', 'owner']),
  z.strictObject({ field: fieldName }),
]);
const up = z.int().min(0).max(10);
const whose = z.enum(['requester', 'subject']);

/** What every rule may say about its people's ballots. */
const ballot = {
  group: z.string().min(1).max(60).optional(),
  weight: z.number().positive().max(1_000_000).optional(),
  veto: z.boolean().optional(),
};

const plainRules = [
  z.strictObject({ rule: z.literal('user'), email: z.email(), ...ballot }),
  z.strictObject({
    rule: z.literal('role'),
    role: keySchema,
    in: z.enum(['anywhere', 'subject-department', 'nearest']).default('anywhere'),
    ...ballot,
  }),
  z.strictObject({ rule: z.literal('head'), of: whose.default('requester'), up: up.default(0), ...ballot }),
  z.strictObject({ rule: z.literal('members'), of: whose.default('requester'), ...ballot }),
  z.strictObject({
    rule: z.literal('manager'),
    of: person.default('requester'),
    up: up.min(1).default(1),
    ...ballot,
  }),
  z.strictObject({
    rule: z.literal('managers'),
    of: person.default('requester'),
    levels: z.int().min(1).max(10).optional(),
    untilRole: keySchema.optional(),
    ...ballot,
  }),
  z.strictObject({
    rule: z.literal('field'),
    field: fieldName,
    take: z.enum(['person', 'manager', 'head']).default('person'),
    ...ballot,
  }),
  z.strictObject({ rule: z.literal('group'), key: keySchema, ...ballot }),
  z.strictObject({ rule: z.literal('expression'), people: z.string().min(1).max(2000), ...ballot }),
] as const;

/** What names people by the subject and the organisation alone: it may stand inside other rules. */
export const plainRule: z.ZodType<ApproverRule> = z.discriminatedUnion('rule', plainRules);

const innerRule: z.ZodType<ApproverRule> = z.discriminatedUnion('rule', [
  ...plainRules,
  z.strictObject({ rule: z.literal('decider'), step: keySchema }),
  z.strictObject({ rule: z.literal('authority'), table: keySchema, matter: keySchema }),
]);
const innerRules = z.array(innerRule).min(1).max(10);

const choice = {
  among: innerRules.nullable().default(null),
  min: z.int().min(0).max(20).default(1),
  max: z.int().min(1).max(20).default(1),
  ...ballot,
};

const approverRule: z.ZodType<ApproverRule> = z.discriminatedUnion('rule', [
  ...plainRules,
  z.strictObject({ rule: z.literal('decider'), step: keySchema, ...ballot }),
  z.strictObject({ rule: z.literal('authority'), table: keySchema, matter: keySchema, ...ballot }),
  z.strictObject({ rule: z.literal('requester-choice'), ...choice }),
  z.strictObject({ rule: z.literal('previous-choice'), from: keySchema, ...choice }),
  z.strictObject({ rule: z.literal('pool'), of: innerRules, ...ballot }),
  z.strictObject({
    rule: z.literal('least-loaded'),
    of: innerRules,
    count: z.int().min(1).max(20).default(1),
    ...ballot,
  }),
]);

export const approverRules = z.array(approverRule).min(1).max(20);

const rejection: z.ZodType<RejectionRule> = z.union([
  z.enum(['veto', 'majority', 'veto-holders']),
  z.strictObject({ weightedNo: z.number().positive() }),
]);
const withRejection = { rejection: rejection.default('veto') };

/** A bare word stands for that mode with a veto. */
const formula: z.ZodType<Formula> = z.union([
  z.enum(['any', 'all', 'ordered', 'per-group']).transform((mode): Formula => ({ mode, rejection: 'veto' })),
  z.discriminatedUnion('mode', [
    z.strictObject({ mode: z.enum(['any', 'all', 'ordered', 'per-group']), ...withRejection }),
    z.strictObject({ mode: z.literal('m-of-n'), m: z.int().min(1).max(1000), ...withRejection }),
    z.strictObject({ mode: z.literal('ratio'), percent: z.number().min(1).max(100), ...withRejection }),
    z.strictObject({ mode: z.literal('weighted'), threshold: z.number().positive(), ...withRejection }),
  ]),
]);

export const reminders: z.ZodType<readonly Reminder[]> = z
  .array(z.strictObject({ when: z.enum(['before', 'after']), offset: dueRuleSchema }))
  .max(20);

const ladder: z.ZodType<readonly Rung[]> = z
  .array(
    z.strictObject({
      after: dueRuleSchema,
      action: z.discriminatedUnion('do', [
        z.strictObject({ do: z.literal('remind') }),
        z.strictObject({ do: z.enum(['notify', 'add', 'hand-over']), who: approverRules }),
        z.strictObject({ do: z.literal('decide'), verdict: z.enum(['APPROVE', 'REJECT', 'RETURN']) }),
      ]),
    }),
  )
  .max(20);

/** CEL; the language's own bounds apply when it is checked. */
const condition = z.string().min(1).max(2000).nullable().default(null);

const node = { key: keySchema, title: localised, when: condition };

const decisionStep = z.strictObject({
  ...node,
  kind: z.enum(['approve', 'advise', 'confirm', 'file']),
  approvers: approverRules,
  formula: formula.default({ mode: 'all', rejection: 'veto' }),
  onRejection: z.enum(['end', 'return']).default('end'),
  onNobody: z
    .union([z.enum(['block', 'skip', 'reject']), z.strictObject({ assign: approverRules })])
    .default('block'),
  onRequester: z.enum(['manager', 'skip', 'block', 'allow']).default('manager'),
  onRepeat: z.enum(['ask', 'carry', 'carry-if-adjacent']).default('ask'),
  neverSameAs: z.array(keySchema).max(20).default([]),
  dependsOn: z.array(fieldName).max(100).default([]),
  due: dueRuleSchema.nullable().default(null),
  reminders: reminders.default([]),
  ladder: ladder.default([]),
  requireComment: z.enum(['never', 'on-rejection', 'always']).default('on-rejection'),
  delegation: z.enum(['counts', 'confirm', 'forbidden']).default('counts'),
  transfer: z.enum(['allowed', 'forbidden']).default('allowed'),
  onQuestion: z.enum(['pause', 'run']).default('pause'),
  editable: z.array(fieldName).max(100).default([]),
  requireFreshSignIn: z.int().min(1).max(1440).nullable().default(null),
  // No default: a version published without it keeps its digest.
  mailDecision: z.boolean().optional(),
  // Left out where not written: what was published before they came keeps its digest.
  requireAttachment: z
    .array(z.enum(['APPROVE', 'REJECT', 'RETURN', 'CONFIRM', 'FILE']))
    .min(1)
    .max(5)
    .optional(),
  carries: keySchema.optional(),
});

const notifyStep = z.strictObject({ ...node, kind: z.literal('notify'), recipients: approverRules });

/** A branch of one step may be written without its list. */
const branch: z.ZodType<StepNode[]> = z.union([
  z
    .array(z.lazy(() => step))
    .min(1)
    .max(50),
  z.lazy(() => step).transform((only) => [only]),
]);
const parallelStep = z.strictObject({
  ...node,
  kind: z.literal('parallel'),
  branches: z.array(branch).min(2).max(20),
});

const step: z.ZodType<StepNode> = z.discriminatedUnion('kind', [decisionStep, notifyStep, parallelStep]);

export const processSchema = z.strictObject({
  kind: z.literal('process'),
  key: keySchema,
  version: z.int().min(1).max(1_000_000),
  title: localised,
  subjectType: z.string(),
  purpose: z.string().optional(),
  priority: z.int().min(-1000).max(1000).default(0),
  guard: condition,
  interest: z.enum(['forbid', 'allow']).default('forbid'),
  withdrawal: z
    .union([z.enum(['until-first-decision', 'any-time']), z.strictObject({ untilStep: keySchema })])
    .default('until-first-decision'),
  resubmission: z.enum(['restart', 'continue', 'changed-only']).default('restart'),
  calendar: keySchema.nullable().default(null),
  expires: dueRuleSchema.nullable().default(null),
  carry: z
    .strictObject({ from: z.string().min(1).max(60), same: z.array(fieldName).max(100).default([]) })
    .optional(),
  steps: z.array(step).min(1).max(50),
});

/**
 * The compiled definition, with the authority tables that it names. An unknown subject type has no purposes and no
 * fields, an unknown table is left out; the checker reports both.
 */
export function compileProcess(
  { kind: _kind, purpose, ...written }: z.infer<typeof processSchema>,
  subjects: Readonly<Record<string, SubjectTypeDescription>>,
  tables: readonly AuthorityTable[] = [],
): ProcessDefinition {
  const subject = subjects[written.subjectType];
  const definition: ProcessDefinition = {
    ...written,
    purpose: purpose ?? subject?.purposes[0] ?? '',
    fieldTypes: subject?.fields ?? {},
  };
  const named = new Set(
    [...rulesOf(definition)].flatMap((rule) => (rule.rule === 'authority' ? rule.table : [])),
  );
  if (named.size === 0) return definition;
  const authority = Object.fromEntries(
    tables.flatMap((table) => (named.has(table.key) ? [[table.key, table]] : [])),
  );
  return { ...definition, authority };
}
