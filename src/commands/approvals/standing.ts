import type { EntityManager } from '@mikro-orm/postgresql';
import { readRequests, type StoredRequest } from '../../entities/approvals/request-rows.js';
import { readDb } from '../../entities/read-db.js';
import { newRowId } from '../../entities/row-id.js';
import { isRefusal } from '../../errors.js';
import { approvedSteps, considerCarry, type Carry } from '../../workflows/carry-over.js';
import { withRequester } from '../../workflows/decide.js';
import { preview, type PreviewedStep } from '../../workflows/preview.js';
import { isDecisionStep, stepOf, type ProcessDefinition } from '../../workflows/process.js';
import { assignmentsOf, currentStep, newRequest, type RequestState } from '../../workflows/request.js';
import { changedFields } from '../../workflows/resubmission.js';
import { SUBJECT_TYPES } from '../../workflows/subject-types.js';
import type { TransactionContext } from '../transaction.js';
import { chooseProcess } from './choose-process.js';
import { loadWorld } from './load-world.js';
import { sendMessages } from './send-messages.js';
import { interestsOf, snapshotOf } from './subjects/snapshot.js';
import type { LoadedSubject, SubjectEvent, SubjectHandler } from './subjects/subject.js';

/** Which request approved a subject last, and what of it is void since. */
export interface Standing {
  readonly requestId: string;
  readonly touchedFields: readonly string[];
  readonly voidedSteps: readonly string[];
  readonly askedSteps: readonly string[];
}

/** Whether all that was approved still is, and nothing else needs to be. */
export const stands = ({ voidedSteps, askedSteps }: Standing): boolean =>
  voidedSteps.length === 0 && askedSteps.length === 0;

/** What stands of a subject's approval; null: it has none. */
export async function readStanding(
  em: EntityManager,
  subjectId: string,
  purpose: string,
): Promise<Standing | null> {
  const row = await readDb(em)
    .selectFrom('approval_standing')
    .select(['request_id', 'touched_fields', 'voided_steps', 'asked_steps'])
    .where('subject_id', '=', subjectId)
    .where('purpose', '=', purpose)
    .executeTakeFirst();
  if (!row) return null;
  return {
    requestId: row.request_id,
    touchedFields: row.touched_fields as unknown as string[],
    voidedSteps: row.voided_steps as unknown as string[],
    askedSteps: row.asked_steps as unknown as string[],
  };
}

/** An approval stands from its end on; a rejection leaves none, also of what had been approved before the change. */
export async function keepStanding(
  tx: TransactionContext,
  { id, subject, definition: { purpose } }: RequestState,
  event: SubjectEvent['event'],
): Promise<void> {
  if (event !== 'APPROVED' && event !== 'REJECTED') return;
  const db = readDb(tx.em);
  await db
    .deleteFrom('approval_standing')
    .where('subject_id', '=', subject.id)
    .where('purpose', '=', purpose)
    .execute();
  if (event === 'REJECTED') return;
  await db
    .insertInto('approval_standing')
    .values({
      id: newRowId(),
      subject_type: subject.type,
      subject_id: subject.id,
      purpose,
      request_id: id,
    })
    .execute();
}

/** Where a subject stands when its request has ended without an answer: as before it was handed in. */
export async function statusWithoutAnswer(
  tx: TransactionContext,
  handler: SubjectHandler,
  subjectId: string,
): Promise<'DRAFT' | 'APPROVED' | 'AMENDED'> {
  const standing = await reconsider(tx, handler, { id: subjectId, before: null, by: null });
  if (standing === null) return 'DRAFT';
  return stands(standing) ? 'APPROVED' : 'AMENDED';
}

interface Edit {
  readonly id: string;
  /** As it was before the edit; null: whatever differs from what was approved counts. */
  readonly before: LoadedSubject | null;
  /** Who edited it; null: nobody, it is only reckoned anew. */
  readonly by: string | null;
}

/**
 * What stands of the approval after an edit that is written already: exactly the approvals that rested on a field that
 * differs are void, and whoever gave them is told. An edit that puts back what was approved makes it stand again.
 * Answers null when nothing was approved.
 */
export async function reconsider(
  tx: TransactionContext,
  handler: SubjectHandler,
  { id, before, by }: Edit,
): Promise<Standing | null> {
  const purpose = SUBJECT_TYPES[handler.type].purposes[0];
  const standing = await readStanding(tx.em, id, purpose);
  if (standing === null) return null;
  const [source] = await readRequests(tx.em, [standing.requestId]);
  if (!source) throw new Error(`request ${standing.requestId} approved ${id} but does not exist`);
  const subject = await handler.load(tx, id, null);
  const now = snapshotOf(handler.type, subject);
  const differing = changedFields(source.state.subject, now);
  const edited = before === null ? differing : changedFields(snapshotOf(handler.type, before), now);
  if (before !== null && edited.length === 0) return standing;
  const touched = differing.filter(
    (field) => edited.includes(field) || standing.touchedFields.includes(field),
  );
  const found = touched.length === 0 ? NOTHING : await foresee(tx, handler, { source, subject, touched, by });
  const after: Standing = { requestId: standing.requestId, touchedFields: touched, ...found };
  await readDb(tx.em)
    .updateTable('approval_standing')
    .set({
      touched_fields: JSON.stringify(touched),
      voided_steps: JSON.stringify(after.voidedSteps),
      asked_steps: JSON.stringify(after.askedSteps),
      ...(by === null ? {} : { changed_by_id: by, changed_at: tx.now }),
    })
    .where('subject_id', '=', id)
    .where('purpose', '=', purpose)
    .execute();
  const fresh = after.voidedSteps.filter((step) => !standing.voidedSteps.includes(step));
  await tellVoided(tx, source, fresh, by);
  return after;
}

const NOTHING = { voidedSteps: [], askedSteps: [] };

interface Foreseen {
  readonly source: StoredRequest;
  readonly subject: LoadedSubject;
  readonly touched: readonly string[];
  readonly by: string | null;
}

/** What a new submission would take over and ask; where no process answers for the new content, nothing stands. */
async function foresee(
  tx: TransactionContext,
  handler: SubjectHandler,
  { source, subject, touched, by }: Foreseen,
): Promise<Pick<Standing, 'voidedSteps' | 'askedSteps'>> {
  const snapshot = snapshotOf(handler.type, subject);
  const requesterId = by ?? source.state.requesterId;
  const all = approvedSteps(source.state);
  try {
    const { purpose } = source;
    const { definition } = await chooseProcess(tx, { subject: snapshot, purpose, requesterId });
    const world = await loadWorld(tx, definition, null);
    const interests = withRequester(requesterId, interestsOf(requesterId, subject));
    const carry: Carry = {
      because: 'RE_APPROVAL',
      source: source.state,
      number: source.number,
      changed: touched,
      voided: [],
    };
    const probe = { ...newRequest('', definition, tx.now), requesterId, subject: snapshot, interests };
    const { asked } = considerCarry(probe, carry, world);
    const route = preview(definition, { requesterId, subject: snapshot, interests, carry }, world);
    return {
      voidedSteps: definition.key === source.definition.key ? asked.map(({ from }) => from) : all,
      askedSteps: route.filter(({ key, outcome }) => asks(definition, key, outcome)).map(({ key }) => key),
    };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { voidedSteps: all, askedSteps: all };
  }
}

/** A parallel step asks nobody by itself. */
const asks = (definition: ProcessDefinition, key: string, outcome: PreviewedStep['outcome']): boolean =>
  (outcome === 'ASKED' || outcome === 'BLOCKED') && isDecisionStep(stepOf(definition, key));

/** Tells those whose approval is void by now, and the requester; not who made the change. */
async function tellVoided(
  tx: TransactionContext,
  { state }: StoredRequest,
  steps: readonly string[],
  by: string | null,
): Promise<void> {
  const messages = steps.flatMap((step) => {
    const live = currentStep(state, step);
    const deciders = live ? assignmentsOf(state, live).filter(({ decidedAt }) => decidedAt !== null) : [];
    const people = [...new Set([state.requesterId, ...deciders.map(({ personId }) => personId)])];
    const told = people.filter((personId) => personId !== by);
    const key = `${state.id}/voided/${step}/${newRowId()}`;
    return told.length === 0 ? [] : [{ key, message: 'VOIDED' as const, people: told, step, comment: null }];
  });
  await sendMessages(tx, state, messages);
}
