import { CHAIN_LIMIT, type Absence, type Organisation } from './organisation.js';

type Span = Pick<Absence, 'from' | 'until'>;

/** Spans looked at before a plan counts as a circle: no organisation's plans come near, a hostile set of them might. */
const LOOKS_MAX = 1000;

/**
 * Whether naming this substitute would lead back to the person: at some moment of the time everybody in the chain of
 * substitutes is away. Limits to processes are left out of it, so a chain that is only partly a circle counts as one.
 */
export function leadsBack(
  organisation: Pick<Organisation, 'absences'>,
  personId: string,
  substituteId: string,
  time: Span,
  hops = 0,
  budget = { left: LOOKS_MAX },
): boolean {
  if (substituteId === personId) return true;
  if (hops >= CHAIN_LIMIT || (budget.left -= 1) < 0) return true;
  return organisation.absences.some((absence) => {
    if (absence.personId !== substituteId || absence.substituteId === null) return false;
    const from = absence.from > time.from ? absence.from : time.from;
    const until = absence.until < time.until ? absence.until : time.until;
    return (
      from < until &&
      leadsBack(organisation, personId, absence.substituteId, { from, until }, hops + 1, budget)
    );
  });
}
