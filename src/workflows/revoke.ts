import { emit, type Draft } from './draft.js';
import { advance, cancelLive, settle } from './flow.js';
import { permitRemoval, permitRevocation } from './permit-verbs.js';
import { currentStep, type Command } from './request.js';
import { parallelsAround } from './route.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/**
 * Takes back one's own decision: the assignment is open again, and whoever was asked because of it no longer is. A step
 * that had closed opens again as the same attempt; the steps after it are undone, to be asked anew when it closes.
 * @throws the refusals of `permitRevocation`
 */
export function revoke(draft: Draft, { by, ordinal, comment }: Of<'revoke' | 'remove-approver'>): void {
  const { step, state, waiting, undone } = permitRevocation(draft.request, ordinal, by);
  const entered =
    state.status === 'OPEN' || step.kind === 'advise'
      ? []
      : parallelsAround(draft.request.definition, step.key).filter(
          (key) => currentStep(draft.request, key)?.status !== 'OPEN',
        );
  for (const key of [...entered.toReversed(), ...undone]) {
    const later = currentStep(draft.request, key);
    if (!later || later.status === 'RETURNED') continue;
    cancelLive(draft, later, 'REVOKED');
    emit(draft, { type: 'STEP_CLOSED', step: key, outcome: 'RETURNED', reason: 'REVOKED' });
  }
  emit(draft, { type: 'REVOKED', step: step.key, ordinal, by, comment, waiting });
  settle(draft, step);
  advance(draft);
}

/**
 * Takes away an approver whom one has added and who has not decided; whoever waited for them is asked. The step is
 * decided if the rest of its votes decide it. @throws the refusals of `permitRemoval`
 */
export function removeApprover(
  draft: Draft,
  { by, ordinal, comment }: Of<'revoke' | 'remove-approver'>,
): void {
  const { step } = permitRemoval(draft.request, ordinal, by);
  emit(draft, { type: 'APPROVER_REMOVED', step: step.key, ordinal, by, comment });
  settle(draft, step);
}
