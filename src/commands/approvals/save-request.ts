import { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import { ApprovalEvent } from '../../entities/approvals/approval-event.js';
import { ApprovalInterest } from '../../entities/approvals/approval-interest.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { ApprovalStep } from '../../entities/approvals/approval-step.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { newRowId } from '../../entities/row-id.js';
import { canonicalText, chainDigest } from '../../workflows/canonical.js';
import { isDecisionStep, stepOf, type Localised } from '../../workflows/process.js';
import { SYSTEM, type AssignmentState, type Fact, type RequestState, type StepState } from '../../workflows/request.js';
import type { TransactionContext } from '../transaction.js';

/** Sorts assignments without a due time after all others. */
const FAR_FUTURE = new Date('9999-12-31T00:00:00Z');

/**
 * Stores what `facts` made of a request: only rows that changed are written, then the facts as events, chained.
 * The request row is locked by the caller (or new). Answers the row ids of the assignments, by ordinal − 1.
 */
export async function saveRequest(
  tx: TransactionContext,
  before: StoredRequest,
  after: RequestState,
  facts: readonly Fact[],
): Promise<readonly string[]> {
  const chainHead = await saveEvents(tx, before, facts);
  await saveInterests(tx, before.state, after);
  await saveSteps(tx, before, after);
  const assignmentIds = await saveAssignments(tx, before, after);
  await tx.em.nativeUpdate(ApprovalRequest, { id: after.id }, { ...requestColumns(after), chainHead });
  return assignmentIds;
}

/** A person's id, or null for the system, which has no row. */
const personOrSystem = (by: string): string | null => (by === SYSTEM ? null : by);

/** The columns of the request row that facts can change. */
export const requestColumns = (state: RequestState) => ({
  status: state.status as ApprovalRequest['status'],
  pausedAt: state.pausedAt,
  round: state.round,
  title: state.subject.title,
  ownerId: state.subject.ownerId,
  departmentId: state.subject.departmentId,
  content: state.subject.content,
  digest: state.subject.digest,
  endedAt: state.endedAt,
  returnedById: state.returnedById === null ? null : personOrSystem(state.returnedById),
  lastNudgedAt: state.lastNudgedAt,
  choices: [...(state.choices ?? [])],
  factCount: state.factCount,
});

async function saveEvents(tx: TransactionContext, before: StoredRequest, facts: readonly Fact[]): Promise<string> {
  let head = before.chainHead;
  const rows = facts.map((fact, offset) => {
    const canonical = canonicalText(fact);
    head = chainDigest(head, canonical);
    const by = 'by' in fact ? personOrSystem(fact.by) : null;
    return {
      id: newRowId(),
      requestId: before.id,
      sequence: before.state.factCount + offset + 1,
      type: fact.type,
      actorId: by,
      at: fact.at,
      canonical,
      digest: head,
    };
  });
  await tx.em.insertMany(ApprovalEvent, rows);
  return head;
}

async function saveInterests(tx: TransactionContext, before: RequestState, after: RequestState): Promise<void> {
  if (before.interests === after.interests) return;
  const known = new Set(before.interests.map((interest) => interest.personId));
  const kept = new Set(after.interests.map((interest) => interest.personId));
  const gone = [...known].filter((id) => !kept.has(id));
  if (gone.length > 0) await tx.em.nativeDelete(ApprovalInterest, { requestId: after.id, personId: gone });
  const added = after.interests.filter((interest) => !known.has(interest.personId));
  if (added.length > 0) {
    await tx.em.insertMany(ApprovalInterest, added.map((interest) => ({ id: newRowId(), requestId: after.id, ...interest })));
  }
}

const titleOf = (title: Localised): { titleEn: string; titleZh: string } => ({ titleEn: title.en, titleZh: title.zh ?? title.en });

const stepColumns = (step: StepState) => ({
  status: step.status as ApprovalStep['status'],
  dueAt: step.dueAt,
  closedAt: step.closedAt,
  reason: step.reason,
  rung: step.rung,
});

async function saveSteps(tx: TransactionContext, before: StoredRequest, after: RequestState): Promise<void> {
  const added: object[] = [];
  for (const [index, step] of after.steps.entries()) {
    const old = before.state.steps[index];
    if (old === step) continue;
    if (old) {
      await tx.em.nativeUpdate(ApprovalStep, { id: before.stepIds[index] as string }, stepColumns(step));
      continue;
    }
    const node = stepOf(after.definition, step.key);
    const allowed = after.definition.interest === 'allow';
    added.push({
      id: newRowId(),
      requestId: after.id,
      ordinal: index + 1,
      key: step.key,
      round: step.round,
      attempt: step.attempt,
      openedAt: step.openedAt,
      ...titleOf(node?.title ?? { en: step.key }),
      interestAllowed: allowed || (isDecisionStep(node) && node.onRequester === 'allow'),
      ...stepColumns(step),
    });
  }
  if (added.length > 0) await tx.em.insertMany(ApprovalStep, added as never[]);
}

const assignmentColumns = (assignment: AssignmentState) => ({
  status: assignment.status as ApprovalAssignment['status'],
  waitsFor: assignment.waitsFor,
  openedAt: assignment.openedAt,
  dueAt: assignment.dueAt,
  urgentAt: assignment.dueAt ?? FAR_FUTURE,
  decidedAt: assignment.decidedAt,
  decidedById: assignment.decidedById,
  comment: assignment.comment,
  evidence: assignment.evidence,
  reason: assignment.reason,
  claimedAt: assignment.claimedAt ?? null,
});

async function saveAssignments(tx: TransactionContext, before: StoredRequest, after: RequestState): Promise<readonly string[]> {
  const ids = [...before.assignmentIds];
  const added: object[] = [];
  for (const [index, assignment] of after.assignments.entries()) {
    const old = before.state.assignments[index];
    if (old === assignment) continue;
    if (old) {
      await tx.em.nativeUpdate(ApprovalAssignment, { id: ids[index] as string }, assignmentColumns(assignment));
      continue;
    }
    const id = newRowId();
    ids.push(id);
    const { ordinal, stepKey, round, attempt, personId, rule, group, weight, veto, required, position, previousOrdinal, addedById, handOver, pool } = assignment;
    added.push({
      id,
      requestId: after.id,
      ...{ ordinal, stepKey, round, attempt, personId, rule, group, weight, veto, required, position, previousOrdinal, addedById },
      pool: pool ?? null,
      handOverKind: handOver?.kind ?? null,
      handOverFromId: handOver?.fromPersonId ?? null,
      ...assignmentColumns(assignment),
    });
  }
  if (added.length > 0) await tx.em.insertMany(ApprovalAssignment, added as never[]);
  return ids;
}
