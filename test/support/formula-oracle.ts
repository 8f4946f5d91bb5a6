import type { Ballot, Formula, FormulaOutcome } from '../../src/workflows/formula.js';

type Open = Ballot & { verdict: Ballot['verdict'] };

/** Every way in which the open ballots could still be filled in. */
export function* completionsOf(ballots: readonly Ballot[]): Generator<readonly Ballot[]> {
  const index = ballots.findIndex((ballot) => ballot.verdict === null);
  if (index === -1) return yield ballots;
  for (const verdict of ['APPROVE', 'REJECT', 'ABSTAIN'] as const) {
    yield* completionsOf(ballots.with(index, { ...(ballots[index] as Open), verdict }));
  }
}

/** The approval rule of the mode on a full vote, in words as plain as can be. */
export function approvalRuleMet(formula: Formula, ballots: readonly Ballot[]): boolean {
  const gates = ballots.filter((ballot) => ballot.required);
  if (gates.some((gate) => gate.verdict === 'REJECT')) return false;
  let yes = 0;
  let no = 0;
  let yesWeight = 0;
  const missing = new Set<string>();
  for (const ballot of ballots) {
    if (ballot.required) continue;
    missing.add(ballot.group ?? '');
    if (ballot.verdict === 'APPROVE') {
      yes += 1;
      yesWeight += ballot.weight;
    }
    if (ballot.verdict === 'REJECT') no += 1;
  }
  for (const ballot of ballots)
    if (ballot.verdict === 'APPROVE' && !ballot.required) missing.delete(ballot.group ?? '');
  switch (formula.mode) {
    case 'any':
      return yes > 0;
    case 'all':
    case 'ordered':
      return yes > 0 && no === 0;
    case 'm-of-n':
      return yes > 0 && yes >= formula.m;
    case 'ratio':
      return yes > 0 && yes / (yes + no) >= formula.percent / 100 - 1e-12;
    case 'weighted':
      return yes > 0 && yesWeight >= formula.threshold;
    case 'per-group':
      return yes > 0 && missing.size === 0;
  }
}

/** The rejection rule on a full vote. */
export function rejectionRuleMet(formula: Formula, ballots: readonly Ballot[]): boolean {
  const cast = ballots.filter((ballot) => ballot.verdict !== 'ABSTAIN');
  const no = cast.filter((ballot) => ballot.verdict === 'REJECT');
  if (no.some((ballot) => ballot.required)) return true;
  if (no.length === 0) return false;
  const count = cast.filter((ballot) => !ballot.required).length;
  const { rejection } = formula;
  if (rejection === 'veto') return true;
  if (rejection === 'majority') return no.length > count / 2;
  if (rejection === 'veto-holders') return no.some((ballot) => ballot.veto);
  let weight = 0;
  for (const ballot of no) weight += ballot.weight;
  return weight >= rejection.weightedNo;
}

/**
 * The outcome by brute force: a rule is met when it is met however the open ballots are filled in, and approval is out
 * of reach when no way of filling them in meets it. Exponential; for small votes.
 */
export function outcomeByForce(formula: Formula, ballots: readonly Ballot[]): FormulaOutcome | null {
  const full = [...completionsOf(ballots)];
  if (full.every((vote) => rejectionRuleMet(formula, vote))) return 'REJECTED';
  const gateOpen = ballots.some((ballot) => ballot.required && ballot.verdict === null);
  if (!gateOpen && full.every((vote) => approvalRuleMet(formula, vote))) return 'APPROVED';
  if (full.some((vote) => approvalRuleMet(formula, vote))) return null;
  const rejected = ballots.some((ballot) => !ballot.required && ballot.verdict === 'REJECT');
  return rejected ? 'REJECTED' : 'UNDECIDABLE';
}
