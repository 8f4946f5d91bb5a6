import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  outcomeOf,
  type Ballot,
  type Formula,
  type FormulaOutcome,
  type RejectionRule,
  type Verdict,
} from '../../src/workflows/formula.js';
import {
  approvalRuleMet,
  completionsOf,
  outcomeByForce,
  rejectionRuleMet,
} from '../support/formula-oracle.js';

/** Voters at most; `FORMULA_VOTERS=7` is the long run. */
const VOTERS = Number(process.env['FORMULA_VOTERS'] ?? 5);
const RUNS = Number(process.env['FC_RUNS'] ?? 500);
const VERDICTS: readonly Verdict[] = ['APPROVE', 'REJECT', 'ABSTAIN'];

const REJECTIONS: readonly RejectionRule[] = ['veto', 'majority', 'veto-holders', { weightedNo: 3 }];
const MODES: readonly (Formula extends infer F
  ? F extends Formula
    ? Omit<F, 'rejection'>
    : never
  : never)[] = [
  { mode: 'any' },
  { mode: 'all' },
  { mode: 'ordered' },
  { mode: 'm-of-n', m: 1 },
  { mode: 'm-of-n', m: 2 },
  { mode: 'm-of-n', m: 3 },
  { mode: 'ratio', percent: 33 },
  { mode: 'ratio', percent: 50 },
  { mode: 'ratio', percent: 67 },
  { mode: 'ratio', percent: 100 },
  { mode: 'weighted', threshold: 3 },
  { mode: 'per-group' },
];
const FORMULAS: readonly Formula[] = MODES.flatMap((mode) =>
  REJECTIONS.map((rejection): Formula => ({ ...mode, rejection })),
);
const nameOf = (formula: Formula): string => JSON.stringify(formula).replaceAll(/["{}]/g, '');

/** Voters with weights 1, 2, 1, 2 …, two groups, the second one holding the veto. */
const electorate = (size: number): Ballot[] =>
  Array.from({ length: size }, (_, index) => ({
    verdict: null,
    weight: (index % 2) + 1,
    group: index % 3 === 0 ? 'a' : 'b',
    veto: index === 1,
    required: false,
  }));

/** What comes in at any point: an operand like the others, one with the veto in a group of its own, a gate. */
const ADDED: readonly Ballot[] = [
  { verdict: null, weight: 2, group: 'b', veto: false, required: false },
  { verdict: 'APPROVE', weight: 1, group: 'a', veto: false, required: false },
  { verdict: 'REJECT', weight: 1, group: 'c', veto: true, required: false },
  { verdict: null, weight: 1, group: null, veto: false, required: true },
];

const vote = (ballots: readonly Ballot[], index: number, verdict: Verdict): Ballot[] =>
  ballots.with(index, { ...(ballots[index] as Ballot), verdict });

/** Every state that any order of votes reaches before its step is closed, once each: 4^n at most, all orders in it. */
function everyOpenState(formula: Formula, size: number, visit: (state: readonly Ballot[]) => void): void {
  const seen = new Set<string>();
  const walk = (state: readonly Ballot[]): void => {
    const key = state.map((ballot) => ballot.verdict?.[1] ?? '.').join('');
    if (seen.has(key)) return;
    seen.add(key);
    visit(state);
    if (outcomeOf(formula, state) !== null) return;
    for (const [index, ballot] of state.entries()) {
      if (ballot.verdict === null) for (const verdict of VERDICTS) walk(vote(state, index, verdict));
    }
  };
  walk(electorate(size));
}

/** Whether a full vote could meet both rules: then the one met first stands, and only then the order of votes matters. */
const isContested = (formula: Formula, size: number): boolean =>
  [...completionsOf(electorate(size))].some(
    (full) => approvalRuleMet(formula, full) && rejectionRuleMet(formula, full),
  );

describe.each(FORMULAS.map((formula) => [nameOf(formula), formula] as const))('%s', (_, formula) => {
  const sizes = Array.from({ length: VOTERS }, (__, index) => index + 1);

  test(`agrees with brute force in every state of up to ${VOTERS} voters`, () => {
    for (const size of sizes) {
      everyOpenState(formula, size, (state) => {
        const expected = outcomeByForce(formula, state);
        if (outcomeOf(formula, state) !== expected) {
          throw new Error(`${votesOf(state)}: ${outcomeOf(formula, state)}, by force ${expected}`);
        }
      });
    }
  });

  test('an early outcome is certain: the rule that was met stays met, whatever the others vote', () => {
    for (const size of sizes) {
      const contested = isContested(formula, size);
      everyOpenState(formula, size, (state) => {
        const outcome = outcomeOf(formula, state);
        if (outcome !== 'APPROVED' && outcome !== 'REJECTED') return;
        for (const full of completionsOf(state)) {
          const final = outcomeOf(formula, full);
          if (final === outcome) continue;
          const explained =
            outcome === 'APPROVED' && contested && final === 'REJECTED' && approvalRuleMet(formula, full);
          if (!explained) throw new Error(`${votesOf(state)} is ${outcome}, ${votesOf(full)} is ${final}`);
        }
      });
    }
  });

  test('an operand added or removed at any point of any vote gives what it gives from scratch', () => {
    for (const size of sizes.slice(0, VOTERS - 2)) {
      everyOpenState(formula, size, (state) => {
        for (let at = 0; at <= size; at += 1) {
          const changed = ADDED.map((ballot) => state.toSpliced(at, 0, ballot));
          if (at < size) changed.push(state.toSpliced(at, 1));
          for (const ballots of changed) {
            const expected = outcomeByForce(formula, ballots);
            if (outcomeOf(formula, ballots) !== expected)
              throw new Error(`${votesOf(ballots)}: ${outcomeOf(formula, ballots)}, by force ${expected}`);
          }
        }
      });
    }
  });

  test('a full vote has an outcome', () => {
    for (const size of sizes) {
      for (const full of completionsOf(electorate(size))) expect(outcomeOf(formula, full)).not.toBeNull();
    }
  });
});

const votesOf = (ballots: readonly Ballot[]): string =>
  ballots.map((ballot) => ballot.verdict ?? 'open').join(' ');

describe('which rule stands', () => {
  const exclusive = FORMULAS.filter((formula) => {
    if (formula.mode === 'all' || formula.mode === 'ordered') return true;
    if (formula.mode !== 'ratio') return false;
    return formula.percent === 100 || (formula.percent >= 50 && formula.rejection === 'majority');
  });

  test.each(exclusive.map((formula) => [nameOf(formula), formula] as const))(
    'cannot be in question where the two rules exclude each other: %s',
    (_, formula) => {
      for (let size = 1; size <= VOTERS; size += 1) expect(isContested(formula, size)).toBe(false);
    },
  );

  test('and where they do not, the first one met: any and veto is whoever comes first', () => {
    const formula: Formula = { mode: 'any', rejection: 'veto' };
    const [first, second] = [electorate(2), electorate(2)];
    expect(outcomeOf(formula, vote(first, 0, 'APPROVE'))).toBe('APPROVED');
    expect(outcomeOf(formula, vote(second, 1, 'REJECT'))).toBe('REJECTED');
  });

  test('an approver added before or after is a gate: it must pass, and it replaces nobody', () => {
    const gate: Ballot = { verdict: null, weight: 9, group: 'a', veto: true, required: true };
    for (const formula of FORMULAS) {
      for (const full of completionsOf(electorate(3))) {
        const plain = outcomeOf(formula, full);
        const gated = (verdict: Verdict | null): FormulaOutcome | null =>
          outcomeOf(formula, [...full, { ...gate, verdict }]);
        expect(gated('APPROVE')).toBe(plain);
        expect(gated('ABSTAIN')).toBe(plain);
        expect(gated('REJECT')).toBe('REJECTED');
        expect(gated(null)).toBe(plain === 'APPROVED' ? null : plain);
      }
    }
  });
});

const anyBallot: fc.Arbitrary<Ballot> = fc.record({
  verdict: fc.constantFrom<Ballot['verdict']>('APPROVE', 'REJECT', 'ABSTAIN', null),
  weight: fc.integer({ min: 1, max: 4 }),
  group: fc.constantFrom('a', 'b', null),
  veto: fc.boolean(),
  required: fc.boolean(),
});
const anyFormula: fc.Arbitrary<Formula> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...MODES),
      fc.record({ mode: fc.constant('m-of-n' as const), m: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ mode: fc.constant('ratio' as const), percent: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ mode: fc.constant('weighted' as const), threshold: fc.integer({ min: 1, max: 15 }) }),
    ),
    fc.oneof(fc.constantFrom(...REJECTIONS), fc.record({ weightedNo: fc.integer({ min: 1, max: 12 }) })),
  )
  .map(([mode, rejection]): Formula => ({ ...mode, rejection }));

describe('any ballots', () => {
  test('agree with brute force, gates, groups, weights and all', () => {
    fc.assert(
      fc.property(anyFormula, fc.array(anyBallot, { maxLength: Math.min(VOTERS, 6) }), (formula, ballots) => {
        expect(outcomeOf(formula, ballots)).toBe(outcomeByForce(formula, ballots));
      }),
      { numRuns: RUNS * 2 },
    );
  });

  test('added, removed and voted one by one give what they give from scratch, in any order', () => {
    const change = fc.oneof(
      fc.record({ do: fc.constant('add' as const), ballot: anyBallot }),
      fc.record({ do: fc.constant('remove' as const), at: fc.nat(20) }),
      fc.record({ do: fc.constant('vote' as const), at: fc.nat(20), verdict: fc.constantFrom(...VERDICTS) }),
    );
    fc.assert(
      fc.property(anyFormula, fc.array(change, { maxLength: 12 }), fc.nat(), (formula, changes, turn) => {
        let ballots: Ballot[] = [];
        for (const step of changes) {
          const at = 'at' in step ? step.at % Math.max(1, ballots.length) : 0;
          if (step.do === 'add' && ballots.length < VOTERS + 1) ballots = [...ballots, step.ballot];
          if (step.do === 'remove') ballots = ballots.toSpliced(at, 1);
          if (step.do === 'vote' && ballots[at]) ballots = vote(ballots, at, step.verdict);
          const turned = [...ballots.slice(turn % 7), ...ballots.slice(0, turn % 7)];
          expect(outcomeOf(formula, turned)).toBe(outcomeByForce(formula, ballots));
        }
      }),
      { numRuns: RUNS },
    );
  });

  test('who abstains might as well not have been asked, but for the group that needs one of them', () => {
    fc.assert(
      fc.property(anyFormula, fc.array(anyBallot, { maxLength: 7 }), (formula, ballots) => {
        fc.pre(formula.mode !== 'per-group');
        const cast = ballots.filter((ballot) => ballot.verdict !== 'ABSTAIN');
        expect(outcomeOf(formula, ballots)).toBe(outcomeOf(formula, cast));
      }),
      { numRuns: RUNS },
    );
  });
});
