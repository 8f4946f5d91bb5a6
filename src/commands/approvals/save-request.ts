import { ApprovalAssignment } from '../../entities/approvals/approval-assignment.js';
import { randomBytes } from 'node:crypto';
import { ApprovalEvent } from '../../entities/approvals/approval-event.js';
import { ApprovalInterest } from '../../entities/approvals/approval-interest.js';
import { ApprovalQuestion } from '../../entities/approvals/approval-question.js';
import { ApprovalReader } from '../../entities/approvals/approval-reader.js';
import { ApprovalRequest } from '../../entities/approvals/approval-request.js';
import { ApprovalStep } from '../../entities/approvals/approval-step.js';
import { ApprovalText } from '../../entities/approvals/approval-text.js';
import type { StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { addRows, changeRow, type RowWrites } from '../../entities/write-rows.js';
import { canonicalText, chainDigest } from '../../workflows/canonical.js';
import { isDecisionStep, stepOf, type Localised } from '../../workflows/process.js';
import {
  SYSTEM,
  type AssignmentState,
  type Fact,
  type RequestState,
  type StepState,
} from '../../workflows/request.js';
import { sealFact } from '../../workflows/seal.js';
import type { TransactionContext } from '../transaction.js';

/** Sorts assignments without a due time after all others. */
const FAR_FUTURE = new Date('9999-12-31T00:00:00Z');

/**
 * Puts into `writes` what `facts` made of a request: the rows that changed, and the facts as events, chained. What rows
 * of their own id can't say is done at once. The request row is locked by the caller (or new). Answers the row ids of
 * the assignments, by ordinal − 1.
 */
export async function saveRequest(
  tx: TransactionContext,
  writes: RowWrites,
  before: StoredRequest,
  after: RequestState,
  facts: readonly Fact[],
): Promise<readonly string[]> {
  const chainHead = saveEvents(writes, before, facts);
  await saveInterests(tx, writes, before.state, after);
  saveReaders(writes, before.state, after);
  await saveQuestions(tx, before.state, after);
  saveSteps(writes, before, after);
  const assignmentIds = saveAssignments(writes, before, after);
  changeRow(writes, ApprovalRequest, after.id, {
    ...requestColumns(after),
    processVersionId: before.processVersionId,
    chainHead,
  });
  return assignmentIds;
}

/** A person's id, or null for the system, which has no row. */
const personOrSystem = (by: string): string | null => (by === SYSTEM ? null : by);

/** The columns of the request row that facts can change. */
export const requestColumns = (state: RequestState) => ({
  status: state.status as ApprovalRequest['status'],
  pausedAt: state.pausedAt,
  pauseCause: state.pauseCause ?? null,
  contactId: state.contactId ?? null,
  round: state.round,
  title: state.subject.title,
  ownerId: state.subject.ownerId,
  departmentId: state.subject.departmentId,
  content: state.subject.content,
  digest: state.subject.digest,
  endedAt: state.endedAt,
  returnedById: state.returnedById === null ? null : personOrSystem(state.returnedById),
  lastNudgedAt: state.lastNudgedAt,
  expiresAt: state.expiresAt,
  choices: [...(state.choices ?? [])],
  carriedOver: state.carriedOver ?? null,
  attachments: [...(state.attachments ?? [])],
  factCount: state.factCount,
});

/** 128 bits: enough that nobody tries all of them for a guess at the words. */
const newSalt = (): string => randomBytes(16).toString('hex');

/** Chains the facts; their free text goes beside them, in one more statement where there is any. */
function saveEvents(writes: RowWrites, before: StoredRequest, facts: readonly Fact[]): string {
  let head = before.chainHead;
  const texts: object[] = [];
  const rows = facts.map((fact, offset) => {
    const sequence = before.state.factCount + offset + 1;
    const sealed = sealFact(fact, newSalt);
    for (const { commitment, name, salt, value } of sealed.texts) {
      texts.push({ commitment, requestId: before.id, sequence, name, salt, value: canonicalText(value) });
    }
    head = chainDigest(head, sealed.canonical);
    return {
      id: newRowId(),
      requestId: before.id,
      sequence,
      type: fact.type,
      actorId: 'by' in fact ? personOrSystem(fact.by) : null,
      at: fact.at,
      canonical: sealed.canonical,
      digest: head,
    };
  });
  addRows(writes, ApprovalEvent, rows);
  addRows(writes, ApprovalText, texts);
  return head;
}

/** Ids for rows that are read in the order of their ids; those of one millisecond come in no order by themselves. */
const idsFor = (rows: readonly object[]): string[] => rows.map(newRowId).toSorted();

async function saveInterests(
  tx: TransactionContext,
  writes: RowWrites,
  before: RequestState,
  after: RequestState,
): Promise<void> {
  if (before.interests === after.interests) return;
  const rows = after.interests.flatMap((interest, index) =>
    before.interests[index] === interest
      ? []
      : [{ id: newRowId(), requestId: after.id, ...interest, position: index + 1, lapsed: false }],
  );
  // Of a new request every row is fresh, and goes with the others.
  if (before.factCount === 0) return addRows(writes, ApprovalInterest, rows);
  const kept = after.interests.map(({ personId }) => personId);
  const gone = before.interests.map(({ personId }) => personId).filter((id) => !kept.includes(id));
  const db = readDb(tx.em);
  if (gone.length > 0)
    await db
      .updateTable('approval_interest')
      .set({ lapsed: true })
      .where('request_id', '=', after.id)
      .where('person_id', 'in', gone)
      .execute();
  if (rows.length === 0) return;
  await db
    .insertInto('approval_interest')
    .values(
      rows.map(({ id, personId, because, position }) => ({
        id,
        request_id: after.id,
        person_id: personId,
        because,
        position,
      })),
    )
    .onConflict((known) =>
      known.columns(['request_id', 'person_id']).doUpdateSet((row) => ({
        because: row.ref('excluded.because'),
        position: row.ref('excluded.position'),
        lapsed: false,
      })),
    )
    .execute();
}

/** Readers are only ever added. */
function saveReaders(writes: RowWrites, before: RequestState, after: RequestState): void {
  const added = after.readers.slice(before.readers.length);
  addRows(
    writes,
    ApprovalReader,
    idsFor(added).map((id, index) => ({ id, requestId: after.id, ...added[index] })),
  );
}

async function saveQuestions(
  tx: TransactionContext,
  before: RequestState,
  after: RequestState,
): Promise<void> {
  for (const [index, question] of after.questions.entries()) {
    const old = before.questions[index];
    if (old === question) continue;
    const { number, ...columns } = { ...question, status: question.status as ApprovalQuestion['status'] };
    if (old) await tx.em.nativeUpdate(ApprovalQuestion, { requestId: after.id, number }, columns);
    else
      await tx.em.insertMany(ApprovalQuestion, [{ id: newRowId(), requestId: after.id, number, ...columns }]);
  }
}

const titleOf = (title: Localised): { titleEn: string; titleZh: string } => ({
  titleEn: title.en,
  titleZh: title.zh ?? title.en,
});

const stepColumns = (step: StepState) => ({
  status: step.status as ApprovalStep['status'],
  dueAt: step.dueAt,
  closedAt: step.closedAt,
  reason: step.reason,
  rung: step.rung,
  timers: step.timers.map(({ kind, index, at }) => ({ kind, index, at: at.toISOString() })),
  clockStoppedAt: step.clockStoppedAt,
  calendarKey: step.calendarKey ?? null,
});

function saveSteps(writes: RowWrites, before: StoredRequest, after: RequestState): void {
  const added: object[] = [];
  for (const [index, step] of after.steps.entries()) {
    const old = before.state.steps[index];
    if (old === step) continue;
    if (old) {
      changeRow(writes, ApprovalStep, before.stepIds[index] as string, stepColumns(step));
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
  addRows(writes, ApprovalStep, added);
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

function saveAssignments(writes: RowWrites, before: StoredRequest, after: RequestState): readonly string[] {
  const ids = [...before.assignmentIds];
  const added: object[] = [];
  for (const [index, assignment] of after.assignments.entries()) {
    const old = before.state.assignments[index];
    if (old === assignment) continue;
    if (old) {
      changeRow(writes, ApprovalAssignment, ids[index] as string, assignmentColumns(assignment));
      continue;
    }
    const id = newRowId();
    ids.push(id);
    const {
      ordinal,
      stepKey,
      round,
      attempt,
      personId,
      rule,
      group,
      weight,
      veto,
      required,
      position,
      previousOrdinal,
      addedById,
      handOver,
      pool,
    } = assignment;
    added.push({
      id,
      requestId: after.id,
      ordinal,
      stepKey,
      round,
      attempt,
      personId,
      rule,
      group,
      weight,
      veto,
      required,
      position,
      previousOrdinal,
      addedById,
      pool: pool ?? null,
      handOverKind: handOver?.kind ?? null,
      handOverFromId: handOver?.fromPersonId ?? null,
      ...assignmentColumns(assignment),
    });
  }
  addRows(writes, ApprovalAssignment, added);
  return ids;
}
