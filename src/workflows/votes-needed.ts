import { outcomeOf, type Ballot, type Formula } from './formula.js';

/** How far a step's vote has come. */
export interface VotesNeeded {
  readonly approvals: number;
  readonly rejections: number;
  readonly abstentions: number;
  readonly open: number;
  /** The fewest further approvals, of those still open, with which the step is approved; null: it can't be any more. */
  readonly needed: number | null;
}

/** Open ballots beyond this are approved in the order in which they stand; up to it every choice is tried. */
const CHOICES_MAX = 12;

/** Counts the votes and asks the formula itself how many more approvals would do. */
export function canBeApprovedWith(formula: Formula, ballots: readonly Ballot[]): VotesNeeded {
  const count = (verdict: Ballot['verdict']): number =>
    ballots.filter((ballot) => ballot.verdict === verdict).length;
  return {
    approvals: count('APPROVE'),
    rejections: count('REJECT'),
    abstentions: count('ABSTAIN'),
    open: count(null),
    needed: fewest(formula, ballots),
  };
}

function fewest(formula: Formula, ballots: readonly Ballot[]): number | null {
  const open = ballots.flatMap((ballot, index) => (ballot.verdict === null ? [index] : []));
  const suffices = (chosen: readonly number[]): boolean => {
    const voted = ballots.map((ballot, index): Ballot =>
      chosen.includes(index) ? { ...ballot, verdict: 'APPROVE' } : ballot,
    );
    return outcomeOf(formula, voted) === 'APPROVED';
  };
  for (let size = 0; size <= open.length; size += 1) {
    if (open.length > CHOICES_MAX ? suffices(open.slice(0, size)) : choices(open, size).some(suffices))
      return size;
  }
  return null;
}

function choices(items: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) =>
    choices(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  );
}
