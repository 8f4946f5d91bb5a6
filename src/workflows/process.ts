import { z } from 'zod';
import type { AuthorityTable } from './authority.js';
import type { FieldTypes } from './condition.js';
import type { DueRule } from './duration.js';
import type { Formula } from './formula.js';

/** A text in the languages spoken; `zh` falls back to `en`. */
export interface Localised {
  readonly en: string;
  readonly zh?: string | undefined;
}

/** Whose: the requester, the subject's owner, or a person-valued field of the subject. */
export type PersonSource = 'requester' | 'owner' | { readonly field: string };

/** Who is asked. Rules of one step combine by union; each candidate remembers the rule that chose them. */
export type ApproverRule = {
  readonly group?: string | undefined;
  readonly weight?: number | undefined;
  readonly veto?: boolean | undefined;
} &
  /** One named person, by e-mail address. */
  (
    | { readonly rule: 'user'; readonly email: string }
    /** Holders of a role: anywhere, in the subject's department, or in the nearest department up the tree that has one
     *  (a holder without a department counts for the root). */
    | {
        readonly rule: 'role';
        readonly role: string;
        readonly in: 'anywhere' | 'subject-department' | 'nearest';
      }
    /** The head of a department: the requester's or the subject's, `up` levels above (0 = itself). */
    | { readonly rule: 'head'; readonly of: 'requester' | 'subject'; readonly up: number }
    | { readonly rule: 'members'; readonly of: 'requester' | 'subject' }
    /** The manager `up` levels above a person (1 = the direct one). */
    | { readonly rule: 'manager'; readonly of: PersonSource; readonly up: number }
    /** Every manager up to a level, or up to and including the first who holds a role. */
    | {
        readonly rule: 'managers';
        readonly of: PersonSource;
        readonly levels?: number | undefined;
        readonly untilRole?: string | undefined;
      }
    /** A person-valued field of the subject, or that person's manager or department head. */
    | { readonly rule: 'field'; readonly field: string; readonly take: 'person' | 'manager' | 'head' }
    /** Whoever decided an earlier step. */
    | { readonly rule: 'decider'; readonly step: string }
    /** The members of a group that the organisation keeps. */
    | { readonly rule: 'group'; readonly key: string }
    /** People by a CEL expression over subject, requester, round and the organisation's functions. */
    | { readonly rule: 'expression'; readonly people: string }
    /** The answer of an authority table (authority.ts) to a matter, for the subject's department and measures. */
    | { readonly rule: 'authority'; readonly table: string; readonly matter: string }
    /** Those whom the requester names when submitting. */
    | ({ readonly rule: 'requester-choice' } & ChoiceBounds)
    /** Those whom an approver of an earlier step names when approving; a later choice takes the place of an earlier one. */
    | ({ readonly rule: 'previous-choice'; readonly from: string } & ChoiceBounds)
    /** One turn that many could take: whoever claims it has it, and the step's formula counts it once. */
    | { readonly rule: 'pool'; readonly of: readonly ApproverRule[] }
    /** Of those who may decide, the `count` with the fewest open assignments; ties by id. */
    | { readonly rule: 'least-loaded'; readonly of: readonly ApproverRule[]; readonly count: number }
  );

/** How many may be named, and among whom; null: among everyone. */
export interface ChoiceBounds {
  readonly among: readonly ApproverRule[] | null;
  readonly min: number;
  readonly max: number;
}

export type ChoiceRule = Extract<ApproverRule, { readonly rule: 'requester-choice' | 'previous-choice' }>;

export const isChoice = (rule: ApproverRule): rule is ChoiceRule =>
  rule.rule === 'requester-choice' || rule.rule === 'previous-choice';

/** The rules that a rule takes its people from. */
export function innerRules(rule: ApproverRule): readonly ApproverRule[] {
  switch (rule.rule) {
    case 'pool':
    case 'least-loaded':
      return rule.of;
    case 'requester-choice':
    case 'previous-choice':
      return rule.among ?? [];
    default:
      return [];
  }
}

export type OnNobody = 'block' | 'skip' | 'reject' | { readonly assign: readonly ApproverRule[] };
export type OnRequester = 'manager' | 'skip' | 'block' | 'allow';
export type OnRepeat = 'ask' | 'carry' | 'carry-if-adjacent';

/** What a rung of the ladder does when its time has come. */
export type RungAction =
  | { readonly do: 'remind' }
  | { readonly do: 'notify'; readonly who: readonly ApproverRule[] }
  | { readonly do: 'add'; readonly who: readonly ApproverRule[] }
  | { readonly do: 'hand-over'; readonly who: readonly ApproverRule[] }
  /** Decided by the machine actor `system`, never as the person. */
  | { readonly do: 'decide'; readonly verdict: 'APPROVE' | 'REJECT' | 'RETURN' };

export interface Rung {
  /** After the due time (first rung) or after the rung before. */
  readonly after: DueRule;
  readonly action: RungAction;
}

export interface Reminder {
  readonly when: 'before' | 'after';
  readonly offset: DueRule;
}

/** Approvals of the document that the subject was made from stand for it while its values stay inside them. */
export interface CarryRule {
  /** The kind of that document. */
  readonly from: string;
  /** Beside the bounds of the subject type, fields that must be as they were approved. */
  readonly same: readonly string[];
}

/** A decision that may demand a file. */
export type AttachedAction = 'APPROVE' | 'REJECT' | 'RETURN' | 'CONFIRM' | 'FILE';

interface NodeBase {
  readonly key: string;
  readonly title: Localised;
  /** CEL; the step is skipped, and says so, when it does not hold. */
  readonly when: string | null;
}

export interface DecisionStep extends NodeBase {
  readonly kind: 'approve' | 'advise' | 'confirm' | 'file';
  readonly approvers: readonly ApproverRule[];
  readonly formula: Formula;
  readonly onRejection: 'end' | 'return';
  readonly onNobody: OnNobody;
  readonly onRequester: OnRequester;
  readonly onRepeat: OnRepeat;
  /** Deciders of these earlier steps may not decide this one. */
  readonly neverSameAs: readonly string[];
  /** Watched fields that this approval depends on; empty: all. Used by `changed-only` and by voiding. */
  readonly dependsOn: readonly string[];
  readonly due: DueRule | null;
  readonly reminders: readonly Reminder[];
  readonly ladder: readonly Rung[];
  readonly requireComment: 'never' | 'on-rejection' | 'always';
  /** Whether a delegate's decision counts, or comes back to the delegator for confirmation. */
  readonly delegation: 'counts' | 'confirm' | 'forbidden';
  readonly transfer: 'allowed' | 'forbidden';
  /** Whether the step's clock stands still while a question of one of its approvers is open. */
  readonly onQuestion: 'pause' | 'run';
  /** The step of the document before, whose approval stands for this one's; its own key when null. */
  readonly carries?: string | undefined;
  /** Fields of the subject that an approver of this step may amend. */
  readonly editable: readonly string[];
  /** A decision counts only within so many minutes of the person's sign-in; null: whenever they signed in. */
  readonly requireFreshSignIn: number | null;
  /** Whether a link in a mail may carry a decision of this step; not said: it may not. */
  readonly mailDecision?: boolean | undefined;
  /** Decisions that need a file with them. */
  readonly requireAttachment?: readonly AttachedAction[] | undefined;
}

export interface NotifyStep extends NodeBase {
  readonly kind: 'notify';
  readonly recipients: readonly ApproverRule[];
}

export interface ParallelStep extends NodeBase {
  readonly kind: 'parallel';
  readonly branches: readonly (readonly StepNode[])[];
}

/** A node of the tree; there is no edge to draw, so a definition can't loop. */
export type StepNode = DecisionStep | NotifyStep | ParallelStep;

/** How one kind of subject is approved. Plain data; a published version never changes. */
export interface ProcessDefinition {
  readonly key: string;
  readonly version: number;
  readonly title: Localised;
  readonly subjectType: string;
  readonly purpose: string;
  /** Higher is tried first; ties by key. */
  readonly priority: number;
  /** CEL; null holds always. */
  readonly guard: string | null;
  readonly interest: 'forbid' | 'allow';
  /** Until when the requester may withdraw. */
  readonly withdrawal: 'until-first-decision' | 'any-time' | { readonly untilStep: string };
  readonly resubmission: 'restart' | 'continue' | 'changed-only';
  /** Business calendar for due times; null: that of whoever is asked (for the expiry: of the requester). */
  readonly calendar: string | null;
  /** After its submission a request that nobody has ended ends as EXPIRED; null: never. */
  readonly expires: DueRule | null;
  readonly steps: readonly StepNode[];
  /** From which document before approvals carry, inside which bounds; absent: from none. */
  readonly carry?: CarryRule | undefined;
  /** Types of the subject's fields for conditions; filled from the subject's registration when compiled. */
  readonly fieldTypes: FieldTypes;
  /** The authority tables that its steps name, as they were when it was compiled; a running request keeps them. */
  readonly authority?: Readonly<Record<string, AuthorityTable>> | undefined;
}

/** Every node of the tree in reading order. */
export function* nodesOf(nodes: readonly StepNode[]): Generator<StepNode> {
  for (const node of nodes) {
    yield node;
    if (node.kind === 'parallel') for (const branch of node.branches) yield* nodesOf(branch);
  }
}

/** Every rule that a definition may ask, those inside other rules and inside its authority tables included. */
export function* rulesOf(definition: ProcessDefinition): Generator<ApproverRule> {
  const within = function* (rules: readonly ApproverRule[]): Generator<ApproverRule> {
    for (const rule of rules) {
      yield rule;
      yield* within(innerRules(rule));
    }
  };
  for (const node of nodesOf(definition.steps)) {
    if (node.kind === 'parallel') continue;
    if (node.kind === 'notify') {
      yield* within(node.recipients);
      continue;
    }
    yield* within(node.approvers);
    if (typeof node.onNobody === 'object') yield* within(node.onNobody.assign);
    for (const { action } of node.ladder) if ('who' in action) yield* within(action.who);
  }
  for (const table of Object.values(definition.authority ?? {}))
    for (const row of table.rows) yield* within(row.approvers);
}

/** Whether its routes depend on how much everybody has to do. */
export function asksForLoad(definition: ProcessDefinition): boolean {
  for (const rule of rulesOf(definition)) if (rule.rule === 'least-loaded') return true;
  return false;
}

/** The decision or notify step with this key. */
export function stepOf(definition: ProcessDefinition, key: string): StepNode | undefined {
  for (const node of nodesOf(definition.steps)) if (node.key === key) return node;
  return undefined;
}

export const isDecisionStep = (node: StepNode | undefined): node is DecisionStep =>
  node !== undefined && node.kind !== 'notify' && node.kind !== 'parallel';

export const localised = z.union([
  z
    .string()
    .min(1)
    .max(200)
    .transform((en): Localised => ({ en })),
  z.strictObject({ en: z.string().min(1).max(200), zh: z.string().min(1).max(200).optional() }),
]);

export const keySchema = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'kebab-case key of at most 60 characters')
  .max(60);
