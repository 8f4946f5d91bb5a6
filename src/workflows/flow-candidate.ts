import { PROCESS_TEXT_MAX } from '../limits.js';
import { checkProcessText, type Surroundings } from './check-process-text.js';
import type { ReworkCause, StepInsight } from './flow-insight.js';
import { innerRules, isDecisionStep, nodesOf, stepOf } from './process.js';
import type { ApproverRule, DecisionStep, ProcessDefinition, StepNode } from './process.js';
import { processText } from './process-text.js';

// What a finding of the insight suggests, as the next version of the published definition: ready to be simulated.

/** Why a finding has no candidate.
 *  NOT_PUBLISHED: the process has no published version; STEP_GONE: that version has no such step; NO_STEP: it was not a
 *  step that sent the requests back; ONLY_STEP: nothing would be left; NAMED: another step names it; FIRST_STEP: nobody
 *  is asked before it; FORMULA: whoever is first decides already, or the formula says how many must agree; NOBODY_ELSE:
 *  its rules give nobody else;
 *  UNSOUND: the definition would not pass the checker, or be too long for it. */
export type NoCandidate =
  | 'NOT_PUBLISHED'
  | 'STEP_GONE'
  | 'NO_STEP'
  | 'ONLY_STEP'
  | 'NAMED'
  | 'FIRST_STEP'
  | 'FORMULA'
  | 'NOBODY_ELSE'
  | 'UNSOUND';

export type Suggested = { readonly text: string } | { readonly why: NoCandidate };

type Changed = ProcessDefinition | NoCandidate;

/** Without a step that decides nothing; with a bottleneck eased; null when the step is neither. */
export function candidateForStep(
  {
    processKey,
    step,
    idle,
    bottleneck,
    asked,
  }: Pick<StepInsight, 'processKey' | 'step' | 'idle' | 'bottleneck' | 'asked'>,
  around: Surroundings,
): Suggested | null {
  if (idle !== null) return suggest(processKey, step, around, (process) => withoutStep(process, step));
  if (!bottleneck) return null;
  return suggest(processKey, step, around, (process, node) => relieved(process, node, asked));
}

/** With the step that sends back asked earlier, so that fewer have approved in vain. */
export const candidateForCause = (
  { processKey, step }: Pick<ReworkCause, 'processKey' | 'step'>,
  around: Surroundings,
): Suggested =>
  step === ''
    ? { why: 'NO_STEP' }
    : suggest(processKey, step, around, (process, node) => earlier(process, node));

function suggest(
  processKey: string,
  key: string,
  around: Surroundings,
  change: (process: ProcessDefinition, node: DecisionStep) => Changed,
): Suggested {
  const published = around.published.find((one) => one.key === processKey);
  if (!published) return { why: 'NOT_PUBLISHED' };
  const node = stepOf(published, key);
  if (!isDecisionStep(node)) return { why: 'STEP_GONE' };
  const changed = change(published, node);
  if (typeof changed === 'string') return { why: changed };
  const text = processText({ ...changed, version: published.version + 1 });
  const sound = text.length <= PROCESS_TEXT_MAX && checkProcessText(text, around).findings.length === 0;
  return sound ? { text } : { why: 'UNSOUND' };
}

// ── A step that decides nothing ────────────────────────────────────────────────────────────────────

function withoutStep(process: ProcessDefinition, key: string): Changed {
  const rest = pruned(process.steps, key);
  if (![...nodesOf(rest)].some(isDecisionStep)) return 'ONLY_STEP';
  if ([...nodesOf(rest)].some((node) => namedBy(node).includes(key))) return 'NAMED';
  const steps = mapped(rest, (node) =>
    isDecisionStep(node) ? { ...node, neverSameAs: node.neverSameAs.filter((one) => one !== key) } : node,
  );
  const { withdrawal } = process;
  const gone =
    typeof withdrawal === 'object' && stepOf({ ...process, steps }, withdrawal.untilStep) === undefined;
  return { ...process, steps, withdrawal: gone ? 'until-first-decision' : withdrawal };
}

/** The tree without the step; a parallel step with one branch left is that branch, under its condition. */
function pruned(nodes: readonly StepNode[], key: string): readonly StepNode[] {
  return nodes.flatMap((node): readonly StepNode[] => {
    if (node.key === key) return [];
    if (node.kind !== 'parallel') return [node];
    const branches = node.branches.map((branch) => pruned(branch, key)).filter((branch) => branch.length > 0);
    if (branches.length > 1) return [{ ...node, branches }];
    return (branches[0] ?? []).map((one) => ({ ...one, when: both(node.when, one.when) }));
  });
}

const both = (one: string | null, other: string | null): string | null =>
  one === null || other === null ? (one ?? other) : `(${one}) && (${other})`;

const mapped = (nodes: readonly StepNode[], change: (node: StepNode) => StepNode): readonly StepNode[] =>
  nodes.map((node) =>
    node.kind === 'parallel'
      ? change({ ...node, branches: node.branches.map((branch) => mapped(branch, change)) })
      : change(node),
  );

/** The steps whose people the node's rules ask for. */
function namedBy(node: StepNode): string[] {
  const named = (rules: readonly ApproverRule[]): string[] =>
    rules.flatMap((rule) => [
      ...(rule.rule === 'decider' ? [rule.step] : rule.rule === 'previous-choice' ? [rule.from] : []),
      ...named(innerRules(rule)),
    ]);
  if (node.kind === 'parallel') return [];
  if (node.kind === 'notify') return named(node.recipients);
  return [
    ...named(node.approvers),
    ...(typeof node.onNobody === 'object' ? named(node.onNobody.assign) : []),
    ...node.ladder.flatMap(({ action }) => ('who' in action ? named(action.who) : [])),
  ];
}

// ── A step that sends back ─────────────────────────────────────────────────────────────────────────

/** As early in its own list as what it names allows; where it can't move, those before it are not asked again. */
function earlier(process: ProcessDefinition, node: DecisionStep): Changed {
  const needed = [...namedBy(node), ...node.neverSameAs];
  let moved = false;
  const within = (nodes: readonly StepNode[]): readonly StepNode[] => {
    const from = nodes.findIndex(({ key }) => key === node.key);
    if (from < 0)
      return nodes.map((one) =>
        one.kind === 'parallel' ? { ...one, branches: one.branches.map(within) } : one,
      );
    const holds = (one: StepNode): boolean => [...nodesOf([one])].some(({ key }) => needed.includes(key));
    const to = nodes.slice(0, from).findLastIndex(holds) + 1;
    moved = nodes.slice(to, from).some((one) => [...nodesOf([one])].some(isDecisionStep));
    return moved ? [...nodes.slice(0, to), node, ...nodes.slice(to, from), ...nodes.slice(from + 1)] : nodes;
  };
  const steps = within(process.steps);
  if (moved) return { ...process, steps };
  const [first] = [...nodesOf(process.steps)].filter(isDecisionStep);
  if (first?.key === node.key || process.resubmission !== 'restart') return 'FIRST_STEP';
  return { ...process, resubmission: 'continue' };
}

// ── A step that holds everything up ────────────────────────────────────────────────────────────────

/** Whoever answers first decides: of those who are asked, or of the one who is asked and one more. */
function relieved(process: ProcessDefinition, node: DecisionStep, asked: number): Changed {
  const { mode, rejection } = node.formula;
  const waitsForAll = mode === 'all' || mode === 'ordered';
  const takesTurns = node.approvers.every(({ rule }) => rule === 'pool');
  if (node.kind === 'advise' || takesTurns || !(waitsForAll || (mode === 'any' && asked < 2)))
    return 'FORMULA';
  const approvers = asked > 1 ? node.approvers : widened(node.approvers);
  if (approvers === null) return 'NOBODY_ELSE';
  const eased: DecisionStep = { ...node, approvers, formula: { mode: 'any', rejection } };
  return { ...process, steps: mapped(process.steps, (one) => (one.key === node.key ? eased : one)) };
}

/** The rules with one more person who could stand beside the one asked; null where the organisation has to name them. */
function widened(rules: readonly ApproverRule[]): readonly ApproverRule[] | null {
  const [rule, ...others] = rules;
  if (!rule || others.length > 0) return null;
  switch (rule.rule) {
    case 'manager':
      return [rule, { ...rule, up: rule.up + 1 }];
    case 'head':
      return [rule, { ...rule, up: rule.up + 1 }];
    case 'field':
      return rule.take === 'person' ? [rule, { ...rule, take: 'manager' }] : null;
    case 'role':
      return rule.in === 'anywhere' ? null : [{ ...rule, in: 'anywhere' }];
    case 'least-loaded':
      return [{ ...rule, count: rule.count + 1 }];
    default:
      return null;
  }
}
