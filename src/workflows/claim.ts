import { emit, type Draft } from './draft.js';
import { permitOnAssignment } from './permit.js';
import { poolMates, type AssignmentState, type Command } from './request.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** Takes the turn out of its pool: until it is released nobody else can. @throws the refusals of `permitOnAssignment` */
export function claim(draft: Draft, { ordinal, by }: Of<'claim' | 'release'>): void {
  permitOnAssignment(draft.request, ordinal, 'CLAIM', by);
  emit(draft, { type: 'CLAIMED', ordinal, by });
}

/** Puts the turn back for everyone of its pool. @throws the refusals of `permitOnAssignment` */
export function release(draft: Draft, { ordinal, by }: Of<'claim' | 'release'>): void {
  permitOnAssignment(draft.request, ordinal, 'RELEASE', by);
  emit(draft, { type: 'RELEASED', ordinal, by });
}

/** Whoever acts on a turn of a pool has claimed it by that. */
export function claimByActing(draft: Draft, { ordinal, pool, claimedAt, personId }: AssignmentState): void {
  if (pool && !claimedAt) emit(draft, { type: 'CLAIMED', ordinal, by: personId });
}

/** Once one of the pool has decided, nobody else of it is asked any more. */
export function closePool(draft: Draft, assignment: AssignmentState): void {
  for (const { ordinal } of poolMates(draft.request, assignment))
    emit(draft, { type: 'ASSIGNMENT_CLOSED', ordinal, status: 'SKIPPED', reason: 'TAKEN_FROM_POOL' });
}
