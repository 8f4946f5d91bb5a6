import { unreachable } from '../errors.js';

/**
 * How the votes of one step become its outcome: one algebra for every sign mode. The outcome is a function
 * of the ballots alone, never of a counter, so adding or removing an approver can't break it.
 *
 * A step takes votes until the approval rule (the mode) or the rejection rule is met; the rule met first stands,
 * because the step is closed with it. Of the two, the one met stays met however the open ballots are filled in.
 * When one change meets both at once (an abstention can), the rejection stands.
 */
export type Formula = { readonly rejection: RejectionRule } & (
  | { readonly mode: 'any' }
  | { readonly mode: 'all' }
  /** As `all`, but each is asked after the one before has decided. */
  | { readonly mode: 'ordered' }
  | { readonly mode: 'm-of-n'; readonly m: number }
  /** At least `percent` of the counted ballots (1–100) approve. */
  | { readonly mode: 'ratio'; readonly percent: number }
  | { readonly mode: 'weighted'; readonly threshold: number }
  /** One approval of each group. */
  | { readonly mode: 'per-group' }
);

export type RejectionRule =
  /** The first rejection decides. */
  | 'veto'
  /** More than half of the counted ballots reject. */
  | 'majority'
  /** Rejections reach this weight. */
  | { readonly weightedNo: number }
  /** The first rejection by a ballot that holds the veto decides; others only count. */
  | 'veto-holders';

export type Verdict = 'APPROVE' | 'REJECT' | 'ABSTAIN';

export interface Ballot {
  readonly verdict: Verdict | null;
  readonly weight: number;
  readonly group: string | null;
  readonly veto: boolean;
  /** An approver added before or after another: a gate beside the count. The step is not approved before they have
   *  voted, and their rejection decides; but their approval replaces nobody's, so a quorum can't be met by adding. */
  readonly required: boolean;
}

/** UNDECIDABLE: approval can't be reached any more (too few asked, too many abstained) and nobody has rejected. */
export type FormulaOutcome = 'APPROVED' | 'REJECTED' | 'UNDECIDABLE';

const sum = (ballots: readonly Ballot[]): number =>
  ballots.reduce((total, ballot) => total + ballot.weight, 0);

/** The outcome as soon as one rule is met, else null. Abstentions leave the count; no ballots at all is UNDECIDABLE. */
export function outcomeOf(formula: Formula, ballots: readonly Ballot[]): FormulaOutcome | null {
  const gates = ballots.filter((ballot) => ballot.required);
  const operands = ballots.filter((ballot) => !ballot.required);
  const counted = operands.filter((ballot) => ballot.verdict !== 'ABSTAIN');
  const approvals = counted.filter((ballot) => ballot.verdict === 'APPROVE');
  const rejections = counted.filter((ballot) => ballot.verdict === 'REJECT');

  if (gates.some((gate) => gate.verdict === 'REJECT')) return 'REJECTED';
  if (isRejected(formula.rejection, counted, rejections)) return 'REJECTED';
  const gatesOpen = gates.some((gate) => gate.verdict === null);
  if (!gatesOpen && isApproved(formula, operands, counted, approvals)) return 'APPROVED';
  const best = counted.filter((ballot) => ballot.verdict !== 'REJECT');
  if (isApproved(formula, operands, counted, best)) return null;
  return rejections.length > 0 ? 'REJECTED' : 'UNDECIDABLE';
}

function isRejected(rule: RejectionRule, counted: readonly Ballot[], rejections: readonly Ballot[]): boolean {
  if (rule === 'veto') return rejections.length > 0;
  if (rule === 'veto-holders') return rejections.some((ballot) => ballot.veto);
  if (rule === 'majority') return rejections.length * 2 > counted.length;
  return rejections.length > 0 && sum(rejections) >= rule.weightedNo;
}

const groupsOf = (ballots: readonly Ballot[]): Set<string> =>
  new Set(ballots.map((ballot) => ballot.group ?? ''));

/** Whether these approvals meet the mode; asked of those given, and of those given and open for what can still come. */
function isApproved(
  formula: Formula,
  operands: readonly Ballot[],
  counted: readonly Ballot[],
  approvals: readonly Ballot[],
): boolean {
  if (approvals.length === 0) return false;
  switch (formula.mode) {
    case 'any':
      return true;
    case 'all':
    case 'ordered':
      return approvals.length === counted.length;
    case 'm-of-n':
      return approvals.length >= formula.m;
    case 'ratio':
      return approvals.length * 100 >= formula.percent * counted.length;
    case 'weighted':
      return sum(approvals) >= formula.threshold;
    case 'per-group': {
      const approved = groupsOf(approvals);
      return [...groupsOf(operands)].every((group) => approved.has(group));
    }
    default:
      return unreachable(formula);
  }
}
