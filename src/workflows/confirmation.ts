import { isOnStep, loseTurn } from './absence.js';
import { emit, type Draft } from './draft.js';
import { delegatorBehind, successorOf } from './hand-over.js';
import { CHAIN_LIMIT } from './organisation.js';
import type { DecisionStep } from './process.js';
import { hasInterest, type AssignmentState, type DecisionStatus } from './request.js';
import { barrierTo } from './resolve-approvers.js';

/**
 * The decision of a delegate goes back to whoever delegated, as a proposal, along every delegation behind the
 * assignment, whatever was transferred in between. For one who has left their successor confirms; where the successor
 * may not, the answer stays in the trail, decides nothing, and the turn is lost as a leaver's is.
 */
export function answerToDelegator(
  draft: Draft,
  step: DecisionStep,
  assignment: AssignmentState,
  proposal: DecisionStatus,
  comment: string | null,
): void {
  const delegator = delegatorBehind(draft.request, assignment);
  if (delegator === null) return;
  const { ordinal, personId: by, rule } = assignment;
  const confirmer = confirmerFor(draft, step, assignment, delegator);
  const handOver = { kind: 'CONFIRMATION', fromPersonId: by } as const;
  const confirmation =
    confirmer === null
      ? null
      : successorOf(draft, assignment, confirmer, { handOver, rule, addedById: null });
  emit(draft, { type: 'DELEGATE_ANSWERED', ordinal, by, proposal, comment, confirmation });
  if (confirmation === null) loseTurn(draft, step, assignment);
}

/** The delegator while they are here, else the first in the line of successors who is, if they may decide. */
function confirmerFor(
  { request, world }: Draft,
  step: DecisionStep,
  assignment: AssignmentState,
  delegator: string,
): string | null {
  const { people } = world.organisation;
  if (people.get(delegator)?.active) return delegator;
  let current = people.get(delegator)?.successorId ?? null;
  for (let hops = 0; current !== null && hops < CHAIN_LIMIT; hops += 1) {
    const free = current !== assignment.personId && !isOnStep(request, assignment, current);
    const likewise = hasInterest(request, current) === hasInterest(request, delegator);
    if (people.get(current)?.active)
      return free && likewise && barrierTo(request, step, current) === null ? current : null;
    current = people.get(current)?.successorId ?? null;
  }
  return null;
}
